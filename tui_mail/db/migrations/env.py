"""What Alembic runs for each migration: on the connection that `db.schema` hands over."""

from alembic import context
from sqlmodel import SQLModel

from tui_mail.db import tables  # noqa: F401 — fills SQLModel.metadata
from tui_mail.db.schema import compared

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    include_name=compared,
    transaction_per_migration=False,
)
context.run_migrations()
