"""Values that cross a seam: frozen, without behaviour, without a library behind them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class FolderRole(StrEnum):
    """What a folder is for (RFC 6154, and the inbox)."""

    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    ARCHIVE = "archive"
    JUNK = "junk"
    TRASH = "trash"
    ALL = "all"
    FLAGGED = "flagged"
    OTHER = ""


class Flag(StrEnum):
    """System flags of IMAP (RFC 9051 §2.3.2) without the backslash; any other flag is a keyword."""

    SEEN = "seen"
    STARRED = "flagged"
    ANSWERED = "answered"
    DELETED = "deleted"
    DRAFT = "draft"


class Tls(StrEnum):
    """How a connection is made private (RFC 8314)."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens. `ca_file`: a PEM bundle to trust instead of the system's."""

    host: str
    port: int
    tls: Tls = Tls.IMPLICIT
    ca_file: str = ""


Tokens = Callable[[str], Awaitable[str]]
"""Gives an access token (OAuth2, RFC 6749) for an account. Told the one that a server refused
although it looked valid ("" when none was), it gives a fresh one. Raises `SignInAgain`, `Offline`
and the like."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who logs in: with a password, or where there are `tokens` with one of those; neither shows
    in a repr."""

    user: str
    password: str = field(repr=False)
    tokens: Tokens | None = field(default=None, repr=False, compare=False)


# -- what a mail store tells ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder on a server. `key` is the server's own name, opaque; `name` is for people, `/`-separated.

    `view`: it shows messages that are all in other folders, too; such a one is not selectable.
    `hidden`: it is not to be shown. `identity`: what stays when it is renamed, "" when not told.
    """

    key: str
    name: str
    role: FolderRole = FolderRole.OTHER
    selectable: bool = True
    view: bool = False
    hidden: bool = False
    identity: str = ""


@dataclass(frozen=True, slots=True)
class RemoteMessage:
    """A message as listed by the server: an opaque key, its flags (system flags as in `Flag`, keywords as they are)."""

    key: str
    flags: frozenset[str]


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a message without its body; `message_id` has no brackets, `size` is in bytes.

    `originally`: the Message-ID that its sender gave it, where a server has put another one in its
    place and says so; else "".
    """

    message_id: str
    size: int
    received_at: datetime
    originally: str = ""


@dataclass(frozen=True, slots=True)
class FolderChanges:
    """What changed in a folder since a cursor.

    `listed`: new and changed messages, newest first. `present`: the keys of everything that is in
    the folder now, newest first, or None when nothing has gone since the cursor but `gone`, which
    may have keys that were never there. `total`: how many messages are in the folder then, None
    when that is not told. `reset`: the keys known so far mean nothing any more (UIDVALIDITY
    changed); then `present` is complete.
    """

    cursor: str
    listed: tuple[RemoteMessage, ...] = ()
    present: tuple[str, ...] | None = None
    reset: bool = False
    gone: frozenset[str] = frozenset()
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message in whole, as the server has it. `received_at` is its INTERNALDATE, aware."""

    key: str
    raw: bytes = field(repr=False)
    flags: frozenset[str]
    received_at: datetime


class Verb(StrEnum):
    """What an operation asks of a server."""

    FLAGS = "flags"
    MOVE = "move"
    DELETE = "delete"
    APPEND = "append"
    CREATE_FOLDER = "create_folder"
    RENAME_FOLDER = "rename_folder"
    DELETE_FOLDER = "delete_folder"


@dataclass(frozen=True, slots=True)
class RemoteOperation:
    """One change for the server: FLAGS adds and removes, MOVE goes to `target`, DELETE is of this
    folder alone where the messages have come to a `target` before, APPEND puts `raw`
    into `folder`, with `once` unless a message of its Message-ID is there, CREATE_FOLDER makes `target`, a name as people see it, RENAME_FOLDER calls
    `folder` so, with the folders in it, DELETE_FOLDER takes it away if it is empty."""

    verb: Verb
    folder: str
    keys: tuple[str, ...] = ()
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    target: str = ""
    raw: bytes = field(default=b"", repr=False)
    received_at: datetime | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class OperationResult:
    """`keys`: old key -> new key where the server tells (COPYUID, APPENDUID; the old key of an APPEND is "";
    of folders when they are made or renamed).

    `missing`: keys that the server no longer has. `stale`: keys of before the folder was numbered
    anew, which say nothing of what it has; nothing was done then. `there`: what was to be filed
    once was there already.
    """

    keys: Mapping[str, str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    there: bool = False


# -- what a sender tells -------------------------------------------------------------------------


class Delivery(StrEnum):
    """What became of one recipient at submission."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """`reply` is the server's own text: foreign, to be made safe before it is shown."""

    address: str
    delivery: Delivery
    reply: str = ""


