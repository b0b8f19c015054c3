"""Letters on their way: what is asked for, what the server said of each recipient, what is doubtful.

Hides the states. A letter is held, queued, sending, then sent, failed or unknown, or cancelled;
what may have reached somebody is never sent again by itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from typing import Any

from sqlalchemy import Select, exists, func, insert, select, update
from sqlmodel import Session, col

from tui_mail.db import certified
from tui_mail.db.folders import folder_for_role
from tui_mail.db.many import key_of
from tui_mail.db.outbox_states import (
    FAILED,
    HELD,
    PENDING,
    QUEUED,
    SENDING,
    SENT,
    STILL_OPEN,
    UNKNOWN,
    WAITING,
    conclude,
    no_letter,
    recipients_of,
    set_recipients,
    touched,
)
from tui_mail.db.rights import readable, require
from tui_mail.db.rows import OutgoingRow
from tui_mail.db.tables import Account, Outgoing, OutgoingLink, OutgoingRecipient
from tui_mail.db.topics import Topic, publish
from tui_mail.db.unindexed import unindexed
from tui_mail.errors import WrongData
from tui_mail.i18n import _
from tui_mail.values import FolderRole, RecipientResult


@dataclass(frozen=True, slots=True)
class Enqueue:
    """A letter to be sent: its bytes as they will go, who gets it, the records it is about.

    `operator_id` None: a program of the house asks. `fingerprint`: SHA-256 of what was asked for.
    `hold`: it can be taken back until `not_before`.
    """

    account_id: int
    operator_id: int | None
    raw: bytes = field(repr=False)
    message_id: str
    envelope_sender: str
    recipients: Sequence[str]
    not_before: datetime
    entity_ids: Collection[int] = ()
    idempotency_key: str | None = None
    fingerprint: str = ""
    hold: bool = False
    in_reply_to_id: int | None = None


@dataclass(frozen=True, slots=True)
class Enqueued:
    """`repeated`: the same was asked for before, and this is the letter of then."""

    outgoing_id: int
    message_id: str
    state: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class DueLetter:
    """A letter to be handed to the server now, for the recipients that have no outcome yet."""

    id: int
    raw: bytes = field(repr=False)
    message_id: str
    envelope_sender: str
    recipients: tuple[str, ...]
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SentDetails:
    """What filing the sent copy needs to know."""

    account_id: int
    operator_id: int | None
    in_reply_to_id: int | None
    entity_ids: tuple[int, ...]
    raw: bytes = field(repr=False)
    message_id: str
    sent_at: datetime | None


def enqueue(session: Session, request: Enqueue, now: datetime) -> Enqueued:
    """Put a letter into the outbox, or give back the one of the same idempotency key.

    Raises WrongData for the key or Message-ID of another letter and for no recipients, NotAllowed
    when the operator may not send from the account.
    """
    if request.operator_id is not None:
        require(session, request.operator_id, request.account_id, "send")
    first = _same_key(session, request)
    if first is not None:
        return first
    recipients = list(dict.fromkeys(request.recipients))
    if not recipients:
        raise WrongData(_("The letter has no recipients: name at least one."))
    letter = Outgoing(
        account_id=request.account_id,
        operator_id=request.operator_id,
        message_id=request.message_id,
        idempotency_key=request.idempotency_key,
        fingerprint=request.fingerprint,
        envelope_sender=request.envelope_sender,
        subject=_subject(request.raw),
        raw=request.raw,
        state=HELD if request.hold else QUEUED,
        next_try=request.not_before,
        created_at=now,
        in_reply_to_id=request.in_reply_to_id,
    )
    session.add(letter)
    session.flush()
    letter_id = key_of(letter.id)
    rows = [
        {"outgoing_id": letter_id, "address": one, "state": PENDING, "reply": ""}
        for one in recipients
    ]
    session.execute(insert(OutgoingRecipient), rows)
    entities = sorted(set(request.entity_ids))
    if entities:
        session.execute(
            insert(OutgoingLink), [{"outgoing_id": letter_id, "entity_id": one} for one in entities]
        )
    publish(session, Topic.OUTBOX)
    return Enqueued(letter_id, letter.message_id, letter.state, repeated=False)


def _same_key(session: Session, request: Enqueue) -> Enqueued | None:
    columns = (
        col(Outgoing.id),
        col(Outgoing.message_id),
        col(Outgoing.state),
        col(Outgoing.fingerprint),
        col(Outgoing.account_id),
    )
    if request.idempotency_key is not None:
        same = select(*columns).where(col(Outgoing.idempotency_key) == request.idempotency_key)
        row = session.execute(same).first()
        if row is not None:
            if (row.fingerprint, row.account_id) != (request.fingerprint, request.account_id):
                raise WrongData(
                    _("The idempotency key belongs to a letter with other content: use a new key.")
                )
            return Enqueued(row.id, row.message_id, row.state, repeated=True)
    clash = select(*columns).where(col(Outgoing.message_id) == request.message_id)
    if session.execute(clash).first() is not None:
        raise WrongData(
            _("A letter with this Message-ID is in the outbox already: look at tui-mail outbox.")
        )
    return None


def _subject(raw: bytes) -> str:
    """The decoded Subject; bytes that nobody can read stay visible as they are."""
    value = str(BytesHeaderParser().parsebytes(raw[:100_000]).get("Subject", ""))
    try:
        return " ".join(str(make_header(decode_header(value))).split())
    except (HeaderParseError, UnicodeError, LookupError, ValueError):
        return " ".join(value.split())


# -- what the worker does --------------------------------------------------------------------------


def due(session: Session, account_id: int, now: datetime, limit: int = 10) -> list[DueLetter]:
    """The account's letters whose time has come, the longest waiting first."""
    query = (
        select(Outgoing)
        .where(
            unindexed(col(Outgoing.account_id)) == account_id,
            col(Outgoing.state).in_(WAITING),
            col(Outgoing.next_try) <= now,
        )
        .order_by(col(Outgoing.next_try), col(Outgoing.id))
        .limit(limit)
    )
    return _letters(session, query)


