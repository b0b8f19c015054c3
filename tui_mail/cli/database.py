"""`db`: the database's shape, and backups of the whole installation."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.doctor import examine
from tui_mail.errors import NotAllowed
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.worker.backup import Site


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "upgrade",
        help=_("Bring the database's shape up to date, as every command does by itself."),
        epilog=_("Example: tui-mail db upgrade"),
    )(_upgrade)
    group.command(
        "backup",
        help=_("Database, attachments and keys into a new folder, while others go on working."),
        epilog=_(
            "Attachments stay sealed. Whoever has the backup with its key file can open them: "
            "keep it as safe as the installation, or use --without-key and keep the key, or an "
            "operator's passphrase, elsewhere."
        )
        + "\n\n"
        + _(
            "On the same disk attachments are not copied but linked: they take no room, and a "
            "fault of the disk takes both. --copy makes files of their own."
        )
        + "\n\n"
        + _("Example: tui-mail db backup --to /backup/mail-2026-11-28"),
    )(_backup)
    group.command(
        "restore",
        help=_("An installation out of a backup; what it replaces is kept beside."),
        epilog=_(
            "End consoles and workers first. Then everything is checked, and what is missing is "
            "said. Mail that came after the backup is fetched from its server again. Attachments "
            "that are damaged here are replaced; keys that were changed since open again what they "
            "sealed."
        )
        + "\n\n"
        + _("Example: tui-mail db restore /backup/mail-2026-11-28"),
    )(_restore)
    app.add_typer(group, name="db", help=_("The database: upgrade, backup, restore."))


def _upgrade(context: typer.Context) -> None:
    from tui_mail.db.schema import HEAD

    call: Context = context.obj
    call.database  # noqa: B018 — opening it brings it up to date
    call.emit(
        {"version": HEAD}, _("The database is up to date (version {version}).").format(version=HEAD)
    )


def _backup(
    context: typer.Context,
    to: Path = typer.Option(
        ..., "--to", metavar="DIR", readable=False, help=_("a folder that is new or empty")
    ),
    without_key: bool = typer.Option(
        False, "--without-key", help=_("leave this machine's key file out")
    ),
    copy: bool = typer.Option(
        False, "--copy", help=_("copy attachments also where they could be linked")
    ),
) -> None:
    from tui_mail.db.wanted import count_away
    from tui_mail.worker.backup import back_up

    call: Context = context.obj
    call.database  # noqa: B018 — there is something to back up, and it is up to date
    made = back_up(
        _site(call),
        to,
        _telling(call),
        with_key=not without_key,
        link=not copy,
        away=lambda: call.database.read_now(count_away),
    )
    call.progress_done()
    call.emit(
        {
            "backup": str(to),
            "attachments": made.attachments,
            "away": made.away,
            "key": not without_key,
        },
        _("Backed up to {folder}, with {count} attachments.").format(
            folder=to, count=made.attachments
        ),
    )
    if made.away and not call.json:
        text = _(
            "Not in it: {count} attachments that are with their servers only, as their accounts "
            "wish. A restored database knows that, and fetches them from there."
        )
        call.say(text.format(count=made.away))


def _restore(
    context: typer.Context,
    source: Path = typer.Argument(..., metavar="DIR", readable=False),
    force: bool = typer.Option(
        False, "--force", help=_("also into a PostgreSQL database, whose mail is replaced for good")
    ),
) -> None:
    from tui_mail.config import make_home
    from tui_mail.worker.backup import restore

    call: Context = context.obj
    make_home(call.home)
    site = _site(call)
    if site.database is None and not force:
        raise NotAllowed(
            _("What the PostgreSQL database holds would be replaced: say --force if it may be.")
        )
    done = restore(site, source, _telling(call), call.vault, call.ask)
    call.progress_done()
    call.emit(
        {
            "restored": str(source),
            "attachments": done.attachments,
            "replaced": done.replaced,
            "aside": [str(path) for path in done.aside],
        },
        _("Restored from {folder}; {count} attachments were missing or damaged here.").format(
            folder=source, count=done.attachments
        ),
    )
    for path in done.aside:
        call.say(_("What was here before is in {file}.").format(file=path))
    examine(call, repair=False, deep=False)


def _telling(call: Context) -> Callable[[int], None]:
    return lambda count: call.progress(_("attachments: {count}").format(count=count))


def _site(call: Context) -> "Site":
    from tui_mail.db.engine import Database
    from tui_mail.worker.backup import Site

    database = Database(call.settings.database)  # reads its URL, and connects to nothing
    file = database.file
    database.close_now()
    home = call.home
    return Site(call.settings.database, file, call.attachments, home.key_file, home.settings_file)
