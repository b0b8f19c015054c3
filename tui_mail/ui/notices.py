"""What panels tell whoever holds them: words for the status line."""

from textual.message import Message

from tui_mail.errors import TuiMailError
from tui_mail.safetext import SafeText, safe


class Said(Message):
    """Something happened. `undo`: it can be taken back; `wrong`: it did not work."""

    def __init__(self, text: SafeText, *, undo: bool = False, wrong: bool = False) -> None:
        super().__init__()
        self.text = text
        self.undo = undo
        self.wrong = wrong

    @classmethod
    def error(cls, error: TuiMailError) -> "Said":
        """An error of ours, as the sentence that it carries."""
        return cls(safe(error.message), wrong=True)
