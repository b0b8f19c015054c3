"""A link has of its message what the mail of a record is filtered by, and an index answers it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "link", sa.Column("outgoing", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("link", sa.Column("kind", sa.String(), nullable=False, server_default="human"))
    link = sa.table("link", sa.column("message_id"), sa.column("outgoing"), sa.column("kind"))
    message = sa.table("message", sa.column("id"), sa.column("outgoing"), sa.column("kind"))

    def of_message(name: str) -> sa.ScalarSelect[object]:
        found = sa.select(message.c[name]).where(message.c.id == link.c.message_id)
        return found.scalar_subquery()

    op.execute(sa.update(link).values(outgoing=of_message("outgoing"), kind=of_message("kind")))
    op.drop_index("link_trace", "link")
    columns = ["entity_id", "position", "state", "outgoing", "kind", "message_id"]
    op.create_index("link_trace", "link", columns)
