"""Files that may hold electronic invoices are read anew: they tell what links them since."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    attachment = sa.table(
        "attachment", sa.column("message_id"), sa.column("name"), sa.column("sha256")
    )
    text = sa.table("attachment_text", sa.column("sha256"))
    waiting = sa.table("text_waiting", sa.column("message_id"))
    name = sa.func.lower(attachment.c.name)
    packed = sa.or_(*(name.like(f"%{ending}") for ending in (".xml", ".p7m", ".zip")))
    read = sa.and_(packed, attachment.c.sha256.in_(sa.select(text.c.sha256)))
    again = sa.select(attachment.c.message_id).where(
        read, attachment.c.message_id.not_in(sa.select(waiting.c.message_id))
    )
    op.execute(sa.insert(waiting).from_select(["message_id"], again.distinct()))
    op.execute(
        sa.delete(text).where(text.c.sha256.in_(sa.select(attachment.c.sha256).where(packed)))
    )
