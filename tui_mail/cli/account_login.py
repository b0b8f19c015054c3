"""`account login`: sign in to an account at its provider, from any terminal."""

import asyncio
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.account_servers import try_mailbox, try_sender
from tui_mail.cli.context import Context, password_from
from tui_mail.errors import ProtocolRefused, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import _, ngettext

if TYPE_CHECKING:
    from tui_mail.backends.oauth import BrowserVisit, Issued, Provider
    from tui_mail.db.sign_in import ProviderSettings
    from tui_mail.db.tables import Account


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the options say; "" for nothing."""

    issuer: str
    client_id: str
    scope: str


def register(group: typer.Typer) -> None:
    group.command(
        "login",
        help=_(
            "Sign in at Microsoft, Google or another OpenID provider (OAuth2) in place of a "
            "password. It prints an address and a code for a browser on any machine, and waits. "
            "What is not given stays as it was the last time."
        ),
        epilog=_(
            "Example: tui-mail account login anna@rossi.example --microsoft --client-id 4fd1…"
        ),
    )(_login)


def _login(
    context: typer.Context,
    email: str = typer.Argument(..., metavar="EMAIL"),
    issuer: str = typer.Option(
        "", "--issuer", metavar="URL", help=_("the address of an OpenID provider")
    ),
    microsoft: bool = typer.Option(False, "--microsoft", help=_("Microsoft 365, Outlook.com")),
    google: bool = typer.Option(False, "--google", help=_("Google Workspace, Gmail")),
    client_id: str = typer.Option(
        "", "--client-id", metavar="ID", help=_("what the provider calls this program")
    ),
    client_secret_stdin: bool = typer.Option(
        False, "--client-secret-stdin", help=_("its secret, where the provider gave one")
    ),
    scope: str = typer.Option(
        "", "--scope", metavar="WORDS", help=_("what is asked for, if it is not the usual")
    ),
    verify: bool = typer.Option(
        True, " /--no-verify-login", show_default=False, help=_("do not try the login")
    ),
) -> None:
    from tui_mail.db.accounts import account_by_email
    from tui_mail.db.rights import require
    from tui_mail.db.sign_in import sign_in
    from tui_mail.worker.collect import note_use
    from tui_mail.worker.tokens import SealedSignIn, Signed, renewed

    call: Context = context.obj
    if sum((bool(issuer), microsoft, google)) > 1:
        raise WrongUse(_("Give one of --issuer, --microsoft and --google."))
    account = call.database.read_now(account_by_email, email, call.operator_id)
    call.database.read_now(require, call.operator_id, account.id or 0, "manage")
    wanted = _Wanted(_issuer(issuer, microsoft=microsoft, google=google), client_id, scope)
    settings = _settings(account, wanted)
    sealed = SealedSignIn(call.vault, account.email)
    secret = ""
    if client_secret_stdin:
        secret = password_from(_("Secret of the program at the provider:"), stdin=True)
    elif account.oauth_issuer == settings.issuer and account.oauth_client == settings.client_id:
        secret = sealed.unseal(account.secret).client_secret
    issued = asyncio.run(_sign_in(call, settings, secret, account.ca_file))
    note_use(call.attachments, call.database)  # a key that it needs is not to be dropped
    signed = renewed(Signed(client_secret=secret), issued)
    call.database.write_now(
        sign_in, call.operator_id, account.email, settings, lambda _before: sealed.seal(signed)
    )
    if verify:
        _try(call, call.database.read_now(account_by_email, email, call.operator_id))
    call.emit(
        {"email": account.email, "signed_in": True, "issuer": settings.issuer},
        _("{email} is signed in to.").format(email=account.email),
    )


def _issuer(issuer: str, *, microsoft: bool, google: bool) -> str:
    from tui_mail.backends.oauth_providers import GOOGLE, MICROSOFT

    if microsoft:
        return MICROSOFT.issuer
    return GOOGLE.issuer if google else issuer.strip().rstrip("/")


def issuer_named(text: str) -> str:
    """The address of a provider that is given by name or by its address. Raises WrongUse."""
    name = text.strip().lower()
    if name not in {"microsoft", "google"} and not name.startswith("https://"):
        raise WrongUse(_("--oauth takes microsoft, google or the address of an OpenID provider."))
    return _issuer(text, microsoft=name == "microsoft", google=name == "google")


def _settings(account: "Account", wanted: _Wanted) -> "ProviderSettings":
    """What is to be signed in to: what the options say, else what was before, else the provider
    that the account's servers belong to. Raises WrongUse for what nothing says."""
    from tui_mail.backends.oauth_providers import USUAL_SCOPE, by_host, by_issuer
    from tui_mail.db.sign_in import ProviderSettings

    host = account.host or account.smtp_host
    if not host:
        raise WrongUse(_("{email} has no servers to sign in to.").format(email=account.email))
    theirs = by_host(host)
    issuer = wanted.issuer or account.oauth_issuer or (theirs.issuer if theirs else "")
    if not issuer:
        raise WrongUse(
            _("Say where {email} is signed in to: --microsoft, --google or --issuer URL.").format(
                email=account.email
            )
        )
    same = issuer == account.oauth_issuer
    client_id = wanted.client_id or (account.oauth_client if same else "")
    if not client_id:
        raise WrongUse(
            _(
                "The provider must know this program: register it there once, as the README says, "
                "and give the ID that it got with --client-id."
            )
        )
    known = by_issuer(issuer)
    usual = known.scope(account.protocol) if known else USUAL_SCOPE
    return ProviderSettings(
        issuer, client_id, wanted.scope or (account.oauth_scope if same else "") or usual
    )


