"""What goes wrong in a database, in the sentences of the program: what happened and what to do.

Hides the words of the two drivers; no row's parameters get into a sentence.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError

from tui_mail.errors import CannotWrite, InputOutput, Offline, TryLater
from tui_mail.i18n import _


class our_errors:  # noqa: N801 — reads as the statement it is
    """Database errors as ours: what happened, what to do, no row parameters."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, DBAPIError):
            return
        reason = str(error.orig).lower()
        if "disk is full" in reason or "no space" in reason or "disk full" in reason:
            raise CannotWrite(
                _("The disk is full: free some space, then do it again; nothing is half done.")
            ) from error
        if "readonly" in reason or "read-only" in reason or "unable to open" in reason:
            raise CannotWrite(
                _(
                    "The database cannot be opened for writing: check the owner and the rights of its "
                    "folder and of its files, those that end in -wal and -shm, too."
                )
            ) from error
        if "locked" in reason or "busy" in reason:
            raise TryLater(
                _("The database is busy with another program: try again in a moment.")
            ) from error
        if "disk i/o" in reason:
            raise InputOutput(
                _(
                    "The disk did not take or give the database's data: see to the disk and its "
                    "free space, then do it again; nothing is half done."
                )
            ) from error
        if "malformed" in reason or "not a database" in reason:
            raise InputOutput(
                _("The database file is damaged: restore the last backup (tui-mail db restore).")
            ) from error
        lost = error.connection_invalidated or isinstance(error, OperationalError)
        if lost and not isinstance(error.orig, sqlite3.Error):
            raise Offline(
                _("The database server was not reached: check that it runs and its address.")
            ) from error
