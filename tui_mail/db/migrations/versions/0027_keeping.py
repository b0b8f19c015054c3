"""What is kept here of an account's files, which of them are on servers only, and who wants them."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("keep_days", "keep_kib"):
        op.add_column("account", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column(
        "blob", sa.Column("away", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("blob", sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "blob_away",
        "blob",
        ["id"],
        sqlite_where=sa.text("away = 1"),
        postgresql_where=sa.text("away"),
    )
    op.create_index("attachment_blob", "attachment", ["blob"])
    op.create_table(
        "wanted_message",
        sa.Column(
            "message_id",
            sa.Integer(),
            sa.ForeignKey("message.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing", sa.Boolean(), nullable=False),
    )
