"""Links between messages and records: what lists and readers show of them, and a person's word.

Hides how a decision is carried out on a whole conversation, journalled and taken back.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.certified import receipts_of
from tui_mail.db.filing import hidden_from
from tui_mail.db.journal import journal
from tui_mail.db.link_store import KEPT, KnownLinks, known_links, write_links
from tui_mail.db.many import chunks
from tui_mail.db.record_way import way_columns, with_way
from tui_mail.db.rights import visible
from tui_mail.db.rows import Chip, LinkRow
from tui_mail.db.shown import crm_of, shown
from tui_mail.db.tables import (
    Entity,
    Folder,
    Grant,
    Link,
    Message,
    Operator,
    Placement,
)
from tui_mail.errors import NotAllowed, NotFound
from tui_mail.i18n import _
from tui_mail.values import LOCAL_SOURCE, MADE_HERE, PARTY_KINDS, Crm, LinkState

CHIPS = 3
_WEAK = 50  # per cent
_STATE_RANK = {
    LinkState.CONFIRMED.value: 0,
    LinkState.AUTOMATIC.value: 1,
    LinkState.PROPOSED.value: 2,
    LinkState.REJECTED.value: 3,
}
_TIMES = ("at", "received_at")
_Entry = tuple[int, int, dict[str, Any] | None]


# -- reading ---------------------------------------------------------------------------------------


def _order(kind: str, state: str, score: int) -> tuple[int, int, int]:
    """Documents before what people make of messages and before parties, the surest first."""
    party = kind in PARTY_KINDS or kind == "contact"
    place = 2 if party else 1 if kind in MADE_HERE else 0
    return place, _STATE_RANK.get(state, 9), -score


def _order_of_chips(kind: str, state: str, score: int) -> tuple[bool, int, int, int]:
    """A proposal that little speaks for comes after what is sure: a list has room for one."""
    weak = state == LinkState.PROPOSED.value and score < _WEAK
    return weak, *_order(kind, state, score)


@cache  # to say what is asked takes longer than to ask it
def _chips(crm: Crm) -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(Link.message_id),
            col(Link.state),
            col(Link.score),
            col(Entity.id),
            col(Entity.company),
            col(Entity.kind),
            col(Entity.code),
            col(Entity.title),
        )
        .join(Entity, col(Entity.id) == col(Link.entity_id))
        .where(
            among_numbers(col(Link.message_id), "some"),
            col(Link.state) != LinkState.REJECTED.value,
            *shown(crm),
        )
        .order_by(col(Link.message_id), col(Link.id))
    )


def chips_for(
    session: Session, message_ids: Collection[int], most: int | None = CHIPS
) -> dict[int, tuple[Chip, ...]]:
    """The records of each message as a list shows them, at most three, or of None all of them; no
    key for one without.

    Documents before parties, confirmed before automatic before proposed, and after all of them
    what is proposed though little speaks for it; rejected ones never.
    """
    found: defaultdict[int, list[tuple[tuple[bool, int, int, int], Chip]]] = defaultdict(list)
    query = _chips(crm_of(session))
    for some in chunks(message_ids):
        for row in session.execute(query, {"some": some}):
            chip = Chip(row.id, row.company, row.kind, row.code, row.title, row.state)
            rank = _order_of_chips(row.kind, row.state, row.score)
            found[row.message_id].append((rank, chip))
    return {
        message_id: tuple(chip for _rank, chip in sorted(chips, key=lambda each: each[0])[:most])
        for message_id, chips in found.items()
    }


def links_of(session: Session, operator_id: int, message_id: int) -> list[LinkRow]:
    """The links of a message with their records, documents first, rejected ones last of their kind.

    Raises NotFound when there is no such message for this operator.
    """
    seen = select(col(Message.id)).where(
        col(Message.id) == message_id, visible(operator_id, col(Message.id))
    )
    if session.execute(seen).first() is None:
        raise _no_message()
    return links_for(session, operator_id, (message_id,))


def _no_message() -> NotFound:
    return NotFound(_("There is no such message: look it up with tui-mail search."))


def links_for(session: Session, operator_id: int, message_ids: Collection[int]) -> list[LinkRow]:
    """The links of those of the messages that the operator may read, newest message first."""
    from tui_mail.linking.reasons import folders_in

    rows: list[LinkRow] = []
    for some in chunks(message_ids):
        query = _link_rows(crm_of(session)).where(
            col(Link.message_id).in_(some), visible(operator_id, col(Link.message_id))
        )
        found = session.execute(query).all()
        named = {folder for row in found for folder in folders_in(row.why)}
        hidden = hidden_from(session, operator_id, named)
        rows.extend(_link_row(row, hidden) for row in found)
    rows.sort(key=lambda row: (-row.message_id, *_order(row.kind, row.state, row.score), row.code))
    return rows


def entities_of(session: Session, message_id: int) -> tuple[int, ...]:
    """The records that a message is surely linked to, for the answer to take over."""
    sure = (LinkState.CONFIRMED.value, LinkState.AUTOMATIC.value)
    query: Select[*tuple[Any, ...]] = (
        select(col(Link.entity_id))
        .where(col(Link.message_id) == message_id, col(Link.state).in_(sure))
        .order_by(col(Link.id))
    )
    return tuple(session.scalars(query))


def _link_rows(crm: Crm) -> Select[*tuple[Any, ...]]:
    party = aliased(Entity)
    query: Select[*tuple[Any, ...]] = (
        select(
            col(Link.message_id),
            col(Message.message_id).label("message_header"),
            col(Link.entity_id),
            col(Entity.company),
            col(Entity.kind),
            col(Entity.code),
            col(Entity.title),
            col(party.id).label("party_id"),
            _or_empty(col(party.title)).label("party"),
            col(Entity.date),
            col(Entity.amount),
            col(Entity.open_amount),
            col(Entity.currency),
            col(Entity.state).label("entity_state"),
            col(Link.state),
            col(Link.method),
            col(Link.score),
            col(Link.why),
            col(Link.found_in),
            _or_empty(col(Operator.login)).label("by"),
            col(Link.at),
            (col(Entity.source) == LOCAL_SOURCE).label("made_here"),
            *way_columns(),
        )
        .join(Entity, col(Entity.id) == col(Link.entity_id))
        .join(Message, col(Message.id) == col(Link.message_id))
        .outerjoin(party, and_(col(party.id) == col(Entity.party_id), *shown(crm, party)))
        .outerjoin(Operator, col(Operator.id) == col(Link.operator_id))
        .where(*shown(crm))
    )
    return with_way(query)


def _link_row(row: Row[*tuple[Any, ...]], hidden: frozenset[int]) -> LinkRow:
    """`hidden`: folders whose names the operator may not see."""
    from tui_mail.linking.reasons import folders_in, without_folders, worded

    columns = row._asdict()
    if hidden and folders_in(columns["why"]) & hidden:
        columns["why"] = without_folders(columns["why"], hidden)
        columns["found_in"] = "" if columns["method"] == "folder" else columns["found_in"]
    return LinkRow(**(columns | {"why": worded(columns["why"])}))


def _or_empty(column: Any) -> ColumnElement[str]:
    return func.coalesce(column, "")


# -- a person's word -------------------------------------------------------------------------------


def confirm(
    session: Session,
    operator_id: int,
    message_id: int,
    entity_id: int,
    *,
    thread: bool = False,
    now: datetime,
) -> int:
    """Say that the link is right, for the whole conversation with `thread`; returns the change.

    Raises NotFound for a message that the operator does not see or a link that is not there, and
    NotAllowed where the operator may only read. So do the other three.
    """
    act = _Act("confirm", message_id, entity_id, operator_id, now)
    return _carry_out(session, act, LinkState.CONFIRMED, thread)


def reject(
    session: Session,
    operator_id: int,
    message_id: int,
    entity_id: int,
    *,
    thread: bool = False,
    now: datetime,
) -> int:
    """Say that the link is wrong: the machine will not propose it again. As `confirm` otherwise."""
    act = _Act("reject", message_id, entity_id, operator_id, now)
    return _carry_out(session, act, LinkState.REJECTED, thread)


def add(
    session: Session,
    operator_id: int,
    message_id: int,
    entity_id: int,
    *,
    thread: bool = False,
    now: datetime,
) -> int:
    """Link by hand; NotFound for an unknown record. As `confirm` otherwise."""
    act = _Act("add", message_id, entity_id, operator_id, now)
    return _carry_out(session, act, LinkState.CONFIRMED, thread)


def link_by_hand(
    session: Session, operator_id: int, message_id: int, entity_id: int, now: datetime
) -> list[_Entry]:
    """`add` as a part of a larger change, which writes it down: what the links were before."""
    act = _Act("add", message_id, entity_id, operator_id, now)
    return _done(session, act, LinkState.CONFIRMED, thread=False)[1]


def remove(
    session: Session,
    operator_id: int,
    message_id: int,
    entity_id: int,
    *,
    thread: bool = False,
    now: datetime,
) -> int:
    """Take the link away, whoever made it; the machine may find it again. As `confirm` otherwise."""
    act = _Act("remove", message_id, entity_id, operator_id, now)
    return _carry_out(session, act, None, thread)


def undo_links(session: Session, entries: Sequence[_Entry]) -> list[_Entry]:
    """Put links back as they were: message, entity, columns or null; gives what they were now."""
    alive = {
        row.id
        for some in chunks({message_id for message_id, _entity, _was in entries})
        for row in session.execute(select(col(Message.id)).where(col(Message.id).in_(some)))
    }
    wanted = [
        _Wish(message_id, entity_id, was and {**was, **_times(was)})
        for message_id, entity_id, was in entries
        if message_id in alive
    ]
    known = known_links(session, sorted(alive))
    before = [_before(wish, known) for wish in wanted]
    _apply(session, wanted, known)
    _learn(session, alive, {one.entity_id for one in wanted})
    return before


def _times(was: Mapping[str, Any]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(was[name]) for name in _TIMES}


@dataclass(frozen=True, slots=True)
class _Act:
    word: str
    message_id: int
    entity_id: int
    operator_id: int
    now: datetime


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a link shall be; `columns` None: not there."""

    message_id: int
    entity_id: int
    columns: dict[str, Any] | None


