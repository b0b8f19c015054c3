"""Writing a letter: collects what is typed, says what a second pair of eyes would, keeps it, sends it.

Hides when it is saved and looked over. What a letter begins with and how it is kept is in
`ui.writing`, what becomes of it in `worker.drafting`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from tui_mail.db.address_book import Suggestion, suggest
from tui_mail.db.draft_content import DraftContent
from tui_mail.db.rows import EntityRow
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.deeds import named
from tui_mail.ui.held_keys import held
from tui_mail.ui.keys import bind, commands, hints
from tui_mail.ui.screens.about import AboutScreen
from tui_mail.ui.screens.attach import AttachScreen, Found
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Piece
from tui_mail.ui.work import begin
from tui_mail.ui.writing.addresses import AddressField
from tui_mail.ui.writing.body import LetterBody, edit_outside
from tui_mail.ui.writing.ending import Closed
from tui_mail.ui.writing.files import read_file
from tui_mail.ui.writing.head import LetterHead
from tui_mail.ui.writing.keeper import Keeper
from tui_mail.ui.writing.lookout import Lookout, review_line, title_line
from tui_mail.ui.writing.review import Weight, obstacle
from tui_mail.ui.writing.start import (
    DRAFT,
    NEW,
    ComposeStart,
    Opening,
    change_signature,
    open_letter,
)

if TYPE_CHECKING:
    from tui_mail.ui.parts import Parts

SAVE_SECONDS = 1.5  # from the first change that is not saved: with the writing, within two seconds
_REVIEW_SECONDS = 0.2  # the letter rests before it is looked over
_RULE = SafeText("─" * 400)


def _key(name: str, keys: str, action: str, words: str, *, hint: bool = False) -> Binding:
    """A key that works while letters are typed: it comes before the field in hand."""
    return replace(bind(name, keys, action, words, hint=hint), priority=True)


def _rule() -> Bar:
    bar = Bar()
    bar.show((Piece(_RULE, "rule"),))
    return bar


class ComposeScreen(Screen[Closed]):
    """A letter on the desk; gives back how it ended."""

    DEFAULT_CSS = """
    ComposeScreen { layout: vertical; background: $background; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        _key("compose.send", "alt+s,ctrl+enter", "send", msgid("send"), hint=True),
        _key("compose.attach", "alt+a", "attach", msgid("attach"), hint=True),
        _key("compose.links", "alt+l", "link", msgid("links"), hint=True),
        bind("compose.close", "escape", "leave", msgid("close"), hint=True),
        _key("compose.cc", "alt+c", "field('cc')", msgid("Cc, Bcc"), hint=True),
        _key("compose.bcc", "alt+b", "field('bcc')", msgid("Bcc")),
        _key("compose.to", "alt+t", "field('to')", msgid("recipients")),
        _key("compose.subject", "alt+j", "field('subject')", msgid("subject")),
        _key("compose.markdown", "alt+m", "markdown", msgid("Markdown"), hint=True),
        _key("compose.editor", "f4", "edit", msgid("editor"), hint=True),
        _key("compose.save", "ctrl+s", "save", msgid("save draft"), hint=True),
    ]

    def __init__(
        self, parts: "Parts", start: ComposeStart, *, save_seconds: float = SAVE_SECONDS
    ) -> None:
        super().__init__()
        self._parts = parts
        self._start = start
        self._save_seconds = save_seconds
        self.head = LetterHead(self._suggest, id="head")
        self.body = LetterBody(id="letter")
        self._title = Bar(id="title")
        self._review = Bar(id="review")
        self._hints = Bar(id="hints")
        self._opening: Opening | None = None
        self._keeper: Keeper | None = None
        self._lookout: Lookout | None = None
        self._notice: tuple[SafeText, bool] | None = None
        self._saving: Timer | None = None
        self._reviewing: Timer | None = None
        self._warned = False  # that a colleague has answered
        self._sent = False

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.head
        yield _rule()
        yield self.body
        yield _rule()
        yield self._review
        yield self._hints

    # -- beginning

    def on_mount(self) -> None:
        begin(self, self._open, "open")

    async def _open(self) -> None:
        now = datetime.now(UTC).astimezone()
        try:
            opening = await self._parts.database.read(
                open_letter, self._parts.operator_id, self._start, now
            )
        except TuiMailError as error:
            self.dismiss(Closed(safe(error.message)))
            return
        content = opening.sheet.content
        self._opening = opening
        with self.prevent(TextArea.Changed):
            self.body.begin_with(content, saved=self._start.answer == DRAFT)
        self.head.fill(content, opening.records, opening.senders, opening.sheet.account_id)
        began = replace(content, format=self.body.form)
        self._keeper = Keeper(self._parts, replace(opening.sheet, content=began), opening.saved_at)
        self._lookout = Lookout(self._parts, opening.sheet)
        self._focus_first(content)
        self._show_title()
        self.show_hints()
        if opening.notice:
            self._say(opening.notice, wrong=True)
        self._look_over()
        self.call_after_refresh(held(self).release)

    def _focus_first(self, content: DraftContent) -> None:
        if not content.to:
            self.head.go_to("to")
        elif self._start.answer == NEW and not content.subject:
            self.head.go_to("subject")
        else:
            self.body.focus()

    @property
    def ready(self) -> bool:
        """Whether the letter is there to be written on."""
        return self._keeper is not None

    # -- what is on the desk

    def content(self) -> DraftContent:
        """The letter as it is now."""
        assert self._keeper is not None
        typed = self.head.collect(self._keeper.sheet.content)
        return replace(typed, body=self.body.text, format=self.body.form)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._changed()

    def on_letter_head_changed(self, event: LetterHead.Changed) -> None:
        event.stop()
        self._changed()

    def on_letter_head_account_changed(self, event: LetterHead.AccountChanged) -> None:
        event.stop()
        text = change_signature(self.body.text, event.before.signature, event.now.signature)
        if text != self.body.text:
            self.body.put(text)
        self._changed()

    def _changed(self) -> None:
        if self._keeper is None or self._sent:
            return
        self._notice = None
        if self._saving is None:
            self._saving = self.set_timer(self._save_seconds, self._save_now)
        if self._reviewing is not None:
            self._reviewing.stop()
        self._reviewing = self.set_timer(_REVIEW_SECONDS, self._look_over)

    # -- the lines around

    def on_resize(self, event: events.Resize) -> None:
        self.head.set_class(event.size.width < 72, "-narrow")
        self.call_after_refresh(self.show_hints)

    def on_descendant_focus(self) -> None:
        self.call_after_refresh(self.show_hints)
        self.call_after_refresh(self._show_review)

    def show_hints(self) -> None:
        """The last line: what can be pressed now."""
        if self.is_attached:
            active = self.active_bindings.values()
            rows = [row for row in commands(active) if row.action != "help"]  # ? is typed here
            self._hints.show(hints(rows, self.size.width))

    def _show_title(self) -> None:
        assert self._opening is not None
        assert self._keeper is not None
        left, right = title_line(self._opening.heading, self.body.form, self._keeper.saved_at)
        self._title.show(left, right)

    def _say(self, text: SafeText, *, wrong: bool = False) -> None:
        """Say something in the review line, until the letter changes."""
        self._notice = (text, wrong)
        self._show_review()

    def _look_over(self) -> None:
        begin(self, self._looked_over, "review", latest=True)

    async def _looked_over(self) -> None:
        assert self._lookout is not None
        try:
            await self._lookout.look(self.content())
        except TuiMailError as error:
            self._say(safe(error.message), wrong=True)
            return
        self._show_title()
        self._show_review()

    def _show_review(self) -> None:
        if self._notice is not None:
            text, wrong = self._notice
            self._review.show((Piece(SafeText(f" {text}"), "error" if wrong else ""),))
        elif self._lookout is not None:
            remarks = self._lookout.remarks(
                self.content(), self.head.records, sends=self.head.account.sender.sends
            )
            if isinstance(self.focused, AddressField):  # half an address is not a wrong one
                remarks = [one for one in remarks if one.weight is not Weight.STOP]
            self._review.show(review_line(remarks, self.size.width))

    def changed(self, topics: frozenset[str]) -> None:
        """The database changed: a colleague may have answered, an address may be known now."""
        if self._keeper is not None and topics & {"outbox", "drafts", "mail", "erp"}:
            self._look_over()

    # -- keeping

    def _save_now(self) -> None:
        self._saving = None
        begin(self, self._saved, "save")

    def action_save(self) -> None:
        if self._keeper is not None:
            self._save_now()

    async def _saved(self) -> bool:
        """Save what is new; False, and a word to the writer, when that cannot be."""
        assert self._keeper is not None
        if self._sent:
            return True
        try:
            kept = await self._keeper.save(self.content(), self.head.account.sender.account_id)
        except TuiMailError as error:
            self._say(safe(error.message), wrong=True)
            if self._saving is None:  # it is tried again; meanwhile the letter is on the screen
                self._saving = self.set_timer(self._save_seconds * 3, self._save_now)
            return False
        if kept is not None and kept.copied:
            self._say(safe(_("The draft was changed in another window: yours is kept beside it.")))
        self._show_title()
        return True

    async def on_unmount(self) -> None:
        """The console ends: keep what is not kept yet."""
        if self._keeper is not None and not self._sent:
            await self._saved()

    def action_leave(self) -> None:
        if self._keeper is None:
            self.dismiss(Closed(SafeText("")))
        else:
            begin(self, self._left, "leave")

    async def _left(self) -> None:
        assert self._keeper is not None
        try:
            kept = await self._keeper.leave(self.content(), self.head.account.sender.account_id)
        except TuiMailError as error:
            self._say(safe(_("Not saved: {reason}").format(reason=error.message)), wrong=True)
            return
        self._sent = True
        self.dismiss(Closed(safe(_("The draft is kept: g d shows it.")) if kept else SafeText("")))

    # -- sending

    def action_send(self) -> None:
        if self._keeper is not None and not self._sent:
            begin(self, self._send, "send", latest=True)

    async def _send(self) -> None:
        assert self._keeper is not None
        await self._looked_over()
        content, sender = self.content(), self.head.account.sender
        if not self._may_go(content):
            return
        seconds = self._parts.settings.undo_seconds
        self._sent = True
        try:
            done = await self._keeper.send(content, sender, seconds)
        except TuiMailError as error:
            self._sent = False
            self._say(safe(error.message), wrong=True)
            return
        said = safe(_("Sent “{subject}”").format(subject=named(content.subject)))
        self.dismiss(Closed(said, done.outgoing_id, seconds))

    def _may_go(self, content: DraftContent) -> bool:
        found = obstacle(content)
        if found is not None:
            self.head.go_to(found.field)
            self._say(found.text, wrong=True)
            return False
        answered = self._lookout.answered if self._lookout is not None else None
        if answered is not None and answered.sent and not self._warned:
            self._warned = True
            text = _("{name} answered at {time}: send once more if yours is to go as well.")
            self._say(safe(text.format(name=answered.who, time=answered.when)), wrong=True)
            return False
        return True

    # -- keys

    def focus_next(self, selector: "str | type[Widget]" = "*") -> Widget | None:
        """From the subject to the text; records and files are on the way back, or at Alt+L, Alt+A."""
        if self.focused is self.head.subject:
            self.body.focus()
            return self.body
        return super().focus_next(selector)

    def action_field(self, name: str) -> None:
        """Go to a field; from Cc on to Bcc, since many terminals send Alt+B as Ctrl+Left."""
        there = name == "cc" and self.focused is self.head.addresses["cc"]
        self.head.go_to("bcc" if there else name)

    def action_markdown(self) -> None:
        if self._keeper is not None:
            self.body.toggle_markdown()
            self._show_title()
            self._changed()

    def action_edit(self) -> None:
        if self._keeper is not None:
            begin(self, self._edited, "edit")

    async def _edited(self) -> None:
        try:
            text = await edit_outside(self.app, self.body.text)
        except TuiMailError as error:
            self._say(safe(error.message), wrong=True)
            return
        if text != self.body.text:
            self.body.put(text)

    def on_letter_head_wanted(self, event: LetterHead.Wanted) -> None:
        event.stop()
        (self.action_link if event.what == "links" else self.action_attach)()

    def action_attach(self) -> None:
        if self._keeper is not None:
            self.app.push_screen(AttachScreen(), self._attach_file)

    def _attach_file(self, found: Found | None) -> None:
        if found is not None:
            begin(self, partial(self._attached, found.path), "attach")

    async def _attached(self, path: Path) -> None:
        try:
            self.head.add_file(await asyncio.to_thread(read_file, path))
        except TuiMailError as error:
            self._say(safe(error.message), wrong=True)

    def action_link(self) -> None:
        if self._lookout is not None:
            self.app.push_screen(AboutScreen(self._lookout.records), self._link)

    def _link(self, row: EntityRow | None) -> None:
        if row is not None:
            self.head.add_record(row)

    async def _suggest(self, text: str) -> Sequence[Suggestion]:
        try:
            return await self._parts.database.read(suggest, self._parts.operator_id, text)
        except TuiMailError as error:
            self._say(safe(error.message), wrong=True)
            return ()
