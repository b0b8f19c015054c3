"""Taking changes back, and doing again what was taken back: one transaction, however much it was.

What the server has not been told is dropped; otherwise it is told the contrary. Each way back
gives the way forward in the same form, so that redo is nothing but undo of an undo.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db import folder_records
from tui_mail.db.counters import refresh
from tui_mail.db.creating import make_again, unmake
from tui_mail.db.folder_verbs import bring_back, give_name, take_away
from tui_mail.db.journal import REDO, UNDO, journal, last_done, last_undone
from tui_mail.db.journeys import Return, put_back
from tui_mail.db.links import undo_links
from tui_mail.db.many import chunks
from tui_mail.db.moving import (
    Placed,
    change_flags,
    changed,
    copy_to,
    destroy,
    find,
    move_to,
)
from tui_mail.db.regrouping import Decisions, decide
from tui_mail.db.saved_searches import kept_searches, undo_saved
from tui_mail.db.tables import Change, Folder, Operation
from tui_mail.db.topics import Topic, publish
from tui_mail.db.triage import undo_triage
from tui_mail.i18n import _, ngettext
from tui_mail.values import Verb


@dataclass(frozen=True, slots=True)
class _Call:
    session: Session
    operator_id: int
    now: datetime
    again: bool  # what was taken back is done once more


# What a change's journal holds, and what a way back leaves there: one key, and what that way takes.
_Back = dict[str, Sequence[Any]]
_Way = Callable[[_Call, Sequence[Any]], tuple[str, _Back]]


def undo(session: Session, operator_id: int, now: datetime) -> str | None:
    """Take back the operator's last change that can be; a sentence that says what, None: nothing."""
    change = last_done(session, operator_id)
    return (
        None
        if change is None
        else _reverse(_Call(session, operator_id, now, again=False), change, UNDO)
    )


def redo(session: Session, operator_id: int, now: datetime) -> str | None:
    """Do again what the operator took back last, unless something was done since; as `undo`."""
    change = last_undone(session, operator_id)
    return (
        None
        if change is None
        else _reverse(_Call(session, operator_id, now, again=True), change, REDO)
    )


def _reverse(call: _Call, change: Change, verb: str) -> str:
    change.undone = True
    ((name, data),) = json.loads(change.undo).items()
    sentence, back = _WAYS[name](call, data)
    journal(call.session, call.operator_id, call.now, verb, str(change.id), back)
    return sentence


# -- the ways --------------------------------------------------------------------------------------


def _links_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    before = undo_links(call.session, data)
    again = _("Done again: the links are what they had become.")
    return again if call.again else _("Taken back: the links are as they were."), {"links": before}


