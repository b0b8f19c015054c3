"""Letters written from the main screen: begun, gone on with, called back."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tui_mail.db.rows import DraftRow
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.screens.doing import Doing

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.writing.ending import Closed
    from tui_mail.ui.writing.start import ComposeStart
    from tui_mail.worker.reading import OpenedMessage


def _drafts(session: "Session", operator_id: int) -> list[DraftRow]:
    from tui_mail.db.drafts import drafts

    return drafts(session, operator_id)


class Letters:
    """Opens the composer, and hears how it was left."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        self._screen = doing.screen

    def write(self, answer: str, message_id: int | None) -> None:
        """Write a letter: new, or an answer to a message."""
        if self._doing.parts is not None:
            self._doing.run(partial(self._write, answer, message_id))

    async def _write(self, answer: str, message_id: int | None) -> SafeText:
        from tui_mail.ui.writing.start import FORWARD, ComposeStart, start_of

        assert self._doing.parts is not None
        if message_id is not None:
            start = await start_of(self._doing.parts, answer, message_id)
            if answer == FORWARD and start.opened is not None:
                self._doing.with_files(start.opened, partial(self._forward, start))
                return SafeText("")
        else:
            folder = self._screen.folders.current()
            start = ComposeStart(account_id=folder.account_id if folder is not None else None)
        self._compose(start)
        return SafeText("")

    def _forward(self, start: "ComposeStart", opened: "OpenedMessage") -> None:
        self._compose(replace(start, opened=opened))

    def write_to(self, target: str) -> None:
        """Write to the address of a mailto link; nothing else of the link is taken over."""
        self._doing.run(partial(self._write_to, target))

    async def _write_to(self, target: str) -> SafeText:
        from tui_mail.ui.writing.start import ComposeStart

        address = unquote(target[len("mailto:") :].partition("?")[0])
        self._compose(ComposeStart(to=safe(address)))
        return SafeText("")

    def _compose(self, start: "ComposeStart") -> None:
        from tui_mail.ui.screens.compose import ComposeScreen

        assert self._doing.parts is not None
        self._screen.app.push_screen(ComposeScreen(self._doing.parts, start), self._written)

    def _written(self, closed: "Closed | None") -> None:
        if closed is None:
            return
        seconds, number = closed.seconds, closed.outgoing_id
        if number is not None and seconds:
            self._doing.offer(seconds, partial(self._call_back, number))
            undo = safe(_(" – z to undo within {seconds} s").format(seconds=seconds))
            self._doing.status.say_for(seconds, closed.said, undo)
        else:
            self._doing.status.say(closed.said)

    async def _call_back(self, outgoing_id: int) -> SafeText:
        """Take back the letter that was just sent, and write on."""
        from tui_mail.ui.writing.ending import undo_send

        assert self._doing.parts is not None
        draft = await undo_send(self._doing.parts, outgoing_id)
        if draft is None:
            return safe(_("Too late: the letter is on its way."))
        self._reopen(draft)
        return SafeText("")

    def go_drafts(self) -> None:
        """Choose one of the letters that are being written; without any, go to the folder."""
        if self._doing.parts is not None:
            self._doing.run(self._pick_draft)

    async def _pick_draft(self) -> SafeText:
        assert self._doing.parts is not None
        parts = self._doing.parts
        rows = await parts.database.read(_drafts, parts.operator_id)
        if rows:
            from tui_mail.ui.screens.drafts import DraftsScreen

            self._screen.app.push_screen(DraftsScreen(rows), self._reopen)
        elif not self._screen.folders.go("drafts"):
            return safe(_("There are no drafts."))
        return SafeText("")

    def _reopen(self, draft: DraftRow | None) -> None:
        from tui_mail.ui.writing.start import DRAFT, ComposeStart

        if draft is not None:
            self._compose(ComposeStart(DRAFT, draft=draft))
