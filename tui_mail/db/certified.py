"""What receipts of certified mail say of letters of ours, and under which names providers carry them.

Only receipts that are believed are kept (`mail.certified.is_believed`); they may come before the
copy of their letter and in any order. Of what is said of a recipient the furthest counts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from tui_mail.db.among import among_texts
from tui_mail.db.bulk import insert_rows
from tui_mail.db.many import rows_of
from tui_mail.db.tables import CertifiedReport, Message
from tui_mail.values import Certified, CertifiedState

# Of two receipts the one further on is right, whatever came last.
_ORDER = ("", "uncertified", "accepted", "taken", "late", "refused", "delivered")


def note(session: Session, receipts: Iterable[tuple[int, Certified]]) -> None:
    """Keep what new receipts say, by the message that says it."""
    from tui_mail.mail.certified import is_believed  # no list waits for it

    rows = [
        {
            "message_id": message_id,
            "address": state.address,
            "letter": said.letter,
            "identifier": said.identifier,
            "state": state.state,
            "reason": state.reason,
            "at": said.at,
        }
        for message_id, said in receipts
        if is_believed(said)
        for state in _once(said.states)
    ]
    if rows:
        insert_rows(session, CertifiedReport, rows)


def _once(states: Iterable[CertifiedState]) -> Collection[CertifiedState]:
    """One for each address; one of nobody when the receipt names none: it knows the letter's name."""
    return {one.address: one for one in states}.values() or (CertifiedState("", ""),)


def states(
    session: Session, letters: Mapping[str, Collection[str]]
) -> dict[str, tuple[CertifiedState, ...]]:
    """What became of letters, by their Message-ID; `letters`: the recipients of each, lower case.

    What is said of somebody whom the letter did not go to counts for nothing.
    """
    if not letters:
        return {}
    rows = list(session.execute(_about(CertifiedReport.letter), {"some": [*letters]}))
    named = {row.identifier: row.letter for row in rows if row.identifier}
    if named:
        more = session.execute(_about(CertifiedReport.identifier), {"some": [*named]})
        rows += [row for row in more if not row.letter]
    best: defaultdict[str, dict[str, CertifiedState]] = defaultdict(dict)
    for row in rows:
        letter = row.letter or named[row.identifier]
        if row.address not in letters[letter]:
            continue
        known = best[letter].get(row.address)
        if known is None or _place(row.state) > _place(known.state):
            best[letter][row.address] = CertifiedState(row.address, row.state, row.reason)
    return {
        letter: tuple(found[address] for address in sorted(found)) for letter, found in best.items()
    }


def _about(column: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(CertifiedReport.letter),
            col(CertifiedReport.identifier),
            col(CertifiedReport.address),
            col(CertifiedReport.state),
            col(CertifiedReport.reason),
        )
        .where(among_texts(col(column), "some"))
        .order_by(col(CertifiedReport.message_id), col(CertifiedReport.address))
    )


def _place(state: str) -> int:
    return _ORDER.index(state) if state in _ORDER else 0


def states_of_message(session: Session, message_id: int) -> tuple[CertifiedState, ...]:
    """What became of a letter of ours, for each recipient that a receipt names."""
    row = session.execute(
        select(col(Message.message_id), col(Message.recipient_addresses)).where(
            col(Message.id) == message_id, col(Message.outgoing), col(Message.message_id) != ""
        )
    ).first()
    if row is None:
        return ()
    return states(session, {row[0]: frozenset(row[1].split())}).get(row[0], ())


def is_foreign(session: Session, message_id: int) -> bool:
    """Whether a message is a receipt that counts for no letter of ours that is here."""
    kind = select(col(Message.kind)).where(col(Message.id) == message_id)
    if session.scalar(kind) != "pec_receipt":
        return False
    query = (
        select(col(CertifiedReport.address), col(Message.recipient_addresses))
        .join(Message, col(Message.message_id) == col(CertifiedReport.letter))
        .where(col(CertifiedReport.message_id) == message_id, col(Message.outgoing))
    )
    went = session.execute(query).all()
    return all(address and address not in addresses.split() for address, addresses in went)


def receipts_of(session: Session, message_id: int) -> list[int]:
    """The receipts that count for a letter of ours, but those that only the provider's name ties to
    it."""
    letter = session.execute(
        select(col(Message.message_id), col(Message.recipient_addresses)).where(
            col(Message.id) == message_id, col(Message.outgoing), col(Message.message_id) != ""
        )
    ).first()
    if letter is None:
        return []
    named = select(col(CertifiedReport.message_id), col(CertifiedReport.address))
    rows = session.execute(named.where(col(CertifiedReport.letter) == letter.message_id))
    went = {"", *letter.recipient_addresses.split()}
    return sorted({receipt for receipt, address in rows if address in went})


def carried(session: Session, identifiers: Collection[str]) -> dict[tuple[str, int], int]:
    """A provider's name of a letter and the conversation -> the letter: answers know only that name."""
    rows = rows_of(session, _carried(), {"some": identifiers})
    return {(name, thread_id): letter for name, thread_id, letter in rows}


@cache
def _carried() -> Select[*tuple[Any, ...]]:
    return (
        select(col(CertifiedReport.identifier), col(Message.thread_id), col(Message.id))
        .join(Message, col(Message.message_id) == col(CertifiedReport.letter))
        .where(
            among_texts(col(CertifiedReport.identifier), "some"),
            col(CertifiedReport.letter) != "",
            col(Message.outgoing),
        )
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
    )
