"""Folders: as the operator sees them, and as the servers have them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select, update
from sqlmodel import Session, col

from tui_mail.db.among import among_texts
from tui_mail.db.flags import FLAG_COLUMNS, flags_of
from tui_mail.db.many import key_of
from tui_mail.db.rights import readable
from tui_mail.db.rows import FolderRow
from tui_mail.db.tables import Account, Draft, Folder, Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotFound
from tui_mail.i18n import _
from tui_mail.values import FolderRole, RemoteFolder, Verb

USUAL_NAMES = {
    FolderRole.INBOX: "INBOX",
    FolderRole.SENT: "Sent",
    FolderRole.DRAFTS: "Drafts",
    FolderRole.ARCHIVE: "Archive",
    FolderRole.JUNK: "Junk",
    FolderRole.TRASH: "Trash",
}
LOCAL_ROLES = tuple(USUAL_NAMES)

# PostgreSQL indexes at most 2,700 bytes, and no person reads a longer name.
_LONGEST_NAME = 500
NO_MORE = "\x1f"
"""What marks the key of a folder that the server has given to another; no store's keys have it."""
_CHANGES = (str(Verb.RENAME_FOLDER), str(Verb.DELETE_FOLDER))
_TREE = (
    FolderRole.INBOX,
    FolderRole.DRAFTS,
    FolderRole.SENT,
    FolderRole.ARCHIVE,
    FolderRole.OTHER,
    FolderRole.ALL,
    FolderRole.FLAGGED,
    FolderRole.JUNK,
    FolderRole.TRASH,
)
# Where a person would look for a message that is in several folders.
_NATURAL = (
    FolderRole.INBOX,
    FolderRole.OTHER,
    FolderRole.ARCHIVE,
    FolderRole.SENT,
    FolderRole.DRAFTS,
    FolderRole.ALL,
    FolderRole.FLAGGED,
    FolderRole.JUNK,
    FolderRole.TRASH,
)


def folders(session: Session, operator_id: int) -> list[FolderRow]:
    """The folders of the operator's accounts that are shown, own accounts first; gone ones while
    they hold mail."""
    statement = (
        select(
            col(Account.id),
            col(Account.email),
            col(Account.shared),
            col(Folder.id),
            col(Folder.name),
            col(Folder.role),
            col(Folder.total),
            col(Folder.unread),
            col(Folder.conversations),
        )
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(
            col(Folder.account_id).in_(readable(operator_id)),
            ~col(Folder.hidden),
            or_(~col(Folder.gone), col(Folder.total) > 0),
        )
    )
    rows = [FolderRow(*row) for row in session.execute(statement)]
    return sorted(rows, key=_place_in_tree)


def drafts_here(session: Session, operator_id: int) -> dict[int, int]:
    """How many letters the operator is writing here, by account."""
    query = (
        select(col(Draft.account_id), func.count().label("number"))
        .where(col(Draft.operator_id) == operator_id)
        .group_by(col(Draft.account_id))
    )
    return {row.account_id: row.number for row in session.execute(query)}


def _place_in_tree(row: FolderRow) -> tuple[bool, str, int, str, int]:
    place = _TREE.index(FolderRole(row.role))
    return (row.shared, row.account, place, row.name.lower(), row.folder_id)


def naturalness() -> ColumnElement[int]:
    """A rank of `Folder.role`: the lower, the likelier a person looks there for a message."""
    ranks = {str(role): rank for rank, role in enumerate(_NATURAL)}
    return case(ranks, value=col(Folder.role), else_=ranks[""])


def reconcile_folders(
    session: Session, account_id: int, remote: Sequence[RemoteFolder]
) -> list[Folder]:
    """Make our folders those of the server, and give back the ones that it has, in its order.

    What the server no longer has is marked as gone and keeps its mail. A folder that was made
    here first is joined to the server's of the same name or role.
    """
    own = list(session.scalars(select(Folder).where(col(Folder.account_id) == account_id)))
    before = [_state(folder) for folder in own]
    known = {folder.remote: folder for folder in own if folder.remote}
    offered = {found.key: found for found in remote if found.selectable}
    local = [folder for folder in own if not folder.remote]
    deleting, renaming = _changing(session, account_id, own)
    result = []
    # A folder that is new may have the name that another has given up.
    for found in sorted(offered.values(), key=lambda one: one.key not in known):
        folder = known.get(found.key) or _made_here(local, found)
        if folder is not None and folder.id in deleting:
            continue
        if folder is None:
            folder = Folder(account_id=account_id)
            own.append(folder)
            session.add(folder)
        elif folder in local:
            local.remove(folder)
        name = folder.name if folder.id in renaming else found.name
        _join(folder, found, name, {other.name for other in own if other is not folder})
        session.flush()  # one by one: of two that change their names, one has the other's before
        result.append(folder)
    for folder in own:
        if folder.remote and folder.remote not in offered:
            folder.gone = True
    session.flush()
    if [_state(folder) for folder in own] != before:
        publish(session, Topic.FOLDERS)
    place = {key: number for number, key in enumerate(offered)}
    return sorted(result, key=lambda folder: place[folder.remote])


