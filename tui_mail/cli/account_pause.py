"""`account pause` and `account resume`: mailboxes that are left alone for a while."""

import typer

from tui_mail.cli.context import Context
from tui_mail.errors import WrongUse
from tui_mail.i18n import _


def register(group: typer.Typer) -> None:
    group.command(
        "pause",
        help=_(
            "Fetch nothing and tell the server nothing, everywhere, until it is resumed; letters "
            "go out all the same."
        ),
        epilog=_("Example: tui-mail account pause info@rossi.example"),
    )(_pause)
    group.command(
        "resume",
        help=_("Go on with accounts that are paused."),
        epilog=_("Example: tui-mail account resume --all"),
    )(_resume)


def _pause(
    context: typer.Context,
    emails: list[str] = typer.Argument(None, metavar="EMAIL…"),
    every: bool = typer.Option(False, "--all", help=_("all accounts that you manage")),
) -> None:
    _set(context.obj, emails or [], every=every, paused=True)


def _resume(
    context: typer.Context,
    emails: list[str] = typer.Argument(None, metavar="EMAIL…"),
    every: bool = typer.Option(False, "--all", help=_("all accounts that you manage")),
) -> None:
    _set(context.obj, emails or [], every=every, paused=False)


def _set(call: Context, emails: list[str], *, every: bool, paused: bool) -> None:
    from tui_mail.db.accounts import account_by_email, pause

    if bool(emails) is every:
        raise WrongUse(_("Give the addresses of accounts, or --all."))
    found = [call.database.read_now(account_by_email, email, call.operator_id) for email in emails]
    for account in found:
        if not account.host:
            raise WrongUse(
                _("{email} has no mailbox on a server: there is nothing to pause.").format(
                    email=account.email
                )
            )
    ids = None if every else [account.id or 0 for account in found]
    for email in call.database.write_now(pause, call.operator_id, ids, paused=paused):
        words = (
            _("{email} is paused: its mail stays where it is; letters go out all the same.")
            if paused
            else _("{email} is fetched from again.")
        )
        call.emit({"email": email, "paused": paused}, words.format(email=email))
