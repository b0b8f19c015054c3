"""What linking is told: parties, documents, the answered message, what people refused."""

from datetime import datetime, timedelta, timezone

import pytest
from msgspec.structs import replace

from tests.db.house import BIANCHI, COMPANY, FERRI, INVOICE, NOW, ORDER, House, build
from tests.db.making import Office, arrival, parsed
from tui_mail.db import erp, knowledge, links, machine_links
from tui_mail.db.answering import Answering
from tui_mail.db.engine import Database
from tui_mail.db.knowledge import Answered, KnownRecord, OwnHouse, Records
from tui_mail.db.machine_links import MachineLinks, Proposed
from tui_mail.db.session import Session
from tui_mail.linking.facts import Knowledge, ParentLink
from tui_mail.linking.pipeline import needs
from tui_mail.values import (
    EntityRecord,
    ErpChanges,
    LinkProposal,
    LinkState,
    Mailbox,
    Reference,
)


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def known(house: House, message: int) -> Knowledge:
    read = house.database.read_now
    own = OwnHouse(frozenset({"vendite@rossi.it"}))
    found = read(knowledge.described, [message], own, {})
    one = next(one for one in found if one.message_id == message)
    need = needs(one.facts)
    records = read(Records, [need])
    refused = read(knowledge.rejected, {one.thread_id})
    return records.knowledge(need, None, refused.get(one.thread_id, frozenset()))


def letter(house: House, **columns: object) -> int:
    given = {"sender_address": "l.ferri@ferri.it", "recipient_addresses": "vendite@rossi.it"}
    return house.message(**(given | columns))  # type: ignore[arg-type]


def link(house: House, message: int, *references: Reference) -> None:
    proposals = [
        LinkProposal(house.ids[one], LinkState.AUTOMATIC, "number", 90, "why") for one in references
    ]
    batch = [Proposed(message, NOW, proposals)]
    house.database.write_now(machine_links.save_links, batch, NOW)


def test_an_address_tells_its_party_and_contact(house: House) -> None:
    found = known(house, letter(house)).addresses["l.ferri@ferri.it"]
    assert [(one.party_id, one.name, one.contact_name) for one in found] == [
        (house.ids[FERRI], "Ferri Impianti Srl", "Luca Ferri")
    ]


def test_a_domain_tells_its_party_and_whether_the_erp_says_so(house: House) -> None:
    ferri = known(house, letter(house, sender_address="new@ferri.it")).domains["ferri.it"]
    bianchi = known(house, letter(house, sender_address="new@bianchi.it")).domains["bianchi.it"]
    assert [(one.party_id, one.declared) for one in ferri] == [(house.ids[FERRI], True)]
    assert [(one.party_id, one.declared) for one in bianchi] == [(house.ids[BIANCHI], False)]


@pytest.mark.parametrize(
    ("subject", "reference"),
    [("Ordine 119", ORDER), ("ordine n. 119/2026", ORDER), ("fattura 2026/A/88", INVOICE)],
)
def test_a_number_tells_the_documents_that_have_it(
    house: House, subject: str, reference: Reference
) -> None:
    documents = known(house, letter(house, subject=subject)).documents
    assert house.ids[reference] in [one.entity_id for one in documents]
    assert {one.party_name for one in documents} == {"Ferri Impianti Srl"}


def test_the_number_of_a_company_that_only_records_name_is_found(house: House) -> None:
    lone = EntityRecord("VERDI", "sales_order", "2026/777", year=2026, number="777")
    house.database.write_now(erp.take, "x", ErpChanges("", False, entities=(lone,)), NOW)
    documents = known(house, letter(house, subject="ordine 777")).documents
    assert [one.company for one in documents] == ["VERDI"]
    assert COMPANY != "VERDI"


def answering(house: House, *messages: int) -> Answering:
    def read(session: Session) -> Answering:
        found = knowledge.described_alone(session, messages, OwnHouse())
        found.sort(key=lambda one: (one.received_at, one.message_id))
        return Answering(session, found, {})

    return house.database.read_now(read)


def answered(house: House, message: int) -> Answered | None:
    there = answering(house, message)
    (one,) = there.in_order()
    return there.parent(one)


def test_an_answer_knows_what_it_answers(house: House) -> None:
    first = letter(house, header="1@ferri.it", subject="Ordine 119")
    link(house, first, ORDER)
    answer = letter(
        house,
        minutes=5,
        thread=house.thread_of(first),
        header="2@rossi.it",
        references="0@lost 1@ferri.it",
        in_reply_to="unknown@x",
    )
    parent = answered(house, answer)
    assert parent is not None
    assert (parent.message_id, parent.subject) == (first, "Ordine 119")
    assert parent.participants == {"l.ferri@ferri.it", "vendite@rossi.it"}
    assert answered(house, first) is None


