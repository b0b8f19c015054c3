"""Measures how fast a mailbox on an IMAP server gets here, beside mbsync with notmuch in the same run.

    .venv/bin/python scripts/bench/sync.py [--messages 10000] [--mail OUT] [--latency 50]

A first synchronization of one account (every index, links and files' texts included) is one
`tui-mail worker --once`; mbsync fetches the same mailbox into a Maildir, and `notmuch new` indexes
that. Then, over a connection that is open already as in a running console: nothing new, and 100 new
messages with 100 changed flags. Then how long a new message takes to a console's screen, from
the moment at which another client that waits is told of it. `--latency` adds milliseconds to every
round trip of a second first synchronization. OUT is made by mail.py, or by this. Needs Dovecot.
"""

import argparse
import asyncio
import imaplib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.console import cursor_row, percentile
from scripts.bench.keys_during_ingest import give_way, leave, run
from scripts.bench.mail import ACCOUNT
from tests.servers.dovecot import Dovecot, missing
from tests.terminal import Terminal
from tui_mail.__main__ import parts
from tui_mail.backends.pace import Pace
from tui_mail.cli.context import Context
from tui_mail.config import find_home
from tui_mail.db import accounts
from tui_mail.worker.fetch import Sync

_PROGRAM = str(Path(sys.executable).with_name("tui-mail"))
_HERE = Path(__file__).resolve().parent
_USER, _PASSWORD = "bench", "segreta"
_CHANGED = 100
_TRIES = 20
_REST_SECONDS = 2.0


def letter(number: int) -> bytes:
    return (
        f"From: Mario Bianchi <mario@bianchi.example>\r\nTo: {ACCOUNT}\r\n"
        f"Subject: Nuova {number:04}\r\nMessage-ID: <nuova-{number}@bianchi.example>\r\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}\r\n\r\n"
        f"Buongiorno, questa e' la nuova numero {number}.\r\n"
    ).encode()


# -- first synchronizations ------------------------------------------------------------------------


def told(name: str, seconds: float, messages: int, size: int) -> None:
    print(
        f"{name}: {seconds:.1f} s, {messages / seconds:.0f} messages/s,"
        f" {size / seconds / 1e6:.1f} MB/s; load {os.getloadavg()[0]:.1f}"
    )


def new_home(home: Path, erp: Path, server: Dovecot, port: int) -> None:
    run(home, "init")
    run(home, "erp", "import", str(erp))
    options = ["--imap", f"{server.host}:{port}", "--ca", server.ca_file, "--user", _USER]
    run(home, "account", "add", ACCOUNT, *options, "--password-stdin", say=f"{_PASSWORD}\n")


def first(home: Path) -> float:
    began = time.perf_counter()
    run(home, "worker", "--once")
    return time.perf_counter() - began


def mbsync_settings(work: Path, server: Dovecot) -> Path:
    """In clear, since it takes no certificate that has no common name: TLS costs us alone."""
    file = work / "mbsyncrc"
    file.write_text(
        f"IMAPStore far\nHost {server.host}\nPort {server.port_imap}\nUser {_USER}\n"
        f"Pass {_PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\n"
        f"MaildirStore near\nPath {work}/mail/\nInbox {work}/mail/INBOX\nSubFolders Verbatim\n\n"
        "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSyncState *\n"
    )
    (work / "mail").mkdir()
    return file


def mbsync(settings: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["mbsync", "-q", "-c", str(settings), "-a"], check=True)
    return time.perf_counter() - began


def notmuch(work: Path) -> float:
    settings = work / "notmuch"
    settings.write_text(f"[database]\npath={work}/mail\n[user]\nprimary_email={ACCOUNT}\n")
    began = time.perf_counter()
    subprocess.run(
        ["notmuch", "new", "--quiet"],
        check=True,
        env={**os.environ, "NOTMUCH_CONFIG": str(settings)},
    )
    return time.perf_counter() - began


# -- a way with a latency --------------------------------------------------------------------------


async def _carry(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float
) -> None:
    """What comes goes on `seconds` later, however much of it is on its way."""
    loop = asyncio.get_running_loop()
    while data := await source.read(1 << 16):
        loop.call_later(seconds, target.write, data)
    loop.call_later(seconds, target.close)


async def _way(port: int, seconds: float, made: "asyncio.Queue[int]") -> None:
    async def connected(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            _carry(near, there, seconds), _carry(far, back, seconds), return_exceptions=True
        )

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    made.put_nowait(server.sockets[0].getsockname()[1])
    await server.serve_forever()


