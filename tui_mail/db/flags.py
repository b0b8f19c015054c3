"""Flags as the columns of a placement, and back; which of them are tags."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlmodel import col

from tui_mail.db.tables import Placement
from tui_mail.values import Flag

_SYSTEM = {
    Flag.SEEN: "seen",
    Flag.STARRED: "starred",
    Flag.ANSWERED: "answered",
    Flag.DRAFT: "draft",
    Flag.DELETED: "deleted",
}

FLAG_COLUMNS = (
    col(Placement.seen),
    col(Placement.starred),
    col(Placement.answered),
    col(Placement.draft),
    col(Placement.deleted),
    col(Placement.keywords),
)


def flags_of(values: Sequence[Any]) -> frozenset[str]:
    """The flags that a row has in FLAG_COLUMNS, in their order."""
    *marks, keywords = values
    system = (str(flag) for flag, is_set in zip(_SYSTEM, marks, strict=True) if is_set)
    return frozenset((*system, *keywords.split()))


def columns_of(flags: Collection[str]) -> dict[str, Any]:
    """The columns of a placement that has exactly `flags`."""
    values: dict[str, Any] = {name: flag in flags for flag, name in _SYSTEM.items()}
    values["keywords"] = " ".join(sorted({*flags} - {*_SYSTEM} - {""}))
    return values


# What mail programs note for themselves (IANA's registry of IMAP keywords, and Thunderbird's).
OF_PROGRAMS = frozenset({"junk", "nonjunk", "notjunk", "forwarded", "redirected"})
_NO_TAGS = frozenset({*Flag, *OF_PROGRAMS})


def tags_of(flags: Iterable[str]) -> tuple[str, ...]:
    """Those that people put on, in order: neither a mailbox's own flags nor what programs note."""
    return tuple(sorted(one for one in flags if one[:1] != "$" and one.lower() not in _NO_TAGS))
