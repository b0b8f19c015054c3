"""What of the ERP's records is shown: companies without a CRM have none of its kinds to be seen.

Hides that the session knows it; who takes records in or links mail asks nothing of this.
"""

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col

from tui_mail.db.tables import Entity
from tui_mail.values import CRM_KINDS, Crm

KEY = "crm"  # of what a session is told


def crm_of(session: Session) -> Crm:
    """Which companies' CRM is shown here; all of them where nobody said otherwise."""
    found = session.info.get(KEY)
    return found if isinstance(found, Crm) else Crm()


def shown(crm: Crm, entity: type[Entity] = Entity) -> tuple[ColumnElement[bool], ...]:
    """The conditions on a record that it is shown; none where all are."""
    if crm.everywhere:
        return ()
    other = col(entity.kind).not_in(CRM_KINDS)
    if not crm.companies:
        return (other,)
    return (or_(other, func.lower(col(entity.company)).in_(sorted(crm.companies))),)
