"""`import`: mail out of files into an account."""

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.progress import Progress
from tui_mail.errors import NotFound, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.archives.found import Found
    from tui_mail.worker.ingest import Outcome

_BATCH = 400
_BATCH_BYTES = 16 << 20
_USUAL = "INBOX"


def register(app: typer.Typer) -> None:
    app.command(
        "import",
        help=_("Take mail in from mbox, Maildir, EML and ZIP files, or folders of them."),
        epilog=_(
            "Without --folder what is given goes to INBOX, and what it has in folders or mbox "
            "files of its own goes to folders of their names, made where there is none. Done "
            "again, or after Ctrl+C, it takes only what is not there yet. mbox files may be "
            "compressed (.gz, .bz2, .xz); nothing is unpacked to the disk."
        )
        + "\n\n"
        + _("Example: tui-mail import archive.mbox --account info@rossi.example --folder Archive"),
    )(_import)


def _import(
    context: typer.Context,
    paths: list[Path] = typer.Argument(..., metavar="PATH…"),
    account: str = typer.Option(..., "--account", metavar="EMAIL", help=_("whose mail it is")),
    folder: str = typer.Option(
        "", "--folder", metavar="NAME", help=_("where all of it goes; made where there is none")
    ),
) -> None:
    from tui_mail.db.accounts import account_by_email
    from tui_mail.db.rights import require

    call: Context = context.obj
    if folder and (not folder.strip() or not folder.isprintable()):
        raise WrongUse(_("--folder takes the name of a folder."))
    for path in paths:
        if not path.exists():
            raise NotFound(_("{file} is not there.").format(file=path))
    found = call.database.read_now(account_by_email, account, call.operator_id)
    call.database.read_now(require, call.operator_id, found.id or 0, "triage")
    target = _Target(call, found.id or 0, folder)
    target.folder_id("")
    call.say(
        _("Importing into {folder} of {account}…").format(
            folder=folder or _USUAL, account=found.email
        )
    )
    counts = _Counts()
    try:
        asyncio.run(_bring_in(call, paths, target, counts))
    except KeyboardInterrupt:
        call.say(_("Interrupted: what is stored stays; the same command goes on with the rest."))
        raise
    except TuiMailError as error:
        call.fail(error)
    finally:
        if call.exit_code and counts.read:
            call.exit_code = 1
        call.progress_done()
        _report(call, counts)
    if counts.stored:
        _read_files(call)
    if not counts.read and not call.exit_code:
        raise WrongData(_("No message was found there."))


def _read_files(call: Context) -> None:
    """The text of the files that have come, for the search; what is left is left to the worker."""
    from tui_mail.worker.texts import read_waiting

    async def pause(done: int) -> None:
        if done:
            call.progress(_("{count} messages with files read").format(count=done))

    try:
        asyncio.run(
            read_waiting(
                call.database, call.blobs, call.home.locks, processes=2, seconds=0.0, pause=pause
            )
        )
    except KeyboardInterrupt:
        call.say(_("Interrupted: the mail is stored; the worker reads the rest of its files."))
    except TuiMailError as error:
        call.fail(error)
    finally:
        call.progress_done()


@dataclass(slots=True)
class _Target:
    """Where messages go: one folder, or one for each folder that they come from."""

    call: Context
    account_id: int
    only: str
    known: dict[str, int] = field(default_factory=dict)

    def folder_id(self, name: str) -> int:
        from tui_mail.db.folders import folder_named

        wanted = self.only or name or _USUAL
        if wanted not in self.known:
            made = self.call.database.write_now(folder_named, self.account_id, wanted, create=True)
            self.known[wanted] = made.id or 0
        return self.known[wanted]


@dataclass(slots=True)
class _Counts:
    """What has come of the import so far; `bytes` of the files are used up."""

    read: int = 0
    stored: int = 0
    damaged: int = 0
    bytes: int = 0
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


async def _bring_in(call: Context, paths: list[Path], target: _Target, counts: _Counts) -> None:
    """Store everything in batches, and count."""
    from tui_mail.archives.found import size_of
    from tui_mail.worker.ahead import Ahead

    total = sum(map(size_of, paths)) if sys.stderr.isatty() else 0
    progress = Progress(call, total)

    def count(batch: "Sequence[Found]", outcome: "Outcome") -> None:
        counts.read += len(batch)
        counts.stored += outcome.stored
        counts.damaged += outcome.damaged
        counts.bytes += sum(one.size for one in batch)
        progress.show(counts.read, counts.bytes)

    batches = _batches(_found(call, paths))
    async with Ahead(count) as ahead:  # interrupted too: a batch that is being stored counts
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            folder_id = await asyncio.to_thread(target.folder_id, batch[0].folder)
            messages = [one.fetched for one in batch]
            await ahead.begin(batch, call.ingest.take_in(target.account_id, folder_id, messages))


def _found(call: Context, paths: list[Path]) -> "Iterator[Found]":
    """Every message; a file that cannot be read is told, and the others are taken."""
    from tui_mail.archives.found import Unreadable, found_in

    for path in paths:
        for one in found_in(path):
            if isinstance(one, Unreadable):
                call.progress_done()
                error = one.error
                call.exit_code = error.exit_code
                call.refuse({"error": error.slug, "message": error.message}, error.message)
            else:
                yield one


def _batches(found: "Iterator[Found]") -> "Iterator[Sequence[Found]]":
    """As many at once as are stored well together: of one folder, and not too much to hold."""
    batch: list[Found] = []
    size = 0
    for one in found:
        length = len(one.fetched.raw)
        full = len(batch) >= _BATCH or size + length > _BATCH_BYTES
        if batch and (full or one.folder != batch[0].folder):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch
