"""Builds the demo company: parties, documents, agenda, the same for the same seed and moment.

Hides in which order the parts are invented; `erp` writes the result as CSV, `letters` as mail.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from tui_mail.demo.agenda import build_activities, build_events, rome
from tui_mail.demo.parties import OPERATORS, build_directory
from tui_mail.demo.records import DemoCompany, DemoEvent, DemoMessage, Person
from tui_mail.demo.trade import build_trade

__all__ = ["DemoCompany", "DemoEvent", "DemoMessage", "Person", "build_company", "people"]

CODE, NAME, DOMAIN, VAT_NUMBER = "ROSSI", "Rossi Srl", "rossi-srl.example", "01234560401"
ACCOUNTS = (
    "vendite@rossi-srl.example",
    "amministrazione@rossi-srl.example",
    "demo@rossi-srl.example",
)


def build_company(seed: int = 7, *, today: date, now: datetime | None = None) -> DemoCompany:
    """Return the company as it stands on `today`.

    `now` (aware; 10:42 of that day in Italy when not given) is the moment before which the last
    messages have come.
    """
    directory = build_directory(seed, today)
    trade = build_trade(seed, today, directory)
    documents = trade.ledger.documents()
    references = [document.reference for document in documents]
    work = (documents, trade.opportunities)
    pinned = {key: references[position] for key, position in trade.pinned.items()}
    return DemoCompany(
        code=CODE,
        name=NAME,
        domain=DOMAIN,
        vat=VAT_NUMBER,
        seed=seed,
        today=today,
        now=(now or rome(today, 10, 42)).astimezone(UTC),
        operators=OPERATORS,
        parties=tuple(directory.parties),
        contacts=tuple(directory.contacts),
        addresses=tuple(directory.addresses),
        documents=documents,
        links=trade.ledger.document_links(documents),
        due_items=trade.due_items(references),
        opportunities=tuple(trade.opportunities),
        activities=build_activities(seed, today, directory, work),
        lines=trade.ledger.lines(documents),
        events=build_events(seed, today, directory),
        cast={**directory.cast, **pinned},
    )


def people(company: DemoCompany) -> Mapping[str, Person]:
    """Return who answers at each address outside: contacts by name, offices by the party's name."""
    parties = {party.reference: party for party in company.parties}
    found: dict[str, Person] = {}
    for contact in company.contacts:
        party = parties[f"{contact.party_kind}:{contact.party}"]
        found.setdefault(contact.email, Person(contact.name, party.language, party.name))
    for address in company.addresses:
        party = parties[f"{address.party_kind}:{address.party}"]
        if not address.email.startswith("@"):
            found.setdefault(address.email, Person(party.name, party.language, party.name))
    return found
