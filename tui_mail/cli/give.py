"""`export`: mail out into files, byte for byte as it came."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from tui_mail.cli.away import bring_back
from tui_mail.cli.context import Context
from tui_mail.cli.find import found_ids, say_nothing_found
from tui_mail.cli.help import QueryCommand
from tui_mail.cli.progress import Progress
from tui_mail.cli.show import no_folder
from tui_mail.errors import TuiMailError, WrongUse
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.worker.export_files import Format

_FORMATS = ("mbox", "eml", "maildir", "markdown")


def register(app: typer.Typer) -> None:
    app.command(
        "export",
        cls=QueryCommand,
        help=_("Write what a search finds into files, byte for byte as it came."),
        epilog=_(
            "mbox is one file (mboxrd: lines that begin with From get a >, which import takes "
            "away again), eml a folder with a file a message, maildir a Maildir with the flags; "
            "markdown is a folder of texts to read, which cannot be imported again. "
            "Without --format it is mbox, or eml where --to is a folder. Nothing is written over; "
            "done again after it was cut short, it goes on with the rest. A message that cannot "
            "be given back whole is told and left out."
        )
        + "\n\n"
        + _("Example: tui-mail export 'account:info@rossi.example in:INBOX' --to inbox.mbox"),
    )(_export)


def _export(
    context: typer.Context,
    query: list[str] = typer.Argument(..., metavar="QUERY"),
    to: Path = typer.Option(
        ..., "--to", metavar="PATH", readable=False, help=_("the file or folder to make")
    ),
    kind: str = typer.Option(
        "", "--format", metavar="mbox|eml|maildir|markdown", show_default=False
    ),
    folders: bool = typer.Option(
        False, "--folders", help=_("each folder on its own, below PATH, by account")
    ),
) -> None:
    from tui_mail.worker.export import Export

    call: Context = context.obj
    kind = kind or ("eml" if to.is_dir() and not folders else "mbox")
    if kind not in _FORMATS:
        raise WrongUse(_("--format takes mbox, eml, maildir or markdown."))
    started = time.monotonic()
    ids = found_ids(call, " ".join(query))[::-1]
    if not ids:
        say_nothing_found(call, " ".join(query))
        call.say(_("So nothing is written."))
    elif not to.absolute().parent.is_dir():
        raise no_folder(to.absolute().parent)
    away = bring_back(call, ids)
    export = Export(call.database, call.blobs, to, cast("Format", kind), folders=folders)
    counts = {"exported": 0, "already": 0, "lost": 0}
    progress = Progress(call, len(ids))
    try:
        for one in export.run(call.operator_id, ids):
            if one.error is not None:
                counts["lost"] += 1
                call.exit_code = 1
                call.progress_done()
                error = away.get(one.message_id, one.error)
                record = {"error": error.slug, "message": error.message, "id": one.message_id}
                text = _("Message {id} is left out: {reason}")
                call.refuse(record, text.format(id=one.message_id, reason=error.message))
            else:
                counts["exported" if one.written else "already"] += 1
            done = sum(counts.values())
            progress.show(done, done)
    except KeyboardInterrupt:
        call.progress_done()
        call.say(_("Interrupted: the same command goes on with the rest."))
        raise
    except TuiMailError as error:
        call.progress_done()
        call.fail(error)
        if counts["exported"]:
            call.say(_("The same command goes on with the rest, once that is mended."))
    finally:
        if call.exit_code and counts["exported"]:
            call.exit_code = 1
        call.progress_done()
        record = {**counts, "to": str(to), "seconds": round(time.monotonic() - started, 3)}
        text = _("{exported} written to {to}, {already} there already, {lost} left out")
        call.emit(record, text.format(**record))
