"""`send`: letters from programs, one by options or JSON, many by --batch."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from tui_mail.cli.context import Context
from tui_mail.cli.words import state_word
from tui_mail.errors import InputOutput, NotFound, TryLater, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import _

_KEYS = {
    "from", "to", "cc", "bcc", "reply_to", "subject", "text", "markdown", "html", "attachments",
    "links", "records", "template", "fields", "in_reply_to", "headers", "idempotency_key", "at",
    "draft",
}  # fmt: skip
_LISTS = {"to", "cc", "bcc", "links", "records"}
_TEXTS = {
    "from", "reply_to", "subject", "text", "markdown", "html", "template", "in_reply_to",
    "idempotency_key", "at",
}  # fmt: skip
_FINAL = {"sent", "failed", "unknown", "cancelled"}
_POLL_SECONDS = 0.2


def register(app: typer.Typer) -> None:
    app.command(
        "send",
        help=_("Send a letter: from options, from JSON on standard input, or many with --batch."),
        epilog=_(
            "Example: tui-mail send --from info@rossi.example --to a@b.example --subject Ciao --body-file testo.txt --link sales_order:2026/123"
        ),
    )(_send)


def _send(
    context: typer.Context,
    sender: str = typer.Option("", "--from", metavar="ADDRESS", help=_("the account")),
    to: list[str] = typer.Option([], "--to", metavar="ADDRESS"),
    cc: list[str] = typer.Option([], "--cc", metavar="ADDRESS"),
    bcc: list[str] = typer.Option([], "--bcc", metavar="ADDRESS"),
    reply_to: str = typer.Option("", "--reply-to", metavar="ADDRESS"),
    subject: str = typer.Option("", "--subject"),
    body_file: Path = typer.Option(
        None,
        "--body-file",
        metavar="FILE",
        readable=False,
        help=_("else standard input; - too"),
    ),
    markdown: bool = typer.Option(False, "--markdown", help=_("the body is Markdown")),
    html: bool = typer.Option(False, "--html", help=_("the body is HTML")),
    text: bool = typer.Option(False, "--text", help=_("the body is text, as it is without")),
    attach: list[Path] = typer.Option([], "--attach", metavar="FILE", readable=False),
    link: list[str] = typer.Option(
        [], "--link", metavar="KIND:CODE", help=_("a record that it is about")
    ),
    record: list[str] = typer.Option(
        [], "--record", metavar="KIND:CODE", help=_("so, and recipients from the record")
    ),
    template: str = typer.Option("", "--template", metavar="NAME"),
    fields: list[str] = typer.Option([], "--set", metavar="K=V", help=_("for the template")),
    in_reply_to: str = typer.Option(
        "", "--in-reply-to", metavar="MESSAGE-ID", help=_("the message that it answers")
    ),
    key: str = typer.Option(
        "", "--idempotency-key", metavar="KEY", help=_("the same key sends once")
    ),
    at: str = typer.Option("", "--at", metavar="TIME", help=_("not before, ISO 8601")),
    draft: bool = typer.Option(False, "--draft", help=_("keep it among the drafts")),
    batch: Path = typer.Option(
        None, "--batch", metavar="FILE", readable=False, help=_("JSON Lines of letters")
    ),
    wait: float = typer.Option(
        0.0, "--wait", metavar="SECONDS", min=0.0, help=_("wait for the outcome so long")
    ),
) -> None:
    call: Context = context.obj
    pairs = [item.partition("=") for item in fields]
    if not all(equals for _name, equals, _value in pairs):
        raise WrongUse(_("--set takes KEY=VALUE."))
    if markdown + html + text > 1:
        raise WrongUse(_("Give one of --markdown, --html and --text."))
    form = "markdown" if markdown else "html" if html else "text"
    said = {
        "from": sender, "to": to, "cc": cc, "bcc": bcc, "reply_to": reply_to, "subject": subject,
        "attachments": [{"path": str(path)} for path in attach], "links": link,
        "records": record, "template": template,
        "fields": {name: value for name, _equals, value in pairs}, "in_reply_to": in_reply_to,
    }  # fmt: skip
    asked = {"idempotency_key": key, "at": at, "draft": draft}
    by_options = any(said.values()) or body_file is not None
    if batch is not None:
        if by_options or any(asked.values()):
            raise WrongUse(_("With --batch the file says everything: give only --wait beside it."))
        _batch(call, batch, wait)
        return
    letter = {**said, form: _body(body_file)} if by_options else _one_json(_standard_input())
    letter |= {name: value for name, value in asked.items() if value}
    _report(call, _submit(call, {name: value for name, value in letter.items() if value}), wait)


def _body(path: Path | None) -> str:
    if path is None and sys.stdin.isatty():
        return ""
    if path is None or str(path) == "-":
        return _text(_standard_input(), _("Standard input"))
    try:
        return _text(path.read_bytes(), str(path))
    except FileNotFoundError as error:
        raise NotFound(_("The file {file} is not there.").format(file=path)) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputOutput:
    return InputOutput(
        _("{file} cannot be read ({reason}).").format(file=path, reason=error.strerror)
    )


def _standard_input() -> bytes:
    if sys.stdin.isatty():
        raise WrongUse(_("Say what to send: by options, or a letter in JSON on standard input."))
    return sys.stdin.buffer.read()


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise WrongData(_("{file} is not UTF-8 text.").format(file=name)) from error


def _one_json(content: bytes) -> dict[str, Any]:
    """The letter in a JSON text. Raises WrongData."""
    try:
        letter = json.loads(content)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, json.JSONDecodeError) else _("no UTF-8 text")
        raise WrongData(_("This is not a letter in JSON ({reason}).").format(reason=reason)) from (
            error
        )
    return _checked(letter)


def _checked(found: Any) -> dict[str, Any]:
    """A letter whose keys and shapes are those of the contract.

    Raises WrongData.
    """
    if not isinstance(found, dict):
        raise WrongData(_("A letter is a JSON object."))
    letter: dict[str, Any] = {name: value for name, value in found.items() if value is not None}
    for name, value in [*letter.items()]:
        if name not in _KEYS:
            raise WrongData(_("A letter has no key {key}.").format(key=name))
        if name in _LISTS and isinstance(value, str):
            letter[name] = [value]
        elif name in _LISTS and not _is_texts(value):
            raise WrongData(_("{key} must be a list of texts.").format(key=name))
        elif name in _TEXTS and not isinstance(value, str):
            raise WrongData(_("{key} must be a text.").format(key=name))
    if not all(map(_is_file, _list(letter.get("attachments", [])))):
        raise WrongData(_("attachments must be a list of objects with path and name."))
    headers = letter.get("headers", {})
    if not _is_object_of_texts(headers) or not all(name[:2].lower() == "x-" for name in headers):
        raise WrongData(_("headers must be an object of X-… names and texts."))
    if not _is_object_of_texts(letter.get("fields", {})):
        raise WrongData(_("fields must be an object of names and texts."))
    if not isinstance(letter.get("draft", False), bool):
        raise WrongData(_("draft must be true or false."))
    if sum(name in letter for name in ("text", "markdown", "html")) > 1:
        raise WrongData(_("A letter has one of text, markdown and html."))
    return letter


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_object_of_texts(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def _is_file(value: Any) -> bool:
    return _is_object_of_texts(value) and {"path"} <= value.keys() <= {"path", "name"}


def _batch(call: Context, path: Path, wait: float) -> None:
    """Every line on its own: a wrong one is said and the rest goes on, ending with 1."""
    done = failed = code = 0
    for number, line in _lines(path):
        call.progress(_("Letter {number}…").format(number=number))
        try:
            result = _submit(call, _one_json(line))
        except (TuiMailError, UnicodeError) as error:
            told = error if isinstance(error, TuiMailError) else _no_text()
            failed, code = failed + 1, told.exit_code
            call.progress_done()
            call.refuse(
                {"error": told.slug, "message": told.message, "line": number},
                f"{number}: {told.message}",
            )
        else:
            done += 1
            call.progress_done()
            _report(call, result, wait)
    if failed:
        call.exit_code = 1 if done else code
    elif not done:
        raise WrongData(_("{file} holds no letter.").format(file=path))


def _no_text() -> WrongData:
    return WrongData(_("Not everything in it is text: write it in UTF-8."))


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        source = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(_("The file {file} is not there.").format(file=path)) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    with source:
        for number, line in enumerate(source, 1):
            if line.strip():
                yield number, line


def _submit(call: Context, letter: Mapping[str, Any]) -> dict[str, Any]:
    """Build one letter and commit it to the outbox (or to the drafts)."""
    from tui_mail.worker.submit import Request, submit_request

    checked = _checked(dict(letter))
    if checked.get("template"):
        raise WrongUse(_("Templates are not there yet: give text, markdown or html."))
    request = Request.of(checked, _at(checked.get("at", "")))
    result = submit_request(call.database, call.operator_id, request, datetime.now(UTC))
    return {
        "outgoing": None if request.draft else result.outgoing_id,
        "message_id": result.message_id,
        "state": result.state,
        "idempotency_key": request.idempotency_key,
        "repeated": result.repeated,
    }


def _at(text: str) -> datetime | None:
    """A time; one without a zone is of here. Raises WrongData."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongData(
            _("{text} is not a time: write 2026-12-24T08:00.").format(text=text)
        ) from error


