"""Messages known again when a server numbers a folder anew or calls it otherwise.

Hides by what they are known: Message-ID, size and date first, and where these do not tell, the
content, once it has been fetched again. Until then their old keys are marked, so that a sync that
is killed half-way is gone on with.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from tui_mail.db.many import key_of
from tui_mail.db.placements import renew_keys
from tui_mail.db.tables import Message, Operation, Outgoing, Placement
from tui_mail.db.threads import LONGEST_IDENTIFIER
from tui_mail.values import Identity, Verb

STALE = "? "
"""What marks the old key of a message that has yet to be found; no store's keys have spaces."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is here under a key of a folder. `content`: the message's id."""

    key: str
    content: int
    identity: Identity

    @property
    def header(self) -> str:
        return self.identity.message_id


def renumber(session: Session, folder_id: int, told: Mapping[str, Identity]) -> None:
    """The folder's messages have the keys of `told` now: find those that are here, and that are on
    their way out of it, by what tells them; the keys of all others are marked.
    """
    here: dict[Identity, list[_Known]] = defaultdict(list)
    known = _known(session, folder_id)
    taken = {one.key for one in known}
    for one in known:
        here[one.identity].append(one)
    there: dict[Identity, list[str]] = defaultdict(list)
    for key in sorted(told, key=_in_order):
        there[_cut(told[key])].append(key)
    renewed = {one.key: _marked(one.key) for one in known if one.key not in told}
    for identity, found in here.items():
        lost = [one.key for one in found if one.key in renewed]
        if len({one.content for one in found}) == 1:  # else only the content tells
            free = (key for key in there[identity] if key not in taken)
            renewed.update(zip(lost, free, strict=False))
    renewed |= _letters_renewed(session, folder_id, told, known, renewed)
    renew_keys(session, folder_id, {old: new for old, new in renewed.items() if old != new})


def is_same(session: Session, folder_id: int, told: Mapping[str, Identity]) -> bool:
    """Whether messages that a server has under known keys are those that are here under them."""
    known = {one.key: one for one in _known(session, folder_id)}
    if not told or not told.keys() <= known.keys():
        return False
    letters = _letters(session, folder_id)
    return all(
        known[key].identity == _cut(one)
        or (known[key].content in letters and known[key].header in _names(one))
        for key, one in told.items()
    )


def _letters_renewed(
    session: Session,
    folder_id: int,
    told: Mapping[str, Identity],
    known: Sequence[_Known],
    renewed: Mapping[str, str],
) -> dict[str, str]:
    """Letters that are still to be found, by the Message-ID that is ours: the server may have filed
    its own copy, which has another size and date."""
    letters = _letters(session, folder_id)
    lost = [
        one
        for one in known
        if one.content in letters and renewed.get(one.key, "").startswith(STALE)
    ]
    if not lost:
        return {}
    taken = {*renewed.values(), *(one.key for one in known)}
    there: dict[str, list[str]] = defaultdict(list)
    for key in told:
        for name in _names(told[key]) if key not in taken else ():
            there[name].append(key)
    return {one.key: there[one.header].pop() for one in lost if len(there[one.header]) == 1}


def _letters(session: Session, folder_id: int) -> set[int]:
    """The messages of a folder that are letters of our own."""
    statement = (
        select(col(Message.id))
        .join(Outgoing, col(Outgoing.message_id) == col(Message.message_id))
        .join(Placement, col(Placement.message_id) == col(Message.id))
        .where(col(Placement.folder_id) == folder_id)
    )
    return {key_of(identifier) for identifier in session.scalars(statement)}


def _known(session: Session, folder_id: int) -> list[_Known]:
    """Everything that has a key in the folder, in the order of the keys."""
    told = (col(Message.id), col(Message.message_id), col(Message.size))
    placed = (
        select(col(Placement.remote), col(Placement.received_at), *told)
        .join(Message, col(Message.id) == col(Placement.message_id))
        .where(col(Placement.folder_id) == folder_id, col(Placement.remote) != "")
    )
    received = func.coalesce(col(Placement.received_at), col(Message.received_at))
    leaving = (
        select(col(Operation.remote), received, *told)
        .join(Message, col(Message.id) == col(Operation.message_id))
        .outerjoin(Placement, col(Placement.id) == col(Operation.placement_id))
        .where(
            col(Operation.folder_id) == folder_id,
            col(Operation.remote) != "",
            col(Operation.verb) != str(Verb.FLAGS),
        )
    )
    rows = {row[0]: row for query in (leaving, placed) for row in session.execute(query)}
    return [
        _Known(key, content, _identity(message_id, size, at))
        for key, at, content, message_id, size in sorted(
            rows.values(), key=lambda row: _in_order(row[0].removeprefix(STALE))
        )
    ]


def _identity(message_id: str, size: int, at: datetime) -> Identity:
    return Identity(message_id, size, at.replace(microsecond=0))


def _cut(told: Identity) -> Identity:
    return _identity(told.message_id[:LONGEST_IDENTIFIER], told.size, told.received_at)


def _names(told: Identity) -> set[str]:
    return {one[:LONGEST_IDENTIFIER] for one in (told.message_id, told.originally) if one}


def _in_order(key: str) -> tuple[int, str]:
    """Of copies of one message the first stays the first: numbers grow in length, then in figures."""
    return len(key), key


def _marked(key: str) -> str:
    return key if key.startswith(STALE) else STALE + key
