"""Every kind of letter that goes out to a customer in tests, and the records that it is about.

They go out as programs send them (the letters of `send`) and as a person does at the console.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date as Day
from decimal import Decimal
from pathlib import Path
from typing import Any

from scripts.evaluate_links.letter import pdf
from tests.db.house import BIANCHI, COMPANY, DUE, FERRI, INVOICE, ORDER, changes
from tests.worker.office import NOW, Office, letter
from tests.worker.peers import LUCA
from tui_mail.db import address_book, erp, links
from tui_mail.db.draft_content import DraftContent, file_of
from tui_mail.values import (
    BodyFormat,
    EntityRecord,
    ErpChanges,
    LetterAttachment,
    LinkState,
    Reference,
)
from tui_mail.worker.drafting import Sheet, keep, send
from tui_mail.worker.submit import Request, submit_request

QUOTE = Reference("quote", "2026/31", COMPANY)
NOTE = Reference("delivery_note", "2026/45", COMPANY)
LATE = Reference("invoice", "2026/A/61", COMPANY)
LATE_DUE = Reference("due_item", "2026/A/61#1", COMPANY)
_OTHERS_ORDER = Reference("sales_order", "2026/118", COMPANY)
_OTHERS_INVOICE = Reference("invoice", "2026/A/89", COMPANY)
OURS = frozenset({FERRI, ORDER, INVOICE, DUE, QUOTE, NOTE, LATE, LATE_DUE})  # of Ferri
ASKED = "ask"  # the name of a letter of Ferri's about ORDER


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of letter. `about`: what it is about, the party apart; `named`: what of that its
    subject names; `answers`: it answers the letter `ASKED`.
    """

    name: str
    subject: str
    body: str
    about: tuple[Reference, ...] = ()
    named: tuple[Reference, ...] = ()
    format: BodyFormat = BodyFormat.TEXT
    file: tuple[str, bytes] | None = None
    answers: bool = False
    console: bool = False


def _page(text: str) -> str:
    return f"<html><body><p>{text}</p></body></html>"


KINDS = (
    Kind("offer", "Offerta n. 31/2026", "In allegato la nostra offerta.", (QUOTE,), (QUOTE,)),
    Kind(
        "order confirmation",
        "Conferma",
        "Buongiorno,\n\nconfermiamo il Vs. **ordine**.",
        (ORDER,),
        format=BodyFormat.MARKDOWN,
        file=("conferma.pdf", pdf("Conferma d'ordine")),
    ),
    Kind(
        "delivery note",
        "DDT n. 45/2026",
        _page("La merce parte oggi."),
        (NOTE,),
        (NOTE,),
        format=BodyFormat.HTML,
    ),
    Kind(
        "invoice with PDF",
        "Fattura 88/A del 12/11/2026",
        "In allegato la fattura.",
        (INVOICE,),
        (INVOICE,),
        file=("Fattura_88_A_2026.pdf", pdf("Fattura n. 88/A", "Totale 1.240,00")),
    ),
    Kind(
        "payment reminder",
        "Sollecito di pagamento",
        "Risultano aperte le scadenze delle fatture 88/A e 61/A del 2026.",
        (DUE, LATE_DUE),
    ),
    Kind(
        "account statement",
        "Estratto conto al 24/11/2026",
        "Fattura 61/A    310,00\nFattura 88/A  1.240,00\nSaldo         1.550,00",
        (LATE, INVOICE),
    ),
    Kind("communication", "Chiusura natalizia", "Saremo chiusi dal 24 dicembre al 6 gennaio."),
    Kind("plain answer", "Re: Ordine 2026/119", "Spediamo domani.", (ORDER,), (ORDER,), answers=True),
    Kind("letter from the console", "Pompe", "Ci sentiamo domani?", (ORDER,), console=True),
    Kind(
        "page from the console",
        "Catalogo",
        _page("Come d'accordo."),
        (QUOTE,),
        format=BodyFormat.HTML,
        file=("listino.txt", b"Listino"),
        console=True,
    ),
    Kind(
        "answer from the console", "Re: Ordine 2026/119", "Certo.", (ORDER,), (ORDER,),
        answers=True, console=True,
    ),
)  # fmt: skip


