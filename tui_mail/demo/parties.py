"""Invents the people and companies around the demo company, and their addresses.

Hides how names become domains and codes. A few parties, the cast, are always the same: the
first screen of the demo is about them.
"""

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tui_mail.demo import names
from tui_mail.demo.records import DemoAddress, DemoContact, DemoOperator, DemoParty

OPERATORS = (
    DemoOperator("demo", "Andrea Rossi", "demo@rossi-srl.example", "direzione", True),
    DemoOperator("sara", "Sara Conti", "sara@rossi-srl.example", "ufficio vendite", True),
    DemoOperator("giulia", "Giulia Marini", "giulia@rossi-srl.example", "amministrazione", True),
    DemoOperator("marco", "Marco Valli", "marco@rossi-srl.example", "ufficio tecnico", True),
    DemoOperator("io", "Ivana Orlandi", "io@rossi-srl.example", "ufficio acquisti", True),
    DemoOperator("paolo", "Paolo Serra", "paolo@rossi-srl.example", "ufficio vendite", False),
)
ACCOUNTANTS = (
    ("Studio Neri", "info@studio-neri.example", "Carla Neri", 5),
    ("Studio Galli", "segreteria@studio-galli.example", "Piero Galli", 4),
    ("Studio Associato Bassi", "contabilita@studio-bassi.example", "Irene Bassi", 3),
)
# key, position among the customers, name, town, domain, contact, mailbox of the contact
CAST = (
    ("bianchi", 12, "Bianchi Spa", "Bologna", "bianchi.example", "Marta Bianchi", "m.bianchi"),
    ("verdi", 45, "Verdi Snc", "Cesena", "verdi-snc.example", "Giorgio Verdi", "giorgio"),
    ("costa", 63, "Costa Srl", "Ravenna", "costa.example", "Elena Costa", "e.costa"),
    (
        "ferri",
        107,
        "Ferri Impianti Srl",
        "Forlì",
        "ferri-impianti.example",
        "Luca Ferri",
        "l.ferri",
    ),
    (
        "comune",
        150,
        "Comune di Rimini",
        "Rimini",
        "comune-rimini.example",
        "Rita Amati",
        "economato",
    ),
)
# Letters that Unicode does not take apart.
STROKED = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L"})
CUSTOMERS, SUPPLIERS, LEADS = 220, 56, 34
FOREIGN_CUSTOMERS = 18


@dataclass(slots=True)
class Directory:
    """Everybody whom the ERP knows, as it is being filled."""

    parties: list[DemoParty] = field(default_factory=list)
    contacts: list[DemoContact] = field(default_factory=list)
    addresses: list[DemoAddress] = field(default_factory=list)
    cast: dict[str, str] = field(default_factory=dict)


def build_directory(seed: int, today: date) -> Directory:
    """Return parties, contacts and addresses, the same for the same seed and day."""
    source = random.Random(f"{seed}:parties")
    directory = Directory()
    taken = {domain for _, _, _, _, domain, _, _ in CAST} | {"rossi-srl.example"}
    fixed = {position: entry for entry in CAST for position in (entry[1],)}
    titles = _titles(source)
    for position in range(1, CUSTOMERS + 1):
        if position in fixed:
            _add_cast(directory, source, fixed[position])
        else:
            name, city, country = _customer_name(source, titles, position)
            party = _party(source, "customer", f"C{position:05}", (name, city, country), taken)
            _add_party(directory, source, party, today)
    for position in range(1, SUPPLIERS + 1):
        name, city, country = _supplier_name(source, position)
        party = _party(source, "supplier", f"F{position:05}", (name, city, country), taken)
        _add_party(directory, source, party, today)
    for position in range(1, LEADS + 1):
        identity = (next(titles), source.choice(names.CITIES), "IT")
        party = _party(source, "lead", f"L{position:04}", identity, taken)
        if position % 8 == 0:
            party = replace(party, customer_code=f"C{CUSTOMERS - position:05}")
        _add_party(directory, source, party, today)
    _add_accountants(directory)
    return directory


