"""What was done here reaches the server in order, once, or is said to be impossible."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from tests.worker.office import NOW, EmbeddedRemote, Office, letter, make_due
from tui_mail.db import actions, folders, operations
from tui_mail.db.tables import Change, Operation
from tui_mail.demo.imap_session import CommandEntry
from tui_mail.errors import Offline
from tui_mail.values import Fetched
from tui_mail.worker import push as pushing

_WITH_FILE = (
    b"From: luca@ferri.it\r\nMessage-ID: <file@test>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Disposition: attachment; filename=a.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n" + b"SGFsbG8sIFdlbHQhIEhhbGxvIQ==\r\n"
)


@pytest.fixture
async def account_id(office: Office, embedded: EmbeddedRemote) -> int:
    """An account whose inbox has the messages `one` and `two`, here and there."""
    for name in ("one", "two"):
        await embedded.deliver(letter(name))
    identifier = await office.add(embedded.account())
    await office.sync()
    return identifier


async def _flag(office: Office, name: str) -> None:
    ids = [one.placement_id for one in await office.held() if one.header == f"{name}@test"]
    starred = frozenset({"flagged"})
    await office.database.write(actions.mark, office.operator_id, ids, add=starred, now=NOW)


async def _flags(embedded: EmbeddedRemote) -> list[set[str]]:
    return [set(flags) for _raw, flags in await embedded.contents()]


def _errors(session: Session) -> list[str]:
    return list(session.scalars(select(col(Operation.error)).order_by(col(Operation.id))))


def _given_up(session: Session) -> list[str]:
    return list(session.scalars(select(col(Change.detail)).where(col(Change.verb) == "given_up")))


async def test_changes_of_one_message_are_told_in_their_order(
    office: Office, embedded: EmbeddedRemote, account_id: int
) -> None:
    await _flag(office, "one")
    [one] = [one for one in await office.held() if one.header == "one@test"]
    await office.database.write(actions.archive, office.operator_id, [one.placement_id], NOW)
    await office.database.write(
        actions.mark,
        office.operator_id,
        [one.placement_id],
        add=frozenset({"seen"}),
        now=NOW,
    )
    await office.sync()
    await office.sync()
    [(raw, flags)] = await embedded.contents("Archive")
    assert (raw, set(flags)) == (letter("one"), {"\\Flagged", "\\Seen"})
    assert await office.database.read(operations.waiting, account_id) == 0


async def test_what_the_server_refuses_is_put_off_and_done_later(
    office: Office, embedded: EmbeddedRemote, account_id: int
) -> None:
    embedded.server.refusals["UID STORE"] = "not now"
    await _flag(office, "one")
    await embedded.deliver(letter("three"))
    await office.sync()
    assert "three" in await office.names()
    assert await _flags(embedded) == [set(), set(), set()]
    [error] = await office.database.read(_errors)
    assert "not now" in error
    del embedded.server.refusals["UID STORE"]
    await office.sync()
    assert await _flags(embedded) == [set(), set(), set()]
    await office.database.write(make_due)
    await office.sync()
    assert await _flags(embedded) == [{"\\Flagged"}, set(), set()]
    assert await office.database.read(operations.waiting, account_id) == 0


async def test_what_the_server_will_never_do_is_given_up_and_said(
    office: Office,
    embedded: EmbeddedRemote,
    account_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pushing, "_FIRST_DELAY", timedelta(0))
    embedded.server.refusals["UID STORE"] = "never"
    await _flag(office, "one")
    await office.sync()
    assert embedded.server.received.count("UID STORE") == 5
    [detail] = await office.database.read(_given_up)
    assert "never" in detail
    await office.sync()
    assert {one.header: one.flags for one in await office.held()} == {
        "one@test": set(),
        "two@test": set(),
    }
    assert await office.database.read(operations.waiting, account_id) == 0


async def test_a_lost_connection_leaves_it_to_be_done_again(
    office: Office, embedded: EmbeddedRemote, account_id: int
) -> None:
    [one, _two] = sorted(await office.held(), key=lambda held: held.header)
    await office.database.write(actions.archive, office.operator_id, [one.placement_id], NOW)
    _lose_after(embedded, "UID MOVE")
    [error] = (await office.once()).values()
    assert isinstance(error, Offline)
    embedded.server.stalled = False
    assert await office.database.read(operations.waiting, account_id) == 1
    await office.sync()
    await office.sync()
    assert len(await embedded.contents("Archive")) == 1
    assert [raw for raw, _flags in await embedded.contents()] == [letter("two")]
    assert [held.header for held in await office.held("Archive")] == ["one@test"]
    assert await office.database.read(operations.waiting, account_id) == 0


async def test_what_was_done_to_a_message_whose_move_was_cut_off_holds(
    office: Office, embedded: EmbeddedRemote, account_id: int
) -> None:
    [one, _two] = sorted(await office.held(), key=lambda held: held.header)
    await office.database.write(actions.archive, office.operator_id, [one.placement_id], NOW)
    await _flag(office, "one")
    _lose_after(embedded, "UID MOVE")
    await office.once()
    embedded.server.stalled = False
    await office.sync()
    await office.sync()
    [(raw, flags)] = await embedded.contents("Archive")
    assert (raw, set(flags)) == (letter("one"), {"\\Flagged"})
    [archived] = await office.held("Archive")
    assert (archived.placement_id, archived.flags) == (one.placement_id, frozenset({"flagged"}))


async def test_a_copy_that_was_cut_off_before_the_original_went_is_not_made_twice(
    office: Office, embedded: EmbeddedRemote, account_id: int
) -> None:
    embedded.server._site.capabilities_off = frozenset({"MOVE"})
    [one, _two] = sorted(await office.held(), key=lambda held: held.header)
    await office.database.write(actions.archive, office.operator_id, [one.placement_id], NOW)
    _lose_after(embedded, "UID COPY")
    await office.once()
    embedded.server.stalled = False
    await office.sync()
    await office.sync()
    assert [raw for raw, _flags in await embedded.contents("Archive")] == [letter("one")]
    assert [raw for raw, _flags in await embedded.contents()] == [letter("two")]
    assert [held.placement_id for held in await office.held("Archive")] == [one.placement_id]


def _lose_after(embedded: EmbeddedRemote, command: str) -> None:
    """The server does what it is told, once, and the connection is lost before it can say so."""
    commands = cast("dict[str, CommandEntry]", embedded.server._site.commands)
    real = commands[command]

    async def done_and_lost(*arguments: Any) -> str:
        commands[command] = real
        answer = await real.handler(*arguments)
        embedded.server.stalled = True
        embedded.server.drop_connections()
        return answer

    commands[command] = replace(real, handler=done_and_lost)


async def test_a_message_whose_attachment_is_lost_does_not_hold_up_the_others(
    office: Office, embedded: EmbeddedRemote, account_id: int
) -> None:
    await _import(office, account_id, _WITH_FILE)
    for blob in (office.folder / "attachments").glob("*/*"):
        blob.unlink()
    await _flag(office, "two")
    await office.sync()
    assert await _flags(embedded) == [set(), {"\\Flagged"}]
    assert len(await office.database.read(_given_up)) == 1
    assert await office.database.read(operations.waiting, account_id) == 0


async def test_a_folder_that_cannot_be_looked_at_does_not_hold_up_the_rest(
    office: Office, embedded: EmbeddedRemote, account_id: int
) -> None:
    await _import(office, account_id, letter("filed"))
    # Killed after it was asked for: whether the server has it must be looked up.
    assert await office.database.write(operations.next_operations, account_id, NOW)
    await embedded.deliver(letter("news"))
    embedded.server.refusals["UID FETCH"] = "no"
    await _flag(office, "two")
    await office.once()
    assert (await _flags(embedded))[1] == {"\\Flagged"}
    del embedded.server.refusals["UID FETCH"]
    await office.sync()
    assert "news" in await office.names()
    await office.database.write(make_due)
    await office.sync()
    assert sum(raw == letter("filed") for raw, _flags in await embedded.contents()) == 1
    assert await office.database.read(operations.waiting, account_id) == 0


async def _import(office: Office, account_id: int, raw: bytes) -> None:
    """Take a message in from a file: the server is to be given it."""
    inbox = await office.database.read(folders.folder_named, account_id, "INBOX")
    await office.ingest.take_in(account_id, inbox.id or 0, [Fetched("", raw, frozenset(), NOW)])
