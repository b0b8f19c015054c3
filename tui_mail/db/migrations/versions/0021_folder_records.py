"""Folders that stand for a record, and conversations to be linked anew for what is put into them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "folder_record",
        sa.Column(
            "folder_id",
            sa.Integer(),
            sa.ForeignKey("folder.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("operator_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_folder_record_entity_id", "folder_record", ["entity_id"])
    op.create_table(
        "filed_thread",
        sa.Column("thread_id", sa.Integer(), primary_key=True, autoincrement=False),
    )
