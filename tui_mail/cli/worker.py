"""`worker`: fetch, push and send without a screen."""

import asyncio
import contextlib
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context, moment
from tui_mail.errors import WrongUse
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.db.turns import Served
    from tui_mail.worker.schedule import Rule


def register(app: typer.Typer) -> None:
    app.command(
        "worker",
        help=_("Fetch, push and send without a screen; status: how the accounts are."),
        epilog=_("Example: tui-mail worker --once"),
    )(_worker)


def _worker(
    context: typer.Context,
    action: str = typer.Argument("", metavar="[status]"),
    once: bool = typer.Option(False, "--once", help=_("do what there is to do, then end")),
) -> None:
    call: Context = context.obj
    if action and once:
        raise WrongUse(_("worker takes status, --once or nothing."))
    if action == "status":
        _status(call)
    elif action:
        raise WrongUse(_("worker takes status, --once or nothing."))
    elif once:
        _once(call)
    else:
        call.say(_("The worker is running; Ctrl+C ends it."))
        call.start_log()
        asyncio.run(_serve(call))


def _status(call: Context) -> None:
    from tui_mail.db.turns import served
    from tui_mail.worker.schedule import here, rule_of

    now = datetime.now(UTC)
    for row in call.database.read_now(served, call.operator_id):
        status, turn = row.status, row.turn
        success = status.last_success
        rule = rule_of(status, here())
        call.emit(
            {
                "account": status.email,
                "protocol": status.protocol,
                "last_success": success,
                "lag": round((now - success).total_seconds()) if success else None,
                "error": status.trouble,
                "waiting": status.waiting,
                "outgoing": status.outgoing,
                "host": turn.holder.host if turn else None,
                "process": turn.holder.process if turn else None,
                "since": turn.since if turn else None,
                "paused": rule.paused,
                "rate": rule.rate,
                "until": rule.until or None,
            },
            _words(row, rule, now),
        )


def _words(row: "Served", rule: "Rule", now: datetime) -> str:
    """One account for people: a line, and one for its pace and for what is wrong."""
    from tui_mail.ui.formats import ago, paced

    status, turn = row.status, row.turn
    success = moment(status.last_success)
    if status.last_success is not None:
        success += f" ({ago((now - status.last_success).total_seconds())})"
    who = _("nobody works on it")
    if turn is not None:
        who = _("{host}, process {process}, since {time}").format(
            host=turn.holder.host, process=turn.holder.process, time=moment(turn.since)
        )
    queue = _("{waiting} waiting, {outgoing} to send").format(
        waiting=status.waiting, outgoing=status.outgoing
    )
    lines = [f"{status.email:32} {success}  {queue}  {who}"]
    if pace := paced(rule):
        lines.append(f"    {pace}")
    if status.trouble:
        lines.append(f"    {status.trouble}")
    return "\n".join(lines)


def _once(call: Context) -> None:
    """Exit code 0 only if every account went well; the error's own where none did."""
    from tui_mail.db.accounts import all_accounts
    from tui_mail.worker.schedule import here, rule_of
    from tui_mail.worker.service import work_once

    call.say(_("Fetching, pushing, sending…"))
    make = call.connections
    outcome = asyncio.run(
        work_once(
            call.database,
            make,
            call.ingest,
            locks=call.home.locks,
            server_connections=call.settings.server_connections,
            attachments=call.attachments,
            connect=call.parts.connector,
        )
    )
    found, local = call.database.read_now(all_accounts), here()
    emails = {account.id: account.email for account in found}
    paused = {one.id for one in found if one.host and rule_of(one, local).paused}
    if not outcome:
        call.say(_("There is no account with a server: tui-mail account add EMAIL"))
    failed = 0
    for account_id, error in outcome.items():
        email = emails.get(account_id, "")
        if error is None and account_id in paused:
            call.emit(
                {"account": email, "ok": True, "paused": True},
                _("{email}: paused, nothing was fetched").format(email=email),
            )
            continue
        if error is None:
            call.emit({"account": email, "ok": True}, _("{email}: done").format(email=email))
            continue
        failed += 1
        call.exit_code = error.exit_code
        call.refuse(
            {"account": email, "ok": False, "error": error.slug, "message": error.message},
            f"{email}: {error.message}",
        )
    if 0 < failed < len(outcome):
        call.exit_code = 1


async def _serve(call: Context) -> None:
    from tui_mail.worker.service import Worker

    database = call.database
    worker = Worker(
        database,
        call.connections,
        call.ingest,
        locks=call.home.locks,
        check_seconds=call.settings.check_minutes * 60,
        server_connections=call.settings.server_connections,
        attachments=call.attachments,
        records=call.records_work,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await database.start()
    await worker.start()
    try:
        await stop.wait()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await worker.stop()
        await database.close()
