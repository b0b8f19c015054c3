"""`thread split`, `thread join` and `redo`: conversations put right by hand, and done again."""

from datetime import UTC, datetime

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.filing import link_what_was_filed
from tui_mail.cli.show import message_id_of
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _


def register(app: typer.Typer) -> None:
    group = typer.Typer(help=_("Put conversations right: what belongs together, for good."))
    group.command(
        "split",
        help=_("Make a message and its answers, later ones too, a conversation of their own."),
        epilog=_("Example: tui-mail thread split 42"),
    )(_split)
    group.command(
        "join",
        help=_("Make the conversations of messages one."),
        epilog=_("Example: tui-mail thread join 42 57"),
    )(_join)
    app.add_typer(group, name="thread")
    app.command(
        "redo",
        help=_("Do again what was taken back last."),
        epilog=_("Example: tui-mail redo"),
    )(_redo)


def _split(context: typer.Context, identifier: str = typer.Argument(..., metavar="ID")) -> None:
    from tui_mail.db.actions import split

    call: Context = context.obj
    message = message_id_of(call, identifier)
    call.database.write_now(split, call.operator_id, message, datetime.now(UTC))
    _report(call, [message], _("split off"))


def _join(
    context: typer.Context, identifiers: list[str] = typer.Argument(..., metavar="ID ID…")
) -> None:
    from tui_mail.db.actions import join

    call: Context = context.obj
    if len(identifiers) < 2:
        raise WrongUse(_("thread join takes two ids or more."))
    messages = [message_id_of(call, one) for one in identifiers]
    call.database.write_now(join, call.operator_id, messages, datetime.now(UTC))
    _report(call, messages, _("joined"))


def _report(call: Context, messages: list[int], sentence: str) -> None:
    from tui_mail.db.messages import message

    thread = call.database.read_now(message, call.operator_id, messages[0]).thread_id
    call.emit({"messages": messages, "thread": thread}, sentence)


def _redo(context: typer.Context) -> None:
    from tui_mail.db.undoing import redo

    call: Context = context.obj
    sentence = call.database.write_now(redo, call.operator_id, datetime.now(UTC))
    if sentence is None:
        raise NotFound(_("There is nothing to do again."))
    link_what_was_filed(call)
    call.emit({"redone": sentence}, sentence)
