"""`import`: mail out of files into an account."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import typer

from tui_mail.cli.context import Context
from tui_mail.errors import NotFound, TuiMailError, WrongData, WrongUse
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
    account: str = typer.Option(..., "--account", metavar="EMAIL", help=_("whose mail it is")),
    folder: str = typer.Option(
        "INBOX", "--folder", metavar="NAME", help=_("made where there is none")
    ),
) -> None:
    from tui_mail.db.accounts import account_by_email
    from tui_mail.db.folders import folder_named
    from tui_mail.db.rights import require

    call: Context = context.obj
    counts = _Counts()
    if not folder.strip() or not folder.isprintable():
        raise WrongUse(_("--folder takes the name of a folder."))
    for path in paths:
        if not path.exists():
            raise NotFound(_("{file} is not there.").format(file=path))
    found = call.database.read_now(account_by_email, account, call.operator_id)
    call.database.read_now(require, call.operator_id, found.id or 0, "triage")
    target = call.database.write_now(folder_named, found.id or 0, folder, create=True)
    call.say(
        _("Importing into {folder} of {account}…").format(folder=target.name, account=found.email)
    )
    try:
        asyncio.run(_bring_in(call, paths, (found.id or 0, target.id or 0), counts))
    except KeyboardInterrupt:
        call.say(_("Interrupted: what is stored stays; the same command goes on with the rest."))
        raise
    except TuiMailError as error:
        call.fail(error)
        if counts.read:
            call.exit_code = 1
    finally:
        call.progress_done()
        _report(call, counts)
    if not counts.read and not call.exit_code:
        raise WrongData(_("No message was found there."))


@dataclass(slots=True)
class _Counts:
    """What has come of the import so far."""

    read: int = 0
    stored: int = 0
    damaged: int = 0
    started: float = field(default_factory=time.monotonic)


def _report(call: Context, counts: _Counts) -> None:
    record = {
        "read": counts.read,
        "stored": counts.stored,
        "already": counts.read - counts.stored,
        "damaged": counts.damaged,
        "seconds": round(time.monotonic() - counts.started, 3),
    }
    sentence = _("{read} read, {stored} stored, {already} already there, {damaged} damaged")
    call.emit(record, sentence.format(**record))


async def _bring_in(
    call: Context, paths: list[Path], place: tuple[int, int], counts: _Counts
) -> None:
    """Store everything in batches into `place`, an account and its folder, and count."""
    from tui_mail.values import Fetched
    from tui_mail.worker.bring_in import found_in

    def messages() -> Iterator[Fetched]:
        for path in paths:
            for _origin, fetched in found_in(path):
                yield fetched

    source = messages()
    while batch := list(islice(source, _BATCH)):
        storing = asyncio.ensure_future(call.ingest.take_in(*place, batch))
        try:
            await asyncio.shield(storing)
        finally:  # interrupted too: a batch that is being stored counts
            outcome = await storing
            counts.read += len(batch)
            counts.stored += outcome.stored
            counts.damaged += outcome.damaged
        call.progress(_("{count} messages").format(count=counts.read))
