"""Signal: documents whose number a message says, checked against the ERP and its parties."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date as Day

from tui_mail.linking import numbers
from tui_mail.linking.evidence import LIKELY, PROPOSE, SURE, Evidence
from tui_mail.linking.facts import Knowledge, KnownDocument, MessageFacts
from tui_mail.linking.mentions import FILE, NAME, PLACES, QUOTED, SUBJECT, TEXT
from tui_mail.linking.numbers import NumberCandidate
from tui_mail.linking.reasons import Reason, reason
from tui_mail.linking.subjects import is_answer

_NAKED = 2.5
_FOREIGN = -6.0
_NOBODY_KNOWN = -3.0
_NOT_FULLY_NAMED = -1.5
_EXACTLY_ANOTHER = -1.0
_OTHER_KIND = -1.0
_OLDER_VERSION = -2.0
_THEIR_NUMBER = -2.0
_IN_PASSING = -2.0
_TAKEN_OVER = 1.0  # at most
_NOT_MADE_YET = -4.0
_DAYS_AHEAD = 7  # of a document that is dated after what it was announced in
# What a place takes from a number that is said there.
_PLACE = {SUBJECT: 0.0, TEXT: 0.0, NAME: -1.0, FILE: -2.0, QUOTED: -4.5}
_OLD_QUOTE_DAYS = 180
_ALONE_QUOTED = -2.0
_LISTED = -3.0
_MOST_MEANT = 4  # of documents said beside each other: more are a list, which is about none of them
_SHORTEST_REFERENCE = 3
_CLOSED_LONG_AGO = -1.5
# Of a way of writing that was taught in one conversation, in two, in more: once may be chance.
_TAUGHT = (1.5, LIKELY, 3.5, 4.0)
_SAME_DAY = 1.0
_OLD_DAYS, _VERY_OLD_DAYS = 730, 548
# Papers that the other side numbers: "our invoice 12" in a supplier's letter is one of these.
_NUMBERED_BY_THEM = frozenset({"purchase_invoice", "goods_receipt"})
_DIGITS = re.compile(r"[0-9]+")


# The other side's papers, and what they are in our books.
_ALSO = {
    "purchase_order": ("sales_order",),
    "sales_order": ("purchase_order",),
    "invoice": ("purchase_invoice",),
    "purchase_invoice": ("invoice",),
    "delivery_note": ("goods_receipt",),
    "goods_receipt": ("delivery_note",),
}


@dataclass(frozen=True, slots=True)
class _Match:
    candidate: NumberCandidate
    document: KnownDocument
    owned: bool
    referred: bool = False  # by the other side's own reference


@dataclass(frozen=True, slots=True)
class _Told:
    facts: MessageFacts
    knowledge: Knowledge


def document_evidence(
    facts: MessageFacts, knowledge: Knowledge, parties: Collection[int]
) -> tuple[Evidence, ...]:
    """Documents that the message names. `parties`: who the other side is, as far as it is known."""
    if not knowledge.documents:
        return ()
    named = [*_named(facts, knowledge, parties)]
    places: defaultdict[str, set[int]] = defaultdict(set)
    for matches in named:
        for match in matches:
            if match.owned:
                places[_place(facts, match.candidate)].add(match.document.entity_id)
    return tuple(
        one
        for matches in named
        for one in _evidence(_Told(facts, knowledge), matches, places, anybody=bool(parties))
    )


def is_named(facts: MessageFacts, document: KnownDocument) -> bool:
    """Whether the grammar alone reads some number of the message as this document's."""
    return any(_names(one, document) or _refers(one, document) for one in facts.mentions.candidates)


def _named(
    facts: MessageFacts, knowledge: Knowledge, parties: Collection[int]
) -> Iterator[list[_Match]]:
    """What each candidate names; nothing foreign where the other side owns something of it."""
    for candidate in facts.mentions.candidates:
        matches = [
            _Match(candidate, document, document.party_id in parties)
            for document in knowledge.documents
            if _names(candidate, document)
        ]
        owned = [match for match in matches if match.owned]
        # The other side's own reference says something only of what is theirs.
        referred = [
            _Match(candidate, document, owned=True, referred=True)
            for document in knowledge.documents
            if document.party_id in parties and _refers(candidate, document)
        ]
        theirs = candidate.whose == "theirs" and referred
        if theirs or owned or referred or matches:
            yield theirs or owned or referred or matches


