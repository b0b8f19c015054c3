"""Words for where a record lives, and for what is written to a place of the ERP."""

from typing import TYPE_CHECKING, Protocol

from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe

if TYPE_CHECKING:
    from tui_mail.db.erp_status import PlaceStatus


class _OnItsWay(Protocol):
    """Of a record made here: how far it is."""

    @property
    def on_its_way(self) -> str: ...
    @property
    def refused(self) -> bool: ...


def kept_words(record: _OnItsWay) -> SafeText:
    """Where a record lives that was made here."""
    if not record.on_its_way:
        return safe(_("only here, not in the ERP"))
    if record.refused:
        return safe(_("only here: {place} refuses it").format(place=record.on_its_way))
    return safe(_("here, waiting for {place}").format(place=record.on_its_way))


def written_words(place: "PlaceStatus") -> list[str]:
    """What is written to a place, and what is still to be, in lines; none for one that is only read."""
    lines = []
    if place.writes:
        words = _("what is made here is written there")
        if "*" not in place.writes:
            words = _("what is made here is written there, of: {companies}").format(
                companies=", ".join(place.writes)
            )
        lines.append(words)
    if place.to_write:
        words = ngettext(
            "{count} record waits to be written",
            "{count} records wait to be written",
            place.to_write,
        )
        lines.append(words.format(count=place.to_write))
    if place.refused:
        words = ngettext(
            "{count} record was refused: its card says why",
            "{count} records were refused: their cards say why",
            place.refused,
        )
        lines.append(words.format(count=place.refused))
    return lines
