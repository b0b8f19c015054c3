"""`search`, `show`, `save`, `links` and `trace`: everything that only reads."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tui_mail.cli.context import Context, number_of
from tui_mail.cli.words import state_word
from tui_mail.errors import CannotWrite, NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.search.guide import rules

if TYPE_CHECKING:
    from tui_mail.db.rows import LinkRow, ListRow, PageKey
    from tui_mail.search.tree import Tree
    from tui_mail.values import Certified, Gathered
    from tui_mail.worker.reading import OpenedMessage

_PAGE = 200
_ALL = 1_000_000_000


def register(app: typer.Typer) -> None:
    app.command(
        "search",
        help=_("Find messages, newest first."),
        epilog="\n\n".join(f"{rule.typed} — {rule.found}" for rule in rules())
        + "\n\n"
        + _("Example: tui-mail search 'ordine 123 in:INBOX' --limit 20 --json"),
    )(_search)
    app.command(
        "show",
        help=_("A message: as text, as JSON, or its bytes."),
        epilog=_("Example: tui-mail show 42 --text --width 80"),
    )(_show)
    app.command(
        "save",
        help=_("Save an attachment, or all, into a folder."),
        epilog=_("Example: tui-mail save 42 1 --to /tmp"),
    )(_save)
    app.command(
        "links",
        help=_("Which records messages are linked to, and why; of all messages without ID."),
        epilog=_("Example: tui-mail links 42 --json"),
    )(_links)
    app.command(
        "trace",
        help=_("All the mail of a record, newest first."),
        epilog=_("Example: tui-mail trace sales_order:2026/123 --json"),
    )(_trace)


# -- search ----------------------------------------------------------------------------------------


def _search(
    context: typer.Context,
    query: list[str] = typer.Argument(None, metavar="QUERY", show_default=False),
    limit: int = typer.Option(
        _ALL, "--limit", min=0, show_default=False, help=_("at most so many")
    ),
    count: bool = typer.Option(False, "--count", help=_("only how many")),
    save_as: str = typer.Option("", "--save", metavar="NAME", help=_("keep the search as @NAME")),
    shared: bool = typer.Option(False, "--shared", help=_("with --save: for all operators")),
    saved: bool = typer.Option(False, "--saved", help=_("list the saved searches")),
    forget: str = typer.Option("", "--forget", metavar="NAME", help=_("delete a saved search")),
) -> None:
    if saved or save_as or forget:
        _saved(context.obj, query, save_as, forget, shared=shared)
        return
    if not " ".join(query or ()).strip():
        text = _("Say what to look for: search QUERY; in:anywhere finds all mail, --help the rest.")
        raise WrongUse(text)
    from tui_mail.db import fulltext

    call: Context = context.obj
    parsed = _understood(call, query)
    if count:
        found = call.database.read_now(fulltext.count, call.operator_id, parsed)
        call.emit({"count": found}, str(found))
        return
    nothing = limit > 0
    for rows in _pages(call, query, limit):
        nothing = False
        emit_rows(call, rows)
    if nothing:
        from tui_mail.db.search_names import hints

        for sentence in call.database.read_now(hints, call.operator_id, parsed):
            call.say(sentence)


def _saved(call: Context, query: list[str], save_as: str, forget: str, *, shared: bool) -> None:
    from tui_mail.cli import searches

    if save_as:
        searches.save(call, save_as, " ".join(query or []), shared=shared)
    elif forget:
        searches.forget(call, forget)
    else:
        searches.list_saved(call)


def _understood(call: Context, query: Sequence[str]) -> "Tree":
    """Raises QueryMistake."""
    from tui_mail.db.saved_searches import understood

    text, now = " ".join(query), datetime.now(UTC)
    return call.database.read_now(understood, call.operator_id, text, now)


def _pages(call: Context, query: Sequence[str], limit: int) -> Iterator[list["ListRow"]]:
    from tui_mail.db import fulltext

    parsed = _understood(call, query)
    before: PageKey | None = None
    while limit > 0:
        rows = call.database.read_now(
            fulltext.search, call.operator_id, parsed, before=before, limit=min(limit, _PAGE)
        )
        if rows:
            yield rows
        if len(rows) < min(limit, _PAGE):
            return
        limit -= len(rows)
        before = rows[-1].key


def found_ids(call: Context, query: str) -> list[int]:
    """The messages that a query finds, newest first."""
    return [row.message_id for rows in _pages(call, [query], _ALL) for row in rows]


def emit_rows(call: Context, rows: Sequence["ListRow"]) -> None:
    """List rows as programs want them, or a line each for people."""
    from tui_mail.db.program_rows import program_rows

    ids = [row.message_id for row in rows]
    details = call.database.read_now(program_rows, call.operator_id, ids)
    for row in rows:
        found = details[row.message_id]
        links = [f"{chip.kind}:{chip.code}" for chip in found.chips]
        call.emit(
            {
                "id": row.message_id,
                "message_id": found.message_id,
                "date": found.date or row.received_at,
                "from": found.sender,
                "to": list(found.to),
                "subject": row.subject,
                "folder": row.folder,
                "account": row.account,
                "flags": sorted(found.flags),
                "thread": row.thread_id,
                "links": links,
                **({"receipts": [asdict(one) for one in found.receipts]} if found.receipts else {}),
            },
            f"{row.message_id:>8}  {row.received_at.astimezone():%Y-%m-%d %H:%M}  "
            f"{(row.sender_name or row.sender_address)[:24]:24}  {row.subject[:60]}  {' '.join(links)}",
        )


# -- one message -----------------------------------------------------------------------------------


def message_id_of(call: Context, text: str) -> int:
    """The database's id of `ID` or `mid:<…>`.

    Raises WrongUse, NotFound.
    """
    if text.startswith("mid:"):
        from tui_mail.db.messages import message_by_header

        header = text.removeprefix("mid:").strip().removeprefix("<").removesuffix(">")
        return call.database.read_now(message_by_header, call.operator_id, header)
    number = number_of(text)
    if number is None:
        raise WrongUse(
            _("{text} is no message: give an id as search prints it, or mid:<…>.").format(text=text)
        )
    return number


def _show(
    context: typer.Context,
    identifier: str = typer.Argument(..., metavar="ID"),
    raw: bool = typer.Option(False, "--raw", help=_("the bytes, as they came")),
    text: bool = typer.Option(False, "--text", help=_("what the reader draws")),
    markdown: bool = typer.Option(False, "--markdown", help=_("its text as Markdown")),
    width: int = typer.Option(80, "--width", min=20, max=500, help=_("columns of --text")),
) -> None:
    call: Context = context.obj
    opened = call.reader.open_now(message_id_of(call, identifier))
    if raw:
        if opened.lost:
            raise NotFound(opened.lost)
        sys.stdout.flush()
        sys.stdout.buffer.write(opened.raw)
        sys.stdout.buffer.flush()
    elif markdown:
        from tui_mail.mail.markdown import readable_lines

        for written in readable_lines(opened.parsed):
            call.emit({"line": written}, written)
    elif text or not call.json:
        from tui_mail.cli.head import head_lines
        from tui_mail.mail.render import plain, render

        head = () if text else head_lines(opened)
        for line in (*head, *plain(render(opened.parsed, width))):
            call.emit({"line": line}, line)
    else:
        from tui_mail.db.certified import states_of_message

        receipts = call.database.read_now(states_of_message, opened.row.id)
        call.emit({**_as_json(opened), "receipts": [asdict(one) for one in receipts]})


def _as_json(opened: "OpenedMessage") -> dict[str, Any]:
    from tui_mail.mail.invoices import invoices_in

    row, parsed = opened.row, opened.parsed
    return {
        "id": row.id,
        "message_id": row.message_id,
        "thread": row.thread_id,
        "folder": row.folder,
        "account": row.account,
        "flags": sorted(row.flags),
        "date": row.date or row.received_at,
        "from": _person(parsed.sender) if parsed.sender else None,
        "to": [_person(one) for one in parsed.to],
        "cc": [_person(one) for one in parsed.cc],
        "reply_to": [_person(one) for one in parsed.reply_to],
        "subject": parsed.subject,
        "headers": [{"name": name, "value": value} for name, value in parsed.headers],
        "text": parsed.text,
        "new_text": parsed.new_text,
        "class": parsed.kind,
        "attachments": [
            {"name": a.name, "type": a.media_type, "size": a.size, "sha256": a.sha256}
            for a in row.attachments
        ],
        "warnings": [*parsed.warnings, *([opened.lost] if opened.lost else [])],
        "damage": list(parsed.damage),
        "reports": [asdict(one) for one in parsed.reports],
        "pieces": _pieces(opened.gathered) if opened.gathered else None,
        "certified": _certified(parsed.certified) if parsed.certified else None,
        "invoices": [
            {"document": type(one).__name__.lower(), **asdict(one)}
            for one in invoices_in(parsed.attachments)
        ],
    }


def _certified(found: "Certified") -> dict[str, Any]:
    signature = found.signature
    return {
        "kind": found.kind,
        "provider": _person(found.provider),
        "sender": found.sender,
        "identifier": found.identifier,
        "letter": found.letter,
        "receipt": found.receipt,
        "at": found.at,
        "recipients": [asdict(one) for one in found.states],
        "signature": {
            "state": signature.state,
            "signer": signature.signer,
            "issuer": signature.issuer,
            "addresses": list(signature.addresses),
        },
        "doubts": list(found.doubts),
    }


def _pieces(found: "Gathered") -> dict[str, Any]:
    return {
        "number": found.number,
        "total": found.total or None,
        "missing": list(found.missing),
        "joined": list(found.message_ids),
        "reason": found.reason,
    }


def _person(mailbox: Any) -> dict[str, str]:
    return {"name": mailbox.name, "address": mailbox.address}


def _save(
    context: typer.Context,
    identifier: str = typer.Argument(..., metavar="ID"),
    number: int = typer.Argument(0, metavar="[N]", show_default=False),
    to: Path = typer.Option(..., "--to", metavar="DIR", help=_("a folder that is there")),
) -> None:
    from tui_mail.worker.reading import attachment_of
    from tui_mail.worker.saving import save_into

    call: Context = context.obj
    opened = call.reader.open_now(message_id_of(call, identifier))
    if not to.is_dir():
        raise CannotWrite(_("There is no folder {folder}: make it first.").format(folder=to))
    numbers = [number] if number else range(1, len(opened.parsed.attachments) + 1)
    if not numbers:
        call.say(_("The message has no attachments."))
    for one in numbers:
        attachment = attachment_of(opened, one)
        path = save_into(to, attachment.name, attachment.content)
        call.emit(
            {"attachment": one, "path": str(path), "size": len(attachment.content)}, str(path)
        )


# -- links and traces ------------------------------------------------------------------------------


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
        _emit_links(call, call.database.read_now(links_of, call.operator_id, message))
        return
    ids = (
        found_ids(call, query)
        if query
        else call.database.read_now(linked_messages, call.operator_id)
    )
    for start in range(0, len(ids), _PAGE):
        some = ids[start : start + _PAGE]
        _emit_links(call, call.database.read_now(links_for, call.operator_id, some))


def _emit_links(call: Context, rows: "Sequence[LinkRow]") -> None:
    for row in rows:
        call.emit(
            _link_record(row),
            f"{row.message_id:>8}  {state_word(row.state):10} {row.kind}:{row.code}  "
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
    since: str = typer.Option("", "--since", metavar="YYYY-MM-DD", help=_("from that day on")),
    until: str = typer.Option(
        "", "--until", metavar="YYYY-MM-DD", help=_("to the end of that day")
    ),
    chain: bool = typer.Option(False, "--chain", help=_("of its chain of documents too")),
) -> None:
    from tui_mail.db.erp import entity, parse_reference
    from tui_mail.db.traces import trace

    call: Context = context.obj
    first, last = _day(since), _day(until, end=True)
    found = call.database.read_now(entity, parse_reference(record))
    before: PageKey | None = None
    while True:
        page = call.database.read_now(
            trace,
            call.operator_id,
            found.id,
            since=first,
            until=last,
            chain=chain,
            before=before,
            limit=_PAGE,
        )
        emit_rows(call, page.rows)
        if len(page.rows) < _PAGE:
            break
        before = page.rows[-1].key
    if call.json or page.hidden:
        call.emit(
            {"hidden": page.hidden},
            _("{count} more that you may not read").format(count=page.hidden),
        )


def _day(text: str, *, end: bool = False) -> datetime | None:
    """The start of a day here, or with `end` of the next one: the last day counts whole."""

    if not text:
        return None
    try:
        day = datetime.fromisoformat(text)
        if end and day.time() == time():
            day += timedelta(days=1)
        return day.astimezone()
    except (ValueError, OverflowError) as error:
        raise WrongUse(_("{text} is not a date: write YYYY-MM-DD.").format(text=text)) from error
