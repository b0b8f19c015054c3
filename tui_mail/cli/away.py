"""Files that are with a server only, on the command line: asked for, and waited for."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.cli.context import Context
from tui_mail.i18n import _, ngettext

if TYPE_CHECKING:
    from tui_mail.errors import TuiMailError
    from tui_mail.worker.reading import OpenedMessage


def with_files(call: Context, opened: "OpenedMessage") -> "OpenedMessage":
    """The message with its files, which are fetched where they are with its server only.

    Raises Away, NotFound.
    """
    if not opened.away:
        return opened
    failed = bring_back(call, [opened.row.id])
    if failed:
        raise failed[opened.row.id]
    return call.reader.open_now(opened.row.id)


def bring_back(call: Context, message_ids: Sequence[int]) -> "dict[int, TuiMailError]":
    """Fetch the files of messages that are with their servers only: by whoever serves the account,
    or here where nobody does. Why not, of each whose files did not come."""
    from tui_mail.db.wanted import with_away_files
    from tui_mail.worker.bringing import work_wanted
    from tui_mail.worker.waiting import bring_files

    away = call.database.read_now(with_away_files, message_ids)
    if not away:
        return {}
    if len(away) == 1:
        call.progress(_("Fetching files from the server…"))
    serve = partial(
        work_wanted, call.database, call.connections, call.ingest, locks=call.home.locks
    )

    def tell(left: int) -> None:
        words = ngettext(
            "Fetching the files of {count} message from its server…",
            "Fetching the files of {count} messages from their servers…",
            left,
        )
        call.progress(words.format(count=left))

    try:
        return asyncio.run(
            bring_files(call.database, call.operator_id, away, serve=serve, tell=tell)
        )
    finally:
        call.progress_done()
