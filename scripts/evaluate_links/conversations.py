"""Families of mail: everyday letters, and what mail programs and relays do to answers (F1 to F4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from scripts.evaluate_links.clients import STRANGE_PREFIXES
from scripts.evaluate_links.letter import Event, Sheet, Truth, seen_text
from scripts.evaluate_links.pen import Pen, Sending, kinds_of
from scripts.evaluate_links.world import CUSTOMER, SUPPLIER, TODAY, Document, Party, Person


@dataclass(frozen=True, slots=True)
class Opening:
    """How a conversation begins: our letter about a document, and whom it went to."""

    letter: Event
    party: Party
    person: Person
    document: Document


def everyday(pen: Pen) -> None:
    """Somebody known writes about a document, in one of the ways people do; we answer; thanks."""
    party = pen.party(pen.chance.choice((CUSTOMER, CUSTOMER, CUSTOMER, SUPPLIER)))
    person = pen.chance.choice(party.known_people)
    ways = (
        _in_subject,
        _in_text,
        _in_text,
        _in_subject_loosely,
        _in_file,
        _by_reference,
        _vague,
        _last,
    )
    first = pen.chance.choice(ways)(pen, party, person)
    truth = first.truth
    reply = _our_answer(pen, first, party, truth)
    if pen.chance.random() < 0.7:
        pen.answer(
            reply,
            person,
            party,
            pen.phrases.say(party.language, "answer"),
            truth=truth,
            variant="thanks",
        )


def _in_subject(pen: Pen, party: Party, person: Person) -> Event:
    document = pen.document(party, *kinds_of(party))
    said = pen.full(document, party.language)
    return pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "about", d=said.words),
        text=pen.phrases.say(party.language, "vague"),
        truth=pen.truth(party, [document], known=[document], person=person),
        variant="number in subject",
    )


def _in_subject_loosely(pen: Pen, party: Party, person: Person) -> Event:
    document = pen.document(party, *kinds_of(party)[:1])
    at = pen.after(document)
    said = pen.loose(document, party.language, at)
    return pen.theirs(
        person,
        party,
        at=at,
        subject=pen.phrases.say(party.language, "about", d=said.words),
        text=pen.phrases.say(party.language, "vague"),
        truth=pen.truth(party, [document], known=[document] if said.clear else (), person=person),
        variant="number without year in subject",
    )


def _in_text(pen: Pen, party: Party, person: Person) -> Event:
    document = pen.document(party, *kinds_of(party))
    said = pen.full(document, party.language)
    return pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "vague_about"),
        text=pen.phrases.say(party.language, "ask", d=said.words),
        truth=pen.truth(party, [document], known=[document], person=person),
        variant="number in text",
    )


def _in_file(pen: Pen, party: Party, person: Person) -> Event:
    document = pen.document(party, *kinds_of(party)[:1])
    named = pen.chance.random() < 0.5
    return pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "vague_about"),
        text=pen.phrases.say(party.language, "attached"),
        truth=pen.truth(party, [document], known=[document], person=person),
        variant="number in the file's name" if named else "number in the file's text",
        files=[pen.file(document, party.language, named=named, text=not named)],
    )


def _by_reference(pen: Pen, party: Party, person: Person) -> Event:
    theirs = [
        one
        for one in pen.world.of_party[party.reference]
        if one.their_reference and one.reference.kind == "sales_order"
    ]
    if not theirs:
        return _in_subject(pen, party, person)
    document = pen.chance.choice(theirs)
    said = pen.reference(document, party.language)
    in_subject = pen.chance.random() < 0.5
    what = "vague_about" if not in_subject else "reference"
    return pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=said.words if in_subject else pen.phrases.say(party.language, what),
        text=pen.phrases.say(party.language, "vague")
        if in_subject
        else pen.phrases.say(party.language, "reference_text", r=document.their_reference),
        truth=pen.truth(party, [document], known=[document] if said.clear else (), person=person),
        variant="their own number in subject" if in_subject else "their own number in text",
    )


def _vague(pen: Pen, party: Party, person: Person) -> Event:
    document = pen.document(party)
    return pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "vague_about"),
        text=pen.phrases.say(party.language, "vague"),
        truth=pen.truth(party, person=person),
        variant="nothing in particular",
    )


def _last(pen: Pen, party: Party, person: Person) -> Event:
    document = pen.document(party, *kinds_of(party)[:1])
    return pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "vague_about"),
        text=pen.phrases.say(party.language, "last"),
        truth=pen.truth(party, [document], person=person),
        variant="“my last order”",
    )


def _our_answer(pen: Pen, first: Event, party: Party, truth: Truth) -> Event:
    """What a colleague answers with any program, by the shared mailbox."""
    house = pen.house(party)
    sender = Person(house.name, house.boxes[0])
    text = pen.letter(pen.phrases.say(party.language, "answer"), party.language, sender, None)
    quoted = "\n".join(f"> {line}" for line in seen_text(first.raw).split("\n"))
    sheet = Sheet(
        sender,
        [first.sender],
        first.subject if first.subject.startswith("Re:") else f"Re: {first.subject}",
        f"{text}\n\n{quoted}\n",
        pen.identifier(house.domain),
        pen.later(first, days=2),
        answers=first.message_id,
        references=(*first.references, first.message_id),
    )
    return pen.sent(sheet, house.boxes[:1], truth, "our answer")


# -- our letters and what comes back ---------------------------------------------------------------


def opening(
    pen: Pen,
    *,
    bare: bool,
    kind: str = CUSTOMER,
    quoted_number: bool = True,
    program: bool = True,
) -> Opening:
    """A letter of ours about a document; `bare`: its subject does not name it, and its text only
    when `quoted_number`. `program`: it was written with our program, and not with any other."""
    party = pen.party(kind)
    person = pen.chance.choice(party.known_people)
    document = pen.document(party, *kinds_of(party))
    language = party.language
    said = pen.full(document, language)
    at = pen.after(document, most=5)
    subject = (
        pen.phrases.say(language, "ours_bare")
        if bare
        else pen.phrases.say(language, "ours_about", d=said.words)
    )
    text = (
        pen.phrases.say(language, "ours", d=said.words)
        if quoted_number
        else pen.phrases.say(language, "ours_bare_text")
    )
    files = [pen.file(document, language, named=True, text=True)]
    if program:
        letter = pen.ours(
            person,
            party,
            [document],
            at=at,
            subject=subject,
            text=text,
            variant="our letter",
            files=files,
        )
        return Opening(letter, party, person, document)
    house = pen.house(party)
    sender = Person(house.name, house.boxes[0])
    sheet = Sheet(
        sender,
        [person],
        subject,
        pen.letter(text, language, house.colleagues[0], None),
        pen.identifier(house.domain),
        at,
        files=files,
    )
    truth = pen.truth(party, [document], known=[document], person=person)
    letter = pen.sent(sheet, house.boxes[:1], truth, "our letter, by another program")
    return Opening(letter, party, person, document)


def relay_rewrites(pen: Pen) -> None:
    """F1: the recipient sees another Message-ID than the one that we gave, and answers that."""
    bare = pen.chance.random() < 0.6
    quoted_number = pen.chance.random() < 0.7
    start = opening(pen, bare=bare, quoted_number=quoted_number)
    quote = pen.chance.random() < 0.75
    rewritten = f"01{pen.chance.getrandbits(64):016x}-{pen.chance.getrandbits(24):06x}-000000@eu-west-1.amazonses.com"
    learnt = pen.chance.random() < 0.4
    if learnt:
        _copy_with_other_id(pen, start, rewritten)
    clear = learnt or not bare or (quote and quoted_number)
    how = "id learnt from the copy" if learnt else "quoted" if quote else "quote removed"
    _come_back(
        pen,
        start,
        Sending(quote=quote, answers=rewritten),
        clear=clear,
        variant=f"{'bare' if bare else 'number in'} subject, {how}",
    )


def _copy_with_other_id(pen: Pen, start: Opening, rewritten: str) -> None:
    """The server that sends files a copy with its own id, and says which one it replaced."""
    letter = start.letter
    old = f"Message-ID: <{letter.message_id}>".encode()
    given = f"Message-ID: <{rewritten}>\r\nX-Microsoft-Original-Message-ID: <{letter.message_id}>".encode()
    raw = letter.raw.replace(old, given, 1)
    pen.events.append(
        replace(
            letter,
            raw=raw,
            message_id=rewritten,
            about=(),
            at=letter.at + timedelta(seconds=40),
            variant="copy with the relay's id",
        )
    )


def _come_back(
    pen: Pen,
    start: Opening,
    sending: Sending,
    *,
    clear: bool,
    variant: str,
    subject: str | None = None,
) -> Event:
    document, party = start.document, start.party
    truth = pen.truth(party, [document], known=[document] if clear else (), person=start.person)
    return pen.answer(
        start.letter,
        start.person,
        party,
        pen.phrases.say(party.language, "answer"),
        truth=truth,
        variant=variant,
        sending=sending,
        subject=subject,
    )


def headers_dropped(pen: Pen) -> None:
    """F2: the answer has neither In-Reply-To nor References."""
    bare = pen.chance.random() < 0.5
    quoted_number = pen.chance.random() < 0.8
    program = pen.chance.random() < 0.7
    start = opening(pen, bare=bare, quoted_number=quoted_number, program=program)
    quote = pen.chance.random() < 0.7
    language = start.party.language
    edited = pen.chance.random() < 0.4
    subject = pen.phrases.say(language, "vague_about") if edited else None
    # Under another subject, old words below prove nothing; our program's own line does.
    clear = (not bare and not edited) or (quote and quoted_number and (program or not edited))
    shown = "subject edited" if edited else "bare subject" if bare else "number in subject"
    _come_back(
        pen,
        start,
        Sending(headers=False, quote=quote),
        clear=clear,
        subject=subject,
        variant=f"{shown}, {'quoted' if quote else 'quote removed'}"
        + ("" if program else ", by another program"),
    )


def strange_prefixes(pen: Pen) -> None:
    """F3: marks of an answer in other languages, by programs that keep or drop the headers."""
    start = opening(pen, bare=pen.chance.random() < 0.3)
    headers = pen.chance.random() < 0.5
    prefix = pen.chance.choice(STRANGE_PREFIXES)
    quote = pen.chance.random() < 0.6
    named = any(part.isdigit() for part in start.letter.subject)
    _come_back(
        pen,
        start,
        Sending(headers=headers, quote=quote),
        clear=headers or quote or named,
        subject=prefix + start.letter.subject,
        variant=f"headers {'kept' if headers else 'dropped'}, {'quoted' if quote else 'quote removed'}",
    )


def old_mail_reused(pen: Pen) -> None:
    """F4: somebody takes an old message, presses reply, and writes about something else."""
    start = opening(pen, bare=pen.chance.random() < 0.4)
    party, person, language = start.party, start.person, start.party.language
    others = [
        one
        for one in pen.world.of_party[party.reference]
        if (one.date > start.document.date and one.number.kind != start.document.number.kind)
        or one.date > start.document.date + timedelta(days=10)
    ]
    others = [one for one in others if one.reference != start.document.reference]
    way = pen.chance.random()
    if way < 0.6 and others:
        document = pen.chance.choice(others)
        said = pen.full(document, language)
        at = max(pen.after(document), pen.later(start.letter))
        in_subject = pen.chance.random() < 0.5
        pen.answer(
            start.letter,
            person,
            party,
            pen.phrases.say(language, "ask", d=said.words)
            if not in_subject
            else pen.phrases.say(language, "vague"),
            truth=pen.truth(party, [document], known=[document], person=person),
            variant=f"other number in {'subject' if in_subject else 'text'}",
            at=at,
            subject=pen.phrases.say(language, "about", d=said.words) if in_subject else None,
        )
        return
    oldest = (TODAY - start.letter.at.date()).days
    if oldest < 200:
        return
    days = pen.chance.randrange(190, min(oldest, 500))
    # Now and then it is the old matter after all, which nobody but the writer can know for certain.
    resumed = pen.chance.random() < 0.3
    changed = not resumed and pen.chance.random() < 0.6
    shown = "old matter" if resumed else f"new matter, {'new' if changed else 'same'} subject"
    pen.answer(
        start.letter,
        person,
        party,
        pen.phrases.say(language, "answer" if resumed else "new_matter"),
        truth=pen.truth(party, [start.document] if resumed else (), person=person),
        variant=f"after long, {shown}",
        at=start.letter.at + timedelta(days=days),
        subject=pen.phrases.say(language, "new_about") if changed else None,
        sending=Sending(quote=pen.chance.random() < 0.7, headers=pen.chance.random() < 0.7),
    )


FAMILIES: tuple[tuple[str, str, float, Callable[[Pen], None]], ...] = (
    ("F0", "everyday letters", 24, everyday),
    ("F1", "a relay rewrites the Message-ID", 8, relay_rewrites),
    ("F2", "the client drops the headers", 9, headers_dropped),
    ("F3", "prefixes of other languages", 6, strange_prefixes),
    ("F4", "old mail used for a new matter", 6, old_mail_reused),
)
