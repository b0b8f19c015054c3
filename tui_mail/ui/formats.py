"""Dates, times, sums and names of records as people read them, in the user's language.

Hides which words go with a moment; how the language writes it is known to `i18n`.
"""

import re
from datetime import date as Day
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tui_mail import i18n
from tui_mail.db.rows import Chip
from tui_mail.i18n import _, names_and_patterns, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.kinds import abbreviation, is_party
from tui_mail.values import ENTITY_KINDS

if TYPE_CHECKING:
    from tui_mail.worker.schedule import Rule

_CODE = re.compile(r"(\d{4})/([^#]+)(#.+)?", re.ASCII)
_RECENT = timedelta(days=180)


def warm_up() -> None:
    """Read the language's names and patterns from their files, off the event loop."""
    locale = names_and_patterns()
    for names in (locale.months, locale.days):
        str(names["format"]["abbreviated"][1])
    money(Decimal(1), "EUR")


def _local(at: datetime) -> datetime:
    return at.astimezone()


def clock(at: datetime) -> SafeText:
    """`10:41`, in local time."""
    return safe(f"{_local(at):%H:%M}")


def short_day(day: Day, today: Day) -> SafeText:
    """`20 nov` within half a year, `12/11/25` beyond."""
    if abs(day - today) <= _RECENT:
        months = names_and_patterns().months["format"]["abbreviated"]
        return safe(f"{day.day} {months[day.month]}")
    return safe(f"{day:%d/%m/%y}")


def when(at: datetime, now: datetime) -> SafeText:
    """When a message came, for a list: `10:41`, `yesterday`, `20 nov`, `12/11/25`."""
    moment, today = _local(at), _local(now).date()
    if moment.date() == today:
        return clock(at)
    if moment.date() == today - timedelta(days=1):
        return safe(_("yesterday"))
    return short_day(moment.date(), today)


def when_briefly(at: datetime, now: datetime) -> SafeText:
    """When a message came, in a narrow place: `10:41`, `23 nov`, `12/11/25`."""
    moment, today = _local(at), _local(now).date()
    return clock(at) if moment.date() == today else short_day(moment.date(), today)


def when_in_full(at: datetime, now: datetime) -> SafeText:
    """When a message came, for its header: `today 10:41`, `20 nov 2025 10:41`."""
    moment, today = _local(at), _local(now).date()
    if moment.date() == today:
        return safe(_("today {time}").format(time=clock(at)))
    if moment.date() == today - timedelta(days=1):
        return safe(_("yesterday {time}").format(time=clock(at)))
    return moment_in_full(at)


def moment_in_full(at: datetime) -> SafeText:
    """A moment whatever today is: `20 nov 2025 10:41`."""
    return safe(i18n.moment(at))


def ago(seconds: float) -> SafeText:
    """How long since something, in the largest unit that is full: `3 s ago`, `5 min ago`."""
    for size, words in (
        (86400, _("{number} d ago")),
        (3600, _("{number} h ago")),
        (60, _("{number} min ago")),
    ):
        if seconds >= size:
            return safe(words.format(number=int(seconds // size)))
    return safe(_("{number} s ago").format(number=max(0, int(seconds))))


def weekday(day: Day) -> SafeText:
    """`mar 24 nov`."""
    locale = names_and_patterns()
    name = locale.days["format"]["abbreviated"][day.weekday()]
    return safe(f"{name} {day.day} {locale.months['format']['abbreviated'][day.month]}")


def day(value: Day) -> SafeText:
    """`24/11/2026`."""
    return safe(f"{value:%d/%m/%Y}")


def money(amount: Decimal, currency: str = "") -> SafeText:
    """`1.240,00 €`; without a currency only the figure."""
    return safe(i18n.money(amount, currency))


def number(value: Decimal) -> SafeText:
    """A quantity without idle zeros: `3`, `2,5`."""
    return safe(i18n.figure(value, 0, 4))


def language_name(code: str) -> SafeText:
    """`Italian` of `it` or `it_IT`; what is no code as it is."""
    short = re.split("[-_]", code.lower())[0]
    return safe(str(names_and_patterns().languages.get(short, code)))


def country_name(code: str) -> SafeText:
    """`Italy` of `IT`; what is no code as it is."""
    return safe(str(names_and_patterns().territories.get(code.upper(), code)))


def size(count: int) -> SafeText:
    """`84 kB`, `2,1 MB`."""
    if count < 1000:
        return safe(f"{count} B")
    if count < 1_000_000:
        return safe(f"{count // 1000} kB")
    return safe(f"{number(Decimal(count // 100_000) / 10)} MB")


def short_code(code: str, today: Day) -> SafeText:
    """What people call a document: this year's without the year.

    `2026/119` is `119`, `2026/A/88` is `88/A`, `2025/119` is `119/25`, `2026/41#2` is `41/2`.
    """
    kind, _colon, rest_of_it = code.partition(":")
    if kind in ENTITY_KINDS:  # a due item is named by its invoice, kind and all
        code = rest_of_it
    match = _CODE.fullmatch(code)
    if match is None:
        return safe(code)
    year, rest, instalment = match[1], match[2], (match[3] or "").replace("#", "/")
    parts = rest.split("/")
    named = "/".join([parts[-1], *parts[:-1]])
    short = named if int(year) == today.year else f"{named}/{year[2:]}"
    return safe(f"{short}{instalment}")


def record(kind: str, code: str, title: str, today: Day) -> SafeText:
    """A record in a few letters: `OC 119`, `FT 88/A`; a party by its name."""
    if is_party(kind) and title:
        return safe(title)
    return safe(f"{abbreviation(kind)} {short_code(code, today)}")


def chip(found: Chip, today: Day) -> SafeText:
    """A record beside a message, with the sign of its link: `FT 88/A ?`."""
    sign = {"confirmed": " ✓", "proposed": " ?"}.get(found.state, "")
    return safe(record(found.kind, found.code, found.title, today) + sign)


def kept(days: int | None, kib: int | None) -> SafeText:
    """Which files of an account may be with its server only; "" when all are here."""
    words = []
    if days is not None:
        text = ngettext(
            "files of mail older than {number} day",
            "files of mail older than {number} days",
            days,
        )
        words.append(text.format(number=days))
    if kib is not None:
        words.append(_("files of more than {number} KiB").format(number=kib))
    if not words:
        return SafeText("")
    return safe(_("on the server only: {files}").format(files=", ".join(words)))


def paced(rule: "Rule") -> SafeText:
    """How a mailbox is slowed down or stopped now, and what that means; "" when it is not."""
    if rule.paused and rule.until:
        text = _("paused by its schedule until {time}; letters go out all the same")
    elif rule.paused:
        text = _("paused: nothing is fetched and its server told nothing; letters go out")
    elif rule.rate and rule.until:
        text = _("at most {rate} KiB a second until {time}")
    elif rule.rate:
        text = _("at most {rate} KiB a second")
    else:
        return SafeText("")
    return safe(text.format(rate=rule.rate, time=rule.until))
