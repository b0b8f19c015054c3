"""A mailbox and the database become the same, whatever happens on either side or between."""

import asyncio
import hashlib
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete
from sqlmodel import Session, col

from tests.servers.dovecot import Dovecot
from tests.worker.office import (
    NOW,
    DovecotRemote,
    EmbeddedRemote,
    Held,
    Office,
    Remote,
    hashes,
    letter,
    make_due,
    until,
)
from tui_mail.backends.pace import Pace
from tui_mail.db import actions, folders, links
from tui_mail.db.tables import Folder, Placement
from tui_mail.errors import Offline, ProtocolRefused
from tui_mail.values import FolderRole
from tui_mail.worker.fetch import Progress, Sync


async def test_everything_comes_byte_for_byte_the_newest_first(
    office: Office, remote: Remote
) -> None:
    raws = [letter(f"m{number}", text="x" * number) for number in range(120)]
    for raw in raws:
        await remote.deliver(raw)
    await office.add(remote.account())
    await office.sync()
    here = await office.held("INBOX")
    assert sorted(one.content_hash for one in here) == hashes(raws)
    assert here[0].header == "m119@test"
    assert await office.raws() == set(raws)


async def test_an_empty_mailbox_is_fine(office: Office, remote: Remote) -> None:
    await office.add(remote.account())
    await office.sync()
    await office.sync()
    assert await office.held() == []


async def test_a_second_time_nothing_is_fetched(office: Office, embedded: EmbeddedRemote) -> None:
    await embedded.deliver(letter("one"))
    await office.add(embedded.account())
    await office.sync()
    embedded.server.received.clear()
    await office.sync()
    assert not {"UID FETCH", "FETCH"} & set(embedded.server.received)


async def test_what_the_changes_do_not_lead_to_is_found_by_a_look_at_all(
    office: Office, dovecot: Dovecot
) -> None:
    remote = DovecotRemote(dovecot)
    for name in ("one", "two", "three"):
        await remote.deliver(letter(name))
    await office.add(remote.account())
    await office.sync()
    [two] = [one for one in await office.held() if one.header == "two@test"]
    await office.database.write(_lose, two.placement_id)
    await office.sync()
    assert await office.names() == ["one", "three"]
    await remote.deliver(letter("four"))
    await office.sync()
    assert await office.names() == ["four", "one", "three", "two"]


def _lose(session: Session, placement_id: int) -> None:
    session.execute(delete(Placement).where(col(Placement.id) == placement_id))


async def test_it_is_told_how_far_a_folder_is(office: Office, embedded: EmbeddedRemote) -> None:
    raws = [letter(f"m{number}", text="x" * 1000) for number in range(300)]
    for raw in raws:
        await embedded.deliver(raw)
    account = await office.add(embedded.account())
    told: list[Progress] = []

    async def pause() -> None:
        """Nothing else is to be done."""

    store = office.connections.store(embedded.account(), Pace())
    await store.open()
    try:
        sync = Sync(office.database, store, office.ingest, report=told.append, pause=pause)
        await sync.account(account)
    finally:
        await store.close()
    inbox = [one for one in told if one.total]
    assert [one.done for one in inbox] == sorted(one.done for one in inbox)
    assert (inbox[-1].done, inbox[-1].total) == (300, 300)
    assert inbox[-1].size == sum(map(len, raws))
    assert inbox[0].seconds_left is None
    assert inbox[-1].seconds_left == 0


async def test_a_broken_connection_is_resumed_by_what_is_missing(
    office: Office, embedded: EmbeddedRemote
) -> None:
    for number in range(1500):
        await embedded.deliver(letter(f"m{number}"))
    await office.add(embedded.account())
    task = asyncio.ensure_future(office.once())
    await until(office.held, what="the first messages")
    embedded.server.drop_connections()
    [error] = (await task).values()
    assert isinstance(error, Offline)
    before = len(await office.held())
    assert 0 < before < 1500
    await office.sync()
    assert await office.names() == sorted(f"m{number}" for number in range(1500))


