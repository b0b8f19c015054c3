"""Servers of accounts on the command line: how they are written, and whether they let us in."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tui_mail.cli.context import Context
from tui_mail.errors import NotFound, Offline, WrongUse
from tui_mail.i18n import _
from tui_mail.values import Endpoint, Login, Tls

if TYPE_CHECKING:
    from tui_mail.db.accounts import AccountChange
    from tui_mail.db.tables import Account

FOR_EVER = "forever"
ALL = "all"
_STARTTLS_PORTS = {143, 110, 587, 25}
_SENDER_SECONDS = 20.0  # for a sending server to let us in, while somebody waits


def tls_of(text: str) -> Tls | None:
    """What --tls says, None for nothing. Raises WrongUse."""
    if text and text not in set(Tls):
        raise WrongUse(_("--tls takes implicit, starttls or none."))
    return Tls(text) if text else None


def ca_file_of(text: str) -> str:
    """The file that --ca names, "" for none. Raises NotFound."""
    if not text:
        return ""
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise NotFound(_("The file {file} is not there.").format(file=path))
    return str(path)


def endpoint(text: str, tls: Tls | None, ca_file: str, default_port: int) -> Endpoint:
    """A server as HOST:PORT. Raises WrongUse."""
    host, colon, port_text = text.rpartition(":")
    if not colon:
        host, port_text = text, str(default_port)
    if (
        not (port_text.isascii() and port_text.isdigit())
        or not 0 < int(port_text) < 65536
        or not host
    ):
        raise WrongUse(_("{text} is not HOST:PORT.").format(text=text))
    port = int(port_text)
    if tls is None:
        tls = Tls.STARTTLS if port in _STARTTLS_PORTS else Tls.IMPLICIT
    return Endpoint(host.strip("[]"), port, tls, ca_file)


def record_of(account: "Account") -> dict[str, object]:
    """An account in the contract's form."""
    return {
        "email": account.email,
        "name": account.name,
        "shared": account.shared,
        "protocol": account.protocol,
        "imap": _place(account, "imap"),
        "pop3": _place(account, "pop3"),
        "tls": account.tls,
        "smtp": f"{account.smtp_host}:{account.smtp_port}" if account.smtp_host else "",
        "smtp_tls": account.smtp_tls,
        "user": account.user,
        "leave_days": account.leave_days,
        "delete_there": account.delete_there,
        "oauth_issuer": account.oauth_issuer,
        "sent_copies": account.sent_copies,
        "only_subscribed": account.only_subscribed,
        "paused": account.paused,
        "rate": account.rate,
        "schedule": account.schedule,
        "keep_days": account.keep_days,
        "keep_kib": account.keep_kib,
    }


def _place(account: "Account", protocol: str) -> str:
    return f"{account.host}:{account.port}" if account.protocol == protocol else ""


def leave_days_of(text: str) -> int | None:
    """How long --leave-days has a POP3 server keep mail, None for ever. Raises WrongUse."""
    if text in {"", FOR_EVER}:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 5:
        raise WrongUse(_("--leave-days takes a number of days, 0 for none, or forever."))
    return int(text)


def keep_days_option() -> Any:
    """--keep-days, as a command's default."""
    return typer.Option(
        "",
        "--keep-days",
        metavar="N|all",
        help=_(
            "the files of mail received longer ago may be on its IMAP server only, and come back "
            "when they are opened: who deletes the message there deletes them"
        ),
    )


def keep_kib_option() -> Any:
    """--keep-kib, likewise."""
    return typer.Option(
        "",
        "--keep-kib",
        metavar="N|all",
        help=_("so may single files of more than so many KiB"),
    )


def kept_of(text: str, option: str) -> int | None:
    """How much --keep-days or --keep-kib has stay here, None for all. Raises WrongUse."""
    if text in {"", ALL}:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 7:
        raise WrongUse(_("{option} takes a whole number, or all.").format(option=option))
    return int(text)


def keeping_change(days: str, kib: str) -> "AccountChange":
    """The change that --keep-days and --keep-kib ask for. Raises WrongUse."""
    from tui_mail.db.accounts import AccountChange

    return AccountChange(
        keep_days=kept_of(days, "--keep-days"),
        keep_kib=kept_of(kib, "--keep-kib"),
        keep_all_days=days == ALL,
        keep_all_sizes=kib == ALL,
    )


def expect_store(protocol: str) -> None:
    """Raise WrongUse where files cannot be with the server only."""
    if protocol != "imap":
        raise WrongUse(
            _(
                "--keep-days and --keep-kib are for accounts with IMAP: only there does the server "
                "keep the mail, so that its files can be fetched again."
            )
        )


async def check_sender(call: Context, endpoint: Endpoint, login: Login | None) -> None:
    """Log in at a sending server. Raises Offline, WrongPassword, TlsRefused and the like."""
    try:
        async with asyncio.timeout(_SENDER_SECONDS):
            await call.parts.check_sender(endpoint, login)
    except TimeoutError as error:
        raise Offline(
            _("{host} does not answer on port {port}: check the port, or try again later.").format(
                host=endpoint.host, port=endpoint.port
            )
        ) from error


async def try_mailbox(call: Context, account: "Account") -> None:
    """Log in at the server of a mailbox. Raises as `check_sender` does."""
    from tui_mail.backends.pop3 import Pop3Drop

    store = call.connections.mailbox(account)
    try:
        await store.open()
        if isinstance(store, Pop3Drop) and not store.names_messages:
            call.say(
                _(
                    "{host} has no lasting names for its messages (UIDL): they are known by what "
                    "they hold, and each look at them takes longer."
                ).format(host=account.host)
            )
    finally:
        await store.close()


async def try_sender(call: Context, account: "Account") -> None:
    """Log in at the server that an account sends by. Raises as `check_sender` does."""
    place = Endpoint(account.smtp_host, account.smtp_port, Tls(account.smtp_tls), account.ca_file)
    await check_sender(call, place, call.parts.login(call.vault, call.database, account))
