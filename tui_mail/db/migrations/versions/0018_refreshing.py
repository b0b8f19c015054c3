"""Whose turn it is to read a place of the ERP, and which records' mail is to be linked anew."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "entity_waiting",
        sa.Column("entity_id", sa.Integer(), primary_key=True, autoincrement=False),
    )
    for name in ("tried_at", "until"):
        op.add_column("erp_source", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in ("token", "process"):
        op.add_column(
            "erp_source", sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        )
    op.add_column("erp_source", sa.Column("host", sa.String(), nullable=False, server_default=""))
