"""What the main screen does when a verb is asked for: database verbs, and the screens on top.

Keeps the wiring of `main` free of what happens in the end.
"""

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tui_mail.db.rows import (
    AttachmentRow,
    DraftRow,
    EntityRow,
    FolderRow,
    LinkRow,
    ListRow,
    Marked,
    MessageRow,
    SavedRow,
)
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import deeds, formats, held_keys
from tui_mail.ui.deeds import named
from tui_mail.ui.kinds import account_name, folder_name, is_party, kind_name
from tui_mail.ui.linkkeys import LinkChosen
from tui_mail.ui.mailkeys import Target, target_of
from tui_mail.ui.panels.reader import ReaderPanel
from tui_mail.ui.screens import searches, triage
from tui_mail.ui.screens.address import AddressScreen
from tui_mail.ui.screens.card import CardScreen
from tui_mail.ui.screens.link import LinkScreen
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.screens.save import FilePick, FolderPick
from tui_mail.ui.widgets.text import Line, Piece, fit
from tui_mail.ui.work import begin
from tui_mail.values import DOCUMENT_KINDS, PARTY_KINDS

if TYPE_CHECKING:
    from datetime import date as Day

    from tui_mail.db.session import Session
    from tui_mail.search.tree import ConversationState
    from tui_mail.ui.screens.main import MainScreen
    from tui_mail.ui.writing.ending import Closed
    from tui_mail.ui.writing.start import ComposeStart
    from tui_mail.worker.reading import OpenedMessage


def _links(session: "Session", operator_id: int, message_id: int) -> list[LinkRow]:
    from tui_mail.db.links import links_of

    return links_of(session, operator_id, message_id)


def _drafts(session: "Session", operator_id: int) -> list[DraftRow]:
    from tui_mail.db.drafts import drafts

    return drafts(session, operator_id)


def _find(session: "Session", text: str, kinds: Sequence[str]) -> list[EntityRow]:
    from tui_mail.db.erp import find_entities

    return find_entities(session, text, kinds=kinds, limit=40)


Deed = Callable[[], Coroutine[Any, Any, SafeText]]


