"""What the parts of a message say that may name a record, found once, where the message is read.

Hides how much of each part counts, and where a message that is passed on says who wrote it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from msgspec import Struct, field
from msgspec.structs import replace

from tui_mail.linking import numbers, words
from tui_mail.linking.invoice_keys import InvoiceKeys, keys_in
from tui_mail.linking.numbers import NumberCandidate
from tui_mail.linking.payment_notices import Payment, payment_in
from tui_mail.linking.subjects import is_answer
from tui_mail.linking.vat_numbers import vats_said
from tui_mail.values import DOCUMENT_KINDS

# Where a number was said, the place that tells most first.
SUBJECT, TEXT, NAME, FILE, QUOTED = "subject", "text", "name", "file", "quoted"
PLACES = (SUBJECT, TEXT, NAME, FILE, QUOTED)
_MOST_NAMES = 20
_MOST_FILES = 5
_LONGEST_TEXT, _LONGEST_QUOTED, _LONGEST_FILE = 20_000, 10_000, 10_000
_LONGEST_NAME = 200
_LONGEST_SIGNATURE = 2_000
_MOST_MENTIONED = 60
_WORDS_BEFORE, _WORDS_AFTER = 48, 28  # characters: "documento di trasporto vs. numero", "del"
# Begins with one digit, which is looked for much faster than some are.
_DIGITS = re.compile(rf"[0-9][0-9]*+(?:[^0-9]{{1,{_WORDS_BEFORE + _WORDS_AFTER}}}+[0-9]++)*+")
_MOST_WINDOWS = 100
_APART = "\n|\n"  # nothing reads on over it
# The line that names the writer, in the head that programs put above what they pass on, and in the
# line above a message that came as an attachment.
_WRITER = re.compile(
    r"(?:[>\s*_]{0,6}(?:from|da|von|de)[*_ ]{0,3}:|▪ )[^\n]{0,300}?"
    r"(?P<address>[\w.+\-']{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,6})",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    rf"(?<![^\W_])(?:{words.OWNER}[.\s]{{1,3}})?(?:rif(?:erimento)?|ref(?:erence)?|referenz|référence"
    r"|referencia)(?:[.:\s]|n[.°]|nr|no){1,4}(?P<written>[A-Za-z0-9]{0,6}[/\-]?[0-9][\w/\-]{2,20})",
    re.IGNORECASE,
)
_OWN_REFERENCE = re.compile(r"Ref\. ([0-9a-f]{8}\.[0-9a-f]{12}\.[a-z2-7]{16})(?![\w.@])")
_MOST_REFERENCES = 5
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}(?:\.p7m)?\Z")


class Mentions(Struct, frozen=True, array_like=True):
    """`candidates`: what may be numbers, each with its place, the surest place first. `writers`:
    addresses of those who wrote what the message passes on or quotes, the nearest first.
    `references`: what may be signed references of letters of ours, in the order of the text.
    `keys`: of electronic invoices. `payment`: what it says that was paid, None for no such notice.
    `around`: the words around the numbers of the text. `vats`: VAT numbers that its writer says.
    """

    candidates: tuple[NumberCandidate, ...] = ()
    writers: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    keys: InvoiceKeys = field(default_factory=InvoiceKeys)
    payment: Payment | None = None
    around: str = ""
    vats: tuple[str, ...] = ()


class Parts(Struct, frozen=True):
    """The parts of a message. `text`: written now, `quoted`: what was written before; `names`: of
    its files, `files`: what they say.
    """

    subject: str = ""
    text: str = ""
    quoted: str = ""
    signature: str = ""
    names: Sequence[str] = ()
    files: Sequence[str] = ()


def mentions_of(parts: Parts, *, ours: bool) -> Mentions:
    """What the parts of a message say; `ours`: we wrote it."""
    found: dict[tuple[object, ...], NumberCandidate] = {}
    text = parts.text[:_LONGEST_TEXT]
    around = _around_digits(text)
    for one in _candidates(parts, around, ours=ours):
        key = (one.place, one.kinds, one.year, one.series, one.number, one.code)
        found.setdefault(key, one)
        if len(found) == _MOST_MENTIONED:
            break
    before = parts.quoted[:_LONGEST_QUOTED]
    writers = dict.fromkeys((*_writers(text), *_writers(before)))
    said = chain(_OWN_REFERENCE.findall(parts.text), _OWN_REFERENCE.findall(parts.quoted))
    references = dict.fromkeys(said)
    letter = f"{parts.subject}\n{text}"
    figures = f"{parts.subject}\n{around}"
    files = [text[:_LONGEST_FILE] for text in parts.files[:_MOST_FILES]]
    if files:
        payment = payment_in("\n".join((letter, *files)))
    else:  # of a letter alone it is known where the figures are
        payment = payment_in(letter, figures=figures)
    return Mentions(
        tuple(found.values()),
        tuple(writers)[:3],
        tuple(references)[:_MOST_REFERENCES],
        keys_in(parts.files[:_MOST_FILES], letter, figures),
        payment,
        around,
        () if ours else vats_said(text, parts.signature[:_LONGEST_SIGNATURE], around),
    )


def _candidates(parts: Parts, around: str, *, ours: bool) -> Iterator[NumberCandidate]:
    """`around`: what of the text can name something."""
    subject = [
        *numbers.document_candidates(parts.subject, ours=ours),
        *_references(parts.subject, ours=ours),
    ]
    # An answer's subject does not tell whose words it has.
    yield from _at(SUBJECT, subject, neutral=is_answer(parts.subject))
    yield from _said(TEXT, around, ours=ours)
    for name in parts.names[:_MOST_NAMES]:
        named = _around_digits(_EXTENSION.sub("", name[:_LONGEST_NAME]))
        yield from _said(NAME, named, ours=ours)
    for text in parts.files[:_MOST_FILES]:
        yield from _said(FILE, _around_digits(text[:_LONGEST_FILE]), ours=ours)
    quoted = _around_digits(parts.quoted[:_LONGEST_QUOTED])
    yield from _said(QUOTED, quoted, ours=ours, neutral=True)


def _said(
    place: str, around: str, *, ours: bool, neutral: bool = False
) -> Iterator[NumberCandidate]:
    if around:
        found = [*numbers.document_candidates(around, ours=ours), *_references(around, ours=ours)]
        yield from _at(place, found, neutral=neutral)


def _references(text: str, *, ours: bool) -> Iterator[NumberCandidate]:
    """What is called a reference and nothing else: of whatever document it is one."""
    lower = text.lower()
    if "rif" not in lower and "ref" not in lower and "réf" not in lower:
        return
    for match in _REFERENCE.finditer(text):
        yield NumberCandidate(
            kinds=DOCUMENT_KINDS,
            whose=words.whose(match["owner"] or "", ours=ours),
            found_in=match[0],
            span=match.span(),
            written=match["written"],
        )


def _writers(text: str) -> Iterator[str]:
    end = 0
    while (at := text.find("@", end)) >= 0:  # in few lines
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if match := _WRITER.match(text, start, end):
            yield match["address"].lower()


def _around_digits(text: str) -> str:
    """The words around each number: the rest of a letter, most of it, can name nothing."""
    windows = islice(_DIGITS.finditer(text), _MOST_WINDOWS)
    return _APART.join(_whole_words(text, *match.span()) for match in windows)


def _whole_words(text: str, first: int, last: int) -> str:
    start = max(0, first - _WORDS_BEFORE)
    window = text[start : last + _WORDS_AFTER]
    if start:  # it may begin in the midst of a word, which is another word then
        window = window.partition(" ")[2] if " " in window[:_WORDS_BEFORE] else window
    return window


def _at(
    place: str, found: Iterable[NumberCandidate], *, neutral: bool
) -> Iterator[NumberCandidate]:
    for one in found:
        whose = "" if neutral else one.whose
        yield replace(one, place=place, whose=whose) if one.place != place or neutral else one
