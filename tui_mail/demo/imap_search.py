"""SEARCH: search keys read into a test on messages.

Hides the grammar of keys. RFC 3501 section 6.4.4,
RFC 4731 (ESEARCH), RFC 7162 section 3.1.5 (MODSEQ).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from email.utils import parsedate_to_datetime

from tui_mail.demo.imap_mime import Part
from tui_mail.demo.imap_store import StoredMessage
from tui_mail.demo.imap_syntax import (
    LARGEST_MODSEQ,
    Arguments,
    MalformedError,
    NumberSet,
    RefusedError,
    parse_date,
)
from tui_mail.demo.imap_text import body_text, header_text

MAX_NESTING = 50
COMMENT = re.compile(r"\s?\([^()]{0,200}\)\s?")
RETURN_OPTIONS = {"MIN", "MAX", "ALL", "COUNT"}
FLAG_KEYS = {
    "ANSWERED": "\\Answered",
    "DELETED": "\\Deleted",
    "DRAFT": "\\Draft",
    "FLAGGED": "\\Flagged",
    "SEEN": "\\Seen",
}
ADDRESS_KEYS = {"FROM", "TO", "CC", "BCC"}
DATE_KEYS: dict[str, Callable[[date, date], bool]] = {
    "BEFORE": lambda mail, asked: mail < asked,
    "ON": lambda mail, asked: mail == asked,
    "SINCE": lambda mail, asked: mail >= asked,
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that is looked at, with its number and whether it is recent here."""

    number: int
    message: StoredMessage
    recent: bool


Test = Callable[[Candidate], bool]


@dataclass(slots=True)
class SearchRequest:
    """What to look for and how to answer."""

    test: Test
    returns: frozenset[str] | None
    wants_modseq: bool


@dataclass(slots=True)
class _Reader:
    arguments: Arguments
    last_number: int
    last_uid: int
    condstore: bool
    wants_modseq: bool = False
    depth: int = 0

    def keys(self, *, closing: bytes = b"") -> Test:
        tests = [self.key()]
        while not (self.arguments.accept(closing) if closing else self.arguments.at_end):
            self.arguments.space()
            tests.append(self.key())
        return lambda candidate: all(test(candidate) for test in tests)

    def key(self) -> Test:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise MalformedError("search keys nested too deeply")
        try:
            if self.arguments.accept(b"("):
                return self.keys(closing=b")")
            if self.arguments.peek() in b"0123456789*" and self.arguments.peek():
                within = self.arguments.number_set().matcher(self.last_number)
                return lambda candidate: within(candidate.number)
            return self._named(self.arguments.keyword())
        finally:
            self.depth -= 1

    def _named(self, name: str) -> Test:
        if name in FLAG_KEYS:
            return _flagged(FLAG_KEYS[name])
        if name.startswith("UN") and name[2:] in FLAG_KEYS:
            return _negated(_flagged(FLAG_KEYS[name[2:]]))
        if name in WORDLESS:
            return WORDLESS[name]
        if name == "NOT":
            self.arguments.space()
            return _negated(self.key())
        if name == "OR":
            self.arguments.space()
            first = self.key()
            self.arguments.space()
            second = self.key()
            return lambda candidate: first(candidate) or second(candidate)
        self.arguments.space()
        if name.removeprefix("UN") == "KEYWORD":
            test = _flagged(self.arguments.flag())
            return _negated(test) if name.startswith("UN") else test
        return self._with_value(name)

    def _with_value(self, name: str) -> Test:
        if name == "UID":
            return self._uids(self.arguments.number_set())
        if name in {"LARGER", "SMALLER"}:
            return _sized(name, self.arguments.number())
        if name.removeprefix("SENT") in DATE_KEYS:
            return _dated(name, parse_date(self.arguments.astring()))
        if name == "MODSEQ" and self.condstore:
            return self._modseq()
        if name == "HEADER":
            field_name = self._text()
            self.arguments.space()
            return _in_header(field_name, self._text())
        if name in ADDRESS_KEYS or name == "SUBJECT":
            return _in_header(name, self._text())
        if name in {"BODY", "TEXT"}:
            return _in_text(self._text(), headers=name == "TEXT")
        raise MalformedError("unknown search key")

    def _uids(self, numbers: NumberSet) -> Test:
        within = numbers.matcher(self.last_uid)
        return lambda candidate: within(candidate.message.uid)

    def _modseq(self) -> Test:
        self.wants_modseq = True
        if self.arguments.peek() == b'"':
            # One flag's own modseq is not kept: the message's stands for it, as RFC 7162 allows.
            self.arguments.string()
            self.arguments.space()
            self.arguments.keyword()
            self.arguments.space()
        least = self.arguments.number(LARGEST_MODSEQ)
        return lambda candidate: candidate.message.modseq >= least

    def _text(self) -> str:
        return self.arguments.astring().decode("utf-8", "replace").casefold()


def read_search(
    arguments: Arguments, *, last_number: int, last_uid: int, condstore: bool, esearch: bool
) -> SearchRequest:
    """Read the arguments of SEARCH; `*` in its sets is `last_number` or `last_uid`."""
    arguments.space()
    returns: frozenset[str] | None = None
    if esearch and arguments.accept(b"RETURN "):
        returns = frozenset(arguments.list_of(arguments.keyword)) or frozenset({"ALL"})
        if not returns <= RETURN_OPTIONS:
            raise MalformedError("unknown RETURN option")
        arguments.space()
    if arguments.accept(b"CHARSET "):
        if arguments.astring().upper() not in {b"UTF-8", b"US-ASCII"}:
            raise RefusedError("[BADCHARSET (UTF-8 US-ASCII)] Unknown charset")
        arguments.space()
    reader = _Reader(arguments, last_number, last_uid, condstore)
    test = reader.keys()
    return SearchRequest(test, returns, reader.wants_modseq)


WORDLESS: dict[str, Test] = {
    "ALL": lambda _: True,
    "RECENT": lambda candidate: candidate.recent,
    "OLD": lambda candidate: not candidate.recent,
    "NEW": lambda candidate: candidate.recent and "\\Seen" not in candidate.message.flags,
}


def _negated(test: Test) -> Test:
    return lambda candidate: not test(candidate)


def _flagged(flag: str) -> Test:
    wanted = flag.lower()
    return lambda candidate: any(flag.lower() == wanted for flag in candidate.message.flags)


def _sized(name: str, size: int) -> Test:
    if name == "LARGER":
        return lambda candidate: len(candidate.message.raw) > size
    return lambda candidate: len(candidate.message.raw) < size


def _dated(name: str, asked: date) -> Test:
    compare = DATE_KEYS[name.removeprefix("SENT")]
    if not name.startswith("SENT"):
        return lambda candidate: compare(candidate.message.when.date(), asked)

    def test(candidate: Candidate) -> bool:
        sent = _sent_on(candidate.message.structure)
        return sent is not None and compare(sent, asked)

    return test


def _sent_on(part: Part) -> date | None:
    value = (part.field("date") or b"").decode("ascii", "replace")
    try:
        return parsedate_to_datetime(value[:100]).date()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _in_header(name: str, wanted: str) -> Test:
    def test(candidate: Candidate) -> bool:
        texts = [header_text(value) for value in candidate.message.structure.fields(name)]
        if name in ADDRESS_KEYS:
            # An address is found however it is written: `user (comment) @ domain` too.
            texts += [COMMENT.sub("", text) for text in texts]
        return any(wanted in text.casefold() for text in texts)

    return test


def _in_text(wanted: str, *, headers: bool) -> Test:
    def test(candidate: Candidate) -> bool:
        root = candidate.message.structure
        if headers and wanted in header_text(root.header_bytes).casefold():
            return True
        return any(wanted in text for text in _texts(root))

    return test


def _texts(root: Part) -> list[str]:
    texts: list[str] = []
    waiting = [root]
    while waiting:
        part = waiting.pop()
        waiting.extend(part.children)
        if part.embedded is not None:
            texts.append(header_text(part.embedded.header_bytes).casefold())
            waiting.append(part.embedded)
        elif part.kind == "text":
            texts.append(body_text(part).casefold())
    return texts
