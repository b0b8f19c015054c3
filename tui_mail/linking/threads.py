"""Signal: what the answered message is linked to. Knows when a conversation hands its links on."""

from collections.abc import Collection
from functools import cache

from msgspec.structs import replace

from tui_mail.linking.evidence import CERTAIN, LIKELY, Evidence, score_of
from tui_mail.linking.facts import Knowledge, MessageFacts, Parent, ParentLink
from tui_mail.linking.reasons import reason
from tui_mail.linking.subjects import bare_subject
from tui_mail.values import PARTY_KINDS, LinkState

_STEP = 0.5
_STRANGER = 1.5
_LONG_AGO = 2.0
_LONG_SILENCE_DAYS = 180
_SCORES = {score_of(weight / 10): weight / 10 for weight in range(-50, 61)}


def thread_evidence(
    facts: MessageFacts,
    knowledge: Knowledge,
    parties: Collection[int],
    present: Collection[int],
    *,
    documents: bool,
) -> tuple[Evidence, ...]:
    """What the links of the parent say; `documents`: whether those to documents are handed on.

    A document comes down a conversation by itself only while its party, one of `parties`, is on it.
    `present`: parties whose people are surely on the message; one of them who was not on the
    parent is no stranger to what is theirs.
    """
    parent = knowledge.parent
    if parent is None:
        return ()
    takes_up, late = takes_part(facts, parent), _is_late(facts, parent)
    links = [link for link in parent.links if documents or link.kind in PARTY_KINDS]
    found = (
        _inherited(link, parties, known_here=takes_up or _whose(link) in present, late=late)
        for link in links
        if _stands(link)
    )
    if parent.certified:
        return tuple(replace(one, why=reason("receipt_of")) for one in found)
    return tuple(found)


def _whose(link: ParentLink) -> int | None:
    return link.entity_id if link.kind in PARTY_KINDS else link.party_id


def _stands(link: ParentLink) -> bool:
    return link.state is not LinkState.REJECTED


def takes_part(facts: MessageFacts, parent: Parent) -> bool:
    """Whether somebody of the other side was on the answered message already, or vouches for it."""
    return parent.certified or any(
        one.address in parent.participants for one in facts.correspondents
    )


def is_new_matter(facts: MessageFacts, parent: Parent) -> bool:
    """Whether an old message was taken to write about something else: long after, new subject."""
    return _is_late(facts, parent) and bare_subject(facts.subject) != bare_subject(parent.subject)


def takes_old_subject(facts: MessageFacts, parent: Parent) -> bool:
    """Whether the subject is that of an old message, so that what it names is old too."""
    return _is_late(facts, parent) and bare_subject(facts.subject) == bare_subject(parent.subject)


def _is_late(facts: MessageFacts, parent: Parent) -> bool:
    if facts.date is None or parent.date is None:
        return False
    return abs((facts.date - parent.date).days) > _LONG_SILENCE_DAYS


def _inherited(
    link: ParentLink, parties: Collection[int], *, known_here: bool, late: bool
) -> Evidence:
    is_party = link.kind in PARTY_KINDS
    confirmed = link.state is LinkState.CONFIRMED
    at_home = is_party or link.party_id in parties or (link.party_id is None and confirmed)
    asked = link.state is LinkState.PROPOSED and not is_party
    weight = _weight(link, known_here=known_here)
    return Evidence(
        entity_id=link.entity_id,
        kind=link.kind,
        company=link.company,
        method="thread",
        # Whoever needs an address takes an old letter and leaves its subject: only a person knows.
        weight=min(weight, _LONG_AGO) if late and not is_party else weight,
        why=reason(_why(known_here=known_here, late=late and not is_party)),
        veto=not known_here or not at_home or asked,
        suggest=link.state is not LinkState.PROPOSED,
    )


def _why(*, known_here: bool, late: bool) -> str:
    if not known_here:
        return "stranger_in_thread"
    return "late" if late else "thread"


def _weight(link: ParentLink, *, known_here: bool) -> float:
    confirmed = link.state is LinkState.CONFIRMED
    weight = (CERTAIN if confirmed else _weight_of(link.score)) - _STEP
    if not known_here:
        return min(weight, _STRANGER)
    # A long conversation is no less about its order than a short one: what was sure stays so.
    return weight if link.state is LinkState.PROPOSED else max(weight, LIKELY)


@cache
def _weight_of(score: int) -> float:
    return _SCORES[min(_SCORES, key=lambda known: (abs(known - score), known))]
