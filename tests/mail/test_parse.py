"""Messages out of bytes: tables of odd cases, and the promise never to raise."""

import html
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mail.parse import parse
from tui_mail.values import Mailbox, ParsedMessage


def message(head: str, body: str = "ciao\n") -> ParsedMessage:
    return parse(f"{head}\n\n{body}".encode())


FRAGMENTS = st.sampled_from(
    [
        b"From: ",
        b"To: a@b.it, ",
        b"Subject: =?utf-8?q?",
        b"?=",
        b"Content-Type: multipart/mixed; boundary=x\n",
        b"Content-Type: text/html; charset=",
        b"Content-Transfer-Encoding: base64\n",
        b"--x\n",
        b"--x--\n",
        b"\n\n",
        b"\r\n",
        b"\r",
        b"<div>",
        b"<table border=1><tr><th>",
        b"> ",
        b'"',
        b"<",
        b"(",
        b"\\",
        b"\x00",
        b"\xff",
        b"=?x?b?",
        b"Date: Fri, 31 Feb 99999 25:61:61 +9999\n",
        b"filename*0*=utf-8''%",
    ]
)


@given(st.lists(st.one_of(FRAGMENTS, st.binary(max_size=12)), max_size=40).map(b"".join))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed.size == len(raw)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?q?Citt=C3=A0?=", "Città"),
        ("=?iso-8859-1?Q?perch=E9?= no", "perché no"),
        ("=?utf-8?b?w6g=?= =?utf-8?b?w6g=?=", "èè"),
        ("=?utf-8?b?w6?= x", "Ã x"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A8?=", "è"),
        ("=?pippo?q?a=C3=A8?=", "aè"),
        ("=?utf-8*it?q?Ciao?=", "Ciao"),
        ("=?utf-8?q?due parole?=", "due parole"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("[EXT] =?x", "[EXT] =?x"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?che?_s=C3=AC?=", "che? sì"),
        ("=?utf-8?q?Citt=C3=A0 tagliata", "Città tagliata"),
        ("=?UTF-8?B?Q2l0dMOg", "Città"),
        ("=??q?senza_nome?=", "senza nome"),
        ('=?"utf-8"?q?=C3=A8?=', "è"),
        ("=?utf-8?b?Q2l0\n dMOg?=", "Città"),
        ("=?iso-8859-1?q?Citt=C3=A0?=", "Città"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?=1b[31m?=", "\x1b[31m"),
        ("perché", "perché"),
        ("a\n b\n\tc", "a b c"),
    ],
)
def test_subjects_are_read_as_a_person_would(written: str, read: str) -> None:
    assert message(f"Subject: {written}").subject == read


@pytest.mark.parametrize(
    ("declared", "body", "text"),
    [
        ("utf-8", b"perch\xc3\xa9", "perché"),
        ("iso-8859-1", b"\x93perch\xe9\x94", "“perché”"),
        ("DEFAULT", b"perch\xc3\xa9", "perché"),
        ("pippo", b"perch\xe9", "perché"),
        ("us-ascii", b"perch\xe9", "perché"),
        ("utf-8", b"citt\xe0", "città"),
        ("_iso-2022-jp$ESC", b'\x1b$B$"\x1b(B', "あ"),
        ("utf-16", b"plain", "plain"),
        ("rot13", b"ciao", "ciao"),
        ("punycode", b"ciao-", "ciao-"),
        ("", b"\xef\xbb\xbfciao", "ciao"),
        ("iso-8859-1", b"perch\xc3\xa9", "perché"),
        ("big5", "發票".encode("big5hkscs"), "發票"),
    ],
)
def test_bodies_survive_wrong_charsets(declared: str, body: bytes, text: str) -> None:
    parsed = parse(f"Content-Type: text/plain; charset={declared}\n\n".encode() + body)
    assert parsed.text == text


def test_a_charset_that_lies_is_told() -> None:
    parsed = parse(b"Content-Type: text/plain; charset=utf-8\n\nperch\xe9")
    assert "charset" in parsed.damage


def test_a_letter_with_both_forms_is_one_text() -> None:
    parsed = message(
        "Content-Type: multipart/alternative; boundary=x",
        "--x\nContent-Type: text/plain\n\nciao\n"
        "--x\nContent-Type: text/html\n\n<p>ciao <b>bello</b>\n--x--\n",
    )
    assert parsed.text.strip() == "ciao"
    assert "<b>bello</b>" in parsed.html
    assert parsed.attachments == ()


@pytest.mark.parametrize(
    "plain",
    [
        "Your client does not support HTML.",
        "Apri la versione web: https://example.com/1",
        "Gentile cliente,\nle inviamo la nostra offerta.",
        "",
    ],
)
def test_a_page_of_which_the_plain_form_says_little_is_read_itself(plain: str) -> None:
    page = "<p>Confermiamo il suo <b>ordine 123/2026</b> di pomodoro fresco, perch&eacute; c'&egrave;.</p>"
    parsed = message(
        "Content-Type: multipart/alternative; boundary=x",
        f"--x\nContent-Type: text/plain\n\n{plain}\n--x\nContent-Type: text/html\n\n{page}\n--x--\n",
    )
    assert parsed.text == "Confermiamo il suo ordine 123/2026 di pomodoro fresco, perché c'è."
    assert parsed.new_text == parsed.text


@given(
    st.lists(st.text("abcdeàèì<>& \n", min_size=1, max_size=20), min_size=1, max_size=40).map(
        " ".join
    )
)
def test_a_plain_form_that_says_the_same_is_kept_as_it_was_written(text: str) -> None:
    page = html.escape(text).encode("ascii", "xmlcharrefreplace").decode()
    parsed = message(
        "Content-Type: multipart/alternative; boundary=x",
        f"--x\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--x\nContent-Type: text/html\n\n<html><body><p>{page}</p></body></html>\n--x--\n",
    )
    assert parsed.text.split() == text.split()


def test_html_alone_gives_its_text() -> None:
    parsed = message("Content-Type: text/html", "<p>Gentile cliente,</p><p>grazie</p>")
    assert parsed.text == "Gentile cliente,\n\ngrazie"


def test_flowed_lines_are_paragraphs_again() -> None:
    parsed = message(
        "Content-Type: text/plain; format=flowed",
        "Una riga \nlunga.\n> citata \n> ancora\n-- \nMario",
    )
    assert parsed.text == "Una riga lunga.\n> citata ancora\n-- \nMario"


def test_the_image_of_an_html_letter_is_inline_and_a_file_is_not() -> None:
    parsed = message(
        "Content-Type: multipart/mixed; boundary=x",
        "--x\nContent-Type: multipart/related; boundary=y\n\n"
        "--y\nContent-Type: text/html\n\n<img src=cid:a>\n"
        "--y\nContent-Type: image/png\nContent-ID: <a>\nContent-Transfer-Encoding: base64\n\nAAEC\n"
        "--y--\n"
        "--x\nContent-Type: application/pdf\n"
        "Content-Disposition: attachment; filename*=utf-8''fattura%20%C3%A8.pdf\n\n%PDF\n--x--\n",
    )
    assert [(each.name, each.inline) for each in parsed.attachments] == [
        ("part-1.png", True),
        ("fattura è.pdf", False),
    ]
    assert parsed.attachments[0].content == b"\x00\x01\x02"
    assert parsed.attachments[0].content_id == "a"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="a b.pdf"', "a b.pdf"),
        ("attachment; filename=a b.pdf", "a b.pdf"),
        ("attachment; filename*0=fattu; filename*1=ra.pdf", "fattura.pdf"),
        ("attachment; filename*0*=utf-8''%C3; filename*1*=%A8.pdf", "è.pdf"),
        ("attachment; filename*=iso-8859-1'it'perch%E9.pdf", "perché.pdf"),
        ('attachment; filename="=?utf-8?q?=C3=A8=2Epdf?="', "è.pdf"),
        ('attachment; filename="a\\"b.pdf"', 'a"b.pdf'),
        ("attachment", "part-1.pdf"),
    ],
)
def test_file_names_in_every_way_they_are_written(disposition: str, name: str) -> None:
    parsed = message(f"Content-Type: application/pdf\nContent-Disposition: {disposition}")
    assert parsed.attachments[0].name == name


def test_a_message_in_a_message_is_a_file_named_by_its_subject() -> None:
    parsed = message("Content-Type: message/rfc822", "Subject: Ordine 12\n\nciao\n")
    assert parsed.attachments[0].name == "Ordine 12.eml"
    assert parsed.attachments[0].content == b"Subject: Ordine 12\n\nciao\n"


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ("QUJD\nREVG", b"ABCDEF"),
        ("QUI=\nQ0Q=", b"ABCD"),
        ("Q-U_J D", b"ABC"),
        ("QUJDR", b"ABC"),
        ("A", b""),
    ],
)
def test_base64_is_read_in_any_state(body: str, content: bytes) -> None:
    parsed = message("Content-Type: image/png\nContent-Transfer-Encoding: base64", body)
    assert parsed.attachments[0].content == content


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Subject: Ordine", "human"),
        ("Auto-Submitted: auto-replied", "auto_reply"),
        ("Auto-Submitted: no", "human"),
        ("Subject: Risposta automatica: ordine", "auto_reply"),
        ("List-Id: <soci.example>", "list"),
        ("Precedence: bulk", "list"),
        ("List-Id: <soci.example>\nList-Post: NO", "list"),
        ("List-Id: <soci.example>\nList-Post: <mailto:soci@example>", "group"),
        ("List-Id: <soci.example>\nIn-Reply-To: <1@x.it>", "group"),
        ("List-Post: <mailto:soci@example>\nAuto-Submitted: auto-generated", "list"),
        ("List-Post: <mailto:n@x>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click", "list"),
        ("X-Ricevuta: accettazione", "pec_receipt"),
        ("X-Trasporto: posta-certificata", "pec_envelope"),
        ("x-TRASPORTO: errore", "pec_envelope"),
        ("Content-Type: text/calendar; method=REQUEST", "calendar"),
        ("Content-Type: multipart/report; report-type=delivery-status", "bounce"),
        ("Content-Type: multipart/report; report-type=disposition-notification", "receipt"),
        ("From: MAILER-DAEMON@x.it\nSubject: Undelivered Mail Returned", "bounce"),
        ("From: postmaster@x.it\nSubject: Benvenuto", "human"),
    ],
)
def test_kinds_of_message(head: str, kind: str) -> None:
    assert message(head).kind == kind


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<a@b>", ("a@b",)),
        ("<a@b> <c@d>", ("a@b", "c@d")),
        ("<a@b>\n <a@b>", ("a@b",)),
        ("<a\n @b>", ("a@b",)),
        ("a@b", ("a@b",)),
        ("Message of Monday <a@b>", ("a@b",)),
        ("<>", ()),
        ("", ()),
    ],
)
def test_identifiers(written: str, read: tuple[str, ...]) -> None:
    assert message(f"References: {written}").references == read


