"""`init` and `config`: the installation itself."""

import typer

from tui_mail.cli.context import Context
from tui_mail.config import as_text, write_default_settings
from tui_mail.errors import WrongUse
from tui_mail.i18n import _


def register(app: typer.Typer) -> None:
    app.command(
        "init",
        help=_("Make this installation: settings, key, database. Asks nothing."),
        epilog=_("Example: tui-mail --home ~/mail init"),
    )(_init)
    app.command(
        "config",
        help=_("check: read the settings; show: print them; init: write a file"),
        epilog=_("Example: tui-mail config show --json"),
    )(_config)


def _init(context: typer.Context) -> None:
    call: Context = context.obj
    settings = call.settings
    call.begins_anew = True
    written = _write(call)
    call.vault.unlock()  # which makes it
    call.database  # noqa: B018 — and this the schema
    call.emit(
        {
            "home": str(call.home.config),
            "settings": str(call.home.settings_file),
            "database": as_text(settings)["database"],
            "created": written,
        },
        str(call.home.settings_file),
    )
    if written:
        call.say(
            _(
                "All is ready. Next: tui-mail account add, with --local for mail that is in files "
                "only; then tui-mail opens the console."
            )
        )


def _write(call: Context) -> bool:
    """Write the settings' file and say so when one was there; True when it was written."""
    from tui_mail.config import make_home

    make_home(call.home)
    written = write_default_settings(call.home)
    if not written:
        call.say(
            _("{file} was there already, and is kept as it is.").format(
                file=call.home.settings_file
            )
        )
    return written


def _config(
    context: typer.Context,
    action: str = typer.Argument("show", metavar="init|check|show"),
) -> None:
    from tui_mail.db.engine import Database

    call: Context = context.obj
    if action == "init":
        created = _write(call)
        call.emit(
            {"settings": str(call.home.settings_file), "created": created},
            str(call.home.settings_file),
        )
    elif action == "check":
        Database(call.settings.database).close_now()  # reads its URL, and connects to nothing
        file = str(call.home.settings_file)
        call.emit({"ok": True, "settings": file}, _("{file} is right.").format(file=file))
    elif action == "show":
        shown = as_text(call.settings)
        if call.json:
            call.emit(shown)
        else:
            for key, value in shown.items():
                call.emit({}, f"{key} = {value!r}")
    else:
        raise WrongUse(_("config takes init, check or show."))
