"""Families of mail: numbers that meet, forgeries, what programs write, copies (F7 to F11)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from scripts.evaluate_links import numbering
from scripts.evaluate_links.conversations import opening
from scripts.evaluate_links.letter import Event, Sheet, Truth, as_page
from scripts.evaluate_links.pen import Pen, Sending, kinds_of
from scripts.evaluate_links.world import SUPPLIER, Document, Party, Person

_STRANGERS = "evil.example"


def colliding_numbers(pen: Pen) -> None:
    """F7: the number exists in another year, series or company, or is mistyped."""
    way = pen.chance.random()
    party = pen.chance.choice(pen.chance.choice(pen.world.twins)) if way < 0.25 else pen.party()
    met = [one for one in pen.world.of_party[party.reference] if _meets(pen, one)]
    document = pen.chance.choice(met) if met else pen.document(party, "sales_order", "invoice")
    language, at = party.language, pen.after(document)
    if way < 0.6:
        said, variant = pen.full(document, language), "in full"
        words, clear = said.words, True
    elif way < 0.8:
        said, variant = pen.loose(document, language, at), "number alone"
        words, clear = said.words, said.clear
    else:
        right = numbering.in_full(document.number, pen.chance)
        wrong = numbering.mistyped(right, pen.chance)
        words = pen.phrases.name(language, document.reference.kind, wrong)
        clear, variant = False, "mistyped"
    person = pen.chance.choice(party.known_people)
    in_subject = pen.chance.random() < 0.5
    pen.theirs(
        person,
        party,
        at=at,
        subject=pen.phrases.say(language, "about", d=words)
        if in_subject
        else pen.phrases.say(language, "vague_about"),
        text=pen.phrases.say(language, "vague")
        if in_subject
        else pen.phrases.say(language, "ask", d=words),
        truth=pen.truth(party, [document], known=[document] if clear else (), person=person),
        variant=f"{variant} in {'subject' if in_subject else 'text'}",
    )


def _meets(pen: Pen, document: Document) -> bool:
    """Whether another document has the same number: of another year, series, party or company."""
    return len(pen.world.by_number[document.number.kind, document.number.number]) > 1


def forgeries(pen: Pen) -> None:
    """F8: whoever writes has nothing to do with the records that the message names or answers."""
    way = pen.chance.random()
    start = opening(pen, bare=pen.chance.random() < 0.5)
    said = pen.full(start.document, start.party.language)
    if way < 0.3:
        other = pen.party()
        while other.reference.company != start.party.reference.company or other is start.party:
            other = pen.party()
        _of_another(pen, other, start.document)
        return
    name = start.person.name if pen.chance.random() < 0.5 else "Ufficio Pagamenti"
    stranger = Person(name, f"pay{pen.chance.randrange(1000)}@{_STRANGERS}", known=False)
    if way < 0.65:
        pen.answer(
            start.letter,
            stranger,
            start.party,
            pen.phrases.say(start.party.language, "answer"),
            truth=Truth(),
            variant="a stranger answers our letter",
            sending=Sending(quote=pen.chance.random() < 0.7),
        )
        return
    pen.theirs(
        stranger,
        start.party,
        at=pen.later(start.letter),
        subject=pen.phrases.say(start.party.language, "about", d=said.words),
        text=pen.phrases.say(start.party.language, "ask", d=said.words),
        truth=Truth(),
        variant="a stranger names a number",
    )


def _of_another(pen: Pen, party: Party, document: Document) -> None:
    """A customer who names a document of another one: by mistake, or to learn about it."""
    person = pen.chance.choice(party.known_people)
    said = pen.full(document, party.language)
    in_subject = pen.chance.random() < 0.5
    pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "about", d=said.words)
        if in_subject
        else pen.phrases.say(party.language, "vague_about"),
        text=pen.phrases.say(party.language, "ask", d=said.words),
        truth=pen.truth(party, person=person),
        variant="a customer names another's document",
    )


def programs(pen: Pen) -> None:
    """F9: an answer that a program gives, a bounce, a newsletter, our own copy."""
    way = pen.chance.random()
    if way < 0.25:
        _newsletter(pen)
        return
    start = opening(pen, bare=pen.chance.random() < 0.5)
    letter, party = start.letter, start.party
    tolerated = frozenset({start.document.reference})
    truth = Truth(parties=frozenset({party.reference}), tolerated=tolerated)
    if way < 0.55:
        client_subject = "Risposta automatica: " if party.language == "it" else "Automatic reply: "
        pen.answer(
            letter,
            start.person,
            party,
            pen.phrases.say(party.language, "away"),
            truth=truth,
            variant="out of office",
            subject=client_subject + letter.subject,
            sending=Sending(quote=False),
            headers=(("Auto-Submitted", "auto-replied"),),
        )
    elif way < 0.8:
        _bounce(pen, letter, start.person, truth)
    else:
        # A copy that another program sends to ourselves, as old clients share what was sent.
        copy = letter.raw.replace(b"\r\nSubject:", b"\r\nX-Copy-To-Self: yes\r\nSubject:", 1)
        pen.events.append(
            replace(
                letter,
                raw=copy,
                about=(),
                at=letter.at + timedelta(seconds=70),
                variant="our own copy",
                sent=False,
            )
        )


def _newsletter(pen: Pen) -> None:
    party = pen.party(SUPPLIER)
    person = pen.chance.choice(party.known_people)
    document = pen.document(party)
    news = pen.phrases.say(party.language, "news", x=numbering.in_full(document.number, pen.chance))
    pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "news_about"),
        text=news,
        truth=Truth(
            parties=frozenset({party.reference}), tolerated=frozenset({document.reference})
        ),
        variant="newsletter",
        html=as_page(news),
        headers=(
            ("List-Unsubscribe", f"<mailto:off@{party.domain}>"),
            ("List-Id", f"<news.{party.domain}>"),
            ("Precedence", "bulk"),
        ),
    )


def _bounce(pen: Pen, letter: Event, person: Person, truth: Truth) -> Event:
    """A server tells that a letter of ours did not reach somebody (RFC 3464)."""
    domain = person.address.rpartition("@")[2]
    text = (
        f"This is the mail system at host mx.{domain}.\n\n"
        f"<{person.address}>: 550 5.1.1 User unknown\n"
    )
    status = (
        f"Reporting-MTA: dns; mx.{domain}\n\nFinal-Recipient: rfc822; {person.address}\n"
        "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 User unknown\n"
    )
    sheet = Sheet(
        Person("Mail Delivery System", f"MAILER-DAEMON@{domain}"),
        [letter.sender],
        "Undelivered Mail Returned to Sender",
        text,
        pen.identifier(domain),
        letter.at + timedelta(seconds=30),
        headers=(("Auto-Submitted", "auto-replied"),),
        status=status,
        inner=letter.raw,
    )
    return pen.post(sheet, letter.boxes, truth, "bounce")


def several_boxes(pen: Pen) -> None:
    """F10: the same message comes to two of our mailboxes, or once more by a distribution list."""
    party = pen.party()
    person = pen.chance.choice(party.known_people)
    document = pen.document(party, *kinds_of(party))
    said = pen.full(document, party.language)
    house = pen.house(party)
    truth = pen.truth(party, [document], known=[document], person=person)
    first = pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "about", d=said.words),
        text=pen.phrases.say(party.language, "vague"),
        truth=truth,
        variant="two mailboxes",
        boxes=house.boxes,
    )
    if pen.chance.random() < 0.5:
        domain = house.domain.encode()
        headers = (
            b"\r\nList-Id: <office.%b>\r\nList-Post: <mailto:office@%b>\r\nPrecedence: list"
            b"\r\nSubject: [office] " % (domain, domain)
        )
        pen.events.append(
            replace(
                first,
                raw=first.raw.replace(b"\r\nSubject: ", headers, 1) + b"-- \r\noffice\r\n",
                boxes=house.boxes[1:],
                at=first.at + timedelta(seconds=50),
                variant="and by a list",
            )
        )


def fetched_again(pen: Pen) -> None:
    """F11: the server numbers its messages anew, and all are fetched once more."""
    party = pen.party()
    person = pen.chance.choice(party.known_people)
    document = pen.document(party, *kinds_of(party))
    said = pen.full(document, party.language)
    event = pen.theirs(
        person,
        party,
        at=pen.after(document),
        subject=pen.phrases.say(party.language, "about", d=said.words),
        text=pen.phrases.say(party.language, "vague"),
        truth=pen.truth(party, [document], known=[document], person=person),
        variant="fetched twice",
    )
    pen.events[-1] = replace(event, again=True)


FAMILIES: tuple[tuple[str, str, float, Callable[[Pen], None]], ...] = (
    ("F7", "numbers that meet or are mistyped", 10, colliding_numbers),
    ("F8", "forgeries", 6, forgeries),
    ("F9", "programs and own copies", 7, programs),
    ("F10", "the same mail in two mailboxes", 4, several_boxes),
    ("F11", "fetched once more", 2, fetched_again),
)
