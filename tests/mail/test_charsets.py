"""Text out of bytes whose charset is not told, told wrongly, or nobody's."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mail.charsets import codec_of, decode
from tui_mail.mail.parse import parse

TEXTS = {
    "cp1251": "Добрый день! Направляем вам счёт на оплату за ноябрь. С уважением",
    "koi8_r": "Добрый день! Направляем вам счёт на оплату за ноябрь. С уважением",
    "cp1253": "Καλημέρα σας, σας στέλνουμε το τιμολόγιο του Νοεμβρίου.",
    "gb18030": "您好，请查收附件中的发票。谢谢合作！",
    "big5": "您好，請查收附件中的發票。謝謝合作！",
    "cp932": "お世話になっております。請求書を添付いたします。",
    "euc_jp": "お世話になっております。請求書を添付いたします。",
    "cp949": "안녕하세요. 첨부된 송장을 확인해 주시기 바랍니다. 감사합니다.",
    "cp1255": "שלום, מצורפת החשבונית לחודש נובמבר. תודה רבה",
    "cp1256": "مرحبا، تجدون الفاتورة مرفقة. شكرا لكم على تعاونكم",
    "cp1252": "Buongiorno, perché la città è già più in là? Così però “no” – €",
    "iso2022_jp": "お世話になっております。",
    "utf-16": "perché",
    "utf-8-sig": "perché",
}


@pytest.mark.parametrize("codec", TEXTS)
def test_text_without_a_charset_is_read(codec: str) -> None:
    text, _sound = decode(TEXTS[codec].encode(codec))
    assert text == TEXTS[codec]


@pytest.mark.parametrize("codec", ["cp1251", "gb18030", "cp932"])
def test_a_guess_is_told(codec: str) -> None:
    head = b"From: a@x.it\nDate: Thu, 05 Mar 2026 10:00:00 +0100\n"
    parsed = parse(
        head + b"Content-Type: text/plain; charset=us-ascii\n\n" + TEXTS[codec].encode(codec)
    )
    assert parsed.text == TEXTS[codec]
    assert parsed.damage == ("charset",)


@pytest.mark.parametrize(
    "text", ["È", "più su, è là", "€ 1.234,50", "Città: Forlì; età: 40; però: sì"]
)
def test_a_few_accents_are_no_other_script(text: str) -> None:
    assert decode(text.encode("cp1252"))[0] == text


def test_raw_headers_are_in_the_charset_of_the_text() -> None:
    subject = "Příloha"
    parsed = parse(
        b"Subject: "
        + subject.encode("cp1250")
        + b"\nContent-Type: text/plain; charset=windows-1250\n\nx"
    )
    assert parsed.subject == subject
    assert "header_charset" in parsed.damage


def test_utf8_headers_need_no_encoding() -> None:
    parsed = parse("From: Zoë <zoë@exämple.it>\nSubject: perché\n\nx".encode())
    assert (parsed.subject, parsed.damage) == ("perché", ())
    assert parsed.sender
    assert (parsed.sender.name, parsed.sender.address) == ("Zoë", "zoë@exämple.it")


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            "",
            "utf-8",
            "us-ascii",
            "utf-16",
            "gb2312",
            "iso-2022-jp",
            "utf-7",
            "hz",
            "pippo",
            "big5",
            "x-user-defined",
        ]
    ),
    st.sampled_from(["", "cp1250"]),
)
def test_no_bytes_make_it_raise(data: bytes, charset: str, likely: str) -> None:
    decode(data, charset, likely)


@given(st.text(max_size=70))
def test_no_name_of_a_charset_makes_it_raise(name: str) -> None:
    found = codec_of(name)
    assert found is None or codecs.lookup(found)


@given(st.text(max_size=200))
def test_text_in_utf8_is_always_itself(text: str) -> None:
    data = text.encode("utf-8", "replace")
    if b"\x1b$" not in data:
        assert decode(data) == (data.decode().removeprefix("\ufeff"), True)
