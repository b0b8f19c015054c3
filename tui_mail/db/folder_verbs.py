"""What a person does to folders: made, renamed, deleted; at once here, queued for the server.

Each verb is one transaction's work, journalled with its way back. They raise NotAllowed where the
operator may not manage the account, NotFound when the folder is gone, WrongUse for what cannot be.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlmodel import Session, col

from tui_mail.db.folder_records import records_of
from tui_mail.db.folders import folder_for_role, folder_named, free_name, made_here
from tui_mail.db.journal import journal
from tui_mail.db.many import chunks, key_of
from tui_mail.db.moving import find, move_to
from tui_mail.db.rights import require
from tui_mail.db.tables import Folder, Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.values import FolderRole, Verb

_LONGEST_NAME = 200


def create_folder(
    session: Session, operator_id: int, account_id: int, name: str, now: datetime
) -> int:
    """Make a folder; `/` in its name puts it into another. Gives the id of the journalled change."""
    require(session, operator_id, account_id, "manage")
    folder = folder_named(session, account_id, _free(session, account_id, name), create=True)
    return journal(
        session, operator_id, now, "create_folder", folder.name, {"created": [key_of(folder.id)]}
    )


def rename_folder(
    session: Session, operator_id: int, folder_id: int, name: str, now: datetime
) -> int:
    """Call a folder otherwise, with those in it; gives the id of the journalled change."""
    folder = _own(session, operator_id, folder_id)
    before = folder.name
    give_name(session, operator_id, folder, name)
    back = {"renamed": [folder_id, before]} if folder.name != before else {}
    return journal(session, operator_id, now, "rename_folder", folder.name, back)


def give_name(session: Session, operator_id: int, folder: Folder, name: str) -> None:
    """Call a folder otherwise, with those in it."""
    require(session, operator_id, folder.account_id, "manage")
    before, name = folder.name, _clean(name)
    if name.startswith(f"{before}/"):
        raise WrongUse(_("A folder cannot be put into itself: choose another name."))
    if name == before:
        return
    inside = _inside(session, folder)
    names = [name + one.name[len(before) :] for one in inside]
    _make_way(session, folder.account_id, names, inside)
    for one, called in zip(inside, names, strict=True):
        one.name = called
    session.flush()
    if folder.remote or _has(session, folder, Verb.CREATE_FOLDER):
        _tell(session, folder, Verb.RENAME_FOLDER)
    publish(session, Topic.FOLDERS)


def remove_folder(session: Session, operator_id: int, folder_id: int, now: datetime) -> int:
    """Delete a folder and those in it; their mail goes to the trash.

    Gives the id of the journalled change.
    """
    folder = _own(session, operator_id, folder_id)
    name = folder.name
    removed = take_away(session, operator_id, folder)
    return journal(session, operator_id, now, "delete_folder", name, {"removed": removed})


def take_away(session: Session, operator_id: int, folder: Folder) -> list[Any]:
    """Delete a folder and those in it. Gives the account, [id, name] of each folder, the moves of
    their mail as `moving.move_to` has them, and [id, record] of folders that stood for one."""
    # From within: a server may refuse to delete what has folders in it.
    folders = sorted(_inside(session, folder), key=lambda one: -one.name.count("/"))
    special = next((one for one in folders if one.role), None)
    if special is not None:
        raise WrongUse(
            _("The folder {name} is needed: it cannot be deleted.").format(name=special.name)
        )
    account_id = folder.account_id
    stood = [list(one) for one in records_of(session, [key_of(one.id) for one in folders])]
    names = [[key_of(one.id), one.name] for one in folders]
    moves: list[list[Any]] = []
    for one in folders:
        here = select(col(Placement.id)).where(col(Placement.folder_id) == one.id)
        placed = find(session, operator_id, [key_of(key) for key in session.scalars(here)])
        if placed:
            trash = folder_for_role(session, account_id, FolderRole.TRASH)
            moves += move_to(session, operator_id, placed, trash)
    _drop_untold(session, [key_of(one.id) for one in folders], Verb.RENAME_FOLDER)
    unused = [one for one in folders if not _is_used(session, key_of(one.id))]
    _drop_untold(session, [key_of(one.id) for one in unused], Verb.CREATE_FOLDER)
    for one in folders:
        if one in unused and not one.remote and not _has(session, one, Verb.CREATE_FOLDER):
            session.delete(one)
        else:
            one.gone = True
            _tell(session, one, Verb.DELETE_FOLDER)
    session.flush()
    publish(session, Topic.FOLDERS)
    return [account_id, names, moves, stood]


def bring_back(
    session: Session, operator_id: int, account_id: int, names: Sequence[tuple[int, str]]
) -> dict[int, int]:
    """Folders that were deleted are there again; the id that each has now, by the one it had."""
    require(session, operator_id, account_id, "manage")
    _drop_untold(session, [key for key, _name in names], Verb.DELETE_FOLDER)
    now: dict[int, int] = {}
    for folder_id, name in reversed(names):
        folder = session.get(Folder, folder_id)
        if folder is None:
            folder = folder_named(session, account_id, name, create=True)
        elif folder.gone:
            folder.gone = False
            if _has(session, folder, Verb.DELETE_FOLDER):
                made_here(session, folder)
        now[folder_id] = key_of(folder.id)
    session.flush()
    publish(session, Topic.FOLDERS)
    return now


def _own(session: Session, operator_id: int, folder_id: int) -> Folder:
    """A folder that the operator may change, and that no program relies on."""
    folder = session.get(Folder, folder_id)
    if folder is None or folder.gone:
        raise NotFound(_("The folder is not there any more."))
    require(session, operator_id, folder.account_id, "manage")
    if folder.role:
        raise WrongUse(
            _("The folder {name} is needed: it keeps its name and place.").format(name=folder.name)
        )
    return folder


def _inside(session: Session, folder: Folder) -> list[Folder]:
    """The folder and those in it."""
    mine = select(Folder).where(col(Folder.account_id) == folder.account_id, ~col(Folder.gone))
    return [
        one
        for one in session.scalars(mine)
        if one.id == folder.id or one.name.startswith(f"{folder.name}/")
    ]


def _clean(name: str) -> str:
    parts = [" ".join(part.split()) for part in name.strip().strip("/").split("/")]
    clean = "/".join(parts)
    if not all(parts) or not clean.isprintable():
        raise WrongUse(_("A folder needs a name."))
    if len(clean) > _LONGEST_NAME:
        raise WrongUse(
            _("A folder's name has at most {number} letters.").format(number=_LONGEST_NAME)
        )
    return clean


def _free(session: Session, account_id: int, name: str) -> str:
    """The name as a folder can have it; WrongUse when one has it."""
    clean = _clean(name)
    names = select(col(Folder.name)).where(col(Folder.account_id) == account_id, ~col(Folder.gone))
    if clean.lower() in {one.lower() for one in session.scalars(names)}:
        raise WrongUse(_("There is a folder {name} already.").format(name=clean))
    return clean


def _make_way(
    session: Session, account_id: int, names: Sequence[str], own: Sequence[Folder]
) -> None:
    """See to it that no folder but `own` has one of the names; WrongUse when one is to keep it.

    A folder that is deleted here is still there until its server has been told.
    """
    mine = list(session.scalars(select(Folder).where(col(Folder.account_id) == account_id)))
    wanted = {name.lower() for name in names}
    taken = {*names, *(one.name for one in mine)}
    for one in mine:
        if one not in own and not one.gone and one.name.lower() in wanted:
            raise WrongUse(_("There is a folder {name} already.").format(name=one.name))
        if one.gone and one.name in names:
            one.name = free_name(one.name, taken)
            taken.add(one.name)
    session.flush()


def _tell(session: Session, folder: Folder, verb: Verb) -> None:
    session.add(Operation(account_id=folder.account_id, verb=str(verb), folder_id=folder.id))
    session.flush()
    publish(session, Topic.OPERATIONS)


def _drop_untold(session: Session, folder_ids: Sequence[int], verb: Verb) -> None:
    """Forget what was to be done to folders and no server has been asked for."""
    for part in chunks(folder_ids):
        session.execute(
            delete(Operation).where(
                col(Operation.folder_id).in_(part),
                col(Operation.verb) == str(verb),
                col(Operation.attempts) == 0,
            )
        )


def _is_used(session: Session, folder_id: int) -> bool:
    """Whether a server is to put something into the folder, be it on its way to elsewhere."""
    return bool(session.scalar(select(exists().where(col(Operation.target_id) == folder_id))))


def _has(session: Session, folder: Folder, verb: Verb) -> bool:
    """Whether its server has yet to do that to the folder."""
    asked = exists().where(col(Operation.folder_id) == folder.id, col(Operation.verb) == str(verb))
    return bool(session.scalar(select(asked)))
