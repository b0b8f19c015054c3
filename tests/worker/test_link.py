"""Links follow the conversation whatever the order of arrival, and a person's word outlasts us."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from tests.db.house import BIANCHI, FERRI, ORDER, changes
from tests.worker.office import NOW, Office, letter
from tui_mail.db import erp, links
from tui_mail.db.folders import reconcile_folders
from tui_mail.db.tables import Account
from tui_mail.values import Fetched, FolderRole, LinkState, Reference, RemoteFolder
from tui_mail.worker.link import link_messages, replay

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
    await office.database.write(erp.take, "books", changes(), NOW)
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


async def test_replay_by_the_command_line_goes_through_everything(case: Case) -> None:
    await case.take(*_CHAIN)
    said: list[str] = []
    done = await asyncio.to_thread(replay, case.office.database, None, report=said.append)
    assert done == len(_CHAIN)
    assert said


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
