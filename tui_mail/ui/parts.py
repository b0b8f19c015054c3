"""What the console is given to work with, built by the composition root."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_mail.errors import TryLater
from tui_mail.i18n import _

if TYPE_CHECKING:  # the database and its drivers are imported after the first paint
    from tui_mail.config import Settings
    from tui_mail.db.engine import Database
    from tui_mail.worker.reading import Reader
    from tui_mail.worker.service import Worker


@dataclass(slots=True)
class Parts:
    """The database and who is at the console; then who opens messages and who fetches them.

    `opener` and `worker` may be put in once the first list is drawn, since what they are made of
    takes time to import. `worker` stays None when another process fetches.
    """

    database: "Database"
    operator_id: int
    settings: "Settings"
    opener: "Reader | None" = None
    worker: "Worker | None" = None

    @property
    def reader(self) -> "Reader":
        """Who opens messages.

        Raises TryLater while the program is still starting.
        """
        if self.opener is None:
            raise TryLater(_("The program is still starting: try again in a moment."))
        return self.opener
