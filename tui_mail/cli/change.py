"""`mark`, `move`, `delete`, `undo` and `link`: what the keys do, for programs."""

from datetime import UTC, datetime

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.filing import link_what_was_filed
from tui_mail.cli.find import found_ids
from tui_mail.cli.show import message_id_of
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _, ngettext

_FLAGS = {"read": "seen", "starred": "flagged", "answered": "answered"}
# Without -h: it would be found in -tag:hello.
_SIGNED = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


def register(app: typer.Typer) -> None:
    app.command(
        "mark",
        context_settings=_SIGNED,
        help=_("Mark messages: +read -read +starred -starred +answered +tag:NAME -tag:NAME"),
        epilog=_("Example: tui-mail mark 42 43 +read -starred"),
    )(_mark)
    app.command(
        "move",
        help=_("Move messages to a folder of their account."),
        epilog=_("Example: tui-mail move 42 Archive"),
    )(_move)
    app.command(
        "delete",
        help=_("Delete messages: to the trash, from the trash for good."),
        epilog=_("Example: tui-mail delete 42"),
    )(_delete)
    app.command("undo", help=_("Take the last change back."), epilog=_("Example: tui-mail undo"))(
        _undo
    )
    app.command(
        "link",
        help=_("Link messages to a record: add, confirm, reject, remove KIND:CODE; or replay"),
        epilog=_("Example: tui-mail link 42 confirm sales_order:2026/123 --thread"),
    )(_link)


def _placements(call: Context, identifiers: list[str], query: str) -> tuple[list[int], list[int]]:
    """Messages, each once, and their placements.

    Raises WrongUse, NotFound.
    """
    from tui_mail.db.actions import placements_of

    if bool(identifiers) == bool(query):
        raise WrongUse(_("Give ids, or --query."))
    ids = found_ids(call, query) if query else [message_id_of(call, one) for one in identifiers]
    ids = list(dict.fromkeys(ids))
    placements = call.database.read_now(placements_of, call.operator_id, ids)
    if not query and len(placements) < len(ids):
        raise NotFound(_("There is no such message: search prints the ids."))
    return ids, placements


def _mark(
    context: typer.Context,
    words: list[str] = typer.Argument(..., metavar="ID… +FLAG|-FLAG…"),
    query: str = typer.Option("", "--query", metavar="Q", help=_("instead of ids")),
) -> None:
    from tui_mail.db.actions import mark

    call: Context = context.obj
    signs = [word for word in words if word[:1] in "+-"]
    identifiers = [word for word in words if word[:1] not in "+-"]
    if not signs:
        raise WrongUse(
            _(
                "Say what to mark: +read, -read, +starred, -starred, +answered, +tag:NAME, -tag:NAME."
            )
        )
    add = frozenset(_flag(sign) for sign in signs if sign.startswith("+"))
    remove = frozenset(_flag(sign) for sign in signs if sign.startswith("-"))
    ids, placements = _placements(call, identifiers, query)
    if placements:
        call.database.write_now(
            mark, call.operator_id, placements, add=add, remove=remove, now=datetime.now(UTC)
        )
    _report(call, ids, ngettext("{count} message marked", "{count} messages marked", len(ids)))


def _flag(sign: str) -> str:
    """The flag or keyword of a sign. Raises WrongUse, WrongData."""
    from tui_mail.db.tags import check_tag

    name = sign[1:]
    if (
        name.startswith("tag:")
        and name[4:].isascii()
        and name[4:].replace("-", "").replace("_", "").replace(".", "").isalnum()
    ):
        check_tag(name[4:])
        return name[4:]
    if name in _FLAGS and sign != "-answered":
        return _FLAGS[name]
    raise WrongUse(
        _(
            "{sign} is not known: +read, -read, +starred, -starred, +answered, +tag:NAME, -tag:NAME."
        ).format(sign=sign)
    )


