"""The IMAP commands on the messages of the selected folder."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from tui_mail.demo.imap_fetch import FetchRequest, read_request
from tui_mail.demo.imap_search import Candidate, SearchRequest, read_search
from tui_mail.demo.imap_session import CommandEntry, Session, State
from tui_mail.demo.imap_store import Folder, NoSuchFolderError, StoredMessage
from tui_mail.demo.imap_syntax import (
    LARGEST_MODSEQ,
    Arguments,
    MalformedError,
    RefusedError,
    format_set,
)
from tui_mail.demo.imap_view import View

BATCH = 200


@dataclass(frozen=True, slots=True)
class _StoreRequest:
    action: str
    flags: frozenset[str]
    silent: bool
    unchanged_since: int | None

    def applied(self, before: frozenset[str]) -> frozenset[str]:
        wanted = {flag.lower() for flag in self.flags}
        if self.action == "+FLAGS":
            return before | {
                flag for flag in self.flags if flag.lower() not in map(str.lower, before)
            }
        if self.action == "-FLAGS":
            return frozenset(flag for flag in before if flag.lower() not in wanted)
        return self.flags


async def fetch(session: Session, arguments: Arguments, *, by_uid: bool) -> str:
    """FETCH and UID FETCH; written out in batches, so that nobody waits for a long one."""
    arguments.space()
    numbers = arguments.number_set()
    arguments.space()
    request = read_request(arguments, by_uid=by_uid, condstore=session.can("CONDSTORE"))
    if request.wants_modseq:
        session.enable_condstore()
    chosen = session.selected.chosen(numbers, by_uid=by_uid)
    if request.since is not None:
        changed = set(session.selected.folder.changed_since(request.since))
        chosen = [pair for pair in chosen if pair[1] in changed]
    missing = False
    for start in range(0, len(chosen), BATCH):
        for number, uid in chosen[start : start + BATCH]:
            missing |= not _answer(session, request, number, uid)
            # Big messages wait for the client one by one, small ones a batch at a time.
            await session.flush()
        await asyncio.sleep(0)
    return "[EXPUNGEISSUED] Some messages are gone" if missing and not by_uid else "Fetched"


def _answer(session: Session, request: FetchRequest, number: int, uid: int) -> bool:
    view = session.selected
    message = view.folder.messages.get(uid)
    if message is None:
        return False
    if request.sets_seen and not view.read_only and "\\Seen" not in message.flags:
        view.folder.set_flags(uid, message.flags | {"\\Seen"})
    flags = view.flags(message)
    answers = b" ".join(item.answer(message, flags) for item in request.items)
    session.send(b"* %d FETCH (%b)" % (number, answers))
    return True


async def store(session: Session, arguments: Arguments, *, by_uid: bool) -> str:
    """STORE and UID STORE, with UNCHANGEDSINCE where offered (RFC 7162 section 3.1.3)."""
    arguments.space()
    numbers = arguments.number_set()
    request = _read_store(session, arguments)
    view = _writable(session)
    chosen = view.chosen(numbers, by_uid=by_uid)
    modified: list[int] = []
    stored: list[tuple[int, StoredMessage]] = []
    missing = False
    for number, uid in chosen:
        message = view.folder.messages.get(uid)
        if message is None:
            missing = True
        elif request.unchanged_since is not None and message.modseq > request.unchanged_since:
            modified.append(uid if by_uid else number)
        else:
            view.folder.set_flags(uid, request.applied(message.flags))
            stored.append((number, message))
    _answer_store(session, request, stored)
    if modified:
        return f"[MODIFIED {format_set(modified).decode('ascii')}] Changed by others meanwhile"
    return "[EXPUNGEISSUED] Some messages are gone" if missing and not by_uid else "Stored"


def _read_store(session: Session, arguments: Arguments) -> _StoreRequest:
    arguments.space()
    since = None
    if arguments.accept(b"(UNCHANGEDSINCE "):
        if not session.can("CONDSTORE"):
            raise MalformedError("CONDSTORE is not offered")
        since = arguments.number(LARGEST_MODSEQ)
        arguments.expect(b") ")
        session.enable_condstore()
    action, _, suffix = arguments.keyword().partition(".")
    if action not in {"FLAGS", "+FLAGS", "-FLAGS"} or suffix not in {"", "SILENT"}:
        raise MalformedError("unknown STORE item")
    arguments.space()
    if arguments.peek() == b"(":
        flags: Sequence[str] = arguments.flags()
    else:
        flags = [arguments.flag()]
        while not arguments.at_end:
            arguments.space()
            flags.append(arguments.flag())
    arguments.finish()
    return _StoreRequest(action, frozenset(flags), suffix == "SILENT", since)


def _answer_store(
    session: Session, request: _StoreRequest, stored: list[tuple[int, StoredMessage]]
) -> None:
    view = session.selected
    for number, message in stored:
        items = [b"UID %d" % message.uid]
        if not request.silent:
            items.append(b"FLAGS " + view.flags(message))
        if session.condstore:
            items.append(b"MODSEQ (%d)" % message.modseq)
        if not request.silent or session.condstore:
            session.send(b"* %d FETCH (%b)" % (number, b" ".join(items)))
    view.remember_own(message for _, message in stored)


async def search(session: Session, arguments: Arguments, *, by_uid: bool) -> str:
    """SEARCH and UID SEARCH, answered with ESEARCH when RETURN was asked for."""
    view = session.selected
    request = read_search(
        arguments,
        last_number=len(view.uids),
        last_uid=view.uids[-1] if view.uids else 0,
        condstore=session.can("CONDSTORE"),
        esearch=session.can("ESEARCH"),
    )
    arguments.finish()
    if request.wants_modseq:
        session.enable_condstore()
    found: list[Candidate] = []
    for start in range(0, len(view.uids), BATCH):
        for number, uid in enumerate(view.uids[start : start + BATCH], start + 1):
            message = view.folder.messages.get(uid)
            if message is not None:
                candidate = Candidate(number, message, uid in view.recent)
                if request.test(candidate):
                    found.append(candidate)
        await asyncio.sleep(0)
    if request.returns is None:
        session.send(_search_line(request, found, by_uid=by_uid))
    else:
        session.send(_esearch_line(session.tag, request, found, by_uid=by_uid))
    return "Searched"


def _search_line(request: SearchRequest, found: list[Candidate], *, by_uid: bool) -> bytes:
    words = ["* SEARCH", *map(str, _numbers(found, by_uid=by_uid))]
    if request.wants_modseq and found:
        words.append(f"(MODSEQ {max(candidate.message.modseq for candidate in found)})")
    return " ".join(words).encode("ascii")


def _esearch_line(
    tag: str, request: SearchRequest, found: list[Candidate], *, by_uid: bool
) -> bytes:
    returns = request.returns or frozenset()
    numbers = _numbers(found, by_uid=by_uid)
    words = [f'* ESEARCH (TAG "{tag}")'] + (["UID"] if by_uid else [])
    if numbers:
        values = {"MIN": str(numbers[0]), "MAX": str(numbers[-1])}
        values["ALL"] = format_set(numbers).decode("ascii")
        words += [f"{name} {value}" for name, value in values.items() if name in returns]
    if "COUNT" in returns:
        words.append(f"COUNT {len(numbers)}")
    if request.wants_modseq and found:
        words.append(f"MODSEQ {_told_modseq(returns, found)}")
    return " ".join(words).encode("ascii")


def _told_modseq(returns: frozenset[str], found: list[Candidate]) -> int:
    # With MIN and MAX alone it is that of the messages told, else of all (RFC 4731 section 3.2).
    told = found
    if not returns & {"ALL", "COUNT"}:
        told = [found[index] for name, index in (("MIN", 0), ("MAX", -1)) if name in returns]
    return max(candidate.message.modseq for candidate in told)


def _numbers(found: list[Candidate], *, by_uid: bool) -> list[int]:
    return [candidate.message.uid if by_uid else candidate.number for candidate in found]


async def copy(session: Session, arguments: Arguments, *, by_uid: bool) -> str:
    """COPY and UID COPY, answered with COPYUID where offered (RFC 4315 section 3)."""
    uids, target = _copy_arguments(session, arguments, by_uid=by_uid)
    return f"{_copied(session, uids, target)}Copied"


async def move(session: Session, arguments: Arguments, *, by_uid: bool) -> str:
    """MOVE and UID MOVE (RFC 6851): COPYUID goes ahead of the EXPUNGEs."""
    view = _writable(session)
    uids, target = _copy_arguments(session, arguments, by_uid=by_uid)
    code = _copied(session, uids, target)
    if code:
        session.send(f"* OK {code}Moved".encode("ascii"))
    view.folder.expunge(uids)
    return "Moved"


def _copy_arguments(
    session: Session, arguments: Arguments, *, by_uid: bool
) -> tuple[list[int], Folder]:
    arguments.space()
    numbers = arguments.number_set()
    arguments.space()
    name = arguments.mailbox()
    arguments.finish()
    view = session.selected
    chosen = view.chosen(numbers, by_uid=by_uid)
    try:
        target = session.user.folder(name)
    except NoSuchFolderError as error:
        raise RefusedError("[TRYCREATE] No such mailbox") from error
    return [uid for _, uid in chosen if uid in view.folder.messages], target


def _copied(session: Session, uids: list[int], target: Folder) -> str:
    source = session.selected.folder.messages
    originals = [source[uid] for uid in uids]
    copies = [target.add(one.raw, one.flags, one.when).uid for one in originals]
    if not copies or not session.can("UIDPLUS"):
        return ""
    from_set, to_set = format_set(uids).decode("ascii"), format_set(copies).decode("ascii")
    return f"[COPYUID {target.uidvalidity} {from_set} {to_set}] "


async def expunge(session: Session, arguments: Arguments) -> str:
    """EXPUNGE."""
    arguments.finish()
    view = _writable(session)
    _expunge_deleted(view.folder, view.uids)
    return "Expunged"


async def uid_expunge(session: Session, arguments: Arguments) -> str:
    """UID EXPUNGE (RFC 4315 section 2.1)."""
    arguments.space()
    numbers = arguments.number_set()
    arguments.finish()
    view = _writable(session)
    _expunge_deleted(view.folder, numbers.pick(view.uids))
    return "Expunged"


def _expunge_deleted(folder: Folder, uids: Iterable[int]) -> None:
    messages = folder.messages
    folder.expunge([uid for uid in uids if uid in messages and "\\Deleted" in messages[uid].flags])


async def close(session: Session, arguments: Arguments) -> str:
    """CLOSE: what is marked deleted goes, without a word."""
    arguments.finish()
    view = session.selected
    session.look_at(None)
    if not view.read_only:
        _expunge_deleted(view.folder, view.uids)
    return "Closed"


async def unselect(session: Session, arguments: Arguments) -> str:
    """UNSELECT (RFC 3691)."""
    arguments.finish()
    session.look_at(None)
    return "Unselected"


async def idle(session: Session, arguments: Arguments) -> str:
    """IDLE (RFC 2177)."""
    arguments.finish()
    session.send(b"+ Idling")
    await session.idle()
    return "Idle completed"


def _writable(session: Session) -> View:
    view = session.selected
    if view.read_only:
        raise RefusedError("[READ-ONLY] The mailbox is open for reading only")
    return view


def _numbered(name: str) -> dict[str, CommandEntry]:
    """Return a command on message numbers and its UID form."""
    handler = {"FETCH": fetch, "STORE": store, "SEARCH": search, "COPY": copy, "MOVE": move}[name]
    needs = "MOVE" if name == "MOVE" else ""
    return {
        name: CommandEntry(partial(handler, by_uid=False), State.SELECTED, needs=needs),
        f"UID {name}": CommandEntry(partial(handler, by_uid=True), State.SELECTED, needs=needs),
    }


MESSAGE_COMMANDS: Mapping[str, CommandEntry] = MappingProxyType(
    {
        **_numbered("FETCH"),
        **_numbered("STORE"),
        **_numbered("SEARCH"),
        **_numbered("COPY"),
        **_numbered("MOVE"),
        "EXPUNGE": CommandEntry(expunge, State.SELECTED),
        "UID EXPUNGE": CommandEntry(uid_expunge, State.SELECTED, needs="UIDPLUS"),
        "CLOSE": CommandEntry(close, State.SELECTED),
        "UNSELECT": CommandEntry(unselect, State.SELECTED, needs="UNSELECT"),
        "IDLE": CommandEntry(idle, State.AUTHENTICATED, needs="IDLE"),
    }
)