def test_many_references_keep_the_root_and_the_nearest() -> None:
    parsed = message("References: " + " ".join(f"<{n}@x>" for n in range(300)))
    assert len(parsed.references) == 100
    assert parsed.references[0] == "0@x"
    assert parsed.references[-1] == "299@x"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Thu, 05 Mar 2026 10:00:00 +0100", datetime(2026, 3, 5, 9, tzinfo=UTC)),
        ("5 Mar 26 10:00 GMT", datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("Thu, 05 Mar 2026 10:00:00", datetime(2026, 3, 5, 10, tzinfo=UTC)),
        ("Fri, 31 Feb 2026 10:00:00 +0100", None),
        ("yesterday", None),
        ("Thu, 05 Mar 2026 10:00:00 +9999", None),
    ],
)
def test_dates(written: str, read: datetime | None) -> None:
    assert message(f"Date: {written}").date == read


def test_what_is_not_there_is_not_damaged() -> None:
    assert message("Subject: a").damage == ()
    assert message("From: <>\nDate: yesterday").damage == ("sender", "date")


def test_two_senders_and_a_foreign_answer_address_are_warnings() -> None:
    parsed = message("From: a@b.it, c@d.it\nReply-To: e@f.it")
    assert parsed.warnings == ("several_senders", "reply_to_other_domain")
    assert parsed.senders == (Mailbox("a@b.it"), Mailbox("c@d.it"))


