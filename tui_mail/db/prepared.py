"""Messages as they come to be stored: read, taken apart, their files sealed already."""

from datetime import datetime

from msgspec import Struct, field

from tui_mail.linking.mentions import Mentions
from tui_mail.values import ParsedMessage


class PreparedAttachment(Struct, frozen=True, array_like=True):
    """A file of a message whose bytes are stored already; `blob` is "" when they are in the skeleton."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str
    blob: str
    content_id: str = ""
    inline: bool = False


class Prepared(Struct, frozen=True, array_like=True):
    """A message ready to be stored. `own`: one of our accounts is the sender; `body_words`: those
    of the body, cut for the index; `mentions`: what it says that may name records."""

    parsed: ParsedMessage
    content_hash: str
    skeleton: bytes
    attachments: tuple[PreparedAttachment, ...]
    body_words: str
    thread_keys: tuple[str, ...]
    own: bool
    mentions: Mentions = field(default_factory=Mentions)


class Arrival(Struct, frozen=True):
    """A message in a folder. `remote`: the server's key of it there, "" where there is none."""

    prepared: Prepared
    remote: str
    flags: frozenset[str]
    received_at: datetime


class Content(Struct, frozen=True):
    """A message that is stored, its thread, where it stands among all others, and what lists are
    ordered by."""

    message_id: int
    thread_id: int
    position: int
    sender_key: str
    subject_key: str
    size: int
