"""Offices with mailboxes on Dovecot and on the embedded server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from tests.servers.dovecot import Dovecot
from tests.worker.correspondence import Writer
from tests.worker.desk import Desk, Post
from tests.worker.office import PASSWORD, DovecotRemote, EmbeddedRemote, Office, Remote, office_on
from tui_mail.db.engine import Database
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox


@pytest.fixture(autouse=True)
def never_blocked() -> Iterator[None]:
    """Nothing of ours may block the event loop."""
    with blockbuster_ctx("tui_mail"):
        yield


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path) -> Office:
    return office_on(sqlite_database, tmp_path / "home")


@pytest.fixture
async def embedded() -> AsyncIterator[EmbeddedRemote]:
    mailbox = UserMailbox(PASSWORD)
    server = ImapServer({"anna": mailbox})
    await server.start()
    yield EmbeddedRemote(server, mailbox, "anna")
    await server.stop()


@pytest.fixture(params=["embedded", "dovecot"])
async def remote(request: pytest.FixtureRequest, embedded: EmbeddedRemote) -> Remote:
    if request.param == "embedded":
        return embedded
    server: Dovecot = request.getfixturevalue("dovecot")
    return DovecotRemote(server)


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    post = Post()
    await post.server.start()
    yield post
    await post.server.stop()


@pytest.fixture
async def desk(office: Office, embedded: EmbeddedRemote, post: Post) -> Desk:
    account = embedded.account()
    account.smtp_host, account.smtp_port, account.smtp_tls = "127.0.0.1", post.server.port, "none"
    return Desk(office, await office.add(account))


@pytest.fixture
async def remote_post(remote: Remote) -> AsyncIterator[Post]:
    """The sending server of the mailbox `remote`."""
    post = Post(user=remote.account().user)
    await post.server.start()
    yield post
    await post.server.stop()


@pytest.fixture
async def writer(office: Office, remote: Remote, remote_post: Post, tmp_path: Path) -> Writer:
    account, port = remote.account(), remote_post.server.port
    account.smtp_host, account.smtp_port, account.smtp_tls = "127.0.0.1", port, "none"
    await office.add(account)
    writer = Writer(office, tmp_path)
    await writer.begin(remote.deliver)
    return writer
