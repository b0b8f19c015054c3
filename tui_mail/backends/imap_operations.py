"""Changes on an IMAP server: flags, moving, deleting, filing, making folders.

Hides which of MOVE (RFC 6851), UIDPLUS (RFC 4315) and their ways round a server has. Never
expunges what somebody else marked as deleted.
"""

import re
from collections.abc import Awaitable, Callable

from tui_mail.backends.imap_folders import (
    created_name,
    folder_key,
    listed,
    personal_namespace,
    wire_name,
)
from tui_mail.backends.imap_messages import (
    State,
    appended_key,
    copied_keys,
    found_uids,
    message_key,
    uids_of,
    wire_flags,
)
from tui_mail.backends.imap_session import Session
from tui_mail.backends.imap_syntax import Argument, Literal, astring, compact, date_time
from tui_mail.errors import ProtocolRefused
from tui_mail.i18n import _
from tui_mail.values import OperationResult, RemoteOperation, Verb

Select = Callable[[str], Awaitable[State]]

_AT_ONCE = 500  # keys in one command: even scattered, they fit a line of 8,000 bytes
_MESSAGE_ID = re.compile(
    rb"^message-id:\s*(<[\x21-\x3d\x3f-\x7e]{1,500}>)", re.IGNORECASE | re.MULTILINE
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")


async def apply(session: Session, operation: RemoteOperation, select: Select) -> OperationResult:
    """Carry one change out."""
    if operation.verb is Verb.APPEND:
        return await _append(session, operation, select)
    if operation.verb is Verb.CREATE_FOLDER:
        return await _create(session, operation.target)
    if session.folder != operation.folder:
        await select(operation.folder)
    asked = uids_of(operation.keys, session.state.validity)
    known: dict[int, str] = {}
    moved: dict[str, str] = {}
    every = list(asked)
    for start in range(0, len(every), _AT_ONCE):
        part = {uid: asked[uid] for uid in every[start : start + _AT_ONCE]}
        there = await _present(session, part)
        if there:
            moved.update(await _change(session, operation, there))
        known.update(there)
    return OperationResult(moved, frozenset(operation.keys) - frozenset(known.values()))


async def _present(session: Session, asked: dict[int, str]) -> dict[int, str]:
    answer = await session.command("UID SEARCH", b"UID " + compact(asked))
    found = found_uids(answer.frames)
    return {uid: key for uid, key in asked.items() if uid in found}


async def _change(
    session: Session, operation: RemoteOperation, asked: dict[int, str]
) -> dict[str, str]:
    uids = compact(asked)
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
    arguments: list[Argument] = [astring(wire_name(operation.folder))]
    if operation.add:
        arguments.append(wire_flags(operation.add))
    if operation.received_at is not None:
        arguments.append(date_time(operation.received_at))
    answer = await session.command("APPEND", *arguments, Literal(operation.raw))
    key = appended_key(answer.text) or await _filed_key(session, operation, select)
    return OperationResult({"": key} if key else {})


async def _filed_key(session: Session, operation: RemoteOperation, select: Select) -> str:
    """The key of what was just filed, by its Message-ID, for a server without UIDPLUS."""
    head = _HEADER_END.split(operation.raw[: 64 << 10], maxsplit=1)[0]
    match = _MESSAGE_ID.search(head)
    if match is None:
        return ""
    state = await select(operation.folder)
    answer = await session.command("UID SEARCH", b"HEADER", b"Message-ID", astring(match[1]))
    found = found_uids(answer.frames)
    return message_key(state.validity, max(found)) if found else ""


async def _create(session: Session, people: str) -> OperationResult:
    """Make a folder called `people`; one that is there already is as good."""
    prefix, delimiter = b"", b""
    if session.offers("NAMESPACE"):
        prefix, delimiter = personal_namespace((await session.command("NAMESPACE")).frames)
    if not delimiter:
        answer = await session.command("LIST", b'""', b'""')
        delimiter = next((folder.delimiter for folder in listed(answer.frames)), b"")
    name = created_name(people, delimiter, prefix)
    if not name:
        raise ProtocolRefused(_("A folder needs a name."))
    answer = await session.attempt("CREATE", astring(name))
    if answer.status != "OK":
        there = await session.command("LIST", b'""', astring(name))
        if not any(folder.name == name for folder in listed(there.frames)):
            raise session.refusal(answer)
    await session.attempt("SUBSCRIBE", astring(name))  # for other programs; a refusal is no harm
    return OperationResult({people: folder_key(name)})
