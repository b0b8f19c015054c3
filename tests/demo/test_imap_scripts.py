"""The embedded IMAP server under scripts that others wrote to test servers."""

import contextlib
from pathlib import Path

import pytest

from tests.demo.imaptest import read_script, run
from tests.demo.wire import logged_in
from tui_mail.demo.imap_server import ImapServer

SCRIPTS = [
    "append",
    "atoms",
    "close",
    "copy",
    "esearch",
    "esearch-condstore",
    "expunge",
    "expunge2",
    "fetch",
    "fetch-body",
    "fetch-body-message-rfc822",
    "fetch-body-message-rfc822-mime",
    "fetch-body-message-rfc822-x2",
    "fetch-body-mime",
    "fetch-bodystructure",
    "fetch-envelope",
    "list",
    "listext",
    "move",
    "mutf7",
    "nil",
    "search-addresses",
    "search-body",
    "search-date",
    "search-flags",
    "search-header",
    "search-sets",
    "search-size",
    "select",
    "store",
    "subscribe",
    "uidplus",
    "uidvalidity",
    "uidvalidity-rename",
]


@pytest.mark.parametrize("name", SCRIPTS)
async def test_the_script_passes(server: ImapServer, test_data: Path, name: str) -> None:
    script = read_script(test_data / "imaptest" / "src" / "tests" / name)
    async with contextlib.AsyncExitStack() as stack:
        count = int(script.headers.get("connections", "1"))
        wires = [await stack.enter_async_context(logged_in(server.port)) for _ in range(count)]
        await run(script, wires)