# -- mail ----------------------------------------------------------------------------------------


class Mailbox(Struct, frozen=True, array_like=True):
    """A mailbox of RFC 5322 §3.4: the address is the addr-spec, lower-cased domain; both foreign text."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class ParsedAttachment:
    """A file for the reader. `content` is decoded. `inline`: shown within the HTML by `content_id`.

    `start` and `end`: where its encoded bytes stand in the message; `end` is 0 when it was found
    inside another file or in the text, which come after those that have a place of their own.
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)
    content_id: str = ""
    inline: bool = False
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class MailReport:
    """What a report says of one recipient (RFC 3464, RFC 8098); every field foreign text, or empty.

    `action`: failed, delayed, delivered, relayed, expanded, or of a reader displayed, deleted…
    `status`: as 5.1.1 (RFC 3463); `reply`: the server's three digits; `remote`: who said it.
    `permanent`: the address does not exist, by its status.
    """

    recipient: str
    original_recipient: str = ""
    action: str = ""
    status: str = ""
    reply: str = ""
    diagnostic: str = ""
    remote: str = ""
    message_id: str = ""
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """What a message says of itself as one piece of another (RFC 2046 §5.2.2); foreign text.

    `id`: the same for all pieces. `number`: from 1, 0 when it makes no sense. `total`: 0 when it is
    not told. `message_id`: that of the whole, which the first piece knows.
    """

    id: str
    number: int
    total: int = 0
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What became of the pieces of a message, of which piece `number` is in hand.

    `total`: 0 when no piece says so. `missing`: the numbers of those that are not here.
    `message_ids`: the messages that make the whole, in order; none when it is not to be had.
    `reason`: why they are not joined though some are here: totals, numbers, contents, too_many,
    too_large, lost.
    """

    number: int
    total: int
    missing: tuple[int, ...] = ()
    message_ids: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed a message (S/MIME), as far as its bytes tell; names are foreign text.

    `state`: none, broken, sound (the bytes are what was signed). `addresses`: that the signer's
    certificate is for, lower case; it is valid from `begins` to `ends`. `certificates`: DER, the
    signer's first.
    """

    state: str = "none"
    signer: str = ""
    issuer: str = ""
    addresses: tuple[str, ...] = ()
    begins: datetime | None = None
    ends: datetime | None = None
    certificates: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class CertifiedState:
    """What a receipt says of one recipient of a certified letter; foreign text but for `state`.

    `state`: accepted, uncertified (no certified mailbox: no receipt will come), taken (by the
    recipient's provider), late, delivered, refused.
    """

    address: str
    state: str
    reason: str = ""


class Certified(Struct, frozen=True, array_like=True):
    """What a provider of certified mail says of a letter (RFC 6109); all foreign text.

    `kind`: of an envelope `posta-certificata` or `errore` (ordinary mail that came through), of a
    receipt as X-Ricevuta has it. `provider`: who wrote this message. `identifier`: the provider's
    name of the letter, `letter`: its Message-ID as its writer's program made it. `sender`: who
    wrote it. `states`: what it means for each recipient. `doubts`: slugs, see `ParsedMessage`.
    """

    kind: str
    provider: Mailbox
    identifier: str = ""
    letter: str = ""
    sender: str = ""
    receipt: str = ""
    at: datetime | None = None
    states: tuple[CertifiedState, ...] = ()
    signature: Signature = Signature()
    doubts: tuple[str, ...] = ()


