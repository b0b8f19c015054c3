"""What every ERP must do that records made here are written to: one body, run on each."""

import json
from datetime import date

import pytest

from tests.connectors.books import Books
from tests.servers.erp_http import Request, Response
from tests.servers.erpnext import ErpNextServer
from tests.servers.odoo import OdooServer
from tui_mail.connectors import CanWrite
from tui_mail.connectors.erpnext import ErpNextConnector
from tui_mail.connectors.odoo import OdooConnector
from tui_mail.connectors.web import Limits
from tui_mail.errors import MayOnlyRead, NotAllowed, Offline, Refused, TryLater
from tui_mail.values import EntityRecord, NewEntity, Reference

Server = OdooServer | ErpNextServer
_OF_ODOO = pytest.mark.parametrize("remote", ["odoo", "odoo-xmlrpc"], indirect=True)
_KINDS = ("contact", "lead", "opportunity", "activity")


def _record(kept: Books, kind: str) -> NewEntity:
    """A record of the customer's, a lead of nobody's."""
    customer = kept.customer
    record = NewEntity(customer.company, kind, "Ada Neri", customer, "Società Bianchi")
    if kind == "contact":
        details = {"phone": "051 1", "role": "acquisti"}
        return NewEntity(
            customer.company, kind, "Ada Maria Neri", customer, "Bianchi", "ada@bianchi.example",
            details=details,
        )  # fmt: skip
    if kind == "lead":
        details = {"phone": "051 2", "contact": "Ada Neri"}
        return NewEntity(
            customer.company, kind, "Neri & C.", address="ada@neri.example", details=details
        )
    if kind == "activity":
        return NewEntity(
            customer.company, kind, "Call <Bianchi> & ask", customer, due=date(2026, 12, 1)
        )
    return record


def _writer(kept: Books) -> CanWrite:
    connector = kept.connector
    assert isinstance(connector, OdooConnector | ErpNextConnector)
    connector._limits = Limits()  # the machine may be busy
    assert isinstance(connector, CanWrite)
    return connector


def _read(kept: Books, kind: str) -> dict[str, EntityRecord]:
    return {one.code: one for one in kept.connector.changes("").entities if one.kind == kind}


def _is_write(request: Request) -> bool:
    return b"__tui_mail__" in request.body or (
        request.method == "POST" and request.path.startswith("/api/resource/")
    )


@pytest.mark.parametrize("kept", ["files", "memory", "sqlite"], indirect=True)
def test_what_can_only_be_read_says_so(kept: Books) -> None:
    assert not isinstance(kept.connector, CanWrite)


@pytest.mark.parametrize("kind", _KINDS)
def test_what_was_made_is_read_again_under_the_code_that_was_given(
    remote: Books, server: Server, kind: str
) -> None:
    before = _read(remote, kind)
    record, writer = _record(remote, kind), _writer(remote)
    cursor = remote.connector.changes("").cursor
    made = writer.write(record, writer.ticket(record))
    after = _read(remote, kind)
    assert after.keys() - before.keys() == {made.code}
    read = after[made.code]
    since = remote.connector.changes(cursor).entities
    assert [one for one in since if (one.kind, one.code) == (kind, made.code)] == [read]
    assert read.company == record.company
    assert read.party == (record.party if kind != "lead" else None)
    assert read.due_date == record.due
    assert made.url.startswith(server.http.base)
    if kind != "lead":  # of which each ERP has a name for the firm and one for the person
        assert read.title == record.title


@pytest.mark.parametrize("kind", ["contact", "lead"])
def test_its_address_is_read_again(remote: Books, server: Server, kind: str) -> None:
    record, writer = _record(remote, kind), _writer(remote)
    made = writer.write(record, writer.ticket(record))
    reference = Reference(kind, made.code, record.company)
    (address,) = [
        one for one in remote.connector.changes("").addresses if one.email == record.address
    ]
    assert reference in {address.party, address.contact}


@pytest.mark.parametrize("kind", _KINDS)
def test_with_the_same_ticket_it_is_made_once(remote: Books, server: Server, kind: str) -> None:
    record, writer = _record(remote, kind), _writer(remote)
    ticket = writer.ticket(record)
    assert writer.write(record, ticket) == writer.write(record, ticket)


@pytest.mark.parametrize("kind", _KINDS)
def test_an_answer_that_was_lost_makes_no_second_one(
    remote: Books, server: Server, kind: str
) -> None:
    def lose(request: Request, given: Response) -> Response:
        return Response(200, b"{", announced=5_000) if _is_write(request) else given

    before = _read(remote, kind)
    record, writer = _record(remote, kind), _writer(remote)
    ticket = writer.ticket(record)
    server.http.on_the_way = lose
    with pytest.raises(Offline):
        writer.write(record, ticket)
    server.http.on_the_way = lambda _request, given: given
    made = writer.write(record, ticket)
    assert _read(remote, kind).keys() - before.keys() == {made.code}


