"""`search`: finds messages; and how found ones are printed, whichever command found them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.help import QueryCommand
from tui_mail.errors import WrongUse
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.search.guide import rules
from tui_mail.search.mistakes import QueryMistake

if TYPE_CHECKING:
    from tui_mail.db.rows import ListRow, PageKey
    from tui_mail.search.tree import Tree

_PAGE = 200
_ALL = 1_000_000_000
_MOST_SHOWN = 3  # records behind a message, for people


def register(app: typer.Typer) -> None:
    app.command(
        "search",
        cls=QueryCommand,
        help=_("Find messages, newest first."),
        epilog="\n\n".join(f"{rule.typed} — {rule.found}" for rule in rules())
        + "\n\n"
        + said_of_links()
        + "\n\n"
        + _("Example: tui-mail search 'ordine 123 in:INBOX' --limit 20 --json"),
    )(_search)


def said_of_links() -> str:
    """For the help of commands that print messages: which of their records are only proposed."""
    return _(
        "A record behind a message with ? is only proposed; with --json, proposed_links names those."
    )


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
        nothing = found == 0
    else:
        nothing = limit > 0
        for rows in _pages(call, query, limit):
            nothing = False
            emit_rows(call, rows)
    if nothing:
        say_nothing_found(call, " ".join(query))


def say_nothing_found(call: Context, query: str) -> None:
    """That nothing was found, and what the reason may be."""
    from tui_mail.db.search_names import hints
    from tui_mail.db.search_scope import leaves_out

    asked = _understood(call, [query])
    sentences = call.database.read_now(hints, call.operator_id, asked)
    if not sentences and leaves_out(asked):
        text = _("No message is found. Trash and spam were left out: in:anywhere looks there, too.")
        sentences = [text]
    for sentence in sentences or [_("No message is found.")]:
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
    """Raises QueryMistake, with the place of the mistake shown to people."""
    from tui_mail.db.saved_searches import understood

    text, now = " ".join(query), datetime.now(UTC)
    try:
        return call.database.read_now(understood, call.operator_id, text, now)
    except QueryMistake as mistake:
        if not call.json:
            _show_place(call, text, mistake)
        raise


def _show_place(call: Context, text: str, mistake: QueryMistake) -> None:
    """The query, and below it a mark under what is to blame, where they fit on a line."""
    from tui_mail.mail.cells import width_of

    line = safe(text)
    before = width_of(safe(text[: mistake.start]))
    length = max(1, width_of(safe(text[mistake.start : mistake.end])))
    if max(width_of(line), before + length) <= call.columns:
        call.say(line)
        call.say(" " * before + "^" * length)


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
    from tui_mail.values import LinkState

    ids = [row.message_id for row in rows]
    details = call.database.read_now(program_rows, call.operator_id, ids)
    for row in rows:
        found = details[row.message_id]
        links = [(call.record_name(chip), chip.state == LinkState.PROPOSED) for chip in found.chips]
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
                "links": [record for record, _proposed in links],
                "proposed_links": [record for record, proposed in links if proposed],
                **({"receipts": [asdict(one) for one in found.receipts]} if found.receipts else {}),
            },
            f"{row.message_id:>8}  {row.received_at.astimezone():%Y-%m-%d %H:%M}  "
            f"{(row.sender_name or row.sender_address)[:24]:24}  {row.subject[:60]}  {_in_words(links)}",
        )


def _in_words(links: Sequence[tuple[str, bool]]) -> str:
    """The first records of a message, those marked that are only proposed, and how many more."""
    some = [f"{record}{' ?' if proposed else ''}" for record, proposed in links[:_MOST_SHOWN]]
    more = [f"+{len(links) - len(some)}"] if len(links) > len(some) else []
    return "  ".join([*some, *more])
