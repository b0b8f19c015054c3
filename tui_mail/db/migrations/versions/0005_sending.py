"""What goes wrong in sending, apart from what goes wrong with the mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "account", sa.Column("sending_error", sa.Text(), nullable=False, server_default="")
    )
