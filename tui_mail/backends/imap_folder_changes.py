"""Folders made, renamed and deleted on an IMAP server.

Hides namespaces, delimiters and subscriptions; what was done before is done as well.
"""

from tui_mail.backends.imap_folders import (
    INBOX,
    created_name,
    folder_key,
    listed,
    message_count,
    personal_namespace,
    wire_name,
)
from tui_mail.backends.imap_session import Session
from tui_mail.backends.imap_syntax import astring
from tui_mail.errors import ProtocolRefused, WrongData
from tui_mail.i18n import _
from tui_mail.values import OperationResult


async def create(session: Session, people: str) -> OperationResult:
    """Make a folder called `people`; one that is there already is as good."""
    name, _delimiter = await _new_name(session, people)
    answer = await session.attempt("CREATE", astring(name))
    if answer.status != "OK" and not await _is_there(session, name):
        raise session.refusal(answer)
    await _subscribe(session, name)
    return OperationResult({people: folder_key(name)})


async def rename(session: Session, key: str, people: str) -> OperationResult:
    """Call a folder `people`; the keys of it and of all that are in it."""
    old = wire_name(key)
    name, delimiter = await _new_name(session, people)
    if name != old:
        await _leave(session, key)
        answer = await session.attempt("RENAME", astring(old), astring(name))
        done_before = answer.status != "OK" and not await _is_there(session, old)
        if answer.status != "OK" and not (done_before and await _is_there(session, name)):
            raise session.refusal(answer)
        await _take_subscriptions(session, old, name, delimiter)
    inside = await session.command("LIST", b'""', astring(name + delimiter + b"*"))
    inner = [one.name for one in listed(inside.frames) if one.name.startswith(name + delimiter)]
    return OperationResult(
        {folder_key(old + one[len(name) :]): folder_key(one) for one in (name, *inner)}
    )


async def delete(session: Session, key: str) -> OperationResult:
    """Take a folder away that has no messages. Raises WrongData when it has."""
    name = wire_name(key)
    await _leave(session, key)
    answer = await session.attempt("STATUS", astring(name), b"(MESSAGES)")
    if answer.status == "OK" and message_count(answer.frames):
        raise WrongData(
            _("The folder was not deleted: in the meantime messages have come into it.")
        )
    answer = await session.attempt("DELETE", astring(name))
    if answer.status != "OK" and await _is_there(session, name):
        raise session.refusal(answer)
    await session.attempt("UNSUBSCRIBE", astring(name))
    return OperationResult()


async def _new_name(session: Session, people: str) -> tuple[bytes, bytes]:
    """The raw name of a folder called `people`, and what divides names."""
    prefix, delimiter = b"", b""
    if session.offers("NAMESPACE"):
        prefix, delimiter = personal_namespace((await session.command("NAMESPACE")).frames)
    if not delimiter:
        answer = await session.command("LIST", b'""', b'""')
        delimiter = next((folder.delimiter for folder in listed(answer.frames)), b"")
    name = created_name(people, delimiter, prefix)
    if not name:
        raise ProtocolRefused(_("A folder needs a name."))
    return name, delimiter or b"/"


async def _is_there(session: Session, name: bytes) -> bool:
    there = await session.command("LIST", b'""', astring(name))
    return any(
        folder.name == name and folder.attributes.isdisjoint({b"\\NOSELECT", b"\\NONEXISTENT"})
        for folder in listed(there.frames)
    )


async def _leave(session: Session, key: str) -> None:
    """A folder that is in hand may not be changed on some servers."""
    if session.folder == key:
        await session.select(INBOX)


async def _take_subscriptions(session: Session, old: bytes, new: bytes, delimiter: bytes) -> None:
    """A server keeps them by name: those of a folder and of all in it are made anew."""
    answer = await session.attempt("LSUB", b'""', astring(old + delimiter + b"*"))
    inside = [one.name for one in listed(answer.frames, b"LSUB")]
    for name in (old, *(one for one in inside if one.startswith(old + delimiter))):
        await session.attempt("UNSUBSCRIBE", astring(name))
        await _subscribe(session, new + name[len(old) :])


async def _subscribe(session: Session, name: bytes) -> None:
    await session.attempt("SUBSCRIBE", astring(name))  # for other programs; a refusal is no harm