def _state(folder: Folder) -> tuple[object, ...]:
    return (folder.id, folder.name, folder.remote, folder.role, folder.gone, folder.hidden)


def _made_here(local: Sequence[Folder], found: RemoteFolder) -> Folder | None:
    """The folder without a server's key that stands for `found`: by name, else by role."""
    name = found.name.lower()
    same_name = (folder for folder in local if folder.name.lower() == name)
    same_role = (folder for folder in local if folder.role and folder.role == found.role)
    return next(same_name, None) or next(same_role, None)


def _changing(
    session: Session, account_id: int, own: Sequence[Folder]
) -> tuple[set[int | None], set[int | None]]:
    """Folders that are deleted here and not there yet, and those that have new names only here."""
    statement = select(col(Operation.verb), col(Operation.folder_id)).where(
        col(Operation.account_id) == account_id, col(Operation.verb).in_(_CHANGES)
    )
    told = [(verb, folder_id) for verb, folder_id in session.execute(statement)]
    deleting = {folder_id for verb, folder_id in told if verb == Verb.DELETE_FOLDER}
    renamed = {folder_id for verb, folder_id in told if verb == Verb.RENAME_FOLDER}
    names = tuple(f"{folder.name}/" for folder in own if folder.id in renamed)
    return deleting, renamed | {folder.id for folder in own if folder.name.startswith(names)}


def _join(folder: Folder, found: RemoteFolder, name: str, taken: set[str]) -> None:
    folder.remote = found.key
    folder.name = free_name(name[:_LONGEST_NAME], taken)
    folder.gone = False
    folder.hidden = found.hidden
    folder.identity = found.identity or folder.identity
    # A server without special-use must not undo the choice that was made here.
    folder.role = str(found.role) or folder.role


def free_name(name: str, taken: set[str]) -> str:
    """The name, with a number when it is taken."""
    candidate, number = name, 2
    while candidate in taken:  # servers have been seen that list a name twice
        candidate, number = f"{name} ({number})", number + 1
    return candidate


def folder_for_role(session: Session, account_id: int, role: FolderRole) -> Folder:
    """The account's folder for `role`; made under its usual name, on the server too, when missing."""
    statement = (
        select(Folder)
        .where(col(Folder.account_id) == account_id, col(Folder.role) == str(role))
        .order_by(col(Folder.gone), col(Folder.remote) == "", col(Folder.id))
        .limit(1)
    )
    found = session.scalars(statement).one_or_none()
    if found is not None and not found.gone:
        return found
    name = USUAL_NAMES.get(role, str(role) or "Mail")
    folder = _by_name(session, account_id, name) or _create(session, account_id, name)
    folder.role = str(role)
    session.flush()
    return folder


def folder_named(session: Session, account_id: int, name: str, *, create: bool = False) -> Folder:
    """The account's folder called `name`, or whose role is; NotFound unless it may be made."""
    found = _by_name(session, account_id, name)
    if found is None and name.lower() in {*FolderRole} - {""}:
        statement = select(Folder).where(
            col(Folder.account_id) == account_id,
            col(Folder.role) == name.lower(),
            ~col(Folder.gone),
        )
        found = session.scalars(statement.order_by(col(Folder.id)).limit(1)).one_or_none()
    if found is None and create:
        found = _create(session, account_id, name[:_LONGEST_NAME])
    if found is None:
        raise NotFound(_("There is no folder {name} in this account.").format(name=name))
    return found


