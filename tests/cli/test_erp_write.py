"""erp set and erp write: nothing is written until somebody says so, and then it is told what came."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from tests.cli.conftest import write_erp
from tests.cli.program import Program
from tests.connectors import books
from tests.servers import odoo as odoo_server
from tests.servers.odoo import OdooServer
from tui_mail.db import creating
from tui_mail.db.accounts import operator_for
from tui_mail.db.creating import NewRecord
from tui_mail.db.engine import Database
from tui_mail.db.tables import Entity


@pytest.fixture
def odoo(house: Program, tmp_path: Path) -> Iterator[OdooServer]:
    """An Odoo that has been read once, beside the house's own records."""
    server = OdooServer()
    books.fill_odoo(server)
    location = server.location(server.http.key_file(tmp_path, odoo_server.KEY))
    house("erp", "add", "odoo", location)
    assert house("erp", "refresh", "odoo").code == 0
    yield server
    server.http.stop()


def _make(program: Program, title: str) -> None:
    """A contact of Odoo's customer out of the first message, as the console makes one."""

    def write(session: Session) -> None:
        of_odoo = (col(Entity.source) == "odoo", col(Entity.kind) == "customer")
        party = session.exec(select(col(Entity.id)).where(*of_odoo)).first()
        operator = operator_for(session, "anna").id or 0
        record = NewRecord("contact", title, party, "ada@bianchi.example")
        creating.create(session, operator, 1, record, datetime.now(UTC))

    database = Database(f"sqlite:///{program.home / 'tui_mail.db'}")
    database.write_now(write)
    database.close_now()


def test_a_place_is_only_read_until_somebody_says_so(house: Program, odoo: OdooServer) -> None:
    message = house.fails(66, "not_found", "erp", "write")
    assert "--write" in message
    done = house("erp", "set", "odoo", "--write", "--company", "1")
    assert done.record == {"name": "odoo", "writes": ["1"]}
    (status,) = house("erp", "status").records
    assert (status["writes"], status["to_write"], status["refused"]) == (["1"], 0, 0)
    (line,) = house.lines("erp", "status").splitlines()[1:]
    assert line.strip() == "what is made here is written there, of: 1"
    assert house("erp", "set", "odoo", "--write").record["writes"] == ["*"]
    assert house("erp", "set", "odoo", "--no-write").record["writes"] == []
    assert "written" not in house.lines("erp", "status")


def test_what_was_made_is_written_and_told(house: Program, odoo: OdooServer) -> None:
    house("erp", "set", "odoo", "--write")
    _make(house, "Ada Neri")
    assert house("erp", "status").record["to_write"] == 1
    written = house("erp", "write")
    code = f"customer/10/{odoo.tables['res.partner'][-1]['id']}"
    assert (written.code, written.record) == (
        0,
        {
            "place": "odoo",
            "state": "written",
            "kind": "contact",
            "company": "1",
            "title": "Ada Neri",
            "code": code,
            "error": "",
        },
    )
    assert house("erp", "write").records == []
    (again,) = [row for row in house("erp", "refresh").records if row["kind"] == "contact"]
    assert (again["new"], again["gone"]) == (0, 0)
    assert ("contact", code) in {(row["kind"], row["code"]) for row in house("links", "1").records}


def test_what_is_refused_is_told_and_written_when_asked_again(
    house: Program, odoo: OdooServer
) -> None:
    house("erp", "set", "odoo", "--write")
    odoo.read_only.add("res.partner")
    _make(house, "Ada \x1b[2JNeri")
    refused = house("erp", "write")
    assert (refused.code, refused.record["state"]) == (1, "refused")
    assert "give it the right" in refused.record["error"]
    assert "\x1b" not in refused.out
    assert house("erp", "status").record["refused"] == 1
    assert "was refused" in house.lines("erp", "status")
    assert house("erp", "write").records == []
    odoo.read_only.clear()
    assert house("erp", "write", "odoo", "--again").record["state"] == "written"


def test_with_the_erp_down_it_waits(house: Program, odoo: OdooServer) -> None:
    house("erp", "set", "odoo", "--write")
    _make(house, "Ada Neri")
    odoo.http.stop()
    result = house("erp", "write")
    assert (result.code, result.record["state"]) == (1, "waiting")
    assert house("erp", "status").record["to_write"] == 1


def test_wrong_use_of_set_is_told(house: Program, odoo: OdooServer, tmp_path: Path) -> None:
    house.fails(64, "wrong_use", "erp", "set", "odoo")
    house.fails(64, "wrong_use", "erp", "set", "odoo", "--no-write", "--company", "1")
    house.fails(66, "not_found", "erp", "set", "none", "--write")
    assert "ROSSI" in house.fails(
        66, "not_found", "erp", "set", "odoo", "--write", "--company", "9"
    )
    house("erp", "add", "books", write_erp(tmp_path / "more"))
    assert "can only be read" in house.fails(64, "wrong_use", "erp", "set", "books", "--write")
