"""`erp`: where records come from, and bringing them in."""

import os
from datetime import UTC, datetime
from pathlib import Path

import typer

from tui_mail.cli.context import Context, moment
from tui_mail.connectors.layout import TABLES
from tui_mail.errors import NotFound, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import _


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "import",
        help=_("Take in a folder of CSV files."),
        epilog=f"{_columns()}\n\n" + _("Example: tui-mail erp import /srv/erp/export --json"),
    )(_import)
    group.command(
        "add",
        help=_("Add a place that records come from."),
        epilog=_("Example: tui-mail erp add books /srv/erp/export"),
    )(_add)
    group.command(
        "refresh",
        help=_("Read every place, or one, again."),
        epilog=_("Example: tui-mail erp refresh books"),
    )(_refresh)
    group.command(
        "status",
        help=_("The places, and when they were read."),
        epilog=_("Example: tui-mail erp status --json"),
    )(_status)
    app.add_typer(group, name="erp", help=_("Records of the ERP: import, add, refresh, status."))


def _columns() -> str:
    """What the folder may hold, for --help: each file and its columns, keys first."""
    from tui_mail.connectors.layout import TABLES

    tables = "\n\n".join(
        f"{name}.csv: {keys.upper()} {rest}".strip() for name, (keys, rest) in TABLES.items()
    )
    return "\n\n".join(
        (
            _("The files, each optional, UTF-8 with a header row; columns in capitals are needed:"),
            tables,
            _("Dates are written 2026-11-24, amounts 1234.50, records KIND:CODE."),
        )
    )


def _import(context: typer.Context, folder: Path = typer.Argument(..., metavar="FOLDER")) -> None:
    from tui_mail.db.erp import sources

    call: Context = context.obj
    path = _folder(folder)
    call.say(_("Reading {folder}…").format(folder=path))
    known = [one for one in call.database.read_now(sources) if one.location == str(path)]
    _take(call, known[0].name if known else str(path), str(path), "")


def _folder(path: Path) -> Path:
    """A folder that holds a table of the ERP. Raises NotFound."""
    folder = path.expanduser().resolve()
    if not folder.is_dir():
        raise NotFound(_("The folder {folder} is not there.").format(folder=folder))
    if not any(file.stem in TABLES for file in folder.iterdir()):
        raise NotFound(
            _("{folder} has no table of an ERP, such as parties.csv.").format(folder=folder)
        )
    return folder


def _take(call: Context, name: str, location: str, mapping: str, cursor: str = "") -> None:
    """Read a place and take its records in; rows that could not be taken are said, exit 1 or 65."""
    from tui_mail.db import erp
    from tui_mail.worker.link import replay

    changes = call.parts.connector(location, mapping).changes(cursor)
    counts = call.database.write_now(erp.take, name, changes, datetime.now(UTC))
    for row in counts:
        call.emit(
            {
                "kind": row.kind,
                "read": row.read,
                "new": row.new,
                "changed": row.changed,
                "gone": row.gone,
            },
            _("{kind}: {read} read, {new} new, {changed} changed, {gone} gone").format(
                kind=row.kind, read=row.read, new=row.new, changed=row.changed, gone=row.gone
            ),
        )
    for error in changes.errors:
        call.refuse(
            {
                "error": error.message,
                "file": error.file,
                "line": error.line,
                "column": error.column,
            },
            f"{error.file}:{error.line}: {error.column}: {error.message}",
        )
    if changes.errors:
        call.exit_code = 1 if any(row.read for row in counts) else WrongData.exit_code
    if any(row.new or row.changed for row in counts):
        replay(call.database, None, report=call.progress)
        call.progress_done()


def _add(
    context: typer.Context,
    name: str = typer.Argument(..., metavar="NAME"),
    location: str = typer.Argument(..., metavar="URL-OR-FOLDER"),
    mapping: str = typer.Option(
        "", "--mapping", metavar="FILE", help=_("how its columns are called; not for a folder")
    ),
) -> None:
    from tui_mail.db import erp

    call: Context = context.obj
    if "://" in location or mapping:
        raise WrongUse(_("Only a folder of CSV files can be a source for now."))
    path = _folder(Path(location))
    call.database.write_now(erp.add_source, name, os.fspath(path), mapping)
    call.emit(
        {"name": name, "location": str(path)},
        _("{name} is added; tui-mail erp refresh reads it.").format(name=name),
    )


def _refresh(context: typer.Context, name: str = typer.Argument("", metavar="[NAME]")) -> None:
    from tui_mail.db import erp

    call: Context = context.obj
    found = [s for s in call.database.read_now(erp.sources) if name in {"", s.name} and s.location]
    if not found:
        raise NotFound(_("There is no such source: tui-mail erp add NAME FOLDER adds one."))
    codes = []
    for source in found:
        call.exit_code = 0
        with call.in_part():
            try:
                _take(call, source.name, source.location, source.mapping, source.cursor)
            except TuiMailError as error:
                call.database.write_now(erp.source_failed, source.name, error.message)
                raise
        codes.append(call.exit_code)
    call.exit_code = 1 if 0 in codes and any(codes) else max(codes)


def _status(context: typer.Context) -> None:
    from tui_mail.db import erp

    call: Context = context.obj
    for source in call.database.read_now(erp.sources):
        call.emit(
            {
                "name": source.name,
                "location": source.location,
                "last_success": source.last_success,
                "error": source.last_error,
            },
            f"{source.name:20} {moment(source.last_success):16}  {source.location}  "
            f"{source.last_error}",
        )
