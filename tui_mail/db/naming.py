"""How records are named to programs and people: with their company only where there are several."""

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import func, select
from sqlmodel import Session, col

from tui_mail.db.tables import Entity
from tui_mail.values import Reference


class Named(Protocol):
    """Any row that a record's name can be taken from."""

    @property
    def company(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def code(self) -> str: ...


def record_names(session: Session) -> Callable[[Named], str]:
    """What says of a record its name by the contract: `KIND:CODE`, with `@COMPANY` where records of
    more than one company are known."""
    first, last = (
        session.scalar(select(one(col(Entity.company))).where(col(Entity.company) > ""))
        for one in (func.min, func.max)
    )
    several = first != last

    def name(row: Named) -> str:
        return str(Reference(row.kind, row.code, row.company if several else ""))

    return name
