"""Families of mail: who writes is not who it seems to be (F5, F6), or not whose document it is (F16)."""

from collections.abc import Callable

from scripts.evaluate_links.conversations import opening
from scripts.evaluate_links.letter import Truth
from scripts.evaluate_links.names import FREE
from scripts.evaluate_links.pen import Pen, Sending, kinds_of
from scripts.evaluate_links.world import CUSTOMER, SUPPLIER, Document, Party, Person


def shared_address(pen: Pen) -> None:
    """F5: an accountant writes for one of many customers, or a group for one of its companies."""
    if pen.chance.random() < 0.7:
        person = pen.chance.choice(list(pen.world.accountants))
        clients = [
            one for one in pen.world.accountants[person] if pen.world.of_party[one.reference]
        ]
        party = pen.chance.choice(clients)
    else:
        party = pen.chance.choice(pen.chance.choice(pen.world.twins))
        person = pen.chance.choice(party.known_people)
        clients = [party]
    document = pen.document(party, "invoice", "sales_order")
    language, at = party.language, pen.after(document)
    way = pen.chance.random()
    if way < 0.3:
        pen.theirs(
            person,
            party,
            at=at,
            subject=pen.phrases.say(language, "vague_about"),
            text=pen.phrases.say(language, "vague"),
            truth=pen.truth(party, person=person),
            variant="no number",
        )
        return
    if way < 0.75:
        said, clear = pen.full(document, language), True
    else:
        said = pen.loose(document, language, at, clients)
        clear = said.clear
    in_subject = pen.chance.random() < 0.5
    first = pen.theirs(
        person,
        party,
        at=at,
        subject=pen.phrases.say(language, "about", d=said.words)
        if in_subject
        else pen.phrases.say(language, "vague_about"),
        text=pen.phrases.say(language, "vague")
        if in_subject
        else pen.phrases.say(language, "ask", d=said.words),
        truth=pen.truth(party, [document], known=[document] if clear else (), person=person),
        variant=f"number {'in full' if way < 0.75 else 'alone'} in {'subject' if in_subject else 'text'}",
    )
    if pen.chance.random() < 0.4:
        pen.answer(
            first,
            person,
            party,
            pen.phrases.say(language, "answer"),
            truth=first.truth,
            variant="goes on",
        )


def unknown_address(pen: Pen) -> None:
    """F6: a new colleague of the customer's, or somebody's private mailbox."""
    way = pen.chance.random()
    if way < 0.4:
        party = pen.party(CUSTOMER, domain=True)
        person = next(one for one in party.people if not one.known)
        document = pen.document(party, *kinds_of(party))
        said = pen.full(document, party.language)
        _new_letter(pen, person, party, document, said.words, known=True)
        return
    start = opening(pen, bare=pen.chance.random() < 0.4)
    private = _private(pen, start.person)
    if way < 0.75:
        # Anybody could have got the letter and answer it: a person must look.
        pen.answer(
            start.letter,
            private,
            start.party,
            pen.phrases.say(start.party.language, "answer"),
            truth=Truth(frozenset({start.document.reference}), frozenset({start.party.reference})),
            variant="private address answers",
            sending=Sending(headers=pen.chance.random() < 0.7),
        )
        return
    said = pen.full(start.document, start.party.language)
    _new_letter(pen, private, start.party, start.document, said.words, known=False)


def _new_letter(
    pen: Pen, person: Person, party: Party, document: Document, words: str, *, known: bool
) -> None:
    truth = pen.truth(party, [document], known=[document] if known else ())
    pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "about", d=words),
        text=pen.phrases.say(party.language, "vague"),
        truth=truth,
        variant="new person of their domain" if known else "private address, number",
    )


def _private(pen: Pen, person: Person) -> Person:
    local = person.name.lower().replace(" ", "")
    return Person(
        person.name,
        f"{local}{pen.chance.randrange(100, 999)}@{pen.chance.choice(FREE)}",
        known=False,
    )


def carrier(pen: Pen) -> None:
    """F16: a carrier, who is a supplier of ours, writes about what goes to a customer."""
    party = pen.party(SUPPLIER)
    person = pen.chance.choice(party.known_people)
    document = pen.document(pen.party(CUSTOMER))
    while (
        document.reference.kind != "delivery_note"
        or document.reference.company != party.reference.company
    ):
        document = pen.document(pen.party(CUSTOMER))
    language = party.language
    said = pen.full(document, language)
    in_subject = pen.chance.random() < 0.5
    parties = frozenset({party.reference})
    pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(language, "about", d=said.words)
        if in_subject
        else pen.phrases.say(language, "vague_about"),
        text=pen.phrases.say(language, "vague" if in_subject else "carrier", d=said.words),
        # The customer's firm has to do with it, but did not write.
        truth=Truth(
            frozenset({document.reference}),
            parties,
            known=parties if pen.tells(person, party) else frozenset(),
            tolerated=frozenset({document.party}),
        ),
        variant=f"number in {'subject' if in_subject else 'text'}",
    )


FAMILIES: tuple[tuple[str, str, float, Callable[[Pen], None]], ...] = (
    ("F5", "an address of several parties", 9, shared_address),
    ("F6", "an unknown address", 7, unknown_address),
    ("F16", "a carrier names a customer's document", 3, carrier),
)