def unfiled(session: Session, account_id: int) -> list[DueLetter]:
    """The account's letters that have gone and lack the copy in the folder of sent mail."""
    query = select(Outgoing).where(*_unfiled(account_id)).order_by(col(Outgoing.id)).limit(10)
    return _letters(session, query)


def _unfiled(account_id: int) -> tuple[Any, ...]:
    return (
        col(Outgoing.account_id) == account_id,
        col(Outgoing.state) == SENT,
        col(Outgoing.unfiled),
    )


def _letters(session: Session, query: Any) -> list[DueLetter]:
    letters = session.scalars(query).all()
    recipients = recipients_of(session, [key_of(letter.id) for letter in letters])
    return [
        DueLetter(
            id=key_of(letter.id),
            raw=letter.raw,
            message_id=letter.message_id,
            envelope_sender=letter.envelope_sender,
            recipients=tuple(
                one.address for one in recipients[key_of(letter.id)] if one.state in STILL_OPEN
            ),
            attempts=letter.attempts,
            created_at=letter.created_at,
        )
        for letter in letters
    ]


def has_due(session: Session, account_id: int, now: datetime) -> bool:
    """Whether `due` or `unfiled` would give anything."""
    at = next_due(session, account_id)
    if at is not None and at <= now:
        return True
    return bool(session.scalar(select(exists().where(*_unfiled(account_id)))))


def next_due(session: Session, account_id: int) -> datetime | None:
    """When the account's next letter is due, None when none waits."""
    query = (
        select(col(Outgoing.next_try))
        .where(unindexed(col(Outgoing.account_id)) == account_id, col(Outgoing.state).in_(WAITING))
        .order_by(col(Outgoing.next_try))
        .limit(1)
    )
    return session.scalars(query).first()


def claim(session: Session, outgoing_id: int, now: datetime) -> bool:
    """Take a due letter for sending; commit this before its data goes. False: not due any more."""
    statement = (
        update(Outgoing)
        .where(
            col(Outgoing.id) == outgoing_id,
            col(Outgoing.state).in_(WAITING),
            col(Outgoing.next_try) <= now,
        )
        .values(state=SENDING, attempts=col(Outgoing.attempts) + 1, error="")
    )
    return touched(session, statement) == 1


def settle(
    session: Session,
    outgoing_id: int,
    results: Sequence[RecipientResult],
    now: datetime,
    next_try: datetime | None,
) -> str:
    """Write down what the server said; returns the new state.

    unknown when a recipient's fate is, else queued again for `next_try` while some are deferred
    (None: no more tries, they are refused), else sent when anyone accepted, else failed.
    """
    set_recipients(
        session,
        outgoing_id,
        [(one.address, one.delivery.value, one.reply) for one in results],
    )
    return conclude(session, outgoing_id, now, next_try)


def release(
    session: Session, outgoing_id: int, error: str, now: datetime, next_try: datetime | None
) -> str:
    """Nothing of the letter has reached anybody, for certain: queued again, or failed without
    `next_try`. Returns the new state."""
    state = FAILED if next_try is None else QUEUED
    statement = (
        update(Outgoing)
        .where(col(Outgoing.id) == outgoing_id, col(Outgoing.state) == SENDING)
        .values(state=state, next_try=next_try or now, error=error)
    )
    touched(session, statement)
    return state


