"""What came over POP3, and how long the servers keep it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("leave_days", sa.Integer(), nullable=True))
    op.add_column(
        "account",
        sa.Column("delete_there", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "picked_up",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "key", "content_hash"),
    )
    op.create_index("picked_up_content", "picked_up", ["account_id", "content_hash"])
