"""The ways through a folder's list: what no window shows is found by its key."""

from typing import Any

import pytest

from tests.db.making import Office, arrival
from tui_mail.db.accounts import operator_for
from tui_mail.db.conversations import window
from tui_mail.db.engine import Database
from tui_mail.db.list_ways import marks_between, next_unread
from tui_mail.db.many import key_of
from tui_mail.db.rows import BY_DATE, Further, ListOrder, ListRow, MarksFound, Sort

_ORDERS = [BY_DATE, ListOrder(Sort.DATE, True), ListOrder(Sort.SUBJECT), ListOrder(Sort.SIZE)]


def _rows(office: Office, **like: Any) -> list[ListRow]:
    return office.database.read_now(window, office.operator, office.inbox, **like)


def _twenty(office: Office) -> None:
    """Twenty messages, the fourth and the fifteenth unread, many alike in subject."""
    office.save(
        *(
            arrival(
                f"m{n}",
                f"1:{n}",
                minutes=n // 2,
                subject=f"s{n % 3}",
                flags=[] if n in {4, 15} else ["seen"],
            )
            for n in range(20)
        )
    )


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("order", _ORDERS)
def test_the_next_unread_is_found_from_any_row(
    database: Database, order: ListOrder, threads: bool
) -> None:
    office = Office(database)
    _twenty(office)
    like: Any = {"order": order, "threads": threads}
    rows = _rows(office, **like)
    unread = [place for place, row in enumerate(rows) if row.unread]
    assert len(unread) == 2
    for place, row in enumerate(rows):
        for up in (False, True):
            ahead = [one for one in unread if (one < place if up else one > place)]
            found = database.read_now(
                next_unread, office.operator, office.inbox, row.key, up=up, **like
            )
            wanted = (max(ahead) if up else min(ahead)) if ahead else None
            assert found == (
                None if wanted is None else Further(rows[wanted].key, abs(wanted - place))
            )


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("order", _ORDERS)
def test_a_range_is_marked_from_either_end(
    database: Database, order: ListOrder, threads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(database)
    _twenty(office)
    like: Any = {"order": order, "threads": threads}
    rows = _rows(office, **like)
    whole = threads and order.sort is Sort.DATE
    marks = tuple(row.thread_id if whole else row.placement_id or 0 for row in rows)

    def marked(one: int, other: int) -> MarksFound:
        ends = (rows[one].key, rows[other].key)
        return database.read_now(marks_between, office.operator, office.inbox, ends, **like)

    assert marked(3, 9) == marked(9, 3) == MarksFound(marks[3:10], 7)
    assert marked(5, 5) == MarksFound(marks[5:6], 1)
    monkeypatch.setattr("tui_mail.db.list_ways.MOST_MARKED", 5)
    assert marked(3, 9) == marked(9, 3) == MarksFound(marks[3:8], 7)
    assert marked(3, 4) == marked(4, 3) == MarksFound(marks[3:5], 2)


def test_nothing_is_found_in_a_folder_that_is_not_theirs(database: Database) -> None:
    office = Office(database)
    _twenty(office)
    keys = [row.key for row in _rows(office)]
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    assert database.read_now(next_unread, stranger, office.inbox, keys[0]) is None
    ends = (keys[0], keys[9])
    assert not database.read_now(marks_between, stranger, office.inbox, ends).marks
