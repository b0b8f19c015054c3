"""Mail comes in: contents once, placements where the server has them, threads joined.

Everything is done for a batch at a time, and doing it again changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tui_mail.db import certified
from tui_mail.db.bulk import insert_numbered, insert_rows
from tui_mail.db.counters import refresh
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.ordering import sender_key, subject_key
from tui_mail.db.placing import Placing
from tui_mail.db.positions import next_positions
from tui_mail.db.prepared import Arrival, Content, Prepared, PreparedAttachment
from tui_mail.db.regrouping import regroup
from tui_mail.db.tables import (
    Attachment,
    Blob,
    Folder,
    Message,
    MessageSource,
    MessageText,
    acceptable,
)
from tui_mail.db.texts import note_files
from tui_mail.db.threads import LONGEST_IDENTIFIER, assign
from tui_mail.db.topics import Topic, publish
from tui_mail.db.word_index import TEXTS, Indexed, index, note_account
from tui_mail.errors import NotFound
from tui_mail.i18n import _
from tui_mail.values import Mailbox, ParsedMessage

_SHOWN_RECIPIENTS = 20
_ORDERED_BY = (
    "position",
    "sender_name",
    "sender_address",
    "recipients",
    "outgoing",
    "subject",
    "size",
)


class Saved(Struct, frozen=True):
    """What an arrival has become. `new`: its content was not here before; `row`: its message then,
    by column, as if it were read again.

    `placement_id` is None when the message was moved or deleted here and the server has yet to
    be told: it stays where it was put.
    """

    message_id: int
    thread_id: int
    placement_id: int | None
    new: bool
    row: Mapping[str, Any] | None = None


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
    contents, rows, touched = _store_contents(session, account_id, arrivals, now)
    placing = Placing(session, folder_id, now)
    placed = placing.place(
        [(arrival, contents[arrival.prepared.content_hash]) for arrival in arrivals]
    )
    refresh(session, touched | {(folder_id, thread_id) for thread_id in placing.unsure})
    publish(session, Topic.MAIL, Topic.FOLDERS)
    result = []
    for arrival, placement_id in zip(arrivals, placed, strict=True):
        content_hash = arrival.prepared.content_hash
        content = contents[content_hash]
        row = rows.pop(content_hash, None)
        if row is not None:
            row = {**row, "id": content.message_id, "thread_id": content.thread_id}
        message = content.message_id, content.thread_id
        result.append(Saved(*message, placement_id, row is not None, row))
    return result


# -- contents --------------------------------------------------------------------------------------


def _store_contents(
    session: Session, account_id: int, arrivals: Sequence[Arrival], now: datetime
) -> tuple[dict[str, Content], dict[str, dict[str, Any]], set[tuple[int, int]]]:
    """The message of each content hash, the rows of those that are new, and the conversations merged."""
    by_hash: dict[str, Arrival] = {}
    for arrival in arrivals:
        by_hash.setdefault(arrival.prepared.content_hash, arrival)
    contents = _known(session, by_hash)
    note_account(session, account_id, [one.message_id for one in contents.values()])
    missing = {key: arrival for key, arrival in by_hash.items() if key not in contents}
    fresh = list(missing.values())
    assigned = assign(session, [arrival.prepared.thread_keys for arrival in fresh])
    times = [min(arrival.received_at, now) for arrival in fresh]
    positions = next_positions(session, times)
    places = list(zip(assigned.thread_ids, times, positions, strict=True))
    rows = [
        _message_row(arrival.prepared, *place) for arrival, place in zip(fresh, places, strict=True)
    ]
    if rows:
        ids = insert_numbered(session, Message, rows)
        stored = [
            _content(identifier, thread_id, row)
            for identifier, thread_id, row in zip(ids, assigned.thread_ids, rows, strict=True)
        ]
        _store_parts(session, account_id, list(zip(stored, missing.values(), strict=True)))
        contents |= dict(zip(missing, stored, strict=True))
    regrouped = regroup(session, set(assigned.thread_ids))
    final = {}
    for content_hash, one in contents.items():
        thread_id = assigned.merged.get(one.thread_id, one.thread_id)
        thread_id = regrouped.threads.get(one.message_id, thread_id)
        final[content_hash] = replace(one, thread_id=thread_id)
    made = dict(zip(missing, rows, strict=True))
    return final, made, assigned.touched | regrouped.touched


def _known(session: Session, hashes: Iterable[str]) -> dict[str, Content]:
    known: dict[str, Content] = {}
    statement = select(
        col(Message.content_hash),
        col(Message.id),
        col(Message.thread_id),
        *(getattr(Message, name) for name in _ORDERED_BY),
    )
    for part in chunks(hashes):
        for found in session.execute(statement.where(col(Message.content_hash).in_(part))):
            row = dict(zip(_ORDERED_BY, found[3:], strict=True))
            known[found[0]] = _content(found[1], found[2], row)
    return known


def _content(message_id: int, thread_id: int, row: Mapping[str, Any]) -> Content:
    """`row`: at least the columns of `_ORDERED_BY`."""
    shown = row["recipients"] if row["outgoing"] else row["sender_name"]
    return Content(
        message_id=message_id,
        thread_id=thread_id,
        position=row["position"],
        sender_key=sender_key(shown, row["sender_address"]),
        subject_key=subject_key(row["subject"]),
        size=row["size"],
    )


def _message_row(
    prepared: Prepared, thread_id: int, received_at: datetime, position: int
) -> dict[str, Any]:
    parsed = prepared.parsed
    direct = _addresses(parsed.to)
    everyone = _addresses(_recipients(parsed))
    texts = {
        "message_id": parsed.message_id[:LONGEST_IDENTIFIER],
        "in_reply_to": " ".join(parsed.in_reply_to),
        "references": " ".join(parsed.references),
        "subject": parsed.subject,
        "sender_name": parsed.sender.name if parsed.sender else "",
        "sender_address": parsed.sender.address if parsed.sender else "",
        "recipients": ", ".join(m.name or m.address for m in parsed.to[:_SHOWN_RECIPIENTS]),
        "recipient_addresses": " ".join(everyone),
        "copy_addresses": " ".join(one for one in everyone if one not in direct),
        "reply_addresses": " ".join(_addresses(parsed.reply_to)),
    }
    return {
        **{name: acceptable(value) for name, value in texts.items()},
        "content_hash": prepared.content_hash,
        "thread_id": thread_id,
        "date": parsed.date.astimezone(UTC) if parsed.date else None,
        "received_at": received_at,
        "position": position,
        "size": parsed.size,
        "kind": parsed.kind,
        "attachment_count": _files(prepared),
        "outgoing": prepared.own,
    }


def _addresses(mailboxes: Iterable[Mailbox]) -> dict[str, None]:
    """Each address once, in order; one with a space in it would be taken for two."""
    addresses = (mailbox.address.lower() for mailbox in mailboxes)
    return dict.fromkeys(one for one in addresses if one and not any(map(str.isspace, one)))


def _recipients(parsed: ParsedMessage) -> tuple[Mailbox, ...]:
    return (*parsed.to, *parsed.cc, *parsed.bcc)


def _store_parts(
    session: Session, account_id: int, stored: Sequence[tuple[Content, Arrival]]
) -> None:
    """Source, text, words and attachments of new messages."""
    pairs = [(content.message_id, arrival.prepared) for content, arrival in stored]
    sources = [{"message_id": key, "skeleton": message.skeleton} for key, message in pairs]
    insert_rows(session, MessageSource, sources)
    texts = [_text_row(key, message) for key, message in pairs]
    insert_rows(session, MessageText, texts)
    index(
        session,
        [
            _indexed(content, account_id, arrival.prepared, row)
            for (content, arrival), row in zip(stored, texts, strict=True)
        ],
    )
    attachments = [
        attachment_row(key, attachment)
        for key, message in pairs
        for attachment in message.attachments
    ]
    insert_rows(session, Attachment, attachments)
    receipts = [(key, m.parsed.certified) for key, m in pairs if m.parsed.kind == "pec_receipt"]
    certified.note(session, [(key, said) for key, said in receipts if said is not None])
    files = {key: [(a.name, a.media_type) for a in message.attachments] for key, message in pairs}
    note_files(session, files)
    claim_blobs(session, [attachment for _key, m in pairs for attachment in m.attachments])


def _text_row(message_id: int, message: Prepared) -> dict[str, Any]:
    parsed = message.parsed
    return {
        "message_id": message_id,
        "subject": parsed.subject,
        "sender": _written(parsed.senders or ((parsed.sender,) if parsed.sender else ())),
        "recipients": _written(parsed.to),
        "copies": _written(parsed.cc),
        "blind_copies": _written(parsed.bcc),
        "body": message.parsed.text,
        "attachment_names": "\n".join(attachment.name for attachment in message.attachments),
    }


def _written(mailboxes: Iterable[Mailbox]) -> str:
    return "\n".join(f"{mailbox.name} {mailbox.address}" for mailbox in mailboxes)


def _indexed(content: Content, account_id: int, message: Prepared, row: dict[str, Any]) -> Indexed:
    return Indexed(
        position=content.position,
        texts={name: row[name] for name in TEXTS},
        accounts=(account_id,),
        kind=message.parsed.kind,
        size=message.parsed.size,
        attached=_files(message) > 0,
        outgoing=message.own,
        cut={"body": message.body_words},
    )


def _files(message: Prepared) -> int:
    """The attachments that are ones for the reader."""
    return sum(not attachment.inline for attachment in message.attachments)


def attachment_row(message_id: int, attachment: PreparedAttachment) -> dict[str, Any]:
    """An attachment of a message as its table has it."""
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


def claim_blobs(session: Session, attachments: Iterable[PreparedAttachment]) -> None:
    """Count the attachments among those that need their blobs, which are in the store."""
    claims: dict[str, dict[str, Any]] = {}
    for attachment in attachments:
        if attachment.blob:
            claim = {
                "id": attachment.blob,
                "size": attachment.size,
                "references": 0,
                "away": False,
            }
            claims.setdefault(attachment.blob, claim)["references"] += 1
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = make(Blob)
    more = col(Blob.references) + statement.excluded.references
    statement = statement.on_conflict_do_update(
        index_elements=["id"], set_={"references": more, "away": False}
    )
    execute_many(session, statement, list(claims.values()))
