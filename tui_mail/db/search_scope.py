"""Whose mail a search goes through: the folders that the operator may read, and what they are named.

Hides that mail in the trash and among spam is left out of a search that names no place.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import exists, not_, select
from sqlmodel import Session, col

from tui_mail.db.rights import readable
from tui_mail.db.tables import Account, Folder
from tui_mail.search import tree
from tui_mail.search.tree import Tree
from tui_mail.values import FolderRole

_OUT_OF_SIGHT = (FolderRole.TRASH.value, FolderRole.JUNK.value)
# Who asks for one of these asks for it wherever it lies.
_NAMES_A_PLACE = (
    tree.Anywhere,
    tree.InFolder,
    tree.OfAccount,
    tree.InThread,
    tree.WithMessageId,
    tree.OfRecord,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that is searched; `total` and `unread` as they are kept."""

    folder_id: int
    name: str
    role: str
    account_id: int
    email: str
    total: int
    unread: int

    def is_called(self, name: str) -> bool:
        """By its name, the last part of it, or its role, in any case of letters."""
        wanted = name.casefold()
        own = self.name.casefold()
        return wanted in {own, own.rpartition("/")[2], self.role or own}

    def is_of(self, email: str) -> bool:
        """By the account's address, or what stands before the at sign."""
        own = self.email.casefold()
        return email.casefold() in {own, own.partition("@")[0]}


@dataclass(frozen=True, slots=True)
class Scope:
    """The folders that are searched. `everything`: there is no account that is not read."""

    operator_id: int
    places: tuple[Place, ...]
    everything: bool

    @property
    def folder_ids(self) -> tuple[int, ...]:
        return tuple(place.folder_id for place in self.places)

    def where(self, condition: Callable[[Place], bool]) -> tuple[Place, ...]:
        return tuple(place for place in self.places if condition(place))


def leaves_out(asked: Tree) -> bool:
    """Whether mail in the trash and among spam is not looked for."""
    return not any(isinstance(one, _NAMES_A_PLACE) for one in leaves(asked))


def scope_of(session: Session, operator_id: int, asked: Tree) -> Scope:
    """The folders that a search by the operator goes through."""
    hidden = _OUT_OF_SIGHT if leaves_out(asked) else ()
    query = (
        select(
            col(Folder.id),
            col(Folder.name),
            col(Folder.role),
            col(Folder.account_id),
            col(Account.email),
            col(Folder.total),
            col(Folder.unread),
        )
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(col(Folder.account_id).in_(readable(operator_id)), col(Folder.role).not_in(hidden))
        .order_by(col(Folder.id))
    )
    closed = exists().where(not_(col(Account.id).in_(readable(operator_id))))
    return Scope(
        operator_id,
        tuple(Place(*row) for row in session.execute(query)),
        everything=not session.scalar(select(closed)),
    )


def leaves(asked: Tree) -> Iterator[Tree]:
    """The words and conditions that a tree is made of."""
    match asked:
        case tree.All(parts) | tree.Any(parts):
            yield from _all_leaves(parts)
        case tree.Not(part):
            yield from leaves(part)
        case _:
            yield asked


def _all_leaves(parts: Iterable[Tree]) -> Iterator[Tree]:
    for part in parts:
        yield from leaves(part)
