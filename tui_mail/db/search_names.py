"""What a query names, told to the person where it is not there.

Folders, accounts and colleagues are few, so that a wrong name is a mistake; tags and records come
and go, so that there is a hint where nothing is found. Hides how the nearest name is found.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.record_names import records_named
from tui_mail.db.rights import readable
from tui_mail.db.search_scope import leaves
from tui_mail.db.tables import Account, Folder, Operator
from tui_mail.i18n import _, ngettext
from tui_mail.search.choices import by_nearness, nearest
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.operators import operator_named
from tui_mail.search.places import names_typed, place_name, role_typed
from tui_mail.search.tree import (
    ME,
    NOBODY,
    AssignedTo,
    InFolder,
    OfAccount,
    OfRecord,
    Tagged,
    Tree,
)

_MOST_TOLD = 6  # names, where none is like the one that was typed


def require_names(session: Session, operator_id: int, asked: Tree, text: str) -> None:
    """Raise QueryMistake where `text`, which asks for `asked`, names a folder or an account that
    the operator has not, or a colleague whom nobody knows; who has no folder at all has nothing to
    find, and is told nothing of folders and accounts."""
    places = [leaf for leaf in leaves(asked) if isinstance(leaf, InFolder | OfAccount)]
    people = [leaf.login for leaf in leaves(asked) if isinstance(leaf, AssignedTo)]
    if places:
        _require_places(session, operator_id, places, text)
    if set(people) - {ME, NOBODY}:
        known = logins(session)
        for name in people:
            if name not in {ME, NOBODY} and name.casefold() not in known:
                raise _mistake(text, name, "assigned", _no_colleague(name, known))


def _require_places(
    session: Session, operator_id: int, named: Sequence[InFolder | OfAccount], text: str
) -> None:
    folders = _folders(session, operator_id)
    accounts = _accounts(session, operator_id)
    for leaf in named:
        if isinstance(leaf, OfAccount):
            if accounts and leaf.email.casefold() not in accounts:
                raise _mistake(text, leaf.email, "account", _no_account(leaf.email, accounts))
        elif folders and not role_typed(leaf.name) and leaf.name.casefold() not in folders.names:
            raise _mistake(text, leaf.name, "in", _no_folder(leaf.name, folders.told))


def hints(session: Session, operator_id: int, asked: Tree) -> list[str]:
    """Sentences on the tags and records that `asked` names and nothing bears."""
    named = list(dict.fromkeys(leaves(asked)))
    found = [
        _("No record is called “{name}”.").format(name=leaf.wanted)
        for leaf in named
        if isinstance(leaf, OfRecord) and leaf.wanted and not records_named(session, leaf)
    ]
    wanted = [leaf.name for leaf in named if isinstance(leaf, Tagged)]
    if wanted:
        from tui_mail.db.tags import tags  # only where nothing was found

        known = {tag.casefold(): tag for tag in tags(session, operator_id)}
        found += [_no_tag(name, known) for name in wanted if name.casefold() not in known]
    return found


def logins(session: Session) -> dict[str, str]:
    """Who can be asked for, by what they are called in small letters: login or name."""
    rows = session.execute(
        select(col(Operator.login), col(Operator.name)).order_by(col(Operator.id))
    )
    people = [(login, name) for login, name in rows]
    named = {name.casefold(): login for login, name in people if name}
    return named | {login.casefold(): login for login, _name in people}


def no_saved_search(name: str, shown: Mapping[str, str]) -> str:
    """That there is none of that name, and which there are; `shown`: the name of each by what it may
    be called, folded."""
    said = _("There is no saved search “{name}”.").format(name=name)
    return said + _near_or_some(name, shown, list(shown.values()))


@dataclass(frozen=True, slots=True)
class _Folders:
    """`names`: what folders may be called, folded. `told`: what people are told of each, by what they
    may have meant by it."""

    names: frozenset[str]
    told: Mapping[str, str]


def _folders(session: Session, operator_id: int) -> _Folders | None:
    """The folders that the operator may read; None where there is none."""
    statement = select(col(Folder.name), col(Folder.role)).where(
        col(Folder.account_id).in_(readable(operator_id))
    )
    own = [(name, role) for name, role in session.execute(statement.order_by(col(Folder.id)))]
    if not own:
        return None
    told: dict[str, str] = {}
    for name, role in own:
        shown = place_name(role, name)
        for typed in (*names_typed(role), shown, name.rpartition("/")[2], name):
            told.setdefault(typed.casefold(), shown)
    names = [name for name, _role in own]
    last = (name.rpartition("/")[2] for name in names)
    return _Folders(frozenset(map(str.casefold, (*names, *last))), told)


def _accounts(session: Session, operator_id: int) -> dict[str, str]:
    """The accounts that the operator may read, by address and by what stands before the at sign."""
    statement = select(col(Account.email)).where(col(Account.id).in_(readable(operator_id)))
    emails = list(session.scalars(statement.order_by(col(Account.id))))
    short = {email.partition("@")[0].casefold(): email for email in reversed(emails)}
    return short | {email.casefold(): email for email in emails}


def _no_folder(name: str, told: Mapping[str, str]) -> str:
    said = _("There is no folder “{name}”.").format(name=name)
    return said + _near_or_some(name, told, list(told.values()))


def _no_account(name: str, known: Mapping[str, str]) -> str:
    said = _("There is no account “{name}” that you may read.").format(name=name)
    return said + _near_or_some(name, known, list(known.values()))


def _no_colleague(name: str, known: dict[str, str]) -> str:
    said = _("There is no colleague “{name}”.").format(name=name)
    words = {_("me"): _("me"), ME: _("me"), _("nobody"): _("nobody"), NOBODY: _("nobody")}
    return said + _near_or_some(name, known | words, [*known.values(), *words.values()])


def _no_tag(name: str, known: Mapping[str, str]) -> str:
    said = _("No message has the tag “{name}”.").format(name=name)
    return said + _near_or_some(name, known, list(known.values()))


def _near_or_some(name: str, told: Mapping[str, str], every: Sequence[str]) -> str:
    """What may have been meant, by what it is called; where nothing is near, a few of all."""
    near = list(dict.fromkeys(told[one] for one in nearest(name.casefold(), told)))
    if near:
        return " " + _("Did you mean {near}?").format(near=_listed(near))
    some = by_nearness(name, every)
    if not some:
        return ""
    few, more = _listed(some[:_MOST_TOLD]), len(some) - _MOST_TOLD
    if more > 0:
        sentence = ngettext(
            "There are: {some} and {count} more.", "There are: {some} and {count} more.", more
        )
        return " " + sentence.format(some=few, count=more)
    return " " + ngettext("There is {some}.", "There are: {some}.", len(some)).format(some=few)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_("“{name}”").format(name=name) for name in names)


def _mistake(text: str, name: str, operator: str, message: str) -> QueryMistake:
    """The mistake at the place of the operator with its value, else of the value."""
    value = re.compile(r'([^\W\d_][\w-]*):\s*"?' + re.escape(name) + '"?', re.IGNORECASE)
    for found in value.finditer(text):
        called = operator_named(found[1])
        if called is not None and called.name == operator:
            return QueryMistake(message, found.start(), found.end())
    alone = re.search(re.escape(name), text, re.IGNORECASE)
    start, end = alone.span() if alone else (0, len(text))
    return QueryMistake(message, start, end)
