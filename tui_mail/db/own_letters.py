"""Letters of ours that messages name by a signed identifier, in a header field or in their text.

They are known by the signature though their copy is not here, and though a program dropped the
header fields of its answer. What is forged or cut is nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from tui_mail.db.among import among_texts
from tui_mail.db.knowledge import Described, OwnHouse
from tui_mail.db.secrets import letter_key
from tui_mail.db.tables import Entity, Outgoing, OutgoingLink, OutgoingRecipient
from tui_mail.linking.facts import Parent, ParentLink
from tui_mail.mail.own_ids import is_ours
from tui_mail.values import PARTY_KINDS, LinkState


def named_letters(
    session: Session, messages: Sequence[Described], own: OwnHouse
) -> dict[int, tuple[str, ...]]:
    """The identifiers of our letters that each message names, the nearest first."""
    key = letter_key(session)
    if key is None:
        return {}
    domains = sorted({one.rpartition("@")[2] for one in own.addresses})
    found = {}
    for one in messages:
        named = [
            header
            for reference in one.facts.mentions.references
            if is_ours(reference, key)
            for header in (f"{reference}@{domain}" for domain in domains)
        ]
        answered = [header for header in one.answers if is_ours(header.partition("@")[0], key)]
        if answered or named:
            found[one.message_id] = tuple(
                header for header in dict.fromkeys((*answered, *named)) if header != one.header
            )
    return found


def letters(session: Session, named: Mapping[int, Sequence[str]]) -> dict[str, Parent]:
    """What was sent, or is about to be, under these identifiers, as far as records were named."""
    headers = {header for some in named.values() for header in some}
    if not headers:
        return {}
    query: Select[*tuple[Any, ...]] = (
        select(
            col(Outgoing.id),
            col(Outgoing.message_id),
            col(Outgoing.subject),
            col(Outgoing.envelope_sender),
            col(Outgoing.created_at),
            col(Entity.id).label("entity_id"),
            col(Entity.kind),
            col(Entity.party_id),
            col(Entity.company),
            col(Entity.title),
            col(Entity.code),
        )
        .join(OutgoingLink, col(OutgoingLink.outgoing_id) == col(Outgoing.id))
        .join(Entity, col(Entity.id) == col(OutgoingLink.entity_id))
        .where(among_texts(col(Outgoing.message_id), "some"))
        .order_by(col(Outgoing.id), col(Entity.id))
    )
    rows = session.execute(query, {"some": headers}).all()
    people = _people(session, {row.id for row in rows})
    links: defaultdict[str, list[ParentLink]] = defaultdict(list)
    for row in rows:
        label = row.title if row.kind in PARTY_KINDS else row.code
        state = LinkState.CONFIRMED
        links[row.message_id].append(
            ParentLink(row.entity_id, row.kind, state, 100, row.party_id, row.company, label)
        )
    return {
        row.message_id: Parent(
            links=tuple(links[row.message_id]),
            participants=frozenset({row.envelope_sender.lower(), *people[row.id]}),
            subject=row.subject,
            date=row.created_at.date(),
        )
        for row in rows
    }


def _people(session: Session, letter_ids: Collection[int]) -> defaultdict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    if letter_ids:
        query = select(col(OutgoingRecipient.outgoing_id), col(OutgoingRecipient.address)).where(
            col(OutgoingRecipient.outgoing_id).in_(letter_ids)
        )
        for letter_id, address in session.execute(query):
            found[letter_id].add(address.lower())
    return found
