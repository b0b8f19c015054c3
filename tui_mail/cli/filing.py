"""Links what was put into the folders of records, as soon as a command has done so."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_mail.cli.context import Context


def link_what_was_filed(call: "Context") -> None:
    """Do what a worker would do; what is cut off here it goes on with."""
    from tui_mail.db.filing import is_waiting

    if not call.database.read_now(is_waiting):
        return
    from tui_mail.worker.link import link_filed

    while call.database.write_now(link_filed, datetime.now(UTC)):
        pass
