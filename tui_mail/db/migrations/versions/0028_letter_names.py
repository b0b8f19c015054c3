"""Other names of letters of ours, which servers gave them."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_name",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column(
            "message_id",
            sa.Integer(),
            sa.ForeignKey("message.id", ondelete="CASCADE"),
            nullable=False,
        ),
    )
    op.create_index(op.f("ix_letter_name_message_id"), "letter_name", ["message_id"])
