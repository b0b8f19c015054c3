"""What stands above a message: its records in one line, however narrow the panel."""

from datetime import UTC, datetime

import pytest

from tui_mail.db.rows import LinkRow
from tui_mail.ui.letterhead import records_line
from tui_mail.ui.widgets.text import width_of

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
FIRM = "Sorrentino Carpenteria Spa"
WHY = "info@studio-neri.example is an address of it, and of two others"
KEYS = "·  L change  i records"


def link(name: str, kind: str = "customer", *, state: str = "proposed", why: str = WHY) -> LinkRow:
    return LinkRow(
        message_id=1,
        message_header="",
        entity_id=1,
        company="",
        kind=kind,
        code="C1" if kind == "customer" else name,
        title=name if kind == "customer" else "",
        party_id=None,
        party="",
        date=None,
        amount=None,
        open_amount=None,
        currency="",
        entity_state="",
        state=state,
        method="address",
        score=60,
        why=why,
        found_in="",
        by="",
        at=NOW,
    )


def shown(links: list[LinkRow], width: int) -> str:
    line = "".join(piece.text for piece in records_line(links, width, NOW))
    assert width_of(line) < width  # a column is left free
    return line


THREE = [link(FIRM), link("Longo Srl"), link("Costa Srl")]
ORDER = link("2026/119", "sales_order", state="confirmed", why="by hand")


@pytest.mark.parametrize(
    ("links", "width", "line"),
    [
        ([ORDER], 78, f" ✓ SO 119  {KEYS}"),
        ([THREE[0], ORDER], 160, f" ✓ SO 119  ? {FIRM} ({WHY})  {KEYS}"),
        (THREE[:1], 78, f" ? {FIRM} (info@studio-neri.exa…)  {KEYS}"),
        (THREE[:1], 60, f" ? {FIRM}  {KEYS}"),
        (THREE[:1], 40, f" ? Sorrentino …  {KEYS}"),
        (THREE, 78, f" ? {FIRM}  ? Longo Srl  +1  {KEYS}"),
        (THREE, 60, f" ? {FIRM}  +2  {KEYS}"),
    ],
)
def test_records_give_way_to_the_keys_the_reasons_first(
    links: list[LinkRow], width: int, line: str
) -> None:
    assert shown(links, width) == line


def test_a_confirmed_record_needs_no_reason() -> None:
    assert shown([link(FIRM, state="confirmed")], 160) == f" ✓ {FIRM}  {KEYS}"
