"""Servers that the tests of the demo share."""

import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox


@dataclass(frozen=True)
class TlsContexts:
    """A server's context, and that of a client who trusts it."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@pytest.fixture(scope="session")
def tls() -> TlsContexts:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return TlsContexts(server, client)


@pytest.fixture
def mailbox() -> UserMailbox:
    return UserMailbox("secret")


@pytest.fixture
async def server(mailbox: UserMailbox) -> AsyncIterator[ImapServer]:
    running = ImapServer({"anna": mailbox})
    await running.start()
    yield running
    await running.stop()


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of test data that is not the project's own."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("TUI_MAIL_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no test data in {folder}: set TUI_MAIL_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def mail_samples(test_data: Path) -> list[Path]:
    """Messages of all kinds, most of them malformed."""
    return sorted(
        [*test_data.glob("mime4j/**/*.[mt][sx][gt]"), *test_data.glob("cpython-email/**/*.txt")]
    )
