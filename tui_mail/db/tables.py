"""The tables, which are the domain classes: one noun, one class, no relationships, no behaviour.

Times are aware UTC. Sums of money are stored as ten-thousandths in an integer (`Money`), so that
both databases add and compare them exactly. Text out of messages is stored as it came, short of
NUL (which PostgreSQL refuses), and made safe on its way to the screen.
"""

from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel, col

MONEY_SCALE = 10_000
# SQLite only counts rows by itself in a column declared INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")
# Ids that the audit trail, undo and programs keep are never given out a second time.
_NEVER_AGAIN = {"sqlite_autoincrement": True}


class Money(TypeDecorator[Decimal]):
    """A Decimal with up to four decimals, stored as an integer."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int((value * MONEY_SCALE).to_integral_value())

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)) / MONEY_SCALE


def acceptable(value: str) -> str:
    """Text as `ForeignText` keeps it."""
    if "\0" in value:
        value = value.replace("\0", "\ufffd")
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode("utf-8")
    return value


class ForeignText(TypeDecorator[str]):
    """Text that PostgreSQL accepts: NUL and lone surrogates become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else acceptable(value)


def _id() -> Any:
    return Field(default=None, sa_column=Column(Key, primary_key=True, autoincrement=True))


def _text(*, default: str = "") -> Any:
    return Field(default=default, sa_type=ForeignText)


def _sortable() -> Any:
    """Text that both databases put into the same order, that of its characters' numbers."""
    return Field(default="", sa_type=_Sortable)


_Sortable = Text().with_variant(Text(collation="C"), "postgresql")


def _keyed() -> Any:
    return Column(ForeignText, index=True, nullable=False, server_default="")


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


# -- people and accounts ---------------------------------------------------------------------------


class Operator(SQLModel, table=True):
    """A person using the console."""

    id: int | None = _id()
    login: str = Field(unique=True)
    name: str = ""
    email: str = ""
    active: bool = True


class Account(SQLModel, table=True):
    """A mailbox on a server, or a local one. `secret` is sealed by the vault.

    With an `oauth_issuer` the secret is not a password but what that provider gave; `signed_in_at`
    is when a person last signed in there, and `token_claim` names who is asking for a new token.
    """

    __table_args__ = _NEVER_AGAIN
    id: int | None = _id()
    email: str = Field(unique=True)
    name: str = ""
    shared: bool = False
    protocol: str = "imap"  # imap, pop3, local
    host: str = ""
    port: int = 0
    tls: str = "implicit"
    smtp_host: str = ""
    smtp_port: int = 0
    smtp_tls: str = "implicit"
    ca_file: str = ""
    user: str = ""
    secret: bytes | None = Field(default=None, sa_type=LargeBinary)
    signature: str = _text()
    sent_copies: str = "auto"  # who files them: server, here; auto: what is known and learnt
    files_sent_itself: bool = False  # learnt: the server has filed a copy
    only_subscribed: bool = False  # of IMAP: no other folders are shown
    leave_days: int | None = None  # of POP3: how long the server keeps mail; None: for ever
    delete_there: bool = False  # of POP3: what is deleted here is deleted there
    paused: bool = False  # its mailbox is left alone; letters go out all the same
    rate: int = 0  # KiB a second, to and from its mailbox; 0: as fast as can be
    schedule: str = _text()  # when it goes at another rate, as `schedule` in the worker reads it
    keep_days: int | None = None  # of IMAP: files of older mail may be there only; None: all stay
    keep_kib: int | None = None  # of IMAP: so may files that are larger; None: all stay
    last_success: datetime | None = None
    last_error: str = _text()  # of the mailbox
    last_error_at: datetime | None = None
    sending_error: str = _text()
    oauth_issuer: str = ""
    oauth_client: str = ""
    oauth_scope: str = ""
    signed_in_at: datetime | None = None
    token_claim: str = ""
    token_claimed_until: datetime | None = None


