"""How much of a message is read as text: one allowance for all its bodies and those within it.

Counts bytes, nodes and lines, never seconds: the same message gives the same text on any machine.
"""

from dataclasses import dataclass
from typing import AnyStr

MAX_TEXT = 1024 * 1024  # bytes, or characters of what is none, of all bodies together
MAX_NODES = 120_000  # of all pages together
MAX_LINES = 50_000  # of a body
MAX_UNPACKED = 32 * 1024 * 1024  # bytes of all packed files together
MAX_MARKS = 200_000  # of all XML together: elements and attributes, which take the time


@dataclass(slots=True)
class Budget:
    """What is left of it. `spent`: something was left out."""

    text: int = MAX_TEXT
    nodes: int = MAX_NODES
    spent: bool = False

    def cut(self, content: AnyStr) -> AnyStr:
        """As much of a body as may be read."""
        if len(content) > self.text:
            content, self.spent = content[: self.text], True
        self.text -= len(content)
        return content


@dataclass(slots=True)
class FileBudget:
    """How much of the files of a message is read for the documents in them. `spent`: as above."""

    unpacked: int = MAX_UNPACKED
    marks: int = MAX_MARKS
    _begun: bool = False
    spent: bool = False

    def unpacks(self, content: bytes) -> bool:
        """Whether a file that came out of another may be read."""
        self.unpacked -= len(content)
        self.spent |= self.unpacked < 0
        return self.unpacked >= 0

    def reads(self, content: bytes) -> bool:
        """Whether some XML may be read; the first may be twice as much as all others."""
        self.marks -= content.count(b"<") + content.count(b"=")
        sound = self.marks >= (0 if self._begun else -MAX_MARKS)
        self._begun = True
        self.spent |= not sound
        return sound
