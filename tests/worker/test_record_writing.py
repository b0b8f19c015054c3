"""Records made here reach the ERP once, whatever happens on the way, and are the same ones there."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from tests.connectors import books
from tests.connectors.books import Books
from tests.db.house import BIANCHI, House, build
from tests.servers import erpnext as erpnext_server
from tests.servers import odoo as odoo_server
from tests.servers.erp_http import Request, Response
from tests.servers.erpnext import ErpNextServer
from tests.servers.odoo import OdooServer
from tui_mail.__main__ import _connector
from tui_mail.connectors.erpnext import ErpNextConnector
from tui_mail.connectors.odoo import OdooConnector
from tui_mail.connectors.web import Limits
from tui_mail.db import creating, erp, erp_turns, undoing, writing
from tui_mail.db.cards import card
from tui_mail.db.creating import NewRecord
from tui_mail.db.engine import Database
from tui_mail.db.links import links_of
from tui_mail.db.rows import Card
from tui_mail.db.tables import Address, Entity, EntityWriting
from tui_mail.errors import TryLater, WrongUse
from tui_mail.values import LOCAL_SOURCE
from tui_mail.worker.record_writing import WritingOutcome, check_takes, write, write_due
from tui_mail.worker.records import refresh

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
_LATER = datetime.now(UTC) + timedelta(days=1)  # what failed is put off by the clock
_ADDRESS = "ada@bianchi.example"
_WRITE = """
import sys
from datetime import UTC, datetime, timedelta
from tui_mail.__main__ import _connector
from tui_mail.db.engine import Database
from tui_mail.worker.record_writing import write_due
write_due(Database(sys.argv[1]), _connector, datetime(2026, 11, 29, tzinfo=UTC))
"""


@dataclass
class Firm:
    """A house, and an ERP that it may write to, read once."""

    house: House
    kept: Books
    server: OdooServer | ErpNextServer
    location: str

    @property
    def database(self) -> Database:
        return self.house.database

    def party(self) -> int:
        return self.database.read_now(erp.entity, self.kept.customer).id

    def make(self, record: NewRecord, message: int = 0) -> int:
        message = message or self.house.message(sender_address=_ADDRESS)
        return self.database.write_now(creating.create, self.house.anna, message, record, NOW)

    def contact(self) -> int:
        return self.make(NewRecord("contact", "Ada Neri", self.party(), _ADDRESS))

    def write(self) -> list[WritingOutcome]:
        return write(self.database, self.kept.connector, "erp", _LATER)

    def card(self, entity_id: int) -> Card:
        return self.database.read_now(card, entity_id, NOW.date())

    def read(self) -> dict[str, tuple[int, int, int]]:
        done = refresh(self.database, self.kept.connector, "erp", "", lambda _text: None)
        return {one.kind: (one.new, one.changed, one.gone) for one in done.counts}

    def made(self) -> int:
        """How many contacts, leads, activities and opportunities the ERP has beyond its first."""
        of_odoo = ("res.partner", "crm.lead", "mail.activity")
        names = (*of_odoo, "Contact", "Lead", "Opportunity", "ToDo")
        return sum(len(self.server.tables.get(name, ())) for name in names) - self._at_first

    def __post_init__(self) -> None:
        self._at_first = 0
        self._at_first = self.made()


@pytest.fixture(params=["odoo", "erpnext"])
def firm(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Iterator[Firm]:
    house = build(database)
    server: OdooServer | ErpNextServer
    if request.param == "odoo":
        server = OdooServer()
        books.fill_odoo(server)
        file = server.http.key_file(tmp_path, odoo_server.KEY)
        kept = books.odoo(server, file, lambda: NOW)
    else:
        server = ErpNextServer()
        books.fill_erpnext(server)
        file = server.http.key_file(tmp_path, erpnext_server.KEY)
        kept = books.erpnext(server, file, lambda: NOW)
    assert isinstance(kept.connector, OdooConnector | ErpNextConnector)
    kept.connector._limits = Limits()  # the machine may be busy
    location = server.location(file)
    database.write_now(erp.add_source, "erp", location)
    database.write_now(writing.allow, "erp", [writing.EVERY_COMPANY])
    firm = Firm(house, kept, server, location)
    firm.read()
    yield firm
    server.http.stop()


def _rows(session: Session) -> list[tuple[str, str, str]]:
    """Records of the kinds that are made here, with their sources."""
    kinds = ("contact", "lead", "activity", "opportunity")
    query = select(col(Entity.kind), col(Entity.title), col(Entity.source))
    found = session.exec(query.where(col(Entity.kind).in_(kinds), ~col(Entity.gone))).all()
    return sorted((kind, title, source) for kind, title, source in found)


def _addresses(session: Session) -> list[tuple[str, int, int | None]]:
    query = select(col(Address.source), col(Address.party_id), col(Address.contact_id))
    found = session.exec(query.where(Address.email == _ADDRESS)).all()
    return [(source, party, contact) for source, party, contact in found]


def _lose(firm: Firm) -> None:
    """The ERP makes what it is asked to, and its answer never comes."""

    def lose(request: Request, given: Response) -> Response:
        return Response(200, b"{", announced=5_000) if _is_write(request) else given

    firm.server.http.on_the_way = lose


def _is_write(request: Request) -> bool:
    return b"__tui_mail__" in request.body or (
        request.method == "POST" and request.path.startswith("/api/resource/")
    )


def _find(firm: Firm) -> None:
    firm.server.http.on_the_way = lambda _request, given: given


@pytest.mark.parametrize("kind", ["contact", "lead", "activity", "opportunity"])
def test_it_is_the_same_record_there_and_when_it_is_read_again(firm: Firm, kind: str) -> None:
    party = None if kind == "lead" else firm.party()
    address = _ADDRESS if kind in {"contact", "lead"} else ""
    message = firm.house.message(sender_address=_ADDRESS)
    entity_id = firm.make(NewRecord(kind, "Ada Neri", party, address), message)
    assert firm.card(entity_id).entity.on_its_way in {"Odoo", "ERPNext"}
    (outcome,) = firm.write()
    shown = firm.card(entity_id)
    assert (shown.entity.code, shown.entity.source) == (outcome.code, "erp")
    assert (shown.entity.on_its_way, shown.entity.way_error) == ("", "")
    assert shown.place == ("Odoo" if isinstance(firm.server, OdooServer) else "ERPNext")
    before = firm.database.read_now(_rows)
    again = firm.read()
    assert not any(new or gone for new, _changed, gone in again.values())
    assert firm.database.read_now(_rows) == before
    (link,) = [
        one
        for one in firm.database.read_now(links_of, firm.house.anna, message)
        if one.kind == kind
    ]
    assert (link.entity_id, link.code, link.state) == (entity_id, outcome.code, "confirmed")
    if address:
        assert len(firm.database.read_now(_addresses)) == 1
    assert firm.write() == []
    assert firm.made() == 1


def test_until_somebody_says_so_nothing_is_written(firm: Firm) -> None:
    firm.database.write_now(writing.allow, "erp", [])
    entity_id = firm.contact()
    assert firm.write() == []
    shown = firm.card(entity_id)
    assert (shown.entity.source, shown.entity.on_its_way) == (LOCAL_SOURCE, "")
    assert not firm.made()
    assert firm.database.read_now(_addresses)  # in the address book all the same


def test_what_was_made_before_is_written_when_somebody_asks(firm: Firm) -> None:
    firm.database.write_now(writing.allow, "erp", [])
    firm.contact()
    firm.database.write_now(writing.allow, "erp", [firm.kept.customer.company])
    assert firm.write() == []
    firm.database.write_now(writing.enqueue_again, ["erp"], NOW)
    assert [one.error for one in firm.write()] == [""]


def test_a_company_that_is_not_named_stays_here(firm: Firm) -> None:
    firm.database.write_now(writing.allow, "erp", ["another"])
    entity_id = firm.contact()
    assert firm.write() == []
    assert not firm.card(entity_id).entity.on_its_way


def test_what_is_of_another_place_stays_here(firm: Firm) -> None:
    entity_id = firm.make(NewRecord("activity", "Call", firm.house.ids[BIANCHI]))
    assert firm.write() == []
    assert not firm.card(entity_id).entity.on_its_way


def test_with_the_erp_down_it_is_there_at_once_and_written_later(firm: Firm) -> None:
    _lose(firm)
    first, second = firm.contact(), firm.make(NewRecord("activity", "Call", firm.party()))
    (outcome,) = firm.write()
    assert not outcome.refused
    for entity_id in (first, second):  # neither is tried every twenty seconds now
        assert firm.card(entity_id).entity.way_error == outcome.error
    soon = datetime.now(UTC) + timedelta(seconds=30)
    assert firm.database.read_now(writing.places_due, soon) == []
    _find(firm)
    assert [one.error for one in firm.write()] == ["", ""]
    assert firm.made() == 2


def test_an_answer_that_was_lost_and_a_reading_before_the_next_try_make_one(firm: Firm) -> None:
    message = firm.house.message(sender_address=_ADDRESS)
    record = NewRecord("contact", "Ada Neri", firm.party(), _ADDRESS)
    entity_id = firm.make(record, message)
    _lose(firm)
    firm.write()
    _find(firm)
    firm.read()
    assert [row[2] for row in firm.database.read_now(_rows) if row[1] == "Ada Neri"] == [
        LOCAL_SOURCE,
        "erp",
    ]
    (outcome,) = firm.write()
    assert firm.made() == 1
    assert [row[2] for row in firm.database.read_now(_rows) if row[1] == "Ada Neri"] == ["erp"]
    assert firm.card(entity_id).entity.code == outcome.code
    assert firm.database.read_now(_addresses) == [("erp", firm.party(), entity_id)]
    links = firm.database.read_now(links_of, firm.house.anna, message)
    assert [one.entity_id for one in links if one.kind == "contact"] == [entity_id]
    assert not any(new or gone for new, _changed, gone in firm.read().values())


def test_a_process_that_is_killed_after_the_erp_has_made_it_makes_no_second_one(
    firm: Firm,
) -> None:
    entity_id = firm.contact()
    process = subprocess.Popen([sys.executable, "-c", _WRITE, firm.database.url])

    def kill(request: Request, given: Response) -> Response:
        if _is_write(request):
            process.send_signal(signal.SIGKILL)
        return given

    firm.server.http.on_the_way = kill
    assert process.wait(60) == -signal.SIGKILL
    assert firm.made() == 1
    assert firm.card(entity_id).entity.source == LOCAL_SOURCE
    _find(firm)
    assert [one.error for one in firm.write()] == [""]
    assert firm.made() == 1
    assert firm.card(entity_id).entity.source == "erp"


def test_what_is_refused_stays_here_and_says_why(firm: Firm) -> None:
    firm.server.refuses = {"res.partner": "The role is wrong", "Contact": "The role is wrong"}
    entity_id = firm.contact()
    (outcome,) = firm.write()
    assert outcome.refused
    entity = firm.card(entity_id).entity
    assert (entity.source, entity.refused) == (LOCAL_SOURCE, True)
    assert "The role is wrong" in entity.way_error
    assert firm.write() == []  # nobody tries again by himself
    firm.server.refuses.clear()
    firm.database.write_now(writing.enqueue_again, ["erp"], NOW)
    firm.write()
    assert firm.card(entity_id).entity.source == "erp"


def test_a_user_who_may_only_read_is_told_with_each_record(firm: Firm) -> None:
    firm.server.read_only = {"res.partner", "Contact"}
    entity_id = firm.contact()
    firm.write()
    assert "give it the right" in firm.card(entity_id).entity.way_error
    (place,) = firm.database.read_now(writing.counts).values()
    assert (place.waiting, place.refused) == (0, 1)


def test_what_hangs_on_a_record_made_here_goes_after_it(firm: Firm) -> None:
    lead = firm.make(NewRecord("lead", "Neri Snc", None, _ADDRESS))
    call = firm.make(NewRecord("activity", "Call", lead, due=NOW.date()))
    codes = [one.code for one in firm.write()]
    assert [firm.card(one).entity.code for one in (lead, call)] == codes
    firm.read()
    assert firm.card(call).entity.party_id == lead


def test_what_hangs_on_a_record_that_is_refused_waits_and_says_so(firm: Firm) -> None:
    firm.server.refuses = {"crm.lead": "no", "Lead": "no"}
    lead = firm.make(NewRecord("lead", "Neri Snc", None, _ADDRESS))
    call = firm.make(NewRecord("activity", "Call", lead))
    assert len(firm.write()) == 1
    assert "must be in the ERP first" in firm.card(call).entity.way_error
    assert firm.made() == 0


def test_what_is_taken_back_in_time_is_never_written(firm: Firm) -> None:
    firm.contact()
    assert firm.database.read_now(writing.places_due, NOW + timedelta(seconds=10)) == []
    said = firm.database.write_now(undoing.undo, firm.house.anna, NOW)
    assert said is not None
    assert "gone again" in said
    assert firm.write() == []
    firm.database.write_now(undoing.redo, firm.house.anna, NOW)
    assert len(firm.write()) == 1
    assert firm.made() == 1


def test_what_is_taken_back_and_made_again_after_a_lost_answer_is_one(firm: Firm) -> None:
    firm.contact()
    _lose(firm)
    firm.write()
    _find(firm)
    firm.database.write_now(undoing.undo, firm.house.anna, NOW)
    firm.database.write_now(undoing.redo, firm.house.anna, NOW)
    firm.write()
    assert firm.made() == 1


def test_what_the_erp_has_is_not_taken_back_but_its_link(firm: Firm) -> None:
    message = firm.house.message(sender_address=_ADDRESS)
    entity_id = firm.make(NewRecord("contact", "Ada Neri", firm.party(), _ADDRESS), message)
    firm.write()
    said = firm.database.write_now(undoing.undo, firm.house.anna, NOW)
    assert said is not None
    assert "remove it there" in said
    assert firm.card(entity_id).entity.source == "erp"
    assert firm.database.read_now(links_of, firm.house.anna, message) == []


def test_what_is_taken_back_while_it_is_written_is_the_erps(firm: Firm) -> None:
    def undo(request: Request, given: Response) -> Response:
        if _is_write(request):
            firm.database.write_now(undoing.undo, firm.house.anna, NOW)
        return given

    firm.contact()
    firm.server.http.on_the_way = undo
    firm.write()
    assert [row for row in firm.database.read_now(_rows) if row[1] == "Ada Neri"] == []
    _find(firm)
    firm.read()
    assert ("contact", "Ada Neri", "erp") in firm.database.read_now(_rows)
    assert firm.made() == 1


def test_switched_off_what_waits_is_only_here_and_what_was_tried_is_known(firm: Firm) -> None:
    _lose(firm)
    tried = firm.contact()
    firm.write()
    waits = firm.make(NewRecord("activity", "Call", firm.party()))
    firm.database.write_now(writing.allow, "erp", [])
    assert not firm.card(waits).entity.on_its_way
    assert "switched off" in firm.card(tried).entity.way_error
    _find(firm)
    firm.database.write_now(writing.allow, "erp", [writing.EVERY_COMPANY])
    firm.database.write_now(writing.enqueue_again, ["erp"], NOW)
    assert len(firm.write()) == 2
    assert firm.made() == 2


def test_nobody_writes_while_another_process_is_at_the_place(firm: Firm) -> None:
    firm.contact()
    token = firm.database.write_now(erp_turns.claim, "erp", datetime.now(UTC), reads=False)
    assert token
    with pytest.raises(TryLater):
        firm.write()
    firm.database.write_now(erp_turns.give_back, "erp", token)
    assert len(firm.write()) == 1


def test_writing_puts_off_no_reading(firm: Firm) -> None:
    def due(database: Database) -> list[str]:
        return database.read_now(erp_turns.due, datetime.now(UTC), timedelta(minutes=15))

    firm.database.write_now(_never_read)
    firm.contact()
    firm.write()
    assert "erp" in due(firm.database)


def _never_read(session: Session) -> None:
    source = erp.source(session, "erp")
    assert source is not None
    source.tried_at = None
    session.add(source)


def test_a_place_that_cannot_be_asked_is_told_with_its_records(firm: Firm, tmp_path: Path) -> None:
    entity_id = firm.contact()
    (tmp_path / "key").unlink()
    write_due(firm.database, _connector, _LATER)
    assert "key" in firm.card(entity_id).entity.way_error


def test_a_place_of_another_sort_is_asked_again_whether_it_may_be_written(firm: Firm) -> None:
    firm.database.write_now(erp.add_source, "erp", firm.location + "&ca_file=other")
    assert firm.database.write_now(_writes) == ("*",)
    firm.database.write_now(erp.add_source, "erp", "/srv/erp")
    assert firm.database.write_now(_writes) == ()


def _writes(session: Session) -> tuple[str, ...]:
    source = erp.source(session, "erp")
    assert source is not None
    return writing.companies_written(source)


def test_a_folder_of_files_takes_nothing() -> None:
    from tui_mail.connectors.files import FilesConnector

    with pytest.raises(WrongUse, match="can only be read"):
        check_takes(FilesConnector(Path("/srv/erp")), "erp")


def test_nothing_is_left_of_a_record_that_was_written(firm: Firm) -> None:
    firm.contact()
    firm.write()
    assert firm.database.read_now(lambda s: s.exec(select(EntityWriting)).all()) == []