class Turn(SQLModel, table=True):
    """Who works on an account. `token` grows with each new holder; `process` 0: nobody does.

    `until`: by the database's clock, where turns end that are not renewed; elsewhere None.
    """

    __tablename__ = "account_turn"
    account_id: int = Field(foreign_key="account.id", primary_key=True, ondelete="CASCADE")
    token: int = Field(default=0, sa_type=BigInteger)
    host: str = ""
    process: int = 0
    since: datetime | None = None
    until: datetime | None = None


class Grant(SQLModel, table=True):
    """What an operator may do on an account: read < triage < send < manage."""

    __tablename__ = "account_grant"
    account_id: int = Field(foreign_key="account.id", primary_key=True, ondelete="CASCADE")
    operator_id: int = Field(foreign_key="operator.id", primary_key=True)
    level: str = "manage"


class Folder(SQLModel, table=True):
    """A folder of an account. `remote` is the store's opaque key, "" for a folder kept only here;
    `identity` is what the server knows it by whatever it is called, "" where it does not say.

    `total` and `unread` count messages, `conversations` threads; all are kept, never counted on
    reading.
    """

    __table_args__ = (UniqueConstraint("account_id", "name"), _NEVER_AGAIN)
    id: int | None = _id()
    account_id: int = Field(foreign_key="account.id", index=True, ondelete="CASCADE")
    name: str = _text()
    remote: str = _text()
    role: str = ""
    cursor: str = _text()
    gone: bool = False
    hidden: bool = False
    identity: str = _text()
    total: int = 0
    unread: int = 0
    conversations: int = 0


class FolderOrder(SQLModel, table=True):
    """The order in which an operator reads a folder, when it is not by date."""

    __tablename__ = "folder_order"
    operator_id: int = Field(primary_key=True, foreign_key="operator.id", ondelete="CASCADE")
    folder_id: int = Field(primary_key=True, foreign_key="folder.id", ondelete="CASCADE")
    sort: str = ""
    backwards: bool = False


# -- messages --------------------------------------------------------------------------------------


class Thread(SQLModel, table=True):
    """A conversation: its messages' identifiers are connected, or a person has put them together.

    `ThreadKey` says what belongs together by the messages' own word, `ThreadSplit` and `ThreadJoin`
    what people have decided against it; `db.threads` gives each message its conversation.
    """

    __table_args__ = _NEVER_AGAIN
    id: int | None = _id()


class ThreadKey(SQLModel, table=True):
    """A message identifier that belongs to a thread, whether its message has come or not."""

    __tablename__ = "thread_key"
    key: str = Field(sa_column=Column(ForeignText, primary_key=True))
    thread_id: int = Field(index=True)


class LetterName(SQLModel, table=True):
    """The Message-ID that a server put in the place of a letter's own; answers name that one."""

    __tablename__ = "letter_name"
    name: str = Field(sa_column=Column(ForeignText, primary_key=True))
    message_id: int = Field(index=True, foreign_key="message.id", ondelete="CASCADE")


class ThreadSplit(SQLModel, table=True):
    """A message that begins a conversation of its own because a person said so, with its answers.

    `key`: its identifier; `root_id`: the thread of `ThreadKey` that it was taken out of;
    `thread_id`: the conversation that it begins.
    """

    __tablename__ = "thread_split"
    key: str = Field(sa_column=Column(ForeignText, primary_key=True))
    root_id: int = Field(index=True)
    thread_id: int = Field(unique=True)
    operator_id: int | None = None
    at: datetime


class ThreadJoin(SQLModel, table=True):
    """Two messages whose conversations are one because a person said so: their identifiers, and
    the threads of `ThreadKey` that these are in."""

    __tablename__ = "thread_join"
    __table_args__ = (UniqueConstraint("one", "other"), _NEVER_AGAIN)
    id: int | None = _id()
    one: str = _text()
    other: str = _text()
    one_root_id: int = Field(index=True)
    other_root_id: int = Field(index=True)
    operator_id: int | None = None
    at: datetime


