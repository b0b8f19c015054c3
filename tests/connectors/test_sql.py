"""An ERP's database read through a mapping: what its tables become, and what is said of mistakes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.connectors.foreign import fill, run
from tui_mail.connectors.sql import SqlConnector
from tui_mail.errors import NotFound, Offline, SettingsWrong
from tui_mail.values import ErpChanges, Reference

_BUSINESS = """
CREATE TABLE anagra (codditt TEXT, an_conto INT, an_tipo TEXT, an_descr1 TEXT);
CREATE TABLE leads (codditt TEXT, le_codlead INT, le_descr1 TEXT, le_conto INT);
CREATE TABLE organig (codditt TEXT, og_conto INT, og_codlead INT, og_progr INT, og_descont
    TEXT, og_codruaz TEXT, og_email TEXT);
CREATE TABLE opportun (codditt TEXT, op_codoppo INT, op_oggetto TEXT);
CREATE TABLE testord (codditt TEXT, td_tipork TEXT, td_anno INT, td_serie TEXT, td_numord
    INT, td_datord DATE, td_conto INT, td_riferim TEXT, td_totdoc NUMERIC, td_flevas TEXT);
CREATE TABLE testmag (codditt TEXT, tm_tipork TEXT, tm_anno INT, tm_serie TEXT, tm_numdoc
    INT, tm_datdoc DATE, tm_conto INT, tm_riferim TEXT);
CREATE TABLE testoff (codditt TEXT, td_anno INT, td_serie TEXT, td_numord INT, td_vers
    INT, td_datord DATE, td_conto INT, td_codlead INT, td_riferim TEXT, td_totdoc NUMERIC,
    td_codoppo INT, td_oggetto TEXT);
CREATE TABLE scaden (codditt TEXT, sc_conto INT, sc_annpar INT, sc_alfpar TEXT, sc_numpar INT,
    sc_numrata INT, sc_datsca DATE, sc_importoda NUMERIC, sc_darave TEXT, sc_flsaldato TEXT);
INSERT INTO anagra VALUES ('ROSSI', 4010001, 'C', 'Bianchi SpA'), ('ROSSI', 5010001, 'F',
    'Neri Srl'), ('ROSSI', 1, 'S', 'Cassa');
INSERT INTO leads VALUES ('ROSSI', 7, 'Verdi', 0), ('ROSSI', 8, 'Bianchi', 4010001);
INSERT INTO organig VALUES ('ROSSI', 4010001, 0, 1, 'Ada', 'ACQ', 'Ada@Bianchi.example'),
    ('ROSSI', 0, 7, 1, 'Ugo', '', 'ugo@verdi.example'), ('ROSSI', 5010001, 0, 1, 'X', '', '');
INSERT INTO opportun VALUES ('ROSSI', 12, 'Impianto');
INSERT INTO testord VALUES ('ROSSI', 'R', 2026, '', 119, '2026-03-31', 4010001, 'OC-55',
    1234.50, 'N'), ('ROSSI', 'O', 2026, 'A', 3, '2026-04-01', 5010001, '', 10, 'S'), ('ROSSI',
    'H', 2026, '', 1, '2026-04-01', 4010001, '', 1, 'N');
INSERT INTO testmag VALUES ('ROSSI', 'B', 2026, '', 88, '2026-04-02', 4010001, ''),
    ('ROSSI', 'A', 2026, 'A', 12, '2026-04-30', 4010001, 'OC-55'),
    ('ROSSI', 'D', 2026, '', 13, '2026-04-30', 4010001, ''),
    ('ROSSI', 'N', 2026, 'A', 12, '2026-05-31', 4010001, '');
INSERT INTO scaden VALUES
    ('ROSSI', 4010001, 2026, 'A', 12, 1, '2026-05-31', 700.50, 'D', 'S'),
    ('ROSSI', 4010001, 2026, 'A', 12, 2, '2026-06-30', 800, 'D', 'N'),
    ('ROSSI', 4010001, 2026, '', 13, 1, '2026-05-31', 61, 'D', 'S'),
    ('ROSSI', 4010001, 2026, 'A', 12, 1, '2026-06-30', 100, 'A', 'N'),
    ('ROSSI', 5010001, 2026, '', 44, 1, '2026-06-30', 9, 'A', 'N');
INSERT INTO testoff VALUES ('ROSSI', 2026, '', 5, 2, '2026-01-10', 0, 7, '', 900, 12, 'Pompe'),
    ('ROSSI', 2026, '', 6, 0, '2026-01-11', 4010001, 0, '', 50, 0, NULL)"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'erp.db'}"


def _mapping(folder: Path, text: str) -> str:
    file = folder / "mapping.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


