"""`search --saved`, `--save`, `--forget`: the searches that are kept under names."""

from datetime import UTC, datetime

from tui_mail.cli.context import Context
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.safetext import folded


def list_saved(call: Context) -> None:
    """A line each: the name, as a query names it, and what it asks."""
    from tui_mail.db.saved_list import saved_searches

    for row in call.database.read_now(saved_searches, call.operator_id):
        call.emit(
            {
                "name": row.name,
                "query": row.query,
                "shared": row.shared,
                "operator": row.login,
            },
            f'@"{row.name}"  {row.query}',
        )


def save(call: Context, name: str, query: str, *, shared: bool) -> None:
    """Raises WrongUse, QueryMistake."""
    from tui_mail.db.saved_searches import save_search

    if not query.strip():
        raise WrongUse(_("Say what the search is for: search QUERY --save NAME."))
    now = datetime.now(UTC)
    call.database.write_now(save_search, call.operator_id, name, query, now, shared=shared)
    call.emit({"saved": name, "query": query}, _("Saved the search “{name}”").format(name=name))


def forget(call: Context, name: str) -> None:
    """Raises NotFound."""
    from tui_mail.db.saved_list import called, saved_searches
    from tui_mail.db.saved_searches import delete_search
    from tui_mail.db.search_names import no_saved_search

    rows = call.database.read_now(saved_searches, call.operator_id)
    wanted = folded(name)
    own = [row for row in rows if row.own]
    found = next((row for row in own if wanted in called(row.name, row.query)), None)
    if found is None:
        shown = {one: row.name for row in own for one in called(row.name, row.query)}
        raise NotFound(no_saved_search(name, shown))
    call.database.write_now(delete_search, call.operator_id, found.id, datetime.now(UTC))
    call.emit(
        {"deleted": found.name},
        _("Deleted the search “{name}”; its mail stays").format(name=found.name),
    )
