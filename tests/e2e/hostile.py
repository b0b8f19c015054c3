"""A home of which everything that came from outside is hostile, and the servers it came from."""

import asyncio
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e import payloads
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import DEFAULT_FOLDERS, UserMailbox
from tui_mail.demo.smtp_server import ReceivedMail, SmtpServer

PASSWORD = "segreta"
LOCAL, SERVED, REFUSED = "anna@rossi.example", "server@rossi.example", "refused@rossi.example"
_ONE_LINE = payloads.ALL.translate({0x0D: " ", 0x0A: " ", 0x00: " "})


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the servers listen: one with hostile folders, one that refuses with hostile words."""

    imap: int
    refusing: int
    smtp: int


@contextmanager
def servers() -> Iterator[Ports]:
    """Run them on an event loop of their own."""
    mailbox = UserMailbox(PASSWORD, DEFAULT_FOLDERS)
    for text in payloads.PAYLOADS.values():
        name = text.translate({0x0D: " ", 0x0A: " ", 0x00: " ", ord("/"): "|"})
        mailbox.create(name.encode("utf-8", "replace").decode())
    mailbox.deliver("INBOX", payloads.letter(500, "[/]\x1b]0;x\x07"))
    imap = ImapServer({SERVED: mailbox})
    refusing = ImapServer({})
    sentence = _ONE_LINE.encode("ascii", "replace").decode()
    refusing.refusals.update(dict.fromkeys(("LOGIN", "AUTHENTICATE"), f"[ALERT] {sentence}"))

    def deliver(mail: ReceivedMail) -> list[str]:
        return [f"554 5.7.1 {sentence}"] * len(mail.recipients)

    def refuse(address: str) -> str | None:
        return f"550 5.1.1 {sentence}" if address.startswith("no") else None

    smtp = SmtpServer(deliver, users={SERVED: PASSWORD}, refuse=refuse)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    everyone = (imap, refusing, smtp)
    try:
        for server in everyone:
            asyncio.run_coroutine_threadsafe(server.start(), loop).result(10)
        yield Ports(imap.port, refusing.port, smtp.port)
    finally:
        for server in everyone:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def build(folder: Path, ports: Ports) -> Path:
    """Fill a home by the program's own commands; its folder."""
    home, mail = folder / "home", folder / "mail"
    mail.mkdir()
    messages = [*payloads.letters(), *payloads.collected(), *payloads.latest()]
    for number, raw in enumerate(messages):
        (mail / f"{number:04}.eml").write_bytes(raw)
    name = _ONE_LINE.encode("utf-8", "replace").decode()
    smtp = ["--smtp", f"127.0.0.1:{ports.smtp}", "--tls", "none", "--password-stdin"]
    served = ["--imap", f"127.0.0.1:{ports.imap}", *smtp]
    refused = ["--imap", f"127.0.0.1:{ports.refusing}", *smtp, "--no-verify-login"]
    _call(home, "account", "add", LOCAL, "--local", "--name", name)
    _call(home, "account", "add", SERVED, *served, "--name", name)
    _call(home, "erp", "import", payloads.write_erp(folder / "erp"))
    _call(home, "import", mail, "--account", LOCAL)
    for to in ("no@x.example", "yes@x.example"):
        letter = ["--from", SERVED, "--to", to, "--subject", name, "--text"]
        _call(home, "send", *letter, typed=name)
    _call(home, "worker", "--once", code=None)
    _call(home, "account", "add", REFUSED, *refused, "--name", "[/]")
    _call(home, "worker", "--once", code=None)
    (home / "settings.toml").write_text('language = "en"\nundo_seconds = 0\n', "utf-8")
    return home


def copy(home: Path, folder: Path, settings: str = "") -> Path:
    """A home of its own for a test."""
    own = folder / "home"
    shutil.copytree(home, own)
    with (own / "settings.toml").open("a", encoding="utf-8") as file:
        file.write(settings)
    return own


def _call(home: Path, *arguments: object, typed: str = PASSWORD, code: int | None = 0) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tui_mail", "--home", str(home), *map(str, arguments)],
        input=f"{typed}\n".encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert code is None or done.returncode == code, done
    assert b"Traceback" not in done.stderr + done.stdout, done