async def test_a_message_that_is_too_large_is_said_and_holds_up_nothing(
    office: Office, embedded: EmbeddedRemote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_mail.backends.imap.MESSAGE_LIMIT", 2_000_000)
    monkeypatch.setattr("tui_mail.worker.fetch._ASKED_AT_ONCE", 2)
    for number in range(4):
        await embedded.deliver(letter(f"m{number}"))
    await embedded.deliver(letter("huge", text="x" * 2_100_000))
    await office.add(embedded.account())
    [error] = (await office.once()).values()
    assert isinstance(error, ProtocolRefused)
    assert "MB" in error.message
    assert await office.names() == ["m0", "m1", "m2", "m3"]


async def test_flags_go_both_ways(office: Office, remote: Remote) -> None:
    await remote.deliver(letter("one"))
    await remote.deliver(letter("two"))
    await office.add(remote.account())
    await office.sync()
    await remote.flag(1, "\\Seen", "\\Flagged", "Cliente")
    two = next(one for one in await office.held() if one.header == "two@test")
    await office.database.write(
        actions.mark,
        office.operator_id,
        [two.placement_id],
        add=frozenset({"answered", "Urgente"}),
        now=NOW,
    )
    await office.sync()
    here = {one.header: one.flags for one in await office.held()}
    assert here["one@test"] == {"seen", "flagged", "Cliente"}
    there = [flags for _raw, flags in await remote.contents()]
    assert there == [{"\\Seen", "\\Flagged", "Cliente"}, {"\\Answered", "Urgente"}]
    await office.database.write(
        actions.mark,
        office.operator_id,
        [two.placement_id],
        remove=frozenset({"Urgente"}),
        now=NOW,
    )
    await remote.flag(1, "Cliente")
    await office.sync()
    assert [flags for _raw, flags in await remote.contents()] == [{"Cliente"}, {"\\Answered"}]
    assert {one.header: one.flags for one in await office.held()}["one@test"] == {"Cliente"}


async def test_what_is_moved_and_deleted_here_is_there(office: Office, remote: Remote) -> None:
    for name in ("archived", "deleted", "kept"):
        await remote.deliver(letter(name))
    await office.add(remote.account())
    await office.sync()
    ids = {one.header: one.placement_id for one in await office.held()}
    write, anna = office.database.write, office.operator_id
    await write(actions.archive, anna, [ids["archived@test"]], NOW)
    await write(actions.delete, anna, [ids["deleted@test"]], NOW)
    assert await office.names() == ["kept"]
    await office.sync()
    assert [raw for raw, _flags in await remote.contents()] == [letter("kept")]
    assert [raw for raw, _flags in await remote.contents("Archive")] == [letter("archived")]
    assert [raw for raw, _flags in await remote.contents("Trash")] == [letter("deleted")]
    [gone] = await office.held("Trash")
    await write(actions.delete, anna, [gone.placement_id], NOW)
    await office.sync()
    assert await remote.contents("Trash") == []
    assert len(await office.held()) == 2


async def test_what_is_moved_and_deleted_there_is_here(office: Office, remote: Remote) -> None:
    for name in ("moved", "deleted", "kept"):
        await remote.deliver(letter(name))
    await office.add(remote.account())
    await office.sync()
    moved = next(one for one in await office.held() if one.header == "moved@test")
    await remote.remove(2)
    await remote.move(1, "Trash")
    await office.sync()
    assert await office.names() == ["kept"]
    [now] = await office.held("Trash")
    assert (now.header, now.message_id) == ("moved@test", moved.message_id)
    assert len(await office.held()) == 2


async def test_folders_made_renamed_and_removed_there(office: Office, remote: Remote) -> None:
    await remote.make("Clienti")
    await remote.deliver(letter("one"), "Clienti")
    await office.add(remote.account())
    await office.sync()
    [one] = await office.held("Clienti")
    await remote.rename("Clienti", "Fornitori")
    await office.sync()
    [renamed] = await office.held()
    assert (renamed.folder, renamed.message_id) == ("Fornitori", one.message_id)
    assert renamed.placement_id == one.placement_id
    await remote.drop("Fornitori")
    await office.sync()
    assert await office.held() == []
    names = {row.name for row in await office.database.read(folders.folders, office.operator_id)}
    assert not names & {"Clienti", "Fornitori"}
    await remote.make("Clienti")
    await office.sync()
    names = {row.name for row in await office.database.read(folders.folders, office.operator_id)}
    assert "Clienti" in names


async def test_a_folder_that_only_looks_like_another_is_another(
    office: Office, remote: Remote
) -> None:
    await remote.make("Clienti")
    await remote.deliver(letter("one"), "Clienti")
    await office.add(remote.account())
    await office.sync()
    [one] = await office.held()
    await remote.drop("Clienti")
    await remote.make("Fornitori")
    await remote.deliver(letter("two"), "Fornitori")
    await office.sync()
    [two] = await office.held()
    assert (two.folder, two.header) == ("Fornitori", "two@test")
    assert two.placement_id != one.placement_id


async def test_a_folder_that_something_is_moved_into_is_made_again(
    office: Office, remote: Remote
) -> None:
    await remote.make("Clienti")
    await remote.deliver(letter("one"))
    account_id = await office.add(remote.account())
    await office.sync()
    [one] = await office.held()
    folder = await office.database.read(folders.folder_named, account_id, "Clienti")
    await office.database.write(
        actions.move, office.operator_id, [one.placement_id], folder.id or 0, NOW
    )
    await remote.drop("Clienti")
    for _ in range(3):
        await office.database.write(make_due)
        await office.sync()
    assert [raw for raw, _flags in await remote.contents("Clienti")] == [letter("one")]
    assert [(now.folder, now.placement_id) for now in await office.held()] == [
        ("Clienti", one.placement_id)
    ]


async def test_a_flag_that_the_server_has_yet_to_be_told_outlasts_a_rename_there(
    office: Office, remote: Remote
) -> None:
    await remote.make("Clienti")
    await remote.deliver(letter("one"), "Clienti")
    await office.add(remote.account())
    await office.sync()
    [one] = await office.held()
    await _star(office, one)
    await remote.rename("Clienti", "Fornitori")
    for _ in range(2):
        await office.database.write(make_due)
        await office.sync()
    assert [flags for _raw, flags in await remote.contents("Fornitori")] == [{"\\Flagged"}]


async def test_a_delete_there_wins_over_a_flag_here(office: Office, remote: Remote) -> None:
    await remote.deliver(letter("one"))
    await office.add(remote.account())
    await office.sync()
    [one] = await office.held()
    await _star(office, one)
    await remote.remove(1)
    await office.sync()
    assert await office.held() == []
    assert await remote.contents() == []


async def test_a_move_here_wins_over_a_flag_there_and_both_hold(
    office: Office, remote: Remote
) -> None:
    await remote.deliver(letter("one"))
    await office.add(remote.account())
    await office.sync()
    [one] = await office.held()
    await office.database.write(actions.delete, office.operator_id, [one.placement_id], NOW)
    await remote.flag(1, "\\Flagged")
    await office.sync()
    await office.sync()
    [moved] = await office.held()
    assert (moved.folder, moved.placement_id) == ("Trash", one.placement_id)
    assert moved.flags == {"flagged"}
    assert await remote.contents() == []
    assert await remote.contents("Trash") == [(letter("one"), frozenset({"\\Flagged"}))]


async def _star(office: Office, one: Held) -> None:
    starred = frozenset({"flagged"})
    await office.database.write(
        actions.mark, office.operator_id, [one.placement_id], add=starred, now=NOW
    )


async def test_a_folder_made_here_is_made_there(office: Office, remote: Remote) -> None:
    await remote.deliver(letter("one"))
    account_id = await office.add(remote.account())
    await office.sync()
    [one] = await office.held()
    folder: Folder = await office.database.write(
        folders.folder_named, account_id, "Offerte", create=True
    )
    assert folder.id is not None
    await office.database.write(
        actions.move, office.operator_id, [one.placement_id], folder.id, NOW
    )
    await office.sync()
    await office.sync()
    assert [raw for raw, _flags in await remote.contents("Offerte")] == [letter("one")]
    assert [(now.folder, now.message_id) for now in await office.held()] == [
        ("Offerte", one.message_id)
    ]


async def test_a_new_uidvalidity_keeps_messages_and_their_links(
    office: Office, embedded: EmbeddedRemote
) -> None:
    for name in ("one", "two"):
        await embedded.deliver(letter(name))
    await office.add(embedded.account())
    await office.sync()
    before = {one.header: one.message_id for one in await office.held()}
    embedded.mailbox.change_uidvalidity("INBOX")
    await embedded.deliver(letter("three"))
    await office.sync()
    after = {one.header: one.message_id for one in await office.held()}
    assert len(await office.held()) == 3
    assert {name: after[name] for name in before} == before


_NAMELESS = b"From: luca@ferri.it\r\nSubject: nameless\r\n\r\nBuongiorno\r\n"
_TWICE = letter("twice", text="aaaa")
_AGAIN = letter("twice", text="bbbb")


async def test_a_new_uidvalidity_keeps_placements_and_what_the_server_was_not_told(
    office: Office, embedded: EmbeddedRemote
) -> None:
    moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
    for raw in (letter("one"), letter("two"), letter("three"), _NAMELESS, _TWICE, _AGAIN):
        embedded.mailbox.deliver("INBOX", raw, (), moment)
    await office.add(embedded.account())
    await office.sync()
    before = {one.content_hash: one for one in await office.held()}
    write, anna = office.database.write, office.operator_id
    one, two, three = (_of(before, letter(name)) for name in ("one", "two", "three"))
    for starred in (one, _of(before, _NAMELESS), _of(before, _AGAIN)):
        await _star(office, starred)
    await write(actions.delete, anna, [two.placement_id], NOW)
    await write(actions.delete, anna, [three.placement_id], NOW)
    await write(actions.delete, anna, [three.placement_id], NOW)
    embedded.mailbox.change_uidvalidity("INBOX")
    embedded.server.received.clear()
    await office.sync()
    await office.sync()
    after = {one.content_hash: one for one in await office.held()}
    del before[three.content_hash]
    assert {key: held.placement_id for key, held in after.items()} == {
        key: held.placement_id for key, held in before.items()
    }
    there = dict(await embedded.contents())
    assert there == {
        letter("one"): {"\\Flagged"},
        _NAMELESS: {"\\Flagged"},
        _TWICE: frozenset(),
        _AGAIN: {"\\Flagged"},
    }
    assert await embedded.contents("Trash") == [(letter("two"), frozenset())]


def _of(held: dict[str, Held], raw: bytes) -> Held:
    return held[hashlib.sha256(raw).hexdigest()]


async def test_the_same_message_in_two_folders_is_one(office: Office, remote: Remote) -> None:
    await remote.make("Clienti")
    await remote.deliver(letter("one"))
    await remote.deliver(letter("one"), "Clienti")
    await office.add(remote.account())
    await office.sync()
    assert [one.folder for one in await office.held()] == ["INBOX", "Clienti"]
    assert len({one.message_id for one in await office.held()}) == 1


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x00\xff\xfe",
        b"Subject: =?utf-8?b?7aCA7b+/?=\r\nFrom: \xff\xfe\r\nTo: " + b"(" * 5000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=" + b"a" * 500 + b"\r\n\r\n--a\r\n" * 50,
        "Subject: \ud800\r\n\r\n\ud800".encode("utf-8", "surrogatepass"),
    ],
)
async def test_a_broken_message_comes_like_any_other(
    office: Office, embedded: EmbeddedRemote, broken: bytes
) -> None:
    await embedded.deliver(letter("before"))
    await embedded.deliver(broken)
    await embedded.deliver(letter("after"))
    await office.add(embedded.account())
    await office.sync()
    assert await office.raws() == {
        letter("before"),
        broken,
        letter("after"),
    }


