"""When a message came, by its own word: for what no server says it of."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain

_LONGEST_HEAD = 65_536
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_RECEIVED = re.compile(rb"(?im)^received:((?:[^\n]*\n[ \t])*[^\n]*)")
_DATE = re.compile(rb"(?im)^date:((?:[^\n]*\n[ \t])*[^\n]*)")


def received(raw: bytes, kept: datetime | None = None) -> datetime:
    """When a message came: its newest Received header, else Date, else what was `kept` with it,
    else now; never in the future."""
    now = datetime.now(UTC)
    end = _HEAD_END.search(raw, 0, _LONGEST_HEAD)
    head = raw[: end.start() if end else _LONGEST_HEAD]
    told = chain((_told(head, field) for field in (_RECEIVED, _DATE)), (kept,))
    return next((when for when in told if when is not None and when <= now), now)


def _told(head: bytes, field: re.Pattern[bytes]) -> datetime | None:
    """The time that the first field of its name tells."""
    found = field.search(head)
    value = found[1].rpartition(b";")[2] if found else b""
    text = b" ".join(value.split()).decode("ascii", "replace")
    try:
        when = parsedate_to_datetime(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
