"""Links messages to records: asks the database what is known, linking what follows, and keeps it.

Pure conclusions between two reads: replaying changes only what the machine said before.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tui_mail.db import accounts, exchange, filing, knowledge, lost_receipts, own_letters, said_in
from tui_mail.db.answering import Answering
from tui_mail.db.engine import Database
from tui_mail.db.exchange import Notices
from tui_mail.db.knowledge import Answered, Described, OwnHouse, Records
from tui_mail.db.learned_formats import with_formats
from tui_mail.db.machine_links import MachineLinks, Proposed, save_links
from tui_mail.db.session import Session
from tui_mail.i18n import _
from tui_mail.linking.facts import Needs, Parent, ParentLink
from tui_mail.linking.mentions import Mentions
from tui_mail.linking.pipeline import link, needs
from tui_mail.linking.reasons import kept, reason
from tui_mail.values import LinkProposal, LinkState

_BATCH = 500
_THREADS = 100  # at once


class New(Struct, frozen=True):
    """A message that has just been stored: its row, by column, and what is in it."""

    row: Mapping[str, Any]
    mentions: Mentions


_NONE: Mapping[int, New] = {}


def link_messages(
    session: Session,
    message_ids: Collection[int],
    now: datetime,
    new: Mapping[int, New] = _NONE,
) -> int:
    """Link messages and what answers them, parents before their answers; how many links changed.

    `new`: those of them that have just been stored; the others are read again.
    """
    if not message_ids:
        return 0
    own = knowledge.own_house(session, accounts.own_addresses(session))
    messages = knowledge.described(
        session, message_ids, own, {key: one.row for key, one in new.items()}
    )
    mentions = {key: one.mentions for key, one in new.items()}
    messages = said_in.with_mentions(session, messages, mentions)
    notices = exchange.notices(session, messages)
    messages = with_formats(session, [*messages, *_noticed(session, messages, notices, own)])
    wants = {one.message_id: needs(one.facts) for one in messages}
    records = Records(session, wants.values())
    rejected = knowledge.rejected(session, {one.thread_id for one in messages})
    named = own_letters.named_letters(session, messages, own)
    letters = own_letters.letters(session, named)
    answering = Answering(session, messages, named)
    here = [*(one.message_id for one in messages), *answering.stored]
    receipts = lost_receipts.letters_of(session, _receipts(messages))
    here += [key for keys in (*notices.values(), *receipts.values()) for key in keys]
    folders = filing.folders_of(session, [one.message_id for one in messages])
    named_by_folders = {one.entity_id for there in folders.values() for one in there}
    here = [key for key in here if key not in new]  # which have no links yet
    links = MachineLinks(session, here, records.known, named_by_folders)
    told = _told(session, messages, receipts)
    matched = partial(_place, notices=notices, records=records, wants=wants)
    for one in sorted(answering.in_order(), key=matched):
        refused = rejected.get(one.thread_id, frozenset())
        sent = (letters[header] for header in named.get(one.message_id, ()) if header in letters)
        parent = _parent(answering.parent(one), links) or next(sent, None)
        perhaps = receipts.get(one.message_id, ())
        if len(perhaps) == 1:
            parent = _parent(told[perhaps[0]], links, certified=True)
        known = records.knowledge(wants[one.message_id], parent, refused)
        if one.message_id in folders:
            known = replace(known, folders=folders[one.message_id])
        if notices and (noticed := _links_of_notices(one, notices, links)):
            known = replace(known, noticed=noticed)
        if len(perhaps) > 1:
            known = replace(
                known, perhaps_of=tuple(each for key in perhaps for each in links.of(key))
            )
        links.conclude(_proposed(one, link(one.facts, known)), now)
    return links.write()


def _proposed(message: Described, proposals: Sequence[LinkProposal]) -> Proposed:
    facts = message.facts
    copied = {"position": message.position, "outgoing": facts.outgoing, "kind": facts.kind}
    return Proposed(message.message_id, message.received_at, proposals, copied)


# -- notices of the exchange of invoices -----------------------------------------------------------


def _noticed(
    session: Session, messages: Collection[Described], notices: Notices, own: OwnHouse
) -> list[Described]:
    """Notices that are here and say the same numbers: what they are about may only be known now."""
    before = {key for keys in notices.values() for key in keys}
    before -= {one.message_id for one in messages}
    if not before:
        return []
    return said_in.with_mentions(session, knowledge.described_alone(session, before, own), {})


def _place(
    message: Described, notices: Notices, records: Records, wants: Mapping[int, Needs]
) -> int:
    """When a message's turn is, after whatever it answers. Notices, which answer nothing, come
    first, of them those that name the invoice's file; receipts come after their letters."""
    if message.facts.kind == "pec_receipt":
        return 3
    if not any(message.message_id in keys for keys in notices.values()):
        return 2
    return 0 if records.knowledge(wants[message.message_id], None, frozenset()).filed else 1


