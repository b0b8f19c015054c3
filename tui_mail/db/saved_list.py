"""The saved searches as they are listed, and those that a new operator is offered; no query is read."""

from sqlalchemy import or_, select
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.rows import SavedRow
from tui_mail.db.tables import Operator, SavedSearch
from tui_mail.db.topics import Topic, publish
from tui_mail.i18n import _
from tui_mail.safetext import folded


def saved_searches(session: Session, operator_id: int) -> list[SavedRow]:
    """The operator's searches and those that others share, in their order."""
    statement = (
        select(
            col(SavedSearch.id),
            col(SavedSearch.name),
            col(SavedSearch.query),
            col(SavedSearch.shared),
            col(Operator.login),
            col(SavedSearch.operator_id) == operator_id,
        )
        .join(Operator, col(Operator.id) == col(SavedSearch.operator_id))
        .where(or_(col(SavedSearch.operator_id) == operator_id, col(SavedSearch.shared)))
        .order_by(
            col(SavedSearch.operator_id) != operator_id,
            col(SavedSearch.place),
            col(SavedSearch.id),
        )
    )
    return [SavedRow(*row) for row in session.execute(statement)]


def offer_searches(session: Session, operator_id: int) -> None:
    """What is useful to everyone, for a new operator: ordinary searches, to be changed or deleted."""
    offered = (
        (_("Unlinked"), "is:unlinked kind:human in:inbox"),
        (_("To confirm"), "is:proposed"),
        (_("Mine"), "assigned:me -state:done"),
        (_("Waiting"), "state:waiting"),
    )
    rows = [
        {
            "operator_id": operator_id,
            "name": name,
            "name_folded": folded(name),
            "query": query,
            "shared": False,
            "place": place,
        }
        for place, (name, query) in enumerate(offered)
    ]
    insert_rows(session, SavedSearch, rows)
    publish(session, Topic.SEARCHES)
