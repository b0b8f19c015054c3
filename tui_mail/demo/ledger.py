"""Collects the documents of the demo company and numbers them as an ERP would.

Hides the numbering: each kind and year counts upwards by date, in one or two series, and passes
through the numbers that the cast must have on their days.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from tui_mail.demo.names import ARTICLES
from tui_mail.demo.records import DemoDocument, DemoLine, DemoLink, DemoParty

CENT = Decimal("0.01")
VAT = Decimal(22)
# kind -> (first series, second series, share of the first)
SERIES = {
    "sales_order": ("", "W", 0.75),
    "invoice": ("A", "", 0.4),
    "delivery_note": ("", "B", 0.9),
}
ONE_SERIES = ("", "B", 1.0)


@dataclass(frozen=True, slots=True)
class Item:
    """A line before its document has a number; `price` is net."""

    article: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal
    discount: Decimal

    @property
    def net(self) -> Decimal:
        """Return quantity by price, less the discount."""
        return self.quantity * self.price * (100 - self.discount) / 100


@dataclass(slots=True)
class Draft:
    """A document that waits for its number; `pin` is the number that it must get.

    A later version `revises` the draft at that position, whose number it keeps.
    """

    kind: str
    date: date
    party: DemoParty
    items: tuple[Item, ...]
    contact: int | None = None
    state: str = "open"
    title: str = ""
    their_reference: str = ""
    our_reference: str = ""
    opportunity: str = ""
    version: int = 0
    pin: int | None = None
    total: Decimal | None = None
    revises: int | None = None
    series: str = ""
    number: int = 0
    year: int = 0


@dataclass(slots=True)
class Ledger:
    """Drafts and the links between them, by position."""

    drafts: list[Draft] = field(default_factory=list)
    links: list[tuple[int | str, int]] = field(default_factory=list)

    def add(self, draft: Draft, after: int | str | None = None) -> int:
        """Keep a draft, linked to the one (or the reference) that it follows; return its position."""
        self.drafts.append(draft)
        position = len(self.drafts) - 1
        if after is not None:
            self.links.append((after, position))
        return position

    def number(self) -> None:
        """Give every draft its series and number."""
        groups: dict[tuple[str, int], list[Draft]] = defaultdict(list)
        for draft in self.drafts:
            draft.year = draft.date.year
            if draft.revises is None:
                groups[draft.kind, draft.year].append(draft)
        for (kind, _), drafts in groups.items():
            drafts.sort(key=lambda draft: draft.date)
            _number_year(drafts, SERIES.get(kind, ONE_SERIES))
        for draft in self.drafts:
            if draft.revises is not None:
                first = self.drafts[draft.revises]
                draft.year, draft.series, draft.number = first.year, first.series, first.number

    def documents(self) -> tuple[DemoDocument, ...]:
        """Return the numbered documents, in the order of the drafts."""
        return tuple(
            DemoDocument(
                draft.kind, draft.year, draft.series, draft.number, draft.version, draft.date,
                draft.party.kind, draft.party.code, draft.contact, total_of(draft), "EUR",
                draft.state, draft.their_reference, draft.our_reference, draft.title,
                draft.opportunity,
            )
            for draft in self.drafts
        )  # fmt: skip

    def lines(self, documents: Sequence[DemoDocument]) -> tuple[DemoLine, ...]:
        """Return the lines of all documents."""
        return tuple(
            DemoLine(
                document.reference, place, item.article, item.description, item.quantity,
                item.unit, item.price, item.discount, VAT,
            )
            for document, draft in zip(documents, self.drafts, strict=True)
            for place, item in enumerate(draft.items, start=1)
        )  # fmt: skip

    def document_links(self, documents: Sequence[DemoDocument]) -> tuple[DemoLink, ...]:
        """Return the chains as references."""
        return tuple(
            DemoLink(
                source if isinstance(source, str) else documents[source].reference,
                documents[target].reference,
            )
            for source, target in self.links
        )


def total_of(draft: Draft) -> Decimal:
    """Return the amount of a draft with VAT, in euro and cents."""
    if draft.total is not None:
        return draft.total
    net = sum((item.net for item in draft.items), Decimal(0))
    return (net * (100 + VAT) / 100).quantize(CENT)


def random_items(
    source: random.Random, language: str, *, service: bool = False
) -> tuple[Item, ...]:
    """Return one to four lines of articles, in the party's language."""
    discount = Decimal(source.choice((0, 0, 5, 10, 15, 20)))
    chosen = source.sample(ARTICLES, source.choices((1, 2, 3, 4), (4, 4, 2, 1))[0])
    if service:
        chosen = [*chosen, ARTICLES[-1]]
    items = []
    for code, italian, english, unit, price in chosen:
        cost = Decimal(price)
        most = 60 if cost < 50 else 12 if cost < 500 else 3
        text = italian if language == "it" else english
        items.append(Item(code, text, Decimal(source.randint(1, most)), unit, cost, discount))
    return tuple(items)


def exact_items(article: int, total: str) -> tuple[Item, ...]:
    """Return one line whose price, with VAT, gives `total`."""
    code, text, _, unit, _ = ARTICLES[article]
    price = (Decimal(total) * 100 / (100 + VAT)).quantize(Decimal("0.0001"))
    return (Item(code, text, Decimal(1), unit, price, Decimal(0)),)


def working_day(day: date) -> date:
    """Return `day`, or the Monday after it when it falls on a week-end."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


def _number_year(drafts: list[Draft], series: tuple[str, str, float]) -> None:
    """Number the drafts of one kind and year, sorted by date, through the pinned numbers."""
    first, second, share = series
    rest: list[Draft] = []
    waiting: list[Draft] = []
    reached = 0
    for draft in drafts:
        if draft.pin is None:
            waiting.append(draft)
            continue
        rest += _fill(waiting, (reached, draft.pin), first, share)
        draft.series, draft.number = first, draft.pin
        reached, waiting = draft.pin, []
    rest += _fill(waiting, (reached, None), first, share)
    for number, draft in enumerate(sorted(rest, key=lambda draft: draft.date), start=1):
        draft.series, draft.number = second, number


def _fill(
    drafts: list[Draft], between: tuple[int, int | None], series: str, share: float
) -> list[Draft]:
    """Number `drafts` inside an open interval, evenly; return those that found no room."""
    low, high = between
    count = int(len(drafts) * share + 0.5)
    if high is not None:
        count = min(count, max(0, high - low - 1))
    step = 1.0 if high is None else (high - low) / (count + 1)
    chosen = {(place * len(drafts)) // count for place in range(count)} if count else set()
    left = []
    place = 0
    for position, draft in enumerate(drafts):
        if position in chosen:
            place += 1
            draft.series, draft.number = series, low + int(place * step)
        else:
            left.append(draft)
    return left
