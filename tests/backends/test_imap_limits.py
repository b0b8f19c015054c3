"""Limits against hostile servers: each is kept, and each is named in its error."""

import asyncio
from collections.abc import Callable

import pytest

from tests.backends.servers import Scripted
from tests.backends.test_imap_hostile import GREETING, SELECTED, WELCOME, failure, opened, store_at
from tui_mail.backends.imap import ImapStore
from tui_mail.backends.imap_messages import copied_keys, found_uids
from tui_mail.backends.imap_syntax import (
    DEPTH_LIMIT,
    LINE_LIMIT,
    LITERAL_LIMIT,
    LITERALS_PER_FRAME,
    NUMBERS_LIMIT,
    Framer,
    values,
)
from tui_mail.backends.imap_wire import ANSWER_LIMIT, RESPONSES_LIMIT
from tui_mail.errors import Offline, ProtocolRefused


@pytest.mark.parametrize(
    ("answer", "limit"),
    [
        (b"* " + b"x" * (2 << 20), LINE_LIMIT),
        (b"* 1 FETCH (BODY[] {%d}\r\n" % (LITERAL_LIMIT + 1), LITERAL_LIMIT),
        (b"* 1 FETCH (" + b"A {1}\r\nx" * (LITERALS_PER_FRAME + 2), LITERALS_PER_FRAME),
        (b"* 1 EXISTS\r\n" * (RESPONSES_LIMIT + 1), RESPONSES_LIMIT),
        (b"* 1 X {1000000}\r\n" + b"x" * 1_000_000 + b"\r\n", ANSWER_LIMIT),
    ],
    ids=["line", "literal", "literals", "responses", "bytes"],
)
async def test_what_goes_over_a_limit_is_refused_by_its_name(answer: bytes, limit: int) -> None:
    times = ANSWER_LIMIT // len(answer) + 1 if limit == ANSWER_LIMIT else 1
    error = await failure(answer * times, deadline=30)
    assert type(error) is ProtocolRefused
    assert str(limit) in error.message
    assert "127.0.0.1" in error.message
    if limit in {RESPONSES_LIMIT, ANSWER_LIMIT}:
        assert "SELECT" in error.message


@pytest.mark.parametrize(
    ("read", "limit"),
    [
        (lambda: values((b"(" * 101 + b")" * 101,)), DEPTH_LIMIT),
        (lambda: found_uids([(b"* ESEARCH UID ALL 1:2000000",)]), NUMBERS_LIMIT),
        (lambda: found_uids([(b"* ESEARCH UID ALL 1:600000",)] * 100_000), NUMBERS_LIMIT),
        (lambda: found_uids([(b"* ESEARCH UID ALL 1:x",)]), NUMBERS_LIMIT),
    ],
    ids=["depth", "numbers", "numbers-together", "unreadable"],
)
def test_what_is_read_has_limits_too(read: Callable[[], object], limit: int) -> None:
    with pytest.raises(ProtocolRefused, match=str(limit)):
        read()


def test_copy_codes_without_end_are_not_all_read() -> None:
    code = b"[COPYUID 9 1:5000 1:5000]"
    assert copied_keys([code] * 100_000, {1: "5:1"}) == {"5:1": "9:1"}


async def test_responses_that_nobody_asked_for_have_a_limit() -> None:
    flood = b"+ idling\r\n" + b"* 3 EXISTS\r\n" * (RESPONSES_LIMIT + 1)

    async def wait_for_ever(store: ImapStore) -> None:
        while True:
            await store.wait(30)

    async for store in opened(SELECTED, flood, deadline=30):
        with pytest.raises(ProtocolRefused, match=str(RESPONSES_LIMIT)):
            await asyncio.wait_for(wait_for_ever(store), 30)


@pytest.mark.parametrize(
    ("script", "command"),
    [((b"",), "SELECT"), ((SELECTED, b""), "FETCH")],
    ids=["select", "fetch"],
)
async def test_a_deadline_names_the_command_and_the_seconds(
    script: tuple[bytes, ...], command: str
) -> None:
    error = await failure(*script, deadline=0.25)
    assert type(error) is Offline
    assert command in error.message
    assert "0.25" in error.message


async def test_a_wait_that_the_server_never_takes_up_ends_at_the_deadline() -> None:
    async for store in opened(SELECTED, b"", deadline=0.25):
        with pytest.raises(Offline, match="IDLE"):
            await asyncio.wait_for(store.wait(600), 20)


async def test_a_message_over_the_limit_stays_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui_mail.backends.imap.MESSAGE_LIMIT", 1 << 20)
    piece = b"* 1 FETCH (UID 1 BODY[]<%d> {524288}\r\n" + b"x" * 524_288 + b")\r\n"
    answers = [piece % (number << 19) + b"%b OK\r\n" for number in range(3)]
    sizes = b"* 1 FETCH (UID 1 RFC822.SIZE 900000)\r\n%b OK\r\n"
    async with Scripted(GREETING, WELCOME, SELECTED, sizes, *answers) as server:
        store = store_at(server.endpoint())
        await store.open()
        with pytest.raises(ProtocolRefused, match="1 MB"):
            _ = [one async for one in store.fetch("INBOX", ["9:1"])]
        await store.close()


async def test_what_is_too_large_keeps_nothing_else_from_coming() -> None:
    sizes = b"".join(
        b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (uid, uid, size)
        for uid, size in ((1, 3), (2, 300 << 20), (3, 3))
    )
    bodies = b"* 1 FETCH (UID 1 BODY[] abc)\r\n* 3 FETCH (UID 3 BODY[] xyz)\r\n%b OK\r\n"
    async with Scripted(GREETING, WELCOME, SELECTED, sizes + b"%b OK\r\n", bodies) as server:
        store = store_at(server.endpoint())
        await store.open()
        came: list[bytes] = []

        async def fetch() -> None:
            async for one in store.fetch("INBOX", ["9:3", "9:2", "9:1"]):
                came.append(one.raw)

        with pytest.raises(ProtocolRefused, match="256 MB"):
            await fetch()
        assert came == [b"xyz", b"abc"]
        assert not any(b"[]<" in line for line in server.lines)
        await store.close()


def test_a_frame_is_cut_off_at_its_limits_however_it_is_sliced() -> None:
    framer = Framer(line_limit=100, literal_limit=100)
    framer.feed(b"* 1 FETCH (A {60}\r\n" + b"x" * 60)
    assert framer.take() is None
    framer.feed(b" B {60}\r\n")
    with pytest.raises(ProtocolRefused, match="100"):
        framer.take()
