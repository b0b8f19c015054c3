"""The console over a stage that a test has built, as a program of its own: for a real terminal."""

import logging
import sys
from pathlib import Path

from tui_mail.blobs import FolderBlobs
from tui_mail.config import Settings
from tui_mail.db.engine import Database
from tui_mail.i18n import set_language
from tui_mail.ui.app import run_console
from tui_mail.ui.parts import Parts
from tui_mail.vault import open_vault
from tui_mail.worker.reading import Reader


def main() -> int:
    """Arguments: the database's URL, the stage's folder, the operator's id.

    What goes wrong is told in the folder's `console.log`.
    """
    url, folder, operator_id = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    logging.basicConfig(filename=folder / "console.log", level=logging.WARNING)
    set_language("en")
    settings = Settings(language="en")

    def open_parts() -> Parts:
        blobs = FolderBlobs(folder / "blobs", open_vault(folder / "key"))
        database = Database(url)
        return Parts(database, operator_id, settings, Reader(database, blobs, operator_id))

    return run_console(settings, open_parts)


if __name__ == "__main__":
    sys.exit(main())
