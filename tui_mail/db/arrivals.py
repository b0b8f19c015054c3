"""Mail comes in: contents once, placements where the server has them, threads joined.

Everything is done for a batch at a time, and doing it again changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tui_mail.db.conversations import refresh
from tui_mail.db.flags import columns_of
from tui_mail.db.fulltext import Indexed, index
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.operations import keep_key, settle
from tui_mail.db.placements import remove, set_flags, update_flags, with_pending
from tui_mail.db.tables import (
    Attachment,
    Blob,
    Folder,
    Message,
    MessageSource,
    MessageText,
    Operation,
    Placement,
)
from tui_mail.db.threads import LONGEST_IDENTIFIER, assign
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotFound
from tui_mail.i18n import _
from tui_mail.values import Mailbox, OperationResult, ParsedMessage, Verb

_SHOWN_RECIPIENTS = 20


@dataclass(frozen=True, slots=True)
class PreparedAttachment:
    """A file of a message whose bytes are stored already; `blob` is "" when they are in the skeleton."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str
    blob: str
    content_id: str = ""
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message ready to be stored. `own`: one of our accounts is the sender."""

    parsed: ParsedMessage
    content_hash: str
    skeleton: bytes
    attachments: tuple[PreparedAttachment, ...]
    body: str
    people: str
    thread_keys: tuple[str, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message in a folder. `remote`: the server's key of it there, "" where there is none."""

    prepared: Prepared
    remote: str
    flags: frozenset[str]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Saved:
    """What an arrival has become. `new`: its content was not here before.

    `placement_id` is None when the message was moved or deleted here and the server has yet to
    be told: it stays where it was put.
    """

    message_id: int
    thread_id: int
    placement_id: int | None
    new: bool


@dataclass(frozen=True, slots=True)
class _Content:
    message_id: int
    thread_id: int


def save(
    session: Session, account_id: int, folder_id: int, arrivals: Sequence[Arrival], now: datetime
) -> list[Saved]:
    """Store messages that are in a folder of an account; one result an arrival, in their order.

    The same content is the same message; a key of the folder is one placement. A message that was
    put here first, and whose key is learnt now, is not doubled. What claims to come from the
    future came `now`. NotFound when the account has no such folder any more.
    """
    if not arrivals:
        return []
    folder = select(col(Folder.account_id)).where(col(Folder.id) == folder_id)
    if session.scalar(folder) != account_id:
        raise NotFound(_("The folder is not there any more: it was removed with its account."))
    contents, fresh, touched = _store_contents(session, arrivals, now)
    placed = _Placing(session, folder_id, now).place(
        [(arrival, contents[arrival.prepared.content_hash]) for arrival in arrivals]
    )
    touched |= {(folder_id, content.thread_id) for content in contents.values()}
    refresh(session, touched)
    publish(session, Topic.MAIL, Topic.FOLDERS)
    result = []
    for arrival, placement_id in zip(arrivals, placed, strict=True):
        content_hash = arrival.prepared.content_hash
        content = contents[content_hash]
        new = content_hash in fresh
        fresh.discard(content_hash)
        result.append(Saved(content.message_id, content.thread_id, placement_id, new))
    return result


# -- contents --------------------------------------------------------------------------------------


def _store_contents(
    session: Session, arrivals: Sequence[Arrival], now: datetime
) -> tuple[dict[str, _Content], set[str], set[tuple[int, int]]]:
    """The message of each content hash, those that are new, and the conversations merged."""
    by_hash: dict[str, Arrival] = {}
    for arrival in arrivals:
        by_hash.setdefault(arrival.prepared.content_hash, arrival)
    missing = {**by_hash}
    for content_hash in _known(session, by_hash):
        del missing[content_hash]
    fresh = list(missing.values())
    assigned = assign(session, [arrival.prepared.thread_keys for arrival in fresh])
    rows = [
        _message_row(arrival, thread_id, now)
        for arrival, thread_id in zip(fresh, assigned.thread_ids, strict=True)
    ]
    if rows:
        statement = insert(Message).returning(col(Message.id), sort_by_parameter_order=True)
        ids = [key for key in session.scalars(statement, rows) if key is not None]
        _store_parts(session, [arrival.prepared for arrival in fresh], ids)
    # Read again: merging may have moved messages that were here to another thread.
    return _known(session, by_hash), set(missing), assigned.touched


def _known(session: Session, hashes: Iterable[str]) -> dict[str, _Content]:
    known: dict[str, _Content] = {}
    statement = select(col(Message.content_hash), col(Message.id), col(Message.thread_id))
    for part in chunks(hashes):
        rows = session.execute(statement.where(col(Message.content_hash).in_(part)))
        for content_hash, identifier, thread_id in rows:
            if identifier is not None:
                known[content_hash] = _Content(identifier, thread_id)
    return known


