"""What a query asks, as a tree of frozen values: what the language means and the database answers.

`Tree` is one of the classes below. All and Any hold at least two different parts, none of them of
their own class; Not holds no Not; nothing but the whole of a tree is Nothing. `all_of`, `any_of` and `negated`
keep it so.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tui_mail.search.words import words as cut


class Field(StrEnum):
    """Where words are looked for. The value is the operator's name."""

    ANYWHERE = ""  # in any of the others
    SUBJECT = "subject"
    SENDER = "from"
    RECIPIENTS = "to"  # To, Cc and Bcc
    COPY = "cc"
    BLIND_COPY = "bcc"
    BODY = "body"
    FILE_NAME = "filename"
    ATTACHMENT = "attachment"  # the names of attached files and the text inside them


class Mark(StrEnum):
    """What a message can be, as `is:` names it."""

    UNREAD = "unread"
    READ = "read"
    STARRED = "starred"
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    DRAFT = "draft"
    SENT = "sent"  # one of our own accounts is the sender
    LINKED = "linked"  # to a record of the ERP, by a link that is not rejected
    UNLINKED = "unlinked"
    PROPOSED = "proposed"  # by a link that waits for a person's decision


class ConversationState(StrEnum):
    """Whose turn it is in a conversation; one that nobody has set is open."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"


ME = "me"
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Nothing:
    """A query that asks for nothing finds nothing, lest a slip of the hand act on all mail."""


@dataclass(frozen=True, slots=True)
class Words:
    """Words, as `search.words` cuts them, that follow each other within one field.

    `prefix`: the last one may go on.
    """

    words: tuple[str, ...]
    prefix: bool = False
    field: Field = Field.ANYWHERE


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Tree"


@dataclass(frozen=True, slots=True)
class Anywhere:
    """Holds of every message, in the trash and among spam too."""


@dataclass(frozen=True, slots=True)
class InFolder:
    """In a folder of that name, last part of its name, or role (inbox, sent, drafts, archive, junk,
    trash), in any case of letters."""

    name: str


@dataclass(frozen=True, slots=True)
class OfAccount:
    """In an account of that address, lower-case; without an at sign: what stands before it."""

    email: str


@dataclass(frozen=True, slots=True)
class Is:
    mark: Mark


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """With a file that is one for the reader."""


@dataclass(frozen=True, slots=True)
class Between:
    """Received from `since` on and before `until`: aware UTC instants, None for no bound."""

    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Size:
    """Of so many bytes as it came, both bounds included; None for no bound."""

    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """With that keyword, in any case of letters."""

    name: str


@dataclass(frozen=True, slots=True)
class OfRecord:
    """Linked to a record of one of `kinds` by a link that is not rejected.

    `wanted`: its code (2026/123), the number in it (123, 88/A; any year) or, of a party, words of
    its name; "" for any record of those kinds. `prefix`: the last word of the name may go on.
    `company`: "" for any. `meant`: the ids of the records that are, None until they are looked up.
    """

    kinds: tuple[str, ...]
    wanted: str = ""
    prefix: bool = False
    company: str = ""
    meant: tuple[int, ...] | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """`wanted` cut into words, for the name of a party."""
        return tuple(cut(self.wanted))


@dataclass(frozen=True, slots=True)
class OfKind:
    """Of one of the kinds of `mail.kinds`."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssignedTo:
    """Whose conversation is assigned to the operator of that login or to NOBODY; ME is replaced
    by a login before the database is asked."""

    login: str


@dataclass(frozen=True, slots=True)
class InState:
    """Whose conversation is in that state."""

    state: ConversationState


@dataclass(frozen=True, slots=True)
class InThread:
    """In the conversation of that number, as `search --json` prints it."""

    thread_id: int


@dataclass(frozen=True, slots=True)
class WithMessageId:
    """With that Message-ID, without angle brackets."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What the saved search of that name finds; replaced by it before the database is asked."""

    name: str


Condition = (
    Anywhere
    | InFolder
    | OfAccount
    | Is
    | HasAttachment
    | Between
    | Size
    | Tagged
    | OfRecord
    | OfKind
    | AssignedTo
    | InState
    | InThread
    | WithMessageId
)
Tree = Nothing | Words | All | Any | Not | Condition | Saved


def all_of(parts: Iterable[Tree]) -> Tree:
    """Every one of `parts`, without those that ask for nothing."""
    flat: list[Tree] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else (part,)
    return _joined(flat, All)


def any_of(parts: Iterable[Tree]) -> Tree:
    """One of `parts` at least, without those that ask for nothing."""
    flat: list[Tree] = []
    for part in parts:
        flat += part.parts if isinstance(part, Any) else (part,)
    return _joined(flat, Any)


def _joined(parts: list[Tree], kind: type[All | Any]) -> Tree:
    some = list(dict.fromkeys(part for part in parts if not isinstance(part, Nothing)))
    if not some:
        return Nothing()
    return some[0] if len(some) == 1 else kind(tuple(some))


def negated(part: Tree) -> Tree:
    """The opposite of `part`; of nothing, nothing."""
    if isinstance(part, Nothing):
        return part
    return part.part if isinstance(part, Not) else Not(part)


def replaced(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """`tree` with each leaf changed; parts that become nothing are left out."""
    match tree:
        case All(parts):
            return all_of(replaced(part, change) for part in parts)
        case Any(parts):
            return any_of(replaced(part, change) for part in parts)
        case Not(part):
            return negated(replaced(part, change))
        case _:
            return change(tree)
