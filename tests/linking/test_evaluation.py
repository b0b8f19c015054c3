"""The evaluation of links runs on any day, and says the same of the same mail."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "evaluate_links"
_FAMILIES = {f"F{number}" for number in range(21)}


def _run(*more: str) -> str:
    command = [sys.executable, str(_SCRIPT), "--messages", "200", *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _told() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run("--json", "--no-ablations"))
    for measured in ("ingest_ms", "link_ms"):
        assert found.pop(measured) > 0
    return found


def test_the_same_mail_gives_the_same_figures() -> None:
    first, second = _told(), _told()
    assert first == second
    assert first["whole"]["messages"] >= 200
    assert first["lost"] == 0
    assert first["replayed"] == 0
    assert set(first["families"]) <= _FAMILIES
    assert 0 < first["whole"]["wrong_bound_95"] < 1
    assert first["whole"]["precision"] > first["rivals"]["deals"]["precision"]


def test_people_get_a_table_with_what_each_kind_of_evidence_is_worth() -> None:
    told = _run()
    assert "links without asking" in told
    assert "F5 an address of several parties" in told
    assert "this program" in told
    assert "without evidence of" in told
