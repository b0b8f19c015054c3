"""Files that go with a letter: read whole, within what mail servers take."""

from pathlib import Path

from tui_mail.db.draft_content import DraftFile, file_of
from tui_mail.errors import InputOutput, WrongData
from tui_mail.i18n import _
from tui_mail.worker.submit import read_attachment

LARGEST = 50_000_000  # bytes of a file that no mail server takes


def read_file(path: Path) -> DraftFile:
    """A file for a letter. Raises NotFound, InputOutput, and WrongData for a huge one."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputOutput(
            _("{file} cannot be read ({reason}).").format(file=path, reason=error.strerror)
        ) from error
    if size > LARGEST:
        raise WrongData(
            _("{file} is larger than 50 MB: no mail server would take it.").format(file=path.name)
        )
    return file_of(read_attachment(str(path)))
