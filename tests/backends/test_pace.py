"""The pace of an account: bytes a second over all its connections, and an end to them."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.servers.dovecot import Dovecot
from tests.servers.faults import FaultProxy, Kind, Side
from tests.worker.office import PASSWORD, DovecotRemote, letter, until
from tui_mail.backends.imap import ImapStore
from tui_mail.backends.pace import Line, Pace
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.errors import Offline, Paused
from tui_mail.values import Endpoint, Login, RemoteOperation, Tls, Verb

_RATE = 400_000
_LARGE = letter("large", text="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 17_000)
# A second's worth passes at once, and what the last read brings was not waited for yet: as much as
# a read takes, and as much as TLS was still holding.
_SECONDS = (len(_LARGE) - _RATE - (512 << 10)) / _RATE


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    st.integers(1, 1 << 30),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.floats(0, 10)), max_size=50),
)
def test_who_waits_as_told_is_never_faster_than_the_rate(
    rate: int, passed: Sequence[tuple[int, float]]
) -> None:
    clock = Clock()
    pace = Pace(rate, clock=clock)
    total = largest = 0
    for size, idle in passed:
        total, largest = total + size, max(largest, size)
        clock.now += pace.take(size) + idle
        # A second's worth at once, and what was under way when that was used up.
        assert total <= (clock.now + 1) * rate + largest + 1


def test_without_a_rate_nobody_waits_and_a_new_one_holds_at_once() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    assert pace.take(1 << 30) == 0
    pace.change(1000)
    assert pace.take(500) == pytest.approx(0.5)
    clock.now += 100
    assert pace.take(1000) == 0
    assert pace.take(1000) == pytest.approx(1)
    pace.change(0)
    assert pace.take(1 << 30) == 0


# -- on the wire ---------------------------------------------------------------------------------


@pytest.fixture
async def proxied(dovecot: Dovecot) -> AsyncIterator[tuple[DovecotRemote, FaultProxy]]:
    async with FaultProxy(dovecot.host, dovecot.port_imap) as proxy:
        yield DovecotRemote(dovecot), proxy


def _store(remote: DovecotRemote, proxy: FaultProxy, pace: Pace, deadline: float) -> ImapStore:
    endpoint = Endpoint("127.0.0.1", proxy.port, Tls.NONE)
    return ImapStore(endpoint, Login(remote.user, PASSWORD), deadline=deadline, pace=pace)


async def test_a_body_comes_no_faster_than_the_pace(
    proxied: tuple[DovecotRemote, FaultProxy],
) -> None:
    remote, proxy = proxied
    await remote.deliver(_LARGE)
    store = _store(remote, proxy, Pace(_RATE), 20)
    await store.open()
    changes = await store.changes("INBOX", "")
    began = time.monotonic()
    [fetched] = [one async for one in store.fetch("INBOX", [changes.listed[0].key])]
    assert fetched.raw == _LARGE
    assert time.monotonic() - began >= _SECONDS
    await store.close()


async def test_a_slow_line_by_our_own_wish_is_no_fault_of_the_server(
    proxied: tuple[DovecotRemote, FaultProxy],
) -> None:
    remote, proxy = proxied
    for number in range(60):
        await remote.deliver(letter(f"m{number}"))
    pace = Pace(1500)
    store = _store(remote, proxy, pace, 0.7)
    await store.open()
    began = time.monotonic()
    for _time in range(3):
        assert len((await store.changes("INBOX", "")).listed) == 60
    assert time.monotonic() - began > 2 * 0.7
    pace.change(0)
    await store.close()


async def test_what_a_server_does_not_answer_is_late_at_any_pace(
    proxied: tuple[DovecotRemote, FaultProxy],
) -> None:
    remote, proxy = proxied
    store = _store(remote, proxy, Pace(1 << 20), 0.5)
    await store.open()
    proxy.break_next(Side.SERVER, Kind.STALL)
    with pytest.raises(Offline, match="did not answer"):
        await store.changes("INBOX", "")
    await store.close()


async def test_an_upload_is_cut_up_and_arrives_whole(
    proxied: tuple[DovecotRemote, FaultProxy],
) -> None:
    remote, proxy = proxied
    store = _store(remote, proxy, Pace(_RATE), 20)
    await store.open()
    began = time.monotonic()
    operation = RemoteOperation(Verb.APPEND, "INBOX", raw=_LARGE, received_at=None)
    await store.apply(operation)
    assert time.monotonic() - began >= _SECONDS
    assert [raw for raw, _flags in await remote.contents()] == [_LARGE]
    await store.close()


async def test_news_come_at_once_while_a_connection_waits_at_a_pace(
    proxied: tuple[DovecotRemote, FaultProxy],
) -> None:
    remote, proxy = proxied
    store = _store(remote, proxy, Pace(4096), 20)
    await store.open()
    await store.changes("INBOX", "")
    waiting = asyncio.ensure_future(store.wait(60))
    await until(lambda: b"IDLE" in proxy.last[Side.CLIENT], what="IDLE")
    await remote.deliver(letter("news"))
    assert await asyncio.wait_for(waiting, 30)
    await store.close()


async def test_a_stopped_pace_ends_what_is_under_way_and_lets_nobody_in(
    proxied: tuple[DovecotRemote, FaultProxy],
) -> None:
    remote, proxy = proxied
    pace = Pace()
    store = _store(remote, proxy, pace, 20)
    await store.open()
    waiting = asyncio.ensure_future(store.wait(60))
    await until(lambda: b"IDLE" in proxy.last[Side.CLIENT], what="IDLE")
    pace.stop(Paused("paused"))
    with pytest.raises(Paused):
        await waiting
    await store.close()
    with pytest.raises(Paused):
        await store.open()
    pace.go_on()
    await store.open()
    await store.close()


async def test_a_mailbox_is_emptied_over_pop3_at_a_pace(dovecot: Dovecot) -> None:
    remote = DovecotRemote(dovecot)
    await remote.deliver(_LARGE)
    endpoint = Endpoint(dovecot.host, dovecot.port_pop3s, Tls.IMPLICIT, dovecot.ca_file)
    # Short for the whole: what the pace takes comes on top.
    drop = Pop3Drop(endpoint, Login(remote.user, PASSWORD), deadline=5, pace=Pace(_RATE))
    await drop.open()
    keys = list(await drop.listing())
    began = time.monotonic()
    assert [one.raw async for one in drop.fetch(keys)] == [_LARGE]
    assert time.monotonic() - began >= _SECONDS
    await drop.close()


class _Reader(asyncio.Protocol):
    """Takes in so many bytes through a line of ours."""

    def __init__(self, pace: Pace, size: int) -> None:
        self.line = Line(asyncio.get_running_loop(), pace, lambda _error: None)
        self.whole = asyncio.Event()
        self._left = size

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.line.begin(transport)

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        self.line.came(len(data))
        if self._left <= 0:
            self.whole.set()


async def test_a_deadline_does_not_pass_while_we_hold_the_line_back() -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_LARGE)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    transport, reader = await loop.create_connection(
        lambda: _Reader(Pace(_RATE), len(_LARGE)), "127.0.0.1", port
    )
    began = time.monotonic()
    async with reader.line.within(_SECONDS * 0.8):
        await reader.whole.wait()
    assert time.monotonic() - began >= _SECONDS
    with pytest.raises(TimeoutError):
        async with reader.line.within(0.01):
            await asyncio.Event().wait()
    transport.close()
    server.close()
    await server.wait_closed()