def _place(facts: MessageFacts, candidate: NumberCandidate) -> str:
    """Where a number is said; of a letter that is passed on, what it says counts as the text."""
    if candidate.place == QUOTED and facts.passed_on:
        return TEXT
    return candidate.place


def _refers(candidate: NumberCandidate, document: KnownDocument) -> bool:
    """Whether a number is the other side's reference of a document."""
    if not document.their_reference or candidate.whose == "ours":
        return False
    if not _is_of_those_taught(candidate, document):
        return False
    written = candidate.written.upper()
    kinds = {one for kind in candidate.kinds for one in (kind, *_ALSO.get(kind, ()))}
    return (
        len(written) >= _SHORTEST_REFERENCE
        and document.kind in kinds
        and written == document.their_reference.upper()
    )


def _is_of_those_taught(candidate: NumberCandidate, document: KnownDocument) -> bool:
    """Whether a way of writing that people have taught is that of this document's house."""
    taught = candidate.taught
    return taught is None or taught.times_of(document.company, document.party_id) > 0


def _names(candidate: NumberCandidate, document: KnownDocument) -> bool:
    if document.kind not in candidate.kinds or not _is_of_those_taught(candidate, document):
        return False
    if candidate.code:
        return numbers.canonical_code(document.code) == numbers.canonical_code(candidate.code)
    if not candidate.number:
        return False
    same = numbers.canonical_number(document.number) == candidate.number
    return same and candidate.names(document.kind, document.year, document.series, document.version)


def _evidence(
    told: _Told,
    matches: list[_Match],
    places: dict[str, set[int]],
    *,
    anybody: bool,
) -> Iterator[Evidence]:
    unique = len(matches) == 1
    for match in matches:
        weight = _weight(told, match, matches, places)
        if not match.owned:
            weight += _FOREIGN if anybody else _NOBODY_KNOWN
        full = match.candidate.strength >= numbers.DATED
        place = _place(told.facts, match.candidate)
        # A number alone, of somebody who has nothing to do with the message, is chance; so is
        # whatever is said of strangers elsewhere than in the words of who writes.
        if not match.owned and not (full and place in {SUBJECT, TEXT}):
            continue
        # That old words say it again makes it no less likely.
        if match.owned and place == QUOTED and weight <= 0:
            continue
        document = match.document
        yield Evidence(
            entity_id=document.entity_id,
            kind=document.kind,
            company=document.company,
            method="reference" if match.referred else _METHODS[place],
            weight=weight,
            why=_why(match, place, anybody=anybody),
            found_in=match.candidate.found_in,
            veto=not match.owned,
            suggest=(unique and full and place in {SUBJECT, TEXT})
            or (match.owned and weight > -PROPOSE),
            group=_group(match.candidate),
        )


_METHODS = {
    SUBJECT: "number",
    TEXT: "text",
    NAME: "file_name",
    FILE: "file_text",
    QUOTED: "quoted",
}


def _group(candidate: NumberCandidate) -> str:
    return f"{candidate.place} {candidate.found_in} {candidate.span[0]}-{candidate.span[1]}"


def _weight(
    told: _Told, match: _Match, matches: list[_Match], places: dict[str, set[int]]
) -> float:
    facts, knowledge = told.facts, told.knowledge
    candidate, document = match.candidate, match.document
    weight = _of_number(facts, match, knowledge) + _against_others(match, matches)
    if candidate.date and candidate.date == document.date:
        weight += _SAME_DAY
    if document.state == "closed" and _days_old(facts, document) > _VERY_OLD_DAYS:
        weight += _CLOSED_LONG_AGO
    if _days_old(facts, document) < -_DAYS_AHEAD:
        weight += _NOT_MADE_YET
    answer, place = is_answer(facts.subject), _place(facts, candidate)
    # An old letter that was taken to write about something else quotes old documents.
    recent = _days_old(facts, document) <= _OLD_QUOTE_DAYS
    alone = answer and recent and knowledge.parent is None
    weight += _of_place(place, document, places, alone=alone)
    said = places.get(TEXT, set())
    if answer and place in {SUBJECT, QUOTED} and said and document.entity_id not in said:
        # Its words were there before: what is written now says what it is about.
        return min(weight, _TAKEN_OVER)
    return weight


