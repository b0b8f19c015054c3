"""Notices of the exchange of invoices (SdI) that are here, by the numbers that it gave the invoices.

Only what the exchange itself wrote teaches; everybody may ask.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.among import among_texts
from tui_mail.db.bulk import insert_rows
from tui_mail.db.knowledge import Described
from tui_mail.db.tables import ExchangeNotice
from tui_mail.linking.facts import WRITTEN_KINDS
from tui_mail.linking.invoices import is_notice

Notices = Mapping[str, Sequence[int]]


def numbers_in(message: Described) -> tuple[str, ...]:
    """What a message says the exchange calls an invoice."""
    facts = message.facts
    return facts.mentions.keys.exchange if facts.kind in WRITTEN_KINDS else ()


def notices(session: Session, messages: Sequence[Described]) -> Notices:
    """Keep the notices among the messages; those of all numbers that the messages say, by number."""
    numbers = {number for one in messages for number in numbers_in(one)}
    if not numbers:
        return {}
    found = _known(session, numbers)
    said = {
        (number, one.message_id)
        for one in messages
        if is_notice(one.facts)
        for number in numbers_in(one)
    }
    new = sorted(pair for pair in said if pair[1] not in found.get(pair[0], ()))
    insert_rows(session, ExchangeNotice, [{"number": one, "message_id": key} for one, key in new])
    return _known(session, numbers) if new else found


def _known(session: Session, numbers: Collection[str]) -> dict[str, list[int]]:
    query = (
        select(col(ExchangeNotice.number), col(ExchangeNotice.message_id))
        .where(among_texts(col(ExchangeNotice.number), "some"))
        .order_by(col(ExchangeNotice.number), col(ExchangeNotice.message_id))
    )
    found: defaultdict[str, list[int]] = defaultdict(list)
    for number, message_id in session.execute(query, {"some": numbers}):
        found[number].append(message_id)
    return found
