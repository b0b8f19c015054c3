"""What a query names, told to the person where it is not there.

Folders and accounts are few, so that a wrong name is a mistake; tags and records come and go, so
that there is a hint where nothing is found. Hides how the nearest name is found.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.record_names import records_named
from tui_mail.db.rights import readable
from tui_mail.db.search_scope import leaves
from tui_mail.db.tables import Account, Folder
from tui_mail.db.tags import tags
from tui_mail.i18n import _
from tui_mail.search.choices import nearest
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.operators import ROLES, operator_named, says_a_role
from tui_mail.search.tree import InFolder, OfAccount, OfRecord, Tagged, Tree
from tui_mail.values import FolderRole

_MOST_TOLD = 6  # folders, where none is like the name


def require_places(session: Session, operator_id: int, asked: Tree, text: str) -> None:
    """Raise QueryMistake where `text`, which asks for `asked`, names a folder or an account that
    the operator has not; who has no folder at all has nothing to find, and is told nothing."""
    named = [leaf for leaf in leaves(asked) if isinstance(leaf, InFolder | OfAccount)]
    if not named:
        return
    folders = _folders(session, operator_id)
    accounts = _accounts(session, operator_id)
    for leaf in named:
        if isinstance(leaf, OfAccount):
            if accounts and leaf.email.casefold() not in accounts:
                raise _mistake(text, leaf.email, "account", _no_account(leaf.email, accounts))
        elif folders and not says_a_role(leaf.name) and leaf.name.casefold() not in folders.names:
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
        known = {tag.casefold(): tag for tag in tags(session, operator_id)}
        found += [_no_tag(name, known) for name in wanted if name.casefold() not in known]
    return found


def _no_tag(name: str, known: Mapping[str, str]) -> str:
    near = _nearest(name, known)
    if near is None:
        return _("No message has the tag “{name}”.").format(name=name)
    sentence = _("No message has the tag “{name}”. Did you mean “{near}”?")
    return sentence.format(name=name, near=near)


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
    rows = session.execute(statement.order_by(col(Folder.id))).all()
    if not rows:
        return None
    own = [(name, role) for name, role in rows]
    there = {role for _name, role in own}
    told = {name: role.shown for role in ROLES if role.english[0] in there for name in role.names}
    for name, role in own:
        shown = told.get(role, name)
        told.setdefault(name.rpartition("/")[2].casefold(), shown)
        told.setdefault(name.casefold(), shown)
    roles = (role.value for role in FolderRole if role.value)
    names = [name for name, _role in own]
    last = (name.rpartition("/")[2] for name in names)
    return _Folders(frozenset(map(str.casefold, (*names, *last, *roles))), told)


def _accounts(session: Session, operator_id: int) -> dict[str, str]:
    statement = select(col(Account.email)).where(col(Account.id).in_(readable(operator_id)))
    emails = list(session.scalars(statement.order_by(col(Account.id))))
    called = (*emails, *(email.partition("@")[0] for email in emails))
    return {name.casefold(): name for name in reversed(called)}


def _no_folder(name: str, told: Mapping[str, str]) -> str:
    near = list(dict.fromkeys(told[one] for one in nearest(name.casefold(), told)))
    if near:
        sentence = _("There is no folder “{name}”. Did you mean {near}?")
        return sentence.format(name=name, near=_listed(near))
    some = list(dict.fromkeys(told.values()))
    sentence = _("There is no folder “{name}”. There are: {some}.")
    more = "…" if len(some) > _MOST_TOLD else ""
    return sentence.format(name=name, some=_listed(some[:_MOST_TOLD]) + more)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(_("“{name}”").format(name=name) for name in names)


def _no_account(name: str, known: Mapping[str, str]) -> str:
    near = _nearest(name, known)
    if near is None:
        return _("There is no account “{name}” that you may read.").format(name=name)
    sentence = _("There is no account “{name}” that you may read. Did you mean “{near}”?")
    return sentence.format(name=name, near=near)


def _nearest(name: str, known: Mapping[str, str]) -> str | None:
    found = nearest(name.casefold(), known, 1)
    return known[found[0]] if found else None


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