def _move(
    context: typer.Context,
    words: list[str] = typer.Argument(..., metavar="ID… FOLDER"),
    query: str = typer.Option("", "--query", metavar="Q", help=_("instead of ids")),
) -> None:
    from tui_mail.db.by_name import move_to_named

    call: Context = context.obj
    *identifiers, folder = words
    ids, placements = _placements(call, identifiers, query)
    if placements:
        call.database.write_now(
            move_to_named, call.operator_id, placements, folder, datetime.now(UTC)
        )
        link_what_was_filed(call)
    _report(call, ids, ngettext("{count} message moved", "{count} messages moved", len(ids)))


def _delete(
    context: typer.Context,
    identifiers: list[str] = typer.Argument(None, metavar="ID…"),
    query: str = typer.Option("", "--query", metavar="Q", help=_("instead of ids")),
) -> None:
    from tui_mail.db.actions import delete

    call: Context = context.obj
    ids, placements = _placements(call, identifiers or [], query)
    if placements:
        call.database.write_now(delete, call.operator_id, placements, datetime.now(UTC))
        link_what_was_filed(call)
    _report(call, ids, ngettext("{count} message deleted", "{count} messages deleted", len(ids)))


def _report(call: Context, ids: list[int], sentence: str) -> None:
    call.emit({"messages": ids, "count": len(ids)}, sentence.format(count=len(ids)))


def _undo(context: typer.Context) -> None:
    from tui_mail.db.undoing import undo

    call: Context = context.obj
    sentence = call.database.write_now(undo, call.operator_id, datetime.now(UTC))
    if sentence is None:
        raise NotFound(_("There is nothing to take back."))
    link_what_was_filed(call)
    call.emit({"undone": sentence}, sentence)


def _link(
    context: typer.Context,
    words: list[str] = typer.Argument(..., metavar="ID add|confirm|reject|remove KIND:CODE"),
    thread: bool = typer.Option(False, "--thread", help=_("for the whole conversation")),
    query: str = typer.Option(
        "", "--query", metavar="Q", help=_("with replay: only these messages")
    ),
    after: int = typer.Option(
        0, "--after", metavar="ID", help=_("with replay: go on after this message")
    ),
) -> None:
    from tui_mail.db import links
    from tui_mail.db.erp import entity, parse_reference

    call: Context = context.obj
    if words == ["replay"] and not thread:
        _replay(call, query, after)
        return
    verbs = {
        "add": links.add,
        "confirm": links.confirm,
        "reject": links.reject,
        "remove": links.remove,
    }
    if len(words) != 3 or words[1] not in verbs or query or after:
        raise WrongUse(_("link takes ID, then add, confirm, reject or remove, then KIND:CODE."))
    identifier, verb, record = words
    message = message_id_of(call, identifier)
    found = call.database.read_now(entity, parse_reference(record))
    call.database.write_now(
        verbs[verb], call.operator_id, message, found.id, thread=thread, now=datetime.now(UTC)
    )
    call.emit(
        {
            "message": message,
            "company": found.company,
            "kind": found.kind,
            "code": found.code,
            "done": verb,
            "thread": thread,
        },
        _said_of_link(verb).format(record=call.record_name(found), message=message),
    )


def _said_of_link(verb: str) -> str:
    """What was done to a link."""
    return {
        "add": _("{record} is linked to message {message}."),
        "confirm": _("The link of message {message} to {record} is confirmed."),
        "reject": _("The link of message {message} to {record} is rejected."),
        "remove": _("The link of message {message} to {record} is removed."),
    }[verb]


def _replay(call: Context, query: str, after: int) -> None:
    from tui_mail.worker.link import replay

    ids = found_ids(call, query) if query else None
    done = replay(call.database, ids, report=call.progress, after=after)
    call.progress_done()
    call.emit(
        {"messages": done.messages, "changed": done.changed},
        _("{changed} links changed, of {messages} messages").format(
            changed=done.changed, messages=done.messages
        ),
    )
