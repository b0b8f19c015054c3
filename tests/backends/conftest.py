"""The servers that the contract of MailStore is tested on."""

from collections.abc import AsyncIterator

import pytest

from tests.backends.servers import (
    PASSWORD,
    Authority,
    Bench,
    DovecotBench,
    EmbeddedBench,
    MemoryBench,
)
from tests.servers.dovecot import Dovecot
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.values import Endpoint, Tls

BENCHES = (
    "dovecot-tls",
    "dovecot-starttls",
    "dovecot-without-extensions",
    "embedded-tls",
    "embedded-plain",
    "embedded-without-extensions",
    "memory",
)
_EXTENSIONS = frozenset(
    {
        "CONDSTORE",
        "MOVE",
        "UIDPLUS",
        "SPECIAL-USE",
        "ESEARCH",
        "IDLE",
        "LITERAL+",
        "SASL-IR",
        "OBJECTID",
    }
)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority for this run."""
    return Authority(str(tmp_path_factory.mktemp("authority")))


@pytest.fixture(params=BENCHES)
async def bench(request: pytest.FixtureRequest, authority: Authority) -> AsyncIterator[Bench]:
    """Each kind of server in turn, with an empty mailbox."""
    kind = str(request.param)
    if kind == "memory":
        yield MemoryBench()
        return
    bare = kind.endswith("without-extensions")
    if kind.startswith("dovecot"):
        dovecot: Dovecot = request.getfixturevalue("dovecot")
        host = dovecot.plain_host if bare else dovecot.host
        endpoint = Endpoint(host, dovecot.port_imaps, Tls.IMPLICIT, dovecot.ca_file)
        if kind == "dovecot-starttls":
            endpoint = Endpoint(host, dovecot.port_imap, Tls.STARTTLS, dovecot.ca_file)
        yield DovecotBench(dovecot, endpoint, not bare, not bare)
        return
    mailbox = UserMailbox(PASSWORD)
    context = authority.context() if kind == "embedded-tls" else None
    off = _EXTENSIONS if bare else frozenset[str]()
    server = ImapServer({"anna": mailbox}, ssl_context=context, capabilities_off=off)
    await server.start()
    endpoint = Endpoint(
        "127.0.0.1", server.port, Tls.IMPLICIT if context else Tls.NONE, authority.file
    )
    yield EmbeddedBench(server, mailbox, endpoint, not bare, not bare)
    await server.stop()
