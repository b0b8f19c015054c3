"""Finds what may be document numbers in a line or a text: candidates only, the ERP decides.

Hides the words that people of five languages put before a number, the shapes of a number (year
and series before or after it), the codes of common ERPs, and everything that only looks like one.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date as Day
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from tui_mail.linking import words
from tui_mail.values import DOCUMENT_KINDS

MOST_CANDIDATES = 50
_LONGEST_TEXT = 100_000
_LONGEST_PART = 30  # "scadenza n. 2 della "

_WIDTHS = (3, 4, 5, 6)  # to which ERPs fill numbers with zeros

# How much a candidate says about itself.
NAKED, TYPED, DATED, CODE = 1, 2, 3, 4

_SEPARATOR = r"[/\-_]"
_YEAR = r"(?:19|20)[0-9]{2}"
_END = r"(?![^\W_])(?!['.,/\-][0-9])"
# Each alternative is one way of writing number, series and year; the first that fits is taken.
_SHAPES = tuple(
    re.compile(shape + _END)
    for shape in (
        (
            rf"(?P<year>{_YEAR})[/\-](?P<series>[A-Za-z0-9]{{1,6}})[/\-](?P<number>[0-9]{{1,10}})"
            r"(?:\.(?P<version>[0-9]{1,2}))?(?:\#(?P<instalment>[0-9]{1,3}))?"
        ),
        (
            rf"(?P<year>{_YEAR})[/\-](?P<number>[0-9]{{1,10}})"
            r"(?:\.(?P<version>[0-9]{1,2}))?(?:\#(?P<instalment>[0-9]{1,3}))?"
        ),
        (
            rf"(?P<number>[0-9]{{1,10}}){_SEPARATOR}(?P<series>[A-Za-z]{{1,4}}){_SEPARATOR}"
            rf"(?P<year>{_YEAR}|[0-9]{{2}})"
        ),
        (
            rf"(?P<series>[A-Za-z]{{1,4}}){_SEPARATOR}(?P<number>[0-9]{{1,10}})/"
            rf"(?P<year>{_YEAR}|[0-9]{{2}})"
        ),
        rf"(?P<number>[0-9]{{1,10}}) ?{_SEPARATOR} ?(?P<year>{_YEAR})",
        r"(?P<number>[0-9]{1,10})/(?P<year>[0-9]{2})",
        r"(?P<number>[0-9]{1,10})/(?P<series>[0-9])",
        rf"(?P<number>[0-9]{{1,10}}){_SEPARATOR}?(?P<series>[A-Za-z]{{1,4}})",
        rf"(?P<series>[A-Za-z]{{1,4}}){_SEPARATOR}?(?P<number>[0-9]{{1,10}})",
        r"(?P<number>[0-9]{1,10})",
    )
)
_NAKED = re.compile(
    rf"(?<![\w/.,\-])(?:(?P<year>{_YEAR})/(?:(?P<series>[A-Za-z0-9]{{1,6}})/)?"
    r"(?P<number>[0-9]{1,7})(?:\.(?P<version>[0-9]{1,2}))?(?:\#(?P<instalment>[0-9]{1,3}))?"
    rf"|(?P<number_first>[0-9]{{1,7}})/(?:(?P<series_after>[A-Za-z]{{1,4}})/)?"
    rf"(?P<year_last>{_YEAR})){_END}"
)
_BEFORE_SLASH = re.compile(r"[0-9][0-9]*+/")
_DAY = re.compile(
    r"(?P<y>(?:19|20)[0-9]{2})[-/.](?P<m>[0-9]{1,2})[-/.](?P<d>[0-9]{1,2})(?![0-9])"
    r"|(?P<d2>[0-9]{1,2})[-/.](?P<m2>[0-9]{1,2})[-/.](?P<y2>(?:19|20)?[0-9]{2})(?![0-9])"
)
_OF_DAY = re.compile(
    r"[\s,_]{0,3}(?:del|dd|datata|dated|of|from|vom|du|de|del d[ií]a)\.?[\s_]{1,3}", re.IGNORECASE
)
_OF_YEAR = re.compile(
    rf"[\s,]{{0,3}}(?:del|anno|year|of|/|dell'anno)\s{{0,2}}(?P<year>{_YEAR})(?![0-9/\-]|\.[0-9])",
    re.IGNORECASE,
)
_PART = r"(?:rata|scadenza|instal+ment|rate|échéance|cuota|plazo)"
_PART_BEFORE = re.compile(
    rf"(?<![^\W_])(?:{_PART}\s{{1,2}}(?:n(?:r|o|um)?[.°º]?\s{{0,2}})?(?P<n>[0-9]{{1,2}})"
    rf"|(?P<nth>[0-9]{{1,2}})(?:[.ªa°]|st|nd|rd|th)?\s{{1,2}}{_PART})"
    r"\s{1,2}(?:(?:dell[ao]|di|of|der|de|du|su|on|per)\s{1,2}(?:la\s|the\s)?)?\Z",
    re.IGNORECASE,
)
_PART_AFTER = re.compile(
    rf"(?:[\s,]{{0,3}}(?:del|of|vom|du|de|dated)\s{{1,2}}[0-9][0-9./\-]{{1,9}})?[\s,(\-–]{{1,4}}{_PART}\s{{1,2}}(?:n(?:r|o|um)?[.°º]?\s{{0,2}})?(?P<n>[0-9]{{1,2}})(?![0-9/.,\-])",
    re.IGNORECASE,
)
_REVISION = re.compile(
    r"[\s,_\-(]{0,3}(?:revisione|revision|versione|version|rev|vers|ver|v)\.?[\s_]{0,2}"
    r"(?P<version>[0-9]{1,2})(?![0-9])",
    re.IGNORECASE,
)


class Taught(Struct, frozen=True, array_like=True):
    """In how many conversations people have linked what was written so to documents of `company`, by
    party, as it is the party's own way; party 0: by whoever writes.
    """

    company: str
    times: tuple[tuple[int, int], ...]

    def times_of(self, company: str, party_id: int | None) -> int:
        """How often it was taught of documents of this company and party; 0 for never."""
        ours = dict(self.times) if company == self.company else {}
        return ours.get(0, 0) or ours.get(party_id or 0, 0)


class NumberCandidate(Struct, frozen=True, array_like=True):
    """Words that may name a document.

    `kinds`: what it can be, likeliest first. `number` is without leading zeros; `code` is the
    whole code in upper case where the words are one (then `number` is ""). `whose`: "ours" when
    the words say that we gave the number, "theirs" when the other side did, "" when they don't
    tell. `strength`: NAKED < TYPED < DATED < CODE. `span`: where in the text `found_in` stands.
    `written`: the number alone as it stands there; `place`: which part of the message it is in.
    `taught`: it is read so only because people have taught it.
    """

    kinds: tuple[str, ...]
    year: int | None = None
    series: str = ""
    number: str = ""
    version: int | None = None
    code: str = ""
    date: Day | None = None
    whose: str = ""
    strength: int = TYPED
    found_in: str = ""
    span: tuple[int, int] = (0, 0)
    written: str = ""
    place: str = "subject"
    taught: Taught | None = None

    def names(self, kind: str, year: int | None, series: str, version: int) -> bool:
        """Whether a document of this number, which is what it says, may be meant."""
        return (
            kind in self.kinds
            and (self.year is None or self.year == year)
            and (not self.series or self.series == series.upper())
            and (self.version is None or self.version == version)
        )


def days_in(text: str) -> tuple[Day, ...]:
    """The days that a text names with their year, each once, in its order."""
    days = (_day(match) for match in _DAY.finditer(text))
    return tuple(dict.fromkeys(day for day in days if day))


def canonical_number(number: str) -> str:
    """The form in which numbers are compared: upper case, without blanks and leading zeros."""
    plain = number.strip().upper()
    return plain.lstrip("0") or ("0" if plain else "")


def canonical_code(code: str) -> str:
    """The form in which codes are compared: upper case, the last number without leading zeros."""
    plain = code.strip().upper()
    head = plain.rstrip("0123456789")
    return head + (plain[len(head) :].lstrip("0") or "0") if head != plain else plain


def codes_like(code: str) -> Iterator[str]:
    """A code as it may stand in the ERP, when people leave out the zeros of `INV/2026/00042`."""
    yield code
    head = code.rstrip("0123456789")
    digits = code[len(head) :]
    if head.endswith(("/", "-")):
        yield from (head + digits.zfill(width) for width in _WIDTHS if width > len(digits))


def document_candidates(text: str, *, ours: bool) -> tuple[NumberCandidate, ...]:
    """What in `text` may be a document number, in order, at most 50; `ours`: we wrote the text.

    Linear in the text, of which the first 100,000 characters count; never raises.
    """
    text = text[:_LONGEST_TEXT]
    decoys: _Decoys | None = None  # most texts name nothing, and need none
    found: dict[tuple[object, ...], NumberCandidate] = {}
    for candidate in chain(_codes(text), _typed(text, ours=ours), _naked(text)):
        key = (candidate.year, candidate.series, candidate.number, candidate.code)
        if key in found:
            continue
        decoys = decoys or _Decoys(text)
        if not decoys.cover(candidate.span):
            found[key] = candidate
        if len(found) == MOST_CANDIDATES:
            break
    return tuple(sorted(found.values(), key=lambda candidate: candidate.span))


class _Decoys:
    """The places that only look like numbers of documents."""

    def __init__(self, text: str) -> None:
        spans = sorted(match.span() for match in words.DECOY.finditer(text))
        spans.extend(match.span() for match in _DAY.finditer(text) if _day(match))
        self._spans = sorted(spans)
        self._starts = [start for start, _ in self._spans]

    def cover(self, span: tuple[int, int]) -> bool:
        """Whether the end of `span`, where the number stands, lies in a decoy."""
        last = span[1] - 1
        index = bisect_left(self._starts, last + 1) - 1
        return any(start <= last < end for start, end in self._spans[max(0, index - 1) : index + 1])


def _codes(text: str) -> Iterator[NumberCandidate]:
    if not words.MAY_BE_CODE.search(text):
        return
    for match in words.CODE.finditer(text):
        kinds = words.CODE_KINDS.get(match["prefix"].upper(), DOCUMENT_KINDS)
        yield NumberCandidate(
            kinds=kinds,
            code=match[0].upper(),
            strength=CODE,
            found_in=match[0],
            span=match.span(),
            written=match[0],
        )


def _typed(text: str, *, ours: bool) -> Iterator[NumberCandidate]:
    for head in words.heads(text):
        name = head.lastgroup or ""
        kinds = words.KINDS[name]
        mark = words.MARK.match(text, head.end())
        position = mark.end() if mark else head.end()
        whose = words.whose(head["owner"] or (mark["owner"] if mark else None) or "", ours=ours)
        several = head[name].lower() not in words.SINGULAR
        run = list(_run(text, position, several=several))
        years = [one.year for one in run if one.year]
        for one in run:
            candidate = replace(one, kinds=kinds, whose=whose)
            if one.year is None and len(set(years)) == 1 and len(run) > 1:
                candidate = replace(candidate, year=years[0], strength=DATED)
            first = one.span[0] == run[0].span[0]
            start = head.start() if first else one.span[0]
            words_found = text[start : one.span[1]]
            candidate = replace(candidate, found_in=words_found, span=(start, one.span[1]))
            yield candidate
            if "invoice" in kinds and candidate.year:
                yield from _instalment(text, candidate, one.span[0])


def _instalment(text: str, invoice: NumberCandidate, number: int) -> Iterator[NumberCandidate]:
    """The instalment of an invoice that is named with it, as the ERP calls it; `number`: where the
    invoice's number stands."""
    start, end = invoice.span
    before = _PART_BEFORE.search(text, max(0, start - _LONGEST_PART), start)
    after = _PART_AFTER.match(text, end)
    part = (before["n"] or before["nth"]) if before else after["n"] if after else ""
    if part:
        parts = (str(invoice.year), invoice.series, invoice.number)
        yield NumberCandidate(
            kinds=("due_item",),
            code=f"{'/'.join(filter(None, parts))}#{int(part)}",
            whose=invoice.whose,
            strength=CODE,
            found_in=text[before.start() if before else start : after.end() if after else end],
            span=(number, after.end() if after else end),
            written=invoice.written,
        )


