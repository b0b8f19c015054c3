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
from tui_mail.errors import InputOutput, NotFound, TuiMailError, WrongData, WrongUse
from tui_mail.i18n import _

_KEYS = {
    "from", "to", "cc", "bcc", "reply_to", "subject", "text", "markdown", "html", "attachments",
    "links", "records", "template", "fields", "in_reply_to", "headers", "idempotency_key", "at",
    "draft",
}  # fmt: skip
_LISTS = ("to", "cc", "bcc", "links", "records")
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
    sender: str = typer.Option("", "--from", metavar="ADDRESS"),
    to: list[str] = typer.Option([], "--to", metavar="ADDRESS"),
    cc: list[str] = typer.Option([], "--cc", metavar="ADDRESS"),
    bcc: list[str] = typer.Option([], "--bcc", metavar="ADDRESS"),
    reply_to: str = typer.Option("", "--reply-to", metavar="ADDRESS"),
    subject: str = typer.Option("", "--subject"),
    body_file: Path = typer.Option(None, "--body-file", metavar="FILE"),
    markdown: bool = typer.Option(False, "--markdown"),
    html: bool = typer.Option(False, "--html"),
    text: bool = typer.Option(False, "--text"),
    attach: list[Path] = typer.Option([], "--attach", metavar="FILE"),
    link: list[str] = typer.Option([], "--link", metavar="KIND:CODE"),
    record: list[str] = typer.Option(
        [], "--record", metavar="KIND:CODE", help=_("recipients from the record")
    ),
    template: str = typer.Option("", "--template", metavar="NAME"),
    fields: list[str] = typer.Option([], "--set", metavar="K=V"),
    in_reply_to: str = typer.Option("", "--in-reply-to", metavar="MESSAGE-ID"),
    key: str = typer.Option("", "--idempotency-key", metavar="KEY"),
    at: str = typer.Option("", "--at", metavar="TIME"),
    draft: bool = typer.Option(False, "--draft"),
    batch: Path = typer.Option(None, "--batch", metavar="FILE", help=_("JSON Lines of letters")),
    wait: float = typer.Option(0.0, "--wait", metavar="SECONDS", min=0.0),
) -> None:
    call: Context = context.obj
    if batch is not None:
        _batch(call, batch, wait)
        return
    if not any((sender, to, record, subject, body_file)):
        letter = _one_json(sys.stdin.read())
    else:
        if markdown + html + text > 1:
            raise WrongUse(_("Give one of --markdown, --html and --text."))
        form = "markdown" if markdown else "html" if html else "text"
        pairs = [item.partition("=") for item in fields]
        letter = {
            "from": sender, "to": to, "cc": cc, "bcc": bcc, "reply_to": reply_to,
            "subject": subject, form: _read_body(body_file),
            "attachments": [{"path": str(path)} for path in attach],
            "links": link, "records": record, "template": template,
            "fields": {name: value for name, _equals, value in pairs},
            "in_reply_to": in_reply_to, "idempotency_key": key, "at": at, "draft": draft,
        }  # fmt: skip
    _report(call, _submit(call, {name: value for name, value in letter.items() if value}), wait)


def _read_body(path: Path | None) -> str:
    if path is None:
        return "" if sys.stdin.isatty() else sys.stdin.read()
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise NotFound(_("The file {file} is not there.").format(file=path)) from error
    except UnicodeDecodeError as error:
        raise WrongData(_("{file} is not UTF-8 text.").format(file=path)) from error
    except OSError as error:
        raise InputOutput(
            _("{file} cannot be read ({reason}).").format(file=path, reason=error.strerror)
        ) from error


def _one_json(text: str) -> dict[str, Any]:
    try:
        letter = json.loads(text)
    except ValueError as error:
        raise WrongData(
            _("Standard input is not a letter in JSON ({reason}).").format(reason=error)
        ) from error
    return _checked(letter)


def _checked(letter: Any) -> dict[str, Any]:
    """A letter whose keys and shapes are those of the contract.

    Raises WrongData.
    """
    if not isinstance(letter, dict):
        raise WrongData(_("A letter is a JSON object."))
    for name in letter:
        if name not in _KEYS:
            raise WrongData(_("A letter has no key {key}.").format(key=name))
    for name in _LISTS:
        value = letter.get(name, [])
        if isinstance(value, str):
            letter[name] = [value]
        elif not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise WrongData(_("{key} must be a list of texts.").format(key=name))
    for name in (
        "from",
        "subject",
        "text",
        "markdown",
        "html",
        "template",
        "in_reply_to",
        "idempotency_key",
        "at",
    ):
        if not isinstance(letter.get(name, ""), str):
            raise WrongData(_("{key} must be a text.").format(key=name))
    attachments = letter.get("attachments", [])
    if not isinstance(attachments, list) or not all(
        isinstance(one, dict)
        and isinstance(one.get("path"), str)
        and one.keys() <= {"path", "name"}
        for one in attachments
    ):
        raise WrongData(_("attachments must be a list of objects with path and name."))
    headers = letter.get("headers", {})
    if not isinstance(headers, dict) or not all(
        isinstance(value, str) and name.lower().startswith("x-") for name, value in headers.items()
    ):
        raise WrongData(_("headers must be an object of X-… names and texts."))
    if sum(name in letter for name in ("text", "markdown", "html")) > 1:
        raise WrongData(_("A letter has one of text, markdown and html."))
    return letter


def _batch(call: Context, path: Path, wait: float) -> None:
    """Every line on its own: a wrong one is said and the rest goes on, ending with 1."""
    done = failed = 0
    for number, line in _lines(path):
        call.progress(_("Letter {number}…").format(number=number))
        try:
            result = _submit(call, _one_json(line))
        except TuiMailError as error:
            failed += 1
            call.exit_code = error.exit_code
            call.emit(
                {"error": error.slug, "message": error.message, "line": number},
                f"{number}: {error.message}",
            )
        else:
            done += 1
            _report(call, result, wait)
    call.progress_done()
    if failed and done:
        call.exit_code = 1


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if str(path) == "-":
        source: Any = sys.stdin
    else:
        try:
            source = path.open(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError as error:
            raise NotFound(_("The file {file} is not there.").format(file=path)) from error
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
        "outgoing": result.outgoing_id,
        "message_id": result.message_id,
        "state": result.state,
        "idempotency_key": request.idempotency_key,
        "repeated": result.repeated,
    }


def _at(text: str) -> datetime | None:
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise WrongData(
            _("{text} is not a time: write 2026-12-24T08:00.").format(text=text)
        ) from error
    return when.astimezone(UTC)


def _report(call: Context, result: dict[str, Any], wait: float) -> None:
    """What became of a letter; with --wait, once its outcome is known or the time is up."""
    if wait and result["outgoing"] and result["state"] not in _FINAL:
        result["state"] = _outcome(call, int(result["outgoing"]), wait)
    call.emit(
        result,
        _("Letter {outgoing}: {state}").format(outgoing=result["outgoing"], state=result["state"]),
    )


def _outcome(call: Context, outgoing_id: int, seconds: float) -> str:
    """Send it here when no worker does, and look until the state is final."""
    import asyncio

    from tui_mail.db.outbox import whereabouts
    from tui_mail.worker.service import work_outbox

    deadline = time.monotonic() + seconds
    connections = call.parts.connections(call.vault)
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