def test_of_messages_with_one_identifier_the_oldest_of_the_conversation_is_answered(
    house: House,
) -> None:
    """An identifier that somebody uses again elsewhere takes no answer away."""
    letter(house, header="1@ferri.it", minutes=-5)
    first = letter(house, header="1@ferri.it", minutes=1)
    thread = house.thread_of(first)
    letter(house, header="1@ferri.it", minutes=2, thread=thread)
    answer = letter(house, minutes=5, thread=thread, in_reply_to="1@ferri.it")
    parent = answered(house, answer)
    assert parent is not None
    assert parent.message_id == first


def test_answers_come_after_what_they_answer(house: House) -> None:
    first = letter(house, header="1@ferri.it", minutes=9)
    thread = house.thread_of(first)
    later = letter(house, header="2@ferri.it", thread=thread, in_reply_to="1@ferri.it", minutes=5)
    last = letter(house, header="3@ferri.it", thread=thread, in_reply_to="2@ferri.it")
    there = answering(house, first, later, last)
    assert [one.message_id for one in there.in_order()] == [first, later, last]


def test_of_messages_that_answer_each_other_the_oldest_answers_nothing(house: House) -> None:
    first = letter(house, header="1@ferri.it", in_reply_to="2@ferri.it")
    thread = house.thread_of(first)
    second = letter(house, header="2@ferri.it", in_reply_to="3@ferri.it", minutes=1, thread=thread)
    third = letter(house, header="3@ferri.it", in_reply_to="1@ferri.it", minutes=2, thread=thread)
    there = answering(house, first, second, third)
    parents = {one.message_id: there.parent(one) for one in there.in_order()}
    assert list(parents) == [first, third, second]
    assert parents[first] is None


def test_links_are_known_before_they_are_written(house: House) -> None:
    first = letter(house, header="1@ferri.it")
    link(house, first, ORDER)
    order, ferri, bianchi = (house.ids[one] for one in (ORDER, FERRI, BIANCHI))

    def conclude(session: Session) -> tuple[tuple[ParentLink, ...], ...]:
        machine = MachineLinks(
            session, [first], {bianchi: KnownRecord("customer", None, COMPANY, "Bianchi")}
        )
        before = machine.of(first)
        said = [LinkProposal(bianchi, LinkState.PROPOSED, "address", 60, "why")]
        machine.conclude(Proposed(first, NOW, said), NOW)
        return before, machine.of(first)

    before, after = house.database.write_now(conclude)
    assert {(one.entity_id, one.label) for one in before} == {
        (order, "2026/119"),
        (ferri, "Ferri Impianti Srl"),
    }
    assert [(one.entity_id, one.state) for one in after] == [(bianchi, LinkState.PROPOSED)]


def test_what_was_refused_in_the_conversation_is_told(house: House) -> None:
    first = letter(house, header="1@ferri.it")
    second = letter(house, minutes=1, thread=house.thread_of(first))
    link(house, first, ORDER)
    house.database.write_now(links.reject, house.anna, first, house.ids[ORDER], now=NOW)
    assert known(house, second).rejected == {house.ids[ORDER]}


def test_later_messages_of_the_conversation_are_linked_anew_too(house: House) -> None:
    first = letter(house, header="1@ferri.it")
    thread = house.thread_of(first)
    later = letter(house, minutes=9, thread=thread)
    earlier = letter(house, minutes=-9, thread=thread)
    found = house.database.read_now(knowledge.described, [first], OwnHouse(), {})
    assert [one.message_id for one in found] == [first, later]
    assert found[1].received_at == NOW + timedelta(minutes=9)
    assert house.database.read_now(knowledge.message_ids_after, first, 10) == [later, earlier]


def test_what_has_just_been_stored_is_described_as_if_it_were_read_again(
    database: Database,
) -> None:
    office = Office(database)
    east = timezone(timedelta(hours=13))
    odd = parsed("a\0b@x", references=["r1@x", "r\udcff@x"], subject="Ordine \0 \ud800 già")
    odd = replace(
        odd,
        sender=Mailbox("Anna@Rossi.IT", "An\0na"),
        reply_to=(Mailbox("R@X.it", ""), Mailbox("a b@x.it", "")),
        cc=(Mailbox("C@x.it", "C"), Mailbox("vendite@noi.it", "")),
        bcc=(Mailbox("\udcfe@x.it", ""),),
        date=datetime(2026, 1, 2, 3, tzinfo=east),
        kind="notification",
    )
    mail = [
        parsed("plain@x"),
        odd,
        replace(parsed("undated@x", references=["plain@x"]), date=None, sender=None),
    ]
    came = [
        replace(one, prepared=replace(one.prepared, parsed=message))
        for one, message in zip((arrival(f"{n}") for n in range(3)), mail, strict=True)
    ]
    saved = office.save(*came)
    rows = {one.message_id: one.row for one in saved if one.row}
    assert len(rows) == 3
    own = OwnHouse(frozenset({"vendite@noi.it"}))
    told = database.read_now(knowledge.described, rows.keys(), own, rows)
    assert told == database.read_now(knowledge.described, rows.keys(), own, {})