def _message_row(arrival: Arrival, thread_id: int, now: datetime) -> dict[str, Any]:
    prepared = arrival.prepared
    parsed = prepared.parsed
    direct = _addresses(parsed.to)
    return {
        "content_hash": prepared.content_hash,
        "message_id": parsed.message_id[:LONGEST_IDENTIFIER],
        "in_reply_to": " ".join(parsed.in_reply_to),
        "references": " ".join(parsed.references),
        "thread_id": thread_id,
        "subject": parsed.subject,
        "sender_name": parsed.sender.name if parsed.sender else "",
        "sender_address": parsed.sender.address if parsed.sender else "",
        "recipients": ", ".join(m.name or m.address for m in parsed.to[:_SHOWN_RECIPIENTS]),
        "recipient_addresses": " ".join(_addresses(_recipients(parsed))),
        "copy_addresses": " ".join(one for one in _addresses(_recipients(parsed)) if one not in direct),
        "reply_addresses": " ".join(_addresses(parsed.reply_to)),
        "date": parsed.date,
        "received_at": min(arrival.received_at, now),
        "size": parsed.size,
        "kind": parsed.kind,
        "attachment_count": sum(not attachment.inline for attachment in prepared.attachments),
        "outgoing": prepared.own,
    }


def _addresses(mailboxes: Iterable[Mailbox]) -> dict[str, None]:
    """Each address once, in order; one with a space in it would be taken for two."""
    addresses = (mailbox.address.lower() for mailbox in mailboxes)
    return dict.fromkeys(one for one in addresses if one and not any(map(str.isspace, one)))


def _recipients(parsed: ParsedMessage) -> tuple[Mailbox, ...]:
    return (*parsed.to, *parsed.cc, *parsed.bcc)


def _store_parts(session: Session, prepared: Sequence[Prepared], ids: Sequence[int]) -> None:
    """Source, text, words and attachments of new messages."""
    pairs = list(zip(ids, prepared, strict=True))
    execute_many(
        session,
        insert(MessageSource),
        [{"message_id": key, "skeleton": message.skeleton} for key, message in pairs],
    )
    texts = [_text_row(key, message) for key, message in pairs]
    execute_many(session, insert(MessageText), texts)
    index(session, [_indexed(key, message) for key, message in pairs])
    attachments = [
        _attachment_row(key, attachment)
        for key, message in pairs
        for attachment in message.attachments
    ]
    execute_many(session, insert(Attachment), attachments)
    _claim_blobs(session, [attachment for _key, m in pairs for attachment in m.attachments])


def _names(message: Prepared) -> str:
    return "\n".join(attachment.name for attachment in message.attachments)


def _text_row(message_id: int, message: Prepared) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "subject": message.parsed.subject,
        "people": message.people,
        "body": message.body,
        "attachment_names": _names(message),
    }


def _indexed(message_id: int, message: Prepared) -> Indexed:
    parsed = message.parsed
    return Indexed(
        message_id=message_id,
        subject=parsed.subject,
        sender=_written(parsed.senders or ((parsed.sender,) if parsed.sender else ())),
        recipients=_written(_recipients(parsed)),
        body=f"{_names(message)}\n{message.body}",
    )


def _written(mailboxes: Iterable[Mailbox]) -> str:
    return "\n".join(f"{mailbox.name} {mailbox.address}" for mailbox in mailboxes)


def _attachment_row(message_id: int, attachment: PreparedAttachment) -> dict[str, Any]:
    return {
        "message_id": message_id,
        "number": attachment.number,
        "name": attachment.name,
        "media_type": attachment.media_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "blob": attachment.blob,
        "content_id": attachment.content_id,
        "inline": attachment.inline,
    }


def _claim_blobs(session: Session, attachments: Iterable[PreparedAttachment]) -> None:
    claims: dict[str, dict[str, Any]] = {}
    for attachment in attachments:
        if attachment.blob:
            claim = {"id": attachment.blob, "size": attachment.size, "references": 0}
            claims.setdefault(attachment.blob, claim)["references"] += 1
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = make(Blob)
    more = col(Blob.references) + statement.excluded.references
    statement = statement.on_conflict_do_update(index_elements=["id"], set_={"references": more})
    execute_many(session, statement, list(claims.values()))


# -- placements ------------------------------------------------------------------------------------