def _records_away(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    back = unmake(call.session, data)
    if not back:
        return _("Taken back: the link. The record is in the ERP by now: remove it there."), {}
    return _("Taken back: the record is gone again."), {"unmade": back}


def _records_again(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    return _("Done again: the record is there."), {"made": make_again(call.session, data, call.now)}


def _marks_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    back = {entry[0]: (frozenset(entry[2]), frozenset(entry[1])) for entry in data}
    placed = find(call.session, call.operator_id, back)
    done = change_flags(call.session, placed, back)
    number = len(placed)
    sentence = ngettext(
        "Taken back: the marks of {number} message are as they were.",
        "Taken back: the marks of {number} messages are as they were.",
        number,
    )
    if call.again:
        sentence = ngettext(
            "Done again: {number} message is marked.",
            "Done again: {number} messages are marked.",
            number,
        )
    return sentence.format(number=number), {"flags": done}


def _moves_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    session = call.session
    placed = {row.id: row for row in find(session, call.operator_id, [entry[0] for entry in data])}
    untold = _untold(session, [entry[1] for entry in data if entry[1] is not None])
    dropped: list[Return] = []
    needless: list[int] = []  # other moves lead on from where these end
    told: dict[int, list[Placed]] = defaultdict(list)
    for placement_id, operation_id, source_id, target_id in data:
        row = placed.get(placement_id)
        if row is None or row.folder_id != target_id:
            continue  # it has gone on from there since
        if operation_id in untold:
            remote = untold[operation_id]
            dropped.append(
                Return(operation_id, placement_id, row.thread_id, source_id, remote, target_id)
            )
            needless.append(operation_id)
        else:
            told[source_id].append(row)
    _drop(session, needless)
    changed(session, put_back(session, dropped))
    moves = [[one.placement_id, None, one.target_id, one.source_id] for one in dropped]
    for source_id, rows in told.items():
        folder = session.get(Folder, source_id)
        if folder is not None:
            moves += move_to(session, call.operator_id, rows, folder)
    number = len(moves)
    sentence = ngettext(
        "Taken back: {number} message is where it was.",
        "Taken back: {number} messages are where they were.",
        number,
    )
    if call.again:
        sentence = ngettext(
            "Done again: {number} message is moved.",
            "Done again: {number} messages are moved.",
            number,
        )
    return sentence.format(number=number), {"moves": moves}


def _untold(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Those of the operations that no server has been asked for, and their messages' keys.

    Not what a later one leads on from: what was asked for after it is to be done after it.
    """
    found: dict[int, str] = {}
    later = aliased(Operation)
    led_on = exists().where(
        col(later.placement_id) == col(Operation.placement_id),
        col(later.id) > col(Operation.id),
        col(later.verb) != str(Verb.FLAGS),
    )
    for part in chunks(ids):
        statement = select(col(Operation.id), col(Operation.remote)).where(
            col(Operation.id).in_(part), col(Operation.attempts) == 0, ~led_on
        )
        found.update((key, remote) for key, remote in session.execute(statement) if key)
    return found


def _drop(session: Session, operation_ids: Sequence[int]) -> None:
    for part in chunks(operation_ids):
        session.execute(delete(Operation).where(col(Operation.id).in_(part)))


def _copies_away(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    placed = find(call.session, call.operator_id, [entry[0] for entry in data])
    there = {row.id for row in placed}
    untold = set(_untold(call.session, [entry[1] for entry in data if entry[1] is not None]))
    _drop(call.session, sorted(untold))
    never_sent = {entry[0] for entry in data if entry[1] in untold}
    destroy(call.session, placed, untold=never_sent)
    back = [[entry[2], entry[3]] for entry in data if entry[0] in there]
    number = len(placed)
    sentence = ngettext(
        "Taken back: {number} copy is gone.", "Taken back: {number} copies are gone.", number
    )
    return sentence.format(number=number), {"copied": back}


def _copies_again(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    by_folder: dict[int, list[int]] = defaultdict(list)
    for source_id, folder_id in data:
        by_folder[folder_id].append(source_id)
    copies: list[list[Any]] = []
    for folder_id, sources in by_folder.items():
        folder = call.session.get(Folder, folder_id)
        if folder is not None:
            placed = find(call.session, call.operator_id, sources)
            copies += copy_to(call.session, call.operator_id, placed, folder)
    number = len(copies)
    sentence = ngettext("Copied {number} message again.", "Copied {number} messages again.", number)
    return sentence.format(number=number), {"copies": copies}


def _threads_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    """`data`: what was added and what was dropped, each as splits and joins."""
    added, dropped = (
        Decisions(tuple(splits), tuple((one, other) for one, other in joins))
        for splits, joins in data
    )
    regrouped = decide(call.session, call.operator_id, call.now, add=dropped, drop=added)
    refresh(call.session, regrouped.touched)
    publish(call.session, Topic.MAIL, Topic.FOLDERS)
    sentence = (
        _("Done again: the conversations are what they had become.")
        if call.again
        else _("Taken back: the conversations are as they were.")
    )
    return sentence, {"threads": [data[1], data[0]]}


def _triage_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    before = undo_triage(call.session, call.operator_id, data)
    number = len(before)
    sentence = ngettext(
        "Taken back: {number} conversation is as it was.",
        "Taken back: {number} conversations are as they were.",
        number,
    )
    if call.again:
        sentence = ngettext(
            "Done again: {number} conversation is changed.",
            "Done again: {number} conversations are changed.",
            number,
        )
    return sentence.format(number=number), {"triage": before}


def _searches_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    before = kept_searches(call.session, [entry[0] for entry in data])
    undo_saved(call.session, data)
    sentence = (
        _("Done again: the saved searches are what they had become.")
        if call.again
        else _("Taken back: the saved searches are as they were.")
    )
    return sentence, {"searches": before}


def _folders_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    """`data`: as `take_away` has it. Their mail is in them again."""
    account_id, names, moves, *stood = data
    now = bring_back(call.session, call.operator_id, account_id, names)
    for folder_id, entity_id in stood[0] if stood else ():
        folder_records.put(
            call.session, call.operator_id, now.get(folder_id, folder_id), entity_id, call.now
        )
    back = [[one, number, now.get(source, source), at] for one, number, source, at in moves]
    _moves_back(call, back)
    sentence = _("Taken back: the folder {name} is there again with its mail.")
    if call.again:
        sentence = _("Done again: the folder {name} is there.")
    first, name = names[-1]
    return sentence.format(name=name), {"created": [now[first]]}


def _folders_away(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    folder = call.session.get(Folder, data[0])
    if folder is None or folder.gone:
        return _("The folder is not there any more."), {}
    name = folder.name
    removed = take_away(call.session, call.operator_id, folder)
    sentence = (
        _("Done again: the folder {name} is deleted.")
        if call.again
        else _("Taken back: the folder {name} is gone.")
    )
    return sentence.format(name=name), {"removed": removed}


def _folder_name_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    folder_id, name = data
    folder = call.session.get(Folder, folder_id)
    if folder is None or folder.gone:
        return _("The folder is not there any more."), {}
    before = folder.name
    give_name(call.session, call.operator_id, folder, name)
    sentence = (
        _("Done again: the folder is called {name}.")
        if call.again
        else _("Taken back: the folder is called {name} again.")
    )
    return sentence.format(name=name), {"renamed": [folder_id, before]}


def _folder_record_back(call: _Call, data: Sequence[Any]) -> tuple[str, _Back]:
    folder_id, entity_id = data
    name, before = folder_records.put_back(
        call.session, call.operator_id, folder_id, entity_id, call.now
    )
    sentence = (
        _("Done again: the folder {name} stands for what it had come to stand for.")
        if call.again
        else _("Taken back: the folder {name} stands for what it stood for.")
    )
    return sentence.format(name=name), {"stands": [folder_id, before]}


_WAYS: dict[str, _Way] = {
    "links": _links_back,
    "flags": _marks_back,
    "moves": _moves_back,
    "copies": _copies_away,
    "copied": _copies_again,
    "threads": _threads_back,
    "triage": _triage_back,
    "searches": _searches_back,
    "removed": _folders_back,
    "created": _folders_away,
    "made": _records_away,
    "unmade": _records_again,
    "renamed": _folder_name_back,
    "stands": _folder_record_back,
}