def _carry_out(session: Session, act: _Act, state: LinkState | None, thread: bool) -> int:
    detail, before = _done(session, act, state, thread=thread)
    return journal(session, act.operator_id, act.now, "link", detail, {"links": before})


def _done(
    session: Session, act: _Act, state: LinkState | None, *, thread: bool
) -> tuple[str, list[_Entry]]:
    """What was done in words of the journal, and what the links were before."""
    named = session.execute(
        select(col(Entity.kind), col(Entity.code), col(Entity.party_id)).where(
            col(Entity.id) == act.entity_id
        )
    ).first()
    if named is None:
        raise NotFound(_("There is no such record: look it up with tui-mail search."))
    targets = _targets(session, act, thread)
    known = known_links(session, targets)
    if act.word != "add":
        targets = {one: at for one, at in targets.items() if act.entity_id in known.get(one, {})}
        if act.message_id not in targets:
            raise NotFound(_("The message is not linked to this record: see its links first."))
    wishes = [
        _Wish(one, act.entity_id, _word(act, state, at, known.get(one, {}).get(act.entity_id)))
        for one, at in targets.items()
    ]
    if state is LinkState.CONFIRMED and named.party_id and named.kind not in PARTY_KINDS:
        wishes += [
            _Wish(one, named.party_id, _word(act, state, at, None))
            for one, at in targets.items()
            if named.party_id not in known.get(one, {})
        ]
    if act.word in {"remove", "reject"} and named.party_id:
        others = _other_documents(session, known, act.entity_id, named.party_id)
        wishes += [
            _Wish(one, named.party_id, None)
            for one in targets
            if _came_together(known[one], act.entity_id, named.party_id)
            and not any(_is_kept(known[one].get(other)) for other in others)
        ]
    before = [_before(wish, known) for wish in wishes]
    _apply(session, wishes, known)
    _learn(session, targets, {one.entity_id for one in wishes})
    return f"{act.word} {named.kind}:{named.code}", before