class Message(SQLModel, table=True):
    """The content of a message, once, whatever the number of copies.

    `content_hash`: SHA-256 of its bytes; `position`: see `db.positions`.
    """

    __table_args__ = (
        Index("message_received", "received_at", "id"),
        Index("message_position", "position", unique=True),
        _NEVER_AGAIN,
    )
    id: int | None = _id()
    content_hash: str = Field(unique=True, max_length=64)
    message_id: str = Field(default="", sa_column=Column(ForeignText, index=True, nullable=False))
    in_reply_to: str = _text()
    references: str = _text()  # identifiers separated by spaces, oldest first
    thread_id: int = Field(index=True)
    subject: str = _text()
    sender_name: str = _text()
    sender_address: str = _text()
    recipients: str = _text()  # To, for the list: names or addresses, comma-separated
    recipient_addresses: str = _text()  # To, Cc and Bcc, lower-case addr-specs, space-separated
    copy_addresses: str = _text()  # those of them that are in Cc or Bcc only
    reply_addresses: str = _text()  # Reply-To, likewise
    date: datetime | None = None
    received_at: datetime
    position: int = Field(sa_type=BigInteger)
    size: int = 0
    kind: str = "human"
    attachment_count: int = 0
    outgoing: bool = False  # one of our own accounts is the sender


class MessageSource(SQLModel, table=True):
    """What the message's bytes are made of: a compressed skeleton in which blobs are put back."""

    __tablename__ = "message_source"
    message_id: int = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")
    skeleton: bytes = Field(sa_type=LargeBinary)


class MessageText(SQLModel, table=True):
    """The text that is searched and shown, extracted once; of each header field names and addresses."""

    __tablename__ = "message_text"
    message_id: int = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")
    subject: str = _text()
    sender: str = _text()
    recipients: str = _text()
    copies: str = _text()
    blind_copies: str = _text()
    body: str = _text()
    attachment_names: str = _text()


class Attachment(SQLModel, table=True):
    """A file in a message; `number` counts from 1 as people see them."""

    __table_args__ = (
        UniqueConstraint("message_id", "number"),
        Index("attachment_blob", "blob"),
    )
    id: int | None = _id()
    message_id: int = Field(foreign_key="message.id", ondelete="CASCADE")
    number: int
    name: str = _text()
    media_type: str = _text()
    size: int = 0
    sha256: str = ""
    blob: str = ""
    content_id: str = _text()
    inline: bool = False


class AttachmentText(SQLModel, table=True):
    """The text of a file, by the hash of its bytes: one that comes a thousand times is read once.

    `outcome`: done, failed, too_large, timed_out, lost (its bytes are not there).
    """

    __tablename__ = "attachment_text"
    sha256: str = Field(primary_key=True)
    outcome: str
    text: str = _text()


class TextWaiting(SQLModel, table=True):
    """A message whose files have not been read for the search yet."""

    __tablename__ = "text_waiting"
    message_id: int = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")


class Blob(SQLModel, table=True):
    """Encrypted bytes in the shared folder, known by a keyed hash of what they hold.

    `away`: they need not be there, since servers have them and accounts wish it so; `kept_until`:
    they came back because somebody opened them, and stay until then.
    """

    id: str = Field(primary_key=True, max_length=64)
    size: int = 0
    references: int = 0
    away: bool = False
    kept_until: datetime | None = None


Index(
    "blob_away",
    col(Blob.id),
    sqlite_where=text("away = 1"),
    postgresql_where=text("away"),
)


class WantedMessage(SQLModel, table=True):
    """A message whose files are on its server only and are to come back.

    `by_hand`: somebody waits for them; `error`: why they could not be had, at the last try;
    `next_try`: not before; `missing`: its servers have it no more.
    """

    __tablename__ = "wanted_message"
    message_id: int = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")
    at: datetime
    by_hand: bool = False
    error: str = _text()
    next_try: datetime | None = None
    missing: bool = False


