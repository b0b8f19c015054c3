"""The values of the demo company: what its ERP knows, who writes to it, what its mailboxes hold.

Plain frozen values; how they are invented is hidden in `company`, how they are written down in
`erp` and `letters`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody outside who writes and answers: `language` is `it` or `en`."""

    name: str
    language: str
    company: str


@dataclass(frozen=True, slots=True)
class DemoOperator:
    """A person of the company who uses the console."""

    login: str
    name: str
    email: str
    role: str
    active: bool


@dataclass(frozen=True, slots=True)
class DemoParty:
    """A customer, supplier or lead; `domain` is where its addresses live."""

    kind: str
    code: str
    name: str
    vat: str
    tax_code: str
    pec: str
    language: str
    city: str
    country: str
    blocked: bool
    customer_code: str
    domain: str
    phone: str

    @property
    def reference(self) -> str:
        """Return `KIND:CODE`."""
        return f"{self.kind}:{self.code}"


@dataclass(frozen=True, slots=True)
class DemoContact:
    """A person at a party, with the address that this person writes from."""

    party_kind: str
    party: str
    number: int
    name: str
    role: str
    left_on: date | None
    email: str


@dataclass(frozen=True, slots=True)
class DemoAddress:
    """An address of a party, or of one contact of it; the same address may belong to many."""

    party_kind: str
    party: str
    contact: int | None
    email: str
    purpose: str
    primary: bool


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """A document of the ERP; amounts include VAT."""

    kind: str
    year: int
    series: str
    number: int
    version: int
    date: date
    party_kind: str
    party: str
    contact: int | None
    total: Decimal
    currency: str
    state: str
    their_reference: str
    our_reference: str
    title: str
    opportunity: str

    @property
    def code(self) -> str:
        """Return `YEAR/NUMBER` or `YEAR/SERIES/NUMBER`, with `.VERSION` above 0."""
        series = f"{self.series}/" if self.series else ""
        version = f".{self.version}" if self.version else ""
        return f"{self.year}/{series}{self.number}{version}"

    @property
    def reference(self) -> str:
        """Return `KIND:CODE`."""
        return f"{self.kind}:{self.code}"

    @property
    def short(self) -> str:
        """Return the number as people write it: `88/A`, `123`."""
        return f"{self.number}/{self.series}" if self.series else str(self.number)


@dataclass(frozen=True, slots=True)
class DemoLine:
    """A line of a document; `price` is net of VAT, `discount` and `vat_rate` are percentages."""

    document: str
    line: int
    article: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal
    discount: Decimal
    vat_rate: Decimal


@dataclass(frozen=True, slots=True)
class DemoLink:
    """Two documents of one chain, both as `KIND:CODE`."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class DemoDueItem:
    """An instalment of an invoice (`KIND:CODE`) and what is still open of it."""

    invoice: str
    instalment: int
    party_kind: str
    party: str
    due_date: date
    amount: Decimal
    open: Decimal
    method: str
    level: int
    blocked: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class DemoOpportunity:
    """A chance to sell, before there is an order."""

    code: str
    party_kind: str
    party: str
    title: str
    stage: str
    value: Decimal
    currency: str
    opened_on: date


@dataclass(frozen=True, slots=True)
class DemoActivity:
    """Something to do for a party: a call, a visit, a reminder."""

    code: str
    kind: str
    party_kind: str
    party: str
    document: str
    opportunity: str
    due: date
    operator: str
    state: str
    title: str


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """An entry of the agenda; times are aware, `party` is `KIND:CODE` where there is one."""

    title: str
    start: datetime
    end: datetime
    party: str | None
    location: str
    all_day: bool


@dataclass(frozen=True, slots=True)
class DemoMessage:
    """A message as a server holds it; `flags` are IMAP flags and keywords."""

    account: str
    folder: str
    raw: bytes
    flags: frozenset[str]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class DemoCompany:
    """The whole invented company as it stands at `now`."""

    code: str
    name: str
    domain: str
    vat: str
    seed: int
    today: date
    now: datetime
    operators: tuple[DemoOperator, ...]
    parties: tuple[DemoParty, ...]
    contacts: tuple[DemoContact, ...]
    addresses: tuple[DemoAddress, ...]
    documents: tuple[DemoDocument, ...]
    links: tuple[DemoLink, ...]
    due_items: tuple[DemoDueItem, ...]
    opportunities: tuple[DemoOpportunity, ...]
    activities: tuple[DemoActivity, ...]
    lines: tuple[DemoLine, ...]
    events: tuple[DemoEvent, ...]
    cast: Mapping[str, str]
