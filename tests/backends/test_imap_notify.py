"""One connection hears of all folders where the server tells (NOTIFY), and only of what others do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.backends.servers import PASSWORD, DovecotBench, Scripted
from tests.backends.test_contract import INBOX, filled, letter
from tests.servers.dovecot import Dovecot
from tui_mail.backends.imap import ImapStore
from tui_mail.values import Endpoint, Login, RemoteOperation, Tls, Verb

_HELLO = (
    b"* OK [CAPABILITY IMAP4rev1 IDLE NOTIFY AUTH=PLAIN SASL-IR] ready\r\n",
    b"%b OK [CAPABILITY IMAP4rev1 IDLE NOTIFY] in\r\n",
    b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 1] n\r\n%b OK selected\r\n",
)


@pytest.fixture
def bench(dovecot: Dovecot) -> DovecotBench:
    endpoint = Endpoint(dovecot.host, dovecot.port_imaps, Tls.IMPLICIT, dovecot.ca_file)
    return DovecotBench(dovecot, endpoint)


@pytest.fixture
async def store(bench: DovecotBench) -> AsyncIterator[ImapStore]:
    opened = ImapStore(bench.endpoint, Login(bench.user, PASSWORD), deadline=20)
    await opened.open()
    yield opened
    await opened.close()


def _elsewhere(bench: DovecotBench, act: str) -> None:
    client: Any = bench.server.second_client(bench.user)
    if act == "append":
        client.append("Sent", None, None, letter(1))
    else:
        client.select("Sent")
        if act == "flag":
            client.store("1", "-FLAGS", "(\\Seen)")
            client.store("1", "+FLAGS", "(\\Seen)")
        else:
            client.append("Sent", None, None, letter(2))
            client.store("1", "+FLAGS", "(\\Deleted)")
            client.expunge()
    client.logout()


async def test_what_others_do_in_any_folder_ends_the_wait(
    bench: DovecotBench, store: ImapStore
) -> None:
    await filled(bench, store)
    for act in ("append", "flag", "remove"):
        await store.changes("Sent", "")
        waiting = asyncio.ensure_future(store.wait(20))
        while not waiting.done():  # a change before the server has begun to listen is no news
            await asyncio.to_thread(_elsewhere, bench, act)
            await asyncio.wait({waiting}, timeout=2)
        assert await waiting, act


async def test_what_we_do_in_another_folder_does_not(bench: DovecotBench, store: ImapStore) -> None:
    _cursor, known = await filled(bench, store)
    assert not await store.wait(0.2)
    await store.apply(RemoteOperation(Verb.MOVE, INBOX, (known[0],), target="Trash"))
    await store.apply(RemoteOperation(Verb.APPEND, "Sent", raw=letter(2)))
    await store.changes(INBOX, "")
    assert not await store.wait(2)


async def test_a_server_that_refuses_is_not_asked_again() -> None:
    idle = b"+ idling\r\n"
    async with Scripted(
        *_HELLO, b"%b NO too many\r\n", idle, b"T4 OK done\r\n", idle, b"T5 OK done\r\n"
    ) as server:
        store = ImapStore(server.endpoint(), Login("anna", "x"), deadline=5)
        await store.open()
        for _time in range(2):
            assert not await store.wait(0.1)
        await store.close()
        assert [b"NOTIFY" in line for line in server.lines].count(True) == 1
