"""The outbox: nothing is lost, nothing is sent twice by itself, and people see why."""

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.db.house import NOW, ORDER, House, build
from tui_mail.db import outbox, outbox_decisions
from tui_mail.db.engine import Database
from tui_mail.db.outbox import Enqueue, Enqueued
from tui_mail.errors import NotAllowed, NotFound, WrongData, WrongUse
from tui_mail.values import Delivery, RecipientResult

LATER = NOW + timedelta(minutes=5)
RAW = b"From: vendite@rossi.it\r\nSubject: =?utf-8?q?Pi=C3=B9_pompe?=\r\n\r\nciao\r\n"


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def put(house: House, **other: Any) -> Enqueued:
    request = Enqueue(
        account_id=house.shared,
        operator_id=house.anna,
        raw=RAW,
        message_id="1@rossi.it",
        envelope_sender="vendite@rossi.it",
        recipients=("a@ferri.it", "b@ferri.it"),
        not_before=NOW,
    )
    return house.database.write_now(
        outbox.enqueue,
        dataclasses.replace(request, **other),
        NOW,
    )


def claimed(house: House, **other: Any) -> int:
    letter = put(house, **other).outgoing_id
    assert house.database.write_now(outbox.claim, letter, NOW)
    return letter


def settle(house: House, letter: int, *outcomes: tuple[str, Delivery], again: bool = True) -> str:
    results = [
        RecipientResult(address, delivery, f"says {address}") for address, delivery in outcomes
    ]
    return house.database.write_now(outbox.settle, letter, results, NOW, LATER if again else None)


def recipients(house: House, letter: int) -> dict[str, str]:
    rows = house.database.read_now(outbox.outgoing, house.anna)
    (row,) = [one for one in rows if one.id == letter]
    return {address: state for address, state, _reply in row.recipients}


def due_ids(house: House, now: datetime = NOW) -> list[int]:
    return [one.id for one in house.database.read_now(outbox.due, house.shared, now)]


def test_a_letter_waits_with_its_subject_and_recipients(house: House) -> None:
    letter = put(house, recipients=("a@ferri.it", "b@ferri.it", "a@ferri.it"))
    (row,) = house.database.read_now(outbox.outgoing, house.anna)
    assert (row.subject, row.state, row.attempts, row.account) == (
        "Più pompe",
        "queued",
        0,
        "vendite@rossi.it",
    )
    assert row.recipients == (("a@ferri.it", "pending", ""), ("b@ferri.it", "pending", ""))
    assert house.database.read_now(outbox.waiting_count, house.anna) == 1
    (due,) = house.database.read_now(outbox.due, house.shared, NOW)
    assert (due.id, due.raw, due.recipients, due.created_at) == (
        letter.outgoing_id,
        RAW,
        ("a@ferri.it", "b@ferri.it"),
        NOW,
    )


@pytest.mark.parametrize(
    "raw", [b"", b"Subject: =?nonsense?q?x?=\r\n\r\n", b"\xff\xfe\0", b"Subject: \x1b[2J\xe8"]
)
def test_bytes_that_nobody_can_read_are_still_a_letter(house: House, raw: bytes) -> None:
    put(house, raw=raw)
    assert len(house.database.read_now(outbox.outgoing, house.anna)) == 1


def test_the_same_key_makes_one_letter(house: House) -> None:
    first = put(house, idempotency_key="k", fingerprint="f")
    again = put(house, idempotency_key="k", fingerprint="f", message_id="2@rossi.it")
    assert again == Enqueued(first.outgoing_id, "1@rossi.it", "queued", repeated=True)
    with pytest.raises(WrongData, match="key"):
        put(house, idempotency_key="k", fingerprint="other")
    with pytest.raises(WrongData, match="Message-ID"):
        put(house)
    assert len(house.database.read_now(outbox.outgoing, house.anna)) == 1


def test_a_letter_needs_recipients_and_the_right_to_send(house: House) -> None:
    with pytest.raises(WrongData, match="recipients"):
        put(house, recipients=())
    with pytest.raises(NotAllowed):
        put(house, operator_id=house.bruno)
    put(house, operator_id=None)


