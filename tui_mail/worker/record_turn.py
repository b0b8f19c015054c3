"""The turn of a place of the ERP, as long as somebody is at it: nobody else reads or writes there."""

import contextvars
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from tui_mail.db import erp, erp_turns
from tui_mail.db.engine import Database
from tui_mail.db.erp_turns import ErpFence
from tui_mail.db.guard import guarded
from tui_mail.errors import TryLater, TuiMailError, TurnLost
from tui_mail.i18n import _

_RENEWED_SECONDS = 60.0

log = logging.getLogger(__name__)


@contextmanager
def place_turn(database: Database, name: str, *, reads: bool = True) -> Iterator[None]:
    """Have the turn of a place, if it is one that is read again and again: to read it, or just to
    write there, which puts off no reading. Raises TryLater while another process has it.
    """
    if database.read_now(erp.source, name) is None:
        yield
        return
    token = database.write_now(erp_turns.claim, name, datetime.now(UTC), reads=reads)
    if token is None:
        raise TryLater(
            _("{name} is being read by another process: try again later.").format(name=name)
        )
    fence = ErpFence(name, token)
    try:
        with _renewed(database, fence), guarded(fence):
            yield
    finally:
        with suppress(TuiMailError):
            database.write_now(erp_turns.give_back, name, token)


@contextmanager
def _renewed(database: Database, fence: ErpFence) -> Iterator[None]:
    """Renew the turn while the ERP takes its time to answer."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(_RENEWED_SECONDS):
            try:
                database.write_now(fence)
            except TurnLost:
                return
            except TuiMailError:
                log.warning("the turn of a place of the ERP is not renewed", exc_info=True)

    thread = threading.Thread(target=contextvars.Context().run, args=(renew,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
