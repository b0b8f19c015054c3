"""`import`: mail out of files into an account."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.progress import Progress
from tui_mail.errors import NotFound, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import _, ngettext

if TYPE_CHECKING:
    from tui_mail.archives.found import Found, Skipped
    from tui_mail.worker.ingest import Outcome

_BATCH = 400
_BATCH_BYTES = 16 << 20
_MOST_TOLD = 20
_MOST_NAMED = 10
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
    paths: list[Path] = typer.Argument(..., metavar="PATH…", readable=False),
    account: str = typer.Option(
        "", "--account", metavar="EMAIL", show_default=False, help=_("whose mail it is")
    ),
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
    if not account:
        raise WrongUse(_no_account(call))
    found = call.database.read_now(account_by_email, account, call.operator_id)
    call.database.read_now(require, call.operator_id, found.id or 0, "triage")
    target = _Target(call, found.id or 0, found.email, folder)
    target.made("")  # before all is read: it may not be allowed
    place = _("{folder} of {account}").format(folder=folder, account=found.email)
    call.say(_("Importing into {place}…").format(place=place if folder else found.email))
    counts = _Counts()
    try:
        asyncio.run(_bring_in(call, paths, target, counts))
    except KeyboardInterrupt:
        call.progress_done()
        call.say(_("Interrupted: what is stored stays; the same command goes on with the rest."))
        raise
    except TuiMailError as error:
        call.progress_done()
        call.fail(error)
    finally:
        if call.exit_code and counts.read:
            call.exit_code = 1
        call.progress_done()
        _report(call, counts)
        if counts.stored and not folder:
            call.say(target.in_words())
    if counts.stored:
        _read_files(call)
    if not counts.read and not call.exit_code:
        raise WrongData(_("No message was found there."))


def _no_account(call: Context) -> str:
    """That somebody has to say whose mail it is, and whose it can be."""
    from tui_mail.db.accounts import accounts

    emails = [one.email for one in call.database.read_now(accounts, call.operator_id)]
    if not emails:
        return _(
            "There is no account yet that the mail could be of: tui-mail account add EMAIL --local "
            "makes one, then give it with --account."
        )
    return _("Say whose mail it is with --account: {accounts}.").format(
        accounts=", ".join(emails[:_MOST_NAMED]) + ("…" if len(emails) > _MOST_NAMED else "")
    )


def _read_files(call: Context) -> None:
    """The text of the files that have come, for the search; what is left is left to the worker."""
    from tui_mail.worker.texts import read_waiting

    async def pause(done: int) -> None:
        if done:
            text = ngettext(
                "{count} message with files read", "{count} messages with files read", done
            )
            call.progress(text.format(count=done))

    try:
        asyncio.run(
            read_waiting(
                call.database, call.blobs, call.home.locks, processes=2, seconds=0.0, pause=pause
            )
        )
    except KeyboardInterrupt:
        call.progress_done()
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
    email: str
    only: str
    known: dict[str, int] = field(default_factory=dict)

    def in_words(self) -> str:
        """Which folders the mail has gone to."""
        names = sorted(self.known, key=str.casefold)
        told, more = ", ".join(names[:_MOST_NAMED]), len(names) - _MOST_NAMED
        if more > 0:
            words = ngettext(
                "It is in the folders {folders} and {count} more.",
                "It is in the folders {folders} and {count} more.",
                more,
            )
        else:
            words = ngettext(
                "It is in the folder {folders}.", "It is in the folders {folders}.", len(names)
            )
        return words.format(folders=told, count=more)

    def folder_id(self, name: str) -> int:
        wanted = self._wanted(name)
        if wanted not in self.known:
            self.known[wanted] = self.made(name)
        return self.known[wanted]

    def made(self, name: str) -> int:
        """The id of the folder, which there is from now on."""
        from tui_mail.db.folders import folder_named

        wanted = self._wanted(name)
        made = self.call.database.write_now(folder_named, self.account_id, wanted, create=True)
        return made.id or 0

    def _wanted(self, name: str) -> str:
        return self.only or self._exported(name) or _USUAL

    def _exported(self, name: str) -> str:
        """The account's folder that `export --folders` wrote as `name`: below the account's address
        or not, and without what a file's name may not have."""
        from tui_mail.db.folders import folder_names
        from tui_mail.worker.export import folder_parts
        from tui_mail.worker.saving import file_name

        first, _slash, rest = name.partition("/")
        name = rest if first == file_name(self.email) else name
        names = self.call.database.read_now(folder_names, self.account_id)
        if name in names:
            return name
        return {"/".join(folder_parts(one)): one for one in names}.get(name, name)


