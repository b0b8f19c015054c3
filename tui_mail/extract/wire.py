"""What goes through the pipes between the program and the process that reads files for it."""

import struct
from dataclasses import dataclass, field
from enum import StrEnum

REQUEST = struct.Struct(">IIQ")  # bytes of name, of media type, of content, which follow
ANSWER = struct.Struct(">BI")  # outcome by its place below, bytes of text, which follow


class Outcome(StrEnum):
    """What came of reading a file. Only done has text, which may be empty."""

    DONE = "done"
    FAILED = "failed"  # broken, or locked by a password
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    LOST = "lost"  # its bytes are not there


OUTCOMES = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a file holds for the search."""

    outcome: Outcome
    text: str = field(default="", repr=False)
