"""The message that is being read: header, warnings, text as lines, files.

Hides opening, folding of quotes and the way through a conversation.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui_mail.db.rows import AttachmentRow, MessageRow, ThreadPlace
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import letterhead
from tui_mail.ui.beside import beside
from tui_mail.ui.deeds import ask_for_files
from tui_mail.ui.keys import MAIL, bind
from tui_mail.ui.layouts import Frame, Layouts
from tui_mail.ui.linkkeys import LINKS, LinkKeys
from tui_mail.ui.mailkeys import MailKeys, Target, target_of_message
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.widgets.lines import Lines
from tui_mail.ui.widgets.text import BLANK, Line, Piece, plain
from tui_mail.ui.work import begin
from tui_mail.values import Authentication

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.mail.render import Rendered
    from tui_mail.worker.reading import OpenedMessage


def _own_hosts(session: "Session", account_id: int) -> tuple[str, str]:
    """Whose word is believed on who a sender is: the account's server and its mail domain."""
    from tui_mail.db.accounts import account_by_id

    account = account_by_id(session, account_id)
    return account.host, account.email.rpartition("@")[2]


# Here `v` is for what came with the message; moving it takes the key beside.
_VERBS = [one for one in MAIL if one.id != "mail.move"]


class ReaderPanel(MailKeys, LinkKeys, Panel, Lines):
    """One message, and the conversation that it is in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *_VERBS,
        bind("reader.move", "V", "move_mail", msgid("move to a folder")),
        bind("reader.page", "space", "read_on", msgid("read on"), hint=True),
        bind("reader.down", "j,down", "scroll(1)", msgid("down")),
        bind("reader.up", "k,up", "scroll(-1)", msgid("up")),
        bind("reader.page_down", "pagedown,ctrl+d", "page(1)", msgid("page down")),
        bind("reader.page_up", "pageup", "page(-1)", msgid("page up")),
        bind("reader.first", "home", "top", msgid("first")),
        bind("reader.last", "end,G", "bottom", msgid("last")),
        bind("reader.next", "J", "step(1)", msgid("next message"), hint=True),
        bind("reader.previous", "K", "step(-1)", msgid("previous message")),
        bind("reader.later", "n", "within(1)", msgid("later in the conversation")),
        bind("reader.earlier", "p", "within(-1)", msgid("earlier in the conversation")),
        bind("reader.files", "v", "files", msgid("attachments")),
        bind("reader.save", "S", "save(False)", msgid("save a file")),
        bind("reader.save_all", "A", "save(True)", msgid("save all files")),
        bind("reader.headers", "h", "headers", msgid("headers"), hint=True),
        bind("reader.source", "ctrl+u", "source", msgid("source")),
        bind("reader.unfold", "right", "fold(False)", msgid("show quotes")),
        bind("reader.fold", "left", "fold(True)", msgid("fold quotes")),
        *LINKS,
    ]

    class Step(Message):
        """The next message of the list is to be read, or the one before."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Save(Message):
        """Files of the message are to be saved: these, or one of them."""

        def __init__(
            self, opened: "OpenedMessage", files: Sequence[AttachmentRow], *, every: bool
        ) -> None:
            super().__init__()
            self.opened = opened
            self.files = files
            self.every = every

    class Files(Message):
        """What came with the message is to be listed."""

        def __init__(self, opened: "OpenedMessage", files: Sequence[AttachmentRow]) -> None:
            super().__init__()
            self.opened = opened
            self.files = files

    class Shown(Message):
        """A message is on the screen."""

        def __init__(self, row: MessageRow, *, opened: bool) -> None:
            super().__init__()
            self.row = row
            self.opened = opened

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.message_id: int | None = None
        self.records = False  # linked records are shown in the header, no panel beside does
        self._awaited: Target | None = None
        self._letterhead: letterhead.Letterhead | None = None
        self._opened: OpenedMessage | None = None
        self._rendered: Rendered | None = None
        self._frame: Frame | None = None
        self._layouts = Layouts()
        self._conversation: ThreadPlace | None = None
        self._unfolded = 0  # how deep quotes are shown
        self._all_headers = False
        self._source: Sequence[SafeText] | None = None  # the bytes are shown in place of the text
        self._lines: list[Line] = []

    # -- opening

    def open(self, message_id: int, *, by_hand: bool = True, target: Target | None = None) -> None:
        """Show a message. `by_hand`: the person opened it, rather than passed over it; `target`:
        what keys are about until it is there.
        """
        opened = self._opened  # may still be the one before
        if message_id == self.message_id and opened is not None and opened.row.id == message_id:
            self._tell_shown(opened, by_hand=by_hand)
            return
        self.message_id, self._awaited = message_id, target
        begin(self, partial(self._open, message_id, by_hand), "open", latest=True)

    def close(self) -> None:
        """Show nothing."""
        self.message_id = self._awaited = None
        self._letterhead = self._opened = self._rendered = self._source = None
        self._lines, self._conversation = [], None
        self.look.pictures.show(self, (), self.forget)
        self.forget()

    async def _open(self, message_id: int, by_hand: bool) -> None:
        parts = self.parts
        if parts is None or parts.opener is None:
            self.message_id = None
            return
        try:
            opened = await parts.reader.open(message_id)
        except TuiMailError as error:
            self.post_message(Said.error(error))
            if self.message_id == message_id:
                self.close()  # not the one before it: keys would be about another than is meant
            return
        known = await self.read(beside, parts.operator_id, message_id)
        vouched = await self._authentication(opened)
        if self.message_id != message_id:
            return
        if known is None:
            return
        self._opened, self._conversation = opened, known.place
        self._letterhead = letterhead.Letterhead(
            opened.row,
            opened.parsed,
            known.links,
            opened.lost,
            vouched,
            tags=known.tags,
            doubts=known.doubts,
            gathered=opened.gathered,
            receipts=known.receipts,
            foreign=known.foreign,
            authorities=bool(parts.reader.authorities),
            envelope=opened.envelope,
        )
        self._unfolded = self.top = 0
        self._source = None
        await self._lay_out()
        self._tell_shown(opened, by_hand=by_hand)

    def _tell_shown(self, opened: "OpenedMessage", *, by_hand: bool) -> None:
        self.post_message(self.Shown(opened.row, opened=by_hand))
        if opened.away and by_hand:
            begin(self, partial(self._ask_for_files, opened.row.id), "asking", latest=True)

    async def _ask_for_files(self, message_id: int) -> None:
        """What was opened comes back; who then waits for it is told why it does not come."""
        if self.parts is not None:
            with suppress(TuiMailError):
                await ask_for_files(self.parts, message_id)

    async def _authentication(self, opened: "OpenedMessage") -> Authentication:
        from tui_mail.mail.authentication import authentication_of, weakest

        hosts = None
        if opened.row.account_id is not None:
            hosts = await self.read(_own_hosts, opened.row.account_id)
        came = opened.pieces or (opened.parsed,)
        return weakest([authentication_of(one, hosts or ()) for one in came])

    async def _lay_out(self) -> None:
        opened, width = self._opened, self.inner_width
        if opened is None or width <= 0:
            return
        frame = self._frame = Frame(max(8, width - 2), self.look.pictures.drawing)
        known = self._layouts.known(opened, frame)
        if known is None:
            beginning = await self._layouts.beginning(opened, frame)
            if beginning is not None and self._is_current(opened, frame):
                self._take(beginning)
            known = await self._layouts.whole(opened, frame)
        if self._is_current(opened, frame):
            self._take(known)

    def _is_current(self, opened: "OpenedMessage", frame: Frame) -> bool:
        return opened is self._opened and frame == self._frame

    def _take(self, rendered: "Rendered") -> None:
        self._rendered = rendered
        if self._letterhead is not None:
            self._letterhead = replace(self._letterhead, mismatches=rendered.mismatches)
        self.take_links(rendered.links, rendered.mismatches)
        self.look.pictures.show(self, rendered.pictures, self._arrange)
        self._arrange()

    def draw_pictures_anew(self) -> None:
        """The terminal can draw pictures in another way than it seemed."""
        begin(self, self._lay_out, "layout", latest=True)

    def on_resize(self) -> None:
        super().on_resize()
        if self._frame is None or self._frame.width != max(8, self.inner_width - 2):
            begin(self, self._lay_out, "layout", latest=True)

    def changed(self, topics: frozenset[str]) -> None:
        if self.message_id is not None and topics & {"links", "mail", "erp"}:
            begin(self, partial(self._read_beside, self.message_id), "links", latest=True)
        if "mail" in topics and self._opened is not None and self._opened.gathered is not None:
            begin(self, partial(self._gather, self._opened), "pieces", latest=True)
        if "files" in topics and self._opened is not None and self._opened.away:
            begin(self, partial(self._refill, self._opened), "refilling", latest=True)

    async def _refill(self, opened: "OpenedMessage") -> None:
        """Files of the message may have come from its server: it stays where it is scrolled to."""
        if self.parts is None or self._letterhead is None:
            return
        with suppress(TuiMailError):
            found = await self.parts.reader.open(opened.row.id)
            if opened is self._opened and found.row.attachments != opened.row.attachments:
                self._opened = found
                self._letterhead = replace(self._letterhead, row=found.row, parsed=found.parsed)
                await self._lay_out()

    async def _gather(self, opened: "OpenedMessage") -> None:
        """Pieces of the message may have come, or gone."""
        if self.parts is not None:
            with suppress(TuiMailError):
                found = await self.parts.reader.open(opened.row.id)
                if opened is self._opened and found.gathered != opened.gathered:
                    await self._open(opened.row.id, False)

    async def _read_beside(self, message_id: int) -> None:
        if self.parts is None:
            return
        known = await self.read(beside, self.parts.operator_id, message_id)
        head = self._letterhead
        if known is None or head is None or self.message_id != message_id:
            return
        now = replace(
            head,
            links=known.links,
            tags=known.tags,
            doubts=known.doubts,
            receipts=known.receipts,
        )
        if now != head or known.place != self._conversation:
            self._letterhead, self._conversation = now, known.place
            self.forget()

    # -- what is shown

    def _arrange(self) -> None:
        rendered, head, width = self._rendered, self._letterhead, self.inner_width
        if rendered is None or head is None:
            return
        if self._source is not None:
            self._lines = [plain(line) for line in self._source]
        else:
            self._lines = self._message(rendered, head, width)
        self.forget()
        self.scroll_lines_to(self.top)

    def _message(self, rendered: "Rendered", head: letterhead.Letterhead, width: int) -> list[Line]:
        lines = letterhead.header_lines(head, width) if self._all_headers else []
        lines += self._text(rendered)
        lines += letterhead.hidden_line(rendered)
        files = self._files()
        if files:
            lines += [BLANK, *letterhead.attachment_lines(files, width)]
        return lines

    def _text(self, rendered: "Rendered") -> list[Line]:
        margin = Piece(SafeText(" "))
        folds = {fold.first: fold for fold in rendered.folds if fold.depth == self._unfolded + 1}
        lines: list[Line] = []
        index = 0
        while index < len(rendered.lines):
            fold = folds.get(index)
            if fold is not None:
                lines.append(plain(safe(f" ▸ {fold.label}"), "dim"))
                index = fold.last + 1
                continue
            line: Line = rendered.lines[index]
            if rendered.pictures:
                line = self.look.pictures.placed(line, rendered.pictures)
            lines.append((margin, *line))
            index += 1
        return lines

    @property
    def count(self) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        return self._lines[index] if index < len(self._lines) else BLANK

    def title(self) -> SafeText:
        whole = self._conversation
        place = None if whole is None else whole.of(self.message_id)
        if whole is None or place is None or whole.total < 2 or self._letterhead is None:
            return safe(_("Message"))
        return safe(_("Message {place} of {total}").format(place=place, total=whole.total))

    def head(self, width: int) -> Sequence[Line]:
        if self._letterhead is None:
            return ()
        now = datetime.now(UTC)
        lines = letterhead.head_lines(self._letterhead, width, now, records=self.records)
        room = max(3, self.size.height - 2)  # the text keeps a line, however low the panel is
        return lines[:room]

    # -- keys

    def target(self) -> Target | None:
        head = self._letterhead
        if head is None or head.row.id != self.message_id:
            return self._awaited
        return target_of_message(head.row)

    def action_scroll(self, step: int) -> None:
        self.scroll_lines_to(self.top + step)

    def action_page(self, pages: int) -> None:
        self.scroll_lines_to(self.top + pages * max(1, self.page - 1))

    def action_read_on(self) -> None:
        """A page on; at the end of the text the next message."""
        if self.top + self.page >= self.count:
            self.post_message(self.Step(1))
        else:
            self.action_page(1)

    def action_top(self) -> None:
        self.scroll_lines_to(0)

    def action_bottom(self) -> None:
        self.scroll_lines_to(self.count)

    def action_step(self, step: int) -> None:
        self.post_message(self.Step(step))

    def action_within(self, step: int) -> None:
        near = () if self._conversation is None else self._conversation.near
        if self.message_id not in near:
            return
        index = near.index(self.message_id) + step
        if 0 <= index < len(near):
            self.open(near[index])

    def _files(self) -> list[AttachmentRow]:
        """What the message shows as files."""
        row = self._letterhead.row if self._letterhead is not None else None
        return [] if row is None else [file for file in row.attachments if not file.inline]

    def action_save(self, every: bool) -> None:
        files = self._files()
        if self._opened is None:
            return
        if not files:
            self.post_message(Said(safe(_("The message has no attachments."))))
            return
        self.post_message(self.Save(self._opened, files, every=every))

    def action_files(self) -> None:
        """A list of all that came with the message, pictures within the text too."""
        row = self._letterhead.row if self._letterhead is not None else None
        if self._opened is None or row is None:
            return
        if not row.attachments:
            self.post_message(Said(safe(_("The message has no attachments."))))
            return
        self.post_message(self.Files(self._opened, row.attachments))

    def action_headers(self) -> None:
        self._all_headers = not self._all_headers
        self._source = None
        self.top = 0
        self._arrange()

    def action_source(self) -> None:
        """The bytes as they came in place of the text, or the text again."""
        self.top = 0
        if self._source is not None:
            self._source = None
            self._arrange()
        elif self._opened is not None:
            begin(self, partial(self._read_source, self._opened), "source", latest=True)

    async def _read_source(self, opened: "OpenedMessage") -> None:
        from tui_mail.mail.sourcelines import source_lines

        lines = await asyncio.to_thread(source_lines, opened.raw, max(8, self.inner_width))
        if opened is self._opened:
            self._source = lines
            self._arrange()

    def action_fold(self, folded: bool) -> None:
        """Show quotes one level deeper, or one less deep."""
        deepest = (
            max((fold.depth for fold in self._rendered.folds), default=0) if self._rendered else 0
        )
        depth = max(0, min(deepest, self._unfolded + (-1 if folded else 1)))
        if depth != self._unfolded:
            self._unfolded = depth
            self._arrange()
        elif not deepest:
            self.post_message(Said(safe(_("There is nothing to fold here: nothing is quoted."))))
        elif folded:
            self.post_message(Said(safe(_("All that is quoted is folded."))))
        else:
            self.post_message(Said(safe(_("All that is quoted is shown."))))