async def test_a_folder_that_the_server_refuses_does_not_hold_up_the_others(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await embedded.deliver(letter("one"))
    await embedded.deliver(letter("two"), "Sent")
    await office.add(embedded.account())
    real = embedded.mailbox.folder("INBOX")
    embedded.server.refusals["UID FETCH"] = "no"
    [error] = (await office.once()).values()
    assert await office.held() == []
    assert error is None or error.message
    del embedded.server.refusals["UID FETCH"]
    await office.sync()
    assert len(real.messages) == 1
    assert sorted(one.header for one in await office.held()) == ["one@test", "two@test"]


async def test_links_of_a_person_outlast_a_move_there(office: Office, remote: Remote) -> None:
    from tests.db.house import FERRI, changes
    from tui_mail.db import erp

    await office.database.write(erp.take, "books", changes(), NOW)
    await remote.deliver(letter("one", sender="l.ferri@ferri.it"))
    await office.add(remote.account())
    await office.sync()
    [one] = await office.held()
    ferri = (await office.database.read(erp.entity, FERRI)).id
    await office.database.write(links.reject, office.operator_id, one.message_id, ferri, now=NOW)
    await remote.move(1, "Trash")
    await office.sync()
    [row] = await office.database.read(links.links_of, office.operator_id, one.message_id)
    assert (row.entity_id, str(row.state)) == (ferri, "rejected")


async def test_the_roles_of_folders_come_from_the_server(office: Office, remote: Remote) -> None:
    await office.add(remote.account())
    await office.sync()
    rows = await office.database.read(folders.folders, office.operator_id)
    roles = {row.name: row.role for row in rows}
    assert (roles["INBOX"], roles["Sent"], roles["Trash"]) == (
        FolderRole.INBOX,
        FolderRole.SENT,
        FolderRole.TRASH,
    )
