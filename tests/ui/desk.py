"""A desk to write letters at: a console over a real database, with one message to answer."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from blockbuster import blockbuster_ctx
from sqlmodel import Session, col, select
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from tests.db.house import NOW, House
from tests.ui.stage import until
from tui_mail.blobs import FolderBlobs
from tui_mail.config import Settings
from tui_mail.db import drafts, outbox
from tui_mail.db.engine import Database
from tui_mail.db.rows import DraftRow, OutgoingRow
from tui_mail.db.tables import Account, Message
from tui_mail.ui.app import Console
from tui_mail.ui.parts import Parts
from tui_mail.ui.screens.compose import ComposeScreen
from tui_mail.ui.writing.start import ComposeStart
from tui_mail.values import Fetched
from tui_mail.vault import open_vault
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.reading import Reader

QUESTION = b"""\
From: Luca Ferri <l.ferri@ferri.it>
To: vendite@rossi.it
Cc: acquisti@bianchi.it
Subject: ordine 2026/119, importo diverso
Date: Tue, 24 Nov 2026 10:32:00 +0100
Message-ID: <question@ferri.it>
References: <offer@rossi.it>
Content-Type: text/plain; charset=utf-8

Buongiorno,
l'ordine 2026/119 era di 1.204,00. Potete controllare?
"""
SIGNATURE = "Anna Rossi\nVendite"


@dataclass
class Desk:
    """The house, and what is needed to open a console in it, again and again."""

    house: House
    url: str
    folder: Path
    message_id: int = 0

    def parts(self, operator_id: int = 0, **settings: int | str) -> Parts:
        """New parts over the same database, as another console has them."""
        database = Database(self.url)
        who = operator_id or self.house.anna
        shown = Settings(language="en", **settings)  # type: ignore[arg-type] # by name
        return Parts(database, who, shown, Reader(database, self.blobs, who))

    @property
    def blobs(self) -> FolderBlobs:
        return FolderBlobs(self.folder / "blobs", open_vault(self.folder / "key"))

    async def receive(self, raw: bytes) -> int:
        """Store a message in the shared inbox; its id."""
        ingest = Ingest(self.house.database, self.blobs)
        batch = [Fetched(str(hash(raw)), raw, frozenset(), NOW)]
        await ingest.store(self.house.shared, self.house.inbox, batch)

        def latest(session: Session) -> int:
            query = select(Message.id).order_by(col(Message.id).desc())
            return session.exec(query).first() or 0

        return self.house.database.read_now(latest)

    def sign(self, signature: str = SIGNATURE) -> None:
        """Give the shared account a name and a signature."""

        def write(session: Session) -> None:
            account = session.get(Account, self.house.shared)
            assert account is not None
            account.name, account.signature = "Vendite Rossi", signature
            session.add(account)

        self.house.database.write_now(write)

    def drafts(self) -> list[DraftRow]:
        return self.house.database.read_now(drafts.drafts, self.house.anna)

    def letters(self) -> list[OutgoingRow]:
        return self.house.database.read_now(outbox.outgoing, self.house.anna)

    def raw(self, outgoing_id: int) -> bytes:
        return self.house.database.read_now(outbox.sent_details, outgoing_id).raw

    def reply(self, parts: Parts, answer: str = "reply") -> ComposeStart:
        return ComposeStart(answer, opened=parts.reader.open_now(self.message_id))


@dataclass
class Writing:
    """A console with a letter on it, and the keys."""

    pilot: Pilot[int]
    console: Console
    screen: ComposeScreen
    parts: Parts

    async def type(self, text: str) -> None:
        await self.pilot.press(
            *("enter" if sign == "\n" else _KEYS.get(sign, sign) for sign in text)
        )

    async def paste(self, text: str) -> None:
        """Put `text` where the cursor is, at once."""
        focused = self.console.focused
        assert isinstance(focused, Input | TextArea)
        before = focused.value if isinstance(focused, Input) else focused.text
        self.console.post_message(Paste(text))
        await self.until(
            lambda: (focused.value if isinstance(focused, Input) else focused.text) != before
        )

    async def until(self, condition: Callable[[], object]) -> None:
        await until(self.pilot, condition)

    def line(self, name: str) -> str:
        """What a line around the letter says: title, review or hints."""
        strip = self.screen.query_one(f"#{name}").render_line(0)
        return "".join(segment.text for segment in strip)


_KEYS = {" ": "space", "@": "at", ".": "full_stop", ",": "comma", "*": "asterisk", "/": "slash"}


@asynccontextmanager
async def writing(
    parts: Parts,
    start: ComposeStart,
    *,
    save_seconds: float = 0.05,
    size: tuple[int, int] = (100, 30),
) -> AsyncIterator[Writing]:
    """A console that writes a letter; it is closed, and its database with it, at the end."""
    console = Console(parts.settings, lambda: parts)
    with blockbuster_ctx("tui_mail.ui"):
        async with console.run_test(size=size) as pilot:
            await until(pilot, lambda: console._parts)
            screen = ComposeScreen(parts, start, save_seconds=save_seconds)
            console.push_screen(screen)
            await until(pilot, lambda: screen.ready and console.focused is not None)
            yield Writing(pilot, console, screen, parts)