def test_a_gateway_that_gives_up_makes_no_second_one(remote: Books, server: Server) -> None:
    def lose(request: Request, given: Response) -> Response:
        return Response(504, b"", headers={"Retry-After": "0"}) if _is_write(request) else given

    before = _read(remote, "opportunity")
    record, writer = _record(remote, "opportunity"), _writer(remote)
    ticket = writer.ticket(record)
    server.http.on_the_way = lose
    with pytest.raises(TryLater):
        writer.write(record, ticket)
    server.http.on_the_way = lambda _request, given: given
    made = writer.write(record, ticket)
    assert _read(remote, "opportunity").keys() - before.keys() == {made.code}


def test_another_record_that_is_the_same_is_made_too(remote: Books, server: Server) -> None:
    record, writer = _record(remote, "activity"), _writer(remote)
    first = writer.write(record, writer.ticket(record))
    second = writer.write(record, writer.ticket(record))
    assert first.code != second.code


@_OF_ODOO
def test_what_people_did_to_it_since_is_left(remote: Books, server: Server) -> None:
    record, writer = _record(remote, "opportunity"), _writer(remote)
    ticket = writer.ticket(record)
    made = writer.write(record, ticket)
    server.tables["crm.lead"][0]["name"] = "Another name"
    assert writer.write(record, ticket) == made
    assert _read(remote, "opportunity")[made.code].title == "Another name"


@pytest.mark.parametrize("kind", _KINDS)
def test_a_user_who_may_only_read_is_told(remote: Books, server: Server, kind: str) -> None:
    server.read_only |= {"res.partner", "crm.lead", "mail.activity"}
    server.read_only |= {"Contact", "Lead", "Opportunity", "ToDo"}
    record, writer = _record(remote, kind), _writer(remote)
    with pytest.raises(MayOnlyRead, match="give it the right"):
        writer.write(record, writer.ticket(record))


def test_what_is_refused_says_why_in_the_erps_words(remote: Books, server: Server) -> None:
    reason = "Stage: no such stage"
    server.refuses = {"crm.lead": reason, "Opportunity": reason}
    record, writer = _record(remote, "opportunity"), _writer(remote)
    with pytest.raises(Refused) as told:
        writer.write(record, writer.ticket(record))
    assert told.value.message.endswith(f": {reason}")


def test_a_wrong_key_is_no_refusal(remote: Books, server: Server) -> None:
    server.key = "another"
    record, writer = _record(remote, "lead"), _writer(remote)
    with pytest.raises(NotAllowed) as told:
        writer.write(record, writer.ticket(record))
    assert not isinstance(told.value, MayOnlyRead)


def test_what_is_not_installed_is_told(remote: Books, server: Server) -> None:
    for name in ("crm.lead", "Lead"):
        server.tables.pop(name, None)
    record, writer = _record(remote, "lead"), _writer(remote)
    with pytest.raises(Refused, match="install its module"):
        writer.write(record, writer.ticket(record))


@_OF_ODOO
def test_a_firm_that_is_gone_is_told(remote: Books, server: Server) -> None:
    record, writer = _record(remote, "contact"), _writer(remote)
    partners = server.tables["res.partner"]
    server.tables["res.partner"] = [one for one in partners if one["id"] != 10]
    with pytest.raises(Refused, match="not in Odoo any more"):
        writer.write(record, writer.ticket(record))


def test_what_an_erp_has_no_place_for_is_told(remote: Books, server: Server) -> None:
    writer = _writer(remote)
    company = remote.customer.company
    lead = Reference("lead", "L1", company)
    odd = (
        [
            NewEntity(company, "activity", "Call"),
            NewEntity(company, "contact", "Ada", lead, "Neri"),
            NewEntity(company, "opportunity", "Pumps", lead, "Neri"),
        ]
        if isinstance(server, OdooServer)
        else [NewEntity(company, "opportunity", "Pumps", remote.supplier, "Neri")]
    )
    for record in odd:
        with pytest.raises(Refused):
            writer.write(record, writer.ticket(record))


def test_text_of_strangers_is_text(remote: Books, server: Server) -> None:
    title = "<img src=x onerror=alert(1)> & 'Robert\"); DROP TABLE"
    record = NewEntity(remote.customer.company, "activity", title, remote.customer)
    writer = _writer(remote)
    made = writer.write(record, writer.ticket(record))
    assert _read(remote, "activity")[made.code].title == title
    if isinstance(server, ErpNextServer):
        assert "<img" not in json.dumps(server.tables["ToDo"])
