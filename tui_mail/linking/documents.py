"""Signal: documents whose number stands in the subject, checked against the ERP and its parties."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date as Day

from tui_mail.linking import numbers
from tui_mail.linking.evidence import LIKELY, PROPOSE, SURE, Evidence
from tui_mail.linking.facts import Knowledge, KnownDocument, MessageFacts
from tui_mail.linking.numbers import NumberCandidate
from tui_mail.linking.reasons import Reason, reason
from tui_mail.linking.threads import is_answer

_NAKED = 2.5
_FOREIGN = -6.0
_NOBODY_KNOWN = -3.0
_NOT_FULLY_NAMED = -1.5
_OTHER_KIND = -1.0
_OLDER_VERSION = -2.0
_THEIR_NUMBER = -2.0
_CLOSED_LONG_AGO = -1.5
_SAME_DAY = 1.0
_OLD_DAYS, _VERY_OLD_DAYS = 730, 548
# Papers that the other side numbers: "our invoice 12" in a supplier's letter is one of these.
_NUMBERED_BY_THEM = frozenset({"purchase_invoice", "goods_receipt"})
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class _Match:
    candidate: NumberCandidate
    document: KnownDocument
    owned: bool


def subject_candidates(facts: MessageFacts) -> tuple[NumberCandidate, ...]:
    """What in the subject may be a number; an answer's subject does not tell whose words it has."""
    found = numbers.document_candidates(facts.subject, ours=facts.outgoing)
    if not is_answer(facts.subject):
        return found
    return tuple(replace(one, whose="") for one in found)


def document_evidence(
    facts: MessageFacts, knowledge: Knowledge, parties: Collection[int]
) -> tuple[Evidence, ...]:
    """Documents named in the subject. `parties`: who the other side is, as far as it is known."""
    found: list[Evidence] = []
    for candidate in subject_candidates(facts):
        matches = [
            _Match(candidate, document, document.party_id in parties)
            for document in knowledge.documents
            if _names(candidate, document)
        ]
        # When the other side owns one of them, nobody else's is meant.
        owned = [match for match in matches if match.owned]
        found.extend(_evidence(facts, owned or matches, anybody=bool(parties)))
    return tuple(found)


def _names(candidate: NumberCandidate, document: KnownDocument) -> bool:
    if document.kind not in candidate.kinds:
        return False
    if candidate.code:
        return document.code.upper() == candidate.code
    return (
        numbers.canonical_number(document.number) == candidate.number
        and candidate.year in {None, document.year}
        and candidate.series in {"", document.series.upper()}
        and candidate.version in {None, document.version}
    )


def _evidence(facts: MessageFacts, matches: list[_Match], *, anybody: bool) -> Iterator[Evidence]:
    unique = len(matches) == 1
    for match in matches:
        weight = _weight(facts, match, matches)
        if not match.owned:
            weight += _FOREIGN if anybody else _NOBODY_KNOWN
        full = match.candidate.strength >= numbers.DATED
        # A number alone, of somebody who has nothing to do with the message, is chance.
        if not match.owned and not full:
            continue
        document = match.document
        yield Evidence(
            entity_id=document.entity_id,
            kind=document.kind,
            company=document.company,
            method="number",
            weight=weight,
            why=_why(match, anybody=anybody),
            found_in=match.candidate.found_in,
            veto=not match.owned,
            suggest=(unique and full) or (match.owned and weight > -PROPOSE),
            group=f"number {match.candidate.span[0]}-{match.candidate.span[1]}",
        )


def _weight(facts: MessageFacts, match: _Match, matches: list[_Match]) -> float:
    candidate, document = match.candidate, match.document
    weight = {numbers.NAKED: _NAKED, numbers.TYPED: LIKELY}.get(candidate.strength, SURE)
    if not candidate.code and candidate.year and document.series and not candidate.series:
        weight += _NOT_FULLY_NAMED
    if candidate.year is None and not candidate.code and _days_old(facts, document) > _OLD_DAYS:
        weight += _CLOSED_LONG_AGO
    if candidate.date and candidate.date == document.date:
        weight += _SAME_DAY
    if _is_their_number(facts, candidate, document):
        weight += _THEIR_NUMBER
    if document.state == "closed" and _days_old(facts, document) > _VERY_OLD_DAYS:
        weight += _CLOSED_LONG_AGO
    return weight + _against_others(match, matches)


def _is_their_number(
    facts: MessageFacts, candidate: NumberCandidate, document: KnownDocument
) -> bool:
    """Whether the words name a number that the other side gave, and not the one in our books."""
    # In a fresh letter of a supplier, "invoice 12" is the supplier's number though no word says so.
    fresh = not (facts.outgoing or is_answer(facts.subject) or candidate.code or candidate.whose)
    theirs = candidate.whose == "theirs" or (fresh and document.kind == "purchase_invoice")
    if not theirs or document.kind not in _NUMBERED_BY_THEM:
        return theirs
    booked = {numbers.canonical_number(one) for one in _DIGITS.findall(document.their_reference)}
    return bool(booked) and candidate.number not in booked


def _against_others(match: _Match, matches: list[_Match]) -> float:
    """What speaks against one of several documents that the same words name."""
    kinds = match.candidate.kinds
    weight = 0.0
    others = [one.document for one in matches if one is not match]
    named_first = kinds.index(match.document.kind)
    typed = match.candidate.strength in {numbers.TYPED, numbers.DATED}
    if typed and any(kinds.index(other.kind) < named_first for other in others):
        weight += _OTHER_KIND
    if any(_is_newer_version(other, match.document) for other in others):
        weight += _OLDER_VERSION
    return weight


def _is_newer_version(other: KnownDocument, document: KnownDocument) -> bool:
    same = (other.company, other.kind, other.year, other.series, other.number) == (
        document.company,
        document.kind,
        document.year,
        document.series,
        document.number,
    )
    return same and other.version > document.version


def _days_old(facts: MessageFacts, document: KnownDocument) -> int:
    made = document.date
    if made is None and document.year and Day.min.year <= document.year <= Day.max.year:
        made = Day(document.year, 12, 31)
    return (facts.date - made).days if facts.date and made else 0


def _why(match: _Match, *, anybody: bool) -> Reason:
    words = match.candidate.found_in
    if match.owned:
        return reason("subject", words=words)
    if anybody:
        party = match.document.party_name or "–"
        return reason("subject_of_other", words=words, party=party)
    return reason("subject_of_nobody", words=words)