def test_a_letter_is_due_when_its_time_has_come(house: House) -> None:
    letter = put(house, not_before=LATER, hold=True)
    read, write = house.database.read_now, house.database.write_now
    assert due_ids(house) == []
    assert not write(outbox.claim, letter.outgoing_id, NOW)
    assert not read(outbox.has_due, house.shared, NOW)
    assert read(outbox.next_due, house.shared) == LATER
    assert read(outbox.has_due, house.shared, LATER)
    assert due_ids(house, LATER) == [letter.outgoing_id]
    assert read(outbox.due, house.private, LATER) == []
    assert read(outbox.next_due, house.private) is None


def test_only_one_can_claim_a_letter(house: House) -> None:
    letter = put(house).outgoing_id
    assert house.database.write_now(outbox.claim, letter, NOW)
    assert not house.database.write_now(outbox.claim, letter, NOW)
    assert due_ids(house) == []


def test_a_letter_that_everyone_accepts_is_sent(house: House) -> None:
    letter = claimed(house, entity_ids=[house.ids[ORDER]], in_reply_to_id=7)
    accepted = [("a@ferri.it", Delivery.ACCEPTED), ("b@ferri.it", Delivery.ACCEPTED)]
    assert settle(house, letter, *accepted) == "sent"
    assert house.database.read_now(outbox.waiting_count, house.anna) == 0
    details = house.database.read_now(outbox.sent_details, letter)
    assert (details.entity_ids, details.in_reply_to_id, details.account_id) == (
        (house.ids[ORDER],),
        7,
        house.shared,
    )
    assert (details.operator_id, details.raw, details.sent_at) == (house.anna, RAW, NOW)
    with pytest.raises(NotFound):
        house.database.read_now(outbox.sent_details, 10**6)


def test_the_deferred_are_tried_again_and_nobody_else(house: House) -> None:
    letter = claimed(house)
    some = [("a@ferri.it", Delivery.ACCEPTED), ("b@ferri.it", Delivery.DEFERRED)]
    assert settle(house, letter, *some) == "queued"
    assert due_ids(house) == []
    (due,) = house.database.read_now(outbox.due, house.shared, LATER)
    assert (due.recipients, due.attempts) == (("b@ferri.it",), 1)
    assert house.database.write_now(outbox.claim, letter, LATER)
    assert settle(house, letter, ("b@ferri.it", Delivery.DEFERRED), again=False) == "sent"
    assert recipients(house, letter) == {"a@ferri.it": "accepted", "b@ferri.it": "refused"}


def test_a_letter_that_nobody_accepts_has_failed(house: House) -> None:
    letter = claimed(house)
    refused = [("a@ferri.it", Delivery.REFUSED), ("b@ferri.it", Delivery.REFUSED)]
    assert settle(house, letter, *refused) == "failed"
    (row,) = house.database.read_now(outbox.outgoing, house.anna, state="failed")
    assert row.error == "2 recipients were refused"
    assert row.recipients[0] == ("a@ferri.it", "refused", "says a@ferri.it")


def test_what_may_have_arrived_is_never_due_again(house: House) -> None:
    letter = claimed(house)
    some = [("a@ferri.it", Delivery.UNKNOWN), ("b@ferri.it", Delivery.DEFERRED)]
    assert settle(house, letter, *some) == "unknown"
    assert due_ids(house, LATER + timedelta(days=9)) == []


def test_what_was_accepted_once_stays_accepted(house: House) -> None:
    letter = claimed(house)
    settle(house, letter, ("a@ferri.it", Delivery.ACCEPTED), ("b@ferri.it", Delivery.DEFERRED))
    house.database.write_now(outbox.claim, letter, LATER)
    late = [("a@ferri.it", Delivery.REFUSED), ("nobody@x", Delivery.ACCEPTED)]
    assert settle(house, letter, *late) == "queued"
    assert recipients(house, letter) == {"a@ferri.it": "accepted", "b@ferri.it": "deferred"}


def test_a_letter_that_never_left_is_queued_again(house: House) -> None:
    letter = claimed(house)
    write = house.database.write_now
    assert write(outbox.release, letter, "no route", NOW, LATER) == "queued"
    (row,) = house.database.read_now(outbox.outgoing, house.anna)
    assert (row.state, row.error, row.next_try, row.attempts) == ("queued", "no route", LATER, 1)
    assert write(outbox.claim, letter, LATER)
    assert write(outbox.release, letter, "no route", NOW, None) == "failed"


