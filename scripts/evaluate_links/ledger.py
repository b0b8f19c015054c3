"""Families of mail that accounts and clerks get: payments, numbers in somebody's own way, notices of
the exchange of invoices (F18 to F20)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from scripts.evaluate_links.certified import envelope
from scripts.evaluate_links.letter import File, Sheet
from scripts.evaluate_links.numbering import ERPNEXT, ODOO, SERIES, Number
from scripts.evaluate_links.pen import Pen
from scripts.evaluate_links.world import CUSTOMER, Document, Party, Person

_TAUGHT = 2  # letters of a kind that a clerk must link by hand
_EXCHANGE = Person("", "sdi03@pec.fatturapa.it")
_SCHEMA = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fattura/messaggi/v1.0"


def payments(pen: Pen) -> None:
    """F18: a customer tells that something was paid, and says less than one would like."""
    way = pen.chance.random()
    by_number = 0.4 <= way < 0.7 and any(map(_meets(pen), pen.world.documents.values()))
    party, invoices = _with(pen, _meets(pen) if by_number else _open, 1)
    language = party.language
    document = pen.chance.choice(invoices)
    amount, meant = document.amount, [document]
    known: Sequence[Document] = ()
    gaps: dict[str, str] = {}
    at = pen.after(document)
    what = "paid_sum"
    if way < 0.4:
        what, variant = "paid_dated", "amount and day"
        gaps = {"day": f"{pen.chance.choice((document.date, document.due)):%d/%m/%Y}"}
    elif way < 0.7:
        # The number alone may be of several years; the amount tells.
        what, variant = "paid_number", "amount and number"
        gaps = {"d": pen.loose(document, language, at).words}
        same = pen.world.named(document, of=[party], until=at.date())
        known = meant if sum(one.amount == amount for one in same) == 1 else ()
    elif way < 0.85 and len(invoices) > 1:
        variant = "several in one sum"
        meant = invoices[: pen.chance.choice((2, 2, 3))]
        amount = sum((one.amount for one in meant), Decimal(0))
        at = max(pen.after(one) for one in meant)
    else:
        variant = "a part of it"
        amount = (document.amount / 3).quantize(Decimal("0.01"))
    person = pen.chance.choice(party.known_people)
    pen.theirs(
        person,
        party,
        at=at,
        subject=pen.phrases.say(language, "paid_about"),
        text=pen.phrases.say(language, what, a=pen.amount(amount, language), **gaps),
        truth=pen.truth(party, meant, known=known, person=person),
        variant=variant,
    )


def _open(document: Document) -> bool:
    return document.reference.kind == "invoice" and document.state == "open"


def _meets(pen: Pen) -> Callable[[Document], bool]:
    """Whether the customer had another invoice with the same number before."""

    def meets(document: Document) -> bool:
        party = pen.world.parties[document.party]
        same = pen.world.named(document, of=[party], until=document.date)
        return document.reference.kind == "invoice" and len(same) > 1

    return meets


def _with(pen: Pen, fits: Callable[[Document], bool], least: int) -> tuple[Party, list[Document]]:
    """A customer and those of its documents that fit, the oldest first."""
    while True:
        party = pen.party(CUSTOMER)
        found = [one for one in pen.world.of_party[party.reference] if fits(one)]
        if len(found) >= least:
            return party, sorted(found, key=lambda one: one.date)


# -- ways of writing numbers -----------------------------------------------------------------------


def own_ways(pen: Pen) -> None:
    """F19: a customer writes numbers in a way of its own, which a clerk has to explain at first."""
    theirs = pen.chance.random() < 0.5
    party, orders = _with(pen, _referred if theirs else _plain, 3)
    seen: set[str] = set()
    for place, document in enumerate(orders[:6]):
        written = _their_way(document) if theirs else _way(document.number)
        if written in seen:
            continue
        seen.add(written)
        if place:
            pen.begin(pen.family)
        taught = place < _TAUGHT
        known = [] if taught or not _alone(document, orders) else [document]
        person = pen.chance.choice(party.known_people)
        language = party.language
        pen.theirs(
            person,
            party,
            at=pen.after(document),
            subject=pen.phrases.say(language, "vague_about"),
            text=pen.phrases.say(language, "ask", d=_introduced(written, language)),
            truth=pen.truth(party, [document], known=known, person=person),
            variant=f"{'their' if theirs else 'our'} number{', explained' if taught else ''}",
        )
        if taught:
            pen.events[-1] = replace(pen.events[-1], corrected=(document.reference,))


def _referred(document: Document) -> bool:
    return document.reference.kind == "sales_order" and bool(document.their_reference)


def _plain(document: Document) -> bool:
    return document.reference.kind == "sales_order" and not document.number.series


def _alone(document: Document, orders: Sequence[Document]) -> bool:
    """Whether no other of the customer's orders can be meant by number and year."""
    year, number = document.number.year, document.number.number
    return sum((one.number.year, one.number.number) == (year, number) for one in orders) == 1