class Desk:
    """Carries out what the panels of a main screen ask for."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._reading: MessageRow | None = None
        self._held: int | None = None  # the letter that undo calls back
        self._held_until = 0.0  # monotonic
        self._saved_in = "~/"  # where files were saved last

    # -- reading

    def shown(self, row: MessageRow, *, opened: bool) -> None:
        """A message is on the screen; one that was opened is read from now on."""
        self._reading = row
        if opened and row.placement_id is not None and "seen" not in row.flags:
            self._run(partial(self._mark_read, row.placement_id))

    async def _mark_read(self, placement_id: int) -> SafeText:
        assert self._screen.parts is not None
        await deeds.mark_read(self._screen.parts, placement_id)
        return SafeText("")

    def is_read_now(self, row: ListRow) -> bool:
        """Whether that row's conversation is the one being read."""
        return self._reading is not None and self._reading.thread_id == row.thread_id

    # -- verbs

    def asked(self, verb: str, target: Target, marked: Marked | None = None) -> None:
        """Do a verb of `keys.MAIL`, on the marked rows where there are, on the conversation when
        its message is being read."""
        if marked is not None and verb in deeds.OF_MANY:
            self._run(partial(self._carry_out_all, verb, marked), undo=True)
            return
        row = self._screen.threads.row
        if row is not None and row.thread_id == target.thread_id and verb not in _OF_ONE:
            target = target_of(row, whole=self._screen.threads.whole)
        match verb:
            case "link":
                self.link(target)
            case "trace":
                self._run(partial(self._trace, target))
            case "move":
                self._pick_target(target, marked)
            case "join":
                self._screen.say(safe(_("Mark the conversations first (x), then join them.")))
            case "assign" | "state":
                self._triage(verb, target)
            case "reply" | "reply_all" | "forward":
                self.write(verb, target.message_id)
            case _:
                self._run(partial(self._carry_out, verb, target), undo=True)

    async def _carry_out(self, verb: str, target: Target) -> SafeText:
        assert self._screen.parts is not None
        return await deeds.carry_out(self._screen.parts, verb, target)

    def _triage(self, verb: str, target: Target) -> None:
        """Ask whose the conversation is to be, or whose turn it is, and say so."""
        parts, threads, subject = self._screen.parts, [target.thread_id], named(target.subject)
        if parts is None:
            return

        def given(to: triage.Assignee | None) -> None:
            if to is not None:
                self._run(partial(triage.assign, parts, threads, subject, to), undo=True)

        def said(state: "ConversationState | None") -> None:
            if state is not None:
                self._run(partial(triage.set_state, parts, threads, subject, state), undo=True)

        if verb == "assign":
            heading = safe(_("Assign “{subject}” to").format(subject=subject))
            self._screen.app.push_screen(triage.AssigneePick(parts, heading), given)
        else:
            heading = safe(_("Whose turn is it in “{subject}”?").format(subject=subject))
            self._screen.app.push_screen(triage.StatePick(heading), said)

    def save_search(self, query: str) -> None:
        """Keep a search under a name."""
        parts = self._screen.parts
        if parts is None:
            return
        if not query:
            self._screen.say(
                safe(_("Search first: / and what you look for; then it can be saved."))
            )
            return

        def named_it(name: searches.Name | None) -> None:
            if name is not None:
                self._run(partial(searches.save, parts, name, query), undo=True)

        heading = safe(_("Save the search “{query}” as").format(query=named(query)))
        screen = searches.NamePick(heading, self._screen.folders.searches)
        self._screen.app.push_screen(screen, named_it)

    def change_search(self, verb: str, row: SavedRow) -> None:
        """Delete, rename or move a saved search."""
        parts = self._screen.parts
        if parts is None:
            return
        match verb:
            case "delete":
                self._run(partial(searches.delete, parts, row), undo=True)
            case "up" | "down":
                step = 1 if verb == "down" else -1
                self._run(partial(searches.move, parts, row, step), undo=True)
            case _:

                def named_it(name: searches.Name | None) -> None:
                    if name is not None:
                        self._run(partial(searches.rename, parts, row, name), undo=True)

                heading = safe(_("Call the search “{name}”").format(name=row.name))
                self._screen.app.push_screen(searches.NamePick(heading, ()), named_it)

    async def _carry_out_all(self, verb: str, marked: Marked) -> SafeText:
        assert self._screen.parts is not None
        said = await deeds.carry_out_all(self._screen.parts, verb, marked)
        if verb in deeds.TAKES_AWAY:
            self._screen.threads.unmark()
        return said

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self._screen.parts is not None:
            self._run(partial(deeds.redo, self._screen.parts))

    def undo(self) -> None:
        """Take back what was done last."""
        if self._screen.parts is None:
            return
        held, self._held = self._held, None
        if held is not None and monotonic() < self._held_until:
            self._run(partial(self._call_back, held))
        else:
            self._run(partial(deeds.undo, self._screen.parts))

    def decide(self, verb: str, link: LinkRow) -> None:
        """Confirm or reject a link."""
        if self._screen.parts is not None:
            today = datetime.now(UTC).astimezone().date()
            record = formats.record(link.kind, link.code, link.title, today)
            pair = (link.message_id, link.entity_id)
            self._run(partial(deeds.decide, self._screen.parts, verb, pair, record), undo=True)

    def _run(self, work: Deed, *, undo: bool = False) -> None:
        begin(self._screen, partial(self._said, work, undo=undo), "deeds")

    async def _said(self, work: Deed, *, undo: bool) -> None:
        try:
            text = await work()
        except TuiMailError as error:
            held_keys.held(self._screen).forget()
            self._screen.say(safe(error.message), wrong=True)
            return
        if undo:
            self._held = None
        if text:
            self._screen.say(text, undo=undo)

    # -- attachments

    def save(self, event: ReaderPanel.Save) -> None:
        """Save files of a message: all, or the one that is chosen when there are several."""
        if event.every or len(event.files) == 1:
            self._save_into(event.opened, list(event.files))
        else:
            self._pick_file(event.opened, event.files, _("Save which file?"))

    def list_files(self, event: ReaderPanel.Files) -> None:
        """Show what came with a message; the one that is chosen is saved."""
        count = len(event.files)
        words = ngettext(
            "{count} attachment: Enter saves", "{count} attachments: Enter saves", count
        )
        self._pick_file(event.opened, event.files, words.format(count=count))

    def _pick_file(
        self, opened: "OpenedMessage", files: Sequence[AttachmentRow], heading: str
    ) -> None:
        def chosen(row: AttachmentRow | None) -> None:
            if row is not None:
                self._save_into(opened, [row])

        self._screen.app.push_screen(FilePick(files, safe(heading)), chosen)

    def _save_into(self, opened: "OpenedMessage", files: list[AttachmentRow]) -> None:
        def chosen(folder: Path | None) -> None:
            if folder is not None:
                self._saved_in = f"{folder}/"
                self._run(partial(deeds.save_files, opened, files, folder))

        self._screen.app.push_screen(FolderPick(len(files), self._saved_in), chosen)

    # -- screens on top

    def see_link(self, event: LinkChosen) -> None:
        """Show a link in whole; it is copied, or a letter to it is begun, when it is asked for."""

        def chosen(verb: str | None) -> None:
            if verb == "copy":
                self._screen.app.copy_to_clipboard(safe(event.target))
                self._screen.say(safe(_("copied: {target}").format(target=event.target)))
            elif verb == "write":
                self._run(partial(self._write_to, event.target))

        self._screen.app.push_screen(AddressScreen(event), chosen)

    async def _write_to(self, target: str) -> SafeText:
        """A letter to the address of a mailto link; nothing else of the link is taken over."""
        from tui_mail.ui.writing.start import ComposeStart

        address = unquote(target[len("mailto:") :].partition("?")[0])
        self._compose(ComposeStart(to=safe(address)))
        return SafeText("")

    def write(self, answer: str, message_id: int | None) -> None:
        """Write a letter: new, or an answer to a message."""
        if self._screen.parts is not None:
            self._run(partial(self._write, answer, message_id))

    async def _write(self, answer: str, message_id: int | None) -> SafeText:
        from tui_mail.ui.writing.start import ComposeStart, start_of

        assert self._screen.parts is not None
        if message_id is not None:
            start = await start_of(self._screen.parts, answer, message_id)
        else:
            folder = self._screen.folders.current()
            start = ComposeStart(account_id=folder.account_id if folder is not None else None)
        self._compose(start)
        return SafeText("")

    def _compose(self, start: "ComposeStart") -> None:
        from tui_mail.ui.screens.compose import ComposeScreen

        assert self._screen.parts is not None
        self._screen.app.push_screen(ComposeScreen(self._screen.parts, start), self._written)

    def _written(self, closed: "Closed | None") -> None:
        if closed is None:
            return
        seconds = closed.seconds
        self._held, self._held_until = closed.outgoing_id, monotonic() + seconds
        if seconds:
            undo = safe(_(" – z to undo within {seconds} s").format(seconds=seconds))
            self._screen.say_for(seconds, SafeText(f"{closed.said}{undo}"), closed.said)
        else:
            self._screen.say(closed.said)

    def go_drafts(self) -> None:
        """Choose one of the letters that are being written; without any, go to the folder."""
        if self._screen.parts is not None:
            self._run(self._pick_draft)

    async def _pick_draft(self) -> SafeText:
        assert self._screen.parts is not None
        rows = await self._screen.parts.database.read(_drafts, self._screen.parts.operator_id)
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

    async def _call_back(self, outgoing_id: int) -> SafeText:
        """Take back the letter that was just sent, and write on."""
        from tui_mail.ui.writing.ending import undo_send

        assert self._screen.parts is not None
        draft = await undo_send(self._screen.parts, outgoing_id)
        if draft is None:
            return safe(_("Too late: the letter is on its way."))
        self._reopen(draft)
        return SafeText("")

    def link(self, target: Target) -> None:
        """Link records to a message by hand."""
        if self._screen.parts is not None:
            screen = LinkScreen(self._screen.parts, target.message_id, target.subject)
            self._screen.app.push_screen(screen)

    def open_card(self, entity_id: int, *, mail_only: bool = False) -> None:
        """A record's card, or just its mail."""
        if self._screen.parts is not None:
            screen = CardScreen(self._screen.parts, entity_id, mail_only=mail_only)
            self._screen.app.push_screen(screen, self._read_from_card)

    def _read_from_card(self, row: ListRow | None) -> None:
        if row is not None:
            self._screen.open(row)

    async def _trace(self, target: Target) -> SafeText:
        """All mail of the record that a message is about: its document before its party."""
        assert self._screen.parts is not None
        parts = self._screen.parts
        found = await parts.database.read(_links, parts.operator_id, target.message_id)
        links = [link for link in found if link.state != "rejected"]
        links.sort(key=lambda link: (is_party(link.kind), link.state == "proposed", -link.score))
        if not links:
            return safe(_("No record is linked to this message: L links one."))
        self.open_card(links[0].entity_id, mail_only=True)
        return SafeText("")

    def pick_folder(self) -> None:
        """Go to any folder by typing its name."""
        screen = PickScreen(safe(_("Go to a folder")), self._folders)
        self._screen.app.push_screen(screen, self._go)

    def _go(self, folder: FolderRow | None) -> None:
        if folder is not None:
            self._screen.folders.show_folder(folder.folder_id)

    def _pick_target(self, target: Target, marked: Marked | None) -> None:
        heading = safe(_("Move “{subject}” to").format(subject=deeds.named(target.subject)))
        screen = PickScreen(heading, self._folders)
        self._screen.app.push_screen(screen, partial(self._move, target, marked))

    def _move(self, target: Target, marked: Marked | None, folder: FolderRow | None) -> None:
        parts = self._screen.parts
        if folder is None or parts is None:
            return
        name = folder_name(folder.role, folder.name)
        if marked is not None:
            self._screen.threads.unmark()
            moved = partial(deeds.move_all, parts, marked, folder.folder_id, name)
        else:
            moved = partial(deeds.move_to, parts, target, folder.folder_id, name)
        self._run(moved, undo=True)

    async def _folders(self, text: str) -> list[Choice[FolderRow]]:
        from tui_mail.safetext import folded

        wanted = folded(text).split()
        found = []
        for row in self._screen.folders.rows:
            name = folded(f"{row.account} {row.name} {folder_name(row.role, row.name)}")
            if all(word in name for word in wanted):
                found.append(Choice(partial(_draw_folder, row), row))
        return found

    def pick_record(self, sort: str) -> None:
        """Go to a record's card by typing its number or name."""
        heading = _("Go to a document") if sort == "document" else _("Go to a customer")
        kinds = DOCUMENT_KINDS if sort == "document" else PARTY_KINDS
        screen = PickScreen(
            safe(heading), partial(self._records, kinds), placeholder=_("number, name, amount")
        )
        self._screen.app.push_screen(screen, self._card)

    def _card(self, entity_id: int | None) -> None:
        if entity_id is not None:
            self.open_card(entity_id)

    async def _records(self, kinds: Sequence[str], text: str) -> list[Choice[int]]:
        parts = self._screen.parts
        if parts is None or not text.strip():
            return []
        today = datetime.now(UTC).astimezone().date()
        rows = await parts.database.read(_find, text, kinds)
        return [Choice(partial(_draw_record, row, today), row.id) for row in rows]


