"""A small house for tests of what hangs on mail: two operators, their accounts, mail, records."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlmodel import Session

from tui_mail.db import erp
from tui_mail.db.engine import Database
from tui_mail.db.many import key_of
from tui_mail.db.positions import next_positions
from tui_mail.db.tables import Account, Folder, Grant, Message, Operator, Placement, Thread
from tui_mail.values import (
    AddressRecord,
    CompanyRecord,
    EntityRecord,
    ErpChanges,
    LineRecord,
    Reference,
    RelationRecord,
)

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
COMPANY = "ROSSI"
FERRI = Reference("customer", "C107", COMPANY)
BIANCHI = Reference("customer", "C200", COMPANY)
ORDER = Reference("sales_order", "2026/119", COMPANY)
INVOICE = Reference("invoice", "2026/A/88", COMPANY)
DUE = Reference("due_item", "2026/A/88#1", COMPANY)


@dataclass
class House:
    """Anna sends, Bruno only reads, on the shared account; each has one of their own."""

    database: Database
    anna: int = 0
    bruno: int = 0
    shared: int = 0
    private: int = 0  # Anna's
    inbox: int = 0
    private_inbox: int = 0
    trash: int = 0
    ids: dict[Reference, int] = field(default_factory=dict)

    def message(
        self,
        *,
        folder: int | None = None,
        minutes: int = 0,
        thread: int | None = None,
        header: str = "",
        **columns: Any,
    ) -> int:
        """A message in a folder, the inbox of the shared account when not told; its id."""

        def write(session: Session) -> int:
            thread_id = thread
            if thread_id is None:
                new = Thread()
                session.add(new)
                session.flush()
                thread_id = new.id or 0
            at = NOW + timedelta(minutes=minutes)
            (position,) = next_positions(session, [at])
            row = Message(
                content_hash=uuid4().hex,
                message_id=header,
                thread_id=thread_id,
                received_at=at,
                position=position,
                date=at,
                **columns,
            )
            session.add(row)
            session.flush()
            found = key_of(row.id)
            session.add(
                Placement(
                    message_id=found,
                    folder_id=folder or self.inbox,
                    thread_id=thread_id,
                    received_at=at,
                    position=position,
                )
            )
            return found

        return self.database.write_now(write)

    def thread_of(self, message_id: int) -> int:
        def read(session: Session) -> int:
            found = session.get(Message, message_id)
            assert found is not None
            return found.thread_id

        return self.database.read_now(read)


def build(database: Database) -> House:
    house = House(database)

    def people(session: Session) -> None:
        anna, bruno = Operator(login="anna"), Operator(login="bruno")
        shared = Account(email="vendite@rossi.it", shared=True, smtp_host="smtp.rossi.it")
        private = Account(email="anna@rossi.it", smtp_host="smtp.rossi.it")
        session.add_all([anna, bruno, shared, private])
        session.flush()
        house.anna, house.bruno = anna.id or 0, bruno.id or 0
        house.shared, house.private = shared.id or 0, private.id or 0
        session.add_all(
            [
                Grant(account_id=house.shared, operator_id=house.anna, level="send"),
                Grant(account_id=house.private, operator_id=house.anna, level="manage"),
                Grant(account_id=house.shared, operator_id=house.bruno, level="read"),
            ]
        )
        folders = [
            Folder(account_id=house.shared, name="Inbox", role="inbox"),
            Folder(account_id=house.private, name="Inbox", role="inbox"),
            Folder(account_id=house.shared, name="Trash", role="trash"),
        ]
        session.add_all(folders)
        session.flush()
        house.inbox, house.private_inbox, house.trash = (one.id or 0 for one in folders)

    database.write_now(people)
    database.write_now(erp.take, "books", changes(), NOW)
    for reference in (FERRI, BIANCHI, ORDER, INVOICE, DUE):
        house.ids[reference] = database.read_now(erp.entity, reference).id
    return house


def changes(**other: Any) -> ErpChanges:
    """Two customers; an order of Ferri that became an invoice with one instalment, overdue."""
    entities = (
        EntityRecord(COMPANY, FERRI.kind, FERRI.code, "Ferri Impianti Srl"),
        EntityRecord(COMPANY, BIANCHI.kind, BIANCHI.code, "Bianchi Spa"),
        EntityRecord(COMPANY, "contact", "customer/C107/1", "Luca Ferri", party=FERRI),
        EntityRecord(
            COMPANY,
            ORDER.kind,
            ORDER.code,
            "Pompe e valvole",
            party=FERRI,
            year=2026,
            number="0119",
            date=Day(2026, 11, 3),
            amount=Decimal("1204.00"),
            currency="EUR",
            state="open",
            their_reference="PO-77",
        ),
        EntityRecord(
            COMPANY,
            INVOICE.kind,
            INVOICE.code,
            party=FERRI,
            year=2026,
            series="A",
            number="88",
            date=Day(2026, 11, 12),
            amount=Decimal("1240.00"),
            currency="EUR",
            state="open",
        ),
        EntityRecord(
            COMPANY,
            DUE.kind,
            DUE.code,
            party=FERRI,
            date=Day(2026, 11, 12),
            due_date=Day(2026, 11, 16),
            amount=Decimal("1240.00"),
            open_amount=Decimal("1240.00"),
            currency="EUR",
            state="open",
        ),
    )
    contact = Reference("contact", "customer/C107/1", COMPANY)
    start = ErpChanges(
        cursor="1",
        complete=True,
        companies=(CompanyRecord(COMPANY, "Rossi Srl", domains=("rossi.it",)),),
        entities=entities,
        addresses=(
            AddressRecord(COMPANY, "Info@Ferri.it", FERRI, purpose="invoices"),
            AddressRecord(COMPANY, "l.ferri@ferri.it", FERRI, contact, primary=True),
            AddressRecord(COMPANY, "@ferri.it", FERRI),
            AddressRecord(COMPANY, "acquisti@bianchi.it", BIANCHI),
        ),
        relations=(
            RelationRecord(COMPANY, ORDER, INVOICE),
            RelationRecord(COMPANY, INVOICE, DUE),
        ),
        lines=(
            LineRecord(COMPANY, ORDER, 1, "P1", "Pompa", Decimal(2), "pz", Decimal("400.50")),
            LineRecord(COMPANY, ORDER, 2, "V1", "Valvola", Decimal(3), "pz", Decimal("134.333")),
        ),
    )
    return replace(start, **other)
