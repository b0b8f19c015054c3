"""What a person decides of a letter in the outbox: send it again, give it up, say what became of it.

Hides which states allow it, and what it does to recipients that have an outcome already.
"""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.outbox_states import (
    CANCELLED,
    HELD,
    PENDING,
    QUEUED,
    SENDING,
    SENT,
    STILL_OPEN,
    UNKNOWN,
    change_recipients,
    conclude,
    is_open,
    no_letter,
    put,
    recipients_of,
)
from tui_mail.db.rights import readable, require
from tui_mail.db.tables import Outgoing
from tui_mail.errors import WrongUse
from tui_mail.i18n import _
from tui_mail.values import Delivery


def retry(session: Session, operator_id: int, outgoing_id: int, now: datetime) -> str:
    """Send again, now, to everyone who has not accepted; returns the new state.

    A person's decision: of an unknown letter a second copy may arrive. Raises NotFound, NotAllowed,
    and WrongUse for a letter that has gone, is going, or was cancelled.
    """
    letter = _letter(session, operator_id, outgoing_id)
    not_accepted = (*STILL_OPEN, Delivery.REFUSED.value, UNKNOWN)
    if letter.state not in {SENDING, CANCELLED}:
        change_recipients(session, outgoing_id, not_accepted, PENDING)
    if letter.state in {SENDING, CANCELLED} or not is_open(session, outgoing_id):
        raise WrongUse(_("This letter cannot be sent again: see its state in the outbox."))
    return put(session, letter, QUEUED, now)


def cancel(session: Session, operator_id: int, outgoing_id: int, now: datetime) -> str:
    """Give the letter up for everyone who has not accepted; returns the new state.

    Raises NotFound, NotAllowed, and WrongUse for a letter that has gone or is going.
    """
    letter = _letter(session, operator_id, outgoing_id)
    if letter.state in {SENDING, SENT, CANCELLED}:
        raise WrongUse(_("This letter cannot be stopped any more: see its state in the outbox."))
    change_recipients(session, outgoing_id, STILL_OPEN, CANCELLED)
    accepted = any(
        one.state == Delivery.ACCEPTED for one in recipients_of(session, [outgoing_id])[outgoing_id]
    )
    return put(session, letter, SENT if accepted else CANCELLED, now)


def cancel_held(session: Session, operator_id: int, outgoing_id: int, now: datetime) -> bool:
    """Take back a letter that is still held; False when it is too late. Raises as `cancel`."""
    letter = _letter(session, operator_id, outgoing_id)
    if letter.state != HELD:
        return False
    change_recipients(session, outgoing_id, STILL_OPEN, CANCELLED)
    put(session, letter, CANCELLED, now)
    return True


def settle_by_hand(
    session: Session, operator_id: int, outgoing_id: int, now: datetime, *, arrived: bool = True
) -> str:
    """A person has found out what became of an unknown letter; returns the new state.

    `arrived`: it is sent; else it is failed, and may be sent again with `retry`. Raises NotFound,
    NotAllowed, and WrongUse for a letter in another state.
    """
    letter = _letter(session, operator_id, outgoing_id)
    if letter.state != UNKNOWN:
        raise WrongUse(_("Only a letter whose fate is unknown is settled by hand."))
    known = Delivery.ACCEPTED if arrived else Delivery.REFUSED
    change_recipients(session, outgoing_id, (UNKNOWN,), known.value)
    letter.unfiled = arrived
    return conclude(session, outgoing_id, now, now)


def _letter(session: Session, operator_id: int, outgoing_id: int) -> Outgoing:
    query = select(Outgoing).where(
        col(Outgoing.id) == outgoing_id, col(Outgoing.account_id).in_(readable(operator_id))
    )
    letter = session.scalars(query.execution_options(populate_existing=True)).first()
    if letter is None:
        raise no_letter()
    require(session, operator_id, letter.account_id, "send")
    return letter
