"""How the places of the ERP are doing, in lines: when each was read, what is wrong, what waits."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.erpwords import written_words
from tui_mail.ui.widgets.text import BLANK, Line, Piece, fit, plain, width_of
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from tui_mail.db.erp_status import ErpStatus, PlaceStatus

_MARGIN = "     "


def erp_lines(status: "ErpStatus", width: int, now: datetime) -> Iterator[Line]:
    """The places under a heading; nothing where there is none."""
    if not status.places:
        return
    heading = safe(_("ERP"))
    bar = "─" * max(0, width - width_of(heading) - 4)
    yield Piece(SafeText("── "), "rule"), Piece(heading, "dim"), Piece(SafeText(f" {bar}"), "rule")
    for place in status.places:
        yield from _place(place, width, now)
    if status.waiting:
        words = ngettext(
            "{number} record changed: its mail is still to be linked anew",
            "{number} records changed: their mail is still to be linked anew",
            status.waiting,
        ).format(number=status.waiting)
        yield from (plain(part) for part in wrapped(safe(words), width - 1, _MARGIN))


def _place(place: "PlaceStatus", width: int, now: datetime) -> Iterator[Line]:
    sign, style = ("⚠", "error") if place.error else ("●", "accent")
    success = _("never read")
    if place.last_success is not None:
        ago = formats.ago((now - place.last_success).total_seconds())
        success = _("read {time}, {lag}").format(
            time=formats.when(place.last_success, now), lag=ago
        )
    first = max(16, width * 2 // 5)
    yield (
        Piece(SafeText(f" {sign} "), style),
        Piece(fit(safe(place.name), first), "bold"),
        Piece(fit(safe(f" {success}"), max(0, width - first - 3))),
    )
    if place.is_read(now):
        yield from (
            plain(part, "dim")
            for part in wrapped(safe(_("it is being read now")), width - 1, _MARGIN)
        )
    if place.error:
        yield from (plain(part, "error") for part in wrapped(safe(place.error), width - 1, _MARGIN))
    for words in written_words(place):
        yield from (plain(part, "dim") for part in wrapped(safe(words), width - 1, _MARGIN))
    yield BLANK
