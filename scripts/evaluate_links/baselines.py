"""Simpler programs, built anew from how they are described, judged on the same mail.

Each reads a message, knows the ERP's records and what it said of earlier messages, and links; none
proposes. Hides the index of records that they share.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from scripts.evaluate_links.figures import Verdict
from scripts.evaluate_links.letter import Event
from scripts.evaluate_links.world import Document, Party, World
from tui_mail.mail.parse import parse
from tui_mail.values import ParsedMessage, Reference

Rule = Callable[["Office", Event, ParsedMessage], frozenset[Reference]]
_NONE: frozenset[Reference] = frozenset()
_MOST_DEALS = 5
_DIGITS = re.compile(r"\d+")


class Office:
    """What a simple program knows."""

    def __init__(self, world: World) -> None:
        self.by_address: defaultdict[str, list[Party]] = defaultdict(list)
        self.by_code: dict[str, Document] = {}
        self.by_number: defaultdict[str, list[Document]] = defaultdict(list)
        self.of_party = world.of_party
        self.said: dict[str, frozenset[Reference]] = {}
        for party in world.parties.values():
            for person in party.known_people:
                self.by_address[person.address].append(party)
            if party.pec:
                self.by_address[party.pec].append(party)
        for person, clients in world.accountants.items():
            self.by_address[person.address].extend(clients)
        for document in world.documents.values():
            self.by_code[document.number.code] = document
            self.by_number[str(document.number.number)].append(document)

    def parties(self, parsed: ParsedMessage, *, sent: bool) -> list[Party]:
        """Of those on the other side, by their exact addresses."""
        boxes = parsed.to if sent else parsed.senders
        return [party for box in boxes for party in self.by_address.get(box.address.lower(), ())]

    def answered(self, parsed: ParsedMessage) -> frozenset[Reference]:
        """What was said of the message that this one answers."""
        for key in (*parsed.in_reply_to, *reversed(parsed.references)):
            if key in self.said:
                return self.said[key]
        return _NONE


def _addresses(office: Office, event: Event, parsed: ParsedMessage) -> frozenset[Reference]:
    return frozenset(one.reference for one in office.parties(parsed, sent=event.sent))


def _first_address_and_thread(
    office: Office, event: Event, parsed: ParsedMessage
) -> frozenset[Reference]:
    parties = office.parties(parsed, sent=event.sent)[:1]
    return frozenset(one.reference for one in parties) | office.answered(parsed)


def _number_in_subject(office: Office, event: Event, parsed: ParsedMessage) -> frozenset[Reference]:
    found = [one for code, one in office.by_code.items() if code in parsed.subject]
    if not found:
        found = [
            office.by_number[digits.lstrip("0")][-1]
            for digits in _DIGITS.findall(parsed.subject)
            if office.by_number.get(digits.lstrip("0"))
        ][:1]
    named = frozenset(ref for one in found for ref in (one.reference, one.party))
    return named or _first_address_and_thread(office, event, parsed)


def _thread(office: Office, _event: Event, parsed: ParsedMessage) -> frozenset[Reference]:
    return office.answered(parsed)


def _deals_of_sender(office: Office, event: Event, parsed: ParsedMessage) -> frozenset[Reference]:
    parties = office.parties(parsed, sent=event.sent)
    found = set(_addresses(office, event, parsed))
    for party in parties:
        theirs = [
            one
            for one in office.of_party[party.reference]
            if one.state == "open" and one.date <= event.at.date()
        ]
        theirs.sort(key=lambda one: one.date, reverse=True)
        found |= {one.reference for one in theirs[:_MOST_DEALS]}
    return frozenset(found)


def _numbers_anywhere(office: Office, event: Event, parsed: ParsedMessage) -> frozenset[Reference]:
    parties = {one.reference for one in office.parties(parsed, sent=event.sent)}
    numbers = {one.lstrip("0") for one in _DIGITS.findall(f"{parsed.subject}\n{parsed.text}")}
    documents = {
        one.reference
        for number in numbers
        for one in office.by_number.get(number, ())
        if one.party in parties
    }
    return frozenset(parties | documents)


BASELINES: dict[str, tuple[str, Rule]] = {
    "address": ("the writer's address alone, as NTS does", _addresses),
    "odoo": ("first party of the address, and the thread, as Odoo does", _first_address_and_thread),
    "ticket": ("a number in the subject, else as Odoo, as ticket systems do", _number_in_subject),
    "thread": ("the thread alone", _thread),
    "deals": ("the address and its five newest open documents, as HubSpot does", _deals_of_sender),
    "numbers": ("the address and every number of its documents anywhere", _numbers_anywhere),
}


def verdicts(world: World, events: Sequence[Event]) -> dict[str, list[Verdict]]:
    """What each of them says of all messages."""
    parsed = [parse(one.raw) for one in events]
    return {
        name: _judged(world, events, parsed, rule) for name, (_words, rule) in BASELINES.items()
    }


def _judged(
    world: World, events: Sequence[Event], parsed: Sequence[ParsedMessage], rule: Rule
) -> list[Verdict]:
    office = Office(world)
    found = []
    for event, message in zip(events, parsed, strict=True):
        said = rule(office, event, message)
        said |= event.told
        office.said[message.message_id] = said
        found.append(Verdict(said))
    return found
