"""Files that may be with their servers only are let go, and those that are to be here are wanted.

A blob is marked as away first; its file goes afterwards, in a transaction that asks once more whether
it may. So who dies anywhere leaves the file here, or a mark and the file on the server. Nothing goes
while another database uses the folder, since nobody here knows what that needs.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tui_mail.blobs import BlobStore
from tui_mail.db import keeping, wanted
from tui_mail.db.engine import Database
from tui_mail.db.keeping import AwayBlob, Policy
from tui_mail.db.many import chunks
from tui_mail.db.session import Session
from tui_mail.errors import NotFound, TuiMailError

_ROWS_AT_ONCE = 500
_FILES_AT_ONCE = 50
_EVERY = timedelta(hours=6)
_MOST_WANTED = 2000  # messages at a time that nobody waits for


def let_go(database: Database, blobs: BlobStore, now: datetime, older_than: datetime) -> int:
    """Mark what may be with its server only, and delete the files of what is marked that nobody
    wrote or wanted since `older_than`; how many files went.

    For who sees to it that nobody else collects. Raises CannotWrite, and what opening the vault
    raises.
    """
    found = database.read_now(keeping.policies, now)
    if found:
        _mark(database, found, now)
    gone = 0
    last = ""
    while rows := database.read_now(keeping.away_after, last, _ROWS_AT_ONCE):
        here = [one.name for one in rows if _is_here(blobs, one)]
        for some in chunks(here, _FILES_AT_ONCE):
            gone += database.write_now(_take, blobs, some, now, older_than)
        last = rows[-1].name
    return gone


def _mark(database: Database, found: Sequence[Policy], now: datetime) -> None:
    last = ""
    while names := database.read_now(keeping.blobs_after, last, _ROWS_AT_ONCE):
        going = database.read_now(keeping.may_go, names, found, now)
        if going:
            database.write_now(keeping.mark_away, going, found, now)
        last = names[-1]


def _is_here(blobs: BlobStore, one: AwayBlob) -> bool:
    try:
        blobs.verify(one.name, one.size)
    except NotFound:
        return False
    except TuiMailError:  # damaged: it may go as well
        return True
    return True


def _take(
    session: Session,
    blobs: BlobStore,
    names: Sequence[str],
    now: datetime,
    older_than: datetime,
) -> int:
    """Delete files; those that are to stay by now count as here again."""
    marked = keeping.still_away(session, names)
    going = keeping.may_go(session, marked, keeping.policies(session, now), now)
    staying = [one for one in marked if one not in set(going)]
    keeping.mark_here(session, [one for one in staying if _is_whole(blobs, one)])
    return sum(blobs.collect(name, older_than) for name in going)


def _is_whole(blobs: BlobStore, name: str) -> bool:
    try:
        blobs.verify(name)
    except TuiMailError:
        return False
    return True


def want_missed(database: Database, now: datetime | None = None) -> int:
    """Want the files that are away and are to be here, by what accounts and people wish now; how
    many messages that were, not more than a while's work at a time."""
    now = now or datetime.now(UTC)
    room = _MOST_WANTED - database.read_now(wanted.count_wanted)
    found = database.read_now(keeping.policies, now)
    last, many = "", 0
    while many < room and (rows := database.read_now(keeping.away_after, last, _ROWS_AT_ONCE)):
        missed = database.read_now(keeping.missed, [one.name for one in rows], found)
        coming = database.read_now(wanted.to_be_had, missed) if missed else []
        if coming:
            database.write_now(wanted.want, coming, now)
        many += len(coming)
        last = rows[-1].name
    return many


class Missed:
    """`want_missed` when accounts wish something else than before, or some hours have passed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wishes: list[tuple[int, int | None, int | None]] | None = None
        self._due: datetime | None = None

    def want_when_due(self, now: datetime) -> None:
        """A pass that had more to want than is wanted at a time is gone on with the next time."""
        wishes = self._database.read_now(keeping.wishes)
        if wishes == self._wishes and self._due is not None and now < self._due:
            return
        many = want_missed(self._database, now)
        self._wishes = wishes
        self._due = now if many >= _MOST_WANTED else now + _EVERY
