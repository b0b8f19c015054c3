"""The saved searches as they are listed, and those that a new operator is offered; no query is read."""

from sqlalchemy import or_, select
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.rows import SavedRow
from tui_mail.db.tables import Operator, SavedSearch
from tui_mail.db.topics import Topic, publish
from tui_mail.i18n import _, in_every_language, msgid
from tui_mail.safetext import folded

# What a new operator is offered: its name and its query.
_OFFERED = (
    (msgid("Unlinked"), "is:unlinked kind:human in:inbox"),
    (msgid("To confirm"), "is:proposed"),
    (msgid("Mine"), "assigned:me -state:done"),
    (msgid("Waiting"), "state:waiting"),
)


def called(name: str, query: str) -> frozenset[str]:
    """What a search may be called, folded: one that was offered and not changed has a name in each
    language."""
    for offered, its_query in _OFFERED:
        names = in_every_language(offered)
        if query == its_query and name in names:
            return frozenset(map(folded, names))
    return frozenset({folded(name)})


def _shown(name: str, query: str) -> str:
    """The name of a search in the language in use, where it has one there."""
    for offered, its_query in _OFFERED:
        if query == its_query and name in in_every_language(offered):
            return _(offered)
    return name


def saved_searches(session: Session, operator_id: int) -> list[SavedRow]:
    """The operator's searches and those that others share, in their order.

    Those that were offered are called as in the language in use, until they are renamed.
    """
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
    return [
        SavedRow(identifier, _shown(name, query), query, *others)
        for identifier, name, query, *others in session.execute(statement)
    ]


def offer_searches(session: Session, operator_id: int) -> None:
    """What is useful to everyone, for a new operator: ordinary searches, to be changed or deleted."""
    rows = [
        {
            "operator_id": operator_id,
            "name": _(name),
            "name_folded": folded(_(name)),
            "query": query,
            "shared": False,
            "place": place,
        }
        for place, (name, query) in enumerate(_OFFERED)
    ]
    insert_rows(session, SavedSearch, rows)
    publish(session, Topic.SEARCHES)
