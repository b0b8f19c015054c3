"""Families of mail: colleagues who forward or file, letters of which nothing is here, and too many
records (F12 to F15, F17)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from scripts.evaluate_links.clients import CLIENTS, forward_prefix, inline_forward
from scripts.evaluate_links.conversations import opening
from scripts.evaluate_links.letter import Event, Sheet, Truth, as_page, write
from scripts.evaluate_links.names import FREE
from scripts.evaluate_links.pen import Pen, Sending, kinds_of
from scripts.evaluate_links.world import Document, Party, Person


def forwarded(pen: Pen) -> None:
    """F12: a colleague got the customer's letter and forwards it to the shared mailbox."""
    party = pen.party()
    person = pen.chance.choice(party.known_people)
    document = pen.document(party, *kinds_of(party))
    language = party.language
    said = pen.full(document, language)
    house = pen.house(party)
    colleague = pen.chance.choice(house.colleagues)
    place = pen.chance.choice(("subject", "text", "nowhere"))
    at = pen.after(document)
    original = _elsewhere(pen, person, colleague, party, at=at, place=place, words=said.words)
    client = pen.chance.choice(CLIENTS)
    attached = pen.chance.random() < 0.35
    handing = pen.phrases.say("it", "handing")
    named = place != "nowhere"
    truth = pen.truth(
        party, [document] if named else (), known=[document] if named else (), person=person
    )
    whole = handing if attached else inline_forward(client, handing, original, language)
    pen.post(
        Sheet(
            colleague,
            [Person(house.name, house.boxes[0])],
            forward_prefix(client, language, pen.chance) + original.subject,
            whole,
            pen.identifier(house.domain),
            pen.later(original, days=1),
            html=as_page(whole) if client.html and not attached else "",
            inner=original.raw if attached else b"",
        ),
        house.boxes[:1],
        truth,
        f"{'attached' if attached else 'inline'}, number {'in ' if named else ''}{place}",
    )


def _elsewhere(
    pen: Pen,
    person: Person,
    colleague: Person,
    party: Party,
    *,
    at: datetime,
    place: str,
    words: str,
) -> Event:
    """A letter that came to a mailbox that is not ours to read."""
    language = party.language
    subject = pen.phrases.say(language, "about", d=words) if place == "subject" else ""
    text = pen.phrases.say(language, "ask", d=words) if place == "text" else ""
    sheet = Sheet(
        person,
        [colleague],
        subject or pen.phrases.say(language, "vague_about"),
        pen.letter(text or pen.phrases.say(language, "vague"), language, person, party),
        pen.identifier(person.address.rpartition("@")[2]),
        at,
    )
    return Event(
        sheet.at,
        (),
        write(sheet),
        Truth(),
        pen.family,
        "elsewhere",
        0,
        sheet.message_id,
        sheet.subject,
        person,
        (colleague,),
    )


def letter_not_here(pen: Pen) -> None:
    """F13: our letter went out by a phone or another program; only the answer to it comes here."""
    start = opening(pen, bare=pen.chance.random() < 0.5, program=False)
    pen.events.remove(start.letter)
    named = any(letter.isdigit() for letter in start.letter.subject)
    quote = pen.chance.random() < 0.7
    party, document = start.party, start.document
    known = [document] if named or quote else ()
    shown = "subject" if named else "quoted text" if quote else "nothing"
    pen.answer(
        start.letter,
        start.person,
        party,
        pen.phrases.say(party.language, "answer"),
        truth=pen.truth(party, [document], known=known, person=start.person),
        variant=f"number in {shown}",
        sending=Sending(quote=quote),
    )


def internal(pen: Pen) -> None:
    """F14: colleagues write to each other about a customer's document."""
    party = pen.party()
    house = pen.house(party)
    document = pen.document(party, *kinds_of(party))
    said = pen.full(document, "it")
    one, _other = pen.chance.sample(house.colleagues, k=2)
    pen.post(
        Sheet(
            one,
            [Person(house.name, house.boxes[0])],
            pen.phrases.say("it", "vague_about"),
            pen.letter(pen.phrases.say("it", "internal", d=said.words), "it", one, None),
            pen.identifier(house.domain),
            pen.after(document),
        ),
        house.boxes[:1],
        pen.truth(party, [document]),
        "among colleagues",
    )


def many_records(pen: Pen) -> None:
    """F15: the customer has many open documents, names some in passing, or answers a list of them."""
    party = pen.party()
    while len(_orders(pen, party)) < 4:
        party = pen.party()
    person = pen.chance.choice(party.known_people)
    language = party.language
    ranked = sorted(_orders(pen, party), key=lambda one: one.date)
    document, *others = pen.chance.sample(ranked[-5:], k=min(len(ranked), 4))
    at = max(pen.after(one) for one in (document, *others))
    rest = frozenset(one.reference for one in others)
    said = pen.full(document, language)
    if pen.chance.random() < 0.5:
        named = ", ".join(pen.full(one, language).words for one in others)
        pen.theirs(
            person,
            party,
            at=at,
            subject=pen.phrases.say(language, "vague_about"),
            text=pen.phrases.say(language, "others_paid", others=named, d=said.words),
            truth=pen.truth(party, [document], known=[document], person=person, tolerated=rest),
            variant="others in passing",
        )
        return
    letter = pen.ours(
        person,
        party,
        [document, *others],
        at=at,
        subject=pen.phrases.say(language, "ours_bare"),
        text="\n".join(pen.full(one, language).words for one in (document, *others)),
        variant="our list",
    )
    pen.answer(
        letter,
        person,
        party,
        pen.phrases.say(language, "pointing", d=said.words),
        truth=pen.truth(party, [document], known=[document], person=person, tolerated=rest),
        variant="one of our list",
        sending=Sending(quote=pen.chance.random() < 0.7),
    )


def _orders(pen: Pen, party: Party) -> list[Document]:
    return [
        one
        for one in pen.world.of_party[party.reference]
        if one.reference.kind in {"sales_order", "invoice"}
    ]


def put_into_folder(pen: Pen) -> None:
    """F17: with a telephone a colleague puts a letter into the folder of its customer; the writer is
    in no book. Now and then the hand slips, and it is the folder of another."""
    party = pen.party()
    language = party.language
    person = pen.chance.choice(party.known_people)
    others = [
        one
        for one in pen.world.parties.values()
        if one.reference.company == party.reference.company
        and one.reference.kind == party.reference.kind
        and one is not party
    ]
    slip = bool(others) and pen.chance.random() < 0.2
    truth = pen.truth(party, person=person)
    if not slip:
        local = person.name.lower().replace(" ", "")
        address = f"{local}{pen.chance.randrange(100, 999)}@{pen.chance.choice(FREE)}"
        person = Person(person.name, address, known=False)
        truth = replace(truth, known=truth.parties)
    letter = pen.theirs(
        person,
        party,
        at=pen.after(pen.document(party, *kinds_of(party))),
        subject=pen.phrases.say(language, "vague_about"),
        text=pen.phrases.say(language, "vague"),
        truth=truth,
        variant="another's folder by a slip" if slip else "private address",
    )
    filed = pen.chance.choice(others).reference if slip else party.reference
    pen.events[-1] = replace(letter, filed=filed)


FAMILIES: tuple[tuple[str, str, float, Callable[[Pen], None]], ...] = (
    ("F12", "forwarded by a colleague", 7, forwarded),
    ("F13", "our letter is not here", 4, letter_not_here),
    ("F14", "among colleagues", 3, internal),
    ("F15", "many records", 6, many_records),
    ("F17", "put into a customer's folder", 3, put_into_folder),
)
