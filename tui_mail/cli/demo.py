"""`demo`: the whole program on embedded parts, in a home of its own that is thrown away."""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tui_mail.cli.context import Context
from tui_mail.config import find_home, make_home
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _
from tui_mail.values import Tls

if TYPE_CHECKING:
    from tui_mail.demo.records import DemoCompany

_OPERATOR = "demo"
_PERSONAL = "demo@"


def register(app: typer.Typer) -> None:
    app.command(
        "demo",
        help=_("The whole program on embedded parts: a company, its ERP, its mail, its servers."),
        epilog=_("Example: tui-mail demo --lang it"),
    )(_demo)


def _demo(
    context: typer.Context,
    answer: float = typer.Option(8.0, "--answer", help=_("seconds until people answer")),
    fresh: float = typer.Option(
        25.0, "--fresh", help=_("seconds between new messages, some twenty in all; 0: none")
    ),
    undo: int = typer.Option(
        10, "--undo", min=0, max=600, help=_("seconds in which a letter can be called back")
    ),
    serve: bool = typer.Option(False, "--serve", hidden=True),
) -> None:
    if serve:
        from tui_mail.demo.servers import serve as run_servers

        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(run_servers(answer_seconds=answer, fresh_seconds=fresh))
        return
    call: Context = context.obj
    with furnished(call, undo=undo, answer=answer, fresh=fresh) as own:
        call.say(_("Opening the console…"))
        call.exit_code = own.parts.console(own)


@contextlib.contextmanager
def furnished(call: Context, *, undo: int, answer: float, fresh: float) -> Iterator[Context]:
    """The company in a home of its own, with the outside world running; gone at the end."""
    with _home(call, undo) as own, _servers(answer, fresh) as ports:
        _furnish(own, ports)
        yield own
        own.close()


@contextlib.contextmanager
def _home(call: Context, undo: int) -> Iterator[Context]:
    """A home for this run, thrown away at its end."""
    folder = Path(tempfile.mkdtemp(prefix="tui_mail-demo-"))
    (folder / "settings.toml").write_text(f"undo_seconds = {undo}\n", "utf-8")
    own = Context(call.parts, find_home(str(folder)), call.json, _OPERATOR)
    try:
        yield own
    finally:
        own.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _servers(answer: float, fresh: float) -> Iterator[dict[str, Any]]:
    """The outside world, in a process of its own as it is in life; it ends with its input."""
    arguments = [sys.executable, "-m", "tui_mail", "demo", "--serve"]
    process = subprocess.Popen(  # noqa: S603 — our own program
        [*arguments, "--answer", str(answer), "--fresh", str(fresh)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl+C is for the console
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise TuiMailError(_("The demo's servers did not start."))
        yield json.loads(line)
    finally:
        process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _furnish(call: Context, ports: dict[str, Any]) -> None:
    from tui_mail.demo.erp import write_erp
    from tui_mail.demo.servers import company_of_today

    make_home(call.home)
    call.say(_("Inventing a company: customers, orders, invoices, a year of mail…"))
    company = company_of_today()
    folder = call.home.data / "erp"
    write_erp(company, folder)
    call.say(_("Bringing in its ERP…"))
    _take_erp(call, folder)
    _add_accounts(call, company, ports)
    _add_events(call, company)


def _take_erp(call: Context, folder: Path) -> None:
    from tui_mail.db import erp

    changes = call.parts.connector(str(folder), "").changes("")
    call.database.write_now(erp.add_source, "demo", str(folder))
    call.database.write_now(erp.take, "demo", changes, datetime.now(UTC))


def _add_accounts(call: Context, company: "DemoCompany", ports: dict[str, Any]) -> None:
    from tui_mail.db.accounts import add_account, operator_for
    from tui_mail.db.tables import Account
    from tui_mail.demo.servers import PASSWORD

    call.database.write_now(operator_for, _OPERATOR, "Demo", f"{_OPERATOR}@{company.domain}")
    for email in ports["accounts"]:
        name = email.partition("@")[0].capitalize()
        account = Account(
            email=email,
            name=f"{company.name} – {name}",
            shared=not email.startswith(_PERSONAL),
            host="127.0.0.1",
            port=ports["imap"],
            tls=Tls.NONE,
            smtp_host="127.0.0.1",
            smtp_port=ports["smtp"],
            smtp_tls=Tls.NONE,
            user=email,
            secret=call.vault.seal(PASSWORD.encode(), f"account {email}"),
        )
        call.database.write_now(add_account, account, call.operator_id)


def _add_events(call: Context, company: "DemoCompany") -> None:
    from tui_mail.db import agenda, erp

    events = []
    for number, event in enumerate(company.events):
        record = erp.parse_reference(event.party) if event.party else None
        entity_id = call.database.read_now(erp.entity, record).id if record else None
        events.append(
            agenda.NewEvent(
                uid=f"{number}@{company.domain}",
                title=event.title,
                starts_at=event.start.astimezone(UTC),
                ends_at=event.end.astimezone(UTC),
                all_day=event.all_day,
                location=event.location,
                entity_id=entity_id,
            )
        )
    call.database.write_now(agenda.add_events, events)
