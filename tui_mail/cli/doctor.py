"""`doctor`: proves that database and attachments agree, and mends what can be mended."""

import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context
from tui_mail.errors import CannotWrite
from tui_mail.i18n import _, ngettext

if TYPE_CHECKING:
    from tui_mail.worker.doctor import Finding
    from tui_mail.worker.surroundings import Places

_SHOWN = 5
_LEFT = 1


def register(app: typer.Typer) -> None:
    app.command(
        "doctor",
        help=_("Prove that database and attachments agree; with --repair, mend what can be."),
        epilog=_(
            "Exit code 0: nothing is wrong, or all of it is mended; 1: something is left, and what "
            "to do about it is said. Every password is opened, and of each attachment its key and its "
            "size are looked at; --deep reads every attachment and puts every message together "
            "again, which takes as long as reading them all."
        )
        + "\n\n"
        + _("Example: tui-mail doctor --repair --json"),
    )(_doctor)


def _doctor(
    context: typer.Context,
    repair: bool = typer.Option(False, "--repair", help=_("mend what can be mended")),
    deep: bool = typer.Option(False, "--deep", help=_("open every attachment and message")),
) -> None:
    examine(context.obj, repair=repair, deep=deep)


def examine(call: Context, *, repair: bool, deep: bool) -> None:
    """Look the installation over and say what is wrong; exit code 1 when something is left."""
    from tui_mail.worker.collect import note_use
    from tui_mail.worker.doctor import Doctor

    started = time.monotonic()
    places = places_of(call)
    if places.attachments.is_dir():
        with contextlib.suppress(CannotWrite):  # which the look at the folder finds
            note_use(places.attachments, call.database)
    doctor = Doctor(
        call.database,
        call.parts.blobs(call.attachments, call.vault),
        call.vault,
        places,
        call.progress,
        now=datetime.now(UTC),
        repair=repair,
        deep=deep,
    )
    found = mended = left = 0
    try:
        for finding in doctor.findings():
            call.progress_done()
            _tell(call, finding)
            found += finding.count
            mended += finding.mended
            left += finding.left
    except KeyboardInterrupt:
        call.progress_done()
        call.say(_("Interrupted: what is mended is mended, the rest is as it was."))
        raise
    finally:
        call.progress_done()
    call.exit_code = _LEFT if left else 0
    record = {
        "found": found,
        "mended": mended,
        "left": left,
        "attachments": doctor.attachments,
        "messages": doctor.messages,
        "away": doctor.away,
        "skipped": doctor.skipped,
        "deep": deep,
        "seconds": round(time.monotonic() - started, 3),
    }
    text = _("{found} found, {mended} mended, {left} left.").format(**record)
    if doctor.away and not call.json:
        call.say(_away(doctor.away))
    call.emit(record, text if found else _("Everything agrees."))


def _away(count: int) -> str:
    return ngettext(
        "{count} attachment is with its server only, as its account wishes.",
        "{count} attachments are with their servers only, as their accounts wish.",
        count,
    ).format(count=count)


def _tell(call: Context, finding: "Finding") -> None:
    mended = " " + _("Mended: {count}.").format(count=finding.mended) if finding.mended else ""
    call.emit(
        {
            "finding": finding.slug,
            "message": finding.message,
            "count": finding.count,
            "mended": finding.mended,
            "left": finding.left,
            "examples": list(finding.examples),
        },
        f"{finding.message}{mended}",
    )
    if not call.json:
        for one in finding.examples[:_SHOWN]:
            call.emit({}, f"    {one}")
        more = finding.count - len(finding.examples[:_SHOWN])
        if finding.examples and more > 0:
            call.emit({}, f"    {_more(more, len(finding.examples), finding.count)}")


def _more(more: int, known: int, count: int) -> str:
    """How many are not printed, and where they are."""
    if known < count:
        words = ngettext(
            "and {more} more; --json lists the first {known}",
            "and {more} more; --json lists the first {known}",
            more,
        )
    else:
        words = ngettext(
            "and {more} more; --json lists all", "and {more} more; --json lists all", more
        )
    return words.format(more=more, known=known)


def places_of(call: Context) -> "Places":
    """Where this installation keeps what."""
    from tui_mail.worker.surroundings import Places

    home = call.home
    return Places(
        private=(home.config, home.data, home.state, home.key_file, home.settings_file, home.logs),
        attachments=call.attachments,
        database=call.database.file,
    )