class _Placing:
    """Puts the messages of a batch into their folder, by what is there and what is on its way."""

    def __init__(self, session: Session, folder_id: int, now: datetime) -> None:
        self._session = session
        self._folder_id = folder_id
        self._now = now

    def place(self, arrivals: Sequence[tuple[Arrival, _Content]]) -> list[int | None]:
        """The placement of each arrival, made where there is none."""
        self._look([arrival.remote for arrival, _content in arrivals if arrival.remote])
        self._look_for_local({content.message_id for _arrival, content in arrivals})
        self._replace([(a, c) for a, c in arrivals if a.remote])
        self._taken: dict[int, Arrival] = {}
        self._known: dict[str, frozenset[str]] = {}
        rows: list[dict[str, Any]] = []
        found = [self._find(arrival, content, rows) for arrival, content in arrivals]
        made: list[int | None] = []
        if rows:
            statement = insert(Placement).returning(col(Placement.id), sort_by_parameter_order=True)
            made = list(self._session.scalars(statement, rows))
        self._take_over()
        update_flags(self._session, self._folder_id, self._known)
        return [made[-key - 1] if key is not None and key < 0 else key for key in found]

    def _look(self, remotes: Sequence[str]) -> None:
        """What is known of the keys: placements here, and messages that are leaving."""
        self._here: dict[str, tuple[int, int]] = {}
        self._leaving: set[str] = set()
        placements = select(col(Placement.remote), col(Placement.id), col(Placement.message_id))
        leaving = select(col(Operation.remote)).where(col(Operation.verb) != str(Verb.FLAGS))
        for part in chunks(remotes):
            here = (col(Placement.folder_id) == self._folder_id, col(Placement.remote).in_(part))
            for remote, identifier, message_id in self._session.execute(placements.where(*here)):
                if identifier is not None:
                    self._here[remote] = (identifier, message_id)
            mine = (col(Operation.folder_id) == self._folder_id, col(Operation.remote).in_(part))
            self._leaving.update(self._session.scalars(leaving.where(*mine)))

    def _look_for_local(self, message_ids: Iterable[int]) -> None:
        """Placements of the messages in this folder, and operations here that lack their key."""
        self._nameless: dict[int, list[int]] = defaultdict(list)
        self._anyhow: dict[int, int] = {}
        self._passing: dict[int, list[int]] = defaultdict(list)
        placements = select(col(Placement.message_id), col(Placement.id), col(Placement.remote))
        passing = select(col(Operation.message_id), col(Operation.placement_id)).distinct()
        for part in chunks(sorted(message_ids)):
            here = (
                col(Placement.folder_id) == self._folder_id,
                col(Placement.message_id).in_(part),
            )
            for message_id, identifier, remote in self._session.execute(placements.where(*here)):
                if identifier is not None:
                    self._anyhow[message_id] = identifier
                    if not remote:
                        self._nameless[message_id].append(identifier)
            waiting = (
                col(Operation.folder_id) == self._folder_id,
                col(Operation.remote) == "",
                col(Operation.message_id).in_(part),
                col(Operation.placement_id).is_not(None),
            )
            for owner, passed in self._session.execute(passing.where(*waiting)):
                self._passing[owner].append(passed)

    def _replace(self, arrivals: Sequence[tuple[Arrival, _Content]]) -> None:
        """A key that stands for another message now: the server is right."""
        wrong = [
            arrival.remote
            for arrival, content in arrivals
            if self._here.get(arrival.remote, (0, content.message_id))[1] != content.message_id
        ]
        if wrong:
            remove(self._session, self._folder_id, wrong)
            for remote in wrong:
                self._here.pop(remote, None)

    def _find(self, arrival: Arrival, content: _Content, rows: list[dict[str, Any]]) -> int | None:
        """The placement's id, or -1 - its place in `rows`, which it is added to; None: it left."""
        message_id = content.message_id
        if not arrival.remote and message_id in self._anyhow:
            return self._anyhow[message_id]
        if arrival.remote in self._here:
            self._known[arrival.remote] = arrival.flags
            return self._here[arrival.remote][0]
        if arrival.remote in self._leaving:
            return None
        if arrival.remote and self._nameless[message_id]:
            taken = self._nameless[message_id].pop()
            self._taken[taken] = arrival
            self._here[arrival.remote] = (taken, message_id)
            return taken
        if arrival.remote and self._passing[message_id]:
            keep_key(
                self._session, {self._passing[message_id].pop(): arrival.remote}, self._folder_id
            )
            self._leaving.add(arrival.remote)
            return None
        rows.append(
            {
                "message_id": message_id,
                "folder_id": self._folder_id,
                "thread_id": content.thread_id,
                "remote": arrival.remote,
                "received_at": min(arrival.received_at, self._now),
                **columns_of(arrival.flags),
            }
        )
        place = -len(rows)
        self._anyhow[message_id] = place
        if arrival.remote:
            self._here[arrival.remote] = (place, message_id)
        return place

    def _take_over(self) -> None:
        """Placements made here first learn their keys; what was to bring them there is done."""
        if not self._taken:
            return
        keys = {placement: arrival.remote for placement, arrival in self._taken.items()}
        keep_key(self._session, keys, self._folder_id)
        for part in chunks(keys):
            appends = select(col(Operation.id), col(Operation.placement_id)).where(
                col(Operation.placement_id).in_(part),
                col(Operation.verb) == str(Verb.APPEND),
                col(Operation.target_id) == self._folder_id,
            )
            for identifier, placement_id in self._session.execute(appends).all():
                if identifier is not None and placement_id is not None:
                    done = OperationResult(keys={"": keys[placement_id]})
                    settle(self._session, (identifier,), done, self._now)
        flags = {placement: arrival.flags for placement, arrival in self._taken.items()}
        set_flags(self._session, with_pending(self._session, flags))
