"""What a folder is selected with (QRESYNC) is what has changed in it, no more and no less."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.backends.servers import PASSWORD, DovecotBench, Scripted
from tests.backends.test_contract import INBOX, letter
from tests.servers.dovecot import Dovecot
from tui_mail.backends.imap import ImapStore
from tui_mail.values import Endpoint, FolderChanges, Login, RemoteOperation, Tls, Verb


@dataclass
class Known:
    """What somebody knows of a folder who hears of changes only."""

    cursor: str = ""
    flags: dict[str, frozenset[str]] = field(default_factory=dict)

    def take(self, changes: FolderChanges) -> None:
        self.flags |= {message.key: message.flags for message in changes.listed}
        for key in changes.gone:
            self.flags.pop(key, None)
        if changes.present is not None:
            self.flags = {key: self.flags[key] for key in changes.present}
        assert changes.total in {None, len(self.flags)}
        self.cursor = changes.cursor


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


@pytest.mark.parametrize("seed", range(6))
async def test_changes_alone_lead_to_what_the_server_has(
    bench: DovecotBench, store: ImapStore, seed: int
) -> None:
    chance = random.Random(seed)
    known = {INBOX: Known(), "Trash": Known()}
    for number in range(5):
        await bench.deliver(letter(number))
    for step in range(25):
        await _something(bench, store, known[INBOX], chance, step)
        for folder, one in known.items():
            if chance.random() < 0.5:
                one.take(await store.changes(folder, one.cursor))
    await store.close()
    await store.open()
    for folder, one in known.items():
        one.take(await store.changes(folder, one.cursor))
        whole = Known()
        whole.take(await store.changes(folder, ""))
        assert one.flags == whole.flags


async def _something(
    bench: DovecotBench, store: ImapStore, inbox: Known, chance: random.Random, step: int
) -> None:
    """A second client, or we, do something in the inbox, be it to what has gone already."""
    keys = sorted(inbox.flags) or ["1:1"]
    key = chance.choice(keys)
    match chance.randrange(7):
        case 0 | 1:
            await bench.deliver(letter(100 + step))
        case 2:
            await bench.flag(key, chance.choice(["\\Seen", "\\Flagged", "ordine"]))
        case 3:
            await bench.remove(key)
        case 4:
            add = frozenset({chance.choice(["seen", "answered"])})
            await store.apply(RemoteOperation(Verb.FLAGS, INBOX, (key,), add=add))
        case 5:
            await store.apply(RemoteOperation(Verb.MOVE, INBOX, (key,), target="Trash"))
        case 6:
            await store.apply(RemoteOperation(Verb.DELETE, INBOX, (key,)))


_HELLO = (
    b"* OK [CAPABILITY IMAP4rev1 CONDSTORE QRESYNC ENABLE AUTH=PLAIN SASL-IR] ready\r\n",
    b"%b OK [CAPABILITY IMAP4rev1 CONDSTORE QRESYNC ENABLE] in\r\n",
    b"* ENABLED QRESYNC CONDSTORE\r\n%b OK enabled\r\n",
)
_STATE = b"* OK [UIDVALIDITY 7] v\r\n* OK [UIDNEXT 21] n\r\n* OK [HIGHESTMODSEQ 90] m\r\n"
_CURSOR = "1 7 20 50 9"


async def _changes(*answers: bytes) -> tuple[FolderChanges, list[bytes]]:
    async with Scripted(*_HELLO, *answers) as server:
        store = ImapStore(server.endpoint(), Login("anna", "x"), deadline=5)
        await store.open()
        changes = await store.changes(INBOX, _CURSOR)
        await store.close()
        return changes, server.lines


async def test_one_command_brings_what_changed_and_what_vanished() -> None:
    changes, lines = await _changes(
        b"* 8 EXISTS\r\n" + _STATE + b"* VANISHED (EARLIER) 3:4,17\r\n"
        b"* 2 FETCH (UID 2 FLAGS (\\Seen) MODSEQ (77))\r\n"
        b"* 8 FETCH (UID 20 FLAGS () MODSEQ (80))\r\n%b OK [READ-WRITE] selected\r\n"
    )
    assert lines[2] == b"T3 SELECT INBOX (QRESYNC (7 50))\r\n"
    assert len([line for line in lines if b"LOGOUT" not in line]) == 3
    assert changes.cursor == "1 7 21 90 8"
    assert [message.key for message in changes.listed] == ["7:20", "7:2"]
    assert (changes.present, changes.total) == (None, 8)
    assert changes.gone == {"7:3", "7:4", "7:17"}


async def test_what_still_is_of_the_folder_before_counts_for_nothing() -> None:
    changes, _lines = await _changes(
        b"* VANISHED 5\r\n* 3 EXISTS\r\n* 1 FETCH (UID 9 FLAGS (\\Deleted))\r\n"
        b"* OK [CLOSED] that was the other\r\n* 9 EXISTS\r\n" + _STATE + b"%b OK selected\r\n"
    )
    assert (changes.listed, changes.gone, changes.total) == ((), frozenset(), 9)


@pytest.mark.parametrize("vanished", [b"1:4294967295", b"1:400000", b"x", b"*"])
async def test_too_much_that_vanished_is_found_by_what_is_there(vanished: bytes) -> None:
    changes, lines = await _changes(
        b"* 1 EXISTS\r\n"
        + _STATE
        + b"* VANISHED (EARLIER) "
        + vanished
        + b"\r\n%b OK selected\r\n",
        b"* 1 FETCH (UID 20 FLAGS (\\Seen) MODSEQ (80))\r\n%b OK fetched\r\n",
        b"* SEARCH 20\r\n%b OK searched\r\n",
    )
    assert b"CHANGEDSINCE 50" in lines[3]
    assert changes.present == ("7:20",)


async def test_other_numbers_or_none_that_last_mean_a_listing() -> None:
    for told in (_STATE.replace(b"VALIDITY 7", b"VALIDITY 8"), _STATE.replace(b"90", b"0")):
        changes, _lines = await _changes(
            b"* 1 EXISTS\r\n" + told + b"%b OK selected\r\n",
            b"* 1 FETCH (UID 20 FLAGS (\\Seen))\r\n%b OK fetched\r\n",
        )
        assert [message.key for message in changes.listed] == list(changes.present or ())


async def test_a_server_that_does_not_enable_it_is_asked_the_other_way() -> None:
    async with Scripted(
        *_HELLO[:2],
        b"%b BAD what\r\n",
        b"* 9 EXISTS\r\n" + _STATE.replace(b"21", b"20") + b"%b OK selected\r\n",
        b"%b OK fetched\r\n",
    ) as server:
        store = ImapStore(server.endpoint(), Login("anna", "x"), deadline=5)
        await store.open()
        await store.changes(INBOX, _CURSOR)
        await store.close()
        assert b"SELECT INBOX (CONDSTORE)" in server.lines[2]