@pytest.fixture(params=["sqlite", "postgresql"])
def business(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with tables in the manner of Business."""
    server = request.getfixturevalue("postgresql_server") if request.param == "postgresql" else None
    url = server.make("business") if server else f"sqlite:///{tmp_path / 'business.db'}"
    run(url, _BUSINESS.split(";\n"))
    yield url
    if server:
        server.drop("business")


def test_tables_in_the_manner_of_business(business: str) -> None:
    changes = SqlConnector(business, "business").changes("")
    assert changes.errors == ()
    found = {(one.kind, one.code): one for one in changes.entities}
    assert {key for key in found if key[0] != "contact"} == {
        ("customer", "4010001"),
        ("supplier", "5010001"),
        ("lead", "7"),
        ("lead", "8"),
        ("opportunity", "12"),
        ("sales_order", "2026/119"),
        ("purchase_order", "2026/A/3"),
        ("delivery_note", "2026/88"),
        ("offer", "2026/5.2"),
        ("offer", "2026/6"),
        ("invoice", "2026/A/12"),
        ("invoice", "2026/13"),
        ("credit_note", "2026/A/12"),
        ("due_item", "2026/A/12#1"),
        ("due_item", "2026/A/12#2"),
        ("due_item", "2026/13#1"),
        ("due_item", "credit_note:2026/A/12#1"),
    }
    order = found["sales_order", "2026/119"]
    assert str(order.amount) == "1234.5"
    assert str(order.date) == "2026-03-31"
    assert order.their_reference == "OC-55"
    assert order.party == Reference("customer", "4010001", "ROSSI")
    assert found["offer", "2026/5.2"].party == Reference("lead", "7", "ROSSI")
    assert found["offer", "2026/5.2"].title == "Pompe"
    assert found["offer", "2026/5.2"].details["opportunity"] == "12"
    assert found["lead", "8"].details == {"customer_code": "4010001"}
    assert {(one.email, one.party.code) for one in changes.addresses} == {
        ("ada@bianchi.example", "4010001"),
        ("ugo@verdi.example", "7"),
    }


def test_due_items_in_the_manner_of_business(business: str) -> None:
    """They tell what is still open, and what the invoices come to."""
    changes = SqlConnector(business, "business").changes("")
    due = {
        one.code: (str(one.due_date), str(one.amount), str(one.open_amount), one.state)
        for one in changes.entities
        if one.kind == "due_item"
    }
    assert due == {
        "2026/A/12#1": ("2026-05-31", "700.5", "0", "closed"),
        "2026/A/12#2": ("2026-06-30", "800", "800", "open"),
        "2026/13#1": ("2026-05-31", "61", "0", "closed"),
        "credit_note:2026/A/12#1": ("2026-06-30", "-100", "-100", "open"),
    }
    documents = {
        (one.kind, one.code): (str(one.amount), one.state)
        for one in changes.entities
        if one.kind in {"invoice", "credit_note", "delivery_note"}
    }
    assert documents == {
        ("invoice", "2026/A/12"): ("1500.5", "open"),
        ("invoice", "2026/13"): ("61", "closed"),
        ("credit_note", "2026/A/12"): ("100", "open"),
        ("delivery_note", "2026/88"): ("None", ""),
    }
    invoice = Reference("invoice", "2026/A/12", "ROSSI")
    instalments = {one.target.code for one in changes.relations if one.source == invoice}
    assert instalments == {"2026/A/12#1", "2026/A/12#2"}


def test_columns_values_and_what_is_fixed(url: str, tmp_path: Path) -> None:
    run(
        url,
        (
            "CREATE TABLE clienti (numero INT, ragione TEXT, tipo TEXT)",
            "INSERT INTO clienti VALUES (1, 'Bianchi', 'C'), (2, 'Neri: figli', 'F'), (3, 'X', '?')",
        ),
    )
    mapping = """
        [parties]
        query = "SELECT *, '10:30' AS ora FROM clienti"
        columns = { code = "NUMERO", name = "ragione", kind = "tipo" }
        values.kind = { C = "customer", F = "supplier" }
        fixed = { company = "01", country = "IT" }
    """
    changes = SqlConnector(url, _mapping(tmp_path, mapping)).changes("")
    assert [(one.company, one.kind, one.code, one.title) for one in changes.entities] == [
        ("01", "customer", "1", "Bianchi"),
        ("01", "supplier", "2", "Neri: figli"),
    ]
    ((file, line, column),) = [(one.file, one.line, one.column) for one in changes.errors]
    assert (file, line, column) == ("parties", 3, "kind")


def test_what_changed_is_asked_for_first(url: str, tmp_path: Path) -> None:
    run(
        url,
        (
            "CREATE TABLE clienti (company TEXT, kind TEXT, code TEXT)",
            "INSERT INTO clienti VALUES ('01', 'customer', 'C1')",
            "CREATE TABLE orologio (giro INT)",
            "INSERT INTO orologio VALUES (1)",
        ),
    )
    mapping = """
        [changed]
        query = "SELECT max(giro) FROM orologio"
        [parties]
        view = "clienti"
    """
    connector = SqlConnector(url, _mapping(tmp_path, mapping))
    cursor = connector.changes("").cursor
    run(url, ("INSERT INTO clienti VALUES ('01', 'customer', 'C2')",))
    assert connector.changes(cursor) == ErpChanges(cursor=cursor, complete=False)
    run(url, ("UPDATE orologio SET giro = 2",))
    changes = connector.changes(cursor)
    assert [one.code for one in changes.entities] == ["C1", "C2"]
    assert SqlConnector(url, _mapping(tmp_path, mapping)).changes(changes.cursor).entities == ()


def test_without_a_sign_every_change_of_a_row_is_noticed(url: str) -> None:
    fill(url, {"parties.csv": "company,kind,code,name\n01,customer,C1,Bianchi\n"})
    connector = SqlConnector(url)
    cursor = connector.changes("").cursor
    run(url, ("UPDATE t_parties SET name = 'Bianchi e figli'",))
    (party,) = connector.changes(cursor).entities
    assert party.title == "Bianchi e figli"


def test_nothing_is_written_there(url: str, tmp_path: Path) -> None:
    run(url, ("CREATE TABLE clienti (company TEXT, kind TEXT, code TEXT)",))
    mapping = """
        [parties]
        query = "DELETE FROM clienti RETURNING company, kind, code"
    """
    with pytest.raises((SettingsWrong, Offline)):
        SqlConnector(url, _mapping(tmp_path, mapping)).changes("")


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("[parties", "TOML"),
        ("[clienti]\nview = 'x'", "clienti"),
        ("[parties]\nview = 'x'\nquery = 'SELECT 1'", "query, view"),
        ("[parties]\nview = 'x'\ncolumns = { nome = 'x' }", "columns"),
        ("[parties]\nview = 'x'\nwhere = 'x'", "query"),
        ("[parties]\nview = 'nowhere'", "nowhere"),
        ("[parties]\nquery = 'SELECT 1 AS code'", "company"),
    ],
)
def test_a_wrong_mapping_is_told(url: str, tmp_path: Path, mapping: str, said: str) -> None:
    run(url, ("CREATE TABLE clienti (code TEXT)",))
    with pytest.raises(SettingsWrong) as raised:
        SqlConnector(url, _mapping(tmp_path, mapping)).changes("")
    assert said in raised.value.message


def test_what_cannot_be_reached_or_is_empty_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(Offline):
        SqlConnector(f"sqlite:///{tmp_path / 'nowhere.db'}").changes("")
    assert not (tmp_path / "nowhere.db").exists()
    with pytest.raises(Offline) as raised:
        SqlConnector("postgresql://anna@127.0.0.1:1/erp").changes("")
    assert "127.0.0.1" in raised.value.message
    run(url, ("CREATE TABLE clienti (code TEXT)",))
    with pytest.raises(NotFound):
        SqlConnector(url).changes("")
    with pytest.raises(SettingsWrong):
        SqlConnector("cobol://erp")
    with pytest.raises(NotFound):
        SqlConnector(url, str(tmp_path / "missing.toml"))


@pytest.mark.parametrize(("kind", "extra"), [("mssql", "sqlserver"), ("mysql", "mysql")])
def test_a_driver_that_is_missing_is_named_as_it_is_installed(kind: str, extra: str) -> None:
    with pytest.raises(SettingsWrong) as raised:
        SqlConnector(f"{kind}://anna@127.0.0.1:1/erp").changes("")
    assert f"pip install 'tui_mail[{extra}]'" in raised.value.message


def test_a_password_is_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("segreta\n")
    file.chmod(0o644)
    place = f"postgresql://anna@127.0.0.1:1/erp?password_file={file}"
    with pytest.raises(SettingsWrong) as raised:
        SqlConnector(place)
    assert str(file) in raised.value.message
    file.chmod(0o600)
    with pytest.raises(Offline) as refused:
        SqlConnector(place).changes("")
    assert "segreta" not in refused.value.message
    with pytest.raises(SettingsWrong) as told:
        SqlConnector("postgresql://anna:segreta@127.0.0.1:1/erp")
    assert "segreta" not in told.value.message
