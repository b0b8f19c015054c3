"""What the servers have not been told of yet: handed out in order, settled, put off, given up.

An operation keeps the key that its message had on the server when it was asked for; one that
follows a move or append not yet carried out has none, and gets it when that is settled, or when
the message is seen in its new folder.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, zip_longest

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from tui_mail.db.counters import refresh
from tui_mail.db.folder_journeys import settle_folder
from tui_mail.db.folders import NO_MORE
from tui_mail.db.journeys import Return, follow, keep_key, put_back
from tui_mail.db.many import chunks, key_of
from tui_mail.db.purge import purge
from tui_mail.db.renumbering import STALE
from tui_mail.db.tables import Change, Folder, Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.values import OperationResult, RemoteOperation, Verb

_KEYED = {Verb.FLAGS, Verb.MOVE, Verb.DELETE}
_RENAMING = {Verb.RENAME_FOLDER, Verb.DELETE_FOLDER}
_OF_FOLDERS = {Verb.CREATE_FOLDER, *_RENAMING}


@dataclass(frozen=True, slots=True)
class Job:
    """Operations that are one command for the server.

    `message_id`: the message whose bytes an APPEND takes, which the caller puts into
    `operation.raw`; None for any other. `attempts`: how often it has been put off.
    `asked`: it was handed out before, and what became of it is not known.
    """

    ids: tuple[int, ...]
    operation: RemoteOperation
    message_id: int | None = None
    attempts: int = 0
    asked: bool = False


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A row of the queue, with the server's names of its folders."""

    operation: Operation
    folder: str
    folder_name: str
    target: str
    arrived: bool = False  # a move whose message is in the target: only the original has to go

    @property
    def together(self) -> tuple[object, ...]:
        """What must be the same for two operations to be one command."""
        row = self.operation
        alone = 0 if row.verb in _KEYED else row.id
        return (row.verb, row.folder_id, row.target_id, row.add, row.remove, alone, self.arrived)


def next_operations(session: Session, account_id: int, now: datetime, limit: int = 50) -> list[Job]:
    """What the account's server can be told now, in order; like follows like in one job.

    An operation waits while an earlier one of the same message or folder does. To be called by
    `Database.write`: what has been handed out counts as tried, and undo no longer drops it.
    """
    ready = list(_ready(_queue(session, account_id), now))[:limit]
    jobs = [_job(list(group)) for _together, group in groupby(ready, lambda row: row.together)]
    ids = [identifier for job in jobs for identifier in job.ids]
    for part in chunks(ids):
        session.execute(
            update(Operation)
            .where(col(Operation.id).in_(part), col(Operation.attempts) == 0)
            .values(attempts=1)
            .execution_options(synchronize_session=False)
        )
    return jobs


_LOOKED_AT = 1000


def _queue(session: Session, account_id: int) -> list[_Waiting]:
    statement = (
        select(Operation)
        .where(col(Operation.account_id) == account_id)
        .order_by(col(Operation.id))
        .limit(_LOOKED_AT)
    )
    rows = list(session.scalars(statement))
    folders = {row.folder_id for row in rows} | {row.target_id for row in rows}
    names: dict[int | None, tuple[str, str]] = {}
    for part in chunks(folder for folder in folders if folder is not None):
        found = select(col(Folder.id), col(Folder.remote), col(Folder.name))
        for identifier, remote, name in session.execute(found.where(col(Folder.id).in_(part))):
            names[identifier] = ("" if remote.startswith(NO_MORE) else remote, name)
    nothing = ("", "")
    arrived = _arrived(session, rows)
    return [
        _Waiting(
            row,
            *names.get(row.folder_id, nothing),
            names.get(row.target_id, nothing)[0],
            row.id in arrived,
        )
        for row in rows
    ]


def _arrived(session: Session, rows: Sequence[Operation]) -> set[int | None]:
    """Moves that were asked for before and whose messages have been seen in the target since.

    A server without MOVE copies first: asked once more, it would copy once more.
    """
    asked: dict[int | None, Operation] = {}
    for row in rows:
        if row.verb == Verb.MOVE and row.attempts and row.placement_id:
            asked.setdefault(row.placement_id, row)
    places = [(row.placement_id, row.folder_id, row.remote) for row in rows]
    for part in chunks(asked):
        statement = select(col(Placement.id), col(Placement.folder_id), col(Placement.remote))
        places += [
            tuple(one) for one in session.execute(statement.where(col(Placement.id).in_(part)))
        ]
    return {
        asked[placement_id].id
        for placement_id, folder_id, remote in places
        if remote and placement_id in asked and folder_id == asked[placement_id].target_id
    }