def _other_documents(
    session: Session, known: KnownLinks, entity_id: int, party_id: int
) -> list[int]:
    """Which records that messages are linked to are the party's, too."""
    linked = {one for links in known.values() for one in links} - {entity_id}
    theirs = select(col(Entity.id)).where(
        among_numbers(col(Entity.id), "some"), col(Entity.party_id) == party_id
    )
    found = session.execute(theirs, {"some": linked}).scalars()
    return [one for one in found if one is not None]


def _is_kept(link: Row[*tuple[Any, ...]] | None) -> bool:
    return link is not None and link.state in {LinkState.CONFIRMED, LinkState.AUTOMATIC}


def _came_together(
    links: Mapping[int, Row[*tuple[Any, ...]]], entity_id: int, party_id: int
) -> bool:
    """Whether the party is linked for no other reason than that a hand added or confirmed its
    document."""
    document, party = links[entity_id], links.get(party_id)
    return (
        party is not None
        and party.method == "hand"
        and (party.at, party.operator_id) == (document.at, document.operator_id)
    )


def _targets(session: Session, act: _Act, thread: bool) -> dict[int, datetime]:
    """Message -> time received, of what the operator may act on: the message or its conversation.

    What is said of a certified letter is said of its receipts, which mostly are there before.
    """
    query = select(col(Message.id), col(Message.thread_id), col(Message.received_at)).where(
        col(Message.id) == act.message_id, visible(act.operator_id, col(Message.id))
    )
    named = session.execute(query).first()
    if named is None:
        raise _no_message()
    if thread:
        whole = col(Message.thread_id) == named.thread_id
    else:
        whole = col(Message.id).in_([act.message_id, *receipts_of(session, act.message_id)])
    allowed = select(col(Message.id), col(Message.received_at)).where(
        whole, _acting(act.operator_id, col(Message.id))
    )
    targets = {row.id: row.received_at for row in session.execute(allowed)}
    if act.message_id not in targets:
        raise NotAllowed(_("You may only read this mail: ask who manages the account."))
    return targets


