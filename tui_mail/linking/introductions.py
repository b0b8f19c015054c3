"""How a writer introduces himself: name, firm and telephone, where a message says them plainly.

Hides the shapes of legal forms and of telephone numbers; what is not plain is not guessed.
"""

import re
from dataclasses import dataclass

from tui_mail.linking.parties import tells_company
from tui_mail.safetext import folded

_NEAR_THE_END = 1_500  # characters: a signature, and what a short letter says above it
_LONGEST_NAME = 200  # characters: a longer one is no name
_FORM = (
    r"(?i:s\.?\s?r\.?\s?l(?:\.? ?s)?|s\.?\s?p\.?\s?a|s\.?\s?n\.?\s?c|s\.?\s?a\.?\s?s)"
    r"|(?i:s\.? ?c\.? ?a\.? ?r\.? ?l)|GmbH|Ltd|SARL|Inc|AG|BV"
)
_ABBREVIATED = ("srl", "srls", "spa", "snc", "sas", "scarl")
_FORMS = (*_ABBREVIATED, "gmbh", "ltd", "sarl", "inc", "ag", "bv")  # as above, folded
_BETWEEN = r"(?:(?:&|e|di|of|und|et)[ \t])?"  # Neri & C. S.n.c.
# A firm that signs begins its line, or stands there after a name; a list has those written about.
_LEAD = r"^[ \t]*(?:[^\W\d_][^\n,;:]{0,40}?[ \t][|–—·/-][ \t])?"
# What stands behind a firm's name on its line: its street, its VAT number, whose it is.
_STREET = (
    r"(?:via(?![ \t](?:(?:e-?)?mail|pec|fax))|viale|vicolo|piazza|piazzale|corso|largo|strada)[ \t]"
)
_CAPITAL_STREET = rf"(?=[A-Z])(?i:{_STREET})"
_BEHIND = (
    rf"[ \t]*,[ \t]*(?i:{_STREET})|[ \t]+{_CAPITAL_STREET}"
    r"|[ \t]*,?[ \t]*(?i:p\.?[ \t]?iva|partita[ \t]iva|(?:a|con)[ \t](?:unico[ \t])?socio"
    r"|unipersonale|societ[àa]'?[ \t]unipersonale)(?!\w)"
)
_FIRM = re.compile(
    rf"{_LEAD}((?:[A-ZÀ-Þ][\w&'’.\-]{{0,30}}[ \t]{_BETWEEN}){{1,4}})({_FORM})(?!\w)(\.?)"
    rf"(?=[ \t]*$|[ \t]*[|–—·(/]|[ \t]-[ \t]|{_BEHIND})",
    re.MULTILINE,
)
# Looking back keeps it from beginning anew at each character of a long gap.
_FORM_LAST = re.compile(rf"(?<![ ,])[ ,]+(?i:{_FORM})\.?$")
_PHONE = re.compile(
    r"(?<![^\W_])(?:tel|telefono|phone|ph|cell|cellulare|mobile|mob)\b[.:\s]{0,3}"
    r"(\+?[0-9(][0-9 ()./\-]{5,18}[0-9])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who wrote; each is "" where it is not said. `domain`: of the address, "" where it says
    nothing of a firm; `firm`: that he signs for, "" where lines name several."""

    name: str = ""
    address: str = ""
    domain: str = ""
    firm: str = ""
    phone: str = ""


def introduction(name: str, address: str, text: str) -> Introduction:
    """What sender and `text` (as written now, without quotes) say of who wrote."""
    end = text[-_NEAR_THE_END:]
    domain = address.rpartition("@")[2].lower()
    firms = [_whole(match) for match in _FIRM.finditer(end)]
    phone = _PHONE.search(end)
    return Introduction(
        name=" ".join(name[:_LONGEST_NAME].split()).strip("\"'"),
        address=address.lower(),
        domain=domain if tells_company(domain) else "",
        firm=firms[-1] if len({without_form(firm) for firm in firms}) == 1 else "",
        phone=" ".join(phone[1].split()) if phone else "",
    )


def without_form(firm: str) -> str:
    """A firm's name without its legal form, to be compared."""
    return _FORM_LAST.sub("", folded(firm[:_LONGEST_NAME])).strip(" .,")


def with_forms(firm: str) -> list[str]:
    """The usual spellings of a firm, given as by `without_form`: alone and with each legal form."""
    forms = {spelt for form in _FORMS for spelt in _spellings(form)}
    return [firm, *(f"{firm}{gap}{form}" for gap in (" ", ", ") for form in sorted(forms))]


def _spellings(form: str) -> tuple[str, ...]:
    if form not in _ABBREVIATED:
        return form, f"{form}."
    pointed = ".".join(form)
    return form, f"{form}.", pointed, f"{pointed}.", f"{'. '.join(form)}.", " ".join(form)


def _whole(match: re.Match[str]) -> str:
    """A firm's name with its legal form, and the point that belongs to an abbreviated one."""
    point = match[3] if "." in match[2] else ""
    return " ".join(f"{match[1]}{match[2]}{point}".split())
