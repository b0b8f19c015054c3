"""What becomes of a folder once its server has made, renamed or deleted it."""

from collections.abc import Collection

from sqlalchemy import bindparam, exists, select, update
from sqlmodel import Session, col

from tui_mail.db.folders import NO_MORE
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.tables import Folder, Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.values import OperationResult, Verb


def settle_folder(session: Session, row: Operation, result: OperationResult) -> None:
    """The server has carried the operation out."""
    if row.verb == Verb.CREATE_FOLDER:
        _made(session, row, result)
    elif row.verb == Verb.RENAME_FOLDER:
        _renamed(session, row, result)
    else:
        _deleted(session, row)
    publish(session, Topic.FOLDERS)


def _made(session: Session, row: Operation, result: OperationResult) -> None:
    """The server names the new folder; where it does not, the next listing will."""
    key = next(iter(result.keys.values()), "")
    if key:
        _no_more(session, row.account_id, {key}, {row.folder_id})
        folder = (col(Folder.id) == row.folder_id, col(Folder.remote) == "")
        session.execute(update(Folder).where(*folder).values(remote=key))


def _no_more(
    session: Session, account_id: int, keys: Collection[str], own: Collection[int | None]
) -> None:
    """The server calls folders of `own` by these keys: those that had them before are not there,
    and wait to be looked for."""
    for part in chunks(keys):
        session.execute(
            update(Folder)
            .where(
                col(Folder.account_id) == account_id,
                col(Folder.remote).in_(part),
                col(Folder.id).not_in(own),
            )
            .values(remote=NO_MORE + col(Folder.remote), cursor="")
        )


def _renamed(session: Session, row: Operation, result: OperationResult) -> None:
    """It and all in it have other keys; what the server says of them is read anew."""
    mine = (col(Folder.account_id) == row.account_id,)
    ids = dict(session.execute(select(col(Folder.remote), col(Folder.id)).where(*mine)).all())
    changed = [
        {"folder": ids[old], "new": new} for old, new in result.keys.items() if old and old in ids
    ]
    renamed = [one["folder"] for one in changed]
    _no_more(session, row.account_id, [str(one["new"]) for one in changed], renamed)
    statement = (
        update(Folder)
        .where(col(Folder.id) == bindparam("folder"))
        .values(remote=bindparam("new"), cursor="")
    )
    execute_many(session, statement, changed)


def _deleted(session: Session, row: Operation) -> None:
    """Its row goes, unless somebody wants the folder back, or it has what only is here."""
    folder = session.get(Folder, row.folder_id)
    if folder is None:
        return
    again = exists().where(
        col(Operation.folder_id) == folder.id, col(Operation.verb) == str(Verb.CREATE_FOLDER)
    )
    held = exists().where(col(Placement.folder_id) == folder.id)
    if session.scalar(select(again)) or session.scalar(select(held)):
        folder.remote, folder.cursor = "", ""
    else:
        session.delete(folder)
    session.flush()
