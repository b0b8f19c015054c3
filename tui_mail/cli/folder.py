"""`folder`: the folders of all accounts, and the records that they stand for."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.filing import link_what_was_filed
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.safetext import folded

if TYPE_CHECKING:
    from tui_mail.db.rows import EntityRow, FolderRow


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command(
        "list",
        help=_("The folders, what is in them, and the records that they stand for."),
        epilog=_("Example: tui-mail folder list --account sales@firm.example --json"),
    )(_list)
    group.command(
        "link",
        help=_(
            "Have a folder stand for a record: mail that anybody puts into it, in any mail program,"
            " is linked to the record, and what is taken out is not any more."
        ),
        epilog=_("Example: tui-mail folder link Customers/Rossi customer:C00107"),
    )(_link)
    group.command(
        "unlink",
        help=_("Have a folder stand for no record any more; what a person confirmed stays."),
        epilog=_("Example: tui-mail folder unlink Customers/Rossi"),
    )(_unlink)
    group.command(
        "proposals",
        help=_("Folders that are called as a record is, by its code or its name."),
        epilog=_("Example: tui-mail folder proposals --json"),
    )(_proposals)
    app.add_typer(
        group, name="folder", help=_("Folders: list, link to a record, unlink, proposals.")
    )


def _list(
    context: typer.Context,
    account: str = typer.Option("", "--account", metavar="EMAIL", help=_("only of that account")),
) -> None:
    from tui_mail.db.folder_records import folder_records
    from tui_mail.db.folders import drafts_here

    call: Context = context.obj
    records = call.database.read_now(folder_records, call.operator_id)
    writing = call.database.read_now(drafts_here, call.operator_id)
    for row in _folders(call, account):
        record = records.get(row.folder_id)
        drafts = writing.get(row.account_id, 0) if row.role == "drafts" else 0
        stands = f"  → {_called(call, record)}" if record is not None else ""
        call.emit(
            {
                "folder": row.name,
                "account": row.account,
                "role": row.role,
                "total": row.total,
                "unread": row.unread,
                "drafts": drafts,
                **_record(call, record),
            },
            f"{row.account}  {row.name}  {row.total + drafts}{stands}",
        )


def _folders(call: Context, account: str) -> "list[FolderRow]":
    """Those of all accounts, or of one. Raises NotFound for an account that is not to be read."""
    from tui_mail.db.accounts import account_by_email
    from tui_mail.db.folders import folders

    rows = call.database.read_now(folders, call.operator_id)
    if not account:
        return rows
    found = call.database.read_now(account_by_email, account, call.operator_id)
    return [row for row in rows if row.account_id == found.id]


def _record(call: Context, record: "EntityRow | None") -> dict[str, Any]:
    """The record that a folder stands for, "" for none."""
    if record is None:
        return {"record": "", "company": "", "title": ""}
    return {
        "record": call.record_name(record),
        "company": record.company,
        "title": record.title or record.party,
    }


def _called(call: Context, record: "EntityRow") -> str:
    return f"{call.record_name(record)}  {record.title or record.party}".rstrip()


def _link(
    context: typer.Context,
    folder: str = typer.Argument(..., metavar="FOLDER"),
    record: str = typer.Argument(..., metavar="KIND:CODE"),
    account: str = typer.Option("", "--account", metavar="EMAIL", help=_("only of that account")),
) -> None:
    from tui_mail.db.erp import entity, parse_reference
    from tui_mail.db.folder_records import stand_for

    call: Context = context.obj
    row = _folder(call, folder, account)
    found = call.database.read_now(entity, parse_reference(record))
    call.database.write_now(stand_for, call.operator_id, row.folder_id, found.id, datetime.now(UTC))
    call.emit(
        {"folder": row.name, "account": row.account, **_record(call, found)},
        _("{folder} stands for {record}.").format(folder=row.name, record=_called(call, found)),
    )
    link_what_was_filed(call)


def _unlink(
    context: typer.Context,
    folder: str = typer.Argument(..., metavar="FOLDER"),
    account: str = typer.Option("", "--account", metavar="EMAIL", help=_("only of that account")),
) -> None:
    from tui_mail.db.folder_records import stand_for_none

    call: Context = context.obj
    row = _folder(call, folder, account)
    call.database.write_now(stand_for_none, call.operator_id, row.folder_id, datetime.now(UTC))
    call.emit(
        {"folder": row.name, "account": row.account, **_record(call, None)},
        _("{folder} stands for no record any more.").format(folder=row.name),
    )
    link_what_was_filed(call)


def _folder(call: Context, name: str, account: str) -> "FolderRow":
    """The folder of that name. Raises NotFound, and WrongUse where several accounts have one."""
    fitting = [row for row in _folders(call, account) if folded(row.name) == folded(name)]
    if not fitting:
        raise NotFound(
            _("There is no folder {name}: tui-mail folder list shows all.").format(name=name)
        )
    exact = [row for row in fitting if row.name == name] or fitting
    if len({row.account_id for row in exact}) > 1:
        raise WrongUse(
            _("Several accounts have a folder {name}: say which with --account EMAIL.").format(
                name=name
            )
        )
    return exact[0]


def _proposals(context: typer.Context) -> None:
    from tui_mail.db.folder_records import proposed

    call: Context = context.obj
    found = call.database.read_now(proposed, call.operator_id)
    if not found and not call.json:
        call.say(_("No folder is called as a record is."))
    for one in found:
        call.emit(
            {
                "folder": one.folder.name,
                "account": one.folder.account,
                "called_by": "code" if one.by_code else "name",
                **_record(call, one.record),
            },
            f"{one.folder.account}  {one.folder.name}  → {_called(call, one.record)}",
        )
