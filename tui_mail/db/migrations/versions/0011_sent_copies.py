"""Who files the copies of what was sent, and which letters still need one."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("sent_copies", sa.String(), nullable=False, server_default="auto")
    )
    op.add_column(
        "outgoing",
        sa.Column("unfiled", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index("outgoing_sent", "outgoing", ["account_id", "sent_at"])
    op.create_index(
        "outgoing_unfiled",
        "outgoing",
        ["account_id"],
        sqlite_where=sa.text("unfiled = 1"),
        postgresql_where=sa.text("unfiled"),
    )
