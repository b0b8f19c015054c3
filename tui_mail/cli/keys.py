"""`keys`: what every key of the console does, and the names to give it another one by."""

import typer

from tui_mail.cli.context import Context
from tui_mail.i18n import _


def register(app: typer.Typer) -> None:
    app.command(
        "keys",
        help=_("The keys of the console, by the names that [keys] in settings.toml takes."),
        epilog=_("Example: tui-mail keys --json"),
    )(_keys)


def _keys(context: typer.Context) -> None:
    from tui_mail.ui.bindings import every_binding

    call: Context = context.obj
    for row in every_binding():
        words = _(row.words)
        call.emit(
            {"action": row.name, "keys": list(row.keys), "does": words},
            f"{row.name:28} {', '.join(row.keys):24} {words}",
        )