@contextmanager
def slow_way(port: int, milliseconds: float) -> Iterator[int]:
    """A port that leads to another, `milliseconds` of round trip away."""
    loop = asyncio.new_event_loop()
    made: asyncio.Queue[int] = asyncio.Queue()
    serving = loop.create_task(_way(port, milliseconds / 2000, made))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(made.get(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        serving.add_done_callback(lambda _done: loop.stop())
        thread.join(10)


# -- over an open connection -----------------------------------------------------------------------


async def again(home: Path, server: Dovecot) -> None:
    """What a running console does: nothing new, then 100 new messages and 100 changed flags."""
    call = Context(parts(), find_home(str(home)), operator="bench")

    async def pause() -> None:
        """Nothing waits for the store."""

    (account,) = await call.database.read(accounts.all_accounts)
    assert account.id is not None
    store = call.connections.store(account, Pace())
    await store.open()
    sync = Sync(call.database, store, call.ingest, report=lambda _progress: None, pause=pause)
    await sync.account(account.id)
    waits = [await _timed(sync, account.id) for _number in range(_TRIES)]
    print(f"no change: p50 {percentile(waits, 0.5):.0f} ms, p95 {percentile(waits, 0.95):.0f} ms")
    await asyncio.to_thread(change, server)
    print(f"{_CHANGED} new and {_CHANGED} flags: {await _timed(sync, account.id):.0f} ms")
    await store.close()
    await call.database.close()
    call.close()


async def _timed(sync: Sync, account_id: int) -> float:
    began = time.perf_counter()
    await sync.account(account_id)
    return (time.perf_counter() - began) * 1000


def change(server: Dovecot) -> None:
    """Another client's work: new messages, and flags on old ones."""
    for number in range(_CHANGED):
        server.deliver(_USER, letter(number))
    client = server.second_client(_USER)
    client.select("INBOX")
    client.store(f"1:{_CHANGED}", "+FLAGS", "(\\Flagged)")
    client.logout()


# -- to the screen ---------------------------------------------------------------------------------


def heard(client: imaplib.IMAP4_SSL) -> float:
    """When the server says to a client in IDLE that a message came."""
    while b"EXISTS" not in client.readline():
        pass
    return time.perf_counter()


def rest(terminal: Terminal) -> None:
    """Dovecot tells each client of news half a second late, and of more news at a pace that begins
    with the first: until that is over, each is told at another moment."""
    end = time.perf_counter() + _REST_SECONDS
    while (left := end - time.perf_counter()) > 0:
        terminal.read(left)


def to_screen(home: Path, server: Dovecot) -> Sequence[float]:
    """Milliseconds from the server's word to the subject on a console's screen."""
    terminal = Terminal([_PROGRAM, "--home", str(home), "--as", "bench"], 120, 40)
    terminal.until(lambda one: cursor_row(one) >= 0)
    client = server.second_client(_USER)
    client.select("INBOX")
    client.send(b"x1 IDLE\r\n")
    client.readline()
    waits: list[float] = []
    for number in range(9000, 9000 + _TRIES):
        rest(terminal)
        with ThreadPoolExecutor(1) as listening:
            said = listening.submit(heard, client)
            server.deliver(_USER, letter(number))
            terminal.until(lambda one, number=number: f"Nuova {number}" in one.text, seconds=30)  # type: ignore[misc]
            waits.append((terminal.came - said.result(30)) * 1000)
    leave(terminal)
    return waits


def measure(made: Path, work: Path, asked: argparse.Namespace, server: Dovecot) -> None:
    files = list(islice(sorted((made / "mail" / "cur").iterdir()), asked.messages))
    size = sum(file.stat().st_size for file in files)
    for file in files:
        server.deliver(_USER, file.read_bytes())
    give_way(server)
    if shutil.which("mbsync") and shutil.which("notmuch"):
        settings = mbsync_settings(work, server)
        fetched, indexed = mbsync(settings), notmuch(work)
        told("mbsync", fetched, len(files), size)
        told("mbsync and notmuch new", fetched + indexed, len(files), size)
        print(f"mbsync, no change: {mbsync(settings) * 1000:.0f} ms")
    home = work / "home"
    new_home(home, made / "erp", server, server.port_imaps)
    near = first(home)
    told("tui-mail, first synchronization", near, len(files), size)
    with slow_way(server.port_imaps, asked.latency) as port:
        new_home(work / "far", made / "erp", server, port)
        far = first(work / "far")
    told(f"tui-mail, {asked.latency} ms away", far, len(files), size)
    print(f"  {near / far:.2f} of the speed that it has near")
    asyncio.run(again(home, server))
    waits = to_screen(home, server)
    print(
        f"new mail to screen: p50 {percentile([*waits], 0.5):.0f} ms,"
        f" p95 {percentile([*waits], 0.95):.0f} ms"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--messages", type=int, default=10_000)
    options.add_argument("--mail", type=Path, help="made by mail.py before")
    options.add_argument("--latency", type=float, default=50.0, help="milliseconds of round trip")
    asked = options.parse_args()
    if reason := missing():
        sys.exit(reason)
    work = Path(tempfile.mkdtemp())
    server = Dovecot()
    try:
        made = asked.mail or work / "made"
        if asked.mail is None:
            generator = [sys.executable, str(_HERE / "mail.py"), str(made)]
            subprocess.run([*generator, "--messages", str(asked.messages)], check=True)
        server.start({_USER: _PASSWORD})
        measure(made, work, asked, server)
    finally:
        server.stop()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