def _acting(operator_id: int, message_id: Any) -> ColumnElement[bool]:
    """The condition that the operator may do more than read the message."""
    return exists(
        select(col(Placement.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Grant, col(Grant.account_id) == col(Folder.account_id))
        .where(
            col(Placement.message_id) == message_id,
            col(Grant.operator_id) == operator_id,
            col(Grant.level) != "read",
        )
    )


def _word(
    act: _Act, state: LinkState | None, received_at: datetime, row: Row[*tuple[Any, ...]] | None
) -> dict[str, Any] | None:
    """The link after a person's word, which keeps what the machine had found; None without state."""
    from tui_mail.linking.reasons import kept, reason

    if state is None:
        return None
    by_hand = {"method": "hand", "score": 100, "why": kept(reason("hand")), "found_in": ""}
    return {
        "received_at": received_at,
        "state": state.value,
        "operator_id": act.operator_id,
        "at": act.now,
        **({name: getattr(row, name) for name in by_hand} if row else by_hand),
    }


def _before(wish: _Wish, known: KnownLinks) -> _Entry:
    row = known.get(wish.message_id, {}).get(wish.entity_id)
    if row is None:
        return wish.message_id, wish.entity_id, None
    was = {name: getattr(row, name) for name in KEPT}
    return wish.message_id, wish.entity_id, was | {name: was[name].isoformat() for name in _TIMES}


def _apply(session: Session, wishes: Sequence[_Wish], known: KnownLinks) -> None:
    new, changed, gone = [], [], []
    for wish in wishes:
        row = known.get(wish.message_id, {}).get(wish.entity_id)
        if wish.columns is None:
            gone += [row.id] if row else []
        elif row is None:
            named = {"message_id": wish.message_id, "entity_id": wish.entity_id}
            new.append(named | wish.columns)
        else:
            changed.append({"id": row.id, **wish.columns})
    write_links(session, new, changed, gone)
    _want_files(session, wishes)


def _want_files(session: Session, wishes: Sequence[_Wish]) -> None:
    """What a person linked stays when its server deletes it: its files are to be here."""
    from tui_mail.db.wanted import want  # no list waits for it

    confirmed = {
        wish.message_id: wish.columns["at"]
        for wish in wishes
        if wish.columns is not None and wish.columns["state"] == LinkState.CONFIRMED
    }
    if confirmed:
        want(session, sorted(confirmed), max(confirmed.values()))


def _learn(session: Session, message_ids: Collection[int], entity_ids: Collection[int]) -> None:
    """Count anew what people have said of the addresses of these messages, and of their numbers."""
    from tui_mail.db.learned import count_again  # no list waits for it
    from tui_mail.db.learned_formats import learn_again

    count_again(session, message_ids, entity_ids)
    learn_again(session, message_ids, entity_ids)
