"""Plays eighteen months of trade: opportunities become offers, quotes, orders, goods, invoices.

Hides the chances and the waits; what comes out is consistent by construction, as every document
is made from the one before it.
"""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tui_mail.demo import names
from tui_mail.demo.ledger import (
    CENT,
    Draft,
    Ledger,
    exact_items,
    random_items,
    total_of,
    working_day,
)
from tui_mail.demo.parties import Directory
from tui_mail.demo.records import DemoDueItem, DemoOpportunity, DemoParty

DAYS = 548
DEALS, PURCHASES, JOBS = 560, 270, 44
TERMS = (((30,), "bonifico"), ((60,), "bonifico"), ((30, 60), "riba"), ((30, 60, 90), "riba"))
STAGES = ("contatto", "sopralluogo", "offerta", "trattativa")


@dataclass(slots=True)
class Trade:
    """What the ERP holds in the end; `pinned` are the positions of the cast's documents."""

    ledger: Ledger = field(default_factory=Ledger)
    opportunities: list[DemoOpportunity] = field(default_factory=list)
    due: list[tuple[int, DemoDueItem]] = field(default_factory=list)
    pinned: dict[str, int] = field(default_factory=dict)

    def due_items(self, references: list[str]) -> tuple[DemoDueItem, ...]:
        """Return the instalments, each with the reference of its invoice."""
        return tuple(
            DemoDueItem(
                references[position], item.instalment, item.party_kind, item.party, item.due_date,
                item.amount, item.open, item.method, item.level, item.blocked, item.disputed,
            )
            for position, item in self.due
        )  # fmt: skip


def build_trade(seed: int, today: date, directory: Directory) -> Trade:
    """Return documents, instalments and opportunities up to `today`."""
    trade = Trade()
    player = _Player(random.Random(f"{seed}:trade"), today, directory, trade)
    starts = sorted(player.source.randrange(1, DAYS) for _ in range(DEALS))
    for days in reversed(starts):
        player.sale(working_day(today - timedelta(days=days)))
    for _ in range(PURCHASES):
        player.purchase(working_day(today - timedelta(days=player.source.randrange(1, DAYS))))
    for _ in range(JOBS):
        player.job(working_day(today - timedelta(days=player.source.randrange(1, DAYS))))
    player.play_cast()
    trade.ledger.number()
    return trade


