"""`import`: mail out of files into an account."""

import asyncio
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import typer

from tui_mail.cli.context import Context
from tui_mail.errors import WrongData
from tui_mail.i18n import _

_BATCH = 200


def register(app: typer.Typer) -> None:
    app.command(
        "import",
        help=_("Take mail in from mbox, Maildir and EML files, or folders of them."),
        epilog=_(
            "Example: tui-mail import archive.mbox --account info@rossi.example --folder Archive"
        ),
    )(_import)


def _import(
    context: typer.Context,
    paths: list[Path] = typer.Argument(..., metavar="PATH…"),
    account: str = typer.Option(..., "--account", metavar="EMAIL"),
    folder: str = typer.Option("INBOX", "--folder", metavar="NAME"),
) -> None:
    from tui_mail.db.accounts import account_by_email
    from tui_mail.db.folders import folder_named
    from tui_mail.db.rights import require

    call: Context = context.obj
    started = time.monotonic()
    found = call.database.read_now(account_by_email, account, call.operator_id)
    call.database.read_now(require, call.operator_id, found.id or 0, "triage")
    target = call.database.write_now(folder_named, found.id or 0, folder, create=True)
    call.say(_("Importing into {folder} of {account}…").format(folder=folder, account=account))
    counts = asyncio.run(_bring_in(call, paths, found.id or 0, target.id or 0))
    read, stored, damaged = counts
    call.progress_done()
    record = {
        "read": read,
        "stored": stored,
        "already": read - stored,
        "damaged": damaged,
        "seconds": round(time.monotonic() - started, 3),
    }
    call.emit(
        record,
        _("{read} read, {stored} stored, {already} already there, {damaged} damaged").format(
            **record
        ),
    )
    if not read:
        raise WrongData(_("No message was found there."))


async def _bring_in(
    call: Context, paths: list[Path], account_id: int, folder_id: int
) -> tuple[int, int, int]:
    """Store everything in batches; how many were read, newly stored, damaged."""
    from tui_mail.values import Fetched
    from tui_mail.worker.bring_in import found_in

    def messages() -> Iterator[Fetched]:
        for path in paths:
            for _origin, fetched in found_in(path):
                yield fetched

    read = stored = damaged = 0
    source = messages()
    while batch := list(islice(source, _BATCH)):
        outcome = await call.ingest.take_in(account_id, folder_id, batch)
        read += len(batch)
        stored += outcome.stored
        damaged += outcome.damaged
        call.progress(_("{count} messages").format(count=read))
    return read, stored, damaged
