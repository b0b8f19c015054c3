"""Letters become bytes that say what was meant and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder
from tui_mail.errors import WrongData
from tui_mail.i18n import set_language
from tui_mail.mail.compose import (
    bare_subject,
    build,
    forward_of,
    parse_mailboxes,
    recipients,
    reply_to,
)
from tui_mail.mail.parse import parse
from tui_mail.values import BodyFormat, Letter, LetterAttachment, Mailbox

NOW = datetime(2026, 11, 24, 10, 32, tzinfo=timezone(timedelta(hours=1)))
ME = Mailbox("vendite@rossi.it", "Vendite")
LUCA = Mailbox("l.ferri@ferri.it", "Luca Ferri")


def letter(**changes: Any) -> Letter:
    return Letter(**{"sender": ME, "to": (LUCA,), "subject": "Ordine", "body": "ciao\n", **changes})


def built(written: Letter) -> bytes:
    return build(written, message_id="a.b@rossi.it", date=NOW)


def header_names(raw: bytes) -> list[str]:
    return [name.lower() for name, _value in parse(raw).headers]


HOSTILE = [
    "A è =?UTF-8?Q?=0A?=Bcc: e@e.it",
    "a\rb",
    "a\nBcc: x@y.it",
    "a\r\n\r\nbody",
    "a\u2028Bcc: x@y.it",
    "a\x85Bcc: x@y.it",
    "a\x00b\x1b]52;c;x\x07",
    "=?utf-8?q?=0D=0ABcc:_x=40y=2Eit?=",
    '"\r\nBcc: x@y.it',
    "x" * 3000,
    "è" * 3000,
    "\ud800",
    "",
    " ",
]
PLAIN = header_names(
    build(letter(body="ciao"), message_id="a@b", date=datetime(2026, 1, 1, tzinfo=UTC))
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_adds_a_header_or_a_recipient(text: str) -> None:
    raw = built(
        letter(
            subject=text,
            to=(Mailbox(LUCA.address, text),),
            sender=Mailbox(ME.address, text),
            references=(text, "ok@x"),
            in_reply_to=text,
            headers=(("X-Field", text),),
        )
    )
    assert set(header_names(raw)) - set(PLAIN) <= {"x-field", "references", "in-reply-to"}
    parsed = parse(raw)
    assert [each.address for each in parsed.to] == [LUCA.address]
    assert parsed.sender is not None
    assert parsed.sender.address == ME.address
    assert parsed.references == ("ok@x",)


@pytest.mark.parametrize(
    "name", [*HOSTILE, 'a"\r\nX: 1.pdf', "../../x", "fattura è.pdf", "n" * 400]
)
def test_no_file_name_leaves_its_header(name: str) -> None:
    raw = built(letter(attachments=(LetterAttachment(name, b"%PDF", "application/pdf"),)))
    assert sorted(header_names(raw)) == sorted(
        {*PLAIN, "content-type"} - {"content-transfer-encoding"}
    )
    (attachment,) = parse(raw).attachments
    assert attachment.content == b"%PDF"
    assert "/" not in attachment.name
    assert attachment.media_type == "application/pdf"


def test_naughty_strings_travel() -> None:
    for text in (data_folder("blns") / "blns.txt").read_text("utf-8").splitlines():
        parsed = parse(built(letter(subject=text, body=text, to=(Mailbox(LUCA.address, text),))))
        assert parsed.text.rstrip("\n") == text.removeprefix("\ufeff")
        assert [each.address for each in parsed.to] == [LUCA.address]


TEXT = st.text(max_size=200)


@given(TEXT, TEXT, TEXT, st.sampled_from(list(BodyFormat)), st.binary(max_size=200))
def test_what_matters_is_read_again(
    subject: str, name: str, body: str, form: BodyFormat, content: bytes
) -> None:
    raw = built(
        letter(
            subject=subject,
            to=(Mailbox(LUCA.address, name),),
            body=body,
            format=form,
            attachments=(LetterAttachment("a.bin", content),),
        )
    )
    parsed = parse(raw)
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert parsed.attachments[0].content == content
    assert [each.address for each in parsed.to] == [LUCA.address]
    if form is not BodyFormat.HTML and body.strip():  # blanks alone are no text
        meant = body.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        assert parsed.text.rstrip("\n") == meant.removeprefix("\ufeff")


@pytest.mark.parametrize(
    "body",
    [
        "\n.\nMAIL FROM:<e>",
        "\r.\r",
        "\r\n.\r\n",
        "x" * 100_000,
        "a\x00b",
        "From me\nFrom you",
        "a  \n",
        "è" * 500,
    ],
)
def test_any_body_arrives_as_it_was(body: str) -> None:
    raw = built(letter(body=body))
    assert parse(raw).text.rstrip("\n") == body.replace("\r\n", "\n").replace("\r", "\n").rstrip(
        "\n"
    )
    assert b"\r\nFrom " not in raw.replace(b"\r\nFrom: ", b"")


def test_blind_copies_are_in_the_envelope_alone() -> None:
    hidden = letter(bcc=(Mailbox("capo@rossi.it"),), cc=(Mailbox("L.Ferri@ferri.it"),))
    assert recipients(hidden) == ("l.ferri@ferri.it", "capo@rossi.it")
    assert b"capo" not in built(hidden)


def test_a_letter_to_nobody_in_sight_says_so() -> None:
    raw = built(letter(to=(), bcc=(LUCA,)))
    assert b"To: undisclosed-recipients:;" in raw
    assert parse(raw).to == ()


def test_markdown_is_sent_in_both_forms() -> None:
    parsed = parse(built(letter(body="**ciao** <script>x</script>", format=BodyFormat.MARKDOWN)))
    assert parsed.text.startswith("**ciao**")
    assert "<strong>ciao</strong>" in parsed.html
    assert "<script>" not in parsed.html


def test_html_is_sent_with_its_text() -> None:
    parsed = parse(built(letter(body="<p>uno<p>due", format=BodyFormat.HTML)))
    assert parsed.text.strip() == "uno\n\ndue"
    assert parsed.html.strip() == "<p>uno<p>due"


@pytest.mark.parametrize(
    "address",
    [
        "x@y.it>\r\nRCPT TO:<evil@z>",
        "a@b, c@d",
        "a b@c.it",
        "a@",
        "@b.it",
        "a",
        "",
        "a\u202eb@b.it",
        "è è@b.it",
        "è" * 40 + "@b.it",
        "a@b..it",
        "a@-b.it",
        ".a@b.it",
        "a@b.it\x00",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    wrong = letter(to=(Mailbox(address),))
    with pytest.raises(WrongData):
        recipients(wrong)
    with pytest.raises(WrongData):
        built(wrong)


def test_a_mailbox_with_other_letters_is_written_as_it_is() -> None:
    wish = letter(to=(Mailbox("perche\u0301@città.it", "Perché"),))
    assert recipients(wish) == ("perché@xn--citt-3na.it",)
    raw = built(wish)
    assert "<perché@xn--citt-3na.it>".encode() in raw
    assert [box.address for box in parse(raw).to] == ["perché@xn--citt-3na.it"]
    assert parse_mailboxes("Perché <perché@città.it>")[0].address.startswith("perché@")


def test_a_domain_in_another_script_is_written_in_ascii() -> None:
    assert recipients(letter(to=(Mailbox("a@città.it"),))) == ("a@xn--citt-3na.it",)


@pytest.mark.parametrize(
    "name", ["Bcc", "to", "Content-Type", "Received", "X Y", "X:", "", "Resent-To"]
)
def test_a_header_that_is_not_the_letters_is_refused(name: str) -> None:
    with pytest.raises(WrongData):
        built(letter(headers=((name, "x"),)))


def test_more_people_than_a_header_holds_are_refused() -> None:
    with pytest.raises(WrongData):
        built(letter(to=tuple(Mailbox(f"persona{n}@azienda-lunga.example") for n in range(5000))))


def test_a_message_is_attached_as_one() -> None:
    inner = b"Subject: a\r\n\r\nciao\r\n"
    parsed = parse(built(letter(attachments=(LetterAttachment("a.eml", inner, "message/rfc822"),))))
    assert parsed.attachments[0].media_type == "message/rfc822"
    assert parsed.attachments[0].content == inner
    odd = LetterAttachment("a.eml", b"Subject: \xe8\n\nciao", "message/rfc822")
    assert parse(built(letter(attachments=(odd,)))).attachments[0].content == odd.content


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: ordine", "ordine"),
        ("R: I: Re: RIF: Fwd: AW: ordine", "ordine"),
        ("RE[2]: ordine", "ordine"),
        ("Re:Re:ordine", "ordine"),
        ("Rettifica: ordine", "Rettifica: ordine"),
        ("Re:", "Re:"),
        ("ordine", "ordine"),
    ],
)
def test_marks_of_answers_go(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


ORDER = (
    b"From: Luca Ferri <l.ferri@ferri.it>\nTo: vendite@rossi.it, sara@rossi.it\nCc: anna@ferri.it\n"
    b"Subject: R: Re: ordine 119\nMessage-ID: <m2@ferri.it>\nReferences: <m0@x> <m1@rossi.it>\n"
    b"Date: Tue, 24 Nov 2026 09:32:00 +0000\n\nConfermate?\n> si\n"
)
OWN = frozenset({"vendite@rossi.it", "io@rossi.it"})


def test_an_answer_goes_to_who_wrote() -> None:
    answer = reply_to(parse(ORDER), OWN, False, ME, NOW)
    assert answer.to == (LUCA,)
    assert answer.cc == ()
    assert answer.subject == "Re: ordine 119"
    assert answer.in_reply_to == "m2@ferri.it"
    assert answer.references == ("m0@x", "m1@rossi.it", "m2@ferri.it")
    assert "Luca Ferri wrote:\n> Confermate?\n>> si" in answer.body
    assert "10:32" in answer.body


def test_an_answer_to_all_leaves_oneself_out() -> None:
    answer = reply_to(parse(ORDER), OWN, True, ME, NOW)
    assert [each.address for each in answer.to] == ["l.ferri@ferri.it", "sara@rossi.it"]
    assert [each.address for each in answer.cc] == ["anna@ferri.it"]


def test_an_answer_goes_where_it_was_asked_for() -> None:
    asked = parse(b"Reply-To: ordini@ferri.it\n" + ORDER)
    assert [each.address for each in reply_to(asked, OWN, False, ME, NOW).to] == ["ordini@ferri.it"]


def test_an_answer_to_oneself_goes_to_whom_it_was_written() -> None:
    own = parse(b"From: io@rossi.it\nTo: l.ferri@ferri.it\nMessage-ID: <a@b>\n\nciao")
    assert [each.address for each in reply_to(own, OWN, False, ME, NOW).to] == ["l.ferri@ferri.it"]
    alone = parse(b"From: io@rossi.it\nTo: io@rossi.it\n\nciao")
    assert [each.address for each in reply_to(alone, OWN, True, ME, NOW).to] == ["io@rossi.it"]


def test_ancestors_of_an_answer_are_at_most_fifty() -> None:
    raw = (
        b"Message-ID: <me@x>\nReferences: " + b" ".join(b"<%d@x>" % n for n in range(90)) + b"\n\n"
    )
    chain = reply_to(parse(raw), OWN, False, ME, NOW).references
    assert len(chain) == 50
    assert (chain[0], chain[-1]) == ("0@x", "me@x")


TYPED = (
    "<p>Ecco:</p><div>---------- Messaggio inoltrato ----------<br>1. uno<br>+ due<br>- tre</div>"
    "<p>in C:\\_prezzi\\*.xls</p><p><a href='https://x.it/a(b)'>qui</a></p><p>Luca<br>--<br>Ferri</p>"
    "<blockquote>sì<br></blockquote>"
)
PAGE = parse(f"From: luca@ferri.it\nContent-Type: text/html; charset=utf-8\n\n{TYPED}".encode())


@pytest.mark.parametrize("begun", [reply_to(PAGE, OWN, False, ME, NOW), forward_of(PAGE, b"", ME)])
def test_what_is_quoted_of_a_page_goes_out_as_its_writer_typed_it(begun: Letter) -> None:
    sent = parse(built(replace(begun, to=(LUCA,))))
    told = [line.removeprefix("> ") for line in sent.text.rstrip("\n").split("\n")]
    typed = ["---------- Messaggio inoltrato ----------", "1. uno", "+ due", "- tre"]
    assert told[told.index(typed[0]) :][: len(typed)] == typed
    assert "in C:\\_prezzi\\*.xls" in told
    assert "[qui](https://x.it/a%28b%29)" in told
    assert told[-1].strip("> ") == "sì"


def test_no_line_that_is_quoted_becomes_a_heading_when_the_letter_goes_as_markdown() -> None:
    begun = reply_to(PAGE, OWN, False, ME, NOW)
    sent = parse(built(replace(begun, body=f"**sì**{begun.body}", format=BodyFormat.MARKDOWN)))
    assert "<strong>sì</strong>" in sent.html
    assert "Luca<br" in sent.html
    assert "<h" not in sent.html.partition("<body>")[2]


def test_an_answer_can_be_built_and_read_again() -> None:
    answer = reply_to(parse(ORDER), OWN, True, ME, NOW)
    parsed = parse(built(answer))
    assert parsed.in_reply_to == ("m2@ferri.it",)
    assert parsed.new_text == ""


def test_a_forward_carries_the_text_and_the_files() -> None:
    raw = (
        b"From: Luca Ferri <l.ferri@ferri.it>\nSubject: Re: ordine\n"
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nVedi allegato\n"
        b"--x\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n--x--\n"
    )
    sent = forward_of(parse(raw), raw, ME)
    assert sent.subject == "Fwd: ordine"
    assert "Luca Ferri <l.ferri@ferri.it>" in sent.body
    assert "Vedi allegato" in sent.body
    assert [(each.name, each.content) for each in sent.attachments] == [("a.pdf", b"%PDF")]


def test_certified_mail_is_forwarded_whole() -> None:
    raw = b"X-Ricevuta: accettazione\r\nSubject: ACCETTAZIONE: x\r\n\r\nciao\r\n"
    (whole,) = forward_of(parse(raw), raw, ME).attachments
    assert whole.content == raw


def test_what_people_type_as_recipients() -> None:
    typed = parse_mailboxes("Luca Ferri <l.ferri@ferri.it>; sara@rossi.it,\nanna@ferri.it")
    assert typed == (LUCA, Mailbox("sara@rossi.it"), Mailbox("anna@ferri.it"))
    assert parse_mailboxes(" , ") == ()


@pytest.mark.parametrize("typed", ["luca", "Luca Ferri", "a@b.it, luca", "a@b@", "<>"])
def test_a_wrong_recipient_is_named(typed: str) -> None:
    with pytest.raises(WrongData) as error:
        parse_mailboxes(typed)
    assert any(word in error.value.message for word in ("luca", "Luca Ferri", "a@b@", "<>"))


def test_dates_are_told_in_the_users_language() -> None:
    set_language("it")
    try:
        assert "24 nov 2026" in reply_to(parse(ORDER), OWN, False, ME, NOW).body
    finally:
        set_language("en")
