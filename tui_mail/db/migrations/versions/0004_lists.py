"""Sort orders of lists; conversations split and joined by hand."""

import sqlalchemy as sa
from alembic import op

from tui_mail.db.ordering import sender_key, subject_key

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_AT_ONCE = 5000
_SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    _make_decisions()
    op.create_table(
        "folder_order",
        sa.Column("operator_id", sa.Integer(), nullable=False),
        sa.Column("folder_id", sa.Integer(), nullable=False),
        sa.Column("sort", sa.String(), nullable=False),
        sa.Column("backwards", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["folder_id"], ["folder.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["operator_id"], ["operator.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("operator_id", "folder_id"),
    )
    for name in ("sender_key", "subject_key"):
        op.add_column("placement", sa.Column(name, _SORTABLE, nullable=False, server_default=""))
    op.add_column("placement", sa.Column("size", sa.Integer(), nullable=False, server_default="0"))
    _fill()
    for name, by in (
        ("placement_by_state", "seen"),
        ("placement_by_sender", "sender_key"),
        ("placement_by_subject", "subject_key"),
        ("placement_by_size", "size"),
    ):
        down = [sa.text("received_at DESC"), sa.text("id DESC")]
        op.create_index(name, "placement", ["folder_id", by, *down])
    tagged = sa.text("keywords <> ''")
    op.create_index(
        "placement_tags",
        "placement",
        ["folder_id", "keywords"],
        sqlite_where=tagged,
        postgresql_where=tagged,
    )


def _make_decisions() -> None:
    op.create_table(
        "thread_split",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("root_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("thread_id"),
    )
    op.create_index(op.f("ix_thread_split_root_id"), "thread_split", ["root_id"])
    op.create_table(
        "thread_join",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("other", sa.Text(), nullable=False),
        sa.Column("one_root_id", sa.Integer(), nullable=False),
        sa.Column("other_root_id", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("one", "other"),
        sqlite_autoincrement=True,
    )
    for name in ("one_root_id", "other_root_id"):
        op.create_index(op.f(f"ix_thread_join_{name}"), "thread_join", [name])
    # A message that came without an identifier is known by its content now, as decisions need it.
    op.execute(
        "INSERT INTO thread_key (key, thread_id) SELECT 'sha256:' || content_hash, thread_id"
        " FROM message WHERE message_id = ''"
    )


def _fill() -> None:
    """Give the placements that are there the keys that lists are ordered by, some at a time."""
    connection = op.get_bind()
    message = sa.table(
        "message",
        sa.column("id"),
        sa.column("subject"),
        sa.column("sender_name"),
        sa.column("sender_address"),
        sa.column("outgoing"),
        sa.column("recipients"),
        sa.column("size"),
    )
    placement = sa.table(
        "placement",
        sa.column("message_id"),
        sa.column("sender_key"),
        sa.column("subject_key"),
        sa.column("size"),
    )
    update = (
        placement.update()
        .where(placement.c.message_id == sa.bindparam("message"))
        .values(
            sender_key=sa.bindparam("sender"),
            subject_key=sa.bindparam("subject_text"),
            size=sa.bindparam("bytes"),
        )
    )
    last = 0
    while True:
        some = sa.select(message).where(message.c.id > last).order_by(message.c.id).limit(_AT_ONCE)
        rows = connection.execute(some).all()
        if not rows:
            return
        connection.execute(
            update,
            [
                {
                    "message": row.id,
                    "sender": sender_key(
                        row.recipients if row.outgoing else row.sender_name, row.sender_address
                    ),
                    "subject_text": subject_key(row.subject),
                    "bytes": row.size,
                }
                for row in rows
            ],
        )
        last = rows[-1].id
