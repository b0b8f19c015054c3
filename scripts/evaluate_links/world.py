"""The companies of one ERP that the simulated mail is about, the same ones for the same seed.

Three companies, each with its own way of numbering; some customers are customers of two of them,
some have the same name, an accountant writes for many, and numbers meet across years, series and
companies. Hides how all of this is drawn; `erp_changes` gives it in the form of a connector.
"""

import random
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date as Day
from datetime import timedelta
from decimal import Decimal

from scripts.evaluate_links import names
from scripts.evaluate_links.numbering import ERPNEXT, ODOO, SERIES, Number
from tui_mail.values import (
    AddressRecord,
    CompanyRecord,
    EntityRecord,
    ErpChanges,
    Reference,
    RelationRecord,
)

TODAY = Day(2026, 11, 24)
DAYS = 900  # how far back the documents go
_REFERENCES = ("{n}", "PO-{n}", "{n}/{y}")
CUSTOMER, SUPPLIER = "customer", "supplier"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes. `known`: the ERP has the address."""

    name: str
    address: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class House:
    """A company of ours. `boxes`: its mailboxes, the shared one first."""

    code: str
    name: str
    domain: str
    style: str
    colleagues: tuple[Person, ...]

    @property
    def boxes(self) -> tuple[str, str]:
        return f"sales@{self.domain}", f"accounts@{self.domain}"

    @property
    def pec(self) -> str:
        """The certified mailbox."""
        return f"{self.code.lower()}@pec.it"


@dataclass(slots=True)
class Party:
    """A customer or a supplier of one company. `domain` is "" when its people have free mail."""

    reference: Reference
    name: str
    language: str
    domain: str
    people: list[Person] = field(default_factory=list)
    pec: str = ""

    @property
    def known_people(self) -> list[Person]:
        return [one for one in self.people if one.known]


@dataclass(frozen=True, slots=True)
class Document:
    """A document with everything that a letter may say of it."""

    reference: Reference
    party: Reference
    number: Number
    amount: Decimal
    state: str
    their_reference: str = ""
    follows: Reference | None = None

    @property
    def date(self) -> Day:
        return self.number.date

    @property
    def due(self) -> Day | None:
        """When an invoice is to be paid."""
        is_invoice = self.reference.kind in {"invoice", "purchase_invoice"}
        return self.date + timedelta(days=30) if is_invoice else None

    @property
    def file(self) -> str:
        """The name under which an invoice of ours goes to the exchange."""
        if self.reference.kind != "invoice":
            return ""
        seller = zlib.crc32(self.reference.company.encode())
        one = self.number
        return f"IT{seller:011}_{one.year % 100}{one.series}{one.number:03}.xml"


@dataclass(slots=True)
class World:
    """All that there is, by reference."""

    houses: dict[str, House] = field(default_factory=dict)
    parties: dict[Reference, Party] = field(default_factory=dict)
    documents: dict[Reference, Document] = field(default_factory=dict)
    of_party: dict[Reference, list[Document]] = field(default_factory=lambda: defaultdict(list))
    accountants: dict[Person, list[Party]] = field(default_factory=dict)
    twins: list[tuple[Party, Party]] = field(default_factory=list)  # one customer of two companies
    by_number: dict[tuple[str, int], list[Document]] = field(
        default_factory=lambda: defaultdict(list)
    )  # by kind and number

    def add(self, document: Document) -> None:
        self.documents[document.reference] = document
        self.by_number[document.number.kind, document.number.number].append(document)
        self.of_party[document.party].append(document)

    def named(self, wanted: Document, *, of: Iterable[Party], until: Day) -> list[Document]:
        """The documents of these parties with the number and kind of `wanted`, of any year."""
        return [
            one
            for party in of
            for one in self.of_party[party.reference]
            if one.number.kind == wanted.number.kind
            and one.number.number == wanted.number.number
            and one.date <= until
        ]


def build_world(split: str, seed: int, *, parties: int = 60) -> World:
    """`parties`: customers of each company; suppliers are a third of that."""
    chance = random.Random(f"{seed}:{split}:world")
    made = _Making(World(), chance, split)
    for index, style in enumerate((SERIES, ODOO, ERPNEXT)):
        made.house(index, style, parties)
    made.shared()
    for party in list(made.world.parties.values()):
        made.business(party)
    return made.world


class _Making:
    """One drawing of a world."""

    def __init__(self, world: World, chance: random.Random, split: str) -> None:
        self.world = world
        self._chance = chance
        self._split = split
        self._counters: defaultdict[tuple[str, str, int, str], int] = defaultdict(int)
        self._domains: set[str] = set()
        self._ways: dict[Reference, str] = {}  # in which customers number their orders

    # -- who

    def house(self, index: int, style: str, parties: int) -> None:
        code = f"{self._split[:2].upper()}{index + 1}"
        name = names.company(self._chance)
        domain = self._domain(name)
        colleagues = tuple(self._person(domain) for _each in range(4))
        house = House(code, name, domain, style, colleagues)
        self.world.houses[code] = house
        for number in range(parties):
            self._party(house, CUSTOMER, f"C{number + 1:04}")
        for number in range(max(parties // 3, 2)):
            self._party(house, SUPPLIER, f"F{number + 1:04}")

    def _party(self, house: House, kind: str, code: str) -> Party:
        chance = self._chance
        name = names.company(chance)
        free = kind == CUSTOMER and chance.random() < 0.2
        domain = "" if free else self._domain(name)
        party = Party(
            Reference(kind, code, house.code), name, "en" if chance.random() < 0.3 else "it", domain
        )
        for _each in range(1 if free else chance.choice((1, 2, 2, 3))):
            party.people.append(self._person(domain))
        party.people.append(self._person("" if free else domain, known=False))
        if party.language == "it":
            party.pec = f"{code.lower()}.{house.code.lower()}@pec.it"
        self.world.parties[party.reference] = party
        return party

    def _person(self, domain: str, *, known: bool = True) -> Person:
        chance = self._chance
        first, last = names.person(chance)
        if domain:
            local = chance.choice((f"{first[0]}.{last}", f"{first}.{last}", f"{last}"))
        else:
            local = f"{first}.{last}{chance.randrange(10, 999)}"
            domain = chance.choice(names.FREE)
        return Person(
            f"{first} {last}", f"{local}{chance.randrange(100)}@{domain}".lower(), known=known
        )

    def _domain(self, name: str) -> str:
        plain = "".join(letter for letter in name.lower() if letter.isalnum())
        domain = f"{plain}.example"
        while domain in self._domains:
            domain = f"{plain}{len(self._domains)}.example"
        self._domains.add(domain)
        return domain

    def shared(self) -> None:
        """Accountants of many customers, customers of two companies, and names that meet."""
        chance = self._chance
        houses = list(self.world.houses.values())
        for house in houses:
            customers = self._customers(house)
            for _each in range(2):
                person = self._person(self._domain(f"studio {names.person(chance)[1]}"))
                clients = chance.sample(customers, k=min(chance.randrange(4, 12), len(customers)))
                self.world.accountants[person] = clients
            one, other = chance.sample(customers, k=2)
            other.name = one.name
        for first, second in ((houses[0], houses[1]), (houses[1], houses[2])):
            for _each in range(4):
                one, other = (
                    chance.choice(self._customers(first)),
                    chance.choice(self._customers(second)),
                )
                other.name, other.domain, other.language = one.name, one.domain, one.language
                other.people, other.pec = list(one.people), one.pec
                self.world.twins.append((one, other))

    def _customers(self, house: House) -> list[Party]:
        return [
            one
            for one in self.world.parties.values()
            if one.reference.company == house.code and one.reference.kind == CUSTOMER
        ]

    # -- what

    def business(self, party: Party) -> None:
        """Orders with what follows from them, spread over the years."""
        chance = self._chance
        house = self.world.houses[party.reference.company]
        for _each in range(chance.choice((3, 4, 5, 6, 8, 12))):
            self._same_number_of_another_year(party)
            day = TODAY - timedelta(days=chance.randrange(1, DAYS))
            if party.reference.kind == SUPPLIER:
                order = self._document(house, party, "purchase_order", day)
                self._later(house, party, "purchase_invoice", order)
                continue
            if house.style != ODOO and chance.random() < 0.4:
                self._document(house, party, "quote", day - timedelta(days=12))
            order = self._document(house, party, "sales_order", day)
            note = self._later(house, party, "delivery_note", order)
            if note is not None:
                self._later(house, party, "invoice", note)

    def _same_number_of_another_year(self, party: Party) -> None:
        theirs = self.world.of_party[party.reference]
        if not theirs or self._chance.random() > 0.15:
            return
        one = self._chance.choice(theirs)
        day = one.date + timedelta(days=365)
        number = replace(one.number, year=day.year, date=day)
        reference = replace(one.reference, code=number.code)
        if day <= TODAY and reference not in self.world.documents and not one.follows:
            self.world.add(replace(one, reference=reference, number=number, their_reference=""))

    def _later(self, house: House, party: Party, kind: str, source: Document) -> Document | None:
        day = source.date + timedelta(days=self._chance.randrange(3, 30))
        if day > TODAY or self._chance.random() < 0.15:
            return None
        return self._document(house, party, kind, day, source)

    def _document(
        self, house: House, party: Party, kind: str, day: Day, source: Document | None = None
    ) -> Document:
        chance = self._chance
        series = chance.choice(("", "", "A", "B")) if house.style == SERIES else ""
        number = self._number(house, kind, day, series)
        their = ""
        if kind == "sales_order" and chance.random() < 0.6:
            way = self._ways.setdefault(party.reference, chance.choice(_REFERENCES))
            their = way.format(n=chance.randrange(1000, 99999), y=day.year)
        if kind == "purchase_invoice":
            their = f"{chance.randrange(20, 4000)}/{day.year}"
        amount = Decimal(chance.randrange(5_000, 2_500_000)) / 100
        if source is not None:
            amount = source.amount
        old = (TODAY - day).days > 150
        document = Document(
            Reference(kind, number.code, house.code),
            party.reference,
            number,
            amount,
            "closed" if old and chance.random() < 0.9 else "open",
            their,
            source.reference if source else None,
        )
        self.world.add(document)
        return document

    def _number(self, house: House, kind: str, day: Day, series: str) -> Number:
        probe = Number(house.style, kind, day.year, 1, day, series)
        key = (house.code, kind, 0 if probe.counts_for_ever else day.year, series)
        while True:
            self._counters[key] += self._chance.choice((1, 1, 1, 2, 3))
            number = replace(probe, number=self._counters[key])
            if Reference(kind, number.code, house.code) not in self.world.documents:
                return number


def erp_changes(world: World) -> ErpChanges:
    """The world as a connector gives it; people whom the ERP does not know are left out."""
    entities: list[EntityRecord] = []
    addresses: list[AddressRecord] = []
    for party in world.parties.values():
        reference = party.reference
        entities.append(
            EntityRecord(reference.company, reference.kind, reference.code, title=party.name)
        )
        for number, person in enumerate(party.known_people, 1):
            contact = Reference(
                "contact", f"{reference.kind}/{reference.code}/{number}", reference.company
            )
            entities.append(
                EntityRecord(
                    contact.company, "contact", contact.code, title=person.name, party=reference
                )
            )
            addresses.append(AddressRecord(reference.company, person.address, reference, contact))
        if party.pec:
            addresses.append(AddressRecord(reference.company, party.pec, reference, purpose="pec"))
    addresses += [
        AddressRecord(party.reference.company, person.address, party.reference, purpose="invoices")
        for person, clients in world.accountants.items()
        for party in clients
    ]
    entities += map(_record, world.documents.values())
    return ErpChanges(
        cursor="1",
        complete=True,
        companies=tuple(
            CompanyRecord(
                one.code, one.name, domains=(one.domain,), addresses=(*one.boxes, one.pec)
            )
            for one in world.houses.values()
        ),
        entities=tuple(entities),
        addresses=tuple(addresses),
        relations=tuple(
            RelationRecord(one.reference.company, one.follows, one.reference)
            for one in world.documents.values()
            if one.follows
        ),
    )


def _record(one: Document) -> EntityRecord:
    return EntityRecord(
        one.reference.company,
        one.reference.kind,
        one.reference.code,
        party=one.party,
        year=one.number.year,
        series=one.number.series,
        number=str(one.number.number),
        date=one.date,
        due_date=one.due,
        amount=one.amount,
        open_amount=None if one.due is None else one.amount if one.state == "open" else Decimal(0),
        currency="EUR",
        details={"sdi_file": one.file} if one.file else {},
        state=one.state,
        their_reference=one.their_reference,
    )
