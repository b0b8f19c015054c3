"""A home with many generated messages, the same ones every time, for measuring.

    .venv/bin/python scripts/bench/corpus.py HOME [--messages 100000]

Every message goes the way of a real one: parsed, taken apart, threaded, indexed, linked.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from tui_mail.__main__ import parts
from tui_mail.cli.context import Context
from tui_mail.config import find_home
from tui_mail.db import erp
from tui_mail.db.accounts import add_account
from tui_mail.db.folders import folder_named
from tui_mail.db.tables import Account
from tui_mail.demo.company import build_company
from tui_mail.demo.erp import write_erp
from tui_mail.values import Fetched, Flag

ACCOUNT = "vendite@rossi-srl.example"
NEWEST = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
WORDS = [
    "consegna",
    "ordine",
    "fattura",
    "preventivo",
    "listino",
    "sollecito",
    "rata",
    "pagamento",
    "spedizione",
    "conferma",
    "materiale",
    "pompa",
    "valvola",
    "tubo",
    "raccordo",
    "cantiere",
    "ufficio",
    "cliente",
    "fornitore",
    "offerta",
    "sconto",
    "delivery",
    "order",
    "invoice",
    "quote",
    "price",
    "reminder",
    "payment",
    "shipment",
    "confirmation",
    "material",
]
BATCH = 500


def messages(count: int) -> Iterator[Fetched]:
    """`count` messages, newest last; conversations of one to five, some about an order."""
    chance = random.Random(7)
    step = timedelta(days=700) / max(count, 1)
    number = 0
    while number < count:
        length = min(chance.choice((1, 1, 1, 2, 2, 3, 5)), count - number)
        person = chance.randrange(2000)
        subject = " ".join(chance.sample(WORDS, 4)) + f" {chance.randrange(1, 999)}"
        chain: list[str] = []
        for place in range(length):
            at = NEWEST - step * (count - number)
            identifier = f"{number}@bench.example"
            body = "\r\n".join(" ".join(chance.choices(WORDS, k=12)) for _line in range(8))
            head = (
                f"From: Persona {person} <p{person}@azienda{person % 400}.example>\r\n"
                f"To: Vendite <{ACCOUNT}>\r\n"
                f"Subject: {'Re: ' if place else ''}{subject}\r\n"
                f"Date: {at:%a, %d %b %Y %H:%M:%S} +0000\r\n"
                f"Message-ID: <{identifier}>\r\n"
            )
            if chain:
                head += f"In-Reply-To: <{chain[-1]}>\r\nReferences: {' '.join(f'<{c}>' for c in chain)}\r\n"
            chain.append(identifier)
            flags = frozenset({Flag.SEEN.value}) if chance.random() < 0.9 else frozenset[str]()
            yield Fetched("", f"{head}\r\n{body}\r\n".encode(), flags, at)
            number += 1


async def fill(call: Context, account: Account, folder_id: int, count: int) -> None:
    batch: list[Fetched] = []
    done = 0
    started = time.monotonic()
    for message in messages(count):
        batch.append(message)
        if len(batch) == BATCH:
            await call.ingest.store(account.id or 0, folder_id, batch)
            done += len(batch)
            batch = []
            if done % 10_000 == 0:
                rate = done / (time.monotonic() - started)
                sys.stderr.write(f"{done} messages, {rate:.0f}/s\n")
    if batch:
        await call.ingest.store(account.id or 0, folder_id, batch)
    rate = count / (time.monotonic() - started)
    sys.stdout.write(f"ingest: {count} messages, {rate:.0f} messages/s\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("home", type=Path)
    options.add_argument("--messages", type=int, default=100_000)
    asked = options.parse_args()
    call = Context(parts(), find_home(str(asked.home)), operator="bench")
    if call.home.database_file.exists():
        sys.stderr.write("The corpus is there already.\n")
        return
    company = build_company(7, today=date(2026, 11, 24))
    folder = asked.home / "erp"
    write_erp(company, folder)
    changes = parts().connector(str(folder), "").changes("")
    call.database.write_now(erp.take, "bench", changes, NEWEST)
    account = call.database.write_now(
        add_account, Account(email=ACCOUNT, protocol="local"), call.operator_id
    )
    inbox = call.database.write_now(folder_named, account.id or 0, "INBOX", create=True)
    asyncio.run(fill(call, account, inbox.id or 0, asked.messages))
    call.close()


if __name__ == "__main__":
    main()
