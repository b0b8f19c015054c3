"""The program as a test calls it: in this process for speed, or as one of its own."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tui_mail.__main__ import parts
from tui_mail.cli.run import run
from tui_mail.safetext import safe


@dataclass(frozen=True)
class Result:
    """What one call left behind."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines; nothing else may be there."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self) -> dict[str, Any]:
        (only,) = self.records
        return only


class Program:
    """Calls commands on one home, always with --json unless told."""

    def __init__(
        self, home: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self.home = home
        self._capture = capture
        self._patch = patch

    def __call__(self, *arguments: object, stdin: bytes | str = b"", json: bool = True) -> Result:
        """Run a command in this process."""
        words = ["--home", str(self.home), *(["--json"] if json else []), *map(str, arguments)]
        content = stdin.encode() if isinstance(stdin, str) else stdin
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), "utf-8"))
        self._capture.readouterr()
        code = run(parts(), words)
        out, err = self._capture.readouterr()
        assert "Traceback" not in err + out
        return Result(code, out, err)

    def fails(self, code: int, slug: str, *arguments: object, stdin: bytes | str = b"") -> str:
        """Run a command that goes wrong as told; its sentence, the same in JSON and in words."""
        result = self(*arguments, stdin=stdin)
        assert (result.code, result.record.get("error")) == (code, slug), result
        assert set(result.record) == {"error", "message"}
        sentence: str = result.record["message"]
        assert sentence
        assert result.err.splitlines()[-1].endswith(safe(sentence))
        return sentence

    def lines(self, *arguments: object) -> str:
        """Run a command for people; what it prints."""
        result = self(*arguments, json=False)
        assert result.code == 0, result
        return result.out

    def start(
        self, *arguments: object, stdin: int | None = subprocess.DEVNULL, **environment: str
    ) -> "subprocess.Popen[str]":
        """Start a command in a process of its own."""
        return subprocess.Popen(
            command_line("--home", self.home, *arguments),
            env={**os.environ, **environment},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def command_line(*arguments: object) -> list[str]:
    """How the program is started from outside."""
    return [sys.executable, "-m", "tui_mail", *map(str, arguments)]


def letter(
    number: int,
    *,
    subject: str = "",
    sender: str = "Luca Ferri <luca@ferri.example>",
    body: str = "Buongiorno, confermo.",
    headers: Sequence[str] = (),
) -> bytes:
    """A message of day `number` of November 2025."""
    lines = [
        f"From: {sender}",
        "To: anna@rossi.example",
        f"Subject: {subject or f'Lettera {number}'}",
        f"Date: {number:02} Nov 2025 10:00:00 +0000",
        f"Message-ID: <{number}@ferri.example>",
        *headers,
    ]
    return "\r\n".join([*lines, "", body, ""]).encode()


def with_file(number: int, content: bytes) -> bytes:
    """A letter with a file, disegno.bin."""
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nEcco il disegno.\r\n--b\r\n"
        "Content-Type: application/octet-stream\r\n"
        "Content-Disposition: attachment; filename=disegno.bin\r\n\r\n"
        f"{content.decode()}\r\n--b--"
    )
    kind = ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"']
    return letter(number, subject="Disegno", headers=kind, body=body)


_PARTS = """\
--b
Content-Type: text/plain

Ecco il listino.
--b
Content-Type: text/csv; name="../listino.csv"
Content-Disposition: attachment; filename=../listino.csv
Content-Transfer-Encoding: base64

YTtiCg==
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename=foglio.pdf

%PDF
--b--"""
# The keys of a message's row, by the contract.
ROW = {
    "id", "message_id", "date", "from", "to", "subject", "folder", "account", "flags", "thread",
    "links", "proposed_links",
}  # fmt: skip
WITH_FILES = letter(
    4,
    subject="Listino",
    headers=["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"'],
    body=_PARTS.replace("\n", "\r\n"),
)
