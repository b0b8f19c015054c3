"""Where a message stands in a search, and the words of each of its fields.

The index of words is made anew, empty: whoever upgrades fills it from the stored texts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE_WORDS = """
    CREATE VIRTUAL TABLE message_words USING fts5(
        subject, sender, recipients, copies, blind_copies, attachment_names, body, inside, marks,
        tokenize = 'ascii', columnsize = 0
    )
"""
# The words that there are, for those that begin with what is asked for.
SQLITE_VOCABULARY = """
    CREATE VIRTUAL TABLE message_words_known USING fts5vocab(message_words, row)
"""
POSTGRESQL_WORDS = """
    CREATE TABLE message_words (
        position BIGINT PRIMARY KEY REFERENCES message (position) ON DELETE CASCADE,
        words TEXT NOT NULL,
        lexemes TSVECTOR NOT NULL
    )
"""
POSTGRESQL_WORDS_INDEX = "CREATE INDEX message_words_lexemes ON message_words USING gin (lexemes)"
FOLLOWING = ("placement", "link")
NEW_TEXTS = ("sender", "recipients", "copies", "blind_copies")
AT_ONCE = 1000


def upgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    for table in ("message", *FOLLOWING):
        op.add_column(
            table, sa.Column("position", sa.BigInteger(), nullable=False, server_default="0")
        )
    give_positions()
    make_indexes()
    for name in NEW_TEXTS:
        op.add_column("message_text", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE message_text SET (sender, recipients, copies) ="
        " (SELECT sender_name || ' ' || sender_address,"
        " message.recipients || ' ' || recipient_addresses, copy_addresses"
        " FROM message WHERE message.id = message_text.message_id)"
    )
    op.drop_column("message_text", "people")
    op.execute("DROP TABLE message_words")
    if sqlite:
        op.execute(SQLITE_WORDS)
        op.execute(SQLITE_VOCABULARY)
    else:
        forget_defaults()
        op.execute(POSTGRESQL_WORDS)
        op.execute(POSTGRESQL_WORDS_INDEX)


def forget_defaults() -> None:
    """Rows that were there needed them; SQLite cannot do without."""
    for table in ("message", *FOLLOWING):
        op.alter_column(table, "position", server_default=None)
    for name in NEW_TEXTS:
        op.alter_column("message_text", name, server_default=None)


def give_positions() -> None:
    """Number the messages as they were received: 256 places a second, the next one when full."""
    connection = op.get_bind()
    update = sa.text("UPDATE message SET position = :position WHERE id = :id")
    batch: list[dict[str, int]] = []
    for identifier, position in positions(connection):
        batch.append({"id": identifier, "position": position})
        if len(batch) == AT_ONCE:
            connection.execute(update, batch)
            batch.clear()
    if batch:
        connection.execute(update, batch)
    for table in FOLLOWING:
        op.execute(
            f"UPDATE {table} SET position = (SELECT position FROM message"  # noqa: S608 — our own names
            f" WHERE message.id = {table}.message_id)"
        )


def positions(connection: sa.Connection) -> Iterator[tuple[int, int]]:
    message = sa.table(
        "message", sa.column("id"), sa.column("received_at", sa.DateTime(timezone=True))
    )
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    last = -1
    found = sa.select(message.c.id, message.c.received_at).order_by(
        message.c.received_at, message.c.id
    )
    for identifier, received_at in connection.execute(found).all():
        at = received_at if received_at.tzinfo else received_at.replace(tzinfo=UTC)
        last = max(last + 1, max(int((at - epoch).total_seconds()), 0) << 8)
        yield identifier, last


def make_indexes() -> None:
    op.create_index("message_position", "message", ["position"], unique=True)
    op.create_index("placement_position", "placement", ["folder_id", "position"])
    for name, table, sqlite, postgresql in (
        ("placement_unread", "placement", "seen = 0", "NOT seen"),
        ("placement_starred", "placement", "starred = 1", "starred"),
        ("placement_tagged", "placement", "keywords != ''", "keywords != ''"),
        ("link_proposed", "link", "state = 'proposed'", "state = 'proposed'"),
    ):
        op.create_index(
            name,
            table,
            ["position"],
            sqlite_where=sa.text(sqlite),
            postgresql_where=sa.text(postgresql),
        )
    op.drop_index("link_trace", "link")
    op.create_index("link_trace", "link", ["entity_id", "position"])
