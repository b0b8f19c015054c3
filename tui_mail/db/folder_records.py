"""Folders that stand for a record: what people put into them belongs to it, in any mail program.

A person says so of a folder; what the names of the others suggest is only proposed. Each verb is one
transaction's work, journalled with its way back.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.among import among_texts
from tui_mail.db.erp import entities_by_id, entity_by_id
from tui_mail.db.filing import note_folder
from tui_mail.db.folders import folders
from tui_mail.db.journal import journal
from tui_mail.db.many import key_of
from tui_mail.db.rights import readable, require
from tui_mail.db.rows import EntityRow, FolderRow
from tui_mail.db.tables import Entity, Folder, FolderRecord
from tui_mail.db.topics import Topic, publish
from tui_mail.db.unindexed import unindexed
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.safetext import folded
from tui_mail.values import ENTITY_KINDS

_KINDS = tuple(kind for kind in ENTITY_KINDS if kind != "operator")
_MOST = 3  # records that are proposed for one folder
_DEEPEST = 3  # names of folders, one in the other, that may be a code such as 2026/A/88


def stand_for(
    session: Session, operator_id: int, folder_id: int, entity_id: int, now: datetime
) -> int:
    """From now on the folder stands for the record; gives the id of the journalled change.

    Raises NotAllowed where the operator may only read, NotFound when the folder or the record is not
    there, WrongUse for a folder that takes in everybody's mail.
    """
    folder = _own(session, operator_id, folder_id)
    if folder.role:
        raise WrongUse(
            _("The folder {name} holds mail of all sorts: choose one of your own.").format(
                name=folder.name
            )
        )
    record = entity_by_id(session, entity_id)
    before = put(session, operator_id, folder_id, entity_id, now)
    detail = f"{folder.name} {record.kind}:{record.code}"
    return journal(
        session, operator_id, now, "folder_record", detail, {"stands": [folder_id, before]}
    )


def stand_for_none(session: Session, operator_id: int, folder_id: int, now: datetime) -> int:
    """The folder stands for no record any more; as `stand_for`, and NotFound where it stands for none."""
    folder = _own(session, operator_id, folder_id)
    before = put(session, operator_id, folder_id, None, now)
    if before is None:
        raise NotFound(_("The folder {name} stands for no record.").format(name=folder.name))
    return journal(
        session, operator_id, now, "folder_record", folder.name, {"stands": [folder_id, before]}
    )


def put(
    session: Session, operator_id: int, folder_id: int, entity_id: int | None, now: datetime
) -> int | None:
    """Have the folder stand for a record, or for none; gives the record that it stood for."""
    row = session.get(FolderRecord, folder_id)
    before = row.entity_id if row is not None else None
    if before == entity_id:
        return before
    if entity_id is None:
        session.delete(row)
    elif row is None:
        session.add(
            FolderRecord(folder_id=folder_id, entity_id=entity_id, operator_id=operator_id, at=now)
        )
    else:
        row.entity_id, row.operator_id, row.at = entity_id, operator_id, now
        session.add(row)
    session.flush()
    note_folder(session, folder_id)
    publish(session, Topic.FOLDERS, Topic.MAIL)
    return before


def put_back(
    session: Session, operator_id: int, folder_id: int, entity_id: int | None, now: datetime
) -> tuple[str, int | None]:
    """`put` as undo needs it: the folder's name, and what it stood for. As `stand_for` otherwise."""
    folder = _own(session, operator_id, folder_id)
    return folder.name, put(session, operator_id, folder_id, entity_id, now)


def _own(session: Session, operator_id: int, folder_id: int) -> Folder:
    folder = session.get(Folder, folder_id)
    if folder is None or folder.gone:
        raise NotFound(_("The folder is not there any more."))
    require(session, operator_id, folder.account_id, "triage")
    return folder


def records_of(session: Session, folder_ids: Collection[int]) -> list[tuple[int, int]]:
    """Those of the folders that stand for a record, each with the record's id."""
    query = select(col(FolderRecord.folder_id), col(FolderRecord.entity_id)).where(
        col(FolderRecord.folder_id).in_(folder_ids)
    )
    return [(row.folder_id, row.entity_id) for row in session.execute(query)]


def folder_records(session: Session, operator_id: int) -> dict[int, EntityRow]:
    """Folder -> the record that it stands for, of the operator's accounts; records not shown left out."""
    query = (
        select(col(FolderRecord.folder_id), col(FolderRecord.entity_id))
        .join(Folder, col(Folder.id) == col(FolderRecord.folder_id))
        .where(col(Folder.account_id).in_(readable(operator_id)))
    )
    stands = {row.folder_id: row.entity_id for row in session.execute(query)}
    if not stands:
        return {}
    rows = {row.id: row for row in entities_by_id(session, sorted(set(stands.values())))}
    return {key: rows[one] for key, one in stands.items() if one in rows}


@dataclass(frozen=True, slots=True)
class Likeness:
    """A folder that is called as a record is: by its code, or by its name."""

    folder: FolderRow
    record: EntityRow
    by_code: bool


def proposed(session: Session, operator_id: int) -> list[Likeness]:
    """Folders that stand for no record and are called as one is, at most three records each."""
    stands = folder_records(session, operator_id)
    named: defaultdict[str, list[FolderRow]] = defaultdict(list)
    for row in folders(session, operator_id):
        if not row.role and row.folder_id not in stands:
            for name in _names(row.name):
                named[name].append(row)
    found: defaultdict[int, dict[int, bool]] = defaultdict(dict)
    for entity_id, name, by_code in _called(session, list(named)):
        for row in named[name]:
            if len(found[row.folder_id]) < _MOST:
                found[row.folder_id].setdefault(entity_id, by_code)
    ids = sorted({entity_id for there in found.values() for entity_id in there})
    records = {row.id: row for row in entities_by_id(session, ids)}
    once = {row.folder_id: row for rows in named.values() for row in rows}
    return [
        Likeness(once[folder_id], records[entity_id], by_code)
        for folder_id, there in found.items()
        for entity_id, by_code in there.items()
        if entity_id in records
    ]


def _names(path: str) -> set[str]:
    """What a folder may be called after: its own name, and with those it is in, as 2026/123 would be
    where folders are parted by the same sign; where a name cannot hold a slash it is a dash."""
    parts = [part for part in path.split("/") if part.strip()]
    found = {folded("/".join(parts[-depth:])) for depth in range(1, _DEEPEST + 1)}
    own = folded(parts[-1]) if parts else ""
    return {name for name in (*found, own.replace("-", "/"), own.replace("_", "/")) if name}


def _called(session: Session, names: list[str]) -> Iterator[tuple[int, str, bool]]:
    """Records of these codes, then of these names: id, name, whether it is a code."""
    if not names:
        return
    kind = col(Entity.kind)
    columns: list[tuple[Any, Any]] = [
        (Entity.code_folded, kind),
        (Entity.title_folded, unindexed(kind)),
    ]
    for column, of_kind in columns:
        query = (
            select(col(Entity.id), col(column))
            .where(
                among_texts(col(column), "some"),
                of_kind.in_(_KINDS),
                ~col(Entity.gone),
            )
            .order_by(col(Entity.id))
        )
        for entity_id, name in session.execute(query, {"some": names}):
            yield key_of(entity_id), name, column is Entity.code_folded
