"""A stage for the console: a database with people, records and mail that came in as mail does."""

import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

from blockbuster import blockbuster_ctx
from textual.pilot import Pilot

from tests.db import house
from tui_mail.blobs import FolderBlobs
from tui_mail.config import Settings, crm_of
from tui_mail.db import accounts, actions, erp, folders
from tui_mail.db.conversations import window
from tui_mail.db.engine import Database
from tui_mail.db.rows import FolderRow, ListRow
from tui_mail.db.session import Session
from tui_mail.db.tables import Account
from tui_mail.i18n import set_language
from tui_mail.ui.app import Console
from tui_mail.ui.parts import Parts
from tui_mail.ui.screens.main import MainScreen
from tui_mail.values import Fetched, Flag, FolderRole, RemoteFolder
from tui_mail.vault import open_vault
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.reading import Reader

FOLDERS = {
    "INBOX": FolderRole.INBOX,
    "Sent": FolderRole.SENT,
    "Archive": FolderRole.ARCHIVE,
    "Trash": FolderRole.TRASH,
}
_T = TypeVar("_T")
_PATIENCE = 30.0  # seconds: the machine may be busy with something else
EMAIL = "vendite@rossi.it"
HOSTILE = (
    "[/] [/bold] [a='b']",
    "[@click=app.exit]x[/]",
    "[link=file:///etc/passwd]a[/link]",
    "a\x1b]0;PWN\x07b\x1b[2Jc\x1b]52;c;QQ==\x07",
    "\x9b6n\x9d0;x\x9c invoice \u202e gpj.exe \u2067",
    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301 zalgo \u200b\ufeff",
)


_ASIDE = ThreadPoolExecutor(1, thread_name_prefix="aside")


def aside(fn: Callable[[], _T]) -> _T:
    """What `fn` gives, run in a thread: the test may wait for the database, the console not."""
    return _ASIDE.submit(fn).result()


@dataclass
class Stage:
    """One operator, one shared account, two customers with their documents."""

    database: Database
    folder: Path
    anna: int = 0
    account: int = 0
    count: int = 0
    ids: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.blobs = FolderBlobs(self.folder / "blobs", open_vault(self.folder / "key"))

    def folder_id(self, name: str) -> int:
        return next(row.folder_id for row in self.folders() if row.name == name)

    def folders(self) -> list[FolderRow]:
        return aside(lambda: self.database.read_now(folders.folders, self.anna))

    def rows(self, name: str = "INBOX") -> list[ListRow]:
        """What a folder holds, newest first."""
        folder_id = self.folder_id(name)
        return aside(lambda: self.database.read_now(window, self.anna, folder_id))

    def archive(self, row: ListRow) -> None:
        """As another process does it."""
        ids = [row.placement_id or 0]
        now = datetime.now(UTC)
        aside(lambda: self.database.write_now(actions.archive, self.anna, ids, now))

    async def receive(
        self,
        subject: str,
        *,
        sender: str = "Luca Ferri <l.ferri@ferri.it>",
        body: str = "Buongiorno,\n\nci sentiamo.\n",
        folder: str = "INBOX",
        minutes: int = 0,
        seen: bool = False,
        reply_to: str = "",
        attachment: str = "",
    ) -> str:
        """A message comes in, later than those before it; its Message-ID."""
        name = f"m{self.count + 1}@ferri.it"
        letter = EmailMessage()
        letter["From"], letter["To"] = sender, EMAIL
        letter["Message-ID"] = f"<{name}>"
        letter["Date"] = self._moment(self.count + 1 + minutes)
        if reply_to:
            letter["In-Reply-To"] = f"<{reply_to}>"
        letter.set_content(body)
        if attachment:
            letter.add_attachment(b"%PDF-", "application", "pdf", filename=attachment)
        raw = b"Subject: " + subject.encode() + b"\r\n" + letter.as_bytes()
        await self.take(raw, folder=folder, minutes=minutes, seen=seen)
        return name

    def _moment(self, minutes: int) -> datetime:
        """Long ago and in order, so that what a test sees does not depend on the hour."""
        return datetime.now(UTC) - timedelta(days=14) + timedelta(minutes=minutes)

    async def take(
        self, raw: bytes, *, folder: str = "INBOX", minutes: int = 0, seen: bool = False
    ) -> None:
        """A message comes in as it is."""
        self.count += 1
        at = self._moment(self.count + minutes)
        flags = frozenset({Flag.SEEN.value}) if seen else frozenset[str]()
        batch = [Fetched(str(self.count), raw, flags, at)]
        ingest = Ingest(self.database, self.blobs)
        await ingest.store(self.account, self.folder_id(folder), batch)


def build(database: Database, folder: Path, *, account: bool = True, records: bool = True) -> Stage:
    """The stage, without mail."""
    stage = Stage(database, folder)

    def write(session: Session) -> None:
        stage.anna = accounts.operator_for(session, "anna", "Anna").id or 0
        if not account:
            return
        wish = Account(email=EMAIL, shared=True, protocol="imap", host="localhost", port=1)
        stage.account = accounts.add_account(session, wish, stage.anna).id or 0
        remote = [RemoteFolder(name, name, role) for name, role in FOLDERS.items()]
        folders.reconcile_folders(session, stage.account, remote)

    database.write_now(write)
    if records:
        database.write_now(erp.add_source, "books", "")
        database.write_now(erp.take, "books", house.changes(), house.NOW)
        for reference in (house.FERRI, house.BIANCHI, house.ORDER, house.INVOICE):
            found = database.read_now(erp.entity, reference)
            stage.ids[str(reference).partition("@")[0]] = found.id
    return stage


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    """Let the console run until `condition` holds."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("what was waited for did not happen")
        await pilot.pause(0.005)


@dataclass
class Showing:
    """A console on the stage."""

    stage: Stage
    console: Console
    pilot: Pilot[int]

    @property
    def main(self) -> MainScreen:
        return self.console._main

    @property
    def focused(self) -> str:
        """The name of the widget that has the focus."""
        widget = self.console.focused
        return "" if widget is None else widget.id or ""

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], object]) -> None:
        await until(self.pilot, condition)

    def screen(self) -> list[str]:
        """What the screen shows, line by line."""
        lines = self.console.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in lines]

    async def sees(self, *texts: str) -> None:
        """Wait until every text is on the screen."""
        try:
            await self.until(lambda: all(text in "\n".join(self.screen()) for text in texts))
        except AssertionError as error:
            raise AssertionError(f"{texts} not on\n" + "\n".join(self.screen())) from error

    async def lacks(self, *texts: str) -> None:
        """Wait until no text of these is on the screen."""
        await self.until(lambda: not any(text in "\n".join(self.screen()) for text in texts))


@asynccontextmanager
async def showing(
    stage: Stage, size: tuple[int, int] = (120, 36), *, language: str = "en", **settings: object
) -> AsyncIterator[Showing]:
    """A console over the stage; nothing of ours may block its loop."""
    set_language(language)
    chosen = Settings(language=language, **settings)  # type: ignore[arg-type] # by name

    def open_parts() -> Parts:
        url = stage.database.engine.url.render_as_string(hide_password=False)
        database = Database(url, crm_of(chosen))
        return Parts(database, stage.anna, chosen, Reader(database, stage.blobs, stage.anna))

    console = Console(chosen, open_parts)
    try:
        with blockbuster_ctx("tui_mail"):
            async with console.run_test(size=size) as pilot:
                await until(pilot, console._main.first_list.is_set)
                yield Showing(stage, console, pilot)
    finally:
        set_language("en")
