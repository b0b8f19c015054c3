"""How mail programs answer and forward: prefixes, quotes, and the headers that they keep or drop."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scripts.evaluate_links.letter import Event, seen_text

_MONTHS = {
    "it": ["gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}
_LONG_MONTHS = {
    "it": [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
_DAYS = {
    "it": ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
STRANGE_PREFIXES = ("AW: ", "SV: ", "RIF: ", "R: ", "Antw: ", "RE: R: ", "[EXTERNAL] Re: ", "Odp: ")


@dataclass(frozen=True, slots=True)
class Client:
    """A mail program. `quoted`: what it puts under the new text; `before`: it puts that above."""

    name: str
    prefixes: tuple[str, str]  # Italian, English
    quoted: Callable[[Event, str], str]
    html: bool = False
    references: bool = True
    foot: tuple[str, str] = ("", "")

    def subject(self, original: str, language: str) -> str:
        """The subject of an answer."""
        prefix = self.prefixes[language != "it"]
        if original.lower().startswith(("re:", "r:", "rif:")):
            return original
        return prefix + original

    def text(self, new: str, original: Event | None, language: str) -> str:
        """The whole text of an answer; without a quote when there is no `original`."""
        foot = self.foot[language != "it"]
        said = f"{new}\n\n{foot}" if foot else new
        return f"{said}\n\n{self.quoted(original, language)}\n" if original else f"{said}\n"


def _moment(at: datetime, language: str) -> tuple[str, str]:
    month = _MONTHS[language][at.month - 1]
    return f"{at.day} {month} {at.year}", f"{at.hour:02}:{at.minute:02}"


def _marked(text: str) -> str:
    return "\n".join(
        f">{line}" if line.startswith(">") else f"> {line}" for line in text.split("\n")
    )


def _gmail(original: Event, language: str) -> str:
    day, time = _moment(original.at, language)
    who = f"{original.sender.name} <{original.sender.address}>"
    if language == "it":
        weekday = _DAYS["it"][original.at.weekday()][:3]
        intro = f"Il giorno {weekday} {day} alle ore {time} {who} ha scritto:"
    else:
        intro = f"On {_DAYS['en'][original.at.weekday()][:3]}, {day} at {time} {who} wrote:"
    return f"{intro}\n\n{_marked(seen_text(original.raw))}"


def _ios(original: Event, language: str) -> str:
    day, time = _moment(original.at, language)
    who = f"{original.sender.name} <{original.sender.address}>"
    intro = (
        f"Il giorno {day}, alle ore {time}, {who} ha scritto:"
        if language == "it"
        else f"On {day}, at {time}, {who} wrote:"
    )
    return f"> {intro}\n> \n{_marked(seen_text(original.raw))}"


def outlook_block(original: Event, language: str) -> str:
    """The header lines that Outlook puts above what it quotes or forwards."""
    at = original.at
    day = f"{at.day} {_LONG_MONTHS[language][at.month - 1]} {at.year} {at.hour:02}:{at.minute:02}"
    weekday = _DAYS[language][at.weekday()]
    to = "; ".join(one.name for one in original.to)
    names = (
        ("Da", "Inviato", "A", "Oggetto") if language == "it" else ("From", "Sent", "To", "Subject")
    )
    values = (
        f"{original.sender.name} <{original.sender.address}>",
        f"{weekday} {day}" if language == "it" else f"{weekday}, {day}",
        to,
        original.subject,
    )
    return "\n".join(f"{name}: {value}" for name, value in zip(names, values, strict=True))


def _outlook(original: Event, language: str) -> str:
    return f"{outlook_block(original, language)}\n\n{seen_text(original.raw)}"


def _thunderbird(original: Event, language: str) -> str:
    at = original.at
    intro = (
        f"Il {at:%d/%m/%Y} {at:%H:%M}, {original.sender.name} ha scritto:"
        if language == "it"
        else f"On {at:%d/%m/%Y} {at:%H:%M}, {original.sender.name} wrote:"
    )
    return f"{intro}\n{_marked(seen_text(original.raw))}"


OUTLOOK = Client("Outlook", ("R: ", "RE: "), _outlook, html=True)
GMAIL = Client("Gmail", ("Re: ", "Re: "), _gmail, html=True)
IOS = Client(
    "iOS",
    ("Re: ", "Re: "),
    _ios,
    references=False,
    foot=("Inviato da iPhone", "Sent from my iPhone"),
)
THUNDERBIRD = Client("Thunderbird", ("Re: ", "Re: "), _thunderbird)
CLIENTS = (OUTLOOK, OUTLOOK, GMAIL, GMAIL, IOS, THUNDERBIRD)


def inline_forward(client: Client, new: str, original: Event, language: str) -> str:
    """The text of a forward that holds what is forwarded."""
    if client is OUTLOOK:
        return f"{new}\n\n{outlook_block(original, language)}\n\n{seen_text(original.raw)}\n"
    title = "---------- Forwarded message ---------"
    head = (
        ("Da", "Date", "Subject", "To") if language == "it" else ("From", "Date", "Subject", "To")
    )
    day, time = _moment(original.at, language)
    values = (
        f"{original.sender.name} <{original.sender.address}>",
        f"{day} {time}",
        original.subject,
        ", ".join(f"<{one.address}>" for one in original.to),
    )
    lines = "\n".join(f"{name}: {value}" for name, value in zip(head, values, strict=True))
    return f"{new}\n\n{title}\n{lines}\n\n\n{seen_text(original.raw)}\n"


def forward_prefix(client: Client, language: str, chance: random.Random) -> str:
    """What a program puts before the subject of a forward."""
    if client is OUTLOOK:
        return "I: " if language == "it" else "FW: "
    return chance.choice(("Fwd: ", "Fw: "))
