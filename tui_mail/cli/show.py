"""`show` and `save`: one message and its attachments."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tui_mail.cli.away import with_files
from tui_mail.cli.context import Context, number_of
from tui_mail.errors import CannotWrite, NotFound, WrongUse
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.values import Certified, Gathered
    from tui_mail.worker.reading import OpenedMessage


def register(app: typer.Typer) -> None:
    app.command(
        "show",
        help=_("A message: as text, as JSON, or its bytes."),
        epilog=_("Example: tui-mail show 42 --text --width 80"),
    )(_show)
    app.command(
        "save",
        help=_("Save an attachment, or all, into a folder."),
        epilog=_("One that cannot be opened is told, and the others are saved; exit code 1 then.")
        + "\n\n"
        + _("Example: tui-mail save 42 1 --to /tmp"),
    )(_save)


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
        opened = with_files(call, opened)
        if opened.refusal is not None:
            raise opened.refusal
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
            {
                "name": a.name,
                "type": a.media_type,
                "size": a.size,
                "sha256": a.sha256,
                **({"away": True} if a.away else {}),
            }
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
    to: Path = typer.Option(
        ..., "--to", metavar="DIR", readable=False, help=_("a folder that is there")
    ),
) -> None:
    from tui_mail.worker.reading import attachment_of
    from tui_mail.worker.saving import save_into

    call: Context = context.obj
    call.unlock()
    opened = call.reader.open_now(message_id_of(call, identifier))
    if not to.is_dir():
        raise no_folder(to)
    if not number or opened.lacks(number):
        opened = with_files(call, opened)
    numbers = [number] if number else range(1, len(opened.parsed.attachments) + 1)
    if not numbers:
        call.say(_("The message has no attachments."))
    saved = 0
    for one in numbers:
        if refusal := opened.refusal_of(one):
            call.fail(refusal)
            continue
        try:
            attachment = attachment_of(opened, one)
        except NotFound as error:
            call.fail(error)
            continue
        path = save_into(to, attachment.name, attachment.content)
        call.emit(
            {"attachment": one, "path": str(path), "size": len(attachment.content)}, str(path)
        )
        saved += 1
    if saved and call.exit_code:
        call.exit_code = 1


def no_folder(folder: Path) -> CannotWrite:
    """That something cannot be written into a folder that is not there."""
    return CannotWrite(_("There is no folder {folder}: make it first.").format(folder=folder))
