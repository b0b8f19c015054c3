"""The words of messages, kept for the search on both databases.

Words are cut by `search.words` before a database sees them: SQLite's FTS5 and PostgreSQL's
tsvector only store and find them. Beside its words a message has marks, which say what it is for
as long as it lives; no word begins with a mark's sign. Both are known by the message's position.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from zlib import crc32

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    Integer,
    column,
    exists,
    func,
    select,
    table,
    text,
)
from sqlmodel import Session, col

from tui_mail.db.file_texts import texts_of
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.tables import Folder, Message, MessageText, Placement
from tui_mail.search.words import MOST_OF_BODY, joined_words

# The columns of MessageText, and of the index, that a message's words come from.
TEXTS = (
    "subject",
    "sender",
    "recipients",
    "copies",
    "blind_copies",
    "attachment_names",
    "body",
)
INSIDE = "inside"  # the text inside attached files
COLUMNS = (*TEXTS, INSIDE)
# A tsvector holds at most 1 MiB of distinct words, those of header fields twice; of a longer text
# the beginning is found.
_LIMITS = {**dict.fromkeys(TEXTS, 10_000), "body": MOST_OF_BODY, INSIDE: 360_000}

# PostgreSQL has no columns in its index: words of these are stored a second time behind a sign.
SIGNS = {
    "subject": ("·s",),
    "sender": ("·f",),
    "recipients": ("·t",),
    "copies": ("·t", "·c"),
    "blind_copies": ("·t", "·b"),
    "attachment_names": ("·n",),
}
# Two words that follow each other, by a sign that some other two may have as well: a phrase of
# common words leads to the few messages that may have it, not to all that have both words.
_PAIRS = 0xF0000  # where the signs begin: 65,533 characters that are nobody's
PAIRED = "·p"
NOT_PAIRED = "·q"  # an endless message, or one from before pairs were kept
_MOST_PAIRED = 4_000  # words of a message
ANY_MESSAGE = "·m"
ATTACHED = "·d"
OUTGOING = "·o"
HAS_INSIDE = "·i"

_REBUILT_AT_ONCE = 500

_INSERT_SQLITE = (
    f"INSERT INTO message_words (rowid, {', '.join(COLUMNS)}, marks)"  # noqa: S608 — our own names
    f" VALUES (?, {', '.join('?' * len(COLUMNS))}, ?)"
)
_INSERT_POSTGRESQL = text(
    "INSERT INTO message_words (position, words, lexemes)"
    " SELECT position, words, array_to_tsvector(string_to_array(lexemes, ' '))"
    " FROM unnest(CAST(:position AS bigint[]), CAST(:words AS text[]), CAST(:lexemes AS text[]))"
    " AS given (position, words, lexemes)"
)
_FORGET = {
    "sqlite": text("DELETE FROM message_words WHERE rowid = :position"),
    "postgresql": text("DELETE FROM message_words WHERE position = :position"),
}
_MARK = {
    "sqlite": text(
        "UPDATE message_words SET marks = marks || :mark || ' '"
        " WHERE rowid = :position AND instr(marks, ' ' || :mark || ' ') = 0"
    ),
    "postgresql": text(
        "UPDATE message_words SET lexemes = lexemes || array_to_tsvector(ARRAY[CAST(:mark AS text)])"
        " WHERE position = :position"
    ),
}
# Where each database keeps which messages are indexed.
_KEYS: dict[str, ColumnClause[int]] = {
    "sqlite": table("message_words_content", column("id", Integer)).c.id,
    "postgresql": table("message_words", column("position", Integer)).c.position,
}


@dataclass(frozen=True, slots=True)
class Indexed:
    """What a message is found by: its texts by the names in COLUMNS, and what its marks say.

    `cut`: those texts whose words are cut already.
    """

    position: int
    texts: Mapping[str, str]
    accounts: Collection[int]  # those that a copy has ever been in
    kind: str
    size: int
    attached: bool
    outgoing: bool
    cut: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How index and messages differ: messages without words, and words of no message."""

    missing: int
    orphaned: int


