"""Addresses that people have linked to a party by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned_address",
        sa.Column("email", sa.Text(), primary_key=True),
        sa.Column("entity_id", sa.Integer(), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
    )
