"""A home on the disk, and the program called on it as others call it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.worker.office import PASSWORD, Office, office_on
from tui_mail.config import find_home
from tui_mail.db.engine import Database
from tui_mail.db.schema import prepare


class Installation:
    """A home, and the program called on it as others call it."""

    def __init__(self, home: Path, url: str = "") -> None:
        """`url`: of the database; without it the home's own."""
        self.home = home
        file = find_home(str(home)).database_file
        file.parent.mkdir(parents=True, exist_ok=True)
        self.url = url or f"sqlite:///{file}"
        self.database = Database(self.url)
        prepare(self.database)
        self.office: Office = office_on(self.database, home)

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tui_mail", "--home", str(self.home), "--as", "anna"),
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8", "TUI_MAIL_DATABASE": self.url},
        )

    async def run(self, *arguments: str, stdin: str = "") -> None:
        process = await self.start(*arguments)
        _out, said = await process.communicate(f"{stdin}\n".encode())
        assert process.returncode == 0, said.decode()

    async def add(self, user: str, imap: int, smtp: int = 0) -> None:
        servers = ["--imap", f"127.0.0.1:{imap}"]
        servers += ["--smtp", f"127.0.0.1:{smtp}"] if smtp else []
        await self.run(
            *("account", "add", f"{user}@rossi.it", "--user", user, *servers),
            *("--tls", "none", "--password-stdin", "--no-verify-login"),
            stdin=PASSWORD,
        )

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """A running `tui-mail worker`, killed in the end."""
        process = await self.start("worker")
        assert process.stderr is not None
        assert b"Ctrl+C" in await process.stderr.readline()
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.communicate()
