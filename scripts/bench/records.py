"""How long it takes to read an ERP of so many records into an empty database, to read it again with
nothing new, and with one record in a hundred changed; and the longest single transaction.

    .venv/bin/python scripts/bench/records.py [RECORDS]
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tui_mail.connectors.files import FilesConnector
from tui_mail.db import erp
from tui_mail.db.engine import Database
from tui_mail.db.schema import prepare
from tui_mail.worker.records import refresh


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = _Timed(f"sqlite:///{folder / 'tui_mail.db'}")
        prepare(database)
        database.write_now(erp.add_source, "books", name)
        for words, changed in (("first", 0), ("nothing new", 0), ("1 in 100 changed", 100)):
            _write(folder, count, changed)
            database.longest = 0.0
            began, used = time.monotonic(), _used()
            refresh(database, FilesConnector(folder), "books", "", lambda _text: None)
            print(
                f"{words}: {time.monotonic() - began:.1f} s, {_used() - used:.1f} s of processor,"
                f" longest transaction {database.longest:.2f} s"
            )
        database.close_now()


class _Timed(Database):
    longest = 0.0

    def write_now(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        began = time.monotonic()
        try:
            return super().write_now(fn, *args, **kwargs)
        finally:
            self.longest = max(self.longest, time.monotonic() - began)


def _used() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def _write(folder: Path, count: int, changed: int) -> None:
    """A tenth parties, each with an address; the rest orders."""
    parties = count // 10
    tables = {
        "parties": ["company,kind,code,name"]
        + [f"01,customer,C{number},Ditta {number}" for number in range(parties)],
        "addresses": ["company,party_kind,party,email"]
        + [f"01,customer,C{number},info@ditta{number}.example" for number in range(parties)],
        "documents": ["company,kind,year,number,date,party_kind,party,total,currency"]
        + [
            f"01,sales_order,2026,{number},2026-11-02,customer,C{number % parties},"
            f"{number + (number % 100 == 0 and changed)}.50,EUR"
            for number in range(count - parties)
        ],
    }
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