# Verbs about the very message that is read, not about its conversation.
_OF_ONE = frozenset({"reply", "reply_all", "forward", "link", "trace", "split"})


def _draw_folder(row: FolderRow, width: int) -> Line:
    unread = str(row.unread) if row.unread else ""
    return (
        Piece(fit(SafeText(f"   {folder_name(row.role, row.name)}"), max(16, width // 2))),
        Piece(fit(account_name(row.account), max(1, width - max(16, width // 2) - 8)), "dim"),
        Piece(fit(SafeText(unread), 7, right=True), "accent"),
    )


def _draw_record(row: EntityRow, today: "Day", width: int) -> Line:
    if is_party(row.kind):
        name, beside = (
            safe(row.title or row.code),
            SafeText(f"{kind_name(row.kind)} {safe(row.code)}"),
        )
    else:
        name = SafeText(f"{kind_name(row.kind)} {formats.short_code(row.code, today)}")
        beside = safe(row.party)
    first = max(20, width * 40 // 100)
    day = formats.short_day(row.date, today) if row.date else SafeText("")
    amount = formats.money(row.amount, row.currency) if row.amount is not None else SafeText("")
    return (
        Piece(fit(SafeText(f"   {name}"), first)),
        Piece(fit(SafeText(f" {beside}"), max(1, width - first - 26)), "dim"),
        Piece(fit(day, 9, right=True), "dim"),
        Piece(fit(amount, 15, right=True)),
    )