class _Player:
    """Plays deals one by one, writing into one trade."""

    def __init__(
        self, source: random.Random, today: date, directory: Directory, trade: Trade
    ) -> None:
        self.source, self.today, self.directory, self.trade = source, today, directory, trade
        self.ledger = trade.ledger
        cast = set(directory.cast.values())
        by_kind: dict[str, list[DemoParty]] = defaultdict(list)
        for party in directory.parties:
            if party.reference not in cast:
                by_kind[party.kind].append(party)
        self.by_kind = by_kind
        # A few customers buy much, most of them little.
        self.weights = [1 + 12 / (1 + place % 37) for place in range(len(by_kind["customer"]))]
        self.contacts: dict[str, list[int]] = defaultdict(list)
        for contact in directory.contacts:
            if contact.left_on is None and contact.role != "commercialista":
                self.contacts[f"{contact.party_kind}:{contact.party}"].append(contact.number)

    def sale(self, day: date) -> None:
        """Play one deal from the first word to the invoice, as far as it gets before today."""
        source = self.source
        lead = source.random() < 0.11
        if lead:
            party = source.choice(self.by_kind["lead"])
        else:
            party = source.choices(self.by_kind["customer"], self.weights)[0]
        items = random_items(source, party.language)
        base = Draft("", day, party, items, self._contact(party), title=self._project(party))
        after: int | str | None = None
        won = not lead and source.random() < 0.78
        if lead or source.random() < 0.2:
            after = self._opportunity(base, won=won)
        if after and source.random() < 0.85:
            after = self._step("offer", base, after, (2, 9), state="closed" if won else "open")
            if isinstance(after, int) and source.random() < 0.15:
                after = self._revise(base, after)
        if after is not None or source.random() < 0.65:
            old = (self.today - base.date).days > 60
            state = "closed" if won else ("cancelled" if old else "open")
            after = self._step("quote", base, after, (1, 8), state=state)
        if won:
            self._order(base, after)

    def _order(self, base: Draft, after: int | str | None) -> None:
        """Play the order and what follows from it."""
        source = self.source
        base.their_reference = self._their_reference(base.party)
        order = self._step("sales_order", base, after, (2, 20))
        if order is None:
            return
        if source.random() < 0.05:
            self.ledger.drafts[order].state = "cancelled"
            return
        parts = [base.items]
        if len(base.items) > 1 and source.random() < 0.25:
            parts = [base.items[:1], base.items[1:]]
        goods: list[int] = []
        for part in parts:
            base.items = part
            note = self._step("delivery_note", base, order, (3, 25))
            if note is None:
                return
            goods.append(note)
        self.ledger.drafts[order].state = "closed"
        base.items = tuple(item for part in parts for item in part)
        invoice = self._step("invoice", base, goods[0], (0, 12))
        if invoice is None:
            return
        for note in goods:
            self.ledger.drafts[note].state = "closed"
        self.ledger.links += [(note, invoice) for note in goods[1:]]
        self._instalments(invoice, *source.choice(TERMS))
        if source.random() < 0.09:
            base.items = base.items[:1]
            base.title = "Reso merce" if source.random() < 0.5 else "Differenza prezzo"
            self._step("credit_note", base, invoice, (5, 30), state="closed")

    def purchase(self, day: date) -> None:
        """Play an order to a supplier, the goods and the supplier's invoice."""
        source = self.source
        party = source.choice(self.by_kind["supplier"])
        items = random_items(source, party.language)
        base = Draft("", day, party, items, self._contact(party), title="Riordino magazzino")
        order = self._step("purchase_order", base, None, (0, 3))
        if order is None:
            return
        base.their_reference = f"DDT {source.randrange(100, 4000)}"
        receipt = self._step("goods_receipt", base, order, (5, 30), state="closed")
        if receipt is None:
            return
        self.ledger.drafts[order].state = "closed"
        base.their_reference = f"{source.randrange(50, 3000)}/{base.date.year}"
        invoice = self._step("purchase_invoice", base, receipt, (2, 15))
        if invoice is not None:
            self._instalments(invoice, *source.choice(TERMS[:2]))

    def job(self, day: date) -> None:
        """Open a job (commessa) for a customer, with a quote before it."""
        party = self.source.choices(self.by_kind["customer"], self.weights)[0]
        items = random_items(self.source, party.language, service=True)
        base = Draft("", day, party, items, self._contact(party), title=self._project(party))
        quote = self._step("quote", base, None, (0, 5), state="closed")
        job = self._step("job", base, quote, (5, 30))
        if job is not None and self.source.random() < 0.6:
            self._step("sales_order", base, job, (1, 10))

    def play_cast(self) -> None:
        """Add the documents that the first screen of the demo speaks of."""
        pin = self._pin
        pin("bianchi_quote", "quote", "bianchi", (24, 287, 0, "4870.00"))
        pin("bianchi_order", "sales_order", "bianchi", (14, 123, 0, "4870.00"), "bianchi_quote")
        self.ledger.drafts[self.trade.pinned["bianchi_order"]].their_reference = "ODA 4500218"
        pin("bianchi_goods", "delivery_note", "bianchi", (1, 402, 0, "4870.00"), "bianchi_order")
        pin("ferri_offer", "offer", "ferri", (27, 55, 1, "1204.00"))
        pin("ferri_order", "sales_order", "ferri", (21, 119, 1, "1204.00"), "ferri_offer")
        pin("ferri_goods", "delivery_note", "ferri", (13, 391, 1, "1204.00"), "ferri_order")
        pin("ferri_invoice", "invoice", "ferri", (12, 88, 1, "1240.00"), "ferri_goods")
        pin("ferri_older", "invoice", "ferri", (38, 66, 2, "1240.00"))
        pin("verdi_invoice", "invoice", "verdi", (75, 41, 3, "2940.00"))
        pin("verdi_second", "invoice", "verdi", (30, 71, 4, "980.00"))
        pin("costa_quote", "quote", "costa", (2, 310, 8, "7320.00"))
        pin("comune_order", "sales_order", "comune", (0, 126, 9, "5856.00"))
        self.ledger.drafts[
            self.trade.pinned["comune_order"]
        ].their_reference = f"77 del {self.today - timedelta(days=4):%d/%m/%Y}"
        for key in ("bianchi_quote", "ferri_offer", "ferri_order"):
            self.ledger.drafts[self.trade.pinned[key]].state = "closed"
        self._instalments(self.trade.pinned["ferri_invoice"], (30,), "bonifico", paid=False)
        self._instalments(self.trade.pinned["ferri_older"], (30,), "bonifico", paid=False)
        self._instalments(self.trade.pinned["verdi_invoice"], (30, 60, 90), "riba", paid=False)
        self._instalments(self.trade.pinned["verdi_second"], (30,), "bonifico", paid=False)

    def _pin(
        self, key: str, kind: str, who: str, what: tuple[int, int, int, str], after: str = ""
    ) -> None:
        """Add a cast document: days ago, number, article and total."""
        days, number, article, total = what
        reference = self.directory.cast[who]
        party = next(party for party in self.directory.parties if party.reference == reference)
        draft = Draft(
            kind, self.today - timedelta(days=days), party, exact_items(article, total), 1,
            title=names.ARTICLES[article][1], pin=number, total=Decimal(total),
        )  # fmt: skip
        previous = self.trade.pinned[after] if after else None
        self.trade.pinned[key] = self.ledger.add(draft, previous)

    def _step(
        self, kind: str, base: Draft, after: int | str | None, wait: tuple[int, int],
        *, state: str = "open",
    ) -> int | None:  # fmt: skip
        """Add the next document of a chain some days later; None when that day is still to come."""
        base.date = working_day(base.date + timedelta(days=self.source.randint(*wait)))
        if base.date > self.today:
            return None
        opportunity = after.partition(":")[2] if isinstance(after, str) else ""
        draft = Draft(
            kind, base.date, base.party, base.items, base.contact, state, base.title,
            base.their_reference if kind not in {"offer", "quote"} else "",
            self.source.choice(("SC", "AR", "MV")), opportunity,
        )  # fmt: skip
        return self.ledger.add(draft, after)

    def _revise(self, base: Draft, offer: int) -> int | None:
        """Add version 1 of an offer and close version 0."""
        position = self._step("offer", base, offer, (3, 10), state="closed")
        if position is not None:
            before, draft = self.ledger.drafts[offer], self.ledger.drafts[position]
            draft.version, draft.revises, draft.opportunity = 1, offer, before.opportunity
        return position

    def _opportunity(self, base: Draft, *, won: bool) -> str:
        old = (self.today - base.date).days > 90
        stage = "vinta" if won else ("persa" if old else self.source.choice(STAGES))
        code = f"OPP{len(self.trade.opportunities) + 1:04}"
        self.trade.opportunities.append(
            DemoOpportunity(
                code, base.party.kind, base.party.code, base.title, stage, total_of(base), "EUR",
                base.date,
            )
        )  # fmt: skip
        return f"opportunity:{code}"

    def _instalments(
        self, invoice: int, days: tuple[int, ...], method: str, *, paid: bool | None = None
    ) -> None:
        """Split an invoice into its due items; `paid` None leaves it to chance."""
        draft = self.ledger.drafts[invoice]
        total = total_of(draft)
        share = (total / len(days)).quantize(CENT)
        everything = True
        for place, wait in enumerate(days, start=1):
            amount = share if place < len(days) else total - share * (len(days) - 1)
            due = draft.date + timedelta(days=wait)
            late = (self.today - due).days
            settled = self._settled(late) if paid is None else paid or late > 40
            level = 0 if settled or late < 5 else min(3, 1 + late // 30)
            disputed = not settled and late > 0 and self.source.random() < 0.08
            everything = everything and settled
            self.trade.due.append((invoice, DemoDueItem(
                "", place, draft.party.kind, draft.party.code, due, amount,
                Decimal("0.00") if settled else amount, method, level, draft.party.blocked,
                disputed,
            )))  # fmt: skip
        draft.state = "closed" if everything else "open"

    def _settled(self, late: int) -> bool:
        if late < 0:
            return self.source.random() < 0.03
        return self.source.random() < (0.7 if late < 20 else 0.93)

    def _contact(self, party: DemoParty) -> int | None:
        numbers = self.contacts.get(party.reference)
        return self.source.choice(numbers) if numbers else None

    def _project(self, party: DemoParty) -> str:
        table = names.PROJECTS if party.language == "it" else names.FOREIGN_PROJECTS
        return self.source.choice(table).capitalize()

    def _their_reference(self, party: DemoParty) -> str:
        forms: tuple[Callable[[int], str], ...] = (
            lambda number: f"ODA 45{number:05}",
            lambda number: f"ord. {number % 900 + 1}",
            lambda number: f"PO-{number:05}",
            lambda number: f"{number % 3000}/{self.today.year % 100}",
        )
        if self.source.random() < 0.35:
            return ""
        form = forms[2] if party.language == "en" else self.source.choice(forms)
        return form(self.source.randrange(100000))