class ParsedMessage(Struct, frozen=True, array_like=True):
    """A message as far as it could be read; never raises to get here.

    Ids are without angle brackets. `date` is the Date header, aware, None when unreadable.
    `text`: the plain text shown and searched (made from `html` when there is no plain part);
    `new_text`: without quotes and signature. `html` is empty when there is none.
    `kind`: human, auto_reply, bounce, receipt (MDN), list (what is sent to many), group (what
    people write to a mailing list), calendar, pec_envelope, pec_receipt.
    `damage`: what could not be read, as short English slugs. `headers`: decoded, in order.
    `reports`: what a bounce or a receipt says, one for each recipient. `piece`: what it is a piece
    of, when it was sent in several. `certified`: what the provider of certified mail says; of an
    envelope that is in order, sender, subject and text are the letter's.
    """

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    sender: Mailbox | None
    senders: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    date: datetime | None
    text: str
    new_text: str
    html: str
    attachments: tuple[ParsedAttachment, ...]
    kind: str = "human"
    size: int = 0
    warnings: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    reports: tuple[MailReport, ...] = ()
    piece: Piece | None = None
    certified: Certified | None = None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Link `number` shows the host `shown` but leads to the host `real` (both foreign text)."""

    number: int
    shown: str
    real: str


@dataclass(frozen=True, slots=True)
class Authentication:
    """What the reader's own servers know of a sender (RFC 8601).

    `passed` names the methods that vouch for the sender's domain. `failed`: the sender's domain
    says that such mail is not from it. `by`: the server that checked, "" when none that is
    believed did.
    """

    passed: tuple[str, ...] = ()
    failed: bool = False
    by: str = ""


class PictureWay(StrEnum):
    """How pictures are drawn: by the terminal, which speaks kitty's protocol, or in half-blocks."""

    NONE = "none"
    BLOCKS = "blocks"
    KITTY = "kitty"


CELL = (10, 20)  # pixels, of a terminal that does not tell


@dataclass(frozen=True, slots=True)
class Drawing:
    """The way in which pictures are drawn, and how many pixels wide and high a cell is."""

    way: PictureWay = PictureWay.NONE
    cell: tuple[int, int] = CELL


