"""send: one letter by options or JSON, many by --batch."""

import contextlib
import json
import sqlite3
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.cli.conftest import Servers, write_erp
from tests.cli.program import Program

_SENT = {"outgoing", "message_id", "state", "idempotency_key", "repeated"}
_EMAIL = "anna@rossi.example"
_LETTER = {"from": _EMAIL, "to": ["luca@ferri.example"], "subject": "Offerta", "text": "Ecco."}


def _json(**changes: object) -> str:
    return json.dumps({**_LETTER, **changes})


def test_options_make_a_letter(connected: Program, servers: Servers, tmp_path: Path) -> None:
    body, file = tmp_path / "body.md", tmp_path / "prezzi.csv"
    body.write_text("Ecco **i prezzi**, perché sì.", "utf-8")
    file.write_text("a;b", "utf-8")
    result = connected(
        "send", "--from", _EMAIL, "--to", "Luca <luca@ferri.example>", "--to", "b@ferri.example",
        "--cc", "c@ferri.example", "--bcc", "d@ferri.example", "--reply-to", "r@rossi.example",
        "--subject", "Listino", "--body-file", body, "--markdown", "--attach", file,
        "--idempotency-key", "k1", "--wait", 20,
    )  # fmt: skip
    assert result.code == 0, result
    assert set(result.record) == _SENT
    assert (result.record["state"], result.record["idempotency_key"]) == ("sent", "k1")
    assert result.record["repeated"] is False
    (mail,) = servers.received
    assert set(mail.recipients) == {f"{one}@ferri.example" for one in ("luca", "b", "c", "d")}
    assert mail.sender == _EMAIL
    message = message_from_bytes(mail.raw, policy=default)
    assert message["Message-ID"] == f"<{result.record['message_id']}>"
    assert message["Subject"] == "Listino"
    assert message["Reply-To"] == "r@rossi.example"
    assert b"d@ferri.example" not in mail.raw
    html = message.get_body(("html",))
    assert html is not None
    assert "<strong>i prezzi</strong>" in html.get_content()
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "prezzi.csv"


