"""Addresses are found by their contact: names are completed while they are typed."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_address_contact_id"), "address", ["contact_id"])
