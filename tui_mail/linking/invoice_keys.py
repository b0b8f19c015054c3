"""The exact keys of electronic invoices in the text of a file: VAT numbers, and names of files."""

import re
from collections.abc import Sequence
from decimal import Decimal

MOST = 10
_KEYS = re.compile(
    r"^FatturaPA (?P<sides>cedente (?P<seller>[^\s]{0,40}) cessionario (?P<buyer>[^\s]{0,40}) )?"
    r"file (?P<file>[^\s]{0,120})$"
    r"(?:\nNs\. [^\n]{1,300}, totale (?P<total>-?[0-9]{1,15}(?:\.[0-9]{1,8})?)(?: |$))?",
    re.MULTILINE,
)
_NO_VAT = re.compile(r"[^A-Z0-9]+")
_SIGNED = re.compile(r"(?:\.p7m)+\Z")


def vat_key(written: str) -> str:
    """A VAT number as it is compared: without the country where it is Italian, "" when it is none."""
    bare = _NO_VAT.sub("", written.upper())
    bare = bare.removeprefix("IT") if bare[2:].isdigit() else bare
    return bare if len(bare) >= 8 and any(map(str.isdigit, bare)) else ""


def file_key(name: str) -> str:
    """The name of an invoice's file as it is compared: signed or not."""
    return _SIGNED.sub("", name.strip().lower())


def keys_in(
    texts: Sequence[str],
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Decimal, ...]]:
    """The VAT numbers, the files and the totals (without their sign) of the electronic invoices in
    texts.
    """
    totals: dict[Decimal, None] = {}
    vats: dict[str, None] = {}
    files: dict[str, None] = {}
    for text in texts:
        for match in _KEYS.finditer(text):
            if match["sides"]:
                vats |= dict.fromkeys(vat_key(one) for one in (match["seller"], match["buyer"]))
            files[file_key(match["file"])] = None
            if match["total"]:
                totals[abs(Decimal(match["total"]))] = None
    for one in (vats, files):
        one.pop("", None)
        one.pop("–", None)
    return tuple(vats)[:MOST], tuple(files)[:MOST], tuple(totals)[:MOST]
