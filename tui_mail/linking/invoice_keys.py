"""The exact keys of electronic invoices in texts: VAT numbers, names of files, the exchange's numbers."""

import re
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

MOST = 10
_KEYS = re.compile(
    r"^FatturaPA (?P<sides>cedente (?P<seller>[^\s]{0,40}) cessionario (?P<buyer>[^\s]{0,40}) )?"
    r"file (?P<file>[^\s]{0,120})$"
    r"(?:\nNs\. [^\n]{1,300}, totale (?P<total>-?[0-9]{1,15}(?:\.[0-9]{1,8})?)(?: |$))?",
    re.MULTILINE,
)
# What the exchange system (SdI) calls a file: in its notices, and where people write about one.
_NOTICE = re.compile(r"^SdI [A-Z]{2} (?P<number>[0-9]{4,20})$", re.MULTILINE)
_SAID = re.compile(
    r"(?<![^\W_])(?:identificativo|ident\.?|id\.?|numero|n\.|nr\.?)[ \t]{0,2}(?:del(?:lo)?[ \t])?s\.?d\.?i\.?"
    r"(?:[ \t]{0,2}(?:n\.|nr\.?|numero))?[ \t:=.]{1,4}(?P<number>[0-9]{4,20})(?![\w/\-])",
    re.IGNORECASE,
)
_NO_VAT = re.compile(r"[^A-Z0-9]+")
_SIGNED = re.compile(r"(?:\.p7m)+\Z")


class InvoiceKeys(Struct, frozen=True, array_like=True):
    """What texts say of electronic invoices, each once. `vats`: the seller's first; `files`: as
    they are written; `totals`: without their sign; `exchange`: the numbers that the exchange
    system gave the files.
    """

    vats: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    totals: tuple[Decimal, ...] = ()
    exchange: tuple[str, ...] = ()


_NOTHING = InvoiceKeys()


def vat_key(written: str) -> str:
    """A VAT number as it is compared: without the country where it is Italian, "" when it is none."""
    bare = _NO_VAT.sub("", written.upper())
    bare = bare.removeprefix("IT") if bare[2:].isdigit() else bare
    return bare if len(bare) >= 8 and any(map(str.isdigit, bare)) else ""


def file_key(name: str) -> str:
    """The name of an invoice's file as it is compared: signed or not."""
    return _SIGNED.sub("", name.strip().lower())


def keys_in(texts: Sequence[str], letter: str, figures: str) -> InvoiceKeys:
    """The keys in the texts of files, and what `letter` itself says in words.

    `figures`: the words around the letter's numbers.
    """
    lower = figures.lower()
    said = "sdi" in lower or "s.d.i" in lower
    if not texts and not said:
        return _NOTHING
    totals: dict[Decimal, None] = {}
    vats: dict[str, None] = {}
    files: dict[str, str] = {}
    exchange: dict[str, None] = {}
    for text in texts:
        for match in _KEYS.finditer(text):
            if match["sides"]:
                vats |= dict.fromkeys(vat_key(one) for one in (match["seller"], match["buyer"]))
            files.setdefault(file_key(match["file"]), match["file"])
            if match["total"]:
                totals[abs(Decimal(match["total"]))] = None
        exchange |= dict.fromkeys(match["number"] for match in _NOTICE.finditer(text))
    if said:
        exchange |= dict.fromkeys(match["number"] for match in _SAID.finditer(letter))
    known_vats = [one for one in vats if one]
    names = [name for key, name in files.items() if key not in {"", "–"}]
    return InvoiceKeys(
        tuple(known_vats[:MOST]),
        tuple(names[:MOST]),
        tuple(totals)[:MOST],
        tuple(exchange)[:MOST],
    )
