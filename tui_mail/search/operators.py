"""The operators of the query language: their names in English and Italian, and how each reads its value."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from tui_mail.i18n import _, language
from tui_mail.safetext import folded
from tui_mail.search.choices import HAS, KINDS, MARKS, STATES, Choices, Named, named, nearest
from tui_mail.search.mistakes import WrongValueError
from tui_mail.search.places import role_quoted, role_typed
from tui_mail.search.times import Clock, Span, period, span
from tui_mail.search.tree import (
    ME,
    NOBODY,
    Anywhere,
    AssignedTo,
    Between,
    Field,
    HasAttachment,
    InFolder,
    InThread,
    Is,
    Mark,
    OfAccount,
    OfRecord,
    Saved,
    Size,
    Tagged,
    Tree,
    WithMessageId,
    Words,
    any_of,
)
from tui_mail.search.words import words


@dataclass(frozen=True, slots=True)
class Value:
    """What stands behind an operator. `star`: it ended in one; `quoted`: it means itself alone."""

    text: str
    clock: Clock
    star: bool = False
    quoted: bool = False

    @property
    def folded(self) -> str:
        """For comparison with names of the language; "" when quoted."""
        return "" if self.quoted else folded(self.text).replace("_", "-")


@dataclass(frozen=True, slots=True)
class Operator:
    """`read` raises WrongValueError, a sentence with {text} and {name} to be filled in.

    `called`: the name that leads here, `name` the English one that says which operator it is.
    """

    name: str
    called: str
    italian: bool
    read: Callable[[Value], Tree]


# -- words -----------------------------------------------------------------------------------------


def _within(field: Field) -> Callable[[Value], Tree]:
    def read(value: Value) -> Tree:
        found = tuple(words(value.text))
        if not found:
            raise WrongValueError(_("“{name}:{text}” has no letter or digit to look for."))
        return Words(found, value.star, field)

    return read


# -- choices ---------------------------------------------------------------------------------------


def _choice(choices: Choices) -> Callable[[Value], Tree]:
    """One of the names; a mistake tells those that look like what was typed, else all."""

    def read(value: Value) -> Tree:
        found = choices.tree(value.text)
        if found is not None:
            return found
        near = choices.near(value.text)
        if near:
            message = _("“{name}:” takes no “{text}”. Did you mean: {choices}?")
        else:
            message = _("“{name}:” takes no “{text}”; it takes: {choices}.")
        raise WrongValueError(message.replace("{choices}", ", ".join(near or choices.all())))

    return read


# -- places ----------------------------------------------------------------------------------------

_ANYWHERE = {"anywhere", "everywhere", "ovunque"}
# Tags that notmuch gives by itself for what has an operator of its own here.
_OTHER_TAGS: dict[str, Tree] = {
    "unread": Is(Mark.UNREAD),
    "flagged": Is(Mark.STARRED),
    "replied": Is(Mark.ANSWERED),
    "attachment": HasAttachment(),
    "draft": Is(Mark.DRAFT),
    "sent": Is(Mark.SENT),
    "inbox": InFolder("inbox"),
}


def _folder(value: Value) -> Tree:
    if value.folded in _ANYWHERE:
        return Anywhere()
    if value.folded in {"starred", "speciali"}:
        return Is(Mark.STARRED)
    found = InFolder(value.text)
    role = role_quoted(value.text) if value.quoted else role_typed(value.text)
    return any_of([found, InFolder(role)]) if role not in {"", value.text.lower()} else found


def _account(value: Value) -> Tree:
    return OfAccount(value.text.strip().lower())


def _tag(value: Value) -> Tree:
    return _OTHER_TAGS.get(value.folded) or Tagged(value.text.strip())


def _message_id(value: Value) -> Tree:
    found = value.text.strip().removeprefix("<").removesuffix(">").strip()
    if not found:
        raise WrongValueError(_("“{name}:” takes a Message-ID, as mid:<…@…>."))
    return WithMessageId(found)


def _thread(value: Value) -> Tree:
    if not re.fullmatch("[0-9]{1,18}", value.text):
        raise WrongValueError(_("“{name}:” takes the number of a conversation, not “{text}”."))
    return InThread(int(value.text))


def _assigned(value: Value) -> Tree:
    if value.folded in {"me", "io", "mio", "mia"}:
        return AssignedTo(ME)
    if value.folded in {"nobody", "none", "nessuno"}:
        return AssignedTo(NOBODY)
    return AssignedTo(value.text.strip())


_SIGN = re.compile(r"\A[@\s]+")


def saved(text: str) -> Saved:
    """The saved search of that name, with or without its sign; raises WrongValueError."""
    name = _SIGN.sub("", text.strip('"')).rstrip()
    if not name:
        raise WrongValueError(_("“{text}” needs the name of a saved search."))
    return Saved(name)


# -- times and sizes -------------------------------------------------------------------------------


def _at_date(value: Value) -> Tree:
    if value.text.strip() == "..":
        raise WrongValueError(_("“{name}:” takes a day or two with .. between, not “{text}”."))
    return Between(*period(value.text, value.clock))


def _span(make: Callable[[Span], Tree]) -> Callable[[Value], Tree]:
    return lambda value: make(span(value.text, value.clock))


_SIZE = re.compile(r"(\d{1,12}(?:[.,]\d{1,6})?) ?(|b|kb?|mb?|gb?)", re.IGNORECASE)
_MOST_BYTES = 2**62  # what both databases can compare
_BYTES = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}


def _bytes(text: str) -> int:
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise WrongValueError(_("“{text}” is no size: write 500k, 2M or 1,5M."))
    unit = found[2].lower()
    return min(int(float(found[1].replace(",", ".")) * _BYTES[unit[:1]]), _MOST_BYTES)


def _size(value: Value) -> Tree:
    first, dots, last = value.text.partition("..")
    if not dots:
        return Size(at_least=_bytes(first))
    if not first and not last:
        raise WrongValueError(_("“{text}” is no size: write 500k, 2M or 1,5M."))
    return Size(_bytes(first) if first else None, _bytes(last) if last else None)


def _larger(value: Value) -> Tree:
    return Size(at_least=_bytes(value.text))


def _smaller(value: Value) -> Tree:
    return Size(at_most=_bytes(value.text))


# -- records of the ERP ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordKinds:
    """The kinds of records that an operator or a label means."""

    kinds: tuple[str, ...]

    def record(self, wanted: str) -> OfRecord:
        return OfRecord(self.kinds, wanted)

    def read(self, value: Value) -> Tree:
        """KIND:CODE of the contract, `@COMPANY` included; `*` alone is any."""
        text = " ".join(value.text.split()).rstrip("@ ")
        wanted, at, company = text.rpartition("@")
        if not at or "." in company:  # an address is no company
            wanted, company = text, ""
        wanted, company = wanted.rstrip("@ "), company.strip()
        if words(wanted):
            return OfRecord(self.kinds, wanted, value.star, company)
        if "*" in wanted:
            return OfRecord(self.kinds, company=company)
        raise WrongValueError(_("“{name}:” takes a number, a code or a name."))


# What people call the records, and the labels of chips.
_RECORDS: dict[tuple[str, ...], Named] = {
    ("customer",): named("customer cus", "cliente cli"),
    ("supplier",): named("supplier sup", "fornitore for"),
    ("lead",): named("lead"),
    ("operator",): named("operator opr", "operatore ope"),
    ("contact",): named("contact con", "contatto"),
    ("sales_order", "purchase_order"): named("order", "ordine"),
    ("sales_order",): named("sales_order so", "impegno oc"),
    ("purchase_order",): named("purchase_order po", "of"),
    ("quote",): named("quote qt", "preventivo pv"),
    ("offer",): named("offer off", "offerta ov"),
    ("delivery_note",): named("delivery_note dn", "ddt bolla"),
    ("goods_receipt",): named("goods_receipt gr", "carico car"),
    ("invoice",): named("invoice inv", "fattura ft"),
    ("purchase_invoice",): named("purchase_invoice pinv", "fattura-acquisto fta"),
    ("credit_note",): named("credit_note cn", "nota-credito nc"),
    ("due_item",): named("due due_item", "scadenza rata sc"),
    ("job",): named("job", "commessa com"),
    ("activity",): named("activity act", "attivita att"),
    ("opportunity",): named("opportunity opp", "opportunita"),
}
RECORD_NAMES = {kinds: names.english[0] for kinds, names in _RECORDS.items()}
NAMED_KINDS = {name: kinds for kinds, names in _RECORDS.items() for name in names.names}
_LABELS = (
    *("QT", "SO", "PO", "OFF", "DN", "GR", "INV", "PINV", "CN", "DUE", "JOB", "ACT", "OPP"),
    *("PV", "OC", "OF", "OV", "DDT", "CAR", "FT", "FTA", "NC", "SC", "COM", "ATT"),
)
# In small letters only those that are no words of either language.
_SMALL_LABELS = ("qt", "dn", "inv", "pinv", "pv", "oc", "ov", "ddt", "ft", "fta", "nc", "sc")
LABELS = {label: RecordKinds(NAMED_KINDS[label.lower()]) for label in (*_LABELS, *_SMALL_LABELS)}


def looks_like_a_number(text: str) -> bool:
    """Whether `text` may be a document's number behind a label: digits, and what stands in codes."""
    return bool(re.fullmatch(r"[\w/.#-]*\d[\w/.#-]*", text))


