"""What every widget may ask of the application about how things look."""

from typing import Protocol

from tui_mail.ui.pictures import Pictures
from tui_mail.ui.theme import Inks


class Look(Protocol):
    """The application, as far as drawing goes."""

    @property
    def inks(self) -> Inks: ...
    @property
    def ascii(self) -> bool: ...
    @property
    def pictures(self) -> Pictures: ...
