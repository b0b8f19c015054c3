"""A row of a list says who it is from."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tui_mail.db.rows import Chip, ListRow, PageKey
from tui_mail.ui.rowline import draw
from tui_mail.ui.widgets.text import width_of

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def row(name: str, address: str = "attacker@evil.example") -> ListRow:
    return ListRow(
        key=PageKey(NOW, 1),
        thread_id=1,
        message_id=1,
        placement_id=1,
        folder_id=1,
        folder="INBOX",
        account="anna@rossi.example",
        sender_name=name,
        sender_address=address,
        recipients="Anna",
        subject="Pagamento",
        received_at=NOW,
        total=1,
        unread=1,
        seen=False,
        starred=False,
        answered=False,
        outgoing=False,
        attachments=0,
        kind="ordinary",
    )


def drawn(one: ListRow, width: int = 120) -> str:
    return "".join(str(piece.text) for piece in draw(one, width, NOW, current=False))


CITY = Chip(1, "", "customer", "C1", "Comune di Rimini", "automatic")
ORDER = Chip(2, "", "sales_order", "2026/119", "", "automatic")


@pytest.mark.parametrize(
    ("chips", "shown"),
    [
        ((CITY,), "Comune di Rimini "),
        ((CITY, replace(ORDER, state="proposed")), "Comune di Rimini +1 ?"),
        ((ORDER, CITY), "SO 119 "),
        ((ORDER, replace(ORDER, state="proposed")), "SO 119 +1 ?"),
        ((replace(ORDER, state="confirmed"), ORDER), "SO 119 ✓ +1 "),
        ((replace(ORDER, state="proposed"),), "SO 119 ?"),
        ((CITY, CITY), "2 parties "),
        ((CITY, CITY, replace(ORDER, state="proposed")), "2 parties +1 ?"),
        ((replace(CITY, state="proposed"),) * 2, "2 parties ? "),
    ],
)
def test_the_chip_names_the_surest_record_and_counts_the_others(
    chips: tuple[Chip, ...], shown: str
) -> None:
    line = drawn(replace(row("Luca Ferri"), chips=chips))
    assert shown in line
    assert len(line) <= 120


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Luca Ferri", "Luca Ferri"),
        ("", "attacker@evil"),
        ("ceo@azienda.example", "attacker@evil"),
        ("Il capo <ceo@azienda.example>", "attacker@evil"),
        ("Attacker@Evil.example", "Attacker@Evil"),
    ],
)
def test_a_name_that_shows_another_address_gives_way_to_the_real_one(name: str, shown: str) -> None:
    line = "".join(str(piece.text) for piece in draw(row(name), 100, NOW, current=False))
    assert shown in line
    assert "ceo@" not in line


def test_what_was_sent_has_a_sign_and_what_was_not_sent_yet_has_none() -> None:
    ours = replace(row("Anna"), outgoing=True, unread=0, seen=True)
    sent = draw(ours, 100, NOW, current=False)
    draft = draw(ours, 100, NOW, current=False, draft=True)
    assert ["↗" in "".join(piece.text for piece in line) for line in (sent, draft)] == [True, False]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_tags_stand_after_the_subject_and_take_little_of_it(width: int) -> None:
    tagged = replace(row("Luca Ferri"), tags=("\x1b[2Jurgentissimo-davvero", "banca", "fiera"))
    line = "".join(str(piece.text) for piece in draw(tagged, width, NOW, current=False))
    assert len(line) <= width
    assert line.index("Pagamento") < line.index("#␛[2J") < line.index(" +2")
    assert "\x1b" not in line


def test_where_there_is_no_room_for_tags_the_subject_stays() -> None:
    tagged = replace(row("Luca Ferri"), tags=("urgente",))
    line = "".join(str(piece.text) for piece in draw(tagged, 44, NOW, current=False))
    assert "Pagamento" in line
    assert "#" not in line


@pytest.mark.parametrize("width", range(46, 121))
def test_the_record_and_the_mark_of_an_attachment_are_seen_in_a_list_of_any_width(
    width: int,
) -> None:
    chip = Chip(1, "ROSSI", "quote", "2026/279", "", "confirmed")
    linked = replace(row("Luca Ferri"), chips=(chip,), attachments=1)
    line = "".join(str(piece.text) for piece in draw(linked, width, NOW, current=False))
    assert len(line) <= width
    assert line.index("Luca") < line.index("▪ Pagamento") < line.index("QT 279 ✓")


@pytest.mark.parametrize("width", [66, 80, 120])
def test_the_subject_takes_what_the_chip_does_not_need(width: int) -> None:
    long = replace(row("Luca Ferri"), subject="Segnalazione del documento di trasporto " * 4)
    shown = []
    for code in ("2026/9", "2026/123456789"):
        chips = (Chip(1, "", "invoice", code, "", ""),)
        line = draw(replace(long, chips=chips), width, NOW, current=False)
        shown.append("".join(str(piece.text) for piece in line))
        assert width_of(shown[-1]) < width
    narrow, wide = (line.index("…") for line in reversed(shown))
    assert wide - narrow == 8 if width > 66 else wide > narrow
    assert "… INV 9 " in shown[0]
