"""The words of messages, indexed and searched with the same answers on both databases.

Words are cut by `search.words` before the database sees them: SQLite's FTS5 and
PostgreSQL's tsvector only store and find them. Nothing that a person typed is their syntax.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    column,
    exists,
    func,
    literal_column,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from tui_mail.db.conversations import message_rows
from tui_mail.db.many import execute_many
from tui_mail.db.rights import readable
from tui_mail.db.rows import ListRow, PageKey
from tui_mail.db.tables import Account, Folder, Message, Placement
from tui_mail.search.query import Field, SearchQuery, Term
from tui_mail.search.words import words

# A tsvector holds at most 1 MiB of distinct words; of a longer text the beginning is found.
_BODY_BYTES = 800_000
_HEADER_BYTES = 30_000
_COLUMNS = {Field.SUBJECT: "subject", Field.SENDER: "sender", Field.RECIPIENTS: "recipients"}
# Words of one field are stored a second time behind a capital letter, which no folded word has.
_SIGNS = {Field.ANYWHERE: "", Field.SUBJECT: "S", Field.SENDER: "F", Field.RECIPIENTS: "T"}
_LINES = {Field.SUBJECT: 1, Field.SENDER: 2, Field.RECIPIENTS: 3}

_INSERT_SQLITE = text(
    "INSERT INTO message_words (rowid, subject, sender, recipients, body)"
    " VALUES (:message_id, :subject, :sender, :recipients, :body)"
)
_INSERT_POSTGRESQL = text(
    "INSERT INTO message_words (message_id, words, lexemes)"
    " SELECT message_id, words, array_to_tsvector(string_to_array(lexemes, ' '))"
    " FROM unnest(CAST(:message_id AS bigint[]), CAST(:words AS text[]), CAST(:lexemes AS text[]))"
    " AS given (message_id, words, lexemes)"
)
_FORGET = {
    "sqlite": "DELETE FROM message_words WHERE rowid = :message_id",
    "postgresql": "DELETE FROM message_words WHERE message_id = :message_id",
}


@dataclass(frozen=True, slots=True)
class Indexed:
    """The texts of a message that are searched; `body` with the names of its attachments."""

    message_id: int
    subject: str
    sender: str
    recipients: str
    body: str


def index(session: Session, rows: Sequence[Indexed]) -> None:
    """Make messages found by their words; each must not be in the index yet."""
    if not rows:
        return
    cut = [
        {
            "message_id": row.message_id,
            "subject": _cut(row.subject, _HEADER_BYTES),
            "sender": _cut(row.sender, _HEADER_BYTES),
            "recipients": _cut(row.recipients, _HEADER_BYTES),
            "body": _cut(row.body, _BODY_BYTES),
        }
        for row in rows
    ]
    if _is_sqlite(session):
        execute_many(session, _INSERT_SQLITE, cut)
    else:
        found = [_lexemes(row) for row in cut]
        columns = {name: [row[name] for row in found] for name in found[0]}
        session.connection().execute(_INSERT_POSTGRESQL, columns)


def forget(session: Session, message_ids: Collection[int]) -> None:
    """Take messages out of the index."""
    statement = text(_FORGET["sqlite" if _is_sqlite(session) else "postgresql"])
    execute_many(session, statement, [{"message_id": key} for key in message_ids])


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _cut(source: str, limit: int) -> str:
    """The words of a text with a space between, as many as go into `limit` bytes."""
    joined = " ".join(words(source[:limit]))
    encoded = joined.encode()
    if len(encoded) <= limit:
        return joined
    return encoded[:limit].decode(errors="ignore").rpartition(" ")[0]


def _lexemes(row: dict[str, object]) -> dict[str, object]:
    fields = {Field.ANYWHERE: str(row["body"])}
    fields |= {field: str(row[name]) for field, name in _COLUMNS.items()}
    found = {word for line in fields.values() for word in line.split()}
    found |= {_SIGNS[field] + word for field in _COLUMNS for word in fields[field].split()}
    lines = [fields[field] for field in (*_COLUMNS, Field.ANYWHERE)]
    return {
        "message_id": row["message_id"],
        "words": "\n".join(f" {line} " for line in lines),
        "lexemes": " ".join(sorted(found)),
    }


# -- searching -------------------------------------------------------------------------------------


def search(
    session: Session,
    operator_id: int,
    query: SearchQuery,
    *,
    before: PageKey | None = None,
    limit: int = 100,
) -> list[ListRow]:
    """A row a message that the query fits, newest first by (received_at, message id).

    Only what the operator may read; `before`: the rows older than that key.
    """
    found = _found(session, operator_id, query)
    if found is None:
        return []
    conditions, place = found
    key = tuple_(col(Message.received_at), col(Message.id))
    statement = select(col(Message.id)).where(*conditions)
    if before is not None:
        statement = statement.where(key < tuple_(before.at, before.id))
    statement = statement.order_by(col(Message.received_at).desc(), col(Message.id).desc()).limit(
        limit
    )
    ids = [identifier for identifier in session.scalars(statement) if identifier is not None]
    return message_rows(session, operator_id, ids, *place)


def count(session: Session, operator_id: int, query: SearchQuery) -> int:
    """How many messages `search` finds in all."""
    found = _found(session, operator_id, query)
    if found is None:
        return 0
    return session.scalar(select(func.count()).select_from(Message).where(*found[0])) or 0


_Conditions = list[ColumnElement[bool] | Mapped[bool]]


def _found(
    session: Session, operator_id: int, query: SearchQuery
) -> tuple[_Conditions, _Conditions] | None:
    """What must hold of a message, and of the placement it is shown by; None: nothing can."""
    if query.is_empty:
        return None
    place = _place(session, operator_id, query)
    if place is None:
        return None
    visible: Select[int | None] = (
        select(col(Placement.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .where(
            col(Placement.message_id) == col(Message.id),
            col(Folder.account_id).in_(readable(operator_id)),
            ~col(Placement.deleted),
            *place,
        )
    )
    conditions: _Conditions = [exists(visible)]
    if query.terms:
        make = _in_fts5 if _is_sqlite(session) else _in_tsvector
        conditions.append(make(query.terms))
    return conditions, place


def _place(session: Session, operator_id: int, query: SearchQuery) -> _Conditions | None:
    conditions: _Conditions = []
    if query.folders or query.accounts:
        folders = _folders(session, operator_id, query)
        if not folders:
            return None
        conditions.append(col(Folder.id).in_(folders))
    if query.unread:
        conditions.append(~col(Placement.seen))
    if query.starred:
        conditions.append(col(Placement.starred))
    return conditions


def _folders(session: Session, operator_id: int, query: SearchQuery) -> list[int]:
    """The folders that `in:` and `account:` name: by name, last part of the name, or role."""
    statement = (
        select(col(Folder.id), col(Folder.name), col(Folder.role), col(Account.email))
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(col(Folder.account_id).in_(readable(operator_id)))
    )
    wanted = {name.casefold() for name in query.folders}
    found = []
    for identifier, name, role, email in session.execute(statement):
        called = {name.casefold(), name.casefold().rpartition("/")[2], role} - {""}
        in_account = not query.accounts or email in query.accounts
        if in_account and (not wanted or called & wanted):
            found.append(identifier)
    return found


def _in_fts5(terms: Sequence[Term]) -> ColumnElement[bool]:
    """The message's words match, in FTS5's language: quoted words, which have no quote in them."""
    parts = []
    for term in terms:
        within = f"{_COLUMNS[term.field]} : " if term.field else ""
        star = " *" if term.prefix else ""
        parts.append(f'{within}"{" ".join(term.words)}"{star}')
    matching = text("SELECT rowid FROM message_words WHERE message_words MATCH :match")
    bound = matching.bindparams(match=" AND ".join(parts))
    # The sign keeps SQLite from fetching and sorting every hit: it goes through the messages,
    # newest first, and stops when it has enough (100,000 hits: 8 ms for 80; none: 3 ms for 0.2).
    return literal_column("+message.id", Integer).in_(bound.columns(column("rowid", Integer)))


def _in_tsvector(terms: Sequence[Term]) -> ColumnElement[bool]:
    """The message's words match by the index; where words must follow each other, by their text."""
    lexemes = []
    phrases: dict[str, str] = {}
    conditions = ["lexemes @@ CAST(:match AS tsquery)"]
    for number, term in enumerate(terms):
        sign = _SIGNS[term.field]
        lexemes += [f"'{sign}{word}'" for word in term.words]
        if term.prefix:
            lexemes[-1] += ":*"
        if len(term.words) > 1:
            line = f"split_part(words, E'\\n', {_LINES[term.field]})" if term.field else "words"
            conditions.append(f"{line} LIKE :phrase{number}")
            end = "" if term.prefix else " "
            phrases[f"phrase{number}"] = f"% {' '.join(term.words)}{end}%"
    where = " AND ".join(conditions)
    matching = text(f"SELECT message_id FROM message_words WHERE {where}")  # noqa: S608 — bound
    bound = matching.bindparams(match=" & ".join(lexemes), **phrases)
    return col(Message.id).in_(bound.columns(column("message_id", Integer)))
