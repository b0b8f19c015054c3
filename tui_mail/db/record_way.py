"""How far a record made here is on its way into the ERP, and what people call the place it goes to.

What lists and cards show of it; `db.writing` moves it on.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, func
from sqlmodel import Session, col

from tui_mail.db.tables import Entity, EntityWriting, ErpSource

_SCHEMES = {"odoo": "Odoo", "erpnext": "ERPNext"}


def way_columns() -> tuple[ColumnElement[Any], ...]:
    """How far a record is, as `EntityRow` has it; of a query that `with_way` has prepared."""
    products = (
        (col(ErpSource.location).startswith(f"{scheme}+"), label)
        for scheme, label in _SCHEMES.items()
    )
    name = func.coalesce(col(EntityWriting.source), "")
    return (
        case(*products, else_=name).label("on_its_way"),
        func.coalesce(col(EntityWriting.refused), false()).label("refused"),
        func.coalesce(col(EntityWriting.error), "").label("way_error"),
    )


def with_way(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A query of records, with what `way_columns` is read from."""
    return query.outerjoin(EntityWriting, col(EntityWriting.entity_id) == col(Entity.id)).outerjoin(
        ErpSource, col(ErpSource.name) == col(EntityWriting.source)
    )


def place_of(session: Session, name: str) -> str:
    """What people call the place of that name: its kind where that is a product, else the name; ""
    for none that is known, as when records were brought in once."""
    source = session.get(ErpSource, name)
    if source is None:
        return ""
    return _SCHEMES.get(source.location.partition("+")[0], name)


def destination(session: Session, entity_id: int) -> str:
    """What people call the place that is to have a record, "" for none."""
    row = session.get(EntityWriting, entity_id)
    return place_of(session, row.source) if row is not None else ""