class Placement(SQLModel, table=True):
    """A message in a folder. `remote` is the store's opaque key, "" until the server has told it.

    `sender_key`, `subject_key` and `size` are the message's, here for lists in their order. The
    indexes `placement_by_…` of those lists go down in part; the migrations make them.
    """

    __table_args__ = (
        Index("placement_remote", "folder_id", "remote"),
        Index("placement_list", "folder_id", "received_at", "id"),
        Index("placement_message", "message_id", "folder_id"),
        Index("placement_thread", "thread_id", "folder_id"),
        Index("placement_tags", "folder_id", "keywords", **_only("keywords <> ''")),
        Index("placement_position", "folder_id", "position"),
        _NEVER_AGAIN,
    )
    id: int | None = _id()
    message_id: int = Field(foreign_key="message.id", ondelete="CASCADE")
    folder_id: int = Field(foreign_key="folder.id", ondelete="CASCADE")
    thread_id: int
    remote: str = _text()
    received_at: datetime
    position: int = Field(sa_type=BigInteger)  # the message's
    seen: bool = False
    starred: bool = False
    answered: bool = False
    draft: bool = False
    deleted: bool = False
    keywords: str = _text()  # sorted, space-separated
    sender_key: str = _sortable()
    subject_key: str = _sortable()
    size: int = 0


# What few of many messages are is found by these, in the order of a search.
Index(
    "placement_unread",
    col(Placement.position),
    sqlite_where=text("seen = 0"),
    postgresql_where=text("NOT seen"),
)
Index(
    "placement_unread_here",
    col(Placement.folder_id),
    col(Placement.position),
    sqlite_where=text("seen = 0"),
    postgresql_where=text("NOT seen"),
)
Index(
    "placement_answered",
    col(Placement.position),
    sqlite_where=text("answered = 1"),
    postgresql_where=text("answered"),
)
Index(
    "placement_draft",
    col(Placement.position),
    sqlite_where=text("draft = 1"),
    postgresql_where=text("draft"),
)
Index(
    "placement_starred",
    col(Placement.position),
    sqlite_where=text("starred = 1"),
    postgresql_where=text("starred"),
)
Index(
    "placement_tagged",
    col(Placement.position),
    sqlite_where=text("keywords != ''"),
    postgresql_where=text("keywords != ''"),
)


class Conversation(SQLModel, table=True):
    """A thread as one folder holds it: the row of the list, kept by `db.conversations`."""

    __table_args__ = (Index("conversation_list", "folder_id", "latest_at", "thread_id"),)
    folder_id: int = Field(primary_key=True, foreign_key="folder.id", ondelete="CASCADE")
    thread_id: int = Field(primary_key=True)
    latest_at: datetime
    placement_id: int  # the latest message's
    message_id: int
    total: int = 0
    unread: int = 0
    starred: bool = False


class PickedUp(SQLModel, table=True):
    """A message that came over POP3, for ever: by the server's name of it and by what it is.

    `head`: a hash of its header fields, by which another message under the same name is told;
    `size`: bytes as the server counts them; `state`: there, gone (the server lists it no more), or
    deleted (by us).
    """

    __tablename__ = "picked_up"
    __table_args__ = (Index("picked_up_content", "account_id", "content_hash"),)
    account_id: int = Field(primary_key=True, foreign_key="account.id", ondelete="CASCADE")
    key: str = Field(sa_column=Column(ForeignText, primary_key=True))
    content_hash: str = Field(primary_key=True, max_length=64)
    head: str = ""
    size: int = Field(default=0, sa_type=BigInteger)
    first_seen: datetime
    state: str = "there"


class Assignment(SQLModel, table=True):
    """Whose a conversation is, and its state; without a row it is nobody's and open."""

    __table_args__ = (
        Index("assignment_operator", "operator_id", "thread_id"),
        Index("assignment_state", "state", "thread_id"),
    )
    thread_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    operator_id: int | None = None
    state: str = "open"  # open, waiting, done
    at: datetime


class SavedSearch(SQLModel, table=True):
    """A query under a name, its operator's or everyone's."""

    __tablename__ = "saved_search"
    __table_args__ = (UniqueConstraint("operator_id", "name_folded"), _NEVER_AGAIN)
    id: int | None = _id()
    operator_id: int = Field(foreign_key="operator.id")
    name: str = _text()
    name_folded: str = _text()
    query: str = _text()
    shared: bool = False
    place: int = 0


