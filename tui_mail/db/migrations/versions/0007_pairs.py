"""Pairs of words are kept on PostgreSQL from now on: of what is there it is said that there are none."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute(
        "UPDATE message_words SET lexemes = lexemes || array_to_tsvector(ARRAY['·q'])"
        " WHERE NOT lexemes @@ CAST($$'·p'$$ AS tsquery)"
    )
    # Their words are so many and so short that packing them saves nothing, and unpacking takes
    # most of the time that looking at a row does.
    for name in ("words", "lexemes"):
        op.execute(f"ALTER TABLE message_words ALTER COLUMN {name} SET STORAGE EXTERNAL")
