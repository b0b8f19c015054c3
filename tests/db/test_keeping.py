"""Which files may be with their servers only: what an account wishes, and all that keeps them here."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from tests.db.making import NOW, Office, arrival, at
from tui_mail.db import keeping, wanted
from tui_mail.db.engine import Database
from tui_mail.db.messages import PreparedAttachment
from tui_mail.db.tables import (
    Account,
    Blob,
    Draft,
    Folder,
    Link,
    Operation,
    Outgoing,
    Placement,
    TextWaiting,
    WantedMessage,
)

_BLOB = "a" * 64
_SIZE = 200 << 10


def _file(number: int = 1, media_type: str = "application/pdf") -> PreparedAttachment:
    blob = _BLOB if number == 1 else f"{number:064x}"
    name = f"{number}.bin"
    return PreparedAttachment(number, name, media_type, _SIZE, f"{number:064x}", blob)


@pytest.fixture
def office(database: Database) -> Office:
    """One message with one file, on the server of an account that keeps small files only."""
    office = Office(database)
    office.save(arrival("one", "1:1", attachments=(_file(),)))
    _change(office, update(Account).values(host="mail.noi.it", keep_kib=100))
    _change(office, TextWaiting.__table__.delete())  # type: ignore[attr-defined]
    return office


def _change(office: Office, statement: Any) -> None:
    office.database.write_now(lambda session: session.connection().execute(statement))


def _going(office: Office, now: datetime = NOW) -> list[str]:
    found = office.database.read_now(keeping.policies, now)
    names = office.database.read_now(keeping.blobs_after, "", 10)
    return office.database.read_now(keeping.may_go, names, found, now)


@pytest.mark.parametrize(
    ("days", "kib", "goes"),
    [
        (None, None, False),
        (None, 100, True),
        (None, 200, False),
        (30, None, True),
        (3000, None, False),
        (3000, 100, True),
        (30, 5000, True),
        (0, None, True),
    ],
)
def test_age_or_size_lets_a_file_go(
    office: Office, days: int | None, kib: int | None, goes: bool
) -> None:
    _change(office, update(Account).values(keep_days=days, keep_kib=kib))
    assert _going(office) == ([_BLOB] if goes else [])


def _signed(office: Office) -> None:
    signature = _file(2, "application/pkcs7-signature")
    office.save(arrival("two", "1:2", attachments=(_file(), signature)))
    _change(office, TextWaiting.__table__.delete())  # type: ignore[attr-defined]


def _in_pieces(office: Office) -> None:
    office.save(arrival("two", "1:2", attachments=(_file(1, "message/partial"),)))


def _without_a_key(office: Office) -> None:
    _change(office, update(Placement).values(remote=""))


def _stale(office: Office) -> None:
    _change(office, update(Placement).values(remote="? 1:1"))


def _in_a_folder_of_this_place(office: Office) -> None:
    _change(office, update(Folder).values(remote=""))


def _as_a_draft(office: Office) -> None:
    _change(office, update(Placement).values(draft=True))


def _in_another_account(office: Office) -> None:
    local = office.add("archivio@noi.it")
    folder = office.database.read_now(
        lambda session: session.scalars(
            select(col(Folder.id)).where(col(Folder.account_id) == local)
        ).first()
    )
    office.save(arrival("one", attachments=(_file(),)), folder=folder, account=local)


def _linked(office: Office) -> None:
    values = {
        "message_id": 1, "entity_id": 7, "received_at": NOW, "position": 1, "at": NOW,
        "state": "confirmed", "method": "hand", "score": 100, "why": "", "found_in": "",
    }  # fmt: skip
    _change(office, insert(Link).values(**values))


def _told(office: Office) -> None:
    values = {
        "account_id": office.account, "verb": "move", "remote": "1:1", "message_id": 1,
        "add": "", "remove": "", "attempts": 0, "error": "",
    }  # fmt: skip
    _change(office, insert(Operation).values(**values))


def _answered(office: Office) -> None:
    def write(session: Session) -> None:
        session.add(
            Draft(
                account_id=office.account,
                operator_id=office.operator,
                in_reply_to_id=1,
                updated_at=NOW,
            )
        )

    office.database.write_now(write)


def _a_letter_waits(office: Office) -> None:
    def write(session: Session) -> None:
        session.add(
            Outgoing(
                account_id=office.account,
                message_id="letter@noi.it",
                raw=b"",
                next_try=NOW,
                created_at=NOW,
                in_reply_to_id=1,
            )
        )

    office.database.write_now(write)


def _unread(office: Office) -> None:
    _change(office, insert(TextWaiting).values(message_id=1))


def _opened(office: Office) -> None:
    _change(office, update(Blob).values(kept_until=NOW + timedelta(days=1)))


@pytest.mark.parametrize(
    "reason",
    [
        _signed, _in_pieces, _without_a_key, _stale, _in_a_folder_of_this_place, _as_a_draft,
        _in_another_account, _linked, _told, _answered, _a_letter_waits, _unread, _opened,
    ],
)  # fmt: skip
def test_what_is_needed_here_stays(office: Office, reason: Callable[[Office], None]) -> None:
    assert _going(office) == [_BLOB]
    reason(office)
    assert _BLOB not in _going(office)
    found = office.database.read_now(keeping.policies, NOW)
    assert office.database.write_now(keeping.mark_away, [_BLOB], found, NOW) == 0


def test_new_mail_with_the_same_file_keeps_it(office: Office) -> None:
    _change(office, update(Account).values(keep_kib=None, keep_days=30))
    assert _going(office) == [_BLOB]
    late = 60 * 24 * 320
    office.save(arrival("two", "1:2", minutes=late, attachments=(_file(),)))
    _change(office, TextWaiting.__table__.delete())  # type: ignore[attr-defined]
    assert at(late) > NOW - timedelta(days=30)
    assert _going(office) == []


@pytest.mark.parametrize(
    "reason", [_in_another_account, _linked, _unread, _in_a_folder_of_this_place]
)
def test_what_is_needed_here_comes_back(office: Office, reason: Callable[[Office], None]) -> None:
    def missed() -> list[int]:
        found = office.database.read_now(keeping.policies, NOW)
        return office.database.read_now(keeping.missed, [_BLOB], found)

    assert missed() == []
    reason(office)
    assert missed() == [1]


def test_a_wish_of_a_person_comes_first_and_what_came_stays_for_a_while(office: Office) -> None:
    office.save(arrival("two", "1:2", attachments=(_file(2),)))
    _change(office, update(Blob).values(away=True))
    database = office.database
    database.write_now(wanted.want, [1, 2], NOW)
    database.write_now(wanted.ask, office.operator, [2], NOW + timedelta(minutes=1))
    copies = database.read_now(wanted.wanted_of, office.account, NOW, 10)
    assert [one.message_id for one in copies] == [2, 1]
    database.write_now(wanted.not_had, 1, "No.", NOW)
    assert len(database.read_now(wanted.wanted_of, office.account, NOW, 10)) == 1
    assert database.write_now(wanted.came_back, 2, [f"{2:064x}"], NOW)
    rows = database.read_now(
        lambda session: session.execute(
            select(col(Blob.away), col(Blob.kept_until)).order_by(col(Blob.id))
        ).all()
    )
    assert [tuple(row) for row in rows] == [(False, NOW + wanted.STAYS), (True, None)]
    left = database.read_now(
        lambda session: list(session.scalars(select(col(WantedMessage.message_id))))
    )
    assert left == [1]


def test_who_may_not_read_a_message_cannot_ask_for_it(office: Office) -> None:
    _change(office, update(Blob).values(away=True))
    office.database.write_now(wanted.ask, office.operator + 1, [1], NOW)
    assert office.database.read_now(wanted.count_wanted) == 0