# -- writing and sending ---------------------------------------------------------------------------


class Draft(SQLModel, table=True):
    """A letter being written, as the composer holds it. `version` guards against a lost update."""

    __table_args__ = _NEVER_AGAIN
    id: int | None = _id()
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE")
    operator_id: int = Field(foreign_key="operator.id")
    content: str = _text(
        default="{}"
    )  # JSON: to, cc, bcc, subject, body, format, links, attachments
    in_reply_to_id: int | None = None  # the message answered or forwarded
    answer: str = ""  # reply, reply_all, forward
    version: int = 0
    updated_at: datetime


class Outgoing(SQLModel, table=True):
    """A letter on its way: held, queued, sending, sent, failed, unknown, cancelled."""

    __table_args__ = (
        Index("outgoing_due", "state", "next_try"),
        Index("outgoing_sent", "account_id", "sent_at"),
        _NEVER_AGAIN,
    )
    id: int | None = _id()
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE")
    operator_id: int | None = None
    message_id: str = Field(sa_column=Column(ForeignText, nullable=False, unique=True))
    idempotency_key: str | None = Field(default=None, unique=True)
    fingerprint: str = ""  # SHA-256 of what was asked for, to tell a repetition from a clash
    envelope_sender: str = ""
    subject: str = _text()  # read out of `raw` once, for the list
    raw: bytes = Field(sa_type=LargeBinary)
    state: str = "queued"
    attempts: int = 0
    next_try: datetime
    created_at: datetime
    sent_at: datetime | None = None
    error: str = _text()
    in_reply_to_id: int | None = None
    unfiled: bool = False  # it went, as a person found out: its copy has yet to be filed


Index(
    "outgoing_unfiled",
    col(Outgoing.account_id),
    sqlite_where=text("unfiled = 1"),
    postgresql_where=text("unfiled"),
)


class OutgoingRecipient(SQLModel, table=True):
    """One recipient of a letter: pending, accepted, deferred, refused, unknown, and the server's reply."""

    __tablename__ = "outgoing_recipient"
    outgoing_id: int = Field(primary_key=True, foreign_key="outgoing.id", ondelete="CASCADE")
    address: str = Field(primary_key=True)
    state: str = "pending"
    reply: str = _text()


class CertifiedReport(SQLModel, table=True):
    """What a receipt of certified mail says of one recipient, "" where it names none.

    `letter`: the Message-ID of the letter; `identifier`: the provider's name of it; `state` as in
    `values.CertifiedState`.
    """

    __tablename__ = "certified_report"
    message_id: int = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")
    address: str = Field(sa_column=Column(ForeignText, primary_key=True))
    letter: str = Field(default="", sa_column=Column(ForeignText, index=True, nullable=False))
    identifier: str = Field(default="", sa_column=Column(ForeignText, index=True, nullable=False))
    state: str = ""
    reason: str = _text()
    at: datetime | None = None


class OutgoingLink(SQLModel, table=True):
    """A record that the letter is about, named by who wrote it."""

    __tablename__ = "outgoing_link"
    outgoing_id: int = Field(primary_key=True, foreign_key="outgoing.id", ondelete="CASCADE")
    entity_id: int = Field(primary_key=True)


class Operation(SQLModel, table=True):
    """A change that the server has not been told of yet, carried out in the order of `id`."""

    __table_args__ = (Index("operation_account", "account_id", "id"), _NEVER_AGAIN)
    id: int | None = _id()
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE")
    verb: str
    placement_id: int | None = Field(default=None, index=True)
    folder_id: int | None = None  # where the server has it
    remote: str = _text()  # its key there; "" while an APPEND or MOVE before it is not settled
    target_id: int | None = None  # folder of a MOVE or APPEND
    add: str = _text()
    remove: str = _text()
    message_id: int | None = None
    attempts: int = 0
    next_try: datetime | None = None
    error: str = _text()


