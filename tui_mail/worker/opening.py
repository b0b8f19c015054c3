"""Stored files opened by name, what is lost told from what is with a server only."""

from collections.abc import Callable

from tui_mail.blobs import BlobStore
from tui_mail.db import wanted
from tui_mail.db.engine import Database
from tui_mail.errors import Away, NotFound
from tui_mail.i18n import _


def opener(database: Database, blobs: BlobStore) -> Callable[[str], bytes]:
    """What opens the files of `blobs`. It raises what `BlobStore.open` does, and Away."""

    def opened(name: str) -> bytes:
        try:
            return blobs.open(name)
        except NotFound:
            if database.read_now(wanted.is_away, name):
                raise Away(away_sentence()) from None
            return blobs.open(name)  # it may have come back in between

    return opened


def away_sentence() -> str:
    """What is said of files that nobody has asked for yet."""
    return _("The files of this message are on its server only, as its account wishes.")