def _of_number(facts: MessageFacts, match: _Match, knowledge: Knowledge) -> float:
    candidate, document = match.candidate, match.document
    if candidate.taught:
        times = candidate.taught.times_of(document.company, document.party_id)
        weight = _TAUGHT[min(times, len(_TAUGHT)) - 1]
        old = candidate.year is None and _days_old(facts, document) > _OLD_DAYS
        return weight + (_CLOSED_LONG_AGO if old else 0.0)
    if match.referred:
        return LIKELY + (_SAME_DAY if candidate.whose == "theirs" else 0.5)
    weight = {numbers.NAKED: _NAKED, numbers.TYPED: LIKELY}.get(candidate.strength, SURE)
    if not candidate.code and candidate.year and document.series and not candidate.series:
        weight += _NOT_FULLY_NAMED
        if _is_exactly_another(candidate, document, knowledge):
            weight += _EXACTLY_ANOTHER
    if candidate.year is None and not candidate.code and _days_old(facts, document) > _OLD_DAYS:
        weight += _CLOSED_LONG_AGO
    if _is_their_number(facts, candidate, document):
        weight += _THEIR_NUMBER
    return weight


def _of_place(
    place: str, document: KnownDocument, places: dict[str, set[int]], *, alone: bool
) -> float:
    """What the place takes, and what is said beside it or in a place that tells more.

    `alone`: nothing is known that the message answers.
    """
    before = PLACES[: PLACES.index(place)]
    elsewhere = {one for earlier in before for one in places.get(earlier, ())}
    here = places.get(place, set()) | {document.entity_id}
    if elsewhere:
        weight = _PLACE[place] + (0.0 if document.entity_id in elsewhere else _IN_PASSING)
    elif place == QUOTED and alone and len(here) == 1:
        # All that is known of an answer whose program dropped the rest.
        weight = _ALONE_QUOTED
    else:
        weight = _PLACE[place]
    return weight + (_LISTED if place != SUBJECT and len(here) > _MOST_MEANT else 0.0)


def _is_exactly_another(
    candidate: NumberCandidate, document: KnownDocument, knowledge: Knowledge
) -> bool:
    """Whether a document of the same books has just this number, without a series: the words may be
    of that one, mistyped, though it is somebody else's."""
    return any(
        one.company == document.company
        and one.kind == document.kind
        and not one.series
        and _names(candidate, one)
        for one in knowledge.documents
    )


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
    named_first = _place_of(match.document.kind, kinds)
    typed = match.candidate.strength in {numbers.TYPED, numbers.DATED}
    if typed and any(_place_of(one.kind, kinds) < named_first for one in others):
        weight += _OTHER_KIND
    if any(_is_newer_version(other, match.document) for other in others):
        weight += _OLDER_VERSION
    return weight


def _place_of(kind: str, kinds: tuple[str, ...]) -> int:
    return kinds.index(kind) if kind in kinds else len(kinds)


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


def _why(match: _Match, place: str, *, anybody: bool) -> Reason:
    words = match.candidate.found_in
    if match.candidate.taught is not None:
        document = match.document
        times = match.candidate.taught.times_of(document.company, document.party_id)
        once = times == 1
        return reason("format_once" if once else "format", words=words, count=str(times))
    if match.referred:
        return reason("reference", words=words)
    if match.owned:
        return reason(place, words=words)
    of_other = "of_other" if anybody else "of_nobody"
    if anybody:
        party = match.document.party_name or "–"
        return reason(f"{place}_{of_other}", words=words, party=party)
    return reason(f"{place}_{of_other}", words=words)
