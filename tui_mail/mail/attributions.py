"""Who wrote what is quoted, and when, out of the line or header block above it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Day
from itertools import pairwise

_MAX = 1_000
_MAX_NAME = 60

_MONTHS = {
    start: month
    for month, starts in enumerate(
        (
            "gen jan jän ene",
            "feb fév",
            "mar mär mrz",
            "apr avr abr",
            "mag may mai",
            "giu jun juin",
            "lug jul juil",
            "ago aug aoû",
            "set sep",
            "ott oct okt",
            "nov",
            "dic dec dez déc",
        ),
        1,
    )
    for start in starts.split()
}
_DAY_MONTH = re.compile(
    r"\b(\d{1,2})(?:\.|º|er)?[ -](?:de )?([^\W\d_]{3,10})\.?,?[ -](?:de )?(\d{2,4})\b"
)
_MONTH_DAY = re.compile(r"\b([^\W\d_]{3,10})[.]?[ -](\d{1,2}),? (\d{4})\b")
_ISO = re.compile(r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})\b")
_NUMERIC = re.compile(r"\b(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})\b")
_VERB = re.compile(
    r"\b(?:wrote|writes|said|ha(?:nno)? scritto|scrive|scriveva|schrieb|a écrit|escribió|escreveu"
    r"|написала?|пишет)\b",
    re.IGNORECASE,
)
_MAIL = re.compile(
    r"\[mailto:[^\[\]]{0,200}\]|<[^<>]{0,200}@[^<>]{0,200}>|\(?\b[\w.+-]{1,64}@[\w.-]{1,100}\)?|<[^<>]{0,200}>"
)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,100}")
_AFTER_TIME = re.compile(
    r".*\d(?:\s*(?:AM|PM|Uhr|h|GMT|UTC|CET|CEST)\b)*(?:\s*[+-]\d{4})?(?:\s*\([A-Z]{2,5}\))?[\s,:;-]*",
    re.IGNORECASE | re.DOTALL,
)
_OPENING = re.compile(
    r"^\s*(?:-+\s*)?(?:on|il(?: giorno)?|in data|am|le|el|em|a)\b[\s,]*", re.IGNORECASE
)
_FROM = re.compile(r"[\s*_]{0,4}(?:from|da|von|de)[*_ ]{0,3}:[*_]{0,2}\s*(.+)", re.IGNORECASE)
_SENT = re.compile(
    r"[\s*_]{0,4}(?:sent|date|inviato|data|gesendet|datum|envoyé|enviado|fecha)[*_ ]{0,3}:[*_]{0,2}\s*(.+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who wrote what is quoted (foreign text, "" when not told), and on which day."""

    who: str = ""
    day: Day | None = None


def origin_of(lines: Sequence[str]) -> Origin:
    """What an attribution ("On …, Luca wrote:") tells, or a header block ("Da: … Inviato: …")."""
    for line, following in pairwise([*lines[:10], ""]):
        sender = _FROM.match(line[:_MAX])
        if sender:
            rest = (_SENT.match(one[:_MAX]) for one in [following, *lines[:10]])
            sent = next((found[1] for found in rest if found), "")
            return Origin(_name(sender[1]), day_in(sent, day_first=True))
    joined = " ".join(line.strip() for line in lines[:4])[:_MAX]
    joined = joined.lstrip("> ")
    verb = _VERB.search(joined)
    if verb is None:
        return Origin()
    before, after = joined[: verb.start()], joined[verb.end() :].strip(" :")
    day_first = not joined[:3].lower().startswith("on ")
    told = after if after and verb[0].lower() == "schrieb" else before
    return Origin(_name(told), day_in(before, day_first=day_first))


def _name(text: str) -> str:
    """The name in what an attribution says of its author, else the address."""
    bare = _MAIL.sub(" ", text)
    found = _AFTER_TIME.match(bare)
    if found is not None and any(c.isalpha() for c in bare[found.end() :]):
        bare = bare[found.end() :]
    else:
        bare = "" if found is not None else _OPENING.sub("", bare)
    name = " ".join(bare.split()).strip(" ,:;\"'()[]-*_")
    if not name:
        address = _ADDRESS.search(text)
        name = address[0] if address else ""
    return name if len(name) <= _MAX_NAME else name[: _MAX_NAME - 1] + "…"


def day_in(text: str, *, day_first: bool) -> Day | None:
    """The day that a text names, in the languages of our users; None when it is not beyond doubt.

    `day_first`: 04/02 is in February; without it only what cannot be taken wrongly is.
    """
    text = text[:_MAX].lower()
    if found := _DAY_MONTH.search(text):
        day, name, year = found.groups()
        return _day(year, _month(name), day)
    if found := _MONTH_DAY.search(text):
        name, day, year = found.groups()
        return _day(year, _month(name), day)
    if found := _ISO.search(text):
        return _day(*found.groups())
    if found := _NUMERIC.search(text):
        first, second, year = found.groups()
        if int(second) > 12:
            return _day(year, first, second)
        if day_first or int(first) > 12 or first == second:
            return _day(year, second, first)
    return None


def _month(name: str) -> int:
    return _MONTHS.get(name[:4], 0) or _MONTHS.get(name[:3], 0)


def _day(year: str, month: int | str, day: str) -> Day | None:
    number = int(year)
    try:
        return Day(number + 2000 if number < 100 else number, int(month), int(day))
    except ValueError:
        return None