class Change(SQLModel, table=True):
    """One line of the audit trail. `undo` is the JSON that takes it back; "" when it cannot be."""

    __table_args__ = _NEVER_AGAIN
    id: int | None = _id()
    at: datetime
    operator_id: int | None = Field(default=None, index=True)
    verb: str
    detail: str = _text()
    undo: str = _text()
    undone: bool = False


# -- ERP -------------------------------------------------------------------------------------------


class Company(SQLModel, table=True):
    """A company that the ERP keeps the books of."""

    code: str = Field(primary_key=True)
    name: str = _text()
    vat: str = ""
    domains: str = _text()
    addresses: str = _text()


class Entity(SQLModel, table=True):
    """A record of the ERP as the console knows it: party, contact or document."""

    __table_args__ = (
        UniqueConstraint("company", "kind", "code"),
        Index("entity_number", "number", "kind"),
        Index("entity_party", "party_id", "kind", "date"),
        Index("entity_code_folded", "kind", "code_folded"),
        _NEVER_AGAIN,
    )
    id: int | None = _id()
    source: str = ""  # the connector's name
    company: str = ""
    kind: str
    code: str
    code_folded: str = ""
    title: str = _text()
    title_folded: str = Field(default="", sa_column=Column(ForeignText, index=True, nullable=False))
    party_id: int | None = None
    contact_id: int | None = None
    year: int | None = None
    series: str = ""
    number: str = ""
    version: int = 0
    date: Day | None = None
    due_date: Day | None = Field(default=None, index=True)
    amount: Decimal | None = Field(default=None, sa_type=Money)
    open_amount: Decimal | None = Field(default=None, sa_type=Money)
    currency: str = ""
    state: str = ""
    their_reference: str = Field(
        default="", sa_column=Column(ForeignText, index=True, nullable=False)
    )
    our_reference: str = _text()
    url: str = _text()
    details: str = _text(default="{}")
    fingerprint: str = ""
    gone: bool = False
    vat: str = Field(default="", sa_column=_keyed())  # `linking.invoice_keys.vat_key`
    sdi_file: str = Field(default="", sa_column=_keyed())


class Address(SQLModel, table=True):
    """An e-mail address (lower case) or `@domain` of a party: the address book."""

    __table_args__ = (UniqueConstraint("company", "email", "party_id", "contact_id"),)
    id: int | None = _id()
    source: str = ""
    company: str = ""
    email: str = Field(index=True)
    domain: str = Field(index=True)  # of the address, or the whole domain
    party_id: int = Field(index=True)
    contact_id: int | None = Field(default=None, index=True)
    purpose: str = ""
    primary: bool = False


class LearnedAddress(SQLModel, table=True):
    """In how many conversations people linked letters from an address (lower case) to a party."""

    __tablename__ = "learned_address"
    email: str = Field(sa_column=Column(ForeignText, primary_key=True))
    entity_id: int = Field(primary_key=True)
    times: int


class TaughtFormat(SQLModel, table=True):
    """How a document's number is written in a message that a person linked to it, or refused to.

    `shape`: of `linking.tokens.Token`; the rest as in `linking.formats.Format`, without party 0.
    """

    __tablename__ = "taught_format"
    message_id: int = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")
    entity_id: int = Field(primary_key=True)
    written: str = Field(primary_key=True)
    lead: str = Field(sa_column=Column(ForeignText, primary_key=True))
    meant: str = Field(sa_column=Column(ForeignText, primary_key=True))
    shape: str = Field(index=True)
    kind: str
    company: str
    party_id: int
    refused: bool


class ExchangeNotice(SQLModel, table=True):
    """A notice of the exchange of invoices (SdI), by the number that it gave the invoice's file."""

    __tablename__ = "exchange_notice"
    number: str = Field(primary_key=True)
    message_id: int = Field(
        primary_key=True, index=True, foreign_key="message.id", ondelete="CASCADE"
    )


class EntityRelation(SQLModel, table=True):
    """Document `target` came out of document `source`."""

    __tablename__ = "entity_relation"
    source_id: int = Field(primary_key=True)
    target_id: int = Field(primary_key=True, index=True)


