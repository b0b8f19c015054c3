"""How much of a file is read for the search; what is over a limit is told apart from what is broken."""

MOST_BYTES = 32 * 1024 * 1024  # of a file
MOST_TEXT = 400_000  # characters kept of it
MOST_UNPACKED = 64 * 1024 * 1024  # bytes that the parts of a packed file may have together
WORST_RATIO = 200  # by which a packed part may grow once it is larger than _SMALL
SMALL = 1024 * 1024
MOST_PARTS = 2_000
MOST_PAGES = 2_000
DEEPEST = 3  # files within files


class NotReadError(Exception):
    """The file is broken, locked by a password, or no file of its kind."""


class TooLargeError(Exception):
    """The file goes over a limit."""


class Text:
    """Collects text until there is enough of it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._left = MOST_TEXT

    @property
    def is_full(self) -> bool:
        return self._left <= 0

    def add(self, text: str) -> None:
        """Take as much of `text` as there is room for."""
        if text and self._left > 0:
            self._parts.append(text[: self._left])
            self._left -= len(text)

    def __str__(self) -> str:
        return "".join(self._parts)
