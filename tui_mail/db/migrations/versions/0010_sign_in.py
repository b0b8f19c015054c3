"""Accounts that are signed in to at a provider, and whose turn it is to ask there for a new token."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("oauth_issuer", "oauth_client", "oauth_scope", "token_claim"):
        op.add_column("account", sa.Column(name, sa.String(), nullable=False, server_default=""))
    for name in ("signed_in_at", "token_claimed_until"):
        op.add_column("account", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