class DocumentLine(SQLModel, table=True):
    """A line of a document."""

    __tablename__ = "document_line"
    entity_id: int = Field(primary_key=True)
    line: int = Field(primary_key=True)
    article: str = _text()
    description: str = _text()
    quantity: Decimal | None = Field(default=None, sa_type=Money)
    unit: str = ""
    price: Decimal | None = Field(default=None, sa_type=Money)
    discount: str = ""
    vat_rate: str = ""


class Link(SQLModel, table=True):
    """Message and entity belong together: how it is known, how surely, who said so.

    `received_at`, `position`, `outgoing` and `kind` are the message's, here for the mail of an
    entity, all of whose conditions the index answers.
    """

    __table_args__ = (
        UniqueConstraint("message_id", "entity_id"),
        Index("link_trace", "entity_id", "position", "state", "outgoing", "kind", "message_id"),
    )
    id: int | None = _id()
    message_id: int = Field(foreign_key="message.id", ondelete="CASCADE")
    entity_id: int
    received_at: datetime
    position: int = Field(sa_type=BigInteger)
    outgoing: bool = False
    kind: str = "human"
    state: str
    method: str
    score: int = 0
    why: str = _text()
    found_in: str = _text()
    operator_id: int | None = None
    at: datetime


Index(
    "link_proposed",
    col(Link.position),
    sqlite_where=text("state = 'proposed'"),
    postgresql_where=text("state = 'proposed'"),
)


class Secret(SQLModel, table=True):
    """A secret that the programs of one installation share; see `db.secrets`."""

    name: str = Field(primary_key=True)
    value: str


class ErpSource(SQLModel, table=True):
    """A connector that entities come from."""

    __tablename__ = "erp_source"
    name: str = Field(primary_key=True)
    location: str = _text()
    mapping: str = _text()
    cursor: str = _text()
    last_success: datetime | None = None
    last_error: str = _text()
    tried_at: datetime | None = None
    token: int = 0  # counted up by whoever begins to read it
    host: str = ""
    process: int = 0
    until: datetime | None = None  # its turn ends, if it is not renewed
    writes: str = _text()  # companies whose records made here are written there; see `db.writing`


class EntityWriting(SQLModel, table=True):
    """A record made here that a place of the ERP is to have, and has not been known to have yet."""

    __tablename__ = "entity_writing"
    entity_id: int = Field(primary_key=True)
    source: str = Field(index=True)  # the place's name
    refused: bool = False  # nobody tries again by himself
    ticket: str = _text()  # by what it is known again there, once it was tried
    tries: int = 0
    next_try: datetime
    error: str = _text()


class EntityWaiting(SQLModel, table=True):
    """A record that is new or other than it was, whose mail has not been linked anew yet."""

    __tablename__ = "entity_waiting"
    entity_id: int = Field(primary_key=True)


class FolderRecord(SQLModel, table=True):
    """The record that a folder stands for: what people put into it belongs to that record."""

    __tablename__ = "folder_record"
    folder_id: int = Field(primary_key=True, foreign_key="folder.id", ondelete="CASCADE")
    entity_id: int = Field(index=True)
    operator_id: int | None = None
    at: datetime


class FiledThread(SQLModel, table=True):
    """A conversation of which something came into the folder of a record, or went out of it, and
    whose mail has not been linked anew yet."""

    __tablename__ = "filed_thread"
    thread_id: int = Field(primary_key=True)


# -- agenda ----------------------------------------------------------------------------------------


class Event(SQLModel, table=True):
    """An entry of the agenda (RFC 5545 VEVENT)."""

    __table_args__ = _NEVER_AGAIN
    id: int | None = _id()
    uid: str = Field(unique=True)
    title: str = _text()
    starts_at: datetime = Field(index=True)
    ends_at: datetime
    all_day: bool = False
    location: str = _text()
    description: str = _text()
    entity_id: int | None = None
    operator_id: int | None = None


class Attendee(SQLModel, table=True):
    """Who takes part in an event."""

    event_id: int = Field(primary_key=True, foreign_key="event.id", ondelete="CASCADE")
    email: str = Field(primary_key=True)
    name: str = _text()
    status: str = "needs-action"
