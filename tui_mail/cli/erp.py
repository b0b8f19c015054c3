"""`erp`: where records come from, bringing them in, and writing those made here."""

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui_mail.cli import erp_write
from tui_mail.cli.context import Context, moment
from tui_mail.cli.erp_places import places
from tui_mail.config import crm_of
from tui_mail.errors import NotFound, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import _, ngettext
from tui_mail.values import ENTITY_KINDS

if TYPE_CHECKING:
    from tui_mail.db.erp import KindCount
    from tui_mail.db.erp_status import PlaceStatus
    from tui_mail.values import RecordError


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "import",
        help=_("Take in a folder of CSV files, spreadsheets or JSON arrays."),
        epilog=f"{_columns()}\n\n" + _("Example: tui-mail erp import /srv/erp/export --json"),
    )(_import)
    group.command(
        "add",
        help=_(
            "Add a place that records come from: a folder of CSV files, a database by its URL, read"
            " through views named tui_mail_TABLE or a mapping, or an Odoo or ERPNext by its address:"
            " odoo+https://HOST/DATABASE?key_file=FILE (before Odoo 19 also &user=LOGIN),"
            " erpnext+https://HOST?key_file=FILE; &ca_file=FILE names an authority of your own."
        ),
        epilog=_(
            "Example: tui-mail erp add books"
            " 'postgresql://reader@erp.example/books?password_file=/etc/tui_mail/erp'"
        ),
    )(_add)
    group.command(
        "refresh",
        help=_("Read every place, or one, again."),
        epilog=_("Example: tui-mail erp refresh books"),
    )(_refresh)
    group.command(
        "test",
        help=_("Read every place, or one, and say what is there; nothing is taken in."),
        epilog=_("Example: tui-mail erp test books"),
    )(_test)
    group.command(
        "status",
        help=_("The places, and when they were read."),
        epilog=_("Example: tui-mail erp status --json"),
    )(_status)
    group.command(
        "kinds",
        help=_(
            "The kinds of record, and how one is named: KIND:CODE, with @COMPANY where several have"
            " it. CODE is YEAR/NUMBER or YEAR/SERIES/NUMBER, with .VERSION above 0, of a due item the"
            " invoice's and #INSTALMENT, or whatever the ERP itself calls it."
        ),
        epilog=_("Example: tui-mail erp kinds --json"),
    )(_kinds)
    erp_write.register(group)
    app.add_typer(
        group,
        name="erp",
        help=_("Records of the ERP: import, add, refresh, test, status, set, write, kinds."),
    )


def _columns() -> str:
    """What the folder may hold, for --help: each file and its columns, keys first."""
    from tui_mail.connectors.layout import TABLES

    tables = "\n\n".join(
        f"{name}.csv: {keys.upper()} {rest}".strip() for name, (keys, rest) in TABLES.items()
    )
    return "\n\n".join(
        (
            _(
                "The files, each optional, UTF-8 with a header row; columns in capitals are needed."
                " NAME.xlsx and NAME.json do too, or sheets of these names in one spreadsheet:"
            ),
            tables,
            _(
                "Dates are written 2026-11-24, amounts 1234.50 without a sign between thousands,"
                " records KIND:CODE."
            ),
        )
    )


def _import(
    context: typer.Context, folder: Path = typer.Argument(..., metavar="FOLDER", readable=False)
) -> None:
    from tui_mail.db.erp import sources

    call: Context = context.obj
    path = _folder(folder)
    call.say(_("Reading {folder}…").format(folder=path))
    known = [one for one in call.database.read_now(sources) if one.location == str(path)]
    _take(call, known[0].name if known else str(path), str(path), "")


def _folder(path: Path) -> Path:
    """A folder that holds a table of the ERP. Raises NotFound."""
    from tui_mail.connectors.sheets import holds_tables

    folder = path.expanduser().resolve()
    if folder.is_file():
        raise NotFound(_("{file} is a file: name the folder that it is in.").format(file=folder))
    if not folder.is_dir():
        raise NotFound(_("The folder {folder} is not there.").format(folder=folder))
    if not holds_tables(folder):
        raise NotFound(
            _("{folder} has no table of an ERP, such as parties.csv.").format(folder=folder)
        )
    return folder


def _take(call: Context, name: str, location: str, mapping: str, cursor: str = "") -> None:
    """Read a place and take its records in; rows that could not be taken are said, exit 1 or 65."""
    from tui_mail.db.erp import KindCount
    from tui_mail.db.erp_status import kinds_from
    from tui_mail.worker.records import refresh

    connector = call.parts.connector(location, mapping)
    done = refresh(call.database, connector, name, cursor, call.progress)
    call.progress_done()
    unshown = crm_of(call.settings).unshown
    counted = {one.kind for one in done.counts}
    unchanged = [
        KindCount(kind, 0, 0, 0, 0)
        for kind in call.database.read_now(kinds_from, name)
        if kind not in counted
    ]
    for row in (one for one in (*done.counts, *unchanged) if one.kind not in unshown):
        call.emit(
            {
                "kind": row.kind,
                "read": row.read,
                "new": row.new,
                "changed": row.changed,
                "gone": row.gone,
            },
            _counted(row),
        )
    _refuse_rows(call, done.errors)
    if done.errors:
        some = cursor or any(row.read for row in done.counts)
        call.exit_code = 1 if some else WrongData.exit_code


