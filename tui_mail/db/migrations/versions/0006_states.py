"""Indexes by which few unread, answered or unfinished messages are found among many others."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATES = {
    "placement_unread_here": (["folder_id", "position"], "seen = 0", "NOT seen"),
    "placement_answered": (["position"], "answered = 1", "answered"),
    "placement_draft": (["position"], "draft = 1", "draft"),
}


def upgrade() -> None:
    for name, (columns, on_sqlite, on_postgresql) in _STATES.items():
        op.create_index(
            name,
            "placement",
            columns,
            sqlite_where=sa.text(on_sqlite),
            postgresql_where=sa.text(on_postgresql),
        )