def test_what_a_killed_process_left_is_unknown(house: House) -> None:
    letter = claimed(house)
    waiting = put(house, message_id="2@rossi.it").outgoing_id
    assert house.database.write_now(outbox.recover, house.shared, NOW) == 1
    assert house.database.write_now(outbox.recover, house.shared, NOW) == 0
    assert recipients(house, letter) == {"a@ferri.it": "unknown", "b@ferri.it": "unknown"}
    assert due_ids(house) == [waiting]


def test_an_unknown_letter_is_settled_by_a_person(house: House) -> None:
    write = house.database.write_now
    arrived, lost = claimed(house), claimed(house, message_id="2@rossi.it")
    write(outbox.recover, house.shared, NOW)
    assert write(outbox_decisions.settle_by_hand, house.anna, arrived, NOW) == "sent"
    assert write(outbox_decisions.settle_by_hand, house.anna, lost, NOW, arrived=False) == "failed"
    with pytest.raises(WrongUse):
        write(outbox_decisions.settle_by_hand, house.anna, arrived, NOW)
    assert write(outbox_decisions.retry, house.anna, lost, NOW) == "queued"
    assert due_ids(house) == [lost]


def test_retrying_is_for_those_who_have_not_accepted(house: House) -> None:
    letter = claimed(house)
    write = house.database.write_now
    with pytest.raises(WrongUse):
        write(outbox_decisions.retry, house.anna, letter, NOW)
    settle(house, letter, ("a@ferri.it", Delivery.ACCEPTED), ("b@ferri.it", Delivery.REFUSED))
    assert write(outbox_decisions.retry, house.anna, letter, NOW) == "queued"
    (due,) = house.database.read_now(outbox.due, house.shared, NOW)
    assert due.recipients == ("b@ferri.it",)
    write(outbox.claim, letter, NOW)
    settle(house, letter, ("b@ferri.it", Delivery.ACCEPTED))
    with pytest.raises(WrongUse):
        write(outbox_decisions.retry, house.anna, letter, NOW)


def test_a_letter_that_waits_can_be_cancelled(house: House) -> None:
    write = house.database.write_now
    letter = put(house).outgoing_id
    assert write(outbox_decisions.cancel, house.anna, letter, NOW) == "cancelled"
    assert due_ids(house, LATER) == []
    with pytest.raises(WrongUse):
        write(outbox_decisions.cancel, house.anna, letter, NOW)
    with pytest.raises(WrongUse):
        write(outbox_decisions.retry, house.anna, letter, NOW)
    going = claimed(house, message_id="2@rossi.it")
    with pytest.raises(WrongUse):
        write(outbox_decisions.cancel, house.anna, going, NOW)
    settle(house, going, ("a@ferri.it", Delivery.ACCEPTED), ("b@ferri.it", Delivery.DEFERRED))
    assert write(outbox_decisions.cancel, house.anna, going, NOW) == "sent"
    assert recipients(house, going) == {"a@ferri.it": "accepted", "b@ferri.it": "cancelled"}


def test_sending_can_be_undone_while_the_letter_is_held(house: House) -> None:
    write = house.database.write_now
    held = put(house, not_before=LATER, hold=True).outgoing_id
    late = put(house, not_before=NOW, hold=True, message_id="2@rossi.it").outgoing_id
    assert write(outbox_decisions.cancel_held, house.anna, held, NOW)
    assert not write(outbox_decisions.cancel_held, house.anna, held, NOW)
    write(outbox.claim, late, NOW)
    assert not write(outbox_decisions.cancel_held, house.anna, late, NOW)


def test_letters_are_for_those_who_may_see_the_account(house: House) -> None:
    write, read = house.database.write_now, house.database.read_now
    private = put(house, account_id=house.private).outgoing_id
    shared = put(house, message_id="2@rossi.it").outgoing_id
    assert [row.id for row in read(outbox.outgoing, house.anna)] == [shared, private]
    assert [row.id for row in read(outbox.outgoing, house.bruno)] == [shared]
    assert read(outbox.waiting_count, house.bruno) == 1
    with pytest.raises(NotFound):
        write(outbox_decisions.cancel, house.bruno, private, NOW)
    with pytest.raises(NotAllowed):
        write(outbox_decisions.cancel, house.bruno, shared, NOW)


def test_the_sent_folder_is_made_when_it_is_missing(house: House) -> None:
    first = house.database.write_now(outbox.sent_folder, house.shared)
    assert house.database.write_now(outbox.sent_folder, house.shared) == first
