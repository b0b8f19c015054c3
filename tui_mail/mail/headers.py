"""Header values as people read them: encoded words, parameters, identifiers, dates; never raises.

Every scanner is linear in the length of the header, which `structure` has capped before.
"""

import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from urllib.parse import unquote_to_bytes

from tui_mail.mail.charsets import codec_of, decode
from tui_mail.mail.transfer import undo

MAX_PARAMETERS = 200
ORIGINALLY = ("X-Microsoft-Original-Message-ID", "X-Google-Original-Message-ID")
"""Header fields in which servers that give messages another Message-ID keep the sender's."""
MAX_IDENTIFIERS = 100
# Database keys are made of identifiers; PostgreSQL takes 2,704 bytes in an index.
MAX_IDENTIFIER = 600

_FOLD = re.compile(r"(?:\r\n|\r|\n)[ \t]*")
# Also without a charset, with question marks inside, or cut off at the end of the header.
_ENCODED_WORD = re.compile(r"=\?([^?\s]{0,64})\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*)*)(?:\?=|\Z)")
_SPACES = re.compile(r"\s+")
_PARAMETER = re.compile(
    r";\s*([^\s=;]{1,128})\s*=\s*(\"[^\"\\]*(?:\\.[^\"\\]*)*\"|[^;]*)", re.DOTALL
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_IDENTIFIER = re.compile(r"<([^<>]*)>")
_CONTROLS_AND_SPACES = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")


def raw_text(value: bytes, likely: str = "") -> tuple[str, bool]:
    """A raw header value unfolded, its 8-bit bytes read as UTF-8 or else by a guess (then False)."""
    if value.isascii():
        text, sound = value.decode("ascii"), True
    else:
        text, sound = decode(value, likely=likely)
    if "\n" in text or "\r" in text:
        text = _FOLD.sub(" ", text)
    return text.strip(), sound


def decode_words(text: str) -> tuple[str, bool]:
    """`text` with its encoded words decoded (RFC 2047), and whether all of them could be."""
    if "=?" not in text:
        return text, True
    pieces: list[str] = []
    pending: list[bytes] = []
    pending_charset = ""
    sound = True
    position = 0

    def flush() -> bool:
        decoded, held = decode(b"".join(pending), pending_charset)
        pieces.append(decoded)
        pending.clear()
        return held

    for match in _ENCODED_WORD.finditer(text):
        between = text[position : match.start()]
        charset = match[1].partition("*")[0].lower()
        # Words of one charset are joined as bytes: encoders cut characters in the middle.
        if pending and (between.strip() or charset != pending_charset):
            sound &= flush()
        if between.strip() or position == 0:
            pieces.append(between)
        data, held = _word_bytes(charset, match[2], match[3])
        sound &= held
        pending.append(data)
        pending_charset = charset
        position = match.end()
    if pending:
        sound &= flush()
    pieces.append(text[position:])
    return "".join(pieces), sound


def _word_bytes(charset: str, encoding: str, payload: str) -> tuple[bytes, bool]:
    data = payload.encode("ascii", "ignore") if encoding in "bB" else _written(payload, charset)
    if encoding in "bB":
        return undo(data, "base64")
    return binascii.a2b_qp(data, header=True), True


def _written(payload: str, charset: str) -> bytes:
    """The bytes of a word; those that were not encoded at all are in the word's own charset."""
    if not payload.isascii():
        try:
            return payload.encode(codec_of(charset) or "utf-8")
        except (UnicodeError, ValueError):
            pass
    return payload.encode("utf-8", "replace")


def one_line(text: str) -> str:
    """`text` with every run of white space as one space, none around."""
    return _SPACES.sub(" ", text).strip()


def parameters(value: str) -> tuple[str, Mapping[str, str]]:
    """The lower-case first word of a structured header, and its parameters (RFC 2045 §5.1, RFC 2231)."""
    head = value.partition(";")[0].strip().lower()
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for count, match in enumerate(_PARAMETER.finditer(value)):
        if count >= MAX_PARAMETERS:
            break
        name, content = match[1].lower(), _unquoted(match[2])
        base, star, rest = name.partition("*")
        if not star:
            found.setdefault(base, decode_words(content)[0])
            continue
        extended = name.endswith("*")
        number = rest.rstrip("*")
        index = int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0
        pieces.setdefault(base, {}).setdefault(index, (extended, content))
    for base, parts in pieces.items():
        found[base] = _joined_pieces(parts)
    return head, found


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return _ESCAPED.sub(r"\1", value[1:-1])
    return value.strip('"')


def _joined_pieces(parts: Mapping[int, tuple[bool, str]]) -> str:
    """The continuations of RFC 2231 §3 in order, up to the first gap, with the charset of §4."""
    charset = ""
    data = b""
    for expected, index in enumerate(sorted(parts)):
        if expected and index != expected:
            break
        extended, content = parts[index]
        if extended and index == 0 and content.count("'") >= 2:
            charset, _language, content = content.split("'", 2)
        encoded = content.encode("utf-8", "replace")
        data += unquote_to_bytes(encoded) if extended else encoded
    return decode(data, charset)[0]


def identifiers(value: str) -> tuple[str, ...]:
    """The message identifiers in a header value, without brackets, in order, each once.

    Of more than 100 the first and the last 99 are kept: the root and the nearest ancestors.
    """
    found = [_CONTROLS_AND_SPACES.sub("", match) for match in _IDENTIFIER.findall(value)]
    if not found:
        words = value.split()
        found = [word.strip("<>,;") for word in words if "@" in word or len(words) == 1]
    unique = list(
        dict.fromkeys(i for i in found if i and len(i.encode("utf-8", "replace")) <= MAX_IDENTIFIER)
    )
    if len(unique) > MAX_IDENTIFIERS:
        unique = [unique[0], *unique[-(MAX_IDENTIFIERS - 1) :]]
    return tuple(unique)


def originally(headers: Iterable[tuple[str, str]]) -> str:
    """The Message-ID that a sender gave a message of these header fields, where a server that put
    another in its place kept it in one of `ORIGINALLY`; else ""."""
    wanted = {one.lower() for one in ORIGINALLY}
    for name, value in headers:
        if name.lower() in wanted and (found := identifiers(value)):
            return found[0]
    return ""


def date_of(value: str) -> datetime | None:
    """A Date header as an aware time, None when it cannot be read; no zone means UTC."""
    try:
        parts = parsedate_tz(value[:120])
        if parts is None:
            return None
        offset = parts[9] or 0
        zone = UTC if not offset else timezone(timedelta(seconds=offset))
        second = min(parts[5], 59)  # a leap second is a minute's last
        moment = datetime(*parts[:5], second, tzinfo=zone)
        moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment
