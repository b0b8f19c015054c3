"""Searches under a name: an operator's own and those that all share; and queries that name them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.journal import journal
from tui_mail.db.many import key_of
from tui_mail.db.rows import SavedRow
from tui_mail.db.saved_list import called, saved_searches
from tui_mail.db.search_names import logins, no_saved_search, require_names
from tui_mail.db.shown import crm_of
from tui_mail.db.tables import Operator, SavedSearch
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotAllowed, NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.safetext import folded
from tui_mail.search.language import parse
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.tree import ME, NOBODY, AssignedTo, Nothing, Saved, Tree, replaced

MOST_SEARCHES = 100
_LONGEST_NAME = 60
_MOST_REPLACED = 50  # searches put into one query: they may name each other in many ways
_COLUMNS = ("id", "operator_id", "name", "name_folded", "query", "shared", "place")


# -- reading ---------------------------------------------------------------------------------------


def understood(session: Session, operator_id: int, text: str, now: datetime) -> Tree:
    """What `text` asks for: saved searches that it names put in their places, "me" and colleagues
    by their logins.

    Raises QueryMistake, for a saved search that is not there or asks for itself, too, and for a
    folder, an account or a colleague who is not there.
    """
    asked = parse(text, now, unshown=crm_of(session).unshown)
    require_names(session, operator_id, asked, text)
    tree = _put_in(asked, _Searches(session, operator_id, now).tree, text)

    def named(leaf: Tree) -> Tree:
        return _assigned_to(session, operator_id, leaf) if isinstance(leaf, AssignedTo) else leaf

    return replaced(tree, named)


def _assigned_to(session: Session, operator_id: int, asked: AssignedTo) -> AssignedTo:
    if asked.login == ME:
        login = session.scalar(select(col(Operator.login)).where(col(Operator.id) == operator_id))
        return AssignedTo(login or ME)
    if asked.login == NOBODY:
        return asked
    return AssignedTo(logins(session).get(asked.login.casefold(), asked.login))


class _Searches:
    """The searches that queries may name, read when the first is named."""

    def __init__(self, session: Session, operator_id: int, now: datetime) -> None:
        self._session = session
        self._operator_id = operator_id
        self._now = now
        self._known: dict[str, SavedRow] | None = None
        self._within: list[str] = []
        self._count = 0

    def tree(self, name: str) -> Tree:
        """Raises WrongUse, a sentence about `name`."""
        key = folded(name)
        row = self._all().get(key)
        if row is None:
            shown = {one: known.name for one, known in self._all().items()}
            raise WrongUse(no_saved_search(name, shown))
        self._count += 1
        if key in self._within:
            raise WrongUse(_("The saved search “{name}” asks for itself.").format(name=name))
        if self._count > _MOST_REPLACED:
            raise WrongUse(_("The saved search “{name}” names too many others.").format(name=name))
        try:
            tree = parse(row.query, self._now)
        except QueryMistake as error:
            raise WrongUse(
                _("The saved search “{name}” is wrong: {reason}").format(
                    name=name, reason=error.message
                )
            ) from error
        self._within.append(key)
        found = _put_in(tree, self.tree, row.query)
        self._within.pop()
        return found

    def _all(self) -> dict[str, SavedRow]:
        if self._known is None:
            rows = saved_searches(self._session, self._operator_id)
            self._known = {}
            for row in rows:  # one's own come first
                self._known.setdefault(folded(row.name), row)
            for row in rows:
                for name in called(row.name, row.query):
                    self._known.setdefault(name, row)
        return self._known


def _put_in(tree: Tree, search: Callable[[str], Tree], text: str) -> Tree:
    """`tree` with each search that it names in its place; a mistake is one of `text`."""

    def change(leaf: Tree) -> Tree:
        if not isinstance(leaf, Saved):
            return leaf
        try:
            return search(leaf.name)
        except WrongUse as error:
            start = max(0, text.find(leaf.name))
            end = start + len(leaf.name) if leaf.name in text else len(text)
            raise QueryMistake(error.message, start, end) from error

    return replaced(tree, change)


# -- changing --------------------------------------------------------------------------------------


def save_search(
    session: Session,
    operator_id: int,
    name: str,
    query: str,
    now: datetime,
    *,
    shared: bool = False,
) -> int:
    """Keep a query under a name, in the place of the operator's own of that name; its id.

    Raises WrongUse for a name that is none, QueryMistake.
    """
    name, query = _named(name), query.strip()
    own = _of_name(session, operator_id, name)
    before = [[own.id, _values(own)]] if own is not None else []
    if own is None:
        own = SavedSearch(operator_id=operator_id, place=_last(session, operator_id) + 1)
    own.name, own.name_folded, own.query, own.shared = name, folded(name), query, shared
    session.add(own)
    session.flush()
    if isinstance(understood(session, operator_id, query, now), Nothing):
        raise QueryMistake(_("The search asks for nothing."), 0, len(query))
    understood(session, operator_id, f'@"{name}"', now)
    _done(session, operator_id, now, ("search_saved", name), before or [[own.id, None]])
    return key_of(own.id)


def rename_search(
    session: Session, operator_id: int, search_id: int, name: str, now: datetime
) -> None:
    """Give a search another name.

    Raises WrongUse (a wrong name, or one that is taken), NotFound, NotAllowed.
    """
    own = _own(session, operator_id, search_id)
    before, name = _values(own), _named(name)
    other = _of_name(session, operator_id, name, besides=search_id)
    if other is not None:
        raise WrongUse(_("There is a search “{name}” already.").format(name=name))
    own.name, own.name_folded = name, folded(name)
    session.flush()
    _done(session, operator_id, now, ("search_renamed", name), [[search_id, before]])


def share_search(
    session: Session, operator_id: int, search_id: int, shared: bool, now: datetime
) -> None:
    """Show a search to all operators, or to its own only.

    Raises NotFound, NotAllowed.
    """
    own = _own(session, operator_id, search_id)
    before = _values(own)
    own.shared = shared
    session.flush()
    _done(session, operator_id, now, ("search_shared", own.name), [[search_id, before]])


def delete_search(session: Session, operator_id: int, search_id: int, now: datetime) -> None:
    """Forget a search; the mail that it finds stays.

    Raises NotFound, NotAllowed.
    """
    own = _own(session, operator_id, search_id)
    before = _values(own)
    session.delete(own)
    session.flush()
    _done(session, operator_id, now, ("search_deleted", own.name), [[search_id, before]])


def move_search(
    session: Session, operator_id: int, search_id: int, step: int, now: datetime
) -> None:
    """Put a search `step` places further down among the operator's own, or up when negative.

    Raises NotFound, NotAllowed.
    """
    moved = _own(session, operator_id, search_id)
    statement = select(SavedSearch).where(col(SavedSearch.operator_id) == operator_id)
    order = list(session.scalars(statement.order_by(col(SavedSearch.place), col(SavedSearch.id))))
    before = [[key_of(one.id), _values(one)] for one in order]
    place = order.index(moved)
    order.insert(max(0, min(len(order) - 1, place + step)), order.pop(place))
    for number, one in enumerate(order):
        one.place = number
    session.flush()
    _done(session, operator_id, now, ("search_moved", moved.name), before)


def undo_saved(session: Session, before: Sequence[Sequence[Any]]) -> None:
    """Put searches back as they were: id and values, None for one that was not."""
    ids = [row[0] for row in before]
    session.execute(delete(SavedSearch).where(col(SavedSearch.id).in_(ids)))
    insert_rows(session, SavedSearch, [values for _id, values in before if values is not None])
    publish(session, Topic.SEARCHES)


def kept_searches(session: Session, search_ids: Sequence[int]) -> list[list[Any]]:
    """What `undo_saved` takes to bring searches back to how they are now."""
    found = {row.id: row for row in _by_id(session, search_ids)}
    return [[one, _values(found[one]) if one in found else None] for one in search_ids]


def _by_id(session: Session, search_ids: Sequence[int]) -> Sequence[SavedSearch]:
    statement = select(SavedSearch).where(col(SavedSearch.id).in_(search_ids))
    return session.scalars(statement).all()


# -- together --------------------------------------------------------------------------------------


def _named(name: str) -> str:
    """A name as it is kept.

    Raises WrongUse.
    """
    tidy = " ".join(name.split())
    if not folded(tidy) or len(tidy) > _LONGEST_NAME or '"' in tidy or not tidy.isprintable():
        raise WrongUse(
            _("A saved search has a name of at most {count} characters, without quotes.").format(
                count=_LONGEST_NAME
            )
        )
    return tidy


def _own(session: Session, operator_id: int, search_id: int) -> SavedSearch:
    found = session.get(SavedSearch, search_id)
    if found is None or not (found.shared or found.operator_id == operator_id):
        raise NotFound(_("The saved search is not there any more."))
    if found.operator_id != operator_id:
        raise NotAllowed(_("The saved search is another operator's: only they can change it."))
    return found


def _of_name(
    session: Session, operator_id: int, name: str, *, besides: int | None = None
) -> SavedSearch | None:
    """The operator's search that has the name, if need be in another language."""
    statement = select(SavedSearch).where(
        col(SavedSearch.operator_id) == operator_id, col(SavedSearch.id) != (besides or 0)
    )
    rows = session.scalars(statement.order_by(col(SavedSearch.name_folded) != folded(name)))
    return next((row for row in rows if folded(name) in called(row.name, row.query)), None)


def _last(session: Session, operator_id: int) -> int:
    """The last place among the operator's searches.

    Raises WrongUse when there are too many.
    """
    statement = select(func.max(col(SavedSearch.place)), func.count()).where(
        col(SavedSearch.operator_id) == operator_id
    )
    last, number = session.execute(statement).one()
    if number >= MOST_SEARCHES:
        raise WrongUse(
            _("There are {count} saved searches already: delete one.").format(count=number)
        )
    return -1 if last is None else int(last)


def _values(row: SavedSearch) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS}


def _done(
    session: Session,
    operator_id: int,
    now: datetime,
    named: tuple[str, str],
    before: Sequence[Sequence[Any]],
) -> None:
    journal(session, operator_id, now, *named, {"searches": before})
    publish(session, Topic.SEARCHES)