def _way(one: Number) -> str:
    patterns = {SERIES: "OV{y}-{n}", ODOO: "SO/{y}/{n}", ERPNEXT: "SORD{n}-{y}"}
    return patterns[one.style].format(y=f"{one.year % 100:02}", n=one.number)


def _their_way(document: Document) -> str:
    reference = document.their_reference
    if reference.startswith("PO-"):
        return f"{reference[3:]}/{document.date.year % 100:02}"
    number, _slash, year = reference.partition("/")
    return f"{year[2:]}.{number}" if year else f"KM-{number}"


def _introduced(written: str, language: str) -> str:
    """With the words before it where it is nothing but digits."""
    if written[0].isalpha():
        return written
    return f"ns. rif. {written}" if language == "it" else f"our ref. {written}"


# -- the exchange of invoices ----------------------------------------------------------------------


def exchange(pen: Pen) -> None:
    """F20: the exchange tells what became of an invoice: by its file first, then by its number."""
    party, invoices = _with(pen, lambda one: bool(one.file), 1)
    document = pen.chance.choice(invoices)
    number = str(pen.chance.randrange(10**9, 10**10))
    at = pen.after(document, most=3)
    file = f"<NomeFile>{document.file}</NomeFile>"
    said = [("RicevutaConsegna", file), ("NotificaEsito", "<Esito>EC01</Esito>")]
    said.append(("NotificaDecorrenzaTermini", ""))
    for days, (kind, more) in enumerate(said):
        if not days or pen.chance.random() < 0.6:
            content = (
                f'<?xml version="1.0" encoding="UTF-8"?>\n<ns:{kind} xmlns:ns="{_SCHEMA}">'
                f"<IdentificativoSdI>{number}</IdentificativoSdI>{more}</ns:{kind}>\n"
            )
            name = f"notifica{pen.chance.randrange(1000)}.xml"
            notice = File(name, content.encode(), "application/xml")
            sheet = Sheet(
                _EXCHANGE,
                [Person(pen.house(party).name, pen.house(party).pec)],
                f"Invio {name}",
                "Si veda il file allegato.",
                pen.identifier("pec.fatturapa.it"),
                at + timedelta(days=10 * days),
                files=[notice],
            )
            variant = f"{kind}, {'file' if not days else 'number alone'}"
            _certified(pen, party, document, sheet, variant)
    if pen.chance.random() < 0.4:
        person = pen.chance.choice(party.known_people)
        pen.theirs(
            person,
            party,
            at=at + timedelta(days=5),
            subject=pen.phrases.say(party.language, "vague_about"),
            text=pen.phrases.say(party.language, "exchange", n=number),
            truth=pen.truth(party, [document], known=[document], person=person),
            variant="a customer names the number",
        )


def _certified(pen: Pen, party: Party, document: Document, sheet: Sheet, variant: str) -> None:
    box = pen.house(party).pec
    event = pen.post(sheet, (box,), pen.truth(party, [document], known=[document]), variant)
    raw = envelope(sheet, box, pen.identifier("client.example"))
    pen.events[-1] = replace(event, raw=raw)


FAMILIES: tuple[tuple[str, str, float, Callable[[Pen], None]], ...] = (
    ("F18", "payments", 5, payments),
    ("F19", "numbers in somebody's own way", 2, own_ways),
    ("F20", "notices of the exchange", 3, exchange),
)