def test_a_body_without_a_file_is_standard_input(connected: Program, servers: Servers) -> None:
    words = ["send", "--to", "luca@ferri.example", "--subject", "S", "--wait", "20"]
    assert connected(*words, stdin="Da qui, perché sì").code == 0
    message = message_from_bytes(servers.received[0].raw, policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == "Da qui, perché sì"
    connected.fails(65, "wrong_data", *words, stdin=b"\xff\xfe")


def test_json_on_standard_input_makes_a_letter(connected: Program, servers: Servers) -> None:
    result = connected("send", "--wait", 20, stdin=_json(headers={"X-Numero": "7"}, cc=None))
    assert (result.code, set(result.record)) == (0, _SENT)
    assert b"X-Numero: 7" in servers.received[0].raw


def test_send_returns_once_the_letter_is_committed(connected: Program, servers: Servers) -> None:
    result = connected("send", stdin=_json())
    assert result.record["state"] == "queued"
    assert servers.received == []
    (row,) = connected("outbox").records
    assert row["message_id"] == result.record["message_id"]


def test_the_same_key_sends_once(connected: Program) -> None:
    first = connected("send", stdin=_json(idempotency_key="7")).record
    again = connected("send", stdin=_json(idempotency_key="7")).record
    assert again == {**first, "repeated": True}
    by_option = connected("send", "--idempotency-key", "7", stdin=_json()).record
    assert by_option == {**first, "repeated": True}
    assert len(connected("outbox").records) == 1
    connected.fails(65, "wrong_data", "send", stdin=_json(idempotency_key="7", subject="Altro"))
    assert len(connected("outbox").records) == 1


def test_a_letter_for_later_is_held(connected: Program, servers: Servers) -> None:
    held = connected("send", stdin=_json(at="2100-01-01T08:00:00+01:00")).record
    assert held["state"] == "held"
    (row,) = connected("outbox", "--state", "held").records
    assert row["next_try"] == "2100-01-01T07:00:00+00:00"
    words = ["send", "--to", "x@ferri.example", "--subject", "S", "--at"]
    assert connected(*words, "2100-01-01").record["state"] == "held"
    waited = connected("send", "--wait", "0.01", stdin=_json(at="2100-01-01"))
    assert (waited.code, waited.record["state"]) == (75, "held")
    for wrong in ("soon", "2100-13-01"):
        connected.fails(65, "wrong_data", *words, wrong)
    assert servers.received == []


def test_a_draft_is_kept_and_not_sent(connected: Program) -> None:
    for draft in (
        connected("send", "--draft", stdin=_json()),
        connected("send", stdin=_json(draft=True)),
        connected("send", "--to", "x@ferri.example", "--subject", "S", "--draft"),
    ):
        assert (draft.code, set(draft.record)) == (0, _SENT)
        assert (draft.record["state"], draft.record["outgoing"]) == ("draft", None)
    assert connected("outbox").records == []


def test_a_letter_about_records_is_linked_to_them(connected: Program, tmp_path: Path) -> None:
    assert connected("erp", "import", write_erp(tmp_path / "erp")).code == 0
    sent = connected(
        "send", "--from", _EMAIL, "--record", "customer:C200", "--link", "invoice:2025/A/88",
        "--subject", "Fattura", "--wait", 20,
    )  # fmt: skip
    assert (sent.code, sent.record["state"]) == (0, "sent")
    (row,) = connected("outbox").records
    assert [one["address"] for one in row["recipients"]] == ["ordini@bianchi.example"]
    links = connected("links", f"mid:{sent.record['message_id']}").records
    states = {f"{row['kind']}:{row['code']}": row["state"] for row in links}
    assert states["invoice:2025/A/88"] == "confirmed"
    assert "customer:C200" in states
    assert connected("trace", "invoice:2025/A/88").records[0]["id"] == links[0]["message"]
    connected.fails(66, "not_found", "send", stdin=_json(links=["invoice:2025/A/99"]))
    connected.fails(65, "wrong_data", "send", stdin=_json(links=["planet:1"]))


def test_an_answer_joins_the_conversation(connected: Program, servers: Servers) -> None:
    original = b"From: l@ferri.example\r\nMessage-ID: <q@ferri.example>\r\nSubject: D\r\n\r\n?\r\n"
    file = connected.home / "q.eml"
    file.write_bytes(original)
    connected("import", file, "--account", _EMAIL)
    words = ["send", "--to", "l@ferri.example", "--subject", "Re: D", "--in-reply-to"]
    sent = connected(*words, "<q@ferri.example>", "--wait", 20)
    assert sent.code == 0, sent
    message = message_from_bytes(servers.received[0].raw, policy=default)
    assert message["In-Reply-To"] == message["References"] == "<q@ferri.example>"
    threads = [
        connected("show", f"mid:{one}").record["thread"]
        for one in ("q@ferri.example", sent.record["message_id"])
    ]
    assert threads[0] == threads[1]
    connected.fails(66, "not_found", *words, "<none@ferri.example>")


def test_wait_tells_what_became_of_the_letter(connected: Program, servers: Servers) -> None:
    servers.refusal = "550 5.1.1 No such user \x1b[2J"
    failed = connected("send", "--wait", 20, stdin=_json())
    assert (failed.code, failed.record["state"]) == (1, "failed")
    servers.refusal = "450 4.2.1 Try later"
    deferred = connected("send", "--wait", "0.5", stdin=_json())
    assert (deferred.code, deferred.record["state"]) == (75, "queued")


@pytest.mark.parametrize(
    "letter",
    [
        "", "{", "[]", "7", '"x"', "[" * 100_000, b"\xff", '{"from": 7}', '{"to": 7}',
        '{"to": [7]}', '{"to": "no address"}', '{"subjekt": "x"}', '{"to": "a@b.example", "at": 7}',
        '{"text": "a", "html": "b", "to": "a@b.example"}', '{"attachments": ["x"]}',
        '{"attachments": {"path": "x"}}', '{"attachments": [{"name": "x"}]}',
        '{"attachments": [{"path": "x", "kind": "y"}]}', '{"headers": {"Subject": "x"}}',
        '{"headers": {"X-A": 7}}', '{"headers": []}', '{"fields": []}', '{"draft": "yes"}',
        '{"reply_to": ["a@b.example"]}', '{"subject": "nobody to send to"}', "{}",
        '{"to": "a@b.example", "headers": {"X-A\\r\\nBcc": "x"}}',
        '{"to": "a@b.example", "subject": "\\ud800", "text": "\\udcff", "in_reply_to": "\\udcff"}',
    ],
)  # fmt: skip
def test_a_wrong_letter_is_wrong_data(connected: Program, letter: str | bytes) -> None:
    result = connected("send", stdin=letter)
    assert result.code in {65, 66}
    assert set(result.record) == {"error", "message"}
    assert connected("outbox").records == []


def test_send_refuses_wrong_use(connected: Program, tmp_path: Path) -> None:
    to = ["send", "--to", "luca@ferri.example"]
    connected.fails(64, "wrong_use", *to, "--html", "--text")
    connected.fails(64, "wrong_use", *to, "--set", "k")
    connected.fails(64, "wrong_use", *to, "--template", "offer")
    connected.fails(64, "wrong_use", *to, "--wait", "soon")
    connected.fails(64, "wrong_use", *to, "--batch", tmp_path / "x")
    connected.fails(66, "not_found", *to, "--body-file", tmp_path / "none")
    connected.fails(74, "input_output", *to, "--body-file", tmp_path)
    connected.fails(66, "not_found", *to, "--attach", tmp_path / "none")
    connected.fails(74, "input_output", *to, "--attach", tmp_path)
    connected.fails(66, "not_found", "send", stdin=_json(**{"from": "nobody@rossi.example"}))
    connected.fails(66, "not_found", "send", "--as", "bruno", stdin=_json())
    assert connected("outbox").records == []


# -- many ------------------------------------------------------------------------------------------


def test_a_batch_takes_every_right_line(connected: Program, tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    wrong = ['{"to": 7}', "no json", "\udcff", '{"to": "a@b.example", "colour": "red"}']
    lines = [_json(idempotency_key="1"), *wrong, "", _json(idempotency_key="2")]
    file.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    result = connected("send", "--batch", file)
    assert result.code == 1
    done = [row for row in result.records if "outgoing" in row]
    failed = [row for row in result.records if "error" in row]
    assert all(set(row) == _SENT for row in done)
    assert [row["idempotency_key"] for row in done] == ["1", "2"]
    assert [row["line"] for row in failed] == [2, 3, 4, 5]
    assert {row["error"] for row in failed} == {"wrong_data"}
    again = connected("send", "--batch", "-", stdin=file.read_bytes())
    assert [row["repeated"] for row in again.records if "outgoing" in row] == [True, True]
    assert len(connected("outbox").records) == 2


def test_a_batch_that_is_all_right_or_all_wrong(connected: Program, tmp_path: Path) -> None:
    file = tmp_path / "letters.jsonl"
    file.write_text(f"{_json()}\n{_json(subject='b')}\n", "utf-8")
    assert connected("send", "--batch", file, "--wait", 20).code == 0
    file.write_text("{}\n[]\n", "utf-8")
    assert connected("send", "--batch", file).code == 65
    file.write_text("\n", "utf-8")
    connected.fails(65, "wrong_data", "send", "--batch", file)
    connected.fails(66, "not_found", "send", "--batch", tmp_path / "none")
    connected.fails(74, "input_output", "send", "--batch", tmp_path)
    file.write_text(f"x\n{_json()}\n", "utf-8")
    words = connected("send", "--batch", file, json=False)
    assert words.code == 1
    assert words.err.startswith("1: ")


def test_the_same_key_keeps_one_draft(connected: Program) -> None:
    words = ("send", "--draft", "--idempotency-key", "k1")
    first = connected(*words, stdin=_json()).record
    assert (first["state"], first["repeated"], first["idempotency_key"]) == ("draft", False, "k1")
    again = connected(*words, stdin=_json()).record
    assert (again["state"], again["repeated"]) == ("draft", True)
    assert _drafts(connected) == 1
    connected.fails(65, "wrong_data", *words, stdin=_json(subject="Un'altra"))
    sent = connected("send", "--idempotency-key", "k2", stdin=_json())
    assert sent.code == 0
    connected.fails(65, "wrong_data", "send", "--draft", "--idempotency-key", "k2", stdin=_json())
    assert connected("send", "--draft", stdin=_json()).record["repeated"] is False
    assert _drafts(connected) == 2


def _drafts(program: Program) -> int:
    with contextlib.closing(sqlite3.connect(program.home / "tui_mail.db")) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM draft")
    return int(count)
