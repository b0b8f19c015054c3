"""`account set`: an account's name, signature, servers and pace, after the fact."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.account_servers import (
    FOR_EVER,
    ca_file_of,
    check_sender,
    endpoint,
    expect_store,
    keep_days_option,
    keep_kib_option,
    keeping_change,
    leave_days_of,
    record_of,
    tls_of,
    try_mailbox,
)
from tui_mail.cli.context import Context, password_from
from tui_mail.errors import InputOutput, NotFound, TuiMailError, WrongUse
from tui_mail.i18n import _
from tui_mail.values import Endpoint, Login, Tls

if TYPE_CHECKING:
    from tui_mail.db.accounts import AccountChange
    from tui_mail.db.tables import Account

_NONE = "none"


@dataclass(frozen=True, slots=True)
class _Servers:
    """What the options say of servers; "" for nothing."""

    imap: str
    smtp: str
    tls: str
    ca: str
    user: str
    pop3: str = ""

    def __bool__(self) -> bool:
        return any((self.imap, self.smtp, self.tls, self.ca, self.user, self.pop3))


def register(group: typer.Typer) -> None:
    group.command(
        "set",
        help=_(
            "Change an account: what is not given stays. Other servers ask for the password again."
        ),
        epilog=_("Example: tui-mail account set info@rossi.example --smtp smtp.rossi.example:465"),
    )(_set)


def _set(
    context: typer.Context,
    email: str = typer.Argument(..., metavar="EMAIL"),
    name: str = typer.Option(None, "--name", help=_("the name that recipients see")),
    signature: Path = typer.Option(
        None,
        "--signature-file",
        metavar="FILE",
        readable=False,
        help=_("what is put below new letters"),
    ),
    imap: str = typer.Option("", "--imap", metavar="HOST:PORT"),
    pop3: str = typer.Option("", "--pop3", metavar="HOST:PORT"),
    smtp: str = typer.Option("", "--smtp", metavar="HOST:PORT|none"),
    tls: str = typer.Option("", "--tls", metavar="implicit|starttls|none"),
    ca: str = typer.Option("", "--ca", metavar="FILE", help=_("certificates to trust (PEM)")),
    user: str = typer.Option("", "--user", help=_("the login, if it is not the address")),
    leave_days: str = typer.Option(
        "",
        "--leave-days",
        metavar="N|forever",
        help=_("days that a POP3 server keeps mail once it is here"),
    ),
    delete_there: bool = typer.Option(
        None,
        "--delete-there/--keep-there",
        help=_("delete on a POP3 server what is deleted here"),
    ),
    sent_copies: str = typer.Option(
        "",
        "--sent-copies",
        metavar="auto|server|here",
        help=_("who files the copies of what is sent: its server, this program, or as is known"),
    ),
    only_subscribed: bool = typer.Option(
        None,
        "--only-subscribed/--all-folders",
        help=_("show only those folders of an IMAP server that are subscribed to"),
    ),
    rate: str = typer.Option(
        "",
        "--rate",
        metavar="KIB",
        help=_("KiB a second at most, to and from the mailbox; 0: as fast as can be"),
    ),
    schedule: str = typer.Option(
        None,
        "--schedule",
        metavar="WINDOWS",
        help=_(
            'other rates by day and hour, as in "mon-fri 08:00-18:00 128; sat,sun 00:00-24:00 '
            'off"; "": none'
        ),
    ),
    keep_days: str = keep_days_option(),
    keep_kib: str = keep_kib_option(),
    password_stdin: bool = typer.Option(False, "--password-stdin"),
    verify: bool = typer.Option(True, " /--no-verify-login", help=_("do not try the login")),
) -> None:
    from tui_mail.db.accounts import account_by_email, change_account
    from tui_mail.db.rights import require
    from tui_mail.worker.schedule import read_rate, read_schedule, written

    call: Context = context.obj
    servers = _Servers(imap, smtp, tls, ca, user, pop3)
    picking_up = bool(leave_days) or delete_there is not None
    filing = bool(sent_copies) or only_subscribed is not None
    if sent_copies not in {"", "auto", "server", "here"}:
        raise WrongUse(_("--sent-copies takes auto, server or here."))
    pace = bool(rate) or schedule is not None
    keeping = keeping_change(keep_days, keep_kib)
    asked = (servers, picking_up, filing, pace, keep_days, keep_kib)
    if name is None and signature is None and not any(asked):
        raise WrongUse(_("Say what to change: see tui-mail account set --help."))
    account = call.database.read_now(account_by_email, email, call.operator_id)
    call.database.read_now(require, call.operator_id, account.id or 0, "manage")
    if picking_up and account.protocol != "pop3":
        raise WrongUse(_("--leave-days and --delete-there are for accounts with POP3."))
    if keep_days or keep_kib:
        expect_store(account.protocol)
    change = replace(
        keeping,
        name=name,
        signature=_signature(signature) if signature else None,
        leave_days=leave_days_of(leave_days),
        leave_for_ever=leave_days == FOR_EVER,
        delete_there=delete_there,
        sent_copies=sent_copies or None,
        only_subscribed=only_subscribed,
        rate=read_rate(rate) if rate else None,
        schedule=None if schedule is None else written(read_schedule(schedule)),
    )
    password = ""
    if servers:
        change, password = _with_servers(
            call, account, servers, change, stdin=password_stdin, verify=verify
        )
    changed = call.database.write_now(change_account, call.operator_id, account.email, change)
    call.kept(account.email, password)
    call.emit(record_of(changed), _("{email} is changed.").format(email=changed.email))


def _signature(path: Path) -> str:
    try:
        return path.expanduser().read_text("utf-8").rstrip()
    except FileNotFoundError as error:
        raise NotFound(_("The file {file} is not there.").format(file=path)) from error
    except OSError as error:
        raise InputOutput(
            _("{file} cannot be read ({reason}).").format(file=path, reason=error.strerror)
        ) from error


def _with_servers(
    call: Context,
    account: "Account",
    servers: _Servers,
    change: "AccountChange",
    *,
    stdin: bool,
    verify: bool,
) -> "tuple[AccountChange, str]":
    """The change with the servers in it, tried, and the password if it was asked for.

    The password is asked for again: who may manage an account but does not know its password
    must not have it sent to a server of their choice.
    """
    _refuse_another_protocol(account, servers)
    change = _merged(account, servers, change)
    password = ""
    logs_in = account.secret or account.host or stdin or servers.user
    if logs_in and servers != _Servers("", _NONE, "", "", ""):
        if account.oauth_issuer:
            return replace(change, secret=_signed_out(call, account)), ""
        password = password_from(_("Password of {email}:").format(email=account.email), stdin=stdin)
        sealed = call.sealed(account.email, password)
        change = replace(change, secret=sealed)
    if verify:
        _try(call, change.on(account), password, servers)
    return change, password


def _refuse_another_protocol(account: "Account", servers: _Servers) -> None:
    """Folders and keys of one protocol mean nothing to another."""
    asked = {"imap": servers.imap, "pop3": servers.pop3}
    other = next((name for name, place in asked.items() if place and name != account.protocol), "")
    if other and account.protocol == "local":
        raise WrongUse(
            _(
                "{email} keeps its mail here only: export it, remove the account, and add it "
                "again with --{protocol}."
            ).format(email=account.email, protocol=other)
        )
    if other:
        raise WrongUse(
            _(
                "{email} is served by {now}: to change to {protocol}, remove the account and add "
                "it again; export first what its server has no more."
            ).format(email=account.email, now=account.protocol.upper(), protocol=other.upper())
        )


def _signed_out(call: Context, account: "Account") -> bytes:
    """What is kept of a sign-in when servers change: not what would let another server in."""
    from tui_mail.worker.tokens import SealedSignIn, Signed

    sealed = SealedSignIn(call.vault, account.email)
    call.say(
        _("Its servers are others: sign in again with tui-mail account login {email}.").format(
            email=account.email
        )
    )
    return sealed.seal(Signed(client_secret=sealed.unseal(account.secret).client_secret))


def _merged(account: "Account", servers: _Servers, change: "AccountChange") -> "AccountChange":
    tls, ca = tls_of(servers.tls), ca_file_of(servers.ca) or account.ca_file
    here = Endpoint(account.host, account.port, tls or Tls(account.tls), ca)
    there = Endpoint(account.smtp_host, account.smtp_port, tls or Tls(account.smtp_tls), ca)
    if servers.imap:
        here = endpoint(servers.imap, tls, ca, 993)
    elif servers.pop3:
        here = endpoint(servers.pop3, tls, ca, 995)
    if servers.smtp == _NONE:
        there = Endpoint("", 0, there.tls, ca)
    elif servers.smtp:
        there = endpoint(servers.smtp, tls, ca, 465)
    return replace(
        change,
        host=here.host,
        port=here.port,
        tls=here.tls,
        smtp_host=there.host,
        smtp_port=there.port,
        smtp_tls=there.tls,
        ca_file=ca,
        user=servers.user or account.user,
    )


def _try(call: Context, account: "Account", password: str, servers: _Servers) -> None:
    """A mailbox must let us in; that letters cannot go out yet is said."""
    if account.host and (servers.imap or servers.pop3 or servers.tls or servers.ca or servers.user):
        asyncio.run(try_mailbox(call, account))
    if not account.smtp_host:
        return
    place = Endpoint(account.smtp_host, account.smtp_port, Tls(account.smtp_tls), account.ca_file)
    try:
        login = Login(account.user or account.email, password) if password else None
        asyncio.run(check_sender(call, place, login))
    except TuiMailError as error:
        call.say(_("Letters cannot be sent from here yet: {reason}").format(reason=error.message))
