"""What stored messages say that may name records: their texts read again, for linking anew."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec.structs import replace
from sqlalchemy import func, select
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.knowledge import Described
from tui_mail.db.tables import Attachment, AttachmentText, MessageText
from tui_mail.linking.facts import WRITTEN_KINDS
from tui_mail.linking.mentions import Mentions, Parts
from tui_mail.mail.quotes import split_quotes

_LONGEST_TEXT = 40_000
_LONGEST_FILE = 10_000


def with_mentions(
    session: Session, messages: Sequence[Described], mentions: Mapping[int, Mentions]
) -> list[Described]:
    """The messages with what they say, where that is not in `mentions` already."""
    unread = [
        one.message_id
        for one in messages
        if one.message_id not in mentions and one.facts.kind in WRITTEN_KINDS
    ]
    parts = _parts(session, unread) if unread else {}
    return [
        replace(
            one,
            facts=replace(
                one.facts,
                found=mentions.get(one.message_id),
                parts=parts.get(one.message_id, one.facts.parts),
            ),
        )
        for one in messages
    ]


def _parts(session: Session, message_ids: Collection[int]) -> dict[int, Parts]:
    files = _files(session, message_ids)
    names = _names(session, message_ids)
    query = select(
        col(MessageText.message_id), func.substr(col(MessageText.body), 1, _LONGEST_TEXT)
    ).where(among_numbers(col(MessageText.message_id), "some"))
    found = {}
    for message_id, body in session.execute(query, {"some": message_ids}):
        text, quoted, signature = split_quotes(body)
        files_of = names[message_id], files[message_id]
        found[message_id] = Parts("", text, quoted, signature, *files_of)
    return found


def _names(session: Session, message_ids: Collection[int]) -> defaultdict[int, list[str]]:
    query = (
        select(col(Attachment.message_id), col(Attachment.name))
        .where(among_numbers(col(Attachment.message_id), "some"), ~col(Attachment.inline))
        .order_by(col(Attachment.message_id), col(Attachment.number))
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for message_id, name in session.execute(query, {"some": message_ids}):
        found[message_id].append(name)
    return found


def _files(session: Session, message_ids: Collection[int]) -> defaultdict[int, list[str]]:
    query = (
        select(col(Attachment.message_id), func.substr(col(AttachmentText.text), 1, _LONGEST_FILE))
        .join(AttachmentText, col(AttachmentText.sha256) == col(Attachment.sha256))
        .where(among_numbers(col(Attachment.message_id), "some"), ~col(Attachment.inline))
        .order_by(col(Attachment.message_id), col(Attachment.number))
    )
    found: defaultdict[int, list[str]] = defaultdict(list)
    for message_id, text in session.execute(query, {"some": message_ids}):
        found[message_id].append(text)
    return found
