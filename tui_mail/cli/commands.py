"""The tree of commands. Each group is a file of its own, imported when the line is read."""

from typing import Any

import typer

from tui_mail import __version__
from tui_mail.cli import (
    account,
    change,
    database,
    demo,
    doctor,
    erp,
    find,
    folder,
    give,
    installation,
    keys,
    links,
    outbox,
    receive,
    regroup,
    send,
    show,
    vault,
    worker,
)
from tui_mail.cli.context import Context
from tui_mail.cli.help import in_own_words
from tui_mail.i18n import _

# These name what must be there already: no new installation has it.
_ABOUT_MAIL = frozenset(
    {"show", "save", "import", "mark", "move", "delete", "undo", "redo", "link", "thread", "folder"}
)


def command() -> Any:
    """The whole command line, in the language in use."""
    app = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(
        invoke_without_command=True,
        epilog=_("Example: tui-mail --home ~/mail search 'fattura in:INBOX' --json"),
        help=_(
            "A mail console that joins a company's mail with its ERP. Without a command: the console."
        ),
    )(_root)
    for group in (
        installation,
        account,
        worker,
        receive,
        find,
        show,
        links,
        give,
        change,
        regroup,
        folder,
        erp,
        send,
        outbox,
        vault,
        doctor,
        database,
        demo,
        keys,
    ):
        group.register(app)
    return in_own_words(typer.main.get_command(app))


def _root(
    context: typer.Context,
    home: str = typer.Option("", "--home", help=_("folder of the installation")),
    operator: str = typer.Option("", "--as", help=_("act as this operator")),
    language: str = typer.Option("", "--lang", help=_("it or en")),
    as_json: bool = typer.Option(False, "--json", help=_("JSON Lines on standard output")),
    passphrase: bool = typer.Option(
        False, "--passphrase-stdin", help=_("open the vault by the first line of standard input")
    ),
    version: bool = typer.Option(False, "--version", help=_("print the version and end")),
) -> None:
    """Options that stand anywhere are taken out before; here they are only for --help."""
    del home, operator, language, as_json, passphrase
    call: Context = context.obj
    call.needs_mail = context.invoked_subcommand in _ABOUT_MAIL
    if version:
        call.emit({"version": __version__}, f"tui-mail {__version__}")
    elif context.invoked_subcommand is None:
        call.exit_code = call.parts.console(call)
