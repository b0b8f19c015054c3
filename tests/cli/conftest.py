"""An installation that tests of the command line share, copied for each."""

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from tests.cli.program import WITH_FILES, Program, letter
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import DEFAULT_FOLDERS, UserMailbox
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail, SmtpServer

_T = TypeVar("_T")

PASSWORD = "segreta"
ERP = {
    "companies": "code,name,domains\nROSSI,Rossi Srl,rossi.example\n",
    "parties": (
        "company,kind,code,name\n"
        "ROSSI,customer,C107,Ferri Impianti\nROSSI,customer,C200,Bianchi Spa\n"
    ),
    "addresses": (
        "company,party_kind,party,email,primary\n"
        "ROSSI,customer,C107,luca@ferri.example,true\n"
        "ROSSI,customer,C200,ordini@bianchi.example,true\n"
    ),
    "documents": (
        "company,kind,year,series,number,version,date,party_kind,party,total,currency,state\n"
        "ROSSI,sales_order,2025,,119,0,2025-11-01,customer,C107,1240.00,EUR,open\n"
        "ROSSI,invoice,2025,A,88,0,2025-11-12,customer,C107,1240.00,EUR,open\n"
    ),
    "document_links": "company,from,to\nROSSI,sales_order:2025/119,invoice:2025/A/88\n",
}


def write_erp(folder: Path, **tables: str) -> Path:
    """The ERP's folder, with some of its tables replaced."""
    folder.mkdir(exist_ok=True)
    for name, text in {**ERP, **tables}.items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TUI_MAIL_HOME", "TUI_MAIL_DATABASE", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("LOGNAME", "anna")


@pytest.fixture
def program(
    tmp_path: Path,
    sqlite_template: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Program:
    """The program on a home with an empty database."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "tui_mail.db")
    return Program(home, capfd, monkeypatch)


_HOUSE: list[Path] = []


@pytest.fixture
def house(program: Program, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program on a home with a local account, its ERP and four messages, ids 1 to 4."""
    if not _HOUSE:
        _furnish(program, tmp_path)
        _HOUSE.append(tmp_path_factory.mktemp("house") / "home")
        shutil.copytree(program.home, _HOUSE[0])
    shutil.rmtree(program.home)
    shutil.copytree(_HOUSE[0], program.home)
    return program


def _furnish(program: Program, tmp_path: Path) -> None:
    mail = tmp_path / "mail"
    mail.mkdir()
    messages = {
        1: letter(1, subject="Richiesta", body="Serve un preventivo."),
        2: letter(2, subject="Ordine 2025/119", body="Confermo l'ordine 2025/119."),
        3: letter(3, subject="Re: Ordine 2025/119", headers=["In-Reply-To: <2@ferri.example>"]),
        4: WITH_FILES,
    }
    for number, raw in messages.items():
        (mail / f"{number}.eml").write_bytes(raw)
    erp = write_erp(tmp_path / "erp")
    for call in (
        ("account", "add", "anna@rossi.example", "--local"),
        ("erp", "import", erp),
        ("import", mail, "--account", "anna@rossi.example"),
    ):
        result = program(*call)
        assert result.code == 0, result


@dataclass
class Servers:
    """An IMAP and an SMTP server on loopback, on an event loop in a thread."""

    loop: asyncio.AbstractEventLoop
    mailbox: UserMailbox
    received: list[ReceivedMail] = field(default_factory=list)
    refusal: str = ""  # what every recipient is answered, when there is one
    imap: int = 0
    smtp: int = 0

    def deliver(self, mail: ReceivedMail) -> list[str]:
        self.received.append(mail)
        return [ACCEPTED] * len(mail.recipients)

    def refuse(self, _address: str) -> str | None:
        return self.refusal or None

    def do(self, act: Callable[[], _T]) -> _T:
        """Call something that belongs to the servers' thread."""

        async def inside() -> _T:
            return act()

        return asyncio.run_coroutine_threadsafe(inside(), self.loop).result(10)

    @property
    def options(self) -> list[str]:
        """For `account add`."""
        return [
            "--imap", f"127.0.0.1:{self.imap}", "--smtp", f"127.0.0.1:{self.smtp}",
            "--tls", "none", "--password-stdin",
        ]  # fmt: skip


@pytest.fixture
def servers() -> Iterator[Servers]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    found = Servers(loop, UserMailbox(PASSWORD, DEFAULT_FOLDERS))
    imap = ImapServer({"anna@rossi.example": found.mailbox})
    smtp = SmtpServer(found.deliver, users={"anna@rossi.example": PASSWORD}, refuse=found.refuse)

    async def start() -> None:
        await imap.start()
        await smtp.start()
        found.imap, found.smtp = imap.port, smtp.port

    async def stop() -> None:
        await smtp.stop()
        await imap.stop()

    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        yield found
        asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture
def connected(program: Program, servers: Servers) -> Program:
    """The program with an account on the servers."""
    result = program("account", "add", "anna@rossi.example", *servers.options, stdin=PASSWORD)
    assert result.code == 0, result
    return program