def test_answers_that_go_to_the_list_are_no_warning() -> None:
    head = "From: a@b.it\nTo: soci@lista.it\nReply-To: soci@lista.it"
    assert message(f"List-Id: <soci.lista.it>\n{head}").warnings == ()
    assert message(head).warnings == ("reply_to_other_domain",)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_will_do(ending: str) -> None:
    text = "Subject: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nciao\n--x--\n"
    parsed = parse(text.replace("\n", ending).encode())
    assert parsed.subject == "a"
    assert parsed.text == "ciao"
    assert "unclosed_parts" not in parsed.damage


def test_what_is_over_a_limit_is_told_and_the_rest_is_read() -> None:
    parts = parse(b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 5000)
    assert "too_many_parts" in parts.damage
    assert parts.text.startswith("a\na")
    deep = b"".join(
        b"Content-Type: multipart/mixed; boundary=x%d\n\n--x%d\n" % (i, i) for i in range(99)
    )
    assert "too_deep" in parse(deep).damage
    people = message("To: " + ", ".join(f"a{n}@x.it" for n in range(2000)))
    assert "too_many_addresses" in people.damage
    assert len(people.to) == 1000
    assert "header_too_long" in message("Subject: " + "a" * 100_000).damage
    assert "too_many_headers" in message("A: b\n" * 3000 + "Subject: x").damage


@pytest.mark.parametrize(
    "raw",
    [
        b"broken line\nSubject: a\nFrom: b@c.it\n\nciao",
        b"Subject: a\n__\n  <x@y>\nFrom: b@c.it\n\nciao",
        b"\r\n\r\nSubject: a\r\nFrom: b@c.it\r\n\r\nciao",
        b"\xef\xbb\xbfSubject: a\nFrom: b@c.it\n\nciao",
        b"From x@y Thu Mar  5 10:00:00 2026\nSubject: a\nFrom: b@c.it\n\nciao",
    ],
)
def test_a_broken_line_among_headers_does_not_end_them(raw: bytes) -> None:
    parsed = parse(raw)
    assert (parsed.subject, parsed.text) == ("a", "ciao")
    assert parsed.sender == Mailbox("b@c.it")


def test_lines_that_are_no_header_begin_the_body() -> None:
    parsed = parse(b"Subject: a\nthis is no header\n\nciao")
    assert parsed.text == "this is no header\n\nciao"
    assert "header_line" in parsed.damage