def _counted(row: "KindCount") -> str:
    """What was done to the records of a kind, for people."""
    from tui_mail.ui.kinds import kind_name

    parts = (
        ngettext("{count} read", "{count} read", row.read).format(count=row.read),
        ngettext("{count} new", "{count} new", row.new).format(count=row.new),
        ngettext("{count} changed", "{count} changed", row.changed).format(count=row.changed),
        ngettext("{count} gone", "{count} gone", row.gone).format(count=row.gone),
    )
    return f"{kind_name(row.kind)}: {', '.join(parts)}"


def _refuse_rows(call: Context, errors: "Sequence[RecordError]") -> None:
    for error in errors:
        call.refuse(
            {
                "error": error.message,
                "file": error.file,
                "line": error.line,
                "column": error.column,
            },
            ": ".join(filter(None, (f"{error.file}:{error.line}", error.column, error.message))),
        )


def _add(
    context: typer.Context,
    name: str = typer.Argument(..., metavar="NAME"),
    location: str = typer.Argument(..., metavar="URL-OR-FOLDER"),
    mapping: str = typer.Option(
        "",
        "--mapping",
        metavar="FILE",
        help=_("a TOML file that says how its tables are called, or business"),
    ),
) -> None:
    from tui_mail.connectors.mapping import READY
    from tui_mail.db import erp

    call: Context = context.obj
    if mapping and location.startswith(("odoo+", "erpnext+")):
        raise WrongUse(_("Odoo and ERPNext need no mapping: their tables are known."))
    if "://" in location:
        mapping = mapping if mapping in READY or not mapping else str(Path(mapping).resolve())
        call.parts.connector(location, mapping)  # what is wrong with them is said now
    elif mapping:
        raise WrongUse(_("A folder needs no mapping: its files have our columns."))
    else:
        location = os.fspath(_folder(Path(location)))
    known = call.database.read_now(erp.source, name)
    call.database.write_now(erp.add_source, name, location, mapping)
    text = (
        _("{name} is added; tui-mail erp refresh reads it.")
        if known is None
        else _("{name} was there and is changed; tui-mail erp refresh reads it anew.")
    )
    call.emit({"name": name, "location": location}, text.format(name=name))


def _test(context: typer.Context, name: str = typer.Argument("", metavar="[NAME]")) -> None:
    """Read a place as a refresh would, and take nothing in."""
    call: Context = context.obj
    crm = crm_of(call.settings)
    for source in places(call, name):
        with call.in_part():
            changes = call.parts.connector(source.location, source.mapping).changes("")
            counts = Counter(
                one.kind for one in changes.entities if crm.shows(one.kind, one.company)
            )
            counts["address"] = len(changes.addresses)
            for kind in (*ENTITY_KINDS, "address"):
                if counts[kind]:
                    call.emit(
                        {"name": source.name, "kind": kind, "read": counts[kind]},
                        f"{source.name}: {_said_kind(kind)}: "
                        + ngettext("{count} read", "{count} read", counts[kind]).format(
                            count=counts[kind]
                        ),
                    )
            _refuse_rows(call, changes.errors)


def _said_kind(kind: str) -> str:
    from tui_mail.ui.kinds import kind_name

    return _("Addresses") if kind == "address" else kind_name(kind)


def _refresh(context: typer.Context, name: str = typer.Argument("", metavar="[NAME]")) -> None:
    from tui_mail.db import erp

    call: Context = context.obj
    codes = []
    for source in places(call, name):
        call.exit_code = 0
        with call.in_part():
            try:
                _take(call, source.name, source.location, source.mapping, source.cursor)
            except TuiMailError as error:
                call.database.write_now(erp.source_failed, source.name, error.message)
                raise
        codes.append(call.exit_code)
    call.exit_code = 1 if {0, 1} & {*codes} and any(codes) else max(codes)


def _status(context: typer.Context) -> None:
    from tui_mail.db.erp_status import erp_status

    call: Context = context.obj
    now = datetime.now(UTC)
    status = call.database.read_now(erp_status)
    if not status.places:
        call.say(
            _("No place that records come from is known: tui-mail erp add NAME URL-OR-FOLDER.")
        )
    for source in status.places:
        success = source.last_success
        line, *more = _status_lines(source, now)
        call.emit(
            {
                "name": source.name,
                "location": source.location,
                "last_success": success,
                "age": round((now - success).total_seconds()) if success else None,
                "error": source.error,
                "reading": source.is_read(now),
                "waiting": status.waiting,
                "writes": source.writes,
                "to_write": source.to_write,
                "refused": source.refused,
            },
            line,
            more,
        )


def _status_lines(source: "PlaceStatus", now: datetime) -> list[str]:
    """One place for people: a line, one for what is wrong, and what is written there."""
    from tui_mail.ui.erpwords import written_words
    from tui_mail.ui.formats import ago

    success = moment(source.last_success)
    if source.last_success is not None:
        success += f" ({ago((now - source.last_success).total_seconds())})"
    lines = [f"{source.name:20} {success:32}  {source.location}"]
    if source.is_read(now):
        lines.append("    " + _("it is being read now"))
    if source.error:
        lines.append(f"    {source.error}")
    lines += [f"    {words}" for words in written_words(source)]
    return lines


def _kinds(context: typer.Context) -> None:
    from tui_mail.db.erp_status import kinds

    call: Context = context.obj
    for one in call.database.read_now(kinds):
        example = f"{one.kind}:{one.code}" if one.code else ""
        name = _said_kind(one.kind)
        call.emit(
            {"kind": one.kind, "name": name, "records": one.records, "example": example},
            f"{one.kind:18} {name:18} {one.records:>8}  {example}",
        )
