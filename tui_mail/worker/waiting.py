"""Who needs files that are with a server only asks for them, and waits: console and command line.

What is asked for stays asked for: it comes when it can, whether anybody waits for it or not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from tui_mail.db import wanted
from tui_mail.db.engine import Database
from tui_mail.db.wanted import Keeper, Whereabouts
from tui_mail.errors import Away, NotFound, TuiMailError
from tui_mail.i18n import _
from tui_mail.worker.bringing import gone_sentence
from tui_mail.worker.schedule import here, rule_of

_POLL_SECONDS = 0.2
_LOOKED_AT = 20  # messages at a time, of which is asked what became of them
_PATIENCE_SECONDS = 60.0  # in which something has to come
_GRACE_SECONDS = 3.0  # in which a server of which something is said may give it all the same

Serve = Callable[[int], Awaitable[bool]]


async def files_of(database: Database, operator_id: int, message_id: int) -> None:
    """Ask for the files of a message that are with its server only; they are here when this ends.

    Raises Away, which says why they are not and when they come, NotFound when they never will.
    """
    failed = await bring_files(database, operator_id, [message_id])
    if failed:
        raise failed[message_id]


async def bring_files(
    database: Database,
    operator_id: int,
    message_ids: Sequence[int],
    *,
    serve: Serve | None = None,
    tell: Callable[[int], None] = lambda _left: None,
    patience: float = _PATIENCE_SECONDS,
) -> dict[int, TuiMailError]:
    """Ask for the files of messages, and wait for them; why not, of each whose files did not come.

    `serve`: fetches what is wanted of an account where nobody else is at it, and says whether;
    `tell` is told how many messages are left; `patience`: seconds in which one has to come.
    """
    left = list(await database.read(wanted.with_away_files, message_ids))
    if not left:
        return {}
    await database.write(wanted.ask, operator_id, left, datetime.now(UTC))
    served = await _served(database, left, serve) if serve is not None else {}
    loop = asyncio.get_running_loop()
    grace, end = loop.time() + _GRACE_SECONDS, loop.time() + patience
    failed: dict[int, TuiMailError] = {}
    while True:
        before = len(left)
        left = await database.read(wanted.with_away_files, left)
        for one in left[:_LOOKED_AT]:
            found = await database.read(wanted.whereabouts, one)
            error = _why_not(found, served, hoping=loop.time() < grace)
            if error is not None:
                failed[one] = error
        left = [one for one in left if one not in failed]
        if not left:
            return failed
        if len(left) < before:
            end = loop.time() + patience
        tell(len(left))
        if loop.time() >= end:
            return failed | dict.fromkeys(left, Away(_slow_sentence()))
        await asyncio.sleep(_POLL_SECONDS)


async def _served(
    database: Database, message_ids: Sequence[int], serve: Serve
) -> dict[int, TuiMailError | None]:
    """Fetch from the servers that nobody else is at: what went wrong there, by account."""
    copies = await database.read(wanted.copies, message_ids)
    found: dict[int, TuiMailError | None] = {}
    for account_id in sorted({one.account_id for one in copies}):
        try:
            if await serve(account_id):
                found[account_id] = None
        except TuiMailError as error:
            found[account_id] = error
    return found


def _why_not(
    found: Whereabouts, served: Mapping[int, TuiMailError | None], *, hoping: bool
) -> TuiMailError | None:
    """Why the files of a message do not come now; None while they may. `hoping`: what was said of
    a server before does not count yet."""
    if not found.away:
        return None
    if found.missing or not found.keepers:
        return NotFound(found.error or gone_sentence())
    going = [one for one in found.keepers if not rule_of(one, here()).paused]
    if not going:
        return Away(_paused_sentence(found.keepers[0]))
    if found.error:
        return Away(found.error)
    reasons = [
        "" if hoping and one.account_id not in served else _trouble(one, served) for one in going
    ]
    return Away(_offline_sentence(going[0], reasons[0])) if all(reasons) else None


def _trouble(keeper: Keeper, served: Mapping[int, TuiMailError | None]) -> str:
    if keeper.account_id not in served:
        return keeper.error
    error = served[keeper.account_id]
    return error.message if error is not None else ""


def _paused_sentence(keeper: Keeper) -> str:
    return _(
        "The files of this message are on the server of {email}, which is paused: they come when "
        "it goes on (F8 and p, or tui-mail account resume {email})."
    ).format(email=keeper.email)


def _offline_sentence(keeper: Keeper, reason: str) -> str:
    return _(
        "The files of this message are on the server of {email}, which cannot be had now: {reason} "
        "They come as soon as it can."
    ).format(email=keeper.email, reason=reason)


def _slow_sentence() -> str:
    return _(
        "The files of this message are on its server, and have not come in time: they come as soon "
        "as whoever fetches its mail gets to it (tui-mail worker status says who that is)."
    )
