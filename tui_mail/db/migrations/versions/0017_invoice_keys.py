"""By what electronic invoices name parties and documents: VAT number, and the invoice's file."""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_BATCH = 5_000


def upgrade() -> None:
    for name in ("vat", "sdi_file"):
        op.add_column("entity", sa.Column(name, sa.Text(), nullable=False, server_default=""))
        op.create_index(f"ix_entity_{name}", "entity", [name])
    entity = sa.table(
        "entity",
        sa.column("id", sa.Integer),
        sa.column("details", sa.Text),
        sa.column("vat", sa.Text),
        sa.column("sdi_file", sa.Text),
    )
    connection = op.get_bind()
    told = sa.or_(entity.c.details.contains('"vat"'), entity.c.details.contains('"sdi_file"'))
    change = (
        sa.update(entity)
        .where(entity.c.id == sa.bindparam("of"))
        .values(vat=sa.bindparam("has_vat"), sdi_file=sa.bindparam("has_file"))
    )
    after = 0
    while True:
        query = sa.select(entity.c.id, entity.c.details).where(told, entity.c.id > after)
        rows = connection.execute(query.order_by(entity.c.id).limit(_BATCH)).all()
        if not rows:
            return
        connection.execute(change, [_keys(identifier, text) for identifier, text in rows])
        after = rows[-1][0]


def _keys(identifier: int, text: str) -> dict[str, object]:
    try:
        details = json.loads(text)
    except ValueError:
        details = {}
    vat = re.sub(r"[^A-Z0-9]+", "", str(details.get("vat", "")).upper())
    vat = vat.removeprefix("IT") if vat[2:].isdigit() else vat
    sound = len(vat) >= 8 and any(map(str.isdigit, vat))
    file = re.sub(r"(?:\.p7m)+\Z", "", str(details.get("sdi_file", "")).strip().lower())
    return {"of": identifier, "has_vat": vat if sound else "", "has_file": file}
