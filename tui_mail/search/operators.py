"""The operators of the query language: their names in English and Italian, and how each reads its value."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tui_mail.i18n import _
from tui_mail.safetext import folded
from tui_mail.search.mistakes import WrongValueError
from tui_mail.search.times import Clock, Span, span
from tui_mail.search.tree import (
    ME,
    NOBODY,
    Anywhere,
    AssignedTo,
    Between,
    ConversationState,
    Field,
    HasAttachment,
    InFolder,
    InState,
    InThread,
    Is,
    Mark,
    OfAccount,
    OfKind,
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
    """`read` raises WrongValueError, a sentence with {text} and {name} to be filled in."""

    name: str
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


def _choice(names: dict[str, Tree]) -> Callable[[Value], Tree]:
    """One of the names; those listed in a mistake are English, and the first of their tree."""

    def read(value: Value) -> Tree:
        given = folded(value.text).replace("_", "-")
        if given in names:
            return names[given]
        first: dict[Tree, str] = {}
        for name, tree in names.items():
            first.setdefault(tree, name)
        choices = ", ".join(first.values())
        raise WrongValueError(
            _("“{name}:” takes no “{text}”; it takes: {choices}.").replace("{choices}", choices)
        )

    return read


_MARKS: dict[str, Tree] = {
    **dict.fromkeys(("unread", "new", "non-letto", "nonletto", "da-leggere"), Is(Mark.UNREAD)),
    **dict.fromkeys(("read", "seen", "letto"), Is(Mark.READ)),
    **dict.fromkeys(("starred", "flagged", "star", "stella", "speciale"), Is(Mark.STARRED)),
    **dict.fromkeys(("answered", "replied", "risposto"), Is(Mark.ANSWERED)),
    **dict.fromkeys(("unanswered", "non-risposto", "senza-risposta"), Is(Mark.UNANSWERED)),
    **dict.fromkeys(("linked", "collegato"), Is(Mark.LINKED)),
    **dict.fromkeys(("unlinked", "scollegato", "senza-legame"), Is(Mark.UNLINKED)),
    **dict.fromkeys(("proposed", "proposto"), Is(Mark.PROPOSED)),
    **dict.fromkeys(("draft", "drafts", "bozza"), Is(Mark.DRAFT)),
    **dict.fromkeys(("sent", "inviato"), Is(Mark.SENT)),
}
_HAS: dict[str, Tree] = {
    **dict.fromkeys(("attachment", "attachments", "allegato", "allegati"), HasAttachment()),
    **dict.fromkeys(("link", "links", "record", "legame", "legami"), Is(Mark.LINKED)),
    **dict.fromkeys(("star", "stella"), Is(Mark.STARRED)),
}
_KINDS: dict[str, Tree] = {
    **dict.fromkeys(("human", "person", "persona", "persone"), OfKind(("human",))),
    **dict.fromkeys(("auto-reply", "auto", "automatica", "automatico"), OfKind(("auto_reply",))),
    **dict.fromkeys(("bounce", "mancato-recapito", "respinta"), OfKind(("bounce",))),
    **dict.fromkeys(("receipt", "ricevuta"), OfKind(("receipt",))),
    **dict.fromkeys(("list", "newsletter", "lista"), OfKind(("list",))),
    **dict.fromkeys(("calendar", "invitation", "invito"), OfKind(("calendar",))),
    "pec": OfKind(("pec_envelope", "pec_receipt")),
    **dict.fromkeys(("pec-envelope", "busta-pec"), OfKind(("pec_envelope",))),
    **dict.fromkeys(("pec-receipt", "ricevuta-pec"), OfKind(("pec_receipt",))),
}
_STATES: dict[str, Tree] = {
    **dict.fromkeys(("open", "aperta", "aperto"), InState(ConversationState.OPEN)),
    **dict.fromkeys(("waiting", "attesa", "in-attesa"), InState(ConversationState.WAITING)),
    **dict.fromkeys(("done", "fatta", "fatto", "chiusa"), InState(ConversationState.DONE)),
}

# -- places ----------------------------------------------------------------------------------------

# A folder may have the name, or be what the name says.
_ROLES = {
    **dict.fromkeys(("in-arrivo", "arrivo", "posta-in-arrivo"), "inbox"),
    **dict.fromkeys(("inviati", "inviata", "posta-inviata"), "sent"),
    **dict.fromkeys(("draft", "bozze"), "drafts"),
    **dict.fromkeys(("archivio", "archived"), "archive"),
    **dict.fromkeys(("spam", "indesiderata"), "junk"),
    **dict.fromkeys(("cestino", "bin"), "trash"),
}


def says_a_role(name: str) -> bool:
    """Whether a folder is meant by what it is for, in Italian or in English."""
    return folded(name).replace("_", "-") in _ROLES


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
    role = _ROLES.get(value.folded)
    return any_of([found, InFolder(role)]) if role else found


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
    first, dots, last = value.text.partition("..")
    if not dots:
        found = span(first, value.clock)
        return Between(found.since, None if found.since == found.until else found.until)
    since = span(first, value.clock).since if first else None
    until = span(last, value.clock).until if last else None
    if since is None and until is None:
        raise WrongValueError(_("“{name}:” takes a day or two with .. between, not “{text}”."))
    return Between(since, until)


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


# The English and Italian labels of chips, and what people call the records.
_RECORDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("customer",): ("customer", "cus", "cliente", "cli"),
    ("supplier",): ("supplier", "sup", "fornitore", "for"),
    ("lead",): ("lead",),
    ("operator",): ("operator", "opr", "operatore", "ope"),
    ("contact",): ("contact", "con", "contatto"),
    ("sales_order", "purchase_order"): ("order", "ordine"),
    ("sales_order",): ("sales_order", "so", "impegno", "oc"),
    ("purchase_order",): ("purchase_order", "po", "of"),
    ("quote",): ("quote", "qt", "preventivo", "pv"),
    ("offer",): ("offer", "off", "offerta", "ov"),
    ("delivery_note",): ("delivery_note", "dn", "ddt", "bolla"),
    ("goods_receipt",): ("goods_receipt", "gr", "car", "carico"),
    ("invoice",): ("invoice", "inv", "fattura", "ft"),
    ("purchase_invoice",): ("purchase_invoice", "pinv", "fattura-acquisto", "fta"),
    ("credit_note",): ("credit_note", "cn", "nota-credito", "nc"),
    ("due_item",): ("due", "due_item", "scadenza", "rata", "sc"),
    ("job",): ("job", "commessa", "com"),
    ("activity",): ("activity", "act", "attivita", "att"),
    ("opportunity",): ("opportunity", "opp", "opportunita"),
}
RECORD_NAMES = {kinds: names[0] for kinds, names in _RECORDS.items()}
_NAMED_KINDS = {name: kinds for kinds, names in _RECORDS.items() for name in names}
_LABELS = (
    *("QT", "SO", "PO", "OFF", "DN", "GR", "INV", "PINV", "CN", "DUE", "JOB", "ACT", "OPP"),
    *("PV", "OC", "OF", "OV", "DDT", "CAR", "FT", "FTA", "NC", "SC", "COM", "ATT"),
)
# In small letters only those that are no words of either language.
_SMALL_LABELS = ("qt", "dn", "inv", "pinv", "pv", "oc", "ov", "ddt", "ft", "fta", "nc", "sc")
LABELS = {label: RecordKinds(_NAMED_KINDS[label.lower()]) for label in (*_LABELS, *_SMALL_LABELS)}


def looks_like_a_number(text: str) -> bool:
    """Whether `text` may be a document's number behind a label: digits, and what stands in codes."""
    return bool(re.fullmatch(r"[\w/.#-]*\d[\w/.#-]*", text))


