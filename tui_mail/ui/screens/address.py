"""A link of a message in whole, before anything is done with it: nothing is ever opened here."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.keys import bind, commands, hints
from tui_mail.ui.linkkeys import LinkChosen
from tui_mail.ui.widgets.lines import Bar, Lines
from tui_mail.ui.widgets.text import BLANK, Line, fit, plain, width_of


class _Address(Lines):
    """The address: its host in a line of its own, then all of it in as many lines as it takes."""

    def __init__(self, link: LinkChosen) -> None:
        super().__init__()
        self._link = link

    def title(self) -> SafeText:
        return safe(_("Link {number}").format(number=self._link.number))

    @property
    def count(self) -> int:
        return len(self._lines(self.inner_width))

    def line(self, index: int, width: int) -> Line:
        lines = self._lines(width)
        return lines[index] if index < len(lines) else BLANK

    def _lines(self, width: int) -> Sequence[Line]:
        from tui_mail.mail.links import host_of

        target = safe(self._link.target)
        lines: list[Line] = [plain(safe(f" {host_of(target)}"), "bold")]
        doubt = self._link.mismatch
        if doubt is not None:
            words = _("its text shows {shown}, but it leads to {real}").format(
                shown=doubt.shown, real=doubt.real
            )
            lines.append(plain(fit(safe(f" ⚠ {words}"), width), "warning bold"))
        lines.append(BLANK)
        room, rest = max(8, width - 2), str(target)
        while rest:
            size = room
            while size > 1 and width_of(rest[:size]) > room:
                size -= 1
            lines.append(plain(SafeText(f" {rest[:size]}")))
            rest = rest[size:]
        return lines


class AddressScreen(ModalScreen[str]):
    """Gives back what is to be done: "copy", "write" to it where it is a mail address, or ""."""

    DEFAULT_CSS = """
    AddressScreen { align: center bottom; background: transparent; }
    AddressScreen #box { height: 40%; min-height: 7; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("address.copy", "y", "close('copy')", msgid("copy"), hint=True),
        bind("address.write", "c,enter", "close('write')", msgid("write to it"), hint=True),
        bind("address.down", "j,down,pagedown", "scroll(1)", msgid("down")),
        bind("address.up", "k,up,pageup", "scroll(-1)", msgid("up")),
        bind("address.close", "escape,q,o", "close('')", msgid("close"), hint=True),
    ]

    def __init__(self, link: LinkChosen) -> None:
        super().__init__()
        self._is_letter = link.target[:7].lower() == "mailto:"
        self._address = _Address(link)

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield self._address
            yield Bar(id="hints")

    def on_mount(self) -> None:
        self._address.focus()
        self.call_after_refresh(self._show_hints)

    def _show_hints(self) -> None:
        rows = commands(self.active_bindings.values())
        self.query_one("#hints", Bar).show(hints(rows, self.size.width))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A web address cannot be written to."""
        return self._is_letter or (action, parameters) != ("close", ("write",))

    def action_scroll(self, step: int) -> None:
        self._address.scroll_lines_to(self._address.top + step)

    def action_close(self, verb: str) -> None:
        self.dismiss(verb)