def _run(text: str, position: int, *, several: bool) -> Iterator[NumberCandidate]:
    """The numbers that follow one type word: one, or a list of them."""
    for _ in range(MOST_CANDIDATES):
        readings = _readings(text, position)
        yield from readings
        following = words.AND.match(text, readings[0].span[1]) if readings and several else None
        if not following:
            return
        position = following.end()


def _readings(text: str, position: int) -> list[NumberCandidate]:
    """How the number at `position` can be read; two ways where both parts could be the year."""
    for shape in _SHAPES:
        match = shape.match(text, position)
        if match:
            break
    else:
        return []
    slots = match.groupdict()
    candidate = NumberCandidate(
        kinds=(),
        year=_year(slots.get("year")),
        series=(slots.get("series") or "").upper(),
        number=canonical_number(slots["number"]),
        version=int(slots["version"]) if slots.get("version") else None,
        span=match.span(),
        written=match[0],
    )
    candidate = _with_tail(text, candidate)
    strength = DATED if candidate.year else TYPED
    readings = [replace(candidate, strength=strength)]
    other_way = _year(slots["number"]) if len(slots["number"]) == 4 else None
    if slots.get("year") and len(slots["year"]) == 4 and other_way and not candidate.series:
        readings.append(
            replace(readings[0], year=other_way, number=canonical_number(slots["year"]))
        )
    return readings


