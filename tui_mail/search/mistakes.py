"""What is wrong with a query, and where."""

from tui_mail.errors import WrongUse


class WrongValueError(Exception):
    """An operator cannot take its value; the parser knows the place and makes it a QueryMistake."""


class QueryMistake(WrongUse):
    """A query that means nothing; `start` and `end`: the characters of it that are to blame."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
