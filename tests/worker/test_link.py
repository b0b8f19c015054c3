"""Links follow the conversation whatever the order of arrival, and a person's word outlasts us."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from tests.db.house import BIANCHI, FERRI, ORDER, changes
from tests.worker.office import NOW, Office, letter
from tui_mail.db import erp, links
from tui_mail.db.folders import reconcile_folders
from tui_mail.db.tables import Account, Outgoing, TaughtFormat
from tui_mail.db.undoing import redo, undo
from tui_mail.mail.parse import parse
from tui_mail.values import Fetched, FolderRole, LinkState, Reference, RemoteFolder
from tui_mail.worker.link import Replayed, link_messages, replay
from tui_mail.worker.submit import Request, submit_request

_OURS = "vendite@rossi.it"
_THEIRS = "l.ferri@ferri.it"
_CHAIN = {
    "ask": letter("ask", subject="Ordine 2026/119", sender=_THEIRS, to=_OURS),
    "answer": letter("answer", subject="Re: domanda", sender=_OURS, to=_THEIRS, answers="ask"),
    "thanks": letter("thanks", subject="Re: domanda", sender=_THEIRS, to=_OURS, answers="answer"),
}


class Case:
    """An inbox that letters are put into, and the links that they get."""

    def __init__(self, office: Office, account_id: int, inbox: int) -> None:
        self.office = office
        self._account_id = account_id
        self.inbox = inbox

    async def take(self, *names: str) -> None:
        """The letters of these names arrive in one batch."""
        hours = {name: number for number, name in enumerate(_CHAIN)}
        batch = [
            Fetched(
                f"1:{hours[name] + 1}",
                _CHAIN[name],
                frozenset(),
                NOW + timedelta(hours=hours[name]),
            )
            for name in names
        ]
        await self.office.ingest.store(self._account_id, self.inbox, batch)

    async def messages(self) -> dict[str, int]:
        return {
            one.header.removesuffix("@test"): one.message_id for one in await self.office.held()
        }

    async def links(self) -> dict[str, dict[int, str]]:
        """Message -> record -> state."""
        found = {}
        for name, message_id in (await self.messages()).items():
            rows = await self.office.database.read(
                links.links_of, self.office.operator_id, message_id
            )
            found[name] = {row.entity_id: str(row.state) for row in rows}
        return found

    async def record(self, reference: Reference) -> int:
        return (await self.office.database.read(erp.entity, reference)).id

    async def replay(self) -> int:
        """How many links change when all is linked anew."""
        every = list((await self.messages()).values())
        return await self.office.database.write(link_messages, every, datetime.now(UTC))


@pytest.fixture
async def case(office: Office) -> Case:
    known = changes()
    entities = tuple(
        replace(one, their_reference="PO-4177") if one.code == ORDER.code else one
        for one in known.entities
    )
    await office.database.write(erp.take, "books", replace(known, entities=entities), NOW)
    account_id = await office.add(Account(email=_OURS))
    remote = [RemoteFolder("INBOX", "INBOX", FolderRole.INBOX)]
    [inbox] = await office.database.write(reconcile_folders, account_id, remote)
    return Case(office, account_id, inbox.id or 0)


@pytest.mark.parametrize("order", [*permutations(_CHAIN)])
async def test_answers_inherit_in_any_order_within_a_batch(
    case: Case, order: tuple[str, ...]
) -> None:
    await case.take(*order)
    order_id = await case.record(ORDER)
    found = await case.links()
    assert all(order_id in found[name] for name in _CHAIN), found


@pytest.mark.parametrize("order", [*permutations(_CHAIN)])
async def test_answers_inherit_when_what_they_answer_comes_later(
    case: Case, order: tuple[str, ...]
) -> None:
    for name in order:
        await case.take(name)
    one_by_one = await case.links()
    order_id = await case.record(ORDER)
    assert all(order_id in one_by_one[name] for name in _CHAIN), one_by_one


async def test_linking_again_changes_nothing(case: Case) -> None:
    await case.take(*_CHAIN)
    before = await case.links()
    assert await case.replay() == 0
    assert await case.links() == before


async def test_what_a_person_said_outlasts_linking_again(case: Case) -> None:
    await case.take(*_CHAIN)
    order_id, bianchi = await case.record(ORDER), await case.record(BIANCHI)
    office, ids = case.office, await case.messages()
    await office.database.write(links.reject, office.operator_id, ids["ask"], order_id, now=NOW)
    await office.database.write(links.add, office.operator_id, ids["thanks"], bianchi, now=NOW)
    await case.replay()
    found = await case.links()
    assert found["ask"][order_id] == LinkState.REJECTED
    assert found["thanks"][bianchi] == LinkState.CONFIRMED
    assert found["answer"].get(order_id) != LinkState.AUTOMATIC
    assert await case.replay() == 0


async def test_records_that_changed_are_linked_anew(case: Case) -> None:
    """An order that got another number is no longer what the old number means."""
    await case.take(*_CHAIN)
    old_id = await case.record(ORDER)
    known = changes()
    entities = tuple(
        replace(one, code="2026/777", number="777") if one.code == ORDER.code else one
        for one in known.entities
    )
    renumbered = replace(known, entities=entities, relations=(), lines=())
    await case.office.database.write(erp.take, "books", renumbered, NOW)
    late = letter("late", subject="Ordine 2026/777", sender=_THEIRS, to=_OURS)
    await case.office.ingest.store(1, case.inbox, [Fetched("1:9", late, frozenset(), NOW)])
    new_id = await case.record(replace(ORDER, code="2026/777"))
    assert new_id != old_id
    await case.replay()
    found = await case.links()
    assert all(old_id not in found[name] for name in _CHAIN), found
    assert found["late"][new_id] == LinkState.AUTOMATIC


async def test_a_record_that_comes_after_its_mail_is_linked_by_a_replay(case: Case) -> None:
    early = letter("early", subject="Ordine 2026/777", sender=_THEIRS, to=_OURS)
    await case.office.ingest.store(1, case.inbox, [Fetched("1:9", early, frozenset(), NOW)])
    known = changes()
    order = next(one for one in known.entities if one.code == ORDER.code)
    more = replace(known, entities=(*known.entities, replace(order, code="2026/777", number="777")))
    await case.office.database.write(erp.take, "books", more, NOW)
    assert await case.replay() > 0
    new_id = await case.record(replace(ORDER, code="2026/777"))
    assert (await case.links())["early"][new_id] == LinkState.AUTOMATIC


async def test_replay_goes_through_everything_and_on_from_where_it_was_ended(case: Case) -> None:
    await case.take(*_CHAIN)
    said: list[str] = []
    database, ids = case.office.database, sorted((await case.messages()).values())
    done = await asyncio.to_thread(replay, database, None, report=said.append)
    assert done == Replayed(len(_CHAIN), 0)
    assert str(ids[-1]) in said[-1]
    rest = await asyncio.to_thread(replay, database, None, report=said.append, after=ids[0])
    assert rest == Replayed(len(_CHAIN) - 1, 0)
    some = await asyncio.to_thread(replay, database, ids[:2], report=said.append, after=ids[0])
    assert some == Replayed(1, 0)


async def test_a_long_conversation_in_one_batch_is_linked_to_its_end(case: Case) -> None:
    chain = [_CHAIN["ask"]]
    for number in range(60):
        before = f"r{number - 1}" if number else "ask"
        who = (_OURS, _THEIRS) if number % 2 else (_THEIRS, _OURS)
        chain.append(letter(f"r{number}", sender=who[0], to=who[1], answers=before))
    batch = [
        Fetched(f"1:{number + 1}", raw, frozenset(), NOW + timedelta(minutes=number))
        for number, raw in enumerate(chain)
    ]
    await case.office.ingest.store(1, case.inbox, list(reversed(batch)))
    ferri = await case.record(FERRI)
    found = await case.links()
    assert all(ferri in found[name] for name in found)
    assert len(found) == 61


async def test_messages_that_answer_each_other_are_linked_too(case: Case) -> None:
    batch = [
        Fetched("1:1", letter("a", sender=_THEIRS, answers="b"), frozenset(), NOW),
        Fetched("1:2", letter("b", sender=_THEIRS, answers="a"), frozenset(), NOW),
    ]
    await case.office.ingest.store(1, case.inbox, batch)
    ferri = await case.record(FERRI)
    assert all(ferri in found for found in (await case.links()).values())


# -- letters of ours that an answer names ------------------------------------------------------------


async def _sent(case: Case) -> tuple[str, str]:
    """A letter about the order, sent from here, of which no copy came back: identifier and text."""
    asked = Request(
        sender=_OURS, to=(_THEIRS,), subject="Consegna", body="Arriva domani.", links=(str(ORDER),)
    )
    office = case.office
    sent = await asyncio.to_thread(submit_request, office.database, office.operator_id, asked, NOW)

    def raw(session: Session) -> bytes:
        return session.scalars(select(col(Outgoing.raw))).one()

    return sent.message_id, parse(await office.database.read(raw)).text


async def _answer(case: Case, text: str, *, sender: str = _THEIRS, answers: str = "") -> str:
    """The state of the link to the order of an answer with this text, "" without one."""
    raw = letter("late", subject="Domanda", sender=sender, to=_OURS, answers=answers)
    head, _blank, _body = raw.partition(b"\r\n\r\n")
    quoted = "\r\n".join(["Grazie.", "", *(f"> {line}" for line in text.splitlines())])
    came = Fetched("1:9", head + b"\r\n\r\n" + quoted.encode(), frozenset(), NOW)
    await case.office.ingest.store(1, case.inbox, [came])
    return (await case.links())["late"].get(await case.record(ORDER), "")


async def test_an_answer_that_dropped_its_header_fields_is_about_what_its_quote_names(
    case: Case,
) -> None:
    _identifier, text = await _sent(case)
    assert await _answer(case, text) == LinkState.AUTOMATIC
    assert await case.replay() == 0


async def test_a_forged_reference_is_nothing(case: Case) -> None:
    identifier, text = await _sent(case)
    proof = identifier.partition("@")[0][-16:]
    assert await _answer(case, text.replace(proof, proof[::-1])) == ""


async def test_a_cut_reference_is_nothing(case: Case) -> None:
    identifier, text = await _sent(case)
    reference = identifier.partition("@")[0]
    assert await _answer(case, text.replace(reference, reference[:-1])) == ""


async def test_a_stranger_with_a_reference_is_asked_about(case: Case) -> None:
    _identifier, text = await _sent(case)
    assert await _answer(case, text, sender="x@elsewhere.example") == LinkState.PROPOSED


async def test_a_signed_identifier_is_enough_though_no_copy_of_the_letter_is_here(
    case: Case,
) -> None:
    identifier, _text = await _sent(case)
    raw = letter("late", subject="Re: Consegna", sender=_THEIRS, to=_OURS)
    raw = f"In-Reply-To: <{identifier}>\r\n".encode() + raw
    await case.office.ingest.store(1, case.inbox, [Fetched("1:9", raw, frozenset(), NOW)])
    assert (await case.links())["late"][await case.record(ORDER)] == LinkState.AUTOMATIC


# -- what people say teaches -------------------------------------------------------------------------


async def _stranger_writes(case: Case, name: str) -> int:
    raw = letter(name, subject="Domanda", sender="nuovo@gmail.com", to=_OURS)
    await case.office.ingest.store(1, case.inbox, [Fetched(f"1:{name}", raw, frozenset(), NOW)])
    return (await case.messages())[name]


async def test_an_address_that_people_link_again_and_again_is_known(case: Case) -> None:
    office, ferri = case.office, await case.record(FERRI)
    states = []
    for name in ("a", "b", "c", "d"):
        message = await _stranger_writes(case, name)
        states.append((await case.links())[name].get(ferri, ""))
        await office.database.write(links.add, office.operator_id, message, ferri, now=NOW)
    assert states == ["", "", LinkState.PROPOSED, LinkState.AUTOMATIC]


async def test_a_refusal_and_an_undoing_forget_it(case: Case) -> None:
    office, ferri = case.office, await case.record(FERRI)
    for name in ("a", "b", "c"):
        message = await _stranger_writes(case, name)
        await office.database.write(links.add, office.operator_id, message, ferri, now=NOW)
    await office.database.write(links.remove, office.operator_id, message, ferri, now=NOW)
    await _stranger_writes(case, "d")
    assert (await case.links())["d"][ferri] == LinkState.PROPOSED
    await office.database.write(
        links.reject, office.operator_id, (await case.messages())["d"], ferri, now=NOW
    )
    await _stranger_writes(case, "e")
    assert ferri not in (await case.links())["e"]


async def test_what_was_refused_stays_refused_when_it_is_fetched_anew(case: Case) -> None:
    await case.take("ask")
    office, order_id = case.office, await case.record(ORDER)
    message = (await case.messages())["ask"]
    await office.database.write(links.reject, office.operator_id, message, order_id, now=NOW)
    again = Fetched("2:7", _CHAIN["ask"], frozenset(), NOW)  # under another UIDVALIDITY
    await office.ingest.store(1, case.inbox, [again])
    await case.replay()
    assert (await case.links())["ask"][order_id] == LinkState.REJECTED


# -- ways of writing numbers -------------------------------------------------------------------------


async def _writes(case: Case, name: str, text: str, *, sender: str = _THEIRS) -> int:
    raw = letter(name, subject="Domanda", sender=sender, to=_OURS, text=text)
    await case.office.ingest.store(1, case.inbox, [Fetched(f"1:{name}", raw, frozenset(), NOW)])
    return (await case.messages())[name]


async def _say(case: Case, verb: Callable[..., int], message: int) -> int:
    office, order_id = case.office, await case.record(ORDER)
    return await office.database.write(verb, office.operator_id, message, order_id, now=NOW)


async def _state(case: Case, name: str) -> str:
    return (await case.links())[name].get(await case.record(ORDER), "")


@pytest.mark.parametrize(
    "text", ["Quando parte OV-26-119?", "Quando parte il ns. rif. 4177/26?"], ids=["ours", "theirs"]
)
async def test_a_way_of_writing_numbers_that_people_explain_is_known(case: Case, text: str) -> None:
    states = []
    for name in ("a", "b", "c"):
        message = await _writes(case, name, text)
        states.append(await _state(case, name))
        await _say(case, links.add, message)
    assert states == ["", LinkState.PROPOSED, LinkState.AUTOMATIC]
    rows = await case.office.database.read(links.links_of, case.office.operator_id, message)
    assert "in 2 conversations" in next(row.why for row in rows if row.code == ORDER.code)
    assert await case.replay() == 0


async def test_undoing_and_refusing_forget_it(case: Case) -> None:
    office = case.office
    for name in ("a", "b"):
        message = await _writes(case, name, "Quando parte OV-26-119?")
        await _say(case, links.add, message)
    await _writes(case, "c", "E OV-26-119?")
    assert await _state(case, "c") == LinkState.AUTOMATIC
    await office.database.write(undo, office.operator_id, NOW)
    await case.replay()
    assert await _state(case, "c") == LinkState.PROPOSED
    await office.database.write(redo, office.operator_id, NOW)
    await case.replay()
    assert await _state(case, "c") == LinkState.AUTOMATIC
    await _say(case, links.reject, (await case.messages())["c"])
    await _writes(case, "d", "Allora OV-26-119?")
    assert await _state(case, "d") == ""
    # One refusal among many conversations does not undo what all the others say.
    await _say(case, links.add, (await case.messages())["d"])
    await _writes(case, "e", "Allora OV-26-119?")
    assert await _state(case, "e") == LinkState.PROPOSED


async def test_one_conversation_alone_teaches_little(case: Case) -> None:
    await case.take("ask", "answer")
    for name, text in (("a", "OV-26-119?"), ("b", "Di nuovo OV-26-119.")):
        raw = letter(name, subject="Domanda", sender=_THEIRS, to=_OURS, answers="a", text=text)
        await case.office.ingest.store(1, case.inbox, [Fetched(f"1:{name}", raw, frozenset(), NOW)])
        await _say(case, links.add, (await case.messages())[name])
    await _writes(case, "c", "E OV-26-119?")
    assert await _state(case, "c") == LinkState.PROPOSED


async def test_what_one_party_taught_is_nothing_in_the_letter_of_another(case: Case) -> None:
    for name in ("a", "b"):
        await _say(case, links.add, await _writes(case, name, "Quando parte OV-26-119?"))
    await _writes(case, "c", "Quando parte OV-26-119?", sender="acquisti@bianchi.it")
    assert await _state(case, "c") == ""


async def test_what_the_grammar_reads_teaches_nothing(case: Case) -> None:
    await _say(case, links.confirm, await _writes(case, "a", "Quando parte l'ordine 119/2026?"))

    def taught(session: Session) -> int:
        return len(session.scalars(select(col(TaughtFormat.written))).all())

    assert await case.office.database.read(taught) == 0