# -- all of them -----------------------------------------------------------------------------------


def _table() -> dict[str, Operator]:
    rows: list[tuple[Sequence[str], Callable[[Value], Tree]]] = [
        (("from", "da", "mittente"), _within(Field.SENDER)),
        (("to", "a", "destinatario"), _within(Field.RECIPIENTS)),
        (("cc",), _within(Field.COPY)),
        (("bcc", "ccn"), _within(Field.BLIND_COPY)),
        (("subject", "oggetto"), _within(Field.SUBJECT)),
        (("body", "testo", "corpo"), _within(Field.BODY)),
        (("filename", "file", "nomefile"), _within(Field.FILE_NAME)),
        (("attachment", "allegato"), _within(Field.ATTACHMENT)),
        (("has", "ha"), _choice(_HAS)),
        (("is", "e"), _choice(_MARKS)),
        (("in", "folder", "cartella", "path"), _folder),
        (("account", "casella"), _account),
        (("tag", "label", "etichetta"), _tag),
        (("mid", "id", "rfc822msgid"), _message_id),
        (("thread", "conversazione"), _thread),
        (("kind", "class", "tipo"), _choice(_KINDS)),
        (("assigned", "assegnato", "assegnata"), _assigned),
        (("state", "stato"), _choice(_STATES)),
        (("saved", "query", "ricerca"), lambda value: saved(value.text)),
        (("date", "data"), _at_date),
        (("on", "il", "giorno"), _at_date),
        (("before", "prima"), _span(lambda found: Between(until=found.since))),
        (("after", "since", "dopo", "dal"), _span(lambda found: Between(since=found.since))),
        (("until", "al", "fino"), _span(lambda found: Between(until=found.until))),
        (
            ("newer", "newer_than", "ultimi", "ultime"),
            _span(lambda found: Between(since=found.since)),
        ),
        (("older", "older_than", "oltre"), _span(lambda found: Between(until=found.since))),
        (("size", "dimensione"), _size),
        (("larger", "larger_than", "maggiore"), _larger),
        (("smaller", "smaller_than", "minore"), _smaller),
        *((names, RecordKinds(kinds).read) for kinds, names in _RECORDS.items()),
    ]
    return {
        name.replace("_", "-"): Operator(names[0], read) for names, read in rows for name in names
    }


_OPERATORS = _table()


def operator_named(name: str) -> Operator | None:
    """The operator of that name in any case of letters, accents or not."""
    return _OPERATORS.get(folded(name).replace("_", "-"))


# Before a colon and a space these are words, as in "Att: Rossi"; without a space operators.
_COMMON_WORDS = {"a", "att", "car", "com", "con", "e", "for"}


def is_common_word(name: str) -> bool:
    """Whether an operator of that name is so common a word that its value must follow at once."""
    return folded(name) in _COMMON_WORDS


def known_names() -> list[str]:
    """What the operators are called, for the nearest one."""
    return [name for name in _OPERATORS if len(name) > 1]


def iso(moment: datetime | None) -> str:
    """A moment as `date:` reads it back."""
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")
