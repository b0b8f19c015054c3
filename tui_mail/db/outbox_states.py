"""The states of a letter and of its recipients, and how the second make the first."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Update, select, update
from sqlmodel import Session, col

from tui_mail.db.many import chunks
from tui_mail.db.tables import Outgoing, OutgoingRecipient
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotFound
from tui_mail.i18n import _, ngettext
from tui_mail.values import Delivery

HELD, QUEUED, SENDING = "held", "queued", "sending"
SENT, FAILED, UNKNOWN, CANCELLED = "sent", "failed", "unknown", "cancelled"
PENDING = "pending"
WAITING = (HELD, QUEUED)
NOT_GONE = (*WAITING, SENDING, FAILED, UNKNOWN)
STILL_OPEN = (PENDING, Delivery.DEFERRED.value)


def no_letter() -> NotFound:
    return NotFound(_("There is no such letter in the outbox: list it with tui-mail outbox."))


def recipients_of(
    session: Session, letter_ids: Collection[int]
) -> defaultdict[int, list[OutgoingRecipient]]:
    found: defaultdict[int, list[OutgoingRecipient]] = defaultdict(list)
    for some in chunks(letter_ids):
        query = (
            select(OutgoingRecipient)
            .where(col(OutgoingRecipient.outgoing_id).in_(some))
            .order_by(col(OutgoingRecipient.outgoing_id), col(OutgoingRecipient.address))
            .execution_options(populate_existing=True)
        )
        for one in session.scalars(query):
            found[one.outgoing_id].append(one)
    return found


def is_open(session: Session, outgoing_id: int) -> bool:
    query = select(col(OutgoingRecipient.address)).where(
        col(OutgoingRecipient.outgoing_id) == outgoing_id,
        col(OutgoingRecipient.state).in_(STILL_OPEN),
    )
    return session.execute(query.limit(1)).first() is not None


def change_recipients(
    session: Session, outgoing_id: int, states: Collection[str], state: str
) -> None:
    session.execute(
        update(OutgoingRecipient)
        .where(
            col(OutgoingRecipient.outgoing_id) == outgoing_id,
            col(OutgoingRecipient.state).in_(states),
        )
        .values(state=state)
        .execution_options(synchronize_session=False)
    )


def set_recipients(
    session: Session, outgoing_id: int, outcomes: Sequence[tuple[str, str, str]]
) -> None:
    """What was accepted once stays accepted, whatever is said later."""
    rows = {one.address: one for one in recipients_of(session, [outgoing_id])[outgoing_id]}
    for address, state, reply in outcomes:
        row = rows.get(address)
        if row is not None and row.state != Delivery.ACCEPTED:
            row.state, row.reply = state, reply
            session.add(row)
    session.flush()


def conclude(session: Session, outgoing_id: int, now: datetime, next_try: datetime | None) -> str:
    letter = session.get(Outgoing, outgoing_id, populate_existing=True)
    if letter is None:
        raise no_letter()
    if next_try is None:
        change_recipients(session, outgoing_id, (Delivery.DEFERRED.value,), Delivery.REFUSED.value)
    states = [one.state for one in recipients_of(session, [outgoing_id])[outgoing_id]]
    refused = states.count(Delivery.REFUSED.value)
    letter.error = (
        ngettext(
            "{count} recipient was refused", "{count} recipients were refused", refused
        ).format(count=refused)
        if refused
        else ""
    )
    if UNKNOWN in states:
        letter.error = _("It is not known whether the letter arrived: settle it or send it again.")
        return put(session, letter, UNKNOWN, now)
    if any(state in STILL_OPEN for state in states):
        return put(session, letter, QUEUED, next_try or now)
    accepted = Delivery.ACCEPTED.value in states
    return put(session, letter, SENT if accepted else FAILED, now)


def put(session: Session, letter: Outgoing, state: str, at: datetime) -> str:
    letter.state, letter.next_try = state, at
    if state == SENT:
        letter.sent_at = letter.sent_at or at
    session.add(letter)
    session.flush()
    publish(session, Topic.OUTBOX)
    return state


def touched(session: Session, statement: Update) -> int:
    """How many letters a statement changed."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    count = cast("CursorResult[Any]", result).rowcount
    if count:
        publish(session, Topic.OUTBOX)
    return count
