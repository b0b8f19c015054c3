"""Accounts that are paused, and how fast they go and when."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("paused", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("account", sa.Column("rate", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("account", sa.Column("schedule", sa.Text(), nullable=False, server_default=""))