def slug(text: str) -> str:
    """Return `text` as lower-case ASCII words joined by hyphens."""
    plain = (
        unicodedata.normalize("NFKD", text.translate(STROKED)).encode("ascii", "ignore").decode()
    )
    words = "".join(letter if letter.isalnum() else " " for letter in plain.lower()).split()
    return "-".join(words)


def mailbox_name(name: str, style: int) -> str:
    """Return the left side of the address that `name` would have in one of three styles."""
    words = slug(name).split("-")
    first, last = words[0], "".join(words[1:])
    return (f"{first}.{last}", f"{first[0]}.{last}", first)[style % 3]


def vat_number(source: random.Random) -> str:
    """Return an Italian VAT number with a right check digit (Luhn over eleven digits)."""
    digits = [source.randrange(10) for _ in range(7)] + [0, 4, source.randrange(10)]
    total = sum(digits[0::2]) + sum((2 * digit) // 10 + (2 * digit) % 10 for digit in digits[1::2])
    return "".join(map(str, digits)) + str((10 - total % 10) % 10)


def _titles(source: random.Random) -> Iterator[str]:
    """Yield names of Italian companies, never the same twice."""
    seen = {name for _, _, name, _, _, _, _ in CAST}
    while True:
        surname = source.choice(names.SURNAMES)
        trade, legal = source.choice(names.TRADES), source.choice(names.LEGAL_FORMS)
        if source.random() < 0.7:
            title = f"{surname} {trade} {legal}"
        else:
            title = f"{source.choice(names.FAMILY_FORMS).format(surname)} {legal}"
        if title not in seen:
            seen.add(title)
            yield title


def _customer_name(
    source: random.Random, titles: Iterator[str], position: int
) -> tuple[str, str, str]:
    if position % 12 == 0 and position // 12 <= FOREIGN_CUSTOMERS:
        return names.FOREIGN_COMPANIES[position // 12 - 1]
    bodies = names.PUBLIC_BODIES[1:]
    if position > CUSTOMERS - len(bodies):
        name, city = bodies[CUSTOMERS - position]
        return name, city, "IT"
    return next(titles), source.choice(names.CITIES), "IT"


def _supplier_name(source: random.Random, position: int) -> tuple[str, str, str]:
    foreign = names.FOREIGN_COMPANIES[FOREIGN_CUSTOMERS:]
    if position <= len(foreign):
        return foreign[position - 1]
    surname, legal = source.choice(names.SURNAMES), source.choice(names.LEGAL_FORMS)
    word = names.SUPPLIER_WORDS[position % len(names.SUPPLIER_WORDS)]
    return f"{word} {surname} {legal}", source.choice(names.CITIES), "IT"


def _party(
    source: random.Random, kind: str, code: str, identity: tuple[str, str, str], taken: set[str]
) -> DemoParty:
    name, city, country = identity
    domain = _free_domain(source, name, taken)
    italian = country == "IT"
    vat = vat_number(source) if italian else f"{country}{source.randrange(10**8, 10**9)}"
    return DemoParty(
        kind=kind,
        code=code,
        name=name,
        vat="" if kind == "lead" else vat,
        tax_code=vat if italian and kind != "lead" else "",
        pec=f"{slug(name).replace('-', '')}@pec-imprese.example" if italian else "",
        language="it" if italian else "en",
        city=city,
        country=country,
        blocked=kind == "customer" and source.random() < 0.02,
        customer_code="",
        domain=domain,
        phone=_phone(source, country),
    )


def _phone(source: random.Random, country: str) -> str:
    if country == "IT":
        return f"05{source.randrange(10, 99)} 555{source.randrange(100, 999)}"
    return f"+{source.randrange(31, 49)} 555 01{source.randrange(10, 99)}"


def _free_domain(source: random.Random, name: str, taken: set[str]) -> str:
    words = [
        word for word in slug(name).split("-") if word not in {"f", "lli", "srl", "spa", "snc"}
    ]
    ending = source.choices((".example", ".test"), (9, 1))[0]
    for count in range(min(2, len(words)), len(words) + 1):
        domain = "-".join(words[:count]) + ending
        if domain not in taken:
            break
    else:
        domain = f"{'-'.join(words)}-{len(taken)}{ending}"
    taken.add(domain)
    return domain


def _add_party(directory: Directory, source: random.Random, party: DemoParty, today: date) -> None:
    """Add a party with one to four people and the mailboxes of its offices."""
    directory.parties.append(party)
    italian = party.language == "it"
    roles = names.SUPPLIER_ROLES if party.kind == "supplier" else names.CONTACT_ROLES
    roles = roles if italian else names.FOREIGN_ROLES
    count = min(len(roles), source.choices((1, 2, 3, 4), (3, 5, 3, 1))[0])
    style = source.randrange(3)
    used: set[str] = set()
    for number, (role, purpose) in enumerate(source.sample(roles, count), start=1):
        name = _person(source, party)
        email = f"{mailbox_name(name, style)}@{party.domain}"
        if email in used:
            email = f"{mailbox_name(name, 0)}{number}@{party.domain}"
        used.add(email)
        # The first stays: somebody must be there to write.
        gone = number > 1 and source.random() < 0.05
        left_on = today - timedelta(days=source.randrange(20, 400)) if gone else None
        directory.contacts.append(
            DemoContact(party.kind, party.code, number, name, role, left_on, email)
        )
        directory.addresses.append(
            DemoAddress(party.kind, party.code, number, email, purpose, number == 1)
        )
    _add_offices(directory, source, party)


def _person(source: random.Random, party: DemoParty) -> str:
    if party.language == "it":
        return f"{source.choice(names.FIRST_NAMES)} {source.choice(names.SURNAMES)}"
    return source.choice(names.FOREIGN_PEOPLE[party.country])


def _add_offices(directory: Directory, source: random.Random, party: DemoParty) -> None:
    def add(email: str, purpose: str) -> None:
        directory.addresses.append(DemoAddress(party.kind, party.code, None, email, purpose, False))

    italian = party.language == "it"
    add(f"info@{party.domain}", "offers")
    if source.random() < 0.6:
        add(f"{'amministrazione' if italian else 'accounts'}@{party.domain}", "invoices")
    if source.random() < 0.4:
        add(f"{'ordini' if italian else 'orders'}@{party.domain}", "orders")
    if party.pec:
        add(party.pec, "pec")
    if party.kind != "lead" and source.random() < 0.5:
        add(f"@{party.domain}", "")


def _add_cast(
    directory: Directory, source: random.Random, entry: tuple[str, int, str, str, str, str, str]
) -> None:
    key, position, name, city, domain, person, mailbox = entry
    vat = vat_number(source)
    public = key == "comune"
    pec = f"protocollo@pec.{domain}" if public else f"{slug(name)}@pec-imprese.example"
    party = DemoParty(
        "customer", f"C{position:05}", name, vat, vat, pec, "it", city, "IT", False, "", domain,
        _phone(source, "IT"),
    )  # fmt: skip
    directory.parties.append(party)
    directory.cast[key] = party.reference
    email = f"{mailbox}@{domain}"
    directory.contacts.append(
        DemoContact("customer", party.code, 1, person, "ufficio acquisti", None, email)
    )
    for purpose, address, contact in (
        ("orders", email, 1), ("invoices", f"amministrazione@{domain}", None), ("pec", pec, None),
        ("", f"@{domain}", None),
    ):  # fmt: skip
        directory.addresses.append(
            DemoAddress("customer", party.code, contact, address, purpose, contact == 1)
        )


def _add_accountants(directory: Directory) -> None:
    """Give the same accountant's address to several customers, as small firms have it."""
    clients = [
        party
        for party in directory.parties
        if party.kind == "customer"
        and party.country == "IT"
        and not party.name.startswith("Comune")
    ]
    start = 0
    for _, email, person, count in ACCOUNTANTS:
        for party in clients[start : start + count * 7 : 7]:
            number = 1 + sum(
                contact.party == party.code and contact.party_kind == "customer"
                for contact in directory.contacts
            )
            directory.contacts.append(
                DemoContact("customer", party.code, number, person, "commercialista", None, email)
            )
            directory.addresses.append(
                DemoAddress("customer", party.code, number, email, "invoices", False)
            )
        start += 3
