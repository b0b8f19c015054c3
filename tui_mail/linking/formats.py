"""Ways of writing a document's number that people have taught, by linking what was written so.

A way is the number with gaps: `OV-{yy}-{n}` for the order 123 of 2026 that somebody calls OV-26-123,
with the word before it where the signs alone say little (rif {n}/{yy}). Hides how a way is made of
one example and read again; whether the document exists, and whose it is, is looked up as ever.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tui_mail.linking.facts import KnownDocument
from tui_mail.linking.numbers import TYPED, NumberCandidate, Taught, canonical_number
from tui_mail.linking.tokens import Token

_RUNS = re.compile(r"[0-9]+|[A-Za-z]+|[^0-9A-Za-z]+")
_GAPS = {
    "{n}": r"(?P<n>[0-9]{1,10})",
    "{y}": r"(?P<y>(?:19|20)[0-9]{2})",
    "{yy}": r"(?P<yy>[0-9]{2})",
    "{s}": r"(?P<s>[A-Za-z]{1,4})",
}
_GAP = re.compile(r"(\{(?:n|y|yy|s)\})")
_WIDTH = re.compile(r"\{n:0([0-9]{1,2})\}")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SPEAKING = 2  # letters that need no word before them
_SHORTEST_REFERENCE = 3  # digits


@dataclass(frozen=True, slots=True)
class Format:
    """A way of writing the numbers of one kind of document.

    `written`: with gaps, after the word `lead` when that is not "". `meant`: how the ERP holds what
    is written so as the party's own reference, also with gaps; "" where it is our own number.
    """

    kind: str
    company: str
    written: str
    lead: str = ""
    meant: str = ""


def formats_taught(token: Token, document: KnownDocument) -> Iterator[Format]:
    """The ways that follow from a document's being meant by a token: none where that is not plain."""
    runs = _RUNS.findall(token.written)
    number = canonical_number(document.number)
    years = {str(document.year): "{y}", str(document.year)[2:]: "{yy}"} if document.year else {}
    if number.isdigit():
        written = _with_gaps(runs, number, years, document.series)
        if written:
            yield from _speaking(token, Format(document.kind, document.company, written))
    reference = _reference(document)
    if reference:
        number, years, meant = reference
        written = _with_gaps(runs, number, years, "")
        if written and ("{y}" not in meant or "{y" in written):
            found = Format(document.kind, document.company, written, meant=meant)
            yield from _speaking(token, found)


def candidates_of(token: Token, learned: Format, taught: Taught) -> Iterator[NumberCandidate]:
    """What a token means by a way that was taught; nothing when it is written otherwise."""
    if learned.lead and learned.lead != token.lead:
        return
    match = _pattern(learned.written).fullmatch(token.written)
    if match is None:
        return
    slots = match.groupdict()
    year = _year(slots)
    number = canonical_number(slots["n"])
    candidate = NumberCandidate(
        kinds=(learned.kind,),
        year=year,
        series=(slots.get("s") or "").upper(),
        number=number,
        strength=TYPED,
        found_in=token.found_in if learned.lead else token.written,
        place=token.place,
        taught=taught,
    )
    if not learned.meant:
        yield candidate
        return
    written = _filled(learned.meant, number, year)
    if written:
        yield NumberCandidate(
            kinds=(learned.kind,),
            whose="theirs",
            strength=TYPED,
            found_in=candidate.found_in,
            written=written,
            place=token.place,
            taught=taught,
        )


def _speaking(token: Token, found: Format) -> Iterator[Format]:
    """With the word before it, where there are hardly any letters; nothing when there is none."""
    letters = sum(one.isalpha() for one in _GAP.sub("", found.written))
    if letters >= _SPEAKING:
        yield found
    elif token.lead:
        yield Format(found.kind, found.company, found.written, token.lead, found.meant)


def _with_gaps(runs: list[str], number: str, years: dict[str, str], series: str) -> str:
    """The parts of a token as a way; "" where a part is not explained, or could be two things."""
    found = []
    for one in runs:
        if not one.isdigit():
            found.append("{s}" if series and one.upper() == series.upper() else one.upper())
            continue
        is_number, gap = canonical_number(one) == number, years.get(one, "")
        if is_number == bool(gap):  # neither, or both
            return ""
        found.append("{n}" if is_number else gap)
    once = all(found.count(gap) <= 1 for gap in _GAPS) and "{n}" in found
    return "".join(found) if once and not {"{y}", "{yy}"} <= {*found} else ""


def _reference(document: KnownDocument) -> tuple[str, dict[str, str], str] | None:
    """Number and years in the other side's reference, and the reference with gaps in their place."""
    runs = _RUNS.findall(document.their_reference)
    digits = [one for one in runs if one.isdigit()]
    years = [one for one in digits if _YEAR.fullmatch(one) and len(digits) > 1]
    numbers = [one for one in digits if one not in years]
    if (
        len(numbers) != 1
        or len(years) > 1
        or len(canonical_number(numbers[0])) < _SHORTEST_REFERENCE
    ):
        return None
    number = numbers[0]
    gap = f"{{n:0{len(number)}}}" if number.startswith("0") else "{n}"
    gaps = {number: gap} | dict.fromkeys(years, "{y}")
    year = years[0] if years else str(document.year or "")
    meant = "".join(gaps.get(one, one) for one in runs)
    return canonical_number(number), {year: "{y}", year[2:]: "{yy}"} if year else {}, meant


@lru_cache(maxsize=1024)
def _pattern(written: str) -> re.Pattern[str]:
    parts = (_GAPS.get(one) or re.escape(one) for one in _GAP.split(written))
    return re.compile("".join(parts), re.IGNORECASE)


def _year(slots: dict[str, str | None]) -> int | None:
    if slots.get("y"):
        return int(slots["y"] or 0)
    return 2000 + int(slots["yy"] or 0) if slots.get("yy") else None


def _filled(meant: str, number: str, year: int | None) -> str:
    """The reference as the ERP holds it; "" when it needs a year that is not said."""
    if "{y" in meant and year is None:
        return ""
    filled = meant.replace("{y}", str(year)).replace("{n}", number)
    return _WIDTH.sub(lambda found: number.zfill(int(found[1])), filled)
