"""The composition root: arguments -> settings -> parts -> program. The only file that names
concrete parts."""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.cli.parts import Candidate, Parts
from tui_mail.errors import WrongUse
from tui_mail.i18n import _
from tui_mail.values import Endpoint, Login, Tls

if TYPE_CHECKING:
    from tui_mail.backends import MailStore, Sender
    from tui_mail.backends.pace import Pace
    from tui_mail.blobs import FolderBlobs
    from tui_mail.cli.context import Context
    from tui_mail.connectors import Connector
    from tui_mail.db.engine import Database
    from tui_mail.db.tables import Account
    from tui_mail.ui.parts import Parts as ConsoleParts
    from tui_mail.vault import Vault
    from tui_mail.worker.connections import Connections


# Mail comes in as very many small values that are no rubbish: a seventh of the time went into
# looking at them all again and again.
_COLLECTED_AFTER = (20_000, 20, 50)


def main() -> None:
    """The console script `tui-mail`."""
    # Else pydantic looks through all that is installed beside us, for plugins to run.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # What is drawn twice in a row waits for as long as two frames: a key for news of mail.
    os.environ.setdefault("TEXTUAL_FPS", "240")
    gc.set_threshold(*_COLLECTED_AFTER)
    from tui_mail.cli.run import run

    sys.exit(run(parts(), sys.argv[1:]))


def parts() -> Parts:
    """The parts of the real program."""
    return Parts(
        vault=_vault,
        blobs=_blobs,
        connections=_connections,
        login=_login,
        connector=_connector,
        discover=_discover,
        check_sender=_check_sender,
        console=_console,
    )


def _vault(
    key_file: Path, slots_file: Path, ask: Callable[[], str] | None, by_passphrase: bool
) -> "Vault":
    from tui_mail.vault import open_vault

    return open_vault(key_file, slots_file, ask, by_passphrase=by_passphrase)


def _blobs(folder: Path, vault: "Vault") -> "FolderBlobs":
    from tui_mail.blobs import FolderBlobs

    return FolderBlobs(folder, vault)


def _login(vault: "Vault", database: "Database", account: "Account") -> Login | None:
    user = account.user or account.email
    if account.oauth_issuer:
        from tui_mail.worker.tokens import AccountTokens

        return Login(user, "", AccountTokens(database, vault, account))
    if account.secret is None:
        return None
    return Login(user, vault.unseal(account.secret, f"account {account.email}").decode())


def _connections(vault: "Vault", database: "Database", spool_folder: Path) -> "Connections":
    from tui_mail.backends.imap import ImapStore
    from tui_mail.backends.pop3 import Pop3Drop
    from tui_mail.backends.smtp import SmtpSender
    from tui_mail.backends.spool import FolderSpool
    from tui_mail.worker.connections import Connections

    spool = FolderSpool(spool_folder, vault)

    def login(account: "Account") -> Login | None:
        return _login(vault, database, account)

    def mailbox(account: "Account") -> tuple[Endpoint, Login]:
        endpoint = Endpoint(account.host, account.port, Tls(account.tls), account.ca_file)
        return endpoint, login(account) or Login(account.user, "")

    def store(account: "Account", pace: "Pace") -> "MailStore":
        only = account.only_subscribed
        return ImapStore(*mailbox(account), spool=spool, only_subscribed=only, pace=pace)

    def drop(account: "Account", pace: "Pace") -> Pop3Drop:
        return Pop3Drop(*mailbox(account), pace=pace)

    def sender(account: "Account") -> "Sender":
        endpoint = Endpoint(
            account.smtp_host, account.smtp_port, Tls(account.smtp_tls), account.ca_file
        )
        return SmtpSender(endpoint, login(account))

    return Connections(store, sender, drop)


def _connector(location: str, mapping: str) -> "Connector":
    from tui_mail.connectors.files import FilesConnector

    if location.startswith("odoo+"):
        from tui_mail.connectors.odoo import OdooConnector

        return OdooConnector(location)
    if location.startswith("erpnext+"):
        from tui_mail.connectors.erpnext import ErpNextConnector

        return ErpNextConnector(location)
    if "://" in location:
        from tui_mail.connectors.sql import SqlConnector

        return SqlConnector(location, mapping)
    return FilesConnector(Path(location))


async def _discover(email: str) -> Sequence[Candidate]:
    from tui_mail.backends.discovery import discover

    return [Candidate(one.imap, one.smtp, one.user, one.origin) for one in await discover(email)]


async def _check_sender(endpoint: Endpoint, login: Login | None) -> None:
    from tui_mail.backends.smtp import SmtpSender

    await SmtpSender(endpoint, login).verify()


def _console(call: "Context") -> int:
    """The console on a terminal; its parts are made once the first screen is drawn."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WrongUse(_("The console needs a terminal: name a command, or see tui-mail --help."))
    call.unlock_console()
    gc.disable()  # until the first list is drawn: imports make much and throw nothing away
    from tui_mail.ui.app import run_console

    call.start_log()
    call.background = True
    return run_console(
        call.settings, lambda: _console_parts(call), lambda parts: _complete(call, parts)
    )


def _console_parts(call: "Context") -> "ConsoleParts":
    """What the first list is drawn from."""
    from tui_mail.ui.parts import Parts as ConsoleParts

    return ConsoleParts(call.database, call.operator_id, call.settings)


def _complete(call: "Context", parts: "ConsoleParts") -> None:
    """Put in what opens and fetches mail: importing it takes as long as all before."""
    from tui_mail.worker.service import Worker

    parts.opener = call.reader
    parts.worker = Worker(
        call.database,
        call.connections,
        call.ingest,
        locks=call.home.locks,
        check_seconds=call.settings.check_minutes * 60,
        server_connections=call.settings.server_connections,
        attachments=call.attachments,
        records=call.records_work,
    )


if __name__ == "__main__":
    main()
