"""How the databases read what people wait for: by an index, in order, and no more than is shown."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import event, text
from sqlmodel import Session

from tests.db.house import build
from tests.db.making import NOW, Office, analyzed, arrival, at, check_counters
from tui_mail.db import (
    accounts,
    actions,
    address_book,
    certified,
    erp,
    exchange,
    filing,
    folder_records,
    keeping,
    knowledge,
    learned_formats,
    lost_receipts,
    outbox,
    own_letters,
    picked_up,
    sent_copies,
    wanted,
)
from tui_mail.db.accounts import operator_for
from tui_mail.db.answering import Answering
from tui_mail.db.bulk import insert_numbered, insert_rows
from tui_mail.db.cards import card
from tui_mail.db.conversations import end_window, window
from tui_mail.db.engine import Database
from tui_mail.db.fulltext import search
from tui_mail.db.guesses import firm_of_writer, guesses, is_firm_here
from tui_mail.db.knowledge import OwnHouse, Records
from tui_mail.db.links import chips_for
from tui_mail.db.list_ways import next_unread
from tui_mail.db.local_copies import holds
from tui_mail.db.machine_links import MachineLinks
from tui_mail.db.many import key_of
from tui_mail.db.messages import Arrival, PreparedAttachment, save, update_flags
from tui_mail.db.picked_up import Picked
from tui_mail.db.pieces import pieces_beside
from tui_mail.db.positions import first_position
from tui_mail.db.rows import ListOrder, ListRow, PageKey, Sort, TraceFilter
from tui_mail.db.tables import (
    Address,
    CertifiedReport,
    ExchangeNotice,
    Folder,
    FolderRecord,
    Link,
    TaughtFormat,
)
from tui_mail.db.tags import tags
from tui_mail.db.traces import trace, unreadable
from tui_mail.db.undoing import undo
from tui_mail.db.whole_threads import MOST_COUNTED
from tui_mail.linking.facts import MessageFacts
from tui_mail.linking.pipeline import needs
from tui_mail.search.language import parse
from tui_mail.values import (
    AddressRecord,
    EntityRecord,
    ErpChanges,
    Flag,
    FolderRole,
    Identity,
    Mailbox,
    Reference,
)

_MANY = 3000
_ORDER = 7
_KEY = PageKey(at(100), 50)
_POSITION = PageKey(at(1000), first_position(at(1000)))
_BIG = ("conversation", "placement", "message", "message_words", "link")


@pytest.fixture
def office(database: Database) -> Office:
    """Anna's own mail and a shared account's, every message linked to one record; Bruno sees half."""
    office = Office(database)
    bruno = key_of(database.write_now(operator_for, "bruno").id)
    shop = office.add("vendite@noi.it", shared=True)
    inboxes = ((office.account, office.inbox), (shop, office.folder(FolderRole.INBOX, shop)))
    links: list[dict[str, object]] = []
    for account, folder in inboxes:
        mail = [
            arrival(f"{account}-{n}", f"1:{n}", minutes=n, text=f"comune parola{n}")
            for n in range(_MANY // 2)
        ]
        for one in office.save(*mail, folder=folder, account=account):
            links.append(_link(one.message_id, len(links)))
    database.write_now(insert_rows, Link, links)
    database.write_now(analyzed)
    office.operator = bruno
    return office


def _link(message_id: int, minutes: int) -> dict[str, object]:
    said = {"state": "automatic", "method": "number", "score": 90, "why": "", "found_in": ""}
    return {
        "message_id": message_id,
        "entity_id": _ORDER if minutes % 3 else _ORDER + 1,
        "received_at": at(minutes),
        "position": first_position(at(minutes)),
        "operator_id": None,
        "at": NOW,
        **said,
    }


def _plans(session: Session, read: Callable[[Session], object]) -> Iterator[str]:
    """The plan of each statement that `read` really runs, rights and all."""
    connection = session.connection()
    postgresql = session.get_bind().dialect.name == "postgresql"
    if postgresql:  # what it does with many more rows
        for wasteful in ("seqscan", "sort", "hashjoin", "mergejoin"):
            connection.execute(text(f"SET enable_{wasteful} = off"))
    statements: list[tuple[str, Sequence[object]]] = []

    def note(
        _c: object, _cursor: object, sql: str, parameters: Sequence[object], *_: object
    ) -> None:
        if not sql.startswith(("EXPLAIN", "SET")):
            statements.append((sql, parameters))

    event.listen(connection, "before_cursor_execute", note)
    assert read(session)
    event.remove(connection, "before_cursor_execute", note)
    for sql, parameters in statements:
        explain = "EXPLAIN " if postgresql else "EXPLAIN QUERY PLAN "
        rows = connection.exec_driver_sql(explain + sql, parameters)
        yield "\n".join([sql, *(str(row[-1]) for row in rows)])


def _all_plans(session: Session, do: Callable[[Session], object]) -> list[str]:
    return list(_plans(session, do))


def _check(
    database: Database, read: Callable[[Session], object], *, may_sort: bool = False
) -> None:
    """Nothing big is read from end to end, and what is cut off after a page is never sorted first,
    unless it `may_sort`: then copies are few, and are read and sorted."""
    plans = database.read_now(lambda session: list(_plans(session, read)))
    for plan in plans:
        sql, _newline, steps = plan.rpartition("LIMIT") if "LIMIT" in plan else ("", "", plan)
        for big in _BIG if not may_sort else _BIG[2:]:
            assert f"Seq Scan on {big} " not in steps, plan
            assert f"SCAN {big}\n" not in f"{steps}\n", plan
        if sql and not may_sort:
            assert "TEMP B-TREE FOR ORDER BY" not in steps, plan
            assert "Sort" not in steps, plan


def test_a_window_of_a_folder(office: Office) -> None:
    folder = office.folder(FolderRole.INBOX, 2)
    for threads in (True, False):
        read = partial(
            window, operator_id=office.operator, folder_id=folder, threads=threads, limit=50
        )
        for where in ("before", "after", "start"):
            _check(office.database, partial(read, **{where: _KEY}))
        _check(office.database, read)
        end = partial(end_window, operator_id=office.operator, folder_id=folder, threads=threads)
        _check(office.database, end)


def test_a_long_conversation_is_not_counted_for_a_window(office: Office) -> None:
    inbox = office.folder(FolderRole.INBOX, 2)
    office.save(arrival("root", "9:0"), folder=inbox, account=2)
    thread = [arrival(f"t{n}", f"9:{n}", references=["root"]) for n in range(1, MOST_COUNTED + 1)]
    office.save(*thread, folder=inbox, account=2)
    office.database.write_now(analyzed)
    start = PageKey(at(0), 10**9)
    read = partial(window, operator_id=office.operator, folder_id=inbox, start=start, limit=1)
    assert [row.in_thread for row in office.database.read_now(read)] == [MOST_COUNTED + 1]
    plans = office.database.read_now(lambda session: list(_plans(session, read)))
    assert not [plan for plan in plans if "count(DISTINCT" in plan]
    for plan in plans:
        assert "SCAN conversation" not in plan, plan
        assert "Seq Scan on conversation" not in plan, plan


def test_what_comes_to_a_conversation_is_added_to_its_sums(office: Office) -> None:
    inbox = office.folder(FolderRole.INBOX, 2)
    office.save(arrival("root", "9:0"), folder=inbox, account=2)
    mail = [arrival(f"t{n}", f"9:{n}", references=["root"]) for n in (1, 2)]

    def come(session: Session) -> object:
        return save(session, 2, inbox, mail, NOW)

    def flag(session: Session) -> object:
        update_flags(session, inbox, {"9:1": frozenset({"seen", "flagged"})})
        return mail

    for change in (come, flag):
        plans = office.database.write_now(_all_plans, change)
        assert any("conversation" in plan for plan in plans)
        assert not [plan for plan in plans if "row_number()" in plan]
    office.database.read_now(check_counters)


def test_tags_are_walked_through_from_one_set_to_the_next(office: Office) -> None:
    inbox = office.folder(FolderRole.INBOX, 2)
    tagged = [arrival(f"t{n}", f"9:{n}", flags=["seen", f"t{n % 3}"]) for n in range(300)]
    office.save(*tagged, folder=inbox, account=2)
    office.database.write_now(analyzed)
    read = partial(tags, operator_id=office.operator)
    _check(office.database, read)
    plans = office.database.read_now(lambda session: list(_plans(session, read)))
    assert "placement_tags" in plans[0]


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("backwards", [False, True])
def test_a_window_of_a_folder_in_any_order(office: Office, sort: Sort, backwards: bool) -> None:
    folder = office.folder(FolderRole.INBOX, 2)
    like: Any = {"order": ListOrder(sort, backwards), "threads": False, "limit": 50}
    read = partial(window, operator_id=office.operator, folder_id=folder, **like)
    row = office.database.read_now(read)[20]
    for where in ("before", "after", "start"):
        _check(office.database, partial(read, **{where: row.key}))
    _check(office.database, read)
    end = partial(end_window, operator_id=office.operator, folder_id=folder, **like)
    _check(office.database, end)


def test_the_mail_of_a_record_and_what_may_not_be_read_of_it(office: Office) -> None:
    read = partial(trace, operator_id=office.operator, entity_id=_ORDER)
    for before in (None, PageKey(at(2500), first_position(at(2500)))):
        _check(office.database, partial(read, before=before))
    closed = partial(unreadable, operator_id=office.operator, entity_id=_ORDER)
    _check(office.database, closed, may_sort=True)  # it goes through what it counts
    assert office.database.read_now(closed) == sum(n % 3 > 0 for n in range(_MANY // 2))


@pytest.mark.parametrize(
    "only",
    [
        TraceFilter(since=at(1600), until=at(2600)),
        TraceFilter(outgoing=False),
        TraceFilter(account_id=2),
        TraceFilter(kinds=("human", "list")),
        TraceFilter(since=at(1600), outgoing=False, kinds=("human",)),
    ],
)
def test_some_of_the_mail_of_a_record(office: Office, only: TraceFilter) -> None:
    read = partial(trace, operator_id=office.operator, entity_id=_ORDER, only=only)
    for before in (None, PageKey(at(2500), first_position(at(2500)))):
        _check(office.database, partial(read, before=before))
    assert len(office.database.read_now(read)) == 50


def test_a_search_whether_it_finds_all_or_one(office: Office) -> None:
    # PostgreSQL's index of words has no order: of a small mailbox all hits are read and sorted.
    gathers = office.database.engine.dialect.name == "postgresql"
    for query in ("comune", "subject:ordine comune", "is:unread", "in:inbox"):
        read = partial(search, operator_id=office.operator, query=parse(query, NOW), limit=20)
        for before in (None, _POSITION):
            _check(office.database, partial(read, before=before), may_sort=gathers)
    (row,) = office.database.read_now(search, office.operator, parse("parola77", NOW))
    assert row.account == "vendite@noi.it"


_ALL_OF_ONE = re.compile(
    r"SEARCH (?:placement|conversation|outgoing|entity)\w* USING (?:COVERING )?INDEX \w+"
    r" \((?:folder_id|account_id|kind)=\?\)"
)


def _check_narrow(plans: Sequence[str]) -> None:
    """No folder, account or kind is gone through for a few of its rows."""
    assert plans
    for plan in plans:
        assert "SCAN address" not in plan, plan
        assert not _ALL_OF_ONE.search(plan), plan


def test_what_a_person_does_to_one_message(office: Office) -> None:
    database, folder = office.database, office.folder(FolderRole.INBOX, 2)
    (row,) = database.read_now(
        window, operator_id=office.operator, folder_id=folder, limit=1, threads=True
    )
    placement = key_of(row.placement_id)
    for do in (
        partial(actions.mark, placement_ids=[placement], add=frozenset({Flag.STARRED})),
        partial(actions.archive, placement_ids=[placement]),
        undo,
    ):
        act = partial(do, operator_id=office.operator, now=NOW)
        _check_narrow(database.write_now(_all_plans, act))
    whole = partial(
        actions.whole_conversation,
        operator_id=office.operator,
        thread_id=row.thread_id,
        folder_id=folder,
    )
    _check_narrow(database.read_now(_all_plans, whole))


def test_what_letters_wait_and_which_copies(office: Office) -> None:
    sent = office.folder(FolderRole.SENT, 2)
    told = {"1:1": Identity("a@rossi.it", 1, NOW)}

    def read(session: Session) -> bool:
        sent_copies.are_awaited(session, sent, NOW)
        sent_copies.take(session, sent, told, NOW)
        outbox.due(session, 2, NOW)
        outbox.next_due(session, 2)
        outbox.recover(session, 2, NOW)
        outbox.waiting_count(session, office.operator)
        return bool(accounts.statuses(session, office.operator))

    _check_narrow(office.database.write_now(_all_plans, read))


def test_names_are_completed_by_indexes(office: Office) -> None:
    _records(office)
    read = partial(address_book.suggest, operator_id=office.operator, text="ditta7")
    plans = office.database.read_now(_all_plans, read)
    # Words within names are looked for among all people, when no beginning of one is theirs.
    _check_narrow([plan for plan in plans if "title_folded LIKE" not in plan])


def test_the_records_beside_a_page_of_messages(office: Office) -> None:
    _check(office.database, partial(_chips, message_ids=range(1, 101)))


def test_the_pieces_beside_a_message(office: Office) -> None:
    def read(session: Session) -> bool:
        return pieces_beside(session, office.operator, 1) == []  # nothing came in pieces

    _check(office.database, read, may_sort=True)


def test_what_a_folder_holds_of_a_batch(office: Office) -> None:
    hashes = [arrival(f"1-{n}", text=f"comune parola{n}").prepared.content_hash for n in range(400)]
    plans = office.database.read_now(
        lambda session: _all_plans(session, lambda s: holds(s, office.inbox, hashes))
    )
    (placements,) = (plan for plan in plans if "FROM placement" in plan)
    assert "placement_message" in placements.partition("\n")[2], placements


def _chips(session: Session, message_ids: Sequence[int]) -> bool:
    return chips_for(session, message_ids) == {}  # no record was made


@pytest.mark.parametrize(
    "query",
    [
        "is:unread",
        "in:inbox is:unread",
        "in:archive is:unread",
        "is:unread comune",
        "in:archive is:read",
    ],
)
def test_what_is_unread_elsewhere_is_not_looked_at(office: Office, query: str) -> None:
    """Five unread messages beside 1,500 of an account that is not read, and as many that are."""
    few = office.folder(FolderRole.ARCHIVE, 2)
    mail = [
        arrival(
            f"few{n}", f"9:{n}", minutes=n, flags=[] if n % 100 == 0 else ["seen"], text="comune"
        )
        for n in range(500)
    ]
    office.save(*mail, folder=few, account=2)
    office.database.write_now(analyzed)
    bound: list[int] = []

    def note(_c: object, _cursor: object, _sql: str, given: Sequence[object], *_: object) -> None:
        bound.append(len(given))

    def read(session: Session) -> int:
        event.listen(session.connection(), "before_cursor_execute", note)
        return len(search(session, office.operator, parse(query, NOW), limit=50))

    assert office.database.read_now(read)
    assert max(bound) <= 400
    plans = office.database.read_now(lambda session: _all_plans(session, read))
    pages = [plan for plan in plans if "FROM message JOIN placement" in plan]
    assert pages
    assert all("placement_by_state" not in plan for plan in pages), pages


@pytest.mark.parametrize(
    "query", ["is:answered", "is:draft", "is:answered comune", "in:inbox is:answered", "is:read"]
)
def test_a_state_that_few_have_is_found_by_its_index(office: Office, query: str) -> None:
    for number, flag in enumerate(["answered", "draft", "seen"]):
        one = arrival(f"state{number}", f"8:{number}", flags=[flag], text="comune")
        office.save(one, folder=office.folder(FolderRole.INBOX, 2), account=2)
    office.database.write_now(analyzed)

    def read(session: Session) -> list[ListRow]:
        return search(session, office.operator, parse(query, NOW), limit=50)

    _check(office.database, read, may_sort=True)
    plans = "".join(office.database.read_now(lambda session: list(_plans(session, read))))
    assert "SCAN message " not in plans  # not even by an index
    assert "Index Scan Backward using message_position" not in plans
    assert len(office.database.read_now(read)) == 1


def test_what_is_known_of_pop3_and_may_go_there(office: Office) -> None:
    hashes = [f"{number:064}" for number in range(_MANY)]
    came = [Picked(f"uidl {one}", one, "", 1) for one in hashes]
    office.database.write_now(picked_up.note, 1, came, NOW)
    office.database.write_now(analyzed)
    for read in (
        partial(picked_up.picked, account_id=1, keys=["uidl " + hashes[7]]),
        partial(picked_up.contents, account_id=1, hashes=hashes[:3]),
        partial(picked_up.due, account_id=1, seen_by=at(-1), deleted_here=True),
    ):
        _check(office.database, read)


def test_what_linking_wants_to_know(office: Office) -> None:
    book = [
        {
            "company": "01",
            "source": "x",
            "email": f"a{number}@firm{number}.example",
            "domain": f"firm{number}.example",
            "party_id": 1,
            "contact_id": None,
            "purpose": "",
            "primary": False,
        }
        for number in range(_MANY)
    ]
    office.database.write_now(insert_rows, Address, book)
    records = tuple(
        EntityRecord(
            "01",
            "invoice",
            f"2026/{number}",
            year=2026,
            number=str(number),
            their_reference=f"PO-{number}",
        )
        for number in range(_MANY)
    )
    office.database.write_now(erp.take, "x", ErpChanges("", False, entities=records), NOW)
    office.database.write_now(_taught)
    office.database.write_now(analyzed)

    def read(session: Session) -> bool:
        own = OwnHouse()
        found = knowledge.described(session, [5, 9], own, {})
        facts = MessageFacts(
            "fattura 7/2026, pagata con bonifico di 7,00 euro, OV-26-7, identificativo SdI 10007",
            (Mailbox("x@firm7.example"),),
        )
        said = [replace(found[0], facts=facts)]
        assert exchange.notices(session, said)
        assert learned_formats.with_formats(session, said) != said
        known = Records(session, [needs(facts)]).known
        Answering(session, [replace(found[0], answers=("x@server",))], {})
        own_letters.letters(session, {5: ["x@y"]})
        MachineLinks(session, [5, 9], known)
        knowledge.rejected(session, {one.thread_id for one in found})
        return bool(found and known)

    plans = office.database.read_now(lambda session: list(_plans(session, read)))
    assert len(plans) > 7
    for plan in plans:
        for big in ("message", "link", "address", "entity"):
            assert f"Seq Scan on {big} " not in plan, plan
            assert f"SCAN {big}\n" not in f"{plan}\n", plan
        assert "(kind=?)" not in plan, plan  # all invoices, say: as good as all there are
    numbered = [plan for plan in plans if "entity.number IN" in plan or "entity.number =" in plan]
    assert numbered
    assert all("entity_number" in plan for plan in numbered), numbered


@pytest.mark.parametrize("typed", ["FT 7/A", "purchase order 7", "7/26/1", "invoice firm 7"])
def test_records_by_the_names_that_screens_give_them(office: Office, typed: str) -> None:
    firm = Reference("customer", "C1", "01")
    records = (
        EntityRecord("01", "customer", "C1", "Firm"),
        *(
            EntityRecord(
                "01",
                kind,
                f"2026/A/{one}",
                party=firm,
                year=2026,
                series="A",
                number=f"{one}",
                their_reference=f"PO-{one}",
            )
            for one in range(_MANY)
            for kind in ("invoice", "purchase_order")
        ),
        EntityRecord("01", "due_item", "2026/A/7#1", year=2026, series="A", number="7"),
    )
    office.database.write_now(erp.take, "x", ErpChanges("", False, entities=records), NOW)
    office.database.write_now(analyzed)
    read = partial(erp.find_entities, text=typed)
    plans = office.database.read_now(_all_plans, lambda session: bool(read(session)))
    assert plans
    for plan in plans:
        assert "Seq Scan on entity " not in plan, plan
        assert "SCAN entity\n" not in f"{plan}\n", plan


def test_an_address_that_is_being_typed_is_looked_up_by_an_index(sqlite_database: Database) -> None:
    read = partial(address_book.suggest, operator_id=1, text="acq")
    build(sqlite_database)
    plans = "\n".join(sqlite_database.read_now(_all_plans, read))
    assert "SEARCH address USING INDEX ix_address_email" in plans
    assert "SCAN address" not in plans


def _taught(session: Session) -> None:
    """Every message taught a way of writing, and is a notice of the exchange of invoices."""
    way = {"kind": "invoice", "company": "01", "lead": "", "meant": "", "party_id": 0}
    formats = [
        {
            **way,
            "message_id": number,
            "entity_id": 1,
            "written": f"W{number}-{{yy}}-{{n}}" if number > 1 else "OV-{yy}-{n}",
            "shape": f"A-{number}-9" if number > 1 else "A-9-9",
            "refused": False,
        }
        for number in range(1, _MANY)
    ]
    insert_rows(session, TaughtFormat, formats)
    notices = [{"number": str(10_000 + one), "message_id": one} for one in range(1, _MANY)]
    insert_rows(session, ExchangeNotice, notices)


def test_the_card_of_a_firm_with_much_to_do(office: Office) -> None:
    firm = Reference("customer", "C1", "01")
    records = (
        EntityRecord("01", "customer", "C1"),
        *(
            EntityRecord("01", "activity", f"A{number}", party=firm, state="open")
            for number in range(_MANY)
        ),
    )
    office.database.write_now(erp.take, "x", ErpChanges("", False, entities=records), NOW)
    office.database.write_now(analyzed)
    found = office.database.read_now(erp.entity, firm)
    plans = office.database.read_now(_all_plans, partial(_card, entity_id=found.id))
    assert plans
    for plan in plans:
        assert "Seq Scan on entity " not in plan, plan
        assert "SCAN entity\n" not in f"{plan}\n", plan


def _card(session: Session, entity_id: int) -> bool:
    return card(session, entity_id, NOW.date()).next_activity is not None


def test_what_became_of_certified_letters(office: Office) -> None:
    reports = [
        {
            "message_id": number,
            "address": f"a{number}@firm.example",
            "letter": f"l{number}@ours",
            "identifier": f"opec{number}@provider",
            "state": "delivered",
            "reason": "",
            "at": NOW,
        }
        for number in range(1, _MANY)
    ]
    office.database.write_now(insert_rows, CertifiedReport, reports)
    office.database.write_now(analyzed)

    def read(session: Session) -> bool:
        certified.carried(session, ["opec7@provider"])
        certified.is_foreign(session, 7)
        lost_receipts.letters_of(session, [7, 8])
        return bool(certified.states(session, {"l7@ours": ["a7@firm.example"]}))

    plans = office.database.read_now(lambda session: list(_plans(session, read)))
    assert len(plans) > 3
    for plan in plans:
        for big in ("certified_report", "message"):
            assert f"Seq Scan on {big} " not in plan, plan
            assert f"SCAN {big}\n" not in f"{plan}\n", plan


_FIRM, _BELOW = Reference("customer", "C7", "01"), 7


def _records(office: Office) -> None:
    """Firms, people, addresses and invoices by the thousand."""
    firms = [
        EntityRecord("01", "customer", f"C{number}", f"Ditta{number} Impianti Srl")
        for number in range(_MANY)
    ]
    people = [
        EntityRecord("01", "contact", f"customer/C{number}/1", f"Persona{number} Rossi")
        for number in range(_MANY)
    ]
    invoices = [
        EntityRecord("01", "invoice", f"2026/{number}", party=_FIRM, year=2026, number=str(number))
        for number in range(_MANY)
    ]
    changes = ErpChanges(
        "",
        False,
        entities=(*firms, *people, *invoices),
        addresses=tuple(
            AddressRecord(
                "01", f"info@ditta{number}.example", Reference("customer", f"C{number}", "01")
            )
            for number in range(_MANY)
        ),
    )
    office.database.write_now(erp.take, "x", changes, NOW)


def _reads_little(office: Office, read: Callable[[Session], object], *, least: int) -> None:
    office.database.write_now(analyzed)
    plans = office.database.read_now(_all_plans, read)
    assert len(plans) >= least
    for plan in plans:
        for big in ("entity", "address", "message", "message_text", "placement", "link"):
            assert f"Seq Scan on {big} " not in plan, plan
            assert f"SCAN {big}\n" not in f"{plan}\n", plan
        assert "(kind=?)" not in plan, plan  # all invoices, say: as good as all there are


def test_what_an_unlinked_message_is_likely_about(office: Office) -> None:
    _records(office)
    stranger = arrival(
        "stranger",
        "9:1",
        sender="persona5@ditta5.example",
        subject="fattura 77 del 2026",
        text="Buongiorno\n\nPersona7 Rossi\nDitta9 Impianti Srl\n",
    )
    (saved,) = office.save(stranger, folder=office.folder(FolderRole.INBOX, 2), account=2)

    def read(session: Session) -> bool:
        found = guesses(session, office.operator, saved.message_id)
        firm = firm_of_writer(session, office.operator, saved.message_id)
        known = is_firm_here(session, "Ditta9 Impianti SpA")
        unknown = not is_firm_here(session, "Ditta9")
        return (
            len({one.record.kind for one in found}) > 1 and firm is not None and known and unknown
        )

    _reads_little(office, read, least=8)


def test_folders_of_records(office: Office) -> None:
    _records(office)
    firm = office.database.read_now(erp.entity, _FIRM)
    named = [{**_folder(2), "name": f"Ditta{number} Impianti Srl"} for number in range(_BELOW)]
    office.database.write_now(insert_numbered, Folder, named)
    stands = [
        {
            "folder_id": office.folder(FolderRole.INBOX, 2),
            "entity_id": firm.id,
            "operator_id": None,
            "at": NOW,
        }
    ]
    office.database.write_now(insert_rows, FolderRecord, stands)
    there = office.database.read_now(filing.folders_of, range(1, _MANY + 1))
    assert len(there) == _MANY // 2
    some = sorted(there)[:50]

    def read(session: Session) -> bool:
        assert len(filing.folders_of(session, some)) == len(some)
        assert folder_records.folder_records(session, office.operator)
        return len(folder_records.proposed(session, office.operator)) == _BELOW

    _reads_little(office, read, least=8)


def _folder(account_id: int) -> dict[str, object]:
    return {
        **dict.fromkeys(("role", "cursor", "remote", "identity"), ""),
        **dict.fromkeys(("total", "unread", "conversations"), 0),
        **dict.fromkeys(("gone", "hidden"), False),
        "account_id": account_id,
    }


def _with_file(number: int) -> Arrival:
    file = PreparedAttachment(
        number=1,
        name=f"{number}.pdf",
        media_type="application/pdf",
        size=1 << 20,
        sha256=f"{number:064x}",
        blob=f"{number:064x}",
    )
    return arrival(f"file{number}", f"7:{number}", minutes=number, attachments=(file,))


def test_what_may_go_is_found_by_windows_of_files(office: Office) -> None:
    inbox = office.folder(FolderRole.INBOX, 2)
    office.save(*(_with_file(number) for number in range(1, 1500)), folder=inbox, account=2)

    def wish(session: Session) -> None:
        session.connection().execute(
            text(
                "UPDATE account SET protocol = 'imap', host = 'mail.rossi.it', keep_kib = 100 WHERE email = 'vendite@noi.it'"
            )
        )
        session.connection().execute(text("UPDATE folder SET remote = 'INBOX' WHERE remote = ''"))
        session.connection().execute(text("DELETE FROM text_waiting"))
        analyzed(session)

    database = office.database
    database.write_now(wish)
    found = database.read_now(keeping.policies, NOW)
    names = database.read_now(keeping.blobs_after, "", 500)
    assert len(names) == 500
    _check_no_scan(database, partial(keeping.blobs_after, name=names[100], limit=100))
    may_go = partial(keeping.may_go, names=names, found=found, now=NOW)
    assert len(database.read_now(may_go)) == 500
    few = names[:20]
    _check_no_scan(database, partial(keeping.may_go, names=few, found=found, now=NOW))
    assert database.write_now(keeping.mark_away, names, found, NOW) == 500
    database.write_now(analyzed)
    _check_no_scan(database, partial(keeping.away_after, name=names[0], limit=100))
    _check_no_scan(database, partial(keeping.missed, names=few, found=[]))
    ids = database.read_now(keeping.missed, names, [])
    assert len(ids) == 500
    database.write_now(wanted.want, ids, NOW)
    _check_no_scan(database, partial(wanted.with_away_files, message_ids=ids[:20]))
    _check_no_scan(database, partial(wanted.copies, message_ids=ids[:20]))
    _check_no_scan(database, partial(wanted.wanted_of, account_id=2, now=NOW, limit=20))


def _check_no_scan(database: Database, read: Callable[[Session], object]) -> None:
    """No table that grows with the mail is gone through."""
    for plan in database.read_now(lambda session: list(_plans(session, read))):
        for big in (*_BIG, "attachment", "blob"):
            assert f"Seq Scan on {big} " not in plan, plan
            assert f"SCAN {big}\n" not in f"{plan}\n", plan


@pytest.mark.parametrize("sort", [Sort.SENDER, Sort.SIZE])
def test_rows_between_two_are_counted_in_the_lists_order(office: Office, sort: Sort) -> None:
    folder, order = office.folder(FolderRole.INBOX, 2), ListOrder(sort)
    first = office.database.read_now(
        window, operator_id=office.operator, folder_id=folder, limit=300, order=order
    )
    read = partial(
        next_unread, operator_id=office.operator, folder_id=folder, key=first[5].key, order=order
    )
    plans = office.database.read_now(_all_plans, read)
    _check_narrow([plan for plan in plans if "count(" in plan.lower()])
