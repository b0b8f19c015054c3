"""`erp set` and `erp write`: whether records made here are written to a place, and writing them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.erp_places import places
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.worker.record_writing import WritingOutcome

_EVER = timedelta(days=365)  # also what is put off


def register(group: typer.Typer) -> None:
    group.command(
        "set",
        help=_(
            "Say whether records made here are written to a place: contacts, leads, activities and"
            " opportunities of every company, or of those named. At first a place is only read."
        ),
        epilog=_("Example: tui-mail erp set odoo --write --company 1"),
    )(_set)
    group.command(
        "write",
        help=_("Write what was made here to every place that takes it, or to one, now."),
        epilog=_("Example: tui-mail erp write odoo --again"),
    )(_write)


def _set(
    context: typer.Context,
    name: str = typer.Argument(..., metavar="NAME"),
    write: bool | None = typer.Option(
        None, "--write/--no-write", help=_("write records made here to it, or only read it")
    ),
    company: list[str] = typer.Option(
        [], "--company", metavar="CODE", help=_("only those of this company; may be repeated")
    ),
) -> None:
    from tui_mail.db import writing
    from tui_mail.worker.record_writing import check_takes

    call: Context = context.obj
    if write is None or (company and not write):
        raise WrongUse(_("Say what is to be so: --write, for some with --company, or --no-write."))
    (source,) = places(call, name)
    allowed: Sequence[str] = (company or [writing.EVERY_COMPANY]) if write else []
    if write:
        check_takes(call.parts.connector(source.location, source.mapping), name)
        _check_companies(call, company)
    call.database.write_now(writing.allow, name, allowed)
    words = (
        _("What is made here is written to {name} from now on.")
        if write
        else _("{name} is only read from now on: what is made here stays here.")
    )
    call.emit({"name": name, "writes": allowed}, words.format(name=name))


def _check_companies(call: Context, codes: Sequence[str]) -> None:
    """Raises NotFound for one that no record is of."""
    from tui_mail.db.writing import company_codes

    known = call.database.read_now(company_codes)
    for code in codes:
        if known and code not in known:
            raise NotFound(
                _("There is no company {code}; there are: {codes}.").format(
                    code=code, codes=", ".join(known)
                )
            )


def _write(
    context: typer.Context,
    name: str = typer.Argument("", metavar="[NAME]"),
    again: bool = typer.Option(
        False,
        "--again",
        help=_("also what was refused, and what was made before the place was written to"),
    ),
) -> None:
    from tui_mail.db import writing
    from tui_mail.worker.record_writing import write

    call: Context = context.obj
    now = datetime.now(UTC)
    taking = [one for one in places(call, name) if writing.companies_written(one)]
    if not taking:
        raise NotFound(_("No place is written to: tui-mail erp set NAME --write has it done."))
    if again:
        call.database.write_now(writing.enqueue_again, [one.name for one in taking], now)
    left = 0
    for source in taking:
        with call.in_part():
            connector = call.parts.connector(source.location, source.mapping)
            for outcome in write(call.database, connector, source.name, now + _EVER):
                left += not outcome.code
                _tell(call, source.name, outcome)
    if left:
        call.exit_code = call.exit_code or 1


def _tell(call: Context, place: str, outcome: "WritingOutcome") -> None:
    from tui_mail.ui.kinds import kind_name

    record = outcome.record
    state = "written" if outcome.code else "refused" if outcome.refused else "waiting"
    said = {
        "written": _("{kind} {name}: written, {code}"),
        "refused": _("{kind} {name}: refused: {error}"),
        "waiting": _("{kind} {name}: tried again later: {error}"),
    }[state]
    call.emit(
        {
            "place": place,
            "state": state,
            "kind": record.kind,
            "company": record.company,
            "title": record.title,
            "code": outcome.code,
            "error": outcome.error,
        },
        said.format(
            kind=kind_name(record.kind), name=record.title, code=outcome.code, error=outcome.error
        ),
    )
