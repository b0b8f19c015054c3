"""Links: what lists show, what people decide, and a record's whole mail."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from tests.db.house import BIANCHI, DUE, FERRI, INVOICE, NOW, ORDER, House, build
from tui_mail.db import links, machine_links, traces
from tui_mail.db.engine import Database
from tui_mail.db.machine_links import Proposed
from tui_mail.db.rows import PageKey, TraceFilter
from tui_mail.db.tables import Change, Placement
from tui_mail.errors import NotAllowed, NotFound
from tui_mail.values import LinkProposal, LinkState, Reference

AUTOMATIC, PROPOSED = LinkState.AUTOMATIC, LinkState.PROPOSED


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def propose(
    house: House, message: int, *wanted: tuple[Reference, LinkState], score: int = 90
) -> int:
    proposals = [
        LinkProposal(house.ids[reference], state, "number", score, "why not", "order 119")
        for reference, state in wanted
    ]
    batch = [Proposed(message, NOW, proposals)]
    return house.database.write_now(machine_links.save_links, batch, NOW)


def states(house: House, message: int) -> dict[str, str]:
    rows = house.database.read_now(links.links_of, house.anna, message)
    return {row.code: row.state for row in rows}


def decide(house: House, verb: str, message: int, reference: Reference, **more: Any) -> int:
    change: int = house.database.write_now(
        getattr(links, verb), house.anna, message, house.ids[reference], now=NOW, **more
    )
    return change


def undo(house: House, change_id: int) -> None:
    def take_back(session: Session) -> None:
        change = session.get(Change, change_id)
        assert change is not None
        assert change.verb == "link"
        links.undo_links(session, json.loads(change.undo)["links"])

    house.database.write_now(take_back)


# -- what is shown


def test_a_link_comes_with_its_record_and_why(house: House) -> None:
    message = house.message(header="a@ferri.it")
    propose(house, message, (ORDER, AUTOMATIC), (FERRI, AUTOMATIC))
    order, party = house.database.read_now(links.links_of, house.anna, message)
    assert (order.kind, order.code, order.party, order.why) == (
        "sales_order",
        "2026/119",
        "Ferri Impianti Srl",
        "why not",
    )
    assert (order.message_header, order.found_in, order.by) == ("a@ferri.it", "order 119", "")
    assert (party.kind, party.party) == ("customer", "")


def test_chips_are_documents_first_the_surest_first_at_most_three(house: House) -> None:
    message, bare = house.message(), house.message()
    propose(
        house, message, (FERRI, AUTOMATIC), (ORDER, PROPOSED), (INVOICE, AUTOMATIC), (DUE, PROPOSED)
    )
    decide(house, "reject", message, DUE)
    chips = house.database.read_now(links.chips_for, [message, bare])
    assert [(one.code, one.state) for one in chips[message]] == [
        ("2026/A/88", "automatic"),
        ("2026/119", "proposed"),
        ("C107", "automatic"),
    ]
    assert bare not in chips
    assert house.database.read_now(links.chips_for, []) == {}


def test_a_proposal_that_little_speaks_for_is_the_last_chip(house: House) -> None:
    message = house.message()
    sure = LinkProposal(house.ids[FERRI], AUTOMATIC, "address", 98, "his address", "")
    guess = LinkProposal(house.ids[ORDER], PROPOSED, "subject", 5, "of somebody else", "119")
    said = [Proposed(message, NOW, [sure, guess])]
    house.database.write_now(machine_links.save_links, said, NOW)
    chips = house.database.read_now(links.chips_for, [message])
    assert [one.code for one in chips[message]] == ["C107", "2026/119"]


def test_links_of_mail_that_is_not_ours_to_read_do_not_show(house: House) -> None:
    message = house.message(folder=house.private_inbox)
    propose(house, message, (ORDER, AUTOMATIC))
    with pytest.raises(NotFound):
        house.database.read_now(links.links_of, house.bruno, message)
    assert house.database.read_now(links.links_for, house.bruno, [message]) == []
    assert len(house.database.read_now(links.links_for, house.anna, [message])) == 2


def test_an_answer_takes_over_what_is_sure(house: House) -> None:
    message = house.message()
    propose(house, message, (ORDER, AUTOMATIC), (INVOICE, PROPOSED))
    ids = house.database.read_now(links.entities_of, message)
    assert set(ids) == {house.ids[ORDER], house.ids[FERRI]}


# -- the machine


def test_a_sure_document_brings_its_party(house: House) -> None:
    sure, unsure = house.message(), house.message()
    propose(house, sure, (ORDER, AUTOMATIC))
    propose(house, unsure, (ORDER, PROPOSED))
    assert states(house, sure) == {"2026/119": "automatic", "C107": "automatic"}
    assert states(house, unsure) == {"2026/119": "proposed"}


def test_linking_again_replaces_what_the_machine_said(house: House) -> None:
    message = house.message()
    assert propose(house, message, (ORDER, PROPOSED), (BIANCHI, AUTOMATIC)) == 2
    assert propose(house, message, (ORDER, PROPOSED), (BIANCHI, AUTOMATIC)) == 0
    assert propose(house, message, (ORDER, AUTOMATIC), (FERRI, AUTOMATIC)) == 3
    assert states(house, message) == {"2026/119": "automatic", "C107": "automatic"}
    assert propose(house, message) == 2
    assert states(house, message) == {}


def test_a_person_s_word_outlasts_the_machine_s(house: House) -> None:
    message = house.message()
    propose(house, message, (ORDER, PROPOSED), (INVOICE, PROPOSED), (FERRI, AUTOMATIC))
    decide(house, "confirm", message, ORDER)
    decide(house, "reject", message, INVOICE)
    decide(house, "add", message, DUE)
    before = states(house, message)
    propose(house, message, (INVOICE, AUTOMATIC), (FERRI, AUTOMATIC), (DUE, PROPOSED))
    propose(house, message, (FERRI, AUTOMATIC))
    assert (
        states(house, message)
        == before
        == {
            "2026/119": "confirmed",
            "2026/A/88": "rejected",
            "2026/A/88#1": "confirmed",
            "C107": "automatic",
        }
    )


# -- a person


def test_confirming_says_who_and_keeps_why(house: House) -> None:
    message = house.message()
    propose(house, message, (ORDER, PROPOSED))
    decide(house, "confirm", message, ORDER)
    row = house.database.read_now(links.links_of, house.anna, message)[0]
    assert (row.state, row.by, row.method, row.why) == ("confirmed", "anna", "number", "why not")
    assert states(house, message)["C107"] == "confirmed"


def test_linking_by_hand_links_the_party_too_and_can_be_undone(house: House) -> None:
    message = house.message()
    change = decide(house, "add", message, ORDER)
    assert states(house, message) == {"2026/119": "confirmed", "C107": "confirmed"}
    undo(house, change)
    assert states(house, message) == {}


@pytest.mark.parametrize("verb", ["confirm", "reject", "remove", "add"])
def test_undo_brings_back_exactly_what_was(house: House, verb: str) -> None:
    message = house.message()
    propose(house, message, (ORDER, AUTOMATIC), (INVOICE, PROPOSED), (FERRI, AUTOMATIC))
    before = house.database.read_now(links.links_of, house.anna, message)
    change = decide(house, verb, message, INVOICE)
    assert house.database.read_now(links.links_of, house.anna, message) != before
    undo(house, change)
    assert house.database.read_now(links.links_of, house.anna, message) == before


def test_a_decision_reaches_the_conversation_when_asked_to(house: House) -> None:
    first = house.message(minutes=1)
    thread = house.thread_of(first)
    second = house.message(minutes=2, thread=thread)
    secret = house.message(minutes=3, thread=thread, folder=house.private_inbox)
    other = house.message(minutes=4)
    change = decide(house, "add", first, FERRI, thread=True)
    assert [states(house, one) for one in (first, second, secret, other)] == [
        {"C107": "confirmed"},
        {"C107": "confirmed"},
        {"C107": "confirmed"},
        {},
    ]
    undo(house, change)
    assert states(house, second) == {}


def test_rejecting_a_conversation_s_link_leaves_messages_without_it_alone(house: House) -> None:
    first = house.message(minutes=1)
    second = house.message(minutes=2, thread=house.thread_of(first))
    propose(house, first, (FERRI, AUTOMATIC))
    decide(house, "reject", first, FERRI, thread=True)
    assert (states(house, first), states(house, second)) == ({"C107": "rejected"}, {})


def test_a_decision_needs_the_right_the_message_the_record_and_the_link(house: House) -> None:
    message = house.message()
    private = house.message(folder=house.private_inbox)
    order = house.ids[ORDER]
    write = house.database.write_now
    with pytest.raises(NotAllowed):
        write(links.add, house.bruno, message, order, now=NOW)
    with pytest.raises(NotFound, match="message"):
        write(links.add, house.bruno, private, order, now=NOW)
    with pytest.raises(NotFound, match="record"):
        write(links.add, house.anna, message, 10**6, now=NOW)
    for verb in (links.confirm, links.reject, links.remove):
        with pytest.raises(NotFound, match="not linked"):
            write(verb, house.anna, message, order, now=NOW)


def test_undoing_for_a_message_that_has_gone_does_nothing(house: House) -> None:
    gone = [(10**6, house.ids[ORDER], None)]
    assert house.database.write_now(links.undo_links, gone) == []


# -- traces


def trace_of(
    house: House, operator: int, reference: Reference, **more: Any
) -> tuple[list[int], int]:
    """The messages of a record, and how many there are beside them that may not be read."""
    record = house.ids[reference]
    rows = house.database.read_now(traces.trace, operator, record, **more)
    asked = {name: value for name, value in more.items() if name in ("only", "chain")}
    hidden = house.database.read_now(traces.unreadable, operator, record, **asked)
    return [row.message_id for row in rows], hidden


def linked(
    house: House,
    *references: Reference,
    minutes: int,
    folder: int | None = None,
    **columns: Any,
) -> int:
    message = house.message(minutes=minutes, folder=folder, **columns)
    at = NOW + timedelta(minutes=minutes)
    proposals = [LinkProposal(house.ids[one], AUTOMATIC, "number", 90, "why") for one in references]
    house.database.write_now(machine_links.save_links, [Proposed(message, at, proposals)], NOW)
    return message


def copy_into(house: House, message: int, folder: int) -> None:
    """Another copy of a message, a read one."""

    def copy(session: Session) -> None:
        session.add(
            Placement(
                message_id=message,
                folder_id=folder,
                thread_id=1,
                received_at=NOW,
                position=1,
                seen=True,
            )
        )

    house.database.write_now(copy)


def test_a_trace_is_the_record_s_mail_newest_first(house: House) -> None:
    messages = [linked(house, ORDER, minutes=n) for n in range(3)]
    linked(house, BIANCHI, minutes=9)
    assert trace_of(house, house.anna, ORDER) == (messages[::-1], 0)
    assert trace_of(house, house.anna, FERRI) == (messages[::-1], 0)
    decide(house, "reject", messages[1], ORDER)
    assert trace_of(house, house.anna, ORDER) == ([messages[2], messages[0]], 0)


def test_a_trace_counts_what_may_not_be_read(house: House) -> None:
    seen = linked(house, ORDER, minutes=1)
    linked(house, ORDER, minutes=2, folder=house.private_inbox)
    assert trace_of(house, house.bruno, ORDER) == ([seen], 1)
    (row,) = house.database.read_now(traces.trace, house.bruno, house.ids[ORDER], limit=1)
    assert trace_of(house, house.bruno, ORDER, before=row.key) == ([], 1)
    assert trace_of(
        house, house.bruno, ORDER, only=TraceFilter(since=NOW + timedelta(minutes=3))
    ) == ([], 0)


def test_a_trace_is_read_window_by_window(house: House) -> None:
    messages = [linked(house, ORDER, FERRI, minutes=n // 2) for n in range(7)]
    for chain in (False, True):
        found: list[int] = []
        before: PageKey | None = None
        while True:
            rows = house.database.read_now(
                traces.trace, house.anna, house.ids[ORDER], chain=chain, before=before, limit=2
            )
            found += [row.message_id for row in rows]
            if len(rows) < 2:
                break
            before = rows[-1].key
        assert found == messages[::-1]


def test_a_trace_can_be_of_a_time_and_of_the_chain(house: House) -> None:
    first = linked(house, ORDER, minutes=1)
    second = linked(house, INVOICE, DUE, minutes=2)
    third = linked(house, DUE, minutes=3)
    assert trace_of(house, house.anna, ORDER, chain=True) == ([third, second, first], 0)
    assert trace_of(house, house.anna, INVOICE) == ([second], 0)
    days = TraceFilter(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=3))
    assert trace_of(house, house.anna, FERRI, only=days) == ([second], 0)


def test_a_trace_can_be_of_a_direction_and_of_kinds_also_in_what_is_hidden(house: House) -> None:
    came = linked(house, ORDER, minutes=1)
    went = linked(house, ORDER, minutes=2, outgoing=True)
    bounced = linked(house, ORDER, minutes=3, kind="bounce")
    for outgoing in (True, True, False):
        linked(house, ORDER, minutes=4, folder=house.private_inbox, outgoing=outgoing)

    def read(**only: Any) -> tuple[list[int], int]:
        return trace_of(house, house.bruno, ORDER, only=TraceFilter(**only))

    assert read() == ([bounced, went, came], 3)
    assert read(outgoing=True) == ([went], 2)
    assert read(outgoing=False) == ([bounced, came], 1)
    assert read(kinds=("bounce", "list")) == ([bounced], 0)
    assert read(outgoing=False, kinds=("human",)) == ([came], 1)


def test_a_trace_of_an_account_shows_it_and_only_to_who_reads_it(house: House) -> None:
    both = linked(house, ORDER, minutes=1)
    own = linked(house, ORDER, minutes=2, folder=house.private_inbox)
    copy_into(house, both, house.private_inbox)
    for account, found in ((house.shared, [both]), (house.private, [own, both])):
        only = TraceFilter(account_id=account)
        assert trace_of(house, house.anna, ORDER, only=only) == (found, 0)
        rows = house.database.read_now(traces.trace, house.anna, house.ids[ORDER], only=only)
        assert len({row.account for row in rows}) == 1
    hidden = TraceFilter(account_id=house.private)
    assert trace_of(house, house.bruno, ORDER, only=hidden) == ([], 0)


def test_a_row_stands_in_the_folder_where_people_look(house: House) -> None:
    message = linked(house, ORDER, minutes=1, folder=house.trash)
    copy_into(house, message, house.inbox)
    (row,) = house.database.read_now(traces.trace, house.anna, house.ids[ORDER])
    assert (row.folder, row.account, row.seen, row.unread) == ("Inbox", "vendite@rossi.it", True, 0)
    assert [chip.code for chip in row.chips] == ["2026/119", "C107"]


def test_removing_a_document_takes_the_party_that_it_brought(house: House) -> None:
    message = house.message()
    decide(house, "add", message, ORDER)
    assert set(states(house, message)) == {"2026/119", "C107"}
    removed = decide(house, "remove", message, ORDER)
    assert states(house, message) == {}
    undo(house, removed)
    assert set(states(house, message)) == {"2026/119", "C107"}


def test_removing_a_document_leaves_a_party_that_was_linked_for_its_own_sake(house: House) -> None:
    message = house.message()
    propose(house, message, (FERRI, AUTOMATIC))
    decide(house, "add", message, ORDER)
    decide(house, "remove", message, ORDER)
    assert set(states(house, message)) == {"C107"}


@pytest.mark.parametrize("first", ["add", "confirm"])
def test_refusing_a_document_takes_the_party_that_it_brought(house: House, first: str) -> None:
    message = house.message()
    if first == "confirm":
        propose(house, message, (ORDER, PROPOSED))
    decide(house, first, message, ORDER)
    assert set(states(house, message)) == {"2026/119", "C107"}
    refused = decide(house, "reject", message, ORDER)
    assert states(house, message) == {"2026/119": "rejected"}
    undo(house, refused)
    assert states(house, message) == {"2026/119": "confirmed", "C107": "confirmed"}


@pytest.mark.parametrize("last", ["remove", "reject"])
def test_a_party_stays_while_another_document_of_it_does(house: House, last: str) -> None:
    message = house.message()
    decide(house, "add", message, ORDER)
    decide(house, "add", message, INVOICE)
    decide(house, last, message, ORDER)
    left = {code for code, state in states(house, message).items() if state == "confirmed"}
    assert left == {"2026/A/88", "C107"}
