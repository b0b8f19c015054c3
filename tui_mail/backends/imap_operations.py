"""Changes on an IMAP server: flags, moving, deleting, filing; those of folders are next door.

Hides which of MOVE (RFC 6851), UIDPLUS (RFC 4315) and their ways round a server has. Never
expunges what somebody else marked as deleted.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tui_mail.backends import imap_folder_changes
from tui_mail.backends.imap_folders import wire_name
from tui_mail.backends.imap_labels import Labels
from tui_mail.backends.imap_messages import (
    State,
    appended_key,
    copied_keys,
    found_uids,
    message_key,
    stale_keys,
    uids_of,
    wire_flags,
)
from tui_mail.backends.imap_session import Session
from tui_mail.backends.imap_syntax import Argument, Literal, astring, compact, date_time
from tui_mail.values import OperationResult, RemoteOperation, Verb

Select = Callable[[str], Awaitable[State]]

_AT_ONCE = 500  # keys in one command: even scattered, they fit a line of 8,000 bytes
_MESSAGE_ID = re.compile(
    rb"^message-id:\s*(<[\x21-\x3d\x3f-\x7e]{1,500}>)", re.IGNORECASE | re.MULTILINE
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")


async def apply(
    session: Session, asked: RemoteOperation, select: Select, labels: Labels | None = None
) -> OperationResult:
    """Carry one change out; where folders are `labels`, by their habits."""
    operation = labels.habit(asked) if labels else asked
    if operation is None:
        return OperationResult()
    result = await _apply(session, operation, select, labels)
    return result if operation.verb is asked.verb else replace(result, keys={})


async def _apply(
    session: Session, operation: RemoteOperation, select: Select, labels: Labels | None
) -> OperationResult:
    if operation.verb is Verb.APPEND:
        return await _append(session, operation, select)
    if operation.verb is Verb.CREATE_FOLDER:
        return await imap_folder_changes.create(session, operation.target)
    if operation.verb is Verb.RENAME_FOLDER:
        return await imap_folder_changes.rename(session, operation.folder, operation.target)
    if operation.verb is Verb.DELETE_FOLDER:
        return await imap_folder_changes.delete(session, operation.folder)
    if session.folder != operation.folder:
        await select(operation.folder)
    if stale := stale_keys(operation.keys, session.state.validity):
        return OperationResult(stale=stale)
    asked = uids_of(operation.keys, session.state.validity)
    known: dict[int, str] = {}
    moved: dict[str, str] = {}
    every = list(asked)
    for start in range(0, len(every), _AT_ONCE):
        part = {uid: asked[uid] for uid in every[start : start + _AT_ONCE]}
        there = await _present(session, part)
        if there:
            adding = labels is not None and labels.only_adds(operation)
            moved.update(await _change(session, operation, there, adding=adding))
        known.update(there)
    return OperationResult(moved, frozenset(operation.keys) - frozenset(known.values()))


async def _present(session: Session, asked: dict[int, str]) -> dict[int, str]:
    answer = await session.command("UID SEARCH", b"UID " + compact(asked))
    found = found_uids(answer.frames)
    return {uid: key for uid, key in asked.items() if uid in found}


async def _change(
    session: Session, operation: RemoteOperation, asked: dict[int, str], *, adding: bool
) -> dict[str, str]:
    uids = compact(asked)
    if operation.verb is Verb.MOVE and adding:
        answer = await session.command("UID COPY", uids, astring(wire_name(operation.target)))
        return copied_keys([answer.text, *(f[0] for f in answer.frames)], asked)
    if operation.verb is Verb.MOVE:
        return await _move(session, operation.target, asked)
    if operation.verb is Verb.DELETE:
        await session.command("UID STORE", uids, b"+FLAGS.SILENT", wire_flags({"deleted"}))
        await _expunge(session, asked)
        return {}
    if operation.add:
        await session.command("UID STORE", uids, b"+FLAGS.SILENT", wire_flags(operation.add))
    if operation.remove:
        await session.command("UID STORE", uids, b"-FLAGS.SILENT", wire_flags(operation.remove))
    return {}


async def _move(session: Session, target: str, asked: dict[int, str]) -> dict[str, str]:
    uids, mailbox = compact(asked), astring(wire_name(target))
    if session.offers("MOVE"):
        answer = await session.command("UID MOVE", uids, mailbox)
        return copied_keys([answer.text, *(f[0] for f in answer.frames)], asked)
    answer = await session.command("UID COPY", uids, mailbox)
    await session.command("UID STORE", uids, b"+FLAGS.SILENT", wire_flags({"deleted"}))
    await _expunge(session, asked)
    return copied_keys([answer.text, *(f[0] for f in answer.frames)], asked)


async def _expunge(session: Session, asked: dict[int, str]) -> None:
    """Remove these, and these only; where the server cannot, they stay marked as deleted."""
    if session.offers("UIDPLUS"):
        await session.command("UID EXPUNGE", compact(asked))
        return
    answer = await session.command("UID SEARCH", b"DELETED")
    if found_uids(answer.frames) <= asked.keys():
        await session.command("EXPUNGE")


async def _append(session: Session, operation: RemoteOperation, select: Select) -> OperationResult:
    if operation.once and (key := await _filed_key(session, operation, select)):
        return OperationResult({"": key}, there=True)
    arguments: list[Argument] = [astring(wire_name(operation.folder))]
    if operation.add:
        arguments.append(wire_flags(operation.add))
    if operation.received_at is not None:
        arguments.append(date_time(operation.received_at))
    answer = await session.command("APPEND", *arguments, Literal(operation.raw))
    key = appended_key(answer.text) or await _filed_key(session, operation, select)
    return OperationResult({"": key} if key else {})


async def _filed_key(session: Session, operation: RemoteOperation, select: Select) -> str:
    """The key of what is filed, by its Message-ID; "" when it is not there, or cannot be told."""
    head = _HEADER_END.split(operation.raw[: 64 << 10], maxsplit=1)[0]
    match = _MESSAGE_ID.search(head)
    if match is None:
        return ""
    state = await select(operation.folder)
    answer = await session.command("UID SEARCH", b"HEADER", b"Message-ID", astring(match[1]))
    found = found_uids(answer.frames)
    return message_key(state.validity, max(found)) if found else ""
