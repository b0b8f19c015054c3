"""What the main screen does when something is asked for: database verbs, and the screens on top.

Keeps the wiring of `main` free of what happens in the end.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tui_mail.db.rows import AttachmentRow, FolderRow, LinkRow, ListRow, MessageRow, SavedRow
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import deeds, formats
from tui_mail.ui.deeds import named
from tui_mail.ui.linkkeys import LinkChosen
from tui_mail.ui.panels.reader import ReaderPanel
from tui_mail.ui.screens import folder_record, foldering, searches
from tui_mail.ui.screens.accounts import AccountsScreen
from tui_mail.ui.screens.address import AddressScreen
from tui_mail.ui.screens.card import CardChoice, CardScreen
from tui_mail.ui.screens.doing import Doing
from tui_mail.ui.screens.letters import Letters
from tui_mail.ui.screens.picture import PictureScreen, are_pictures
from tui_mail.ui.screens.places import PlacePick, RecordPick
from tui_mail.ui.screens.save import FilePick, FolderPick
from tui_mail.ui.screens.trace import CardPlace
from tui_mail.ui.screens.verbs import Verbs
from tui_mail.values import PictureWay

if TYPE_CHECKING:
    from tui_mail.ui.look import Look
    from tui_mail.ui.screens.main import MainScreen
    from tui_mail.worker.reading import OpenedMessage


class Desk:
    """Carries out what the panels of a main screen ask for.

    `verbs`: of mail; `letters`: those that are written; `doing`: how all of it is done and undone.
    """

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self.doing = Doing(screen)
        self.letters = Letters(self.doing)
        self.verbs = Verbs(self.doing, self.letters, partial(self.open_card, mail_only=True))
        self._reading: MessageRow | None = None
        self._saved_in = "~/"  # where files were saved last

    # -- reading

    def shown(self, row: MessageRow, *, opened: bool) -> None:
        """A message is on the screen; one that was opened is read from now on."""
        self._reading = row
        if opened and row.placement_id is not None and "seen" not in row.flags:
            self.doing.run(partial(self._mark_read, row.placement_id))

    async def _mark_read(self, placement_id: int) -> SafeText:
        assert self._screen.parts is not None
        await deeds.mark_read(self._screen.parts, placement_id)
        return SafeText("")

    def is_read_now(self, row: ListRow) -> bool:
        """Whether that row's conversation is the one being read."""
        return self._reading is not None and self._reading.thread_id == row.thread_id

    # -- saved searches

    def save_search(self, query: str) -> None:
        """Keep a search under a name."""
        parts = self._screen.parts
        if parts is None:
            return
        if not query:
            self._screen.status.say(
                safe(_("Search first: / and what you look for; then it can be saved."))
            )
            return

        def named_it(name: searches.Name | None) -> None:
            if name is not None:
                self.doing.run(partial(searches.save, parts, name, query), undo=True)

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
                self.doing.run(partial(searches.delete, parts, row), undo=True)
            case "up" | "down":
                step = 1 if verb == "down" else -1
                self.doing.run(partial(searches.move, parts, row, step), undo=True)
            case _:

                def named_it(name: searches.Name | None) -> None:
                    if name is not None:
                        self.doing.run(partial(searches.rename, parts, row, name), undo=True)

                heading = safe(_("Call the search “{name}”").format(name=row.name))
                self._screen.app.push_screen(searches.NamePick(heading, ()), named_it)

    # -- accounts

    def show_accounts(self) -> None:
        """How each account is doing, and who works on it."""
        if self._screen.parts is not None:
            self._screen.app.push_screen(AccountsScreen(self._screen.parts))

    # -- folders

    def change_folder(self, verb: str, account_id: int, row: FolderRow | None) -> None:
        """Make, delete or rename a folder."""
        parts = self._screen.parts
        if parts is None:
            return
        if verb == "delete" and row is not None:
            self.doing.run(partial(foldering.delete, parts, row), undo=True)
            return
        if verb == "record" and row is not None:
            self._stand_for(row)
            return
        heading, beside = safe(_("New folder")), safe(_("make it"))
        if row is not None:
            heading = safe(_("Call the folder “{name}”").format(name=row.name))
            beside = safe(_("call it so"))

        def named_it(name: str | None) -> None:
            if name is None:
                return
            work = partial(foldering.create, parts, account_id, name)
            if row is not None:
                work = partial(foldering.rename, parts, row, name)
            self.doing.run(work, undo=True)

        self._screen.app.push_screen(foldering.FolderName(heading, beside), named_it)

    def _stand_for(self, row: FolderRow) -> None:
        """Say which record a folder stands for."""
        parts = self._screen.parts
        if parts is None:
            return

        def chosen(standing: folder_record.Standing | None) -> None:
            if standing is not None:
                self.doing.run(partial(folder_record.stand, parts, row, standing), undo=True)

        self._screen.app.push_screen(folder_record.FolderRecordPick(parts, row), chosen)

    # -- links

    def decide(self, verb: str, link: LinkRow) -> None:
        """Confirm or reject a link."""
        if self._screen.parts is not None:
            today = datetime.now(UTC).astimezone().date()
            record = formats.record(link.kind, link.code, link.title, today)
            pair = (link.message_id, link.entity_id)
            self.doing.run(partial(deeds.decide, self._screen.parts, verb, pair, record), undo=True)

    # -- attachments

    def save(self, event: ReaderPanel.Save) -> None:
        """Save files of a message: all, or the one that is chosen when there are several."""
        if event.every or len(event.files) == 1:
            self._save_into(event.opened, list(event.files))
        else:

            def chosen(row: AttachmentRow | None) -> None:
                if row is not None:
                    self._save_into(event.opened, [row])

            screen = FilePick(event.files, safe(_("Save which file?")))
            self._screen.app.push_screen(screen, chosen)

    def list_files(self, event: ReaderPanel.Files) -> None:
        """Show what came with a message; a picture that is chosen is shown, another file saved."""
        count = len(event.files)
        pictures = are_pictures(event.files) if self._draws else []
        if pictures:
            words = ngettext(
                "{count} attachment: Enter shows it",
                "{count} attachments: Enter shows pictures and saves other files",
                count,
            )
        else:
            words = ngettext(
                "{count} attachment: Enter saves", "{count} attachments: Enter saves", count
            )

        def chosen(row: AttachmentRow | None) -> None:
            if row is not None and row in pictures:
                self._look_at(event.opened, pictures, row)
            elif row is not None:
                self._save_into(event.opened, [row])

        heading = safe(words.format(count=count))
        self._screen.app.push_screen(FilePick(event.files, heading), chosen)

    @property
    def _draws(self) -> bool:
        return cast("Look", self._screen.app).pictures.drawing.way is not PictureWay.NONE

    def _look_at(
        self, opened: "OpenedMessage", pictures: Sequence[AttachmentRow], first: AttachmentRow
    ) -> None:
        def left(row: AttachmentRow | None) -> None:
            if row is not None:
                self._save_into(opened, [row])

        def show(found: "OpenedMessage") -> None:
            self._screen.app.push_screen(PictureScreen(found, pictures, first), left)

        self.doing.with_files(opened, show)

    def _save_into(self, opened: "OpenedMessage", files: list[AttachmentRow]) -> None:
        def chosen(folder: Path | None) -> None:
            if folder is not None:
                self._saved_in = f"{folder}/"
                if any(opened.lacks(file.number) for file in files):
                    self.doing.with_files(opened, partial(save, folder))
                else:
                    save(folder, opened)

        def save(folder: Path, found: "OpenedMessage") -> None:
            self.doing.run(partial(deeds.save_files, found, files, folder))

        self._screen.app.push_screen(FolderPick(len(files), self._saved_in), chosen)

    # -- screens on top

    def see_link(self, event: LinkChosen) -> None:
        """Show a link in whole; it is copied, or a letter to it is begun, when it is asked for."""

        def chosen(verb: str | None) -> None:
            if verb == "copy":
                self._screen.app.copy_to_clipboard(safe(event.target))
                self._screen.status.say(safe(_("copied: {target}").format(target=event.target)))
            elif verb == "write":
                self.letters.write_to(event.target)

        self._screen.app.push_screen(AddressScreen(event), chosen)

    def open_card(self, entity_id: int, *, mail_only: bool = False) -> None:
        """A record's card, or just its mail."""
        on_top = self._screen.app.screen
        if isinstance(on_top, CardScreen):
            on_top.open_card(entity_id, mail_only=mail_only)
        elif self._screen.parts is not None:
            self.show_cards([CardPlace(entity_id, mail_only=mail_only)])

    def show_cards(self, places: Sequence[CardPlace]) -> None:
        """The last one of these cards; closed, it gives way to the one before it."""
        *below, place = places

        def left(chosen: CardChoice | None) -> None:
            if chosen is not None:
                self._screen.way_back.read(chosen.row, (*below, *chosen.cards))
            elif below:
                self.show_cards(below)

        if self._screen.parts is not None:
            self._screen.app.push_screen(CardScreen(self._screen.parts, place, self), left)

    def pick_folder(self) -> None:
        """Go to any folder or saved search by typing its name."""
        folders = self._screen.folders
        self._screen.app.push_screen(PlacePick(folders.rows, folders.searches), self._go)

    def _go(self, place: FolderRow | SavedRow | None) -> None:
        if isinstance(place, FolderRow):
            self._screen.folders.show_folder(place.folder_id)
        elif place is not None:
            self._screen.folders.show_search(place)

    def pick_record(self, sort: str) -> None:
        """Go to a record's card by typing its number or name."""
        if self._screen.parts is not None:
            self._screen.app.push_screen(RecordPick(self._screen.parts, sort), self._card)

    def _card(self, entity_id: int | None) -> None:
        if entity_id is not None:
            self.open_card(entity_id)
