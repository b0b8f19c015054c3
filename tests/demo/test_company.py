"""The demo company is big enough, consistent, the same each time, and its mail is valid."""

import base64
import csv
import email
import email.policy
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path

import pytest

from tui_mail.connectors.files import FilesConnector
from tui_mail.demo.company import DemoCompany, DemoMessage, build_company, people
from tui_mail.demo.erp import COLUMNS, write_erp
from tui_mail.demo.letters import fresh_messages, messages

TODAY = date(2026, 11, 24)
RESERVED = (".example", ".test", ".invalid")
KINDS = {
    "quote", "sales_order", "purchase_order", "offer", "delivery_note", "goods_receipt",
    "invoice", "purchase_invoice", "credit_note", "job",
}  # fmt: skip
SUBJECT_NUMBER = re.compile(r"\d")


@pytest.fixture(scope="module")
def company() -> DemoCompany:
    return build_company(7, today=TODAY)


@pytest.fixture(scope="module")
def mail(company: DemoCompany) -> list[DemoMessage]:
    return list(messages(company))


@pytest.fixture(scope="module")
def parsed(mail: list[DemoMessage]) -> list[EmailMessage]:
    return [_parse(message.raw) for message in mail]


@pytest.fixture(scope="module")
def tables(
    company: DemoCompany, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("erp")
    write_erp(company, folder)
    return {name: _rows(folder / f"{name}.csv") for name in COLUMNS}


def _parse(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_company_is_of_believable_size(company: DemoCompany) -> None:
    parties = Counter(party.kind for party in company.parties)
    assert parties["customer"] >= 200
    assert parties["supplier"] >= 50
    assert parties["lead"] >= 30
    assert len(company.documents) >= 2000
    assert {document.kind for document in company.documents} == KINDS
    assert min(Counter(document.kind for document in company.documents).values()) >= 20
    assert len(company.due_items) >= 500
    assert len(company.opportunities) >= 80
    assert len(company.activities) >= 200
    assert {"demo", "sara", "giulia", "marco", "io"} <= {who.login for who in company.operators}


def test_due_items_are_paid_open_and_overdue(company: DemoCompany) -> None:
    paid = [item for item in company.due_items if not item.open]
    late = [item for item in company.due_items if item.open and item.due_date < TODAY]
    coming = [item for item in company.due_items if item.open and item.due_date >= TODAY]
    assert min(len(paid), len(late), len(coming)) >= 20


def test_instalments_add_up_to_their_invoice(company: DemoCompany) -> None:
    totals = {document.reference: document.total for document in company.documents}
    for invoice in {item.invoice for item in company.due_items}:
        amounts = [item.amount for item in company.due_items if item.invoice == invoice]
        assert sum(amounts) == totals[invoice]


def test_documents_are_of_the_last_eighteen_months_and_uniquely_numbered(
    company: DemoCompany,
) -> None:
    references = [document.reference for document in company.documents]
    assert len(set(references)) == len(references)
    assert all(
        TODAY - timedelta(days=560) <= document.date <= TODAY for document in company.documents
    )
    assert {document.series for document in company.documents if document.kind == "invoice"} == {
        "A",
        "",
    }


def test_numbers_of_a_series_follow_the_dates(company: DemoCompany) -> None:
    series: dict[tuple[str, int, str], list[tuple[date, int]]] = {}
    for document in company.documents:
        if not document.version:
            key = (document.kind, document.year, document.series)
            series.setdefault(key, []).append((document.date, document.number))
    for pairs in series.values():
        numbers = [number for _, number in sorted(pairs)]
        assert numbers == sorted(numbers)


def test_cast_has_the_documents_of_the_first_screen(company: DemoCompany) -> None:
    assert company.cast["bianchi_order"] == "sales_order:2026/123"
    assert company.cast["ferri_invoice"] == "invoice:2026/A/88"
    assert company.cast["ferri_order"] == "sales_order:2026/119"
    assert company.cast["costa_quote"] == "quote:2026/310"
    assert company.cast["ferri"] == "customer:C00107"


def test_an_accountant_shares_one_address_among_five_customers(company: DemoCompany) -> None:
    counts = Counter(address.email for address in company.addresses)
    assert counts["info@studio-neri.example"] == 5


def test_agenda_has_today_and_the_coming_days(company: DemoCompany) -> None:
    days = Counter((event.start + timedelta(hours=1)).date() for event in company.events)
    assert len(company.events) >= 60
    assert days[TODAY] >= 4
    assert all(days[TODAY + timedelta(days=ahead)] for ahead in (1, 2, 3))
    assert all(event.start < event.end and event.start.tzinfo for event in company.events)


@pytest.mark.parametrize(
    "today", [date(2026, 1, 2), date(2027, 3, 1), date(2026, 8, 16), date(2028, 2, 29)]
)
def test_company_can_be_built_on_any_day(today: date) -> None:
    company = build_company(3, today=today)
    references = [document.reference for document in company.documents]
    assert len(set(references)) == len(references) >= 2000
    assert max(document.date for document in company.documents) <= today
    kept = list(messages(company))
    assert len(kept) == 3000
    assert kept[-1].received_at < company.now


def test_every_file_has_its_columns_and_values(tables: dict[str, list[dict[str, str]]]) -> None:
    for name, rows in tables.items():
        assert rows, name
        assert list(rows[0]) == COLUMNS[name].split()
        assert all(None not in row and None not in row.values() for row in rows)
    for document in tables["documents"]:
        date.fromisoformat(document["date"])
        assert re.fullmatch(r"\d+\.\d\d", document["total"])
        assert document["state"] in {"open", "closed", "cancelled"}


def _document_reference(row: dict[str, str]) -> str:
    series = f"{row['series']}/" if row["series"] else ""
    version = f".{row['version']}" if row["version"] != "0" else ""
    return f"{row['kind']}:{row['year']}/{series}{row['number']}{version}"


def test_every_reference_between_files_resolves(tables: dict[str, list[dict[str, str]]]) -> None:
    parties = {(row["kind"], row["code"]) for row in tables["parties"]}
    contacts = {(row["party_kind"], row["party"], row["number"]) for row in tables["contacts"]}
    documents = {_document_reference(row) for row in tables["documents"]}
    chances = {row["code"] for row in tables["opportunities"]}
    logins = {row["login"] for row in tables["operators"]}
    for name in ("contacts", "addresses", "documents", "due_items", "opportunities", "activities"):
        for row in tables[name]:
            assert (row["party_kind"], row["party"]) in parties
            if name in {"addresses", "documents"} and row["contact"]:
                assert (row["party_kind"], row["party"], row["contact"]) in contacts
    for row in tables["parties"]:
        assert not row["customer_code"] or ("customer", row["customer_code"]) in parties
    for row in tables["document_links"]:
        chance = row["from"].removeprefix("opportunity:")
        assert row["from"] in documents or chance in chances
        assert row["to"] in documents
    for row in tables["activities"]:
        assert not row["document"] or row["document"] in documents
        assert not row["opportunity"] or row["opportunity"] in chances
        assert row["operator"] in logins
    assert {row["invoice"] for row in tables["due_items"]} <= documents
    assert {row["document"] for row in tables["lines"]} == documents


def test_every_address_is_in_a_reserved_domain(
    company: DemoCompany, mail: list[DemoMessage], tables: dict[str, list[dict[str, str]]]
) -> None:
    assert all(address.email.endswith(RESERVED) for address in company.addresses)
    assert all(not row["pec"] or row["pec"].endswith(RESERVED) for row in tables["parties"])
    found: set[bytes] = set()
    for message in mail:
        head = message.raw.partition(b"\r\n\r\n")[0]
        found.update(re.findall(rb"@([a-z0-9.-]+)", head))
    assert {domain for domain in found if not domain.decode().endswith(RESERVED)} == set()


def test_same_seed_gives_the_same_bytes(company: DemoCompany, mail: list[DemoMessage]) -> None:
    again = build_company(7, today=TODAY)
    assert again == company
    assert list(messages(again)) == mail
    assert list(messages(build_company(8, today=TODAY))) != mail


def test_mail_is_spread_over_accounts_and_folders(mail: list[DemoMessage]) -> None:
    assert len(mail) == 3000
    accounts = Counter(message.account for message in mail)
    assert set(accounts) == {
        f"{name}@rossi-srl.example" for name in ("vendite", "amministrazione", "demo")
    }
    assert min(accounts.values()) >= 300
    folders = Counter(message.folder for message in mail)
    assert {"INBOX", "Sent", "Archive", "Drafts", "Trash", "Junk"} < set(folders)
    assert folders["INBOX"] >= 200


def test_messages_come_oldest_first_within_a_year(
    company: DemoCompany, mail: list[DemoMessage]
) -> None:
    moments = [message.received_at for message in mail]
    assert moments == sorted(moments)
    assert company.now - timedelta(days=366) < moments[0]
    assert moments[-1] < company.now
    assert all(moment.tzinfo is UTC for moment in moments)


def test_every_reference_is_to_an_earlier_message(parsed: list[EmailMessage]) -> None:
    seen: set[str] = set()
    answers = 0
    for message in parsed:
        for reference in str(message["References"] or "").split():
            answers += 1
            assert reference in seen
        assert message["In-Reply-To"] is None or str(message["In-Reply-To"]) in seen
        seen.add(str(message["Message-ID"]))
    assert answers > 500


def test_messages_have_no_defects(parsed: list[EmailMessage]) -> None:
    for message in parsed:
        for part in message.walk():
            assert not part.defects
            for name, value in part.items():
                assert not getattr(value, "defects", ()), (name, str(value))
        for name in ("Date", "From", "To", "Subject", "Message-ID"):
            assert len(message.get_all(name, [])) == 1, name


def test_bodies_decode_and_leave_no_slot_open(parsed: list[EmailMessage]) -> None:
    for message in parsed:
        subject = str(message["Subject"])
        assert not re.search(r"[{}�]", subject)
        for part in message.walk():
            # The fields of a delivery status are parts without a type of their own.
            if "Content-Type" in part and part.get_content_maintype() == "text":
                text = part.get_content()
                assert text.strip()
                assert not re.search(r"[{}�]", text)


def test_lines_end_in_crlf_and_stay_below_the_limit(mail: list[DemoMessage]) -> None:
    for message in mail:
        assert b"\n" not in message.raw.replace(b"\r\n", b"")
        assert b"\r" not in message.raw.replace(b"\r\n", b"")
        assert max(map(len, message.raw.split(b"\r\n"))) <= 998


def test_mail_is_written_in_many_manners(
    mail: list[DemoMessage], parsed: list[EmailMessage]
) -> None:
    types = Counter(part.get_content_type() for message in parsed for part in message.walk())
    for kind in ("text/html", "application/pdf", "image/png", "text/csv", "message/rfc822",
                 "multipart/alternative", "multipart/signed", "message/delivery-status"):  # fmt: skip
        assert types[kind], kind
    raws = b"".join(message.raw for message in mail)
    for sign in (b"format=flowed", b"charset=iso-8859-1", b"=?iso-8859-1?Q?", b"=?UTF-8?B?",
                 b"Transfer-Encoding: base64", b"Transfer-Encoding: 8bit",
                 b"Auto-Submitted: auto-replied", b"List-Unsubscribe"):  # fmt: skip
        assert sign in raws, sign
    sizes = Counter(len(str(message["References"] or "").split()) for message in parsed)
    assert max(sizes) >= 6


def test_many_subjects_name_a_document_and_many_do_not(parsed: list[EmailMessage]) -> None:
    subjects = [str(message["Subject"]) for message in parsed]
    numbered = sum(bool(SUBJECT_NUMBER.search(subject)) for subject in subjects)
    assert 0.35 < numbered / len(subjects) < 0.8
    assert len(set(subjects)) > 1000


def test_first_screen_is_what_the_tour_speaks_of(
    company: DemoCompany, mail: list[DemoMessage], parsed: list[EmailMessage]
) -> None:
    recent = [
        str(message["Subject"])
        for kept, message in zip(mail, parsed, strict=True)
        if kept.account.startswith("vendite@") and kept.folder == "INBOX"
        and company.now - kept.received_at < timedelta(minutes=65)
    ]  # fmt: skip
    assert recent == [
        "POSTA CERTIFICATA: Ordine di acquisto n. 77 del 20/11/2026",
        "Estratto conto clienti amministrati",
        "Fwd: fattura 88/A, importo diverso",
        "Re: consegna ordine 123",
    ]
    unread = [kept for kept in mail if kept.folder == "INBOX" and "\\Seen" not in kept.flags]
    assert 10 <= len(unread) <= 120


def test_attachments_are_real_files(parsed: list[EmailMessage]) -> None:
    starts = {"application/pdf": b"%PDF-1.4", "image/png": b"\x89PNG"}
    for message in parsed:
        for part in message.walk():
            if part.get_content_type() in starts:
                content = base64.b64decode(str(part.get_payload()))
                assert content.startswith(starts[part.get_content_type()])
                assert part.get_filename()


def test_certified_mail_carries_its_original_and_its_facts(parsed: list[EmailMessage]) -> None:
    envelopes = [message for message in parsed if message["X-Trasporto"]]
    assert len(envelopes) >= 8
    for envelope in envelopes:
        names = [part.get_filename() for part in envelope.walk()]
        assert {"daticert.xml", "postacert.eml", "smime.p7s"} <= set(names)
        assert "Per conto di" in str(envelope["From"])


def test_fresh_messages_speak_of_known_documents(company: DemoCompany) -> None:
    clock = iter(company.now + timedelta(seconds=25 * place) for place in range(1, 100))
    fresh = list(fresh_messages(company, partial(next, clock)))
    known = people(company)
    moments = [message.received_at for message in fresh]
    assert len(fresh) == 20
    assert moments == sorted(moments)
    assert moments[0] > company.now
    for place, message in enumerate(fresh, start=1):
        letter = _parse(message.raw)
        assert letter["Date"].datetime <= company.now + timedelta(seconds=25 * place)
        sender = letter["From"].addresses[0].addr_spec
        assert sender in known
        assert SUBJECT_NUMBER.search(str(letter["Subject"]))
        assert message.folder == "INBOX"
        assert not message.flags


def test_people_answer_in_their_own_language(company: DemoCompany) -> None:
    known = people(company)
    assert known["m.bianchi@bianchi.example"].name == "Marta Bianchi"
    assert {person.language for person in known.values()} == {"it", "en"}
    assert all(address.endswith(RESERVED) for address in known)


@pytest.mark.parametrize("hour", [0, 3, 22])
def test_nothing_is_dated_after_now_at_any_hour(hour: int) -> None:
    now = datetime(2026, 11, 24, hour, 0, tzinfo=UTC)
    company = build_company(7, today=TODAY, now=now)
    mail = list(messages(company))
    assert mail[-1].received_at == now - timedelta(minutes=1)
    for message in mail:
        date = re.search(rb"^Date: (.*)\r$", message.raw, re.MULTILINE)
        assert date is not None
        assert parsedate_to_datetime(date[1].decode()) <= now


def test_files_connector_takes_every_row(company: DemoCompany, tmp_path: Path) -> None:
    write_erp(company, tmp_path)
    changes = FilesConnector(tmp_path).changes("")
    assert changes.errors == ()
    assert len(changes.entities) > 4000
    assert len(changes.lines) == len(company.lines)


def test_forwarded_invoice_stands_below_the_signature(
    mail: list[DemoMessage], parsed: list[EmailMessage]
) -> None:
    letter = next(one for one in parsed if str(one["Subject"]).startswith("Fwd: fattura 88/A"))
    part = letter.get_body(("plain",))
    assert part is not None
    text = part.get_content()
    assert text.index("Ferri Impianti Srl") < text.index("Messaggio inoltrato")
    assert [file.get_filename() for file in letter.iter_attachments()] == [
        "Fattura_88_A_2026.pdf",
        "ordine.png",
    ]