def recover(session: Session, account_id: int, now: datetime) -> int:
    """Mark letters that a killed process left in `sending` as unknown; returns how many.

    To be called by who holds the account's lock, before it sends.
    """
    left = select(col(Outgoing.id)).where(
        unindexed(col(Outgoing.account_id)) == account_id, col(Outgoing.state) == SENDING
    )
    session.execute(
        update(OutgoingRecipient)
        .where(
            col(OutgoingRecipient.outgoing_id).in_(left),
            col(OutgoingRecipient.state).in_(STILL_OPEN),
        )
        .values(state=UNKNOWN)
    )
    reason = _("The program ended while it was sending: check whether the letter arrived.")
    statement = (
        update(Outgoing)
        .where(unindexed(col(Outgoing.account_id)) == account_id, col(Outgoing.state) == SENDING)
        .values(state=UNKNOWN, error=reason, next_try=now)
    )
    return touched(session, statement)


def sent_folder(session: Session, account_id: int) -> int:
    """The id of the folder that the account's sent copies go to, made when there is none."""
    return key_of(folder_for_role(session, account_id, FolderRole.SENT).id)


def note_filed(session: Session, outgoing_id: int) -> None:
    """The copy of a letter is where sent mail is."""
    statement = update(Outgoing).where(col(Outgoing.id) == outgoing_id).values(unfiled=False)
    session.execute(statement)


def sent_details(session: Session, outgoing_id: int) -> SentDetails:
    """What the sent copy is made of and linked to. Raises NotFound."""
    letter = session.get(Outgoing, outgoing_id)
    if letter is None:
        raise no_letter()
    query = select(col(OutgoingLink.entity_id)).where(col(OutgoingLink.outgoing_id) == outgoing_id)
    return SentDetails(
        account_id=letter.account_id,
        operator_id=letter.operator_id,
        in_reply_to_id=letter.in_reply_to_id,
        entity_ids=tuple(sorted(session.scalars(query))),
        raw=letter.raw,
        message_id=letter.message_id,
        sent_at=letter.sent_at,
    )


# -- what people see -------------------------------------------------------------------------------


def outgoing(session: Session, operator_id: int, *, state: str = "") -> list[OutgoingRow]:
    """Letters of the operator's accounts, newest first; `state` "" for all."""
    query: Select[*tuple[Any, ...]] = (
        select(
            col(Outgoing.id),
            col(Account.email).label("account"),
            col(Outgoing.message_id),
            col(Outgoing.subject),
            col(Outgoing.state),
            col(Outgoing.attempts),
            col(Outgoing.next_try),
            col(Outgoing.created_at),
            col(Outgoing.error),
            func.coalesce(col(Outgoing.idempotency_key), "").label("idempotency_key"),
            (col(Account.smtp_host) != "").label("sends"),
        )
        .join(Account, col(Account.id) == col(Outgoing.account_id))
        .where(col(Outgoing.account_id).in_(readable(operator_id)))
        .order_by(col(Outgoing.id).desc())
    )
    if state:
        query = query.where(col(Outgoing.state) == state)
    rows = session.execute(query).all()
    recipients = recipients_of(session, [row.id for row in rows])
    told = certified.states(
        session,
        {row.message_id: {one.address.lower() for one in recipients[row.id]} for row in rows},
    )
    return [
        OutgoingRow(
            **row._asdict(),
            recipients=tuple((one.address, one.state, one.reply) for one in recipients[row.id]),
            certified=told.get(row.message_id, ()),
        )
        for row in rows
    ]


def whereabouts(session: Session, outgoing_id: int) -> tuple[int, str]:
    """The account and the state of a letter. Raises NotFound."""
    letter = session.get(Outgoing, outgoing_id)
    if letter is None:
        raise no_letter()
    return letter.account_id, letter.state


def held_up(session: Session, outgoing_id: int) -> str:
    """The address of the letter's account if that has no sending server, else ""."""
    query = (
        select(col(Account.email))
        .join(Outgoing, col(Outgoing.account_id) == col(Account.id))
        .where(col(Outgoing.id) == outgoing_id, col(Account.smtp_host) == "")
    )
    return session.scalar(query) or ""


def waiting_count(session: Session, operator_id: int) -> int:
    """How many letters of the operator's accounts are not on their way for good."""
    query: Select[*tuple[Any, ...]] = select(func.count()).where(
        unindexed(col(Outgoing.account_id)).in_(readable(operator_id)),
        col(Outgoing.state).in_((*WAITING, SENDING)),
    )
    return session.scalar(query) or 0