def account_mark(account_id: int) -> str:
    return f"·a{account_id}"


def kind_mark(kind: str) -> str:
    return "·k" + "".join(sign if sign.isalnum() else "·" for sign in kind)


def pair_mark(first: str, second: str) -> str:
    """The mark of messages in which one word may follow another, on PostgreSQL."""
    return chr(_PAIRS + crc32(f"{first} {second}".encode()) % 0xFFFD)


def size_mark(size: int) -> str:
    """The mark of all sizes between two powers of two."""
    return f"·z{size.bit_length()}"


# -- keeping ---------------------------------------------------------------------------------------


def index(session: Session, rows: Sequence[Indexed]) -> None:
    """Make messages found; each must not be in the index yet."""
    if not rows:
        return
    # FTS5 writes a part of its index anew each time that a row does not follow the one before it.
    ordered = sorted(rows, key=lambda row: row.position)
    cut = [_cut(row) for row in ordered]
    marked = [
        _marks(row, inside=bool(texts[INSIDE])) for row, texts in zip(ordered, cut, strict=True)
    ]
    pairs = zip(ordered, cut, marked, strict=True)
    if _kind(session) == "sqlite":
        values = [
            (row.position, *texts.values(), f" {' '.join(marks)} ") for row, texts, marks in pairs
        ]
        # Past SQLAlchemy, which would look at each of the texts.
        session.connection().exec_driver_sql(_INSERT_SQLITE, values)
        return
    columns = {
        "position": [row.position for row in ordered],
        "words": ["\n".join(f" {texts[name]} " for name in COLUMNS) for texts in cut],
        "lexemes": [_lexemes(texts, marks) for _row, texts, marks in pairs],
    }
    session.connection().execute(_INSERT_POSTGRESQL, columns)


def forget(session: Session, message_ids: Collection[int]) -> None:
    """Take messages out of the index, while they are still there themselves."""
    _forget(session, _positions(session, message_ids).values())


def _forget(session: Session, positions: Iterable[int]) -> None:
    statement = _FORGET[_kind(session)]
    execute_many(session, statement, [{"position": one} for one in sorted(positions)])


def note_account(session: Session, account_id: int, message_ids: Collection[int]) -> None:
    """Copies of known messages are about to come into an account: its readers are to find them."""
    known: set[int] = set()
    for part in chunks(message_ids):
        there = (
            select(col(Placement.message_id))
            .join(Folder, col(Folder.id) == col(Placement.folder_id))
            .where(col(Placement.message_id).in_(part), col(Folder.account_id) == account_id)
        )
        known.update(session.scalars(there))
    mark = account_mark(account_id)
    fresh = _positions(session, {*message_ids} - known).values()
    rows = [{"position": position, "mark": mark} for position in sorted(fresh)]
    execute_many(session, _MARK[_kind(session)], rows)


def renew(session: Session, message_ids: Collection[int]) -> None:
    """Index messages again from what is stored of them: the text inside their files has come."""
    for part in chunks(sorted(message_ids)):
        stored = _stored(session, part)
        _forget(session, [row.position for row in stored])
        index(session, stored)


# -- proving and mending ---------------------------------------------------------------------------


def agreement(session: Session) -> Agreement:
    """Count what differs between the messages and the index, by their keys alone."""
    key = _KEYS[_kind(session)]
    missing = select(func.count()).select_from(Message).where(_without_words(key))
    orphaned = select(func.count(key)).where(_without_message(key))
    return Agreement(session.scalar(missing) or 0, session.scalar(orphaned) or 0)


def _without_words(key: ColumnClause[int]) -> ColumnElement[bool]:
    return ~exists(select(key).where(key == col(Message.position)).correlate(Message))


def _without_message(key: ColumnClause[int]) -> ColumnElement[bool]:
    return ~exists(select(col(Message.id)).where(key == col(Message.position)).correlate(key.table))


