"""`links` and `trace`: from a message to the records that it is about, and from a record to its mail."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.find import emit_rows, found_ids, said_of_links
from tui_mail.cli.show import message_id_of
from tui_mail.cli.words import state_word
from tui_mail.errors import WrongUse
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.db.rows import LinkRow, PageKey

_PAGE = 200


def register(app: typer.Typer) -> None:
    app.command(
        "links",
        help=_("Which records messages are linked to, and why; of all messages without ID."),
        epilog=_("Example: tui-mail links 42 --json"),
    )(_links)
    app.command(
        "trace",
        help=_("All the mail of a record, newest first."),
        epilog=said_of_links() + "\n\n" + _("Example: tui-mail trace sales_order:2026/123 --json"),
    )(_trace)


def _links(
    context: typer.Context,
    identifier: str = typer.Argument("", metavar="[ID]"),
    query: str = typer.Option("", "--query", metavar="Q", help=_("of what a search finds")),
) -> None:
    from tui_mail.db.links import links_for, links_of
    from tui_mail.db.program_rows import linked_messages

    call: Context = context.obj
    if identifier and query:
        raise WrongUse(_("Give one of ID and --query."))
    if identifier:
        message = message_id_of(call, identifier)
        rows = call.database.read_now(links_of, call.operator_id, message)
        _emit_links(call, rows)
        if not rows and not call.json:
            call.say(_("The message is linked to no record."))
        return
    ids = (
        found_ids(call, query)
        if query
        else call.database.read_now(linked_messages, call.operator_id)
    )
    if not ids and not call.json:
        call.say(_("No message is found.") if query else _("No message is linked to a record."))
    for start in range(0, len(ids), _PAGE):
        some = ids[start : start + _PAGE]
        _emit_links(call, call.database.read_now(links_for, call.operator_id, some))


def _emit_links(call: Context, rows: "Sequence[LinkRow]") -> None:
    for row in rows:
        call.emit(
            _link_record(row),
            f"{row.message_id:>8}  {state_word(row.state):10} {call.record_name(row)}  "
            f"{row.title or row.party}  {row.why}",
        )


def _link_record(row: "LinkRow") -> dict[str, Any]:
    """A link in the contract's form."""
    return {
        "message": row.message_id,
        "message_id": row.message_header,
        "company": row.company,
        "kind": row.kind,
        "code": row.code,
        "party": row.party,
        "state": row.state,
        "method": row.method,
        "score": row.score,
        "why": row.why,
        "found_in": row.found_in,
        "by": row.by,
        "at": row.at,
    }


def _trace(
    context: typer.Context,
    record: str = typer.Argument(..., metavar="KIND:CODE"),
    since: str = typer.Option(
        "", "--since", metavar="DATE", help=_("from that day on: 2026-03-31, 2026-03, 7d, 3m")
    ),
    until: str = typer.Option("", "--until", metavar="DATE", help=_("to the end of that day")),
    chain: bool = typer.Option(False, "--chain", help=_("of its chain of documents too")),
    direction: str = typer.Option(
        "", "--direction", metavar="in|out", help=_("only what came in, or what we sent")
    ),
    account: str = typer.Option("", "--account", metavar="EMAIL", help=_("only of that account")),
    kind: str = typer.Option(
        "", "--kind", metavar="KIND", help=_("only of that kind, as in search after kind:")
    ),
) -> None:
    from tui_mail.db.erp import entity, parse_reference
    from tui_mail.db.rows import TraceFilter
    from tui_mail.db.traces import trace, unreadable

    call: Context = context.obj
    only = TraceFilter(
        since=_time(since),
        until=_time(until, end=True),
        outgoing=_outgoing(direction),
        account_id=_account_id(call, account),
        kinds=_kinds(kind),
    )
    found = call.database.read_now(entity, parse_reference(record))
    who, record_id = call.operator_id, found.id
    before: PageKey | None = None
    shown = 0
    while True:
        rows = call.database.read_now(
            trace, who, record_id, only=only, chain=chain, before=before, limit=_PAGE
        )
        emit_rows(call, rows)
        shown += len(rows)
        if len(rows) < _PAGE:
            break
        before = rows[-1].key
    hidden = call.database.read_now(unreadable, who, record_id, only=only, chain=chain)
    if call.json or hidden:
        call.emit(
            {"hidden": hidden},
            _("{count} more that you may not read").format(count=hidden),
        )
    elif not shown:
        call.say(_("No such mail is linked to {record}.").format(record=record))


def _outgoing(direction: str) -> bool | None:
    if direction not in ("", "in", "out"):
        raise WrongUse(_("{text} is no direction: write in or out.").format(text=direction))
    return direction == "out" if direction else None


def _account_id(call: Context, email: str) -> int | None:
    """Raises NotFound, also for an account that the operator may not read."""
    if not email:
        return None
    from tui_mail.db.accounts import account_by_email

    return call.database.read_now(account_by_email, email, call.operator_id).id


def _kinds(text: str) -> tuple[str, ...]:
    """The kinds of message that a search calls so."""
    if not text:
        return ()
    from tui_mail.search.choices import KINDS
    from tui_mail.search.tree import OfKind

    found = KINDS.tree(text)
    if isinstance(found, OfKind):
        return found.kinds
    raise WrongUse(
        _("{text} is no kind of message: write one of {kinds}.").format(
            text=text, kinds=", ".join(KINDS.all())
        )
    )


def _time(text: str, *, end: bool = False) -> datetime | None:
    """When a date or age begins, or with `end` when it is over: the last day counts whole."""
    if not text:
        return None
    from tui_mail.search.mistakes import WrongValueError
    from tui_mail.search.times import Clock, span

    try:
        found = span(text, Clock(datetime.now(UTC)))
    except WrongValueError as error:
        raise WrongUse(
            _("{text} is not a date: write YYYY-MM-DD, YYYY-MM, or 7d, 3m.").format(text=text)
        ) from error
    return found.until if end else found.since
