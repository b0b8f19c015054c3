"""What changed in a folder of an IMAP server since a cursor.

Hides by which of QRESYNC, CONDSTORE (RFC 7162), ESEARCH (RFC 4731) and their ways round it is found.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing

from tui_mail.backends import imap_labels
from tui_mail.backends.imap_labels import Labels
from tui_mail.backends.imap_messages import (
    State,
    fetched,
    found_uids,
    message_key,
    people_flags,
    read_cursor,
    vanished_uids,
)
from tui_mail.backends.imap_session import Command, Session
from tui_mail.backends.imap_syntax import Value
from tui_mail.backends.imap_wire import Answer
from tui_mail.values import FolderChanges, RemoteMessage

_LISTED_AT_ONCE = 10_000
_SEARCHED_AT_ONCE = 50_000
_VANISHED_AT_ONCE = 50_000  # over which a list of what is there is shorter


async def changes(
    session: Session, folder: str, cursor: str, labels: Labels | None
) -> FolderChanges:
    """What changed in `folder` since `cursor`, by QRESYNC or CHANGEDSINCE where the server can.

    Without QRESYNC messages that went are noticed by the count: old ones + new ones must be
    all there are.
    """
    if labels and folder == labels.everything:
        return await _archived(session, labels, cursor)
    before = read_cursor(cursor)
    news = await session.resync(folder, before)
    state = session.state
    known = before if before and before.validity == state.validity else None
    if known == state and state.modseq:
        return FolderChanges(state.cursor)
    resynced = await _resynced(state, news) if news else None
    if resynced is not None:
        return resynced
    incremental = bool(known and known.modseq and state.modseq)
    messages = await _messages(session, state, known.modseq if known and incremental else 0)
    uids = sorted(messages, reverse=True)
    if not state.next_uid:  # an old server that tells no UIDNEXT
        top = max((*uids, known.next_uid - 1 if known else 0), default=0)
        state = State(state.validity, top + 1, state.modseq, state.exists)
    new = sum(1 for uid in uids if known and known.next_uid <= uid < state.next_uid)
    present: Iterable[int] | None = uids
    if known and known.exists + new == state.exists:
        present = None
    elif incremental:
        present = sorted(await _all_uids(session, state), reverse=True)
    return FolderChanges(
        state.cursor,
        tuple(RemoteMessage(message_key(state.validity, u), messages[u]) for u in uids),
        None if present is None else tuple(message_key(state.validity, uid) for uid in present),
        reset=before is not None and known is None,
    )


async def _resynced(state: State, news: Answer) -> FolderChanges | None:
    """What a folder was selected with; None when that says too much to be taken."""
    vanished = vanished_uids(news.frames, _VANISHED_AT_ONCE)
    if vanished is None or not state.next_uid:
        return None
    messages = {
        uid: people_flags(items[b"FLAGS"])
        async for uid, items in fetched(news.frames)
        if b"FLAGS" in items
    }
    return FolderChanges(
        state.cursor,
        tuple(
            RemoteMessage(message_key(state.validity, uid), messages[uid])
            for uid in sorted(messages, reverse=True)
        ),
        gone=frozenset(message_key(state.validity, uid) for uid in vanished),
        total=state.exists,
    )


async def _archived(session: Session, labels: Labels, cursor: str) -> FolderChanges:
    """What changed of the messages that are in no folder but that of all mail."""
    before = read_cursor(imap_labels.unmarked(cursor))
    state = await session.select(labels.everything)
    known = before if before and before.validity == state.validity else None
    if known == state and state.modseq:
        return FolderChanges(cursor)
    since = known.modseq if known and state.modseq else 0
    items = b"(UID FLAGS %b)" % imap_labels.ITEM
    told = {
        uid: one
        async for uid, one in _told(session, state, items, since)
        if imap_labels.ITEM in one  # else it is told of its own accord, of flags alone
    }
    filed = {uid for uid, one in told.items() if labels.is_filed(one[imap_labels.ITEM])}
    present: list[int] | None = None if since else sorted(told.keys() - filed, reverse=True)
    new = sum(1 for uid in told if known and known.next_uid <= uid < state.next_uid)
    if since and known and known.exists + new != state.exists:
        items = b"(UID %b)" % imap_labels.ITEM
        every = [
            uid
            async for uid, one in _told(session, state, items, 0)
            if imap_labels.ITEM in one and not labels.is_filed(one[imap_labels.ITEM])
        ]
        present = sorted(every, reverse=True)
    validity = state.validity
    return FolderChanges(
        imap_labels.marked(state.cursor),
        tuple(
            RemoteMessage(message_key(validity, uid), people_flags(told[uid].get(b"FLAGS")))
            for uid in sorted(told.keys() - filed, reverse=True)
        ),
        None if present is None else tuple(message_key(validity, uid) for uid in present),
        reset=before is not None and known is None,
        gone=frozenset(message_key(validity, uid) for uid in filed),
    )


async def _messages(session: Session, state: State, since: int) -> dict[int, frozenset[str]]:
    """UID -> flags of all messages, or of those changed since a modification sequence."""
    return {
        uid: people_flags(items[b"FLAGS"])
        async for uid, items in _told(session, state, b"(UID FLAGS)", since)
        if b"FLAGS" in items
    }


async def _told(
    session: Session, state: State, items: bytes, since: int
) -> AsyncGenerator[tuple[int, dict[bytes, Value]], None]:
    """UID and items of all messages, or of those changed since a modification sequence."""
    if since:
        modifier = b"(CHANGEDSINCE %d)" % since
        commands = [Command("UID FETCH", (b"1:*", items, modifier))]
    else:
        # By sequence numbers: nothing is expunged under a running FETCH (RFC 3501 §7.4.1).
        commands = [
            Command("FETCH", (b"%d:%d" % span, items))
            for span in _spans(state.exists, _LISTED_AT_ONCE)
        ]
    async with aclosing(session.pipelined(commands)) as answers:
        async for answer in answers:
            if answer.status == "NO":
                raise session.refusal(answer)
            async for one in fetched(answer.frames):
                yield one


async def _all_uids(session: Session, state: State) -> set[int]:
    how = b"RETURN (ALL) " if session.offers("ESEARCH") else b""
    spans = _spans(state.exists, _SEARCHED_AT_ONCE)
    commands = [Command("UID SEARCH", (how + b"%d:%d" % span,)) for span in spans]
    uids: set[int] = set()
    async with aclosing(session.pipelined(commands)) as answers:
        async for answer in answers:
            if answer.status == "NO":
                raise session.refusal(answer)
            uids |= found_uids(answer.frames)
    return uids


def _spans(count: int, at_once: int) -> Iterator[tuple[int, int]]:
    """1..count in pieces, the newest first."""
    for high in range(count, 0, -at_once):
        yield max(1, high - at_once + 1), high