def empty(session: Session) -> None:
    """Take everything out of the index, damaged or not; `rebuild` fills it again."""
    connection = session.connection()
    if _kind(session) != "sqlite":
        connection.execute(text("TRUNCATE message_words"))
        return
    made = text("SELECT sql FROM sqlite_master WHERE name = 'message_words'")
    statement = connection.execute(made).scalar_one()
    connection.execute(text("DROP TABLE message_words"))
    connection.exec_driver_sql(statement)


def rebuild(session: Session, after: int = -1, limit: int = _REBUILT_AT_ONCE) -> int | None:
    """Index the next messages behind the position `after` that are not indexed.

    The position to go on behind, None when nothing is left. For all of them after `empty`, or for
    those that `agreement` misses; words of messages that are gone are taken away at the end.
    """
    key = _KEYS[_kind(session)]
    position = col(Message.position)
    missing = (
        select(col(Message.id), position)
        .where(position > after, _without_words(key))
        .order_by(position)
        .limit(limit)
    )
    found = [(row[0], row[1]) for row in session.execute(missing)]
    for part in chunks(identifier for identifier, _position in found):
        index(session, _stored(session, part))
    if found:
        return int(found[-1][1])
    orphaned = select(key).where(_without_message(key))
    _forget(session, list(session.scalars(orphaned)))
    return None


def _stored(session: Session, message_ids: Sequence[int]) -> list[Indexed]:
    accounts = defaultdict(set)
    placed = (
        select(col(Placement.message_id), col(Folder.account_id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .where(col(Placement.message_id).in_(message_ids))
    )
    for message_id, account_id in session.execute(placed):
        accounts[message_id].add(account_id)
    texts = [getattr(MessageText, name) for name in TEXTS]
    stored = (
        select(
            col(Message.id),
            col(Message.position),
            col(Message.kind),
            col(Message.size),
            col(Message.attachment_count),
            col(Message.outgoing),
            *texts,
        )
        .join(MessageText, col(MessageText.message_id) == col(Message.id))
        .where(col(Message.id).in_(message_ids))
    )
    inside = texts_of(session, message_ids)
    return [
        Indexed(
            position=row.position,
            texts={
                **{name: getattr(row, name) for name in TEXTS},
                INSIDE: inside.get(row.id, ""),
            },
            accounts=accounts[row.id],
            kind=row.kind,
            size=row.size,
            attached=row.attachment_count > 0,
            outgoing=row.outgoing,
        )
        for row in session.execute(stored)
    ]


def _positions(session: Session, message_ids: Collection[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in chunks(message_ids):
        query = select(col(Message.id), col(Message.position)).where(col(Message.id).in_(part))
        found.update((row.id, row.position) for row in session.execute(query))
    return found


# -- cutting ---------------------------------------------------------------------------------------


def _kind(session: Session) -> str:
    return session.get_bind().dialect.name


def _cut(row: Indexed) -> dict[str, str]:
    """Its words by the names in COLUMNS, in that order."""
    return {
        name: row.cut[name] if name in row.cut else joined_words(row.texts.get(name, ""), limit)
        for name, limit in _LIMITS.items()
    }


def _marks(row: Indexed, *, inside: bool) -> list[str]:
    facts = {ATTACHED: row.attached, OUTGOING: row.outgoing, HAS_INSIDE: inside}
    return [
        ANY_MESSAGE,
        kind_mark(row.kind),
        size_mark(row.size),
        *(account_mark(one) for one in sorted(row.accounts)),
        *(mark for mark, holds in facts.items() if holds),
    ]


def _lexemes(texts: Mapping[str, str], marks: Sequence[str]) -> str:
    cut = {name: line.split() for name, line in texts.items()}
    found = set(chain(marks, *cut.values()))
    found |= {sign + word for name, signs in SIGNS.items() for word in cut[name] for sign in signs}
    if sum(map(len, cut.values())) > _MOST_PAIRED:
        found.add(NOT_PAIRED)
    else:
        found.add(PAIRED)
        found.update(pair_mark(*pair) for line in cut.values() for pair in pairwise(line))
    return " ".join(sorted(found))
