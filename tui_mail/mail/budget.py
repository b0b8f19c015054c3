"""How much of a message is read as text: one allowance for all its bodies and those within it.

Counts bytes, nodes and lines, never seconds: the same message gives the same text on any machine.
"""

from dataclasses import dataclass
from typing import AnyStr

MAX_TEXT = 1024 * 1024  # bytes, or characters of what is none, of all bodies together
MAX_NODES = 120_000  # of all pages together
MAX_LINES = 50_000  # of a body


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