def _with_tail(text: str, candidate: NumberCandidate) -> NumberCandidate:
    """`candidate` with the revision, year or day that is written after the number."""
    start, end = candidate.span
    revision = _REVISION.match(text, end)
    if revision:
        candidate = replace(candidate, version=int(revision["version"]))
        end = revision.end()
    lead = _OF_DAY.match(text, end)
    day = _DAY.match(text, lead.end()) if lead else None
    read = _day(day) if day else None
    if read and day:
        # A number of an older year is quoted with that year, so the day only fills a gap.
        return replace(candidate, date=read, year=candidate.year or read.year, span=(start, end))
    year = _OF_YEAR.match(text, end)
    if year and candidate.year is None:
        candidate = replace(candidate, year=int(year["year"]))
    return replace(candidate, span=(start, end))


def _naked(text: str) -> Iterator[NumberCandidate]:
    if "/" not in text:
        return
    end = 0
    for before in _BEFORE_SLASH.finditer(text):  # much faster than what may not stand before it
        match = _NAKED.match(text, before.start()) if before.start() >= end else None
        if match is None:
            continue
        end = match.end()
        number = match["number"] or match["number_first"]
        # 03/2026 and 2026/03 are months.
        month = not match["series"] and not match["series_after"] and len(number) <= 2
        if month and 1 <= int(number) <= 12:
            continue
        series = (match["series"] or match["series_after"] or "").upper()
        instalment = match["instalment"]
        yield NumberCandidate(
            kinds=("due_item",) if instalment else DOCUMENT_KINDS,
            year=int(match["year"] or match["year_last"]),
            series=series,
            number="" if instalment else canonical_number(number),
            code=match[0].upper() if instalment else "",
            version=int(match["version"]) if match["version"] else None,
            strength=CODE if instalment else NAKED,
            found_in=match[0],
            span=match.span(),
            written=match[0],
        )


def _year(digits: str | None) -> int | None:
    if not digits:
        return None
    if len(digits) == 2:
        return 2000 + int(digits) if int(digits) < 80 else 1900 + int(digits)
    return int(digits) if 1980 <= int(digits) <= 2099 else None


def _day(match: re.Match[str]) -> Day | None:
    year = _year(match["y"] or match["y2"])
    month, day = int(match["m"] or match["m2"]), int(match["d"] or match["d2"])
    if match["m2"] and month > 12:
        month, day = day, month
    if year is None:
        return None
    try:
        return Day(year, month, day)
    except ValueError:
        return None
