"""Keys, cursors and flags: what the rest of the program holds of a message on an IMAP server.

Hides that a key is "UIDVALIDITY:UID", what a cursor remembers, and how flags are spelt. Pure.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from tui_mail.backends.imap_syntax import (
    NUMBERS_LIMIT,
    Frame,
    Value,
    expand,
    fetch_items,
    heading,
    internal_date,
    is_keyword,
    number,
    values,
)
from tui_mail.errors import ProtocolRefused, WrongData
from tui_mail.i18n import _
from tui_mail.mail.headers import ORIGINALLY, identifiers, originally
from tui_mail.mail.parse import parse
from tui_mail.values import Flag, Identity

_KEY = re.compile(r"([0-9]{1,10}):([0-9]{1,10})\Z")
_FIGURE = re.compile(r"[0-9]{1,19}\Z")
_LARGEST_UID = 2**32 - 1
_AT_A_TURN = 10  # responses: about a millisecond
_MOST_COPIED = 10_000  # in one command; we ask for fewer
_SYSTEM = {
    Flag.SEEN: b"\\Seen",
    Flag.STARRED: b"\\Flagged",
    Flag.ANSWERED: b"\\Answered",
    Flag.DELETED: b"\\Deleted",
    Flag.DRAFT: b"\\Draft",
}
_FROM_WIRE = {spelt.lower(): flag.value for flag, spelt in _SYSTEM.items()}
_TO_WIRE = {flag.value: spelt for flag, spelt in _SYSTEM.items()}


def message_key(validity: int, uid: int) -> str:
    """The key of a message."""
    return f"{validity}:{uid}"


def uids_of(keys: Iterable[str], validity: int) -> dict[int, str]:
    """UID -> key, of those keys that mean something under this UIDVALIDITY."""
    found: dict[int, str] = {}
    for key in keys:
        match = _KEY.match(key)
        if match and int(match[1]) == validity and 0 < int(match[2]) <= _LARGEST_UID:
            found[int(match[2])] = key
    return found


def stale_keys(keys: Iterable[str], validity: int) -> frozenset[str]:
    """Those of the keys that were given under another UIDVALIDITY than this."""
    matches = ((key, _KEY.match(key)) for key in keys)
    return frozenset(key for key, match in matches if match and int(match[1]) != validity)


_MESSAGE_ID_OF_ENVELOPE = 9  # RFC 3501 §7.4.2
IDENTITY_ITEMS = (
    b"(UID RFC822.SIZE INTERNALDATE ENVELOPE BODY.PEEK[HEADER.FIELDS (%b)])"
    % " ".join(ORIGINALLY).encode()
)
"""What a FETCH asks for that `identity` reads."""


def identity(items: Mapping[bytes, Value]) -> Identity | None:
    """What the answer to a FETCH of `IDENTITY_ITEMS` tells; None without a Message-ID."""
    envelope = items.get(b"ENVELOPE")
    if not isinstance(envelope, list) or len(envelope) <= _MESSAGE_ID_OF_ENVELOPE:
        return None
    written = envelope[_MESSAGE_ID_OF_ENVELOPE]
    found = identifiers(written.decode("utf-8", "replace")) if isinstance(written, bytes) else ()
    size = number(items.get(b"RFC822.SIZE"))
    if not found or size is None:
        return None
    return Identity(found[0], size, internal_date(items.get(b"INTERNALDATE")), _originally(items))


def _originally(items: Mapping[bytes, Value]) -> str:
    for name, value in items.items():
        if name.startswith(b"BODY[HEADER.FIELDS") and isinstance(value, bytes):
            return originally(parse(value).headers) if value.strip() else ""
    return ""


@dataclass(frozen=True, slots=True)
class State:
    """Where a folder stands: what SELECT told. `modseq` is 0 without CONDSTORE (RFC 7162)."""

    validity: int
    next_uid: int
    modseq: int
    exists: int

    @property
    def cursor(self) -> str:
        """This state as a cursor."""
        return f"1 {self.validity} {self.next_uid} {self.modseq} {self.exists}"


def read_cursor(cursor: str) -> State | None:
    """The state a cursor was made of; None for the empty one and for what is no cursor of ours."""
    parts = cursor.split(" ")
    if len(parts) != 5 or parts[0] != "1" or not all(map(_FIGURE.match, parts)):
        return None
    return State(*map(int, parts[1:]))


def people_flags(value: Value) -> frozenset[str]:
    """FLAGS of a message: system flags as in `Flag`, keywords as they are, \\Recent left out."""
    found: set[str] = set()
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, bytes):
            continue
        if item.startswith(b"\\"):
            known = _FROM_WIRE.get(item.lower())
            found.update({known} if known else ())
        elif item.lower().decode("ascii", "replace") not in _TO_WIRE:
            found.add(item.decode("utf-8", "replace"))
    return frozenset(found)


def wire_flags(flags: Iterable[str]) -> bytes:
    """Flags as a parenthesised list. Raises `WrongData` for what cannot be a keyword."""
    written: list[bytes] = []
    for flag in sorted(flags):
        if flag in _TO_WIRE:
            written.append(_TO_WIRE[flag])
        elif is_keyword(flag):
            written.append(flag.encode("ascii"))
        else:
            raise WrongData(
                _("A tag on a mail server has no spaces, accents or brackets: {tag}").format(
                    tag=flag
                )
            )
    return b"(" + b" ".join(written) + b")"


def found_uids(frames: Iterable[Frame]) -> set[int]:
    """The UIDs in answers to UID SEARCH, plain or ESEARCH (RFC 4731).

    Raises `ProtocolRefused` for a set that is unreadable or stands for too many: read as none, it
    would say that every message has gone.
    """
    found: set[int] = set()
    left = NUMBERS_LIMIT
    for frame in frames:
        head = heading(frame)
        if head is None or head.kind not in {b"SEARCH", b"ESEARCH"}:
            continue
        answered = values(frame, head.end)
        if head.kind == b"SEARCH":
            found.update(uid for item in answered if (uid := number(item, _LARGEST_UID)))
            continue
        for name, value in pairwise(answered):
            if isinstance(name, bytes) and name.upper() == b"ALL" and isinstance(value, bytes):
                numbers = expand(value, left)
                if numbers is None:
                    raise ProtocolRefused(
                        _(
                            "The server answered with numbers that cannot be read, or with more "
                            "than {limit}: something is wrong with it, its administrator should "
                            "know."
                        ).format(limit=NUMBERS_LIMIT)
                    )
                left -= len(numbers)
                found.update(numbers)
    return found


_EARLIER = re.compile(rb"\(EARLIER\) ", re.IGNORECASE)


def vanished_uids(frames: Iterable[Frame], most: int) -> set[int] | None:
    """The UIDs in VANISHED responses (RFC 7162 §3.2.10); None: unreadable, or more than `most`."""
    found: set[int] = set()
    for frame in frames:
        head = heading(frame)
        if head is None or head.kind != b"VANISHED":
            continue
        written = _EARLIER.sub(b"", frame[0][head.end :], count=1).strip()
        numbers = expand(written, most - len(found))
        if numbers is None:
            return None
        found.update(numbers)
    return found


_COPYUID = re.compile(rb"\[COPYUID (\d{1,10}) ([\d:,]+) ([\d:,]+)\]", re.IGNORECASE)
_APPENDUID = re.compile(rb"\[APPENDUID (\d{1,10}) (\d{1,10})\]", re.IGNORECASE)


def copied_keys(texts: Sequence[bytes], asked: dict[int, str]) -> dict[str, str]:
    """Old key -> new key from COPYUID codes (RFC 4315); what was not asked for is ignored."""
    found: dict[str, str] = {}
    codes = (match for text in texts if (match := _COPYUID.search(text)))
    for match in islice(codes, len(asked)):  # each message of ours can be in one of them
        old, new = expand(match[2], _MOST_COPIED), expand(match[3], _MOST_COPIED)
        if old is None or new is None or len(old) != len(new):
            continue
        validity = int(match[1])
        for before, after in zip(old, new, strict=True):
            if before in asked:
                found[asked[before]] = message_key(validity, after)
    return found


def appended_key(text: bytes) -> str:
    """The key in an APPENDUID code (RFC 4315), empty when there is none."""
    match = _APPENDUID.search(text)
    return message_key(int(match[1]), int(match[2])) if match else ""


async def fetched(frames: Iterable[Frame]) -> AsyncGenerator[tuple[int, dict[bytes, Value]], None]:
    """UID and items of each FETCH response that has a UID.

    Thousands may be here at once: others have their turn in between.
    """
    for place, frame in enumerate(frames):
        if place % _AT_A_TURN == 0:
            await asyncio.sleep(0)
        head = heading(frame)
        if head is None or head.kind != b"FETCH":
            continue
        items = fetch_items(frame, head.end)
        uid = number(items.get(b"UID"), 2**32 - 1)
        if uid:
            yield uid, items
