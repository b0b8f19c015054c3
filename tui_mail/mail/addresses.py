"""Mailboxes out of an address header, in linear time and by what the syntax really says.

Encoded words are decoded in display names only, never in an address, so that a forged name
cannot become the address that is shown. Takes RFC 5322 §3.4, its obsolete forms, and what
people and programs write instead.
"""

import re
from dataclasses import dataclass, field

from tui_mail.mail.headers import decode_words, one_line
from tui_mail.values import Mailbox

MAX_ADDRESSES = 1_000

_PLAIN = re.compile(r"[^\"(<>,;:]+")
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_COMMENT_SIGN = re.compile(r"[()\\]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_UNWANTED = re.compile(r"[\x00-\x20\x7f-\x9f\xa0\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_COMMENT = re.compile(r"\([^()]*\)")
_AROUND_SIGN = re.compile(r" ?@ ?")


@dataclass(slots=True)
class _Scan:
    """What is gathered of the mailbox that is being read, and what was read before."""

    text: str
    limit: int
    position: int = 0
    words: list[str] = field(default_factory=list)
    comment: str = ""
    angle: str | None = None
    found: list[Mailbox] = field(default_factory=list)
    waiting: str = ""  # a bare word before a comma: maybe "Rossi" of `Rossi, Mario <…>`
    closed_quotes: bool = True
    closed_comments: bool = True
    closed_angles: bool = True
    has_address: bool = False  # a word with an at sign is among the words


def mailboxes(text: str, limit: int = MAX_ADDRESSES) -> tuple[Mailbox, ...]:
    """The mailboxes in a header value (unfolded, undecoded); of more than `limit` the first ones.

    A word without an address gives a mailbox whose address is that word when it is a single one
    (a local user), else an empty address with the words as its name.
    """
    scan = _Scan(text, limit)
    while scan.position < len(text) and len(scan.found) < limit:
        _step(scan)
    _finish(scan, separator="")
    return tuple(scan.found[:limit])


def _step(scan: _Scan) -> None:
    sign = scan.text[scan.position]
    if sign == '"' and scan.closed_quotes:
        _read_quoted(scan)
    elif sign == "(" and scan.closed_comments:
        _read_comment(scan)
    elif sign == "<":
        _read_angle(scan)
    elif sign in ",;":
        scan.position += 1
        _finish(scan, separator=sign)
    elif sign == ":" and scan.angle is None and not scan.has_address:
        # The name of a group (RFC 5322 §3.4): its members follow.
        scan.position += 1
        scan.words.clear()
        scan.waiting = ""
    else:
        match = _PLAIN.match(scan.text, scan.position)
        word = match[0] if match else sign
        scan.position += len(word)
        _add_word(scan, word)


def _add_word(scan: _Scan, word: str) -> None:
    if scan.angle is not None and "@" in word:
        _finish(scan, separator="")
    scan.words.append(word)
    scan.has_address = scan.has_address or "@" in word


def _read_quoted(scan: _Scan) -> None:
    match = _QUOTED.match(scan.text, scan.position)
    if match is None:
        scan.closed_quotes = False  # from here on the sign means itself: nothing is read twice
        return
    scan.position = match.end()
    after = scan.text[scan.position : scan.position + 1]
    if after == "@":
        _add_word(scan, match[0])  # a quoted local part stays as it is
    else:
        _add_word(scan, _ESCAPED.sub(r"\1", match[1]))


def _read_comment(scan: _Scan) -> None:
    depth, position = 0, scan.position
    while True:
        match = _COMMENT_SIGN.search(scan.text, position)
        if match is None:
            scan.closed_comments = False
            return
        position = match.end()
        if match[0] == "\\":
            position += 1
        elif match[0] == "(":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                break
    scan.comment = scan.text[scan.position + 1 : position - 1]
    scan.position = position


def _read_angle(scan: _Scan) -> None:
    end = scan.text.find(">", scan.position) if scan.closed_angles else -1
    if end < 0:
        scan.closed_angles = False
        comma = scan.text.find(",", scan.position)
        end = comma if comma >= 0 else len(scan.text)
    if scan.angle is not None:
        _finish(scan, separator="")
    scan.angle = scan.text[scan.position + 1 : end]
    scan.position = end + 1 if scan.text[end : end + 1] == ">" else end


def _finish(scan: _Scan, separator: str) -> None:
    words, angle, comment = scan.words, scan.angle, scan.comment
    scan.words, scan.angle, scan.comment, scan.has_address = [], None, "", False
    phrase = one_line(" ".join(words)) if angle is not None else "".join(words).strip()
    if angle is not None:
        name = f"{scan.waiting}, {phrase}" if scan.waiting and phrase else phrase or scan.waiting
        scan.waiting = ""
        _append(
            scan,
            angle.rpartition(":")[2] if angle.lstrip().startswith("@") else angle,
            name or comment,
        )
        return
    _flush_waiting(scan)
    if "@" in phrase:
        spaced = _AROUND_SIGN.sub("@", one_line(phrase))
        start = _address_start(spaced)
        _append(scan, spaced[start:], spaced[:start] or comment)
    elif phrase:
        scan.waiting = phrase
        if separator != ",":
            _flush_waiting(scan)


def _address_start(text: str) -> int:
    """Where the address begins that ends a text without angles, 0 when all of it is one."""
    quote = text.rfind('"@')
    if quote > 0 and " " not in text[quote:]:
        return max(0, text.rfind('"', 0, quote))
    start = text.rfind(" ") + 1
    return start if "@" in text[start:] else 0


def _flush_waiting(scan: _Scan) -> None:
    if scan.waiting:
        word = scan.waiting
        scan.waiting = ""
        _append(
            scan,
            "" if " " in word or "=?" in word else word,
            word if " " in word or "=?" in word else "",
        )


def _append(scan: _Scan, address: str, name: str) -> None:
    address = address.strip()
    if "(" in address and not address.startswith('"'):
        address = _COMMENT.sub("", address)
    unwanted = _CONTROLS if address.startswith('"') else _UNWANTED
    address = unwanted.sub("", address).strip("<>")
    local, at, domain = address.rpartition("@")
    address = f"{local}{at}{domain.lower()}" if at else address
    decoded = one_line(decode_words(name)[0]) if name else ""
    if len(decoded) > 1 and decoded[0] == decoded[-1] and decoded[0] in "'\"":
        decoded = decoded[1:-1].strip()
    if address or decoded:
        scan.found.append(Mailbox(address=address, name=decoded))
