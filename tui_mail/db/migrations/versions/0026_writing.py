"""Records made here that are to be written to the ERP, and which places may be written to."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("erp_source", sa.Column("writes", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "entity_writing",
        sa.Column("entity_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
    )
    op.create_index("ix_entity_writing_source", "entity_writing", ["source"])
