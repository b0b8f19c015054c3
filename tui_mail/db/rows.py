"""What the reading verbs give: frozen rows of just the columns that a screen or a program shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tui_mail.values import CertifiedState


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder as the tree shows it; the inbox first, then by role, then by name."""

    account_id: int
    account: str
    shared: bool
    folder_id: int
    name: str
    role: str
    total: int
    unread: int
    conversations: int


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How an account is doing."""

    account_id: int
    email: str
    protocol: str
    shared: bool
    last_success: datetime | None
    last_error: str
    waiting: int  # operations not yet carried out
    outgoing: int  # letters not yet sent
    sending_error: str = ""
    paused: bool = False
    rate: int = 0  # KiB a second
    schedule: str = ""
    keep_days: int | None = None  # files of older mail, and larger ones, may be on its server only
    keep_kib: int | None = None

    @property
    def trouble(self) -> str:
        """What is wrong now: no mail comes in, or letters that wait do not go out."""
        return self.fetching_trouble or (self.sending_error if self.outgoing else "")

    @property
    def fetching_trouble(self) -> str:
        """Why no mail comes in; nothing is wrong where none is to."""
        return "" if self.paused else self.last_error


@dataclass(frozen=True, slots=True, repr=False)
class AccountSecret:
    """The password of an account, sealed; it shows in no repr all the same."""

    id: int
    email: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class Chip:
    """A record as a list shows it beside a message."""

    entity_id: int
    company: str
    kind: str
    code: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class PageKey:
    """Where a window starts or ends: rows are ordered by (at, id), newest first.

    `by`: what the list is ordered by before that, None for nothing.
    `id`: of lists of messages wherever they lie, the message's position.
    """

    at: datetime
    id: int
    by: str | int | bool | None = None


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """Which of a record's mail: `since` <= received < `until` (aware), `outgoing` or not, what lies
    in one account, of some of the kinds of `mail.kinds`; None and () for all."""

    since: datetime | None = None
    until: datetime | None = None
    outgoing: bool | None = None
    account_id: int | None = None
    kinds: tuple[str, ...] = ()


ALL_MAIL = TraceFilter()


class Sort(StrEnum):
    """What a list is ordered by: STATE puts what is unread first."""

    DATE = "date"
    SENDER = "sender"
    SUBJECT = "subject"
    SIZE = "size"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class ListOrder:
    """The order of a list: the newest, A, the largest, the unread first; `backwards`: the last."""

    sort: Sort = Sort.DATE
    backwards: bool = False


BY_DATE = ListOrder()
MOST_ORDERED = 20_000  # messages that a search found, when they are put in another order


class Kind(StrEnum):
    """Which rows of a list are meant at once."""

    ALL = "all"
    READ = "read"
    UNREAD = "unread"
    STARRED = "starred"
    UNSTARRED = "unstarred"
    FILES = "files"


@dataclass(frozen=True, slots=True)
class Marked:
    """Rows of a list that a verb is about together: conversations of a folder, or placements, or
    messages wherever they lie."""

    folder_id: int | None = None
    threads: tuple[int, ...] = ()
    placements: tuple[int, ...] = ()
    messages: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.threads) + len(self.placements) + len(self.messages)


@dataclass(frozen=True, slots=True)
class MarksFound:
    """What rows are marked by, as many as can be at once. `total`: how many rows there are to be
    marked, None when that is not known and they are more."""

    marks: tuple[int, ...]
    total: int | None


@dataclass(frozen=True, slots=True)
class Further:
    """A row so many `steps` from another one in a list."""

    key: PageKey
    steps: int


@dataclass(frozen=True, slots=True)
class Care:
    """Whose a conversation is ("" nobody's), and its state: open, waiting, done."""

    login: str = ""
    state: str = "open"


@dataclass(frozen=True, slots=True)
class SavedRow:
    """A search under a name. `own`: the operator's who asks; `login`: whose it is."""

    id: int
    name: str
    query: str
    shared: bool
    login: str
    own: bool


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row of a message list: a conversation by its latest message, or one message.

    `key` pages the list. `chips`: linked records, sure before proposed, then documents before parties.
    `total` and `unread` count the conversation's messages in the folder (1 in flat lists);
    `in_thread` those in all folders that the operator may read (0 in flat lists). `tags`: of the
    message itself, in the order of the alphabet.
    """

    key: PageKey
    thread_id: int
    message_id: int
    placement_id: int | None
    folder_id: int | None
    folder: str
    account: str
    sender_name: str
    sender_address: str
    recipients: str
    subject: str
    received_at: datetime
    total: int
    unread: int
    seen: bool
    starred: bool
    answered: bool
    outgoing: bool
    attachments: int
    kind: str
    chips: tuple[Chip, ...] = ()
    care: Care = Care()
    in_thread: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ThreadPlace:
    """Where a message stands among the `total` of its conversation, oldest first.

    `near`: the message and those nearest to it, by id; `first`: the place, from 1, of the first.
    """

    first: int
    total: int
    near: tuple[int, ...]

    def of(self, message_id: int | None) -> int | None:
        """The place of one of those near, from 1; None when it is not among them."""
        return self.first + self.near.index(message_id) if message_id in self.near else None


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file of a message; `number` counts from 1. `away`: its bytes are with a server only."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str
    blob: str
    inline: bool
    away: bool = False


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as the reader's frame and programs need it, one of its placements with it."""

    id: int
    message_id: str
    thread_id: int
    subject: str
    sender_name: str
    sender_address: str
    recipients: str
    date: datetime | None
    received_at: datetime
    size: int
    kind: str
    outgoing: bool
    in_reply_to: str
    references: str
    placement_id: int | None
    folder_id: int | None
    folder: str
    account_id: int | None
    account: str
    flags: frozenset[str]  # values of Flag, and keywords
    attachments: tuple[AttachmentRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubts:
    """What other mail says against a message: `another` says something else under its identifier,
    or it is the first of its sender, and of their firm, in a conversation that others began."""

    another: bool = False
    new_sender: bool = False


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link of a message, with its record, and why."""

    message_id: int
    message_header: str  # Message-ID
    entity_id: int
    company: str
    kind: str
    code: str
    title: str
    party_id: int | None
    party: str  # name of the party
    date: Day | None
    amount: Decimal | None
    open_amount: Decimal | None
    currency: str
    entity_state: str
    state: str
    method: str
    score: int
    why: str
    found_in: str
    by: str  # login of who confirmed, "" for the machine
    at: datetime
    made_here: bool = False  # and not known to be in the ERP yet
    on_its_way: str = ""  # as in `EntityRow`
    refused: bool = False
    way_error: str = ""


@dataclass(frozen=True, slots=True)
class EntityRow:
    """A record of the ERP."""

    id: int
    company: str
    kind: str
    code: str
    title: str
    party_id: int | None
    party_kind: str
    party_code: str
    party: str
    date: Day | None
    due_date: Day | None
    amount: Decimal | None
    open_amount: Decimal | None
    currency: str
    state: str
    their_reference: str
    our_reference: str
    url: str
    gone: bool
    source: str = ""  # the connector's name; `LOCAL_SOURCE`: made here
    on_its_way: str = ""  # of one made here: what people call the place that is to have it
    refused: bool = False  # by that place
    way_error: str = ""  # why it is not there yet
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def day(self) -> Day | None:
        """The day that says when it is: of an instalment when it falls due, not its document's."""
        first, other = self.date, self.due_date
        if self.kind == "due_item":
            first, other = other, first
        return first or other


@dataclass(frozen=True, slots=True)
class LineRow:
    line: int
    article: str
    description: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    discount: str
    vat_rate: str


@dataclass(frozen=True, slots=True)
class Card:
    """A record's card. `balance` and `overdue` are sums of open due items of the party, in the company's currency."""

    entity: EntityRow
    chain: tuple[EntityRow, ...]  # oldest first, the record itself in it
    lines: tuple[LineRow, ...]
    due_items: tuple[EntityRow, ...]  # of the document, or open ones of the party
    open_documents: tuple[EntityRow, ...]  # of a party, newest first, at most 20
    contacts: tuple[EntityRow, ...]
    addresses: tuple[str, ...]
    balance: Decimal | None = None
    overdue: Decimal | None = None
    overdue_since: Day | None = None
    next_activity: EntityRow | None = None  # of the party: what is to be done first
    place: str = ""  # what people call the place of the ERP that has the record, or is to have it
    instalments: tuple[EntityRow, ...] = ()  # of the document itself, not of what came of it
    chained: bool = False  # it came from another record, or another came of it


@dataclass(frozen=True, slots=True)
class EventRow:
    """An entry of the agenda: an event, or a due item as an all-day row (`entity_id` set, `due`)."""

    id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool
    location: str
    chip: Chip | None
    due: bool = False
    amount: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingRow:
    """A letter on its way, with the state of each recipient."""

    id: int
    account: str
    message_id: str
    subject: str
    state: str
    attempts: int
    next_try: datetime
    created_at: datetime
    error: str
    recipients: tuple[tuple[str, str, str], ...]  # address, state, reply
    idempotency_key: str
    sends: bool  # its account has a sending server
    certified: tuple[CertifiedState, ...] = ()  # what receipts say


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A letter being written."""

    id: int
    account_id: int
    account: str
    content: str
    in_reply_to_id: int | None
    answer: str
    version: int
    updated_at: datetime