NOT_DRAWN = Drawing()


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture as a PNG of our own making, and how many cells it takes."""

    png: bytes = field(repr=False)
    columns: int
    rows: int


class BodyFormat(StrEnum):
    """How the body of a letter was written."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class LetterAttachment:
    """A file that travels with a letter."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to be built: what a person or a program says, before it is bytes."""

    sender: Mailbox
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    bcc: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    subject: str = ""
    body: str = ""
    format: BodyFormat = BodyFormat.TEXT
    attachments: tuple[LetterAttachment, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


# -- ERP -----------------------------------------------------------------------------------------

LOCAL_SOURCE = ":local"  # of records that people made here: the name of no connector
PARTY_KINDS = ("customer", "supplier", "lead", "operator")
DOCUMENT_KINDS = (
    "quote",
    "sales_order",
    "purchase_order",
    "offer",
    "delivery_note",
    "goods_receipt",
    "invoice",
    "purchase_invoice",
    "credit_note",
    "due_item",
    "job",
    "activity",
    "opportunity",
)
ENTITY_KINDS = (*PARTY_KINDS, "contact", *DOCUMENT_KINDS)
MADE_HERE = ("contact", "lead", "activity", "opportunity")  # what people make out of messages
CRM_KINDS = ("lead", "offer", "activity", "opportunity")


@dataclass(frozen=True, slots=True)
class Crm:
    """Which companies work with the kinds of a CRM: all (`everywhere`), or those of `companies`,
    their codes in lower case. What a company does not work with is kept, and not shown.
    """

    everywhere: bool = True
    companies: frozenset[str] = frozenset()

    def shows(self, kind: str, company: str) -> bool:
        """Whether a record of `kind` of this company is to be seen."""
        return self.everywhere or kind not in CRM_KINDS or company.lower() in self.companies

    @property
    def unshown(self) -> tuple[str, ...]:
        """The kinds that no company works with."""
        return () if self.everywhere or self.companies else CRM_KINDS


@dataclass(frozen=True, slots=True)
class Reference:
    """A record by its name in the contract: KIND:CODE, with @COMPANY where there are several."""

    kind: str
    code: str
    company: str = ""

    def __str__(self) -> str:
        suffix = f"@{self.company}" if self.company else ""
        return f"{self.kind}:{self.code}{suffix}"


@dataclass(frozen=True, slots=True)
class CompanyRecord:
    code: str
    name: str = ""
    vat: str = ""
    domains: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EntityRecord:
    """A record of the ERP as a connector gives it. `number` is what a person would type of it.

    `details`: what the card shows beside, as text by English key (vat, city, method, level…).
    `gone`: it is out of use there (archived, disabled), though still named by others.
    """

    company: str
    kind: str
    code: str
    title: str = ""
    party: Reference | None = None
    contact: Reference | None = None
    year: int | None = None
    series: str = ""
    number: str = ""
    version: int = 0
    date: Day | None = None
    due_date: Day | None = None
    amount: Decimal | None = None
    open_amount: Decimal | None = None
    currency: str = ""
    state: str = ""
    their_reference: str = ""
    our_reference: str = ""
    url: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    gone: bool = False


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """An e-mail address, or a whole domain (`@domain`), of a party, possibly of one of its contacts."""

    company: str
    email: str
    party: Reference
    contact: Reference | None = None
    purpose: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class RelationRecord:
    """Document `target` came out of document `source` (order -> delivery note -> invoice)."""

    company: str
    source: Reference
    target: Reference


@dataclass(frozen=True, slots=True)
class LineRecord:
    """A line of a document."""

    company: str
    document: Reference
    line: int
    article: str = ""
    description: str = ""
    quantity: Decimal | None = None
    unit: str = ""
    price: Decimal | None = None
    discount: str = ""
    vat_rate: str = ""


@dataclass(frozen=True, slots=True)
class RecordError:
    """A row that could not be taken: where it is and why. `rest`: nor what follows it."""

    file: str
    line: int
    column: str
    message: str
    rest: bool = False


@dataclass(frozen=True, slots=True)
class ErpChanges:
    """What a connector has since a cursor. `complete`: what is not in it is gone from the ERP.

    `unread`: records that are there but could not be taken (see `errors`), so they are not gone.
    `gone`: records known not to be there, whether or not these are all.
    """

    cursor: str
    complete: bool
    companies: tuple[CompanyRecord, ...] = ()
    entities: tuple[EntityRecord, ...] = ()
    addresses: tuple[AddressRecord, ...] = ()
    relations: tuple[RelationRecord, ...] = ()
    lines: tuple[LineRecord, ...] = ()
    errors: tuple[RecordError, ...] = ()
    unread: tuple[Reference, ...] = ()
    gone: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class NewEntity:
    """A record made here, as an ERP is asked to make it.

    `party`: whose it is, by its name there, called `party_name`. `details`: phone, role, contact and
    stage, as far as somebody wrote them. All text is one line without control characters.
    """

    company: str
    kind: str
    title: str
    party: Reference | None = None
    party_name: str = ""
    address: str = ""
    due: Day | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WrittenEntity:
    """What an ERP calls a record that it made, and where a browser opens it, "" for nowhere."""

    code: str
    url: str = ""


# -- links ---------------------------------------------------------------------------------------


class LinkState(StrEnum):
    AUTOMATIC = "automatic"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class LinkProposal(Struct, frozen=True):
    """What the linking pipeline concludes about a message and an entity.

    `entity_id` is the database's. `method`: address, learned, domain, thread, number, text, file_name, file_text, quoted,
    reference, composed, hand.
    `score` 0..100. `why`: the reasons as `linking.reasons` keeps them; `found_in`: the
    words it was found in (foreign text).
    """

    entity_id: int
    state: LinkState
    method: str
    score: int
    why: str
    found_in: str = ""
