"""The main road in one process: mail comes in linked, is answered, and the answer comes back.

The servers are the demo's, on loopback; the worker runs beside the panels as it does in life.
"""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.db import house
from tests.ui.stage import until
from tui_mail.backends.imap import ImapStore
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.backends.smtp import SmtpSender
from tui_mail.blobs import FolderBlobs
from tui_mail.config import Settings
from tui_mail.db import accounts, erp
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account
from tui_mail.demo.correspondents import Correspondents, OwnAddress
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.demo.records import Person
from tui_mail.demo.smtp_server import SmtpServer
from tui_mail.i18n import set_language
from tui_mail.ui.app import Console
from tui_mail.ui.parts import Parts
from tui_mail.values import Endpoint, Login, Tls
from tui_mail.vault import open_vault
from tui_mail.worker.connections import Connections
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.reading import Reader
from tui_mail.worker.service import Worker

OWN = "vendite@rossi.it"
FERRI = "l.ferri@ferri.it"
LETTER = (
    f"From: Luca Ferri <{FERRI}>\r\nTo: {OWN}\r\nSubject: ordine 2026/119: quando consegnate?\r\n"
    "Message-ID: <domanda@ferri.it>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n\r\n"
    "Buongiorno, quando arriva la merce?\r\n"
).encode()


@pytest.fixture
async def world() -> AsyncIterator[tuple[UserMailbox, ImapServer, SmtpServer]]:
    """A mailbox, its servers, and a customer who answers at once."""
    box = UserMailbox("segreta")
    people = {FERRI: Person("Luca Ferri", "it", "Ferri Impianti Srl")}
    customers = Correspondents({OWN: box}, people, {OWN: OwnAddress(OWN)}, delay=0.01)
    imap = ImapServer({OWN: box})
    smtp = SmtpServer(customers.deliver, users={OWN: "segreta"}, refuse=customers.refuse)
    await imap.start()
    await smtp.start()
    yield box, imap, smtp
    await customers.stop()
    await smtp.stop()
    await imap.stop()


def furnish(database: Database, imap: ImapServer, smtp: SmtpServer) -> int:
    operator = database.write_now(accounts.operator_for, "anna", "Anna")
    account = Account(
        email=OWN, shared=True, host="127.0.0.1", port=imap.port, tls=Tls.NONE, user=OWN,
        smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls=Tls.NONE,
    )  # fmt: skip
    database.write_now(accounts.add_account, account, operator.id or 0)
    database.write_now(erp.take, "books", house.changes(), house.NOW)
    return operator.id or 0


def open_parts(url: str, folder: Path, operator_id: int, settings: Settings) -> Parts:
    database = Database(url)
    blobs = FolderBlobs(folder / "blobs", open_vault(folder / "key"))
    login = Login(OWN, "segreta")
    connections = Connections(
        lambda a, pace: ImapStore(Endpoint(a.host, a.port, Tls(a.tls)), login, pace=pace),
        lambda a: SmtpSender(Endpoint(a.smtp_host, a.smtp_port, Tls(a.smtp_tls)), login),
        lambda a, pace: Pop3Drop(Endpoint(a.host, a.port, Tls(a.tls)), login, pace=pace),
    )
    worker = Worker(database, connections, Ingest(database, blobs), locks=folder, check_seconds=300)
    reader = Reader(database, blobs, operator_id)
    return Parts(database, operator_id, settings, reader, worker)


async def test_an_answered_message_is_answered_about_the_same_order(
    sqlite_database: Database,
    tmp_path: Path,
    world: tuple[UserMailbox, ImapServer, SmtpServer],
) -> None:
    box, imap, smtp = world
    set_language("en")
    settings = Settings(language="en", undo_seconds=0)
    operator_id = furnish(sqlite_database, imap, smtp)
    url = sqlite_database.engine.url.render_as_string(hide_password=False)
    console = Console(settings, lambda: open_parts(url, tmp_path, operator_id, settings))

    def screen() -> str:
        strips = console.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)

    async with console.run_test(size=(120, 36)) as pilot:
        box.deliver("INBOX", LETTER)
        await until(pilot, lambda: re.search(r"● +Luca Ferri .*SO 119", screen()))
        await until(pilot, lambda: "quando arriva la merce?" in screen())
        await until(pilot, lambda: re.search(r"subject · [0-9]+%", screen()))
        await pilot.press("r")
        await until(pilot, lambda: "Reply to Luca Ferri" in screen())
        await until(pilot, lambda: "✓ SO 119" in screen())
        await pilot.press(*"Domani mattina.")
        await until(pilot, lambda: "Domani mattina." in screen())
        await pilot.press("alt+s")
        await until(pilot, lambda: re.search(r"● +Luca Ferri \(3\).*SO 119", screen()))
        assert [b"Domani mattina." in m.raw for m in box.messages("Sent")] == [True]
        answer = box.messages("INBOX")[-1].raw
        assert b"In-Reply-To: " in answer
