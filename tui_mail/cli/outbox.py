"""`outbox`: letters on their way."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from tui_mail.cli.context import Context, number_of
from tui_mail.cli.words import state_word
from tui_mail.errors import WrongUse
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.db.rows import OutgoingRow
    from tui_mail.values import CertifiedState

_WAITING = {"held", "queued"}
_STATES = ("held", "queued", "sending", "sent", "failed", "unknown", "cancelled")


def register(app: typer.Typer) -> None:
    app.command(
        "outbox",
        help=_("Letters on their way; retry, cancel or settle one."),
        epilog=_("Example: tui-mail outbox --state unknown --json"),
    )(_outbox)


def _outbox(
    context: typer.Context,
    words: list[str] = typer.Argument(None, metavar="[retry|cancel|settle ID]"),
    state: str = typer.Option(
        "", "--state", metavar="|".join(_STATES), help=_("only letters in this state")
    ),
) -> None:
    from tui_mail.db import outbox, outbox_decisions

    call: Context = context.obj
    if state and state not in _STATES:
        raise WrongUse(_("The states are: {states}.").format(states=", ".join(_STATES)))
    if not words:
        rows = call.database.read_now(outbox.outgoing, call.operator_id, state=state)
        for row in rows:
            _emit(call, row)
        if not rows and not call.json:
            call.say(_("No such letter is in the outbox.") if state else _("The outbox is empty."))
        stuck = {row.account for row in rows if row.state in _WAITING and not row.sends}
        for email in sorted(stuck):
            call.say(no_sending_server(email))
        return
    verbs = {
        "retry": outbox_decisions.retry,
        "cancel": outbox_decisions.cancel,
        "settle": outbox_decisions.settle_by_hand,
    }
    outgoing_id = number_of(words[-1])
    if len(words) != 2 or words[0] not in verbs or outgoing_id is None or state:
        raise WrongUse(_("outbox takes retry, cancel or settle, then the number of a letter."))
    call.database.write_now(verbs[words[0]], call.operator_id, outgoing_id, datetime.now(UTC))
    for row in call.database.read_now(outbox.outgoing, call.operator_id):
        if row.id == outgoing_id:
            _emit(call, row)


def no_sending_server(email: str) -> str:
    """Why letters of the account wait, and what ends that."""
    return _(
        "{email} has no sending server, so its letters wait: give it one with tui-mail account set "
        "{email} --smtp HOST:PORT."
    ).format(email=email)


def _emit(call: Context, row: "OutgoingRow") -> None:
    told = {one.address: one for one in row.certified}
    call.emit(
        {
            "outgoing": row.id,
            "message_id": row.message_id,
            "state": row.state,
            "recipients": [
                {
                    "address": address,
                    "state": state,
                    "reply": reply,
                    **_certified(told.get(address.lower())),
                }
                for address, state, reply in row.recipients
            ],
            "attempts": row.attempts,
            "next_try": row.next_try if row.state in _WAITING else None,
        },
        f"{row.id:>6}  {state_word(row.state):11}  {row.subject[:50]:50}  "
        + ", ".join(
            " ".join(filter(None, (address, reply, _receipt(told.get(address.lower())))))
            for address, _state, reply in row.recipients
        ),
    )


def _certified(told: "CertifiedState | None") -> dict[str, object]:
    return {} if told is None else {"certified": asdict(told)}


def _receipt(told: "CertifiedState | None") -> str:
    if told is None:
        return ""
    from tui_mail.mail.certified_words import state_in_words

    return f"({state_in_words(told)})"
