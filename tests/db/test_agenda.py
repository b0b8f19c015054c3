"""The agenda: events and what falls due, in one list."""

from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed
from decimal import Decimal
from typing import Any

import pytest

from tests.db.house import DUE, NOW, ORDER, House, build, changes
from tui_mail.db import agenda, erp
from tui_mail.db.agenda import NewEvent
from tui_mail.db.engine import Database

DAY = datetime(2026, 11, 16, tzinfo=UTC)


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def put(house: House, *new: NewEvent) -> list[int]:
    return house.database.write_now(agenda.add_events, new)


def event(uid: str, hour: int, hours: int = 1, **more: Any) -> NewEvent:
    start = DAY + timedelta(hours=hour)
    return NewEvent(uid, f"event {uid}", start, start + timedelta(hours=hours), **more)


def titles(house: House, operator: int, start: datetime = DAY, days: int = 1) -> list[str]:
    rows = house.database.read_now(agenda.events, operator, start, start + timedelta(days=days))
    return [row.title for row in rows]


def test_the_day_has_its_events_and_what_falls_due(house: House) -> None:
    put(house, event("b", 11, entity_id=house.ids[ORDER]), event("a", 9), event("c", 25))
    due, first, second = house.database.read_now(
        agenda.events, house.anna, DAY, DAY + timedelta(days=1)
    )
    assert (due.due, due.all_day, due.title, due.amount, due.currency) == (
        True,
        True,
        "Ferri Impianti Srl",
        Decimal(1240),
        "EUR",
    )
    assert due.chip is not None
    assert due.chip.code == DUE.code
    assert (first.title, first.chip) == ("event a", None)
    assert second.chip is not None
    assert second.chip.code == ORDER.code


def test_what_reaches_into_the_time_is_in_it(house: House) -> None:
    put(house, event("over", -1, 2), event("before", -2), event("moment", 3, 0), event("after", 24))
    assert titles(house, house.anna) == ["event over", "Ferri Impianti Srl", "event moment"]


def test_an_operator_s_own_events_are_not_others(house: House) -> None:
    put(house, event("hers", 9, operator_id=house.anna), event("all", 10))
    assert "event hers" in titles(house, house.anna)
    assert "event hers" not in titles(house, house.bruno)
    assert "event all" in titles(house, house.bruno)


def test_what_is_paid_or_gone_is_not_due(house: House) -> None:
    assert titles(house, house.anna) == ["Ferri Impianti Srl"]
    rest = tuple(one for one in changes().entities if one.kind != "due_item")
    house.database.write_now(erp.take, "books", changes(entities=rest), NOW)
    assert titles(house, house.anna) == []


def test_days_are_those_of_the_reader_s_clock(house: House) -> None:
    rome = fixed(timedelta(hours=1))
    assert titles(house, house.anna, datetime(2026, 11, 16, tzinfo=rome)) == ["Ferri Impianti Srl"]
    assert titles(house, house.anna, datetime(2026, 11, 17, tzinfo=rome)) == []
    assert titles(house, house.anna, datetime(2026, 11, 15, tzinfo=rome)) == []


def test_an_event_of_the_same_uid_takes_the_older_one_s_place(house: House) -> None:
    people = (("a@ferri.it", "A"), ("b@ferri.it", "B"))
    put(house, event("a", 9, attendees=people))
    put(house, event("a", 10, attendees=people), event("a", 11, attendees=people))
    assert titles(house, house.anna) == ["Ferri Impianti Srl", "event a"]
    assert put(house) == []
