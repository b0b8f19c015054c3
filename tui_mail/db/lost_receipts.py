"""Receipts of certified mail whose letter is under none of the names that they say.

A relay or a provider may give a letter another Message-ID than the one that its copy here has. Then
subject, writer, recipient and time tell which letter is meant: within two days there must be one
alone, which keeps the receipt's name from then on. Of several a person must say which.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, exists, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.positions import SLOTS
from tui_mail.db.tables import CertifiedReport, Message, Outgoing

_HOUR = 3600 * SLOTS  # in positions
_BEFORE = 48 * _HOUR  # a provider gives a letter up after a day, and says so
_AFTER = _HOUR  # that the clocks may be apart
_BLANKS = re.compile(r"\s+")
_MARK = re.compile(
    r"(?:accettazione|(?:avvenuta[ -])?consegna|presa[ -]in[ -]carico|(?:avviso di )?non[ -]accettazione"
    r"|(?:preavviso[ -])?errore[ -]consegna|rilevazione[ -]virus|avviso di mancata consegna"
    r"(?: per sup\. tempo massimo)?)\s*:\s*",
    re.IGNORECASE,
)


def letters_of(session: Session, receipts: Collection[int]) -> dict[int, tuple[int, ...]]:
    """The letter of each receipt that is known to be of one here, or the several that it may be of."""
    if not receipts:
        return {}
    lost = session.execute(_lost(), {"some": receipts}).all()
    doubtful = _find(session, lost) if lost else {}
    return doubtful | {receipt: (letter,) for receipt, letter in _named(session, receipts).items()}


def _named(session: Session, receipts: Collection[int]) -> dict[int, int]:
    """Receipt -> the letter that its reports name, of several copies the oldest.

    A receipt that speaks only of people whom the letter did not go to is of none.
    """
    query = (
        select(
            col(CertifiedReport.message_id),
            col(Message.id),
            col(CertifiedReport.address),
            col(Message.recipient_addresses),
        )
        .join(Message, col(Message.message_id) == col(CertifiedReport.letter))
        .where(
            among_numbers(col(CertifiedReport.message_id), "some"),
            col(CertifiedReport.letter) != "",
            col(Message.outgoing),
        )
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
    )
    return {
        receipt: letter or 0
        for receipt, letter, address, recipients in session.execute(query, {"some": receipts})
        if not address or address in recipients.split()
    }


def _find(session: Session, lost: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, tuple[int, ...]]:
    """What fits each receipt; what one letter alone fits is kept with its name."""
    addresses: defaultdict[int, set[str]] = defaultdict(set)
    for row in lost:
        addresses[row.message_id].update({row.address} - {""})
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for one in session.execute(_letters_about(), {"some": [*addresses]}):
        if _fits(one, addresses[one.receipt]):
            found[one.receipt].setdefault(one.header, one.letter)
    sure = {receipt: next(iter(some)) for receipt, some in found.items() if len(some) == 1}
    kept = [
        {"message_id": row.message_id, "address": row.address, "letter": sure[row.message_id]}
        for row in lost
        if row.message_id in sure
    ]
    if kept:
        session.execute(update(CertifiedReport), kept)
    return {receipt: tuple(letters.values()) for receipt, letters in found.items()}


def _fits(one: Row[*tuple[Any, ...]], addresses: set[str]) -> bool:
    """Same subject, from whom the receipt went to, to everybody whom it speaks of."""
    return (
        one.sender.lower() in one.receivers.split()
        and addresses <= {*one.recipients.split()}
        and _plain(one.subject) == _plain(_MARK.sub("", one.title, count=1))
    )


def _plain(subject: str) -> str:
    return _BLANKS.sub(" ", subject).strip().casefold()


def _lost() -> Select[*tuple[Any, ...]]:
    """Reports of receipts that neither name a letter of ours nor a letter's name at the provider."""
    other = aliased(CertifiedReport)
    letter = col(CertifiedReport.letter)
    is_here = exists().where(letter != "", col(Message.message_id) == letter, col(Message.outgoing))
    is_sent = exists().where(letter != "", col(Outgoing.message_id) == letter)
    is_carried = exists().where(
        col(CertifiedReport.identifier) != "",
        col(other.identifier) == col(CertifiedReport.identifier),
        col(other.letter) != "",
        col(other.letter) == col(Message.message_id),
        col(Message.outgoing),
    )
    return select(col(CertifiedReport.message_id), col(CertifiedReport.address)).where(
        among_numbers(col(CertifiedReport.message_id), "some"), ~is_here, ~is_sent, ~is_carried
    )


def _letters_about() -> Select[*tuple[Any, ...]]:
    """Letters of ours around the times of receipts, the oldest first; none that other receipts
    name, or that the provider is known to call otherwise."""
    receipt, letter = aliased(Message), aliased(Message)
    report, other = aliased(CertifiedReport), aliased(CertifiedReport)
    at = col(receipt.position)
    is_told_otherwise = exists().where(
        col(other.letter) == col(letter.message_id),
        col(other.identifier) != col(report.identifier),
    )
    return (
        select(
            col(receipt.id).label("receipt"),
            col(receipt.subject).label("title"),
            col(receipt.recipient_addresses).label("receivers"),
            col(letter.id).label("letter"),
            col(letter.message_id).label("header"),
            col(letter.subject),
            col(letter.sender_address).label("sender"),
            col(letter.recipient_addresses).label("recipients"),
        )
        .join(report, col(report.message_id) == col(receipt.id))
        .join(letter, col(letter.position).between(at - _BEFORE, at + _AFTER))
        .where(
            among_numbers(col(receipt.id), "some"),
            col(letter.outgoing),
            col(letter.message_id) != "",
            ~is_told_otherwise,
        )
        .order_by(col(letter.position))
    )
