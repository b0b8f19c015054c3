"""Drafts: saved as they grow, never overwritten unseen."""

import json
from datetime import timedelta

import pytest

from tests.db.house import NOW, House, build
from tui_mail.db import drafts
from tui_mail.db.engine import Database
from tui_mail.errors import NotAllowed, NotFound, TryLater, WrongData
from tui_mail.values import Letter, LetterAttachment, Mailbox


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def save(house: House, draft_id: int | None, content: str, version: int, minutes: int = 0) -> int:
    row = house.database.write_now(
        drafts.save_draft,
        house.anna,
        draft_id,
        house.shared,
        content,
        version=version,
        answer="reply",
        in_reply_to_id=7,
        now=NOW + timedelta(minutes=minutes),
    )
    assert row.version == version + 1
    return row.id


def test_a_draft_is_saved_over_what_the_writer_has_seen(house: House) -> None:
    first = save(house, None, "a", 0)
    save(house, first, "b", 1, minutes=1)
    (row,) = house.database.read_now(drafts.drafts, house.anna)
    assert (row.id, row.content, row.version, row.account) == (first, "b", 2, "vendite@rossi.it")
    assert (row.answer, row.in_reply_to_id, row.updated_at) == (
        "reply",
        7,
        NOW + timedelta(minutes=1),
    )


def test_a_draft_changed_in_another_window_is_not_overwritten(house: House) -> None:
    first = save(house, None, "a", 0)
    save(house, first, "b", 1)
    with pytest.raises(TryLater):
        save(house, first, "c", 1)
    assert house.database.read_now(drafts.draft, house.anna, first).content == "b"


def test_a_draft_that_was_sent_or_deleted_says_so(house: House) -> None:
    first = save(house, None, "a", 0)
    house.database.write_now(drafts.delete_draft, house.anna, first)
    house.database.write_now(drafts.delete_draft, house.anna, first)
    with pytest.raises(NotFound):
        save(house, first, "b", 1)
    assert house.database.read_now(drafts.drafts, house.anna) == []


def test_drafts_are_their_writer_s(house: House) -> None:
    first = save(house, None, "a", 0)
    house.database.write_now(drafts.delete_draft, house.bruno, first)
    assert house.database.read_now(drafts.drafts, house.bruno) == []
    with pytest.raises(NotFound):
        house.database.read_now(drafts.draft, house.bruno, first)
    with pytest.raises(NotAllowed):
        house.database.write_now(
            drafts.save_draft, house.bruno, None, house.shared, "", version=0, now=NOW
        )


def test_the_latest_draft_comes_first(house: House) -> None:
    first, second = save(house, None, "a", 0), save(house, None, "b", 0, minutes=1)
    save(house, first, "c", 1, minutes=2)
    rows = house.database.read_now(drafts.drafts, house.anna)
    assert [row.id for row in rows] == [first, second]


def test_a_program_s_letter_becomes_a_draft(house: House) -> None:
    letter = Letter(
        sender=Mailbox("vendite@rossi.it"),
        to=(Mailbox("l@ferri.it", 'Ferri, "Luca"'), Mailbox("b@ferri.it")),
        subject="Più",
        attachments=(LetterAttachment("a.pdf", b"%PDF", "application/pdf"),),
    )
    made = house.database.write_now(
        drafts.save_letter, house.anna, house.shared, letter, [3, 4], NOW
    )
    content = json.loads(house.database.read_now(drafts.draft, house.anna, made).content)
    assert content["to"] == '"Ferri, \\"Luca\\"" <l@ferri.it>, b@ferri.it'
    assert (content["subject"], content["links"], content["format"]) == ("Più", [3, 4], "text")
    assert content["attachments"][0]["content"] == "JVBERg=="


def test_a_key_makes_one_draft_and_belongs_to_one_letter(house: House) -> None:
    database, first, other = house.database, "a" * 64, "b" * 64
    assert database.read_now(drafts.kept_by_key, house.anna, "k 1", first) is None
    made = save(house, None, "a", 0)
    database.write_now(drafts.note_key, house.anna, made, "k 1", first, NOW)
    database.write_now(drafts.delete_draft, house.anna, made)
    assert database.read_now(drafts.kept_by_key, house.anna, "k 1", first) == made
    assert database.read_now(drafts.kept_by_key, house.anna, "k", first) is None
    with pytest.raises(WrongData):
        database.read_now(drafts.kept_by_key, house.anna, "k 1", other)