def _ready(queue: Sequence[_Waiting], now: datetime) -> Iterator[_Waiting]:
    """Those that can be carried out: everything is known, it is time, nothing earlier waits."""
    held: set[object] = set()
    used: set[int | None] = set()  # folders that something earlier is about
    for row in queue:
        operation = row.operation
        verb = Verb(operation.verb)
        subject = operation.placement_id or ("message", operation.message_id)
        if verb in _OF_FOLDERS:
            subject = ("folder", operation.folder_id)
        known = (
            (verb not in _KEYED or bool(_is_known(operation.remote) and row.folder))
            and (verb not in {Verb.MOVE, Verb.APPEND} or bool(row.target))
            and (verb not in _RENAMING or bool(row.folder))
            and (verb not in {Verb.CREATE_FOLDER, Verb.RENAME_FOLDER} or bool(row.folder_name))
            and not (verb is Verb.DELETE_FOLDER and operation.folder_id in used)
        )
        in_time = operation.next_try is None or operation.next_try <= now
        used |= {operation.folder_id, operation.target_id}
        if known and in_time and subject not in held:
            yield row
            if verb in _RENAMING:
                return  # what follows may know the folder by a name that it has no more
        else:
            held.add(subject)


def _is_known(remote: str) -> bool:
    """Whether the server would know what the key means."""
    return bool(remote) and not remote.startswith(STALE)


def _job(rows: Sequence[_Waiting]) -> Job:
    first = rows[0]
    operation = first.operation
    verb = Verb.DELETE if first.arrived else Verb(operation.verb)
    folder = {Verb.CREATE_FOLDER: "", Verb.APPEND: first.target}
    target = {
        Verb.CREATE_FOLDER: first.folder_name,
        Verb.RENAME_FOLDER: first.folder_name,
        Verb.MOVE: first.target,
        Verb.DELETE: first.target,  # of a move whose message has arrived
    }
    flags = frozenset(operation.add.split())
    return Job(
        ids=tuple(key_of(row.operation.id) for row in rows),
        operation=RemoteOperation(
            verb=verb,
            folder=folder.get(verb, first.folder),
            keys=tuple(row.operation.remote for row in rows) if verb in _KEYED else (),
            add=flags,
            remove=frozenset(operation.remove.split()),
            target=target.get(verb, ""),
        ),
        message_id=operation.message_id if verb is Verb.APPEND else None,
        attempts=max(operation.attempts - 1, 0),
        asked=operation.attempts > 0,
    )


# -- what became of them ---------------------------------------------------------------------------


def settle(
    session: Session,
    ids: Sequence[int],
    result: OperationResult,
    now: datetime,  # noqa: ARG001 — every verb that settles is told the time
) -> None:
    """The server has carried the operations out: learn the new keys, forget the operations.

    What a moved message was when the server no longer has it is forgotten here too.
    """
    rows = _rows(session, ids)
    _forget(session, rows)
    touched: set[tuple[int, int]] = set()
    moved: dict[int, dict[int, str]] = defaultdict(dict)
    for row in rows:
        if row.verb in _OF_FOLDERS:
            settle_folder(session, row, result)
        elif row.verb == Verb.APPEND:
            _settle_append(session, row, result.keys.get("", ""))
        elif row.verb == Verb.MOVE and row.remote in result.missing:
            touched |= _drop_ghost(session, row)
        elif row.verb == Verb.MOVE and row.target_id and row.placement_id:
            moved[row.target_id][row.placement_id] = result.keys.get(row.remote, "")
    session.flush()
    for folder_id, keys in moved.items():
        keep_key(session, {placement: key for placement, key in keys.items() if key}, folder_id)
    follow(session, [row for row in rows if row.verb == Verb.MOVE], result)
    refresh(session, touched)
    purge(session, {row.message_id for row in rows if row.message_id is not None})
    publish(session, Topic.OPERATIONS, *((Topic.MAIL, Topic.FOLDERS) if touched else ()))


def settle_gone(session: Session, folder_id: int, keys: Collection[str], now: datetime) -> None:
    """The server has these keys of a folder no more: what was to be done with them is forgotten."""
    for part in chunks(keys):
        found = select(col(Operation.id)).where(
            col(Operation.folder_id) == folder_id, col(Operation.remote).in_(part)
        )
        ids = [key_of(identifier) for identifier in session.scalars(found)]
        settle(session, ids, OperationResult(missing=frozenset(part)), now)


def _rows(session: Session, ids: Sequence[int]) -> list[Operation]:
    rows: list[Operation] = []
    for part in chunks(ids):
        rows += session.scalars(
            select(Operation).where(col(Operation.id).in_(part)).order_by(col(Operation.id))
        )
    return rows


def _forget(session: Session, rows: Sequence[Operation]) -> None:
    for row in rows:
        session.expunge(row)
    for part in chunks(key_of(row.id) for row in rows):
        session.execute(delete(Operation).where(col(Operation.id).in_(part)))