# -- all of them -----------------------------------------------------------------------------------


_Row: TypeAlias = tuple[Named, Callable[[Value], Tree]]


def _table() -> dict[str, Operator]:
    rows: list[_Row] = [
        (named("from", "da mittente"), _within(Field.SENDER)),
        (named("to deliveredto", "a destinatario"), _within(Field.RECIPIENTS)),
        (named("cc"), _within(Field.COPY)),
        (named("bcc", "ccn"), _within(Field.BLIND_COPY)),
        (named("subject", "oggetto"), _within(Field.SUBJECT)),
        (named("body", "testo corpo"), _within(Field.BODY)),
        (named("filename file", "nomefile"), _within(Field.FILE_NAME)),
        (named("attachment", "allegato"), _within(Field.ATTACHMENT)),
        (named("has", "ha"), _choice(HAS)),
        (named("is", "e"), _choice(MARKS)),
        (named("in folder path", "cartella"), _folder),
        (named("account", "casella"), _account),
        (named("tag label", "etichetta"), _tag),
        (named("mid id rfc822msgid"), _message_id),
        (named("thread", "conversazione"), _thread),
        (named("kind class", "tipo"), _choice(KINDS)),
        (named("assigned", "assegnata assegnato"), _assigned),
        (named("state", "stato"), _choice(STATES)),
        (named("saved query", "ricerca"), lambda value: saved(value.text)),
        (named("date", "data"), _at_date),
        (named("on", "il giorno"), _at_date),
        (named("before", "prima"), _span(lambda found: Between(until=found.since))),
        (named("after since", "dopo dal"), _span(lambda found: Between(since=found.since))),
        (named("until", "al fino"), _span(lambda found: Between(until=found.until))),
        (
            named("newer newer_than", "ultimi ultime"),
            _span(lambda found: Between(since=found.since)),
        ),
        (named("older older_than", "oltre"), _span(lambda found: Between(until=found.since))),
        (named("size", "dimensione"), _size),
        (named("larger larger_than", "maggiore"), _larger),
        (named("smaller smaller_than", "minore"), _smaller),
        *((names, RecordKinds(kinds).read) for kinds, names in _RECORDS.items()),
    ]
    return {
        name.replace("_", "-"): Operator(names.english[0], name, name in names.italian, read)
        for names, read in rows
        for name in names.names
    }


