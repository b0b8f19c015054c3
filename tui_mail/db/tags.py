"""Tags, which are a mailbox's keywords: which ones there are, which a message has; put on, taken off.

Hides how the tags of a million messages are found without looking at each.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.actions import mark
from tui_mail.db.flags import OF_PROGRAMS, tags_of
from tui_mail.db.many import chunks
from tui_mail.db.rights import readable
from tui_mail.db.tables import Folder, Placement
from tui_mail.errors import WrongData
from tui_mail.i18n import _
from tui_mail.values import Flag


def tags(session: Session, operator_id: int) -> list[str]:
    """The tags on mail that the operator may read, in the order of the alphabet.

    Jumps from one set of keywords to the next in each folder's index.
    """
    own = col(Folder.account_id).in_(readable(operator_id))
    lowest = select(func.min(col(Placement.keywords))).where(
        col(Placement.folder_id) == col(Folder.id), col(Placement.keywords) != ""
    )
    sets = select(
        col(Folder.id).label("folder_id"),
        lowest.correlate(Folder).scalar_subquery().label("keywords"),
    ).where(own)
    found = sets.cte("tag_sets", recursive=True)
    other = aliased(Placement)
    following = select(func.min(col(other.keywords))).where(
        col(other.folder_id) == found.c.folder_id,
        col(other.keywords) > found.c.keywords,
        col(other.keywords) != "",
    )
    found = found.union_all(
        select(found.c.folder_id, following.correlate(found).scalar_subquery()).where(
            found.c.keywords.is_not(None)
        )
    )
    statement = select(found.c.keywords).where(found.c.keywords.is_not(None)).distinct()
    return sorted({tag for row in session.scalars(statement) for tag in tags_of(row.split())})


def tags_on(session: Session, placement_ids: Collection[int]) -> frozenset[str]:
    """The tags that all of the placements have."""
    common: frozenset[str] | None = None
    for part in chunks(placement_ids):
        statement = select(col(Placement.keywords)).where(col(Placement.id).in_(part)).distinct()
        for row in session.scalars(statement):
            here = frozenset(tags_of(row.split()))
            common = here if common is None else common & here
    return common or frozenset()


def tag(
    session: Session,
    operator_id: int,
    placement_ids: Collection[int],
    name: str,
    now: datetime,
    *,
    off: bool = False,
) -> int:
    """Put a tag on messages, or take it off; gives the id of the journalled change.

    Raises WrongData where `name` can be no tag, and what `mark` raises.
    """
    check_tag(name)
    named, nothing = frozenset({name}), frozenset[str]()
    add, remove = (nothing, named) if off else (named, nothing)
    return mark(session, operator_id, placement_ids, add=add, remove=remove, now=now)


def check_tag(name: str) -> None:
    """Raises WrongData where the keyword means something to mail programs."""
    if name.lower() in {*Flag, *OF_PROGRAMS} or name.startswith("$"):
        raise WrongData(
            _("“{name}” means something else to mail programs: choose another name.").format(
                name=name
            )
        )
