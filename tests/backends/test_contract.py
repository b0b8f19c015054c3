"""What every MailStore does, on Dovecot, on the embedded server and in memory alike."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from tests.backends.servers import Bench
from tui_mail.backends import MailStore
from tui_mail.errors import Offline, ProtocolRefused, WrongPassword
from tui_mail.values import Fetched, FolderChanges, FolderRole, RemoteOperation, Verb

INBOX = "INBOX"


def letter(number: int, body: str = "ciao") -> bytes:
    """A message with canonical line ends."""
    return (
        f"Message-ID: <m{number}@example.it>\r\nFrom: anna@example.it\r\n"
        f"Subject: n. {number}\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture
async def store(bench: Bench) -> AsyncIterator[MailStore]:
    """A store that is open on the bench."""
    opened = bench.store()
    await opened.open()
    yield opened
    await opened.close()


async def fetched(store: MailStore, folder: str, keys: Sequence[str]) -> dict[str, Fetched]:
    """The messages by key."""
    return {message.key: message async for message in store.fetch(folder, keys)}


def keys(changes: FolderChanges) -> list[str]:
    """The keys listed, in their order."""
    return [message.key for message in changes.listed]


def left(changes: FolderChanges, known: Sequence[str]) -> list[str]:
    """Which of the known keys and of those listed are in the folder, the oldest first."""
    there = {*known, *keys(changes)} - changes.gone
    if changes.present is not None:
        there &= set(changes.present)
    assert changes.total in {None, len(there)}
    return sorted(there, key=lambda key: int(key.split(":")[1]))


async def filled(bench: Bench, store: MailStore, count: int = 3) -> tuple[str, list[str]]:
    """So many messages in the inbox: the cursor after them, and their keys, oldest first."""
    for number in range(count):
        await bench.deliver(letter(number))
    changes = await store.changes(INBOX, "")
    return changes.cursor, keys(changes)[::-1]


async def test_everything_is_listed_newest_first_without_a_cursor(
    bench: Bench, store: MailStore
) -> None:
    for number in range(4):
        await bench.deliver(letter(number))
    changes = await store.changes(INBOX, "")
    assert changes.present == tuple(keys(changes))
    assert not changes.reset
    messages = await fetched(store, INBOX, keys(changes))
    assert [messages[k].raw for k in keys(changes)] == [letter(n) for n in (3, 2, 1, 0)]


async def test_an_empty_folder_has_nothing_and_a_cursor_all_the_same(
    bench: Bench, store: MailStore
) -> None:
    empty = await store.changes(INBOX, "")
    assert empty.listed == ()
    await bench.deliver(letter(1))
    assert len((await store.changes(INBOX, empty.cursor)).listed) == 1


async def test_nothing_is_gone_when_nothing_changed(bench: Bench, store: MailStore) -> None:
    cursor, _ = await filled(bench, store)
    again = await store.changes(INBOX, cursor)
    assert again.present is None
    assert not again.reset


async def test_new_mail_is_found_by_a_store_that_knows_only_the_cursor(bench: Bench) -> None:
    first = bench.store()
    await first.open()
    cursor, known = await filled(bench, first)
    await first.close()
    await bench.deliver(letter(9))
    second = bench.store()
    await second.open()
    changes = await second.changes(INBOX, cursor)
    new = [key for key in keys(changes) if key not in known]
    assert [m.raw for m in (await fetched(second, INBOX, new)).values()] == [letter(9)]
    assert changes.present is None
    await second.close()


async def test_flags_set_by_another_client_are_told(bench: Bench, store: MailStore) -> None:
    cursor, known = await filled(bench, store)
    await bench.flag(known[1], "\\Seen", "\\Flagged", "ordine")
    changes = await store.changes(INBOX, cursor)
    flags = {message.key: message.flags for message in changes.listed}
    assert flags[known[1]] == {"seen", "flagged", "ordine"}
    assert not any(flags.get(key) for key in (known[0], known[2]))


async def test_what_another_client_removed_is_not_present(bench: Bench, store: MailStore) -> None:
    cursor, known = await filled(bench, store)
    await bench.remove(known[1])
    changes = await store.changes(INBOX, cursor)
    assert left(changes, known) == [known[0], known[2]]
    again = await store.changes(INBOX, changes.cursor)
    assert left(again, [known[0], known[2]]) == [known[0], known[2]]


async def test_one_gone_and_one_come_are_both_noticed(bench: Bench, store: MailStore) -> None:
    cursor, known = await filled(bench, store)
    await bench.remove(known[0])
    await bench.deliver(letter(7))
    changes = await store.changes(INBOX, cursor)
    there = left(changes, known)
    assert len(there) == 3
    assert known[0] not in there
    assert set(keys(changes)) - set(known)


async def test_new_numbers_of_a_folder_reset_what_was_known(bench: Bench) -> None:
    store = bench.store()
    await store.open()
    cursor, known = await filled(bench, store)
    await store.close()
    if not await bench.renumber():
        pytest.skip("this server cannot be made to renumber")
    await store.open()
    changes = await store.changes(INBOX, cursor)
    assert changes.reset
    assert changes.present == tuple(keys(changes))
    assert len(changes.listed) == 3
    assert not set(keys(changes)) & set(known)
    assert await fetched(store, INBOX, known) == {}
    await store.close()


async def test_a_cursor_of_something_else_means_all(bench: Bench, store: MailStore) -> None:
    _, known = await filled(bench, store)
    assert keys(await store.changes(INBOX, "0 0"))[::-1] == known


async def test_the_gone_and_the_unknown_are_left_out_of_a_fetch(
    bench: Bench, store: MailStore
) -> None:
    _, known = await filled(bench, store)
    await bench.remove(known[2])
    asked = [*known, "1:4000000000", "x", "", "99999999999:1", f"{known[0]}0000"]
    await store.changes(INBOX, "")
    messages = await fetched(store, INBOX, asked)
    assert set(messages) == set(known[:2])
    assert all(message.received_at.tzinfo for message in messages.values())


@pytest.mark.parametrize("size", [512 << 10, (512 << 10) + 1, 1 << 20, 1_300_001])
async def test_a_big_message_comes_byte_for_byte(bench: Bench, store: MailStore, size: int) -> None:
    head = b"Message-ID: <big@example.it>\r\n\r\n"
    body = b"".join(b"%07d\r\n" % n for n in range(size // 9 + 1))
    raw = (head + body)[: size - 2] + b"\r\n"
    await bench.deliver(raw)
    await bench.deliver(letter(1))
    listed = keys(await store.changes(INBOX, ""))
    messages = await fetched(store, INBOX, listed)
    assert messages[listed[1]].raw == raw
    assert messages[listed[0]].raw == letter(1)


async def test_many_messages_come_once_each(bench: Bench, store: MailStore) -> None:
    _cursor, known = await filled(bench, store, 250)
    assert len(known) == 250
    seen = [message.key async for message in store.fetch(INBOX, known)]
    assert sorted(seen) == sorted(known)


async def test_a_fetch_left_early_does_not_disturb_what_follows(
    bench: Bench, store: MailStore
) -> None:
    _, known = await filled(bench, store, 120)
    async for message in store.fetch(INBOX, known):
        assert message.key in known
        break
    assert len(await fetched(store, INBOX, known)) == 120


async def test_flags_are_added_and_removed(bench: Bench, store: MailStore) -> None:
    _, known = await filled(bench, store)
    add = frozenset({"seen", "answered", "$Forwarded", "da_fare"})
    result = await store.apply(RemoteOperation(Verb.FLAGS, INBOX, tuple(known[:2]), add=add))
    assert result.missing == frozenset()
    remove = frozenset({"answered", "da_fare"})
    await store.apply(RemoteOperation(Verb.FLAGS, INBOX, (known[0],), remove=remove))
    flags = {m.key: m.flags for m in (await store.changes(INBOX, "")).listed}
    assert flags == {known[0]: add - remove, known[1]: add, known[2]: frozenset()}


async def test_keys_that_are_gone_are_told_and_the_rest_is_done(
    bench: Bench, store: MailStore
) -> None:
    _, known = await filled(bench, store)
    await bench.remove(known[0])
    await store.changes(INBOX, "")
    asked = (known[0], known[1], "x")
    result = await store.apply(
        RemoteOperation(Verb.FLAGS, INBOX, asked, add=frozenset({"flagged"}))
    )
    assert result.missing == {known[0], "x"}
    flags = {m.key: m.flags for m in (await store.changes(INBOX, "")).listed}
    assert flags == {known[1]: {"flagged"}, known[2]: frozenset()}


async def test_a_moved_message_is_in_the_target_with_its_flags_and_only_there(
    bench: Bench, store: MailStore
) -> None:
    _, known = await filled(bench, store)
    await bench.flag(known[1], "\\Seen", "ordine")
    await store.changes(INBOX, "")
    result = await store.apply(RemoteOperation(Verb.MOVE, INBOX, (known[1],), target="Trash"))
    assert set(keys(await store.changes(INBOX, ""))) == {known[0], known[2]}
    there = await store.changes("Trash", "")
    messages = await fetched(store, "Trash", keys(there))
    (message,) = messages.values()
    assert message.raw == letter(1)
    assert {"seen", "ordine"} <= message.flags
    if bench.tells_new_keys:
        assert result.keys == {known[1]: message.key}


async def test_deleting_removes_these_and_not_what_others_marked(
    bench: Bench, store: MailStore
) -> None:
    _cursor, known = await filled(bench, store)
    await bench.flag(known[0], "\\Deleted")
    await store.changes(INBOX, "")
    await store.apply(RemoteOperation(Verb.DELETE, INBOX, (known[1],)))
    changes = await store.changes(INBOX, "")
    flags = {message.key: message.flags for message in changes.listed}
    assert known[0] in flags
    assert "deleted" in flags.get(known[1], {"deleted"})


async def test_deleting_alone_removes_for_good(bench: Bench, store: MailStore) -> None:
    cursor, known = await filled(bench, store)
    await store.apply(RemoteOperation(Verb.DELETE, INBOX, (known[1],)))
    assert left(await store.changes(INBOX, cursor), known) == [known[0], known[2]]


async def test_a_filed_message_has_its_flags_its_date_and_its_key(
    bench: Bench, store: MailStore
) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)
    raw = letter(5, "è già così: 10 €")
    operation = RemoteOperation(
        Verb.APPEND, "Sent", add=frozenset({"seen", "ordine"}), raw=raw, received_at=moment
    )
    key = (await store.apply(operation)).keys[""]
    message = (await fetched(store, "Sent", [key]))[key]
    assert message == Fetched(key, raw, frozenset({"seen", "ordine"}), moment)


async def test_filing_where_there_is_no_folder_is_refused(store: MailStore) -> None:
    with pytest.raises(ProtocolRefused):
        await store.apply(RemoteOperation(Verb.APPEND, "Nowhere", raw=letter(1)))
    assert await store.folders()


@pytest.mark.parametrize("name", ["Ordini", "Perché/è così", 'Clienti "&" 客户', "A & B (c)"])
async def test_a_folder_is_made_and_can_be_used(store: MailStore, name: str) -> None:
    operation = RemoteOperation(Verb.CREATE_FOLDER, "", target=name)
    key = (await store.apply(operation)).keys[name]
    assert (await store.apply(operation)).keys[name] == key
    assert {folder.name: folder.key for folder in await store.folders()}[name] == key
    filed = (await store.apply(RemoteOperation(Verb.APPEND, key, raw=letter(1)))).keys[""]
    assert list(await fetched(store, key, [filed])) == [filed]


async def test_the_inbox_is_first_and_roles_are_known(store: MailStore) -> None:
    folders = await store.folders()
    assert (folders[0].key, folders[0].role) == (INBOX, FolderRole.INBOX)
    roles = {folder.role: folder.key for folder in folders}
    assert (roles[FolderRole.SENT], roles[FolderRole.TRASH]) == ("Sent", "Trash")


async def test_waiting_ends_when_mail_arrives(bench: Bench, store: MailStore) -> None:
    cursor, _ = await filled(bench, store)
    waiting = asyncio.ensure_future(store.wait(10 if bench.pushes else 0.5))
    await asyncio.sleep(0)
    await bench.deliver(letter(8))
    assert await waiting
    assert len((await store.changes(INBOX, cursor)).listed) >= 1


async def test_waiting_ends_when_another_client_removes(bench: Bench, store: MailStore) -> None:
    _, known = await filled(bench, store)
    waiting = asyncio.ensure_future(store.wait(10 if bench.pushes else 0.5))
    await asyncio.sleep(0)
    await bench.remove(known[0])
    assert await waiting


async def test_waiting_for_nothing_says_so_and_leaves_the_store_usable(
    bench: Bench, store: MailStore
) -> None:
    cursor, _ = await filled(bench, store)
    assert not await store.wait(0.2)
    assert (await store.changes(INBOX, cursor)).present is None


async def test_what_changed_while_another_folder_was_in_hand_ends_the_wait_at_once(
    bench: Bench, store: MailStore
) -> None:
    await filled(bench, store)
    await store.changes("Sent", "")
    await bench.deliver(letter(6))
    assert await asyncio.wait_for(store.wait(600), 30)


async def test_a_wait_that_is_cancelled_leaves_the_store_usable(
    bench: Bench, store: MailStore
) -> None:
    _cursor, known = await filled(bench, store)
    for pause in (0, 0.05):
        waiting = asyncio.ensure_future(store.wait(600))
        await asyncio.wait({waiting}, timeout=pause)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(await fetched(store, INBOX, known)) == 3


async def test_a_wrong_password_is_told_and_a_right_one_works_afterwards(bench: Bench) -> None:
    with pytest.raises(WrongPassword):
        await bench.store("sbagliata").open()
    store = bench.store()
    await store.open()
    assert await store.folders()
    await store.close()


async def test_a_store_that_is_not_open_is_offline(bench: Bench) -> None:
    store = bench.store()
    await store.close()
    with pytest.raises(Offline):
        await store.changes(INBOX, "")


async def test_a_folder_that_is_not_there_is_refused(store: MailStore) -> None:
    with pytest.raises(ProtocolRefused):
        await store.changes("Nowhere", "")
    assert (await store.changes(INBOX, "")).listed == ()