def books() -> ErpChanges:
    """The house's records, more of Ferri's, and of another customer with numbers near to them."""
    start = changes()
    document = EntityRecord(
        COMPANY, "", "", party=FERRI, year=2026, date=Day(2026, 11, 10), state="open",
        amount=Decimal("310.00"), currency="EUR",
    )  # fmt: skip
    late = replace(document, date=Day(2026, 9, 14))
    more = (
        replace(document, kind=QUOTE.kind, code=QUOTE.code, number="31"),
        replace(document, kind=NOTE.kind, code=NOTE.code, number="45"),
        replace(late, kind=LATE.kind, code=LATE.code, series="A", number="61"),
        replace(
            late, kind=LATE_DUE.kind, code=LATE_DUE.code, year=None,
            due_date=Day(2026, 10, 14), open_amount=Decimal("310.00"),
        ),
        replace(
            document, kind=_OTHERS_ORDER.kind, code=_OTHERS_ORDER.code, party=BIANCHI, number="118"
        ),
        replace(
            document, kind=_OTHERS_INVOICE.kind, code=_OTHERS_INVOICE.code, party=BIANCHI,
            series="A", number="89",
        ),
    )  # fmt: skip
    return replace(start, entities=(*start.entities, *more))


@dataclass
class Writer:
    """Writes letters of each kind to Luca, from the only account."""

    office: Office
    folder: Path
    asked: int = 0

    async def begin(self, deliver: Any) -> None:
        """Fill the books, and let Ferri's letter about ORDER come."""
        await self.office.database.write(erp.take, "books", books(), NOW)
        await deliver(letter(ASKED, subject="Ordine 2026/119", sender=LUCA.address))
        await self.office.sync()
        [held] = await self.office.held("INBOX")
        self.asked = held.message_id

    async def write(self, kind: Kind, *to: str) -> str:
        """Put a letter into the outbox; its Message-ID."""
        people = to or (LUCA.address,)
        if kind.console:
            return await self._at_the_console(kind, people)
        asked = {
            "to": list(people),
            "subject": kind.subject,
            kind.format.value: kind.body,
            "links": [str(one) for one in (FERRI, *kind.about) if not kind.answers],
            "in_reply_to": f"<{ASKED}@test>" if kind.answers else "",
            "attachments": [{"path": str(self._file(kind))}] if kind.file else [],
        }
        request = Request.of({name: said for name, said in asked.items() if said}, None)
        database, operator_id = self.office.database, self.office.operator_id
        done = await asyncio.to_thread(submit_request, database, operator_id, request, NOW)
        return done.message_id

    async def _at_the_console(self, kind: Kind, people: Sequence[str]) -> str:
        """Kept as a draft first, then sent, as the desk does."""
        database, operator_id = self.office.database, self.office.operator_id
        [sender] = await database.read(address_book.senders, operator_id)
        records = [(await database.read(erp.entity, one)).id for one in kind.about]
        asked = f"{ASKED}@test" if kind.answers else ""
        sheet = Sheet(
            DraftContent(
                to=", ".join(people),
                subject=kind.subject,
                body=kind.body,
                format=kind.format,
                links=tuple(records),
                attachments=(file_of(LetterAttachment(*kind.file)),) if kind.file else (),
                in_reply_to=asked,
                references=(asked,) if asked else (),
            ),
            sender.account_id,
            in_reply_to_id=self.asked if kind.answers else None,
            answer="reply" if kind.answers else "",
        )
        kept = await database.write(keep, operator_id, sheet, NOW)
        sheet = replace(sheet, draft_id=kept.draft_id, version=kept.version)
        done = await database.write(send, operator_id, sender, sheet, 0, NOW)
        return done.message_id

    def _file(self, kind: Kind) -> Path:
        assert kind.file is not None
        path = self.folder / kind.file[0]
        path.write_bytes(kind.file[1])
        return path

    async def links_of(self, header: str, folder: str = "INBOX") -> dict[Reference, LinkState]:
        """What the message of that Message-ID in a folder is linked to, contacts apart."""
        [held] = [one for one in await self.office.held(folder) if one.header == header]
        operator_id = self.office.operator_id
        rows = await self.office.database.read(links.links_of, operator_id, held.message_id)
        return {
            Reference(row.kind, row.code, row.company): LinkState(row.state)
            for row in rows
            if row.kind != "contact"
        }