async def _sign_in(
    call: Context, settings: "ProviderSettings", secret: str, ca_file: str
) -> "Issued":
    from tui_mail.backends.oauth import Client, discover
    from tui_mail.backends.oauth_providers import by_issuer

    client = Client(settings.issuer, settings.client_id, secret, ca_file)
    provider = await discover(client)
    known = by_issuer(settings.issuer)
    if provider.signs_in_devices and (known is None or known.devices):
        issued = await _by_device(call, provider, settings.scope)
    else:
        issued = await _by_browser(call, provider, settings.scope)
    if not issued.refresh:
        raise ProtocolRefused(
            _(
                "The provider gave a sign-in that does not last: ask for more with --scope, such "
                "as offline_access."
            )
        )
    return issued


async def _by_device(call: Context, provider: "Provider", scope: str) -> "Issued":
    code = await provider.ask_device(scope)
    if call.json:
        call.emit(
            {
                "verification_uri": code.uri,
                "user_code": code.user_code,
                "expires_in": int(code.seconds),
            }
        )
        sys.stdout.flush()
    call.say(
        _("Open {uri} in a browser, on any machine, and enter the code {code} there.").format(
            uri=code.uri, code=code.user_code
        )
    )
    left = code.seconds

    async def wait(seconds: float) -> None:
        nonlocal left
        minutes = max(1, round(left / 60))
        call.progress(
            ngettext(
                "Waiting for you to agree there… {minutes} minute left, Ctrl+C gives up.",
                "Waiting for you to agree there… {minutes} minutes left, Ctrl+C gives up.",
                minutes,
            ).format(minutes=minutes)
        )
        await asyncio.sleep(seconds)
        left -= seconds

    try:
        return await provider.device_tokens(code, sleep=wait)
    finally:
        call.progress_done()


async def _by_browser(call: Context, provider: "Provider", scope: str) -> "Issued":
    """Wait for a browser on this machine, or for the address that one elsewhere ends at."""
    from tui_mail.backends.oauth_loopback import Loopback

    async with Loopback() as loopback:
        visit = provider.browser_visit(scope, loopback.redirect)
        if call.json:
            call.emit({"authorization_uri": visit.url, "redirect_uri": visit.redirect})
            sys.stdout.flush()
        call.say(_("Open this address in a browser and agree there:"))
        call.say(visit.url)
        ways = [asyncio.ensure_future(loopback.code(visit.state))]
        if sys.stdin.isatty():
            call.say(
                _(
                    "If that browser is on another machine, it ends at a page that cannot be "
                    "shown: paste the address of that page here."
                )
            )
            ways.append(asyncio.ensure_future(_pasted(call, visit)))
        try:
            done, _rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        return await provider.redeem(visit, done.pop().result())


async def _pasted(call: Context, visit: "BrowserVisit") -> str:
    """The code in an address that is pasted; what is none is said, and another may follow."""
    from tui_mail.backends.oauth_loopback import code_in

    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), readable.set)
    try:
        while True:
            await readable.wait()
            readable.clear()
            line = sys.stdin.readline()
            if not line:  # nothing will come by this way any more
                loop.remove_reader(sys.stdin.fileno())
                await asyncio.Event().wait()
            try:
                return code_in(line, visit.state)
            except WrongData as error:
                call.say(error.message)
    finally:
        loop.remove_reader(sys.stdin.fileno())


def _try(call: Context, account: "Account") -> None:
    """A mailbox must let us in; that letters cannot go out yet is said."""
    if account.host:
        asyncio.run(try_mailbox(call, account))
    if not account.smtp_host:
        return
    try:
        asyncio.run(try_sender(call, account))
    except TuiMailError as error:
        call.say(_("Letters cannot be sent from here yet: {reason}").format(reason=error.message))