def _settle_append(session: Session, row: Operation, key: str) -> None:
    """The copy is there: now the original may go from the other account."""
    if key and row.placement_id and row.target_id:
        keep_key(session, {row.placement_id: key}, row.target_id)
    if row.folder_id is not None:
        source = select(col(Folder.account_id)).where(col(Folder.id) == row.folder_id)
        account_id = session.scalar(source)
        if account_id is not None:
            session.add(
                Operation(
                    account_id=account_id,
                    verb=str(Verb.DELETE),
                    folder_id=row.folder_id,
                    remote=row.remote,
                    message_id=row.message_id,
                )
            )


def _drop_ghost(session: Session, row: Operation) -> set[tuple[int, int]]:
    """The message was gone from the server before it could be moved: it is in no folder here."""
    if row.placement_id is None:
        return set()
    found = session.get(Placement, row.placement_id)
    if found is not None and found.remote:
        return set()
    # What was to follow waits for a key that will never come, also when it is gone from here.
    session.execute(
        delete(Operation).where(
            col(Operation.placement_id) == row.placement_id, col(Operation.remote) == ""
        )
    )
    if found is None:
        return set()
    session.delete(found)
    return {(found.folder_id, found.thread_id)}


def postpone(
    session: Session,
    ids: Sequence[int],
    error: str,
    now: datetime,  # noqa: ARG001 — every verb that settles is told the time
    next_try: datetime,
) -> None:
    """The server could not be told: keep why, and try again at `next_try`."""
    for part in chunks(ids):
        session.execute(
            update(Operation)
            .where(col(Operation.id).in_(part))
            .values(error=error, next_try=next_try, attempts=col(Operation.attempts) + 1)
        )
    publish(session, Topic.OPERATIONS)


def give_up(session: Session, ids: Sequence[int], error: str, now: datetime | None = None) -> None:
    """The server will never do it: what it has holds again, and the audit trail says why.

    Folders concerned are read anew from the start by the next fetch.
    """
    rows = _rows(session, ids)
    created = [row.folder_id for row in rows if row.verb == Verb.CREATE_FOLDER]
    if created:  # what was to go into a folder that cannot be made
        rows += session.scalars(
            select(Operation).where(
                col(Operation.target_id).in_(created), col(Operation.id).not_in(ids)
            )
        )
    _forget(session, rows)
    undeleted = [row.folder_id for row in rows if row.verb == Verb.DELETE_FOLDER]
    session.execute(update(Folder).where(col(Folder.id).in_(undeleted)).values(gone=False))
    touched: set[tuple[int, int]] = set()
    for returns in _returns(session, rows):
        touched |= put_back(session, returns)
    session.add(Change(at=now or datetime.now(UTC), verb="given_up", detail=error))
    session.flush()
    concerned = {row.folder_id for row in rows} | {row.target_id for row in rows}
    for part in chunks(folder for folder in concerned if folder is not None):
        session.execute(update(Folder).where(col(Folder.id).in_(part)).values(cursor=""))
    refresh(session, touched)
    purge(session, {row.message_id for row in rows if row.message_id is not None})
    publish(session, Topic.OPERATIONS, Topic.MAIL, Topic.FOLDERS)


def _returns(session: Session, rows: Sequence[Operation]) -> Iterator[list[Return]]:
    """The ways back of moves that a server will not make: of each message the last one first."""
    moves: dict[int, list[Operation]] = defaultdict(list)
    for row in rows:
        if row.placement_id and row.folder_id and row.target_id:
            moves[row.placement_id].append(row)
    threads: dict[int | None, int] = {}
    for part in chunks(moves):
        statement = select(col(Placement.id), col(Placement.thread_id))
        found = session.execute(statement.where(col(Placement.id).in_(part)))
        threads.update((identifier, thread_id) for identifier, thread_id in found)
    ways = [
        [
            Return(
                key_of(row.id),
                placement_id,
                threads[placement_id],
                key_of(row.folder_id),
                row.remote,
                key_of(row.target_id),
            )
            for row in sorted(asked, key=lambda row: -key_of(row.id))
        ]
        for placement_id, asked in moves.items()
        if placement_id in threads
    ]
    for together in zip_longest(*ways):
        yield [way for way in together if way is not None]


def next_try(session: Session, account_id: int, now: datetime) -> datetime | None:
    """When the next operation that was put off may be tried, None when there is none."""
    statement = select(func.min(col(Operation.next_try))).where(
        col(Operation.account_id) == account_id, col(Operation.next_try) > now
    )
    return session.scalar(statement)


def waiting(session: Session, account_id: int) -> int:
    """How many operations of the account have not been carried out."""
    statement = select(func.count()).where(col(Operation.account_id) == account_id)
    return session.scalar(statement) or 0