@dataclass(slots=True)
class _Counts:
    """What has come of the import so far; `bytes` of the files are used up."""

    read: int = 0
    stored: int = 0
    damaged: int = 0
    restored: int = 0
    skipped: int = 0
    bytes: int = 0
    started: float = field(default_factory=time.monotonic)


def _report(call: Context, counts: _Counts) -> None:
    record = {
        "read": counts.read,
        "stored": counts.stored,
        "already": counts.read - counts.stored,
        "damaged": counts.damaged,
        "restored": counts.restored,
        "skipped": counts.skipped,
        "seconds": round(time.monotonic() - counts.started, 3),
    }
    sentence = _("{read} read, {stored} stored, {already} already there, {damaged} damaged")
    more = ""
    if counts.restored:
        more += ngettext(
            ", {n} made whole again", ", {n} made whole again", counts.restored
        ).format(n=counts.restored)
    if counts.skipped:
        more += ngettext(", {n} file skipped", ", {n} files skipped", counts.skipped).format(
            n=counts.skipped
        )
    call.emit(record, sentence.format(**record) + more)


class _Told:
    """Files that are not taken, or not in whole: each is a line with --json, people see some."""

    def __init__(self, call: Context) -> None:
        self._call = call
        self._more = {"skipped": 0, "damaged": 0}

    def skipped(self, file: str, reason: str) -> None:
        """A file that is no mail."""
        text = _("Skipped: {file} ({reason})").format(file=file, reason=reason)
        self._tell("skipped", file, reason, text)

    def damaged(self, file: str, reasons: "Sequence[str]") -> None:
        """A message that is stored whole and could not be read in whole."""
        from tui_mail.mail.damages import damage_in_words

        reason = ", ".join(reasons)
        words = "; ".join(map(damage_in_words, reasons))
        text = _("Damaged, stored as it came: {file} ({reason})").format(file=file, reason=words)
        self._tell("damaged", file, reason, text)

    def _tell(self, outcome: str, file: str, reason: str, text: str) -> None:
        self._more[outcome] += 1
        self._call.progress_done()
        if self._call.json:
            self._call.emit({"outcome": outcome, "file": file, "reason": reason})
        elif self._more[outcome] <= _MOST_TOLD:
            self._call.say(text)

    def finish(self) -> None:
        """Say how many were not shown."""
        for count in self._more.values():
            more = count - _MOST_TOLD
            if more > 0 and not self._call.json:
                self._call.say(
                    ngettext(
                        "and {n} more; --json names all", "and {n} more; --json names all", more
                    ).format(n=more)
                )


async def _bring_in(call: Context, paths: list[Path], target: _Target, counts: _Counts) -> None:
    """Store everything in batches, and count."""
    from tui_mail.archives.found import size_of
    from tui_mail.worker.ahead import Ahead

    total = sum(map(size_of, paths)) if sys.stderr.isatty() else 0
    progress = Progress(call, total)
    told = _Told(call)

    def count(batch: "Sequence[Found]", outcome: "Outcome") -> None:
        counts.read += len(batch)
        counts.stored += outcome.stored
        counts.damaged += len(outcome.damaged)
        counts.restored += outcome.restored
        for place, reasons in outcome.damaged.items():
            told.damaged(batch[place].origin, reasons)
        counts.bytes += sum(one.size for one in batch)
        progress.show(counts.read, counts.bytes)

    def skip(one: "Skipped") -> None:
        counts.skipped += 1
        told.skipped(str(one.path), one.reason)

    batches = _batches(_found(call, paths, skip))
    async with Ahead(count) as ahead:  # interrupted too: a batch that is being stored counts
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            folder_id = await asyncio.to_thread(target.folder_id, batch[0].folder)
            messages = [one.fetched for one in batch]
            await ahead.begin(batch, call.ingest.take_in(target.account_id, folder_id, messages))
    told.finish()


def _found(
    call: Context, paths: list[Path], skip: "Callable[[Skipped], None]"
) -> "Iterator[Found]":
    """Every message; a file that cannot be read is told, and the others are taken."""
    from tui_mail.archives.found import Skipped, Unreadable, found_in

    for path in paths:
        for one in found_in(path):
            if isinstance(one, Unreadable):
                call.progress_done()
                error = one.error
                call.exit_code = error.exit_code
                call.refuse({"error": error.slug, "message": error.message}, error.message)
            elif isinstance(one, Skipped):
                skip(one)
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
