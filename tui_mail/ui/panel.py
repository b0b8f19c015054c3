"""What panels have in common: their parts, given after the first paint, and news of the database."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from tui_mail.errors import TuiMailError
from tui_mail.ui.notices import Said

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

    _Base = Widget
else:
    _Base = object

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Panel(_Base):
    """A part of the screen that owns its data; it reads the database and tells upwards by messages."""

    parts: "Parts | None" = None

    def start(self, parts: "Parts") -> None:
        """The database is there: show something."""
        self.parts = parts

    def changed(self, topics: frozenset[str]) -> None:
        """The database changed: read again what is shown, if it is about that."""

    async def read(
        self, fn: "Callable[Concatenate[Session, _P], _T]", *args: _P.args, **kwargs: _P.kwargs
    ) -> _T | None:
        """What `fn(session, …)` gives; None, and a word to the person, when it cannot be read."""
        if self.parts is None:
            return None
        try:
            return await self.parts.database.read(fn, *args, **kwargs)
        except TuiMailError as error:
            self.post_message(Said.error(error))
            return None