_OPERATORS = _table()


def operator_named(name: str) -> Operator | None:
    """The operator of that name in any case of letters, accents or not."""
    return _OPERATORS.get(folded(name).replace("_", "-"))


_LABEL = 3  # letters, at most, of the labels of chips
_MOST_COMPARED = 12  # names that are nearly as much alike
_MOST_NEAR = 3

# Before a colon and a space these are words, as in "Att: Rossi"; without a space operators.
_COMMON_WORDS = {"a", "att", "car", "com", "con", "e", "for"}


def is_common_word(name: str) -> bool:
    """Whether an operator of that name is so common a word that its value must follow at once."""
    return folded(name) in _COMMON_WORDS


# What other programs call an operator, and looks like none of ours.
_ELSEWHERE = {"type": "kind"}


def near_operators(typed: str, unshown: Collection[str] = ()) -> list[str]:
    """Names of operators that look like what was typed, the most alike first, each operator once: of
    those that are alike as much, the ones of the language in use. Labels of chips come last, common
    words and those of the records of `unshown` kinds not at all."""
    italian = language() == "it"
    if elsewhere := _ELSEWHERE.get(folded(typed)):
        same = (one for one in _OPERATORS.values() if one.name == elsewhere)
        return [next(one.called for one in same if one.italian is italian)]
    known = {
        one.called: one
        for one in sorted(_OPERATORS.values(), key=lambda one: one.italian is not italian)
        if len(one.called) > 1 and one.name not in unshown and not is_common_word(one.called)
    }
    near = (
        nearest(typed, (name for name in known if len(name) > _LABEL), _MOST_COMPARED)
        or nearest(typed, (name for name in known if name.upper() not in LABELS), _MOST_COMPARED)
        or nearest(typed, known, _MOST_COMPARED)
    )
    own = [name for name in near if known[name].italian is italian] or near
    once: dict[str, str] = {}
    for name in own:
        once.setdefault(known[name].name, name)
    return list(once.values())[:_MOST_NEAR]


def iso(moment: datetime | None) -> str:
    """A moment as `date:` reads it back."""
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")