def _links_of_notices(
    message: Described, notices: Notices, links: MachineLinks
) -> dict[str, tuple[ParentLink, ...]]:
    """By the number that the exchange gave, what its other notices with it are linked to."""
    return {
        number: tuple(
            one
            for key in notices.get(number, ())
            if key != message.message_id
            for one in links.of(key)
        )
        for number in exchange.numbers_in(message)
    }


# -- receipts of certified mail --------------------------------------------------------------------


def _receipts(messages: Iterable[Described]) -> list[int]:
    return [one.message_id for one in messages if one.facts.kind == "pec_receipt"]


def _told(
    session: Session, messages: Iterable[Described], receipts: Mapping[int, Sequence[int]]
) -> dict[int, Answered]:
    """The letters that one receipt or another is surely of."""
    if not receipts:
        return {}
    here: dict[int, Answered] = {one.message_id: one for one in messages}
    sure = {letters[0] for letters in receipts.values() if len(letters) == 1} - here.keys()
    return here | {one.message_id: one for one in knowledge.answered(session, sure)}


def _parent(
    answered: Answered | None, links: MachineLinks, *, certified: bool = False
) -> Parent | None:
    if answered is None:
        return None
    return Parent(
        links=links.of(answered.message_id),
        participants=answered.participants,
        subject=answered.subject,
        date=answered.date,
        certified=certified,
    )


def link_filed(session: Session, now: datetime) -> int:
    """Link anew some of the conversations of which something was put into the folder of a record, or
    taken out; how many, 0 when there are none."""
    threads = filing.take(session, _THREADS)
    link_messages(session, filing.messages_of(session, threads), now)
    return len(threads)


async def link_all_filed(database: Database) -> None:
    """All of them, some after some, so that nobody waits long for the database, nor who types."""
    while await database.read(filing.is_waiting):
        await database.quiet()
        await database.write(link_filed, datetime.now(UTC))


def link_composed(
    session: Session,
    message_id: int,
    received_at: datetime,
    entity_ids: Collection[int],
    now: datetime,
) -> None:
    """A letter of ours is about what its writer said it is; no replay changes that."""
    why = kept(reason("composed"))
    said = [LinkProposal(one, LinkState.CONFIRMED, "composed", 100, why) for one in entity_ids]
    save_links(session, [Proposed(message_id, received_at, said)], now)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many messages were looked at, and how many links are others than before."""

    messages: int
    changed: int


def replay(
    database: Database,
    message_ids: Collection[int] | None,
    *,
    report: Callable[[str], None],
    after: int = 0,
) -> Replayed:
    """Link messages anew, all of them when not told which, in the order of their ids.

    Each few hundred are kept at once: when it is ended in the midst, it goes on `after` the last id
    that was reported. A person's links stay as they are; doing it again changes nothing.
    """
    done = changed = 0
    pending = None if message_ids is None else sorted(one for one in message_ids if one > after)
    while True:
        if pending is None:
            batch = database.read_now(knowledge.message_ids_after, after, _BATCH)
        else:
            batch, pending = pending[:_BATCH], pending[_BATCH:]
        if not batch:
            return Replayed(done, changed)
        changed += database.write_now(link_messages, batch, datetime.now(UTC))
        after = batch[-1]
        done += len(batch)
        report(_("{count} messages linked, up to {last}").format(count=done, last=after))
