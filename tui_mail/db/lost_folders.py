"""Folders that another program renamed or deleted: which they were, and what becomes of their mail."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlmodel import Session, col

from tui_mail.db.folders import made_here
from tui_mail.db.many import key_of
from tui_mail.db.operations import settle_gone
from tui_mail.db.placements import remove
from tui_mail.db.tables import Folder, Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.values import RemoteFolder, Verb

_CHANGES = (str(Verb.RENAME_FOLDER), str(Verb.DELETE_FOLDER))
_BRINGING = (str(Verb.MOVE), str(Verb.APPEND))


def missing(session: Session, account_id: int, remote: Collection[RemoteFolder]) -> list[Folder]:
    """The account's folders that the server had and does not list any more."""
    listed = {found.key for found in remote if found.selectable}
    had = select(Folder).where(col(Folder.account_id) == account_id, col(Folder.remote) != "")
    return [folder for folder in session.scalars(had) if folder.remote not in listed]


def unknown(session: Session, account_id: int, remote: Collection[RemoteFolder]) -> list[str]:
    """The keys of folders that the server lists and that are not here."""
    had = select(col(Folder.remote)).where(col(Folder.account_id) == account_id)
    known = set(session.scalars(had))
    return [found.key for found in remote if found.selectable and found.key not in known]


def renamed(session: Session, account_id: int, remote: Collection[RemoteFolder]) -> dict[int, str]:
    """The new keys of folders that the server says are the same under another name, by id."""
    keys = {found.identity: found.key for found in remote if found.identity and found.selectable}
    if not keys:
        return {}
    mine = (col(Folder.account_id) == account_id, col(Folder.remote) != "")
    known = select(col(Folder.id), col(Folder.remote), col(Folder.identity)).where(*mine)
    return {
        key_of(folder_id): keys[identity]
        for folder_id, key, identity in session.execute(known)
        if identity in keys and keys[identity] != key
    }


def rename(session: Session, folder_id: int, key: str) -> None:
    """The server calls the folder by another key now; what it says of it is read anew."""
    folder = session.get(Folder, folder_id)
    if folder is not None:
        folder.remote, folder.cursor, folder.gone = key, "", False
        publish(session, Topic.FOLDERS)


def forget(session: Session, folder_ids: Sequence[int], now: datetime) -> None:
    """The server has these folders no more: their mail goes, but for what only is here.

    A folder that something is on its way into is made on the server again.
    """
    for folder_id in folder_ids:
        folder = session.get(Folder, folder_id)
        if folder is not None:
            _forget(session, folder, folder_id, now)
    publish(session, Topic.FOLDERS)


def _forget(session: Session, folder: Folder, folder_id: int, now: datetime) -> None:
    named = (col(Placement.folder_id) == folder_id, col(Placement.remote) != "")
    remove(session, folder_id, list(session.scalars(select(col(Placement.remote)).where(*named))))
    leaving = (col(Operation.folder_id) == folder_id, col(Operation.remote) != "")
    keys = list(session.scalars(select(col(Operation.remote)).where(*leaving)))
    settle_gone(session, folder_id, keys, now)
    mine = col(Operation.folder_id) == folder_id
    session.execute(delete(Operation).where(mine, col(Operation.verb).in_(_CHANGES)))
    made = mine & (col(Operation.verb) == str(Verb.CREATE_FOLDER))
    comes = (col(Operation.target_id) == folder_id) & col(Operation.verb).in_(_BRINGING)
    if session.scalar(select(exists().where(made | comes))):
        folder.remote, folder.cursor, folder.gone = "", "", False
        if not session.scalar(select(exists().where(made))):
            made_here(session, folder)
    elif not session.scalar(select(exists().where(col(Placement.folder_id) == folder_id))):
        session.delete(folder)
    session.flush()
