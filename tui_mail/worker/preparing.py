"""A message's bytes made ready to be stored: read, taken apart, its words cut. Pure.

Takes most of the time that a message costs and nothing but its bytes, so that another process can
do it (`serve`): what goes there and comes back is plain values, short of what no one needs here.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_mail.db.prepared import Prepared, PreparedAttachment
from tui_mail.mail.parse import parse
from tui_mail.mail.source import Packed, dismantle
from tui_mail.mail.threads import thread_keys
from tui_mail.values import ParsedMessage


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A message ready but for where its files are stored. `files`: their bytes by number."""

    prepared: Prepared
    packed: Packed = field(repr=False)
    files: Mapping[int, bytes] = field(repr=False)

    def sealed(self, blobs: Mapping[int, str]) -> Prepared:
        """The message, now that its files are in `blobs`, by number."""
        attachments = tuple(
            replace(one, blob=blobs.get(one.number, "")) for one in self.prepared.attachments
        )
        skeleton = self.packed.skeleton([one.blob for one in attachments])
        return replace(self.prepared, skeleton=skeleton, attachments=attachments)


def prepare(raw: bytes, own: Collection[str]) -> Unsealed:
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
    prepared = Prepared(
        # What only a reader needs is read again from the source when somebody opens it.
        parsed=replace(parsed, new_text="", html="", attachments=(), headers=()),
        content_hash=content_hash,
        skeleton=b"",
        attachments=attachments,
        body=parsed.text,
        thread_keys=thread_keys(parsed, content_hash),
        own=any(box.address.lower() in own for box in parsed.senders),
    )
    files = {number: parsed.attachments[number - 1].content for number in apart}
    return Unsealed(prepared, packed, files)


def unread(raw: bytes) -> Unsealed:
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
    return Unsealed(prepared, dismantle(raw, parsed).packed(), {})


def prepare_all(request: tuple[Sequence[bytes], Collection[str]]) -> list[Unsealed]:
    """`prepare` for many, as one value for another process."""
    raws, own = request
    return [prepare(raw, own) for raw in raws]
