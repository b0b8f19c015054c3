"""What the console is given to work with, built by the composition root."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the database and its drivers are imported after the first paint
    from tui_mail.config import Settings
    from tui_mail.db.engine import Database
    from tui_mail.worker.reading import Reader
    from tui_mail.worker.service import Worker


@dataclass(frozen=True, slots=True)
class Parts:
    """The database, who is at the console, and who fetches; `worker` is None when another process does."""

    database: "Database"
    operator_id: int
    settings: "Settings"
    reader: "Reader"
    worker: "Worker | None" = None
