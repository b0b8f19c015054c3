"""Folders that are known whatever they are called, and accounts that show only the subscribed ones."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, name in (("account", "only_subscribed"), ("folder", "hidden")):
        op.add_column(
            table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.add_column("folder", sa.Column("identity", sa.Text(), nullable=False, server_default=""))
