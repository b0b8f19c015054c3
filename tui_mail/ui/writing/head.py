"""The head of a letter: from whom, to whom, about what; its fields as one widget.

Hides which fields are shown, the way from one to the next, and the search for addresses.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from tui_mail.db.address_book import SenderRow
from tui_mail.db.draft_content import DraftContent, DraftFile
from tui_mail.db.rows import EntityRow
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.keys import bind
from tui_mail.ui.widgets.text import SafeInput
from tui_mail.ui.work import begin
from tui_mail.ui.writing.addresses import AddressField, Find, Suggestions
from tui_mail.ui.writing.fields import LABEL, AccountField, Chip, ChipsField, Field

ADDRESSES = ("to", "cc", "bcc")
_WIDEST = 100  # cells of the list of suggestions


class LetterHead(Vertical):
    """The fields; `find` looks addresses up."""

    DEFAULT_CSS = """
    LetterHead { height: auto; }
    LetterHead SafeInput { width: 1fr; }
    LetterHead #things { height: 1; }
    LetterHead.-narrow #things { layout: vertical; height: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("compose.next", "down", "next", msgid("next field")),
        bind("compose.previous", "up", "previous", msgid("previous field")),
    ]

    class Changed(Message):
        """Something of the head is not what it was."""

    class AccountChanged(Message):
        """The letter goes from another account."""

        def __init__(self, before: SenderRow, now: SenderRow) -> None:
            super().__init__()
            self.before = before
            self.now = now

    class Wanted(Message):
        """A record or a file is to be added: `what` is links or files."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, find: Find, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._find = find
        self.suggestions = Suggestions()
        self.account = AccountField(id="from")
        self.addresses = {name: AddressField(self.suggestions, id=name) for name in ADDRESSES}
        self.subject = SafeInput(id="subject", select_on_focus=False)
        self.links = ChipsField("✓", safe(_("none  ·  Alt+L")), id="links")
        self.files = ChipsField("▪", safe(_("none  ·  Alt+A")), id="files")
        self.records: list[EntityRow] = []
        self.attachments: list[DraftFile] = []

    def compose(self) -> ComposeResult:
        labels = {"to": _("To"), "cc": _("Cc"), "bcc": _("Bcc")}
        yield Field(safe(_("From")), self.account)
        for name, field in self.addresses.items():
            yield Field(safe(labels[name]), field, id=f"{name}-row")
        yield Field(safe(_("Subject")), self.subject)
        with Horizontal(id="things"):
            yield Field(safe(_("Links")), self.links)
            yield Field(safe(_("Files")), self.files)
        yield self.suggestions

    def on_mount(self) -> None:
        self.query_one("#cc-row").display = False
        self.query_one("#bcc-row").display = False

    # -- what is in the fields

    def fill(
        self,
        content: DraftContent,
        records: Iterable[EntityRow],
        senders: Sequence[SenderRow],
        account_id: int,
    ) -> None:
        """Show a letter's head."""
        self.account.offer(senders, account_id)
        for name, field in self.addresses.items():
            field.begin_with(str(getattr(content, name)))
            if name != "to" and field.value:
                self.show_field(name)
        self.subject.value = content.subject
        self.records = list(records)
        self.attachments = list(content.attachments)
        self._show_things()

    def collect(self, content: DraftContent) -> DraftContent:
        """`content` with what is in the fields now."""
        return replace(
            content,
            to=self.addresses["to"].value,
            cc=self.addresses["cc"].value,
            bcc=self.addresses["bcc"].value,
            subject=self.subject.value,
            links=tuple(row.id for row in self.records),
            attachments=tuple(self.attachments),
        )

    def show_field(self, name: str) -> None:
        """Show a field of addresses that is hidden while it is empty."""
        self.query_one(f"#{name}-row").display = True

    def go_to(self, name: str) -> None:
        """Show a field and write there."""
        if name in self.addresses:
            self.show_field(name)
            self.addresses[name].focus()
        else:
            self.subject.focus()

    def add_record(self, row: EntityRow) -> None:
        """The letter is about this record, too."""
        if all(one.id != row.id for one in self.records):
            self.records.append(row)
            self._things_changed()

    def add_file(self, file: DraftFile) -> None:
        """This file goes with the letter."""
        self.attachments.append(file)
        self._things_changed()

    def _things_changed(self) -> None:
        self._show_things()
        self.post_message(self.Changed())

    def _show_things(self) -> None:
        today = datetime.now(UTC).astimezone().date()
        self.links.show(
            [
                Chip(formats.record(row.kind, row.code, row.title, today), row.id)
                for row in self.records
            ]
        )
        self.files.show(
            [
                Chip(SafeText(f"{safe(one.name)} {formats.size(one.size)}"), number)
                for number, one in enumerate(self.attachments)
            ]
        )

    # -- what the fields tell

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def on_account_field_changed(self, event: AccountField.Changed) -> None:
        event.stop()
        self.post_message(self.AccountChanged(event.before, event.now))

    def on_chips_field_removed(self, event: ChipsField.Removed) -> None:
        event.stop()
        if event.field is self.links:
            self.records = [row for row in self.records if row.id != event.key]
        else:
            self.attachments = [
                one for number, one in enumerate(self.attachments) if number != event.key
            ]
        self._things_changed()

    def on_chips_field_wanted(self, event: ChipsField.Wanted) -> None:
        event.stop()
        self.post_message(self.Wanted("links" if event.field is self.links else "files"))

    def action_next(self) -> None:
        self.screen.focus_next()

    def action_previous(self) -> None:
        self.screen.focus_previous()

    # -- suggestions

    def on_address_field_typing(self, event: AddressField.Typing) -> None:
        event.stop()
        begin(self, partial(self._suggest, event.field, event.text), "suggest", latest=True)

    async def _suggest(self, field: AddressField, text: str) -> None:
        found = await self._find(text) if text else ()
        self.suggestions.styles.offset = (LABEL, field.region.y - self.region.y + 1)
        self.suggestions.styles.width = max(20, min(_WIDEST, self.size.width - LABEL))
        field.offer(text, found)
