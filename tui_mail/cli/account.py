"""`account`: mailboxes and their servers."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from tui_mail.cli import account_login, account_pause, account_set
from tui_mail.cli.account_login import issuer_named
from tui_mail.cli.account_loss import refuse_loss
from tui_mail.cli.account_servers import (
    ca_file_of,
    check_sender,
    endpoint,
    expect_store,
    keep_days_option,
    keep_kib_option,
    kept_of,
    leave_days_of,
    record_of,
    tls_of,
    try_mailbox,
    try_sender,
)
from tui_mail.cli.context import Context, password_from
from tui_mail.cli.parts import Candidate
from tui_mail.errors import NotAllowed, Offline, ProtocolRefused, TuiMailError, WrongUse
from tui_mail.i18n import _
from tui_mail.values import Endpoint, Login

if TYPE_CHECKING:
    from tui_mail.db.tables import Account


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "add",
        help=_("Add an account; servers that are not given are found."),
        epilog=_("Example: tui-mail account add info@rossi.example"),
    )(_add)
    group.command(
        "list",
        help=_("The accounts that you may read."),
        epilog=_("Example: tui-mail account list --json"),
    )(_list)
    group.command(
        "test",
        help=_("Try the servers of an account."),
        epilog=_("Example: tui-mail account test info@rossi.example"),
    )(_test)
    group.command(
        "remove",
        help=_(
            "Remove an account and what was fetched. What its server has stays there; what is kept"
            " nowhere but here goes for good, and only with --yes."
        ),
        epilog=_("Example: tui-mail account remove info@rossi.example"),
    )(_remove)
    group.command(
        "password",
        help=_("Change the stored password of an account."),
        epilog=_("Example: tui-mail account password info@rossi.example"),
    )(_password)
    account_login.register(group)
    account_set.register(group)
    account_pause.register(group)
    app.add_typer(
        group,
        name="account",
        help=_("Mailboxes: add, set, pause, resume, list, test, remove, password, login."),
    )


def _add(
    context: typer.Context,
    email: str = typer.Argument(..., metavar="EMAIL"),
    name: str = typer.Option("", "--name", help=_("the name that recipients see")),
    shared: bool = typer.Option(False, "--shared", help=_("for every operator")),
    imap: str = typer.Option("", "--imap", metavar="HOST:PORT"),
    pop3: str = typer.Option("", "--pop3", metavar="HOST:PORT"),
    local: bool = typer.Option(False, "--local", help=_("no mailbox on a server")),
    smtp: str = typer.Option("", "--smtp", metavar="HOST:PORT"),
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
        False, "--delete-there", help=_("delete on a POP3 server what is deleted here")
    ),
    keep_days: str = keep_days_option(),
    keep_kib: str = keep_kib_option(),
    password_stdin: bool = typer.Option(False, "--password-stdin"),
    oauth: str = typer.Option(
        "",
        "--oauth",
        metavar="microsoft|google|URL",
        help=_("no password: tui-mail account login signs in there afterwards"),
    ),
    verify: bool = typer.Option(
        True, " /--no-verify-login", show_default=False, help=_("do not try the login")
    ),
) -> None:
    from tui_mail.db.accounts import require_new

    call: Context = context.obj
    if (bool(imap), bool(pop3), local).count(True) > 1:
        raise WrongUse(_("Give one of --imap, --pop3 and --local."))
    if (leave_days or delete_there) and not pop3:
        raise WrongUse(_("--leave-days and --delete-there are for --pop3."))
    if keep_days or keep_kib:
        expect_store("pop3" if pop3 else "local" if local else "imap")
    kept_days, kept_kib = kept_of(keep_days, "--keep-days"), kept_of(keep_kib, "--keep-kib")
    typed, email = email.strip(), _address(email)
    days = leave_days_of(leave_days)
    encryption, ca_file = tls_of(tls), ca_file_of(ca)
    given = (
        endpoint(imap or pop3, encryption, ca_file, 995 if pop3 else 993)
        if imap or pop3
        else Endpoint("", 0, ca_file=ca_file),
        endpoint(smtp, encryption, ca_file, 465) if smtp else Endpoint("", 0, ca_file=ca_file),
    )
    call.database.read_now(require_new, email)
    issuer = issuer_named(oauth) if oauth else ""
    verify = verify and not issuer
    password = ""
    if not issuer and (not local or (smtp and (password_stdin or user))):
        password = password_from(
            _("Password of {email}:").format(email=email), stdin=password_stdin
        )
    candidates = _candidates(call, typed, *given, user, local=local)
    if pop3:
        candidates = [replace(one, protocol="pop3") for one in candidates]
    chosen = _choose(call, candidates, password, verify=verify and not local)
    account = _account(call, email, name, chosen, password, shared=shared)
    account.leave_days, account.delete_there = days, delete_there
    account.keep_days, account.keep_kib = kept_days, kept_kib
    account.oauth_issuer = issuer
    _save(call, account)
    call.kept(email, password)
    if verify and chosen.smtp.host:
        _try_sender(call, chosen, password)
    if call.json:
        call.emit(record_of(account))
    else:
        text = (
            _("{email} is added. Now sign in to it: tui-mail account login {email}")
            if issuer
            else _("{email} is added. Its mail comes in while the console or the worker runs.")
            if account.host
            else _(
                "{email} is added. It has no mailbox on a server: tui-mail import brings mail in."
            )
        )
        call.say(text.format(email=email))


def _address(text: str) -> str:
    """An e-mail address as accounts keep it. Raises WrongUse."""
    email = text.strip().lower()
    local, _at, domain = email.rpartition("@")
    if (
        not local
        or not domain
        or "@" in local
        or not email.isprintable()
        or any(one in ' ,;<>"' for one in email)
    ):
        raise WrongUse(_("{email} is not an e-mail address.").format(email=text))
    return email


def _candidates(
    call: Context, email: str, imap: Endpoint, smtp: Endpoint, user: str, *, local: bool
) -> Sequence[Candidate]:
    """What the options say; where they say nothing of IMAP, what can be found out."""
    if local or (imap.host and (smtp.host or _is_here(imap.host))):
        return [Candidate(imap, smtp, user or email, "")]
    call.say(_("Looking for the servers of {domain}…").format(domain=email.partition("@")[2]))
    found = asyncio.run(_discover(call, email))
    if imap.host:  # a guess would be worse than no sending server, since nobody tries it
        known = next((item.smtp for item in found if item.origin != "guess"), smtp)
        return [Candidate(imap, replace(known, ca_file=imap.ca_file), user or email, "")]
    if not found:
        raise Offline(
            _("No servers were found for {email}: give them with --imap and --smtp.").format(
                email=email
            )
        )
    return [
        Candidate(
            replace(item.imap, ca_file=imap.ca_file),
            smtp if smtp.host else replace(item.smtp, ca_file=imap.ca_file),
            user or item.user,
            item.origin,
        )
        for item in found
    ]


def _is_here(host: str) -> bool:
    """A server of this machine: nobody out there knows what belongs to it."""
    return host in {"localhost", "::1"} or host.startswith("127.")


async def _discover(call: Context, email: str) -> Sequence[Candidate]:
    return await call.parts.discover(email)


def _choose(
    call: Context, candidates: Sequence[Candidate], password: str, *, verify: bool
) -> Candidate:
    """The first candidate that lets us in.

    Raises the most telling error: a wrong password before a server that was not reached.
    """
    if not verify:
        return candidates[0]
    errors: list[TuiMailError] = []
    for candidate in candidates:
        place = f"{candidate.imap.host}:{candidate.imap.port}"
        call.progress(_("Trying {place}…").format(place=place))
        try:
            asyncio.run(_try(call, candidate, password))
        except TuiMailError as error:
            errors.append(error)
            if isinstance(error, NotAllowed):
                break
        else:
            call.progress_done()
            call.say(
                _("Found: {protocol} {place} ({tls}), SMTP {smtp}.").format(
                    protocol=candidate.protocol.upper(),
                    place=place,
                    tls=candidate.imap.tls,
                    smtp=f"{candidate.smtp.host}:{candidate.smtp.port}"
                    if candidate.smtp.host
                    else "–",
                )
            )
            return candidate
    call.progress_done()
    ranked = sorted(
        errors,
        key=lambda error: (
            not isinstance(error, NotAllowed),
            not isinstance(error, ProtocolRefused),
        ),
    )
    raise ranked[0]


async def _try(call: Context, candidate: Candidate, password: str) -> None:
    from tui_mail.db.tables import Account

    trial = Account(email=candidate.user)
    _set_servers(call, trial, candidate, password)
    await try_mailbox(call, trial)


def _try_sender(call: Context, chosen: Candidate, password: str) -> None:
    """Say so when letters cannot go out yet; mail comes in all the same, so it is no mistake."""
    try:
        login = Login(chosen.user, password) if password else None
        asyncio.run(check_sender(call, chosen.smtp, login))
    except TuiMailError as error:
        call.say(_("Letters cannot be sent from here yet: {reason}").format(reason=error.message))


def _account(
    call: Context, email: str, name: str, chosen: Candidate, password: str, *, shared: bool
) -> "Account":
    from tui_mail.db.tables import Account

    account = Account(email=email, name=name, shared=shared)
    _set_servers(call, account, chosen, password)
    return account


def _set_servers(call: Context, account: "Account", chosen: Candidate, password: str) -> None:
    account.protocol = chosen.protocol if chosen.imap.host else "local"
    account.host, account.port, account.tls = chosen.imap.host, chosen.imap.port, chosen.imap.tls
    account.smtp_host, account.smtp_port = chosen.smtp.host, chosen.smtp.port
    account.smtp_tls = chosen.smtp.tls
    account.ca_file = chosen.imap.ca_file or chosen.smtp.ca_file
    account.user = chosen.user
    account.secret = call.sealed(account.email, password) if password else None


def _save(call: Context, account: "Account") -> None:
    from tui_mail.db.accounts import add_account

    saved = call.database.write_now(add_account, account, call.operator_id)
    account.id = saved.id


def _list(context: typer.Context) -> None:
    from tui_mail.db.accounts import accounts

    call: Context = context.obj
    found = call.database.read_now(accounts, call.operator_id)
    for account in found:
        record = record_of(account)
        call.emit(
            record,
            f"{account.email:40} {account.protocol:6} {record['imap'] or record['pop3'] or '–'}",
        )
    if not found and not call.json:
        call.say(_("No account yet: tui-mail account add EMAIL"))


def _find(call: Context, email: str) -> "Account":
    from tui_mail.db.accounts import account_by_email

    return call.database.read_now(account_by_email, email, call.operator_id)


def _test(context: typer.Context, email: str = typer.Argument(..., metavar="EMAIL")) -> None:
    call: Context = context.obj
    account = _find(call, email)
    if not account.host and not account.smtp_host:
        call.say(_("{email} has no servers to try.").format(email=email))
    if account.host:
        asyncio.run(try_mailbox(call, account))
    if account.smtp_host:
        asyncio.run(try_sender(call, account))
    call.emit(
        {"email": account.email, "ok": True},
        _("{email}: every server lets us in.").format(email=account.email),
    )


def _remove(
    context: typer.Context,
    email: str = typer.Argument(..., metavar="EMAIL"),
    sure: bool = typer.Option(False, "--yes", help=_("also what is kept nowhere but here")),
) -> None:
    from tui_mail.db.accounts import remove_account
    from tui_mail.db.only_here import only_here

    call: Context = context.obj
    if not sure:
        refuse_loss(email, call.database.read_now(only_here, call.operator_id, email))
    call.database.write_now(remove_account, call.operator_id, email)
    call.emit({"email": email, "removed": True}, _("{email} is removed.").format(email=email))


def _password(
    context: typer.Context,
    email: str = typer.Argument(..., metavar="EMAIL"),
    password_stdin: bool = typer.Option(False, "--password-stdin"),
) -> None:
    from tui_mail.db.accounts import set_secret
    from tui_mail.db.rights import require

    call: Context = context.obj
    account = _find(call, email)
    call.database.read_now(require, call.operator_id, account.id or 0, "manage")
    password = password_from(
        _("New password of {email}:").format(email=email), stdin=password_stdin
    )
    sealed = call.sealed(account.email, password)
    call.database.write_now(set_secret, call.operator_id, email, sealed)
    call.kept(account.email, password)
    call.emit(
        {"email": email, "changed": True},
        _("The password of {email} is changed.").format(email=email),
    )
