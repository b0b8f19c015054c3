"""Ways of writing numbers that people teach, and the exchange's notices by its numbers.

Messages with files that may be notices are linked anew: so that those of before are known, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "taught_format",
        _message("message_id"),
        sa.Column("entity_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("written", sa.String(), primary_key=True),
        sa.Column("lead", sa.Text(), primary_key=True),
        sa.Column("meant", sa.Text(), primary_key=True),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("company", sa.String(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_taught_format_shape", "taught_format", ["shape"])
    op.create_table(
        "exchange_notice",
        sa.Column("number", sa.String(), primary_key=True),
        _message("message_id"),
    )
    op.create_index("ix_exchange_notice_message_id", "exchange_notice", ["message_id"])
    _link_anew()


def _message(name: str) -> sa.Column[int]:
    return sa.Column(
        name,
        sa.Integer(),
        sa.ForeignKey("message.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def _link_anew() -> None:
    attachment = sa.table("attachment", sa.column("message_id"), sa.column("name"))
    waiting = sa.table("text_waiting", sa.column("message_id"))
    name = sa.func.lower(attachment.c.name)
    again = sa.select(attachment.c.message_id).where(
        sa.or_(*(name.like(f"%{ending}") for ending in (".xml", ".p7m", ".zip"))),
        attachment.c.message_id.not_in(sa.select(waiting.c.message_id)),
    )
    op.execute(sa.insert(waiting).from_select(["message_id"], again.distinct()))
