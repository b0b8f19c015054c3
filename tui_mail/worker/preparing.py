"""A message's bytes made ready to be stored: read, taken apart, its words cut. Pure.

Takes most of the time that a message costs and nothing but its bytes, so that another process can
do it, and a third one store what came of it: who passes it on between them opens nothing.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, msgpack
from msgspec.structs import replace

from tui_mail import aside
from tui_mail.db.prepared import Arrival, Prepared, PreparedAttachment
from tui_mail.linking.facts import WRITTEN_KINDS
from tui_mail.linking.mentions import Mentions, Parts, mentions_of
from tui_mail.mail.certified import judged
from tui_mail.mail.parse import parse
from tui_mail.mail.quotes import split_quotes
from tui_mail.mail.source import Packed, dismantle
from tui_mail.mail.threads import thread_keys
from tui_mail.search.words import MOST_OF_BODY, joined_words
from tui_mail.values import ParsedMessage


class Parcel(NamedTuple):
    """A message ready but for where its files are stored. `files`: their bytes by number;
    `damage`: why it could not be read in whole; `content`: all else, closed.
    """

    content_hash: str
    damage: tuple[str, ...]
    files: Mapping[int, bytes]
    content: bytes


class Delivery(NamedTuple):
    """A parcel's content, where its files are (`blobs`, by number), and its place in a folder as
    in `Arrival`."""

    content: bytes
    blobs: Mapping[int, str]
    remote: str
    flags: frozenset[str]
    received_at: datetime
    authorities: Sequence[bytes] = ()  # that may vouch for providers of certified mail

    def arrival(self) -> Arrival:
        """The message, ready to be stored."""
        content = _CONTENT.decode(self.content)
        prepared, packed = content.prepared, content.packed
        if prepared.parsed.certified is not None:
            parsed = judged(prepared.parsed, self.authorities)
            keys = thread_keys(parsed, prepared.content_hash)
            prepared = replace(prepared, parsed=parsed, thread_keys=keys)
        attachments = tuple(
            replace(one, blob=self.blobs.get(one.number, "")) for one in prepared.attachments
        )
        skeleton = packed.skeleton([one.blob for one in attachments])
        whole = replace(prepared, skeleton=skeleton, attachments=attachments)
        return Arrival(whole, self.remote, self.flags, self.received_at)


class _Content(Struct, frozen=True, array_like=True):
    prepared: Prepared
    packed: Packed


_CONTENT = msgpack.Decoder(_Content)


def _closed(prepared: Prepared, packed: Packed, files: Mapping[int, bytes]) -> Parcel:
    content = msgpack.encode(_Content(prepared, packed))
    return Parcel(prepared.content_hash, prepared.parsed.damage, files, content)


def prepare(raw: bytes, own: Collection[str]) -> Parcel:
    """Read a message as far as it can be read; `own`: addresses of ours, lower case."""
    parsed = parse(raw)
    packed = dismantle(raw, parsed).packed()
    apart = packed.apart
    content_hash = hashlib.sha256(raw).hexdigest()
    attachments = tuple(
        PreparedAttachment(
            number=number,
            name=found.name,
            media_type=found.media_type,
            size=len(found.content),
            sha256=hashlib.sha256(found.content).hexdigest(),
            blob="",
            content_id=found.content_id,
            inline=found.inline,
        )
        for number, found in enumerate(parsed.attachments, 1)
    )
    own_letter = any(box.address.lower() in own for box in parsed.senders) and not _through_list(
        parsed, own
    )
    prepared = Prepared(
        # What only a reader needs is read again from the source when somebody opens it.
        parsed=replace(parsed, new_text="", html="", attachments=(), headers=()),
        content_hash=content_hash,
        skeleton=b"",
        attachments=attachments,
        body_words=joined_words(parsed.text, MOST_OF_BODY),
        thread_keys=thread_keys(parsed, content_hash),
        own=own_letter,
        mentions=_mentions(parsed, ours=own_letter),
    )
    files = {number: parsed.attachments[number - 1].content for number in apart}
    return _closed(prepared, packed, files)


def _through_list(parsed: ParsedMessage, own: Collection[str]) -> bool:
    """A list of ours puts itself in the place of whoever writes to it, and says who that was."""
    foreign = [one for one in parsed.reply_to if one.address.lower() not in own]
    return parsed.kind == "group" and bool(foreign)


def _mentions(parsed: ParsedMessage, *, ours: bool) -> Mentions:
    if parsed.kind not in WRITTEN_KINDS:
        return Mentions()
    text, quoted, signature = split_quotes(parsed.text)
    names = [one.name for one in parsed.attachments if not one.inline]
    return mentions_of(Parts(parsed.subject, text, quoted, signature, names), ours=ours)


def unread(raw: bytes) -> Parcel:
    """A message that could not be read at all: kept whole, found by nothing, and marked."""
    parsed = ParsedMessage(
        message_id="",
        in_reply_to=(),
        references=(),
        subject="",
        sender=None,
        senders=(),
        reply_to=(),
        to=(),
        cc=(),
        bcc=(),
        date=None,
        text="",
        new_text="",
        html="",
        attachments=(),
        size=len(raw),
        damage=("unread",),
    )
    digest = hashlib.sha256(raw).hexdigest()
    prepared = Prepared(parsed, digest, b"", (), "", thread_keys(parsed, digest), own=False)
    return _closed(prepared, dismantle(raw, parsed).packed(), {})


def prepare_all(request: tuple[Sequence[bytes], Collection[str]]) -> list[Parcel]:
    """`prepare` for many, as one value for another process."""
    raws, own = request
    return [_prepared_aside(raw, own) for raw in raws]


def _prepared_aside(raw: bytes, own: Collection[str]) -> Parcel:
    aside.stand()
    return prepare(raw, own)
