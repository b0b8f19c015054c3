"""Takes simulated mail in as the program does, and reads back which links it made.

Everything is real: the database file, the ingest, the reading of attached files, and the links
that a letter of our program carries. Hides batches and the ids of the database.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from scripts.evaluate_links.letter import Event
from scripts.evaluate_links.pen import LETTER_KEY
from scripts.evaluate_links.world import World, erp_changes
from tui_mail.__main__ import parts
from tui_mail.cli.context import Context
from tui_mail.config import find_home
from tui_mail.db import actions, erp, folder_records, links
from tui_mail.db.accounts import add_account
from tui_mail.db.folders import folder_named
from tui_mail.db.many import chunks
from tui_mail.db.tables import Account, Entity, Link, Message, Secret
from tui_mail.values import Fetched, Flag, LinkState, Reference
from tui_mail.worker.link import link_all_filed, link_composed, link_messages, replay
from tui_mail.worker.texts import read_waiting

_WINDOW = 200


@dataclass(frozen=True, slots=True)
class Made:
    """A link as the database has it; `party`: that of a document."""

    entity: Reference
    state: LinkState
    method: str
    score: int
    why: str
    party: Reference | None


class Post:
    """An installation with a mailbox or two for each company."""

    def __init__(self, home: Path, world: World) -> None:
        self._call = Context(parts(), find_home(str(home)), operator="evaluation", background=True)
        self._locks = home
        database = self._call.database
        database.write_now(erp.take, "simulated", erp_changes(world), datetime.now(UTC))
        secret = Secret(name="letters", value=LETTER_KEY.hex())
        database.write_now(lambda session: session.add(secret))
        self._folders: dict[tuple[str, bool], tuple[int, int]] = {}
        for house in world.houses.values():
            for box in (*house.boxes, house.pec):
                account = database.write_now(
                    add_account, Account(email=box, protocol="local"), self._call.operator_id
                )
                key = account.id or 0
                for sent in (False, True):
                    name = "Sent" if sent else "INBOX"
                    folder = database.write_now(folder_named, key, name, create=True)
                    self._folders[box, sent] = (key, folder.id or 0)
        self._entities: dict[Reference, int] = {}
        self._references: dict[int, Reference] = {}
        self._parties: dict[int, int] = {}
        for row in database.read_now(_entities):
            reference = Reference(row[1], row[2], row[3])
            self._entities[reference] = row[0]
            self._references[row[0]] = reference
            if row[4]:
                self._parties[row[0]] = row[4]

    def close(self) -> None:
        self._call.close()

    async def take(self, events: Sequence[Event]) -> float:
        """All of them, in the order of time; the seconds that it took."""
        started = time.perf_counter()
        for start in range(0, len(events), _WINDOW):
            window = events[start : start + _WINDOW]
            for sent in (True, False):
                for box, some in _by_box(window, sent=sent):
                    await self._store(box, some, sent=sent)
                    again = [one for one in some if one.again]
                    if again:
                        await self._store(box, again, sent=sent)
        seconds = time.perf_counter() - started
        await read_waiting(self._call.database, self._call.ingest.blobs, self._locks)
        await self._correct(events)
        return seconds

    async def _correct(self, events: Sequence[Event]) -> None:
        """A clerk says what the machine does not know yet; what that teaches is replayed."""
        database, now = self._call.database, datetime.now(UTC)
        corrected = [one for one in events if one.corrected]
        for one, key in zip(corrected, await database.read(_ids, corrected), strict=True):
            for reference in one.corrected:
                entity = self._entities[reference]
                await database.write(links.add, self._call.operator_id, key, entity, now=now)
        if corrected:
            self.replay()

    async def _store(self, box: str, events: Sequence[Event], *, sent: bool) -> None:
        account, folder = self._folders[box, sent]
        batch = [
            Fetched("", one.raw, frozenset({Flag.SEEN.value}) if sent else frozenset(), one.at)
            for one in events
        ]
        await self._call.ingest.store(account, folder, batch)
        told = [one for one in events if one.about]
        if told:
            await self._call.database.write(self._tell, told)
        filed = [one for one in events if one.filed]
        if filed:
            await self._call.database.write(self._file, account, filed)
            await link_all_filed(self._call.database)

    def _file(self, session: Session, account: int, events: Sequence[Event]) -> None:
        """As a person does who moves mail into the folders of records."""
        operator, now = self._call.operator_id, datetime.now(UTC)
        for one, key in zip(events, _ids(session, events), strict=True):
            assert one.filed is not None
            folder = folder_named(
                session, account, f"{one.filed.kind} {one.filed.code}", create=True
            )
            folder_id = folder.id or 0
            folder_records.put(session, operator, folder_id, self._entities[one.filed], now)
            actions.move(
                session, operator, actions.placements_of(session, operator, [key]), folder_id, now
            )

    def _tell(self, session: Session, events: Sequence[Event]) -> None:
        """As the outbox does when it files what it has sent."""
        ids = _ids(session, events)
        now = datetime.now(UTC)
        for one, key in zip(events, ids, strict=True):
            about = [self._entities[reference] for reference in one.about]
            link_composed(session, key, one.at, about, now)
        link_messages(session, ids, now)

    def replay(self) -> tuple[int, float]:
        """Link everything anew: how many links are others than before, and the seconds."""
        before = self._call.database.read_now(_links)
        started = time.perf_counter()
        replay(self._call.database, None, report=lambda _words: None)
        seconds = time.perf_counter() - started
        after = self._call.database.read_now(_links)
        return len(set(before) ^ set(after)), seconds

    def links(self, events: Sequence[Event]) -> list[tuple[Made, ...]]:
        """Those of each message that are not rejected."""
        ids = self._call.database.read_now(_ids, events)
        found: defaultdict[int, list[Made]] = defaultdict(list)
        for message, entity, state, method, score, why in self._call.database.read_now(_links):
            party = self._parties.get(entity)
            made = Made(
                self._references[entity],
                LinkState(state),
                method,
                score,
                why,
                self._references[party] if party else None,
            )
            found[message].append(made)
        return [tuple(found[key]) for key in ids]

    def messages(self) -> int:
        """How many there are."""
        return self._call.database.read_now(
            lambda session: len(session.scalars(select(col(Message.id))).all())
        )


def _by_box(events: Iterable[Event], *, sent: bool) -> Iterator[tuple[str, list[Event]]]:
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for one in events:
        if one.sent is sent:
            for box in one.boxes:
                found[box].append(one)
    yield from found.items()


def _entities(session: Session) -> list[tuple[int, str, str, str, int | None]]:
    query = select(
        col(Entity.id),
        col(Entity.kind),
        col(Entity.code),
        col(Entity.company),
        col(Entity.party_id),
    )
    return [(row[0] or 0, row[1], row[2], row[3], row[4]) for row in session.execute(query)]


def _ids(session: Session, events: Sequence[Event]) -> list[int]:
    hashes = [hashlib.sha256(one.raw).hexdigest() for one in events]
    known: dict[str, int] = {}
    for some in chunks(hashes):
        query = select(col(Message.content_hash), col(Message.id))
        for row in session.execute(query.where(col(Message.content_hash).in_(some))):
            known[row[0]] = row[1] or 0
    return [known[one] for one in hashes]


def _links(session: Session) -> list[tuple[int, int, str, str, int, str]]:
    query = (
        select(
            col(Link.message_id),
            col(Link.entity_id),
            col(Link.state),
            col(Link.method),
            col(Link.score),
            col(Link.why),
        )
        .where(col(Link.state) != LinkState.REJECTED.value)
        .order_by(col(Link.id))
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in session.execute(query)]
