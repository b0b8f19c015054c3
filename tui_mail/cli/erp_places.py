"""The places that records come from, by the names that commands give."""

from typing import TYPE_CHECKING

from tui_mail.cli.context import Context
from tui_mail.errors import NotFound
from tui_mail.i18n import _

if TYPE_CHECKING:
    from tui_mail.db.tables import ErpSource


def places(call: Context, name: str) -> "list[ErpSource]":
    """The places of that name, all for "". Raises NotFound."""
    from tui_mail.db import erp

    found = [s for s in call.database.read_now(erp.sources) if name in {"", s.name} and s.location]
    if not found:
        raise NotFound(_("There is no such source: tui-mail erp add NAME FOLDER adds one."))
    return found