def folder_names(session: Session, account_id: int) -> list[str]:
    """What the account's folders are called."""
    mine = select(col(Folder.name)).where(col(Folder.account_id) == account_id, ~col(Folder.gone))
    return list(session.scalars(mine.order_by(col(Folder.id))))


def _by_name(session: Session, account_id: int, name: str) -> Folder | None:
    """Exactly so called, else but for upper and lower case."""
    mine = session.scalars(
        select(Folder).where(col(Folder.account_id) == account_id, ~col(Folder.gone))
    ).all()
    exact = next((folder for folder in mine if folder.name == name), None)
    return exact or next((f for f in mine if f.name.lower() == name.lower()), None)


def _create(session: Session, account_id: int, name: str) -> Folder:
    same = (col(Folder.account_id) == account_id, col(Folder.name) == name, col(Folder.gone))
    gone = session.scalars(select(Folder).where(*same)).one_or_none()
    if gone is not None:
        gone.gone = False
        made_here(session, gone)
        return gone
    names = select(col(Folder.name)).where(col(Folder.account_id) == account_id)
    folder = Folder(account_id=account_id, name=free_name(name, set(session.scalars(names))))
    session.add(folder)
    session.flush()
    made_here(session, folder)
    return folder


def made_here(session: Session, folder: Folder) -> None:
    """A folder that its server has not: it is to be told."""
    protocol = select(col(Account.protocol)).where(col(Account.id) == folder.account_id)
    if session.scalar(protocol) == "imap":
        session.add(
            Operation(
                account_id=folder.account_id, verb=str(Verb.CREATE_FOLDER), folder_id=folder.id
            )
        )
        session.flush()
        publish(session, Topic.OPERATIONS)
    publish(session, Topic.FOLDERS)


def folder_of_key(session: Session, account_id: int, remote: str) -> Folder | None:
    """The account's folder that the server calls `remote`, None when it is not known."""
    statement = select(Folder).where(
        col(Folder.account_id) == account_id, col(Folder.remote) == remote, ~col(Folder.gone)
    )
    return session.scalars(statement.order_by(col(Folder.id)).limit(1)).one_or_none()


def cursor_of(session: Session, folder_id: int) -> str:
    """How far the folder has been read, "" when never."""
    return session.scalar(select(col(Folder.cursor)).where(col(Folder.id) == folder_id)) or ""


def set_cursor(session: Session, folder_id: int, cursor: str) -> None:
    """Keep how far the folder has been read."""
    session.execute(update(Folder).where(col(Folder.id) == folder_id).values(cursor=cursor))


def known_keys(
    session: Session, folder_id: int, among: Collection[str] | None = None
) -> dict[str, tuple[int, frozenset[str]]]:
    """What the server is known to have in the folder: key -> (placement id, flags).

    With what has been moved or deleted here and not yet there (placement id 0 when it is
    deleted), so that it is not taken for new. `among`: only those of these keys.
    """
    leaving: Select[*tuple[Any, ...]] = select(
        col(Operation.remote), col(Operation.placement_id).label("placement_id")
    ).where(col(Operation.folder_id) == folder_id, col(Operation.remote) != "")
    placed = select(col(Placement.id), col(Placement.remote), *FLAG_COLUMNS).where(
        col(Placement.folder_id) == folder_id, col(Placement.remote) != ""
    )
    given: dict[str, Collection[str]] = {}
    if among is not None:
        given = {"some": among}
        leaving = leaving.where(among_texts(col(Operation.remote), "some"))
        placed = placed.where(among_texts(col(Placement.remote), "some"))
    result = {
        remote: (placement_id or 0, frozenset[str]())
        for remote, placement_id in session.execute(leaving, given)
    }
    for identifier, remote, *marks in session.execute(placed, given):
        result[remote] = (key_of(identifier), flags_of(marks))
    return result


def known_number(session: Session, folder_id: int) -> int:
    """How many keys of the folder are known, as `known_keys` has them."""
    placed = (col(Placement.folder_id) == folder_id, col(Placement.remote) != "")
    is_placed = exists().where(
        col(Placement.folder_id) == folder_id, col(Placement.remote) == col(Operation.remote)
    )
    leaving = select(func.count(col(Operation.remote).distinct())).where(
        col(Operation.folder_id) == folder_id, col(Operation.remote) != "", ~is_placed
    )
    number = select(func.count()).select_from(Placement).where(*placed)
    return (session.scalar(number) or 0) + (session.scalar(leaving) or 0)