def _report(call: Context, result: dict[str, Any], wait: float) -> None:
    """What became of a letter; with --wait, once its outcome is known or the time is up."""
    if wait and result["outgoing"]:
        if result["state"] not in _FINAL:
            result["state"] = _outcome(call, int(result["outgoing"]), wait)
        if result["state"] != "sent":
            code = 1 if result["state"] in _FINAL else TryLater.exit_code
            call.exit_code = call.exit_code or code
    elif result["outgoing"] and result["state"] not in _FINAL:
        _warn(call, int(result["outgoing"]))
    line = _("Letter {outgoing}: {state}").format(
        outgoing=result["outgoing"], state=state_word(result["state"])
    )
    if not result["outgoing"]:
        line = (
            _("The draft was kept already: the console has it among the drafts of its account.")
            if result["repeated"]
            else _("The draft is kept: the console has it among the drafts of its account.")
        )
    call.emit(result, line)


def _warn(call: Context, outgoing_id: int) -> None:
    from tui_mail.cli.outbox import no_sending_server
    from tui_mail.db.outbox import held_up

    email = call.database.read_now(held_up, outgoing_id)
    if email:
        call.say(no_sending_server(email))


def _outcome(call: Context, outgoing_id: int, seconds: float) -> str:
    """Send it here when no worker does, and look until the state is final."""
    import asyncio

    from tui_mail.db.outbox import whereabouts
    from tui_mail.worker.service import work_outbox

    deadline = time.monotonic() + seconds
    connections = call.connections
    account_id, _state = call.database.read_now(whereabouts, outgoing_id)
    while True:
        with contextlib.suppress(TuiMailError):  # it is queued again; the outbox says why
            asyncio.run(
                work_outbox(
                    call.database, connections, call.ingest, account_id, locks=call.home.locks
                )
            )
        _account, state = call.database.read_now(whereabouts, outgoing_id)
        if state in _FINAL or time.monotonic() >= deadline:
            return state
        time.sleep(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))
