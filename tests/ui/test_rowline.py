"""A row of a list says who it is from."""

from datetime import UTC, datetime

import pytest

from tui_mail.db.rows import ListRow, PageKey
from tui_mail.ui.rowline import draw

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
