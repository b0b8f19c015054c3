"""Pages as Markdown: to quote, to keep, to go on writing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder
from tui_mail.mail.compose import build, written_as
from tui_mail.mail.markdown import document, editable, markdown_of, readable_lines
from tui_mail.mail.parse import parse
from tui_mail.mail.tidy import MAX_TIDY, tidy
from tui_mail.safetext import safe
from tui_mail.values import BodyFormat, Letter, Mailbox

NOW = datetime(2026, 11, 12, 10, tzinfo=UTC)
PAGES = Path(__file__).parent / "pages"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>uno<p>due", "uno\n\ndue"),
        ("<b>uno</b> e <i>due</i>", "**uno** e *due*"),
        ("<a href='https://x.it/a'>qui</a>", "[qui](https://x.it/a)"),
        (f"<a href='https://x.it/{'a' * 300}'>qui</a>", "qui"),
        ("<a href='javascript:x'>qui</a>", "qui"),
        ("<p>a</p><p style='display:none'>b</p><img width=1 height=1 src=x alt=c>", "a"),
        ("<style>.h{display:none}</style><div class=h>b</div>a", "a"),
        ("<blockquote>uno<blockquote>due</blockquote></blockquote>", "> uno\n>\n>> due"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a\n\nb"),
        (
            "<table border=1><tr><th>A<th>B<tr><td>1<td>2</table>",
            "| A   | B  |\n|-----|----|\n| 1   | 2  |",
        ),
        ("12 m<sup>2</sup>", "12 m²"),
        ("", ""),
    ],
)
def test_a_page_reads_as_markdown(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


def test_a_table_of_data_stays_a_table_when_a_letter_is_gone_on_with() -> None:
    written = editable((PAGES / "order.html").read_text("utf-8"))
    assert "| Descrizione |  | Q.tà | Prezzo | Importo |\n| --- |" in written
    assert "| 2 |  | 108,70 | [paga in linea](https://pay.example/2) |" in written
    assert "- Collaudo incluso\n  - con verbale" in written


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 20_000 + "testo",
        "<table><tr><td>" * 3_000 + "testo",
        "<blockquote>" * 3_000 + "testo",
        "<ol><li>" * 3_000 + "testo",
        "<b>" * 50_000 + "testo",
        "<!-- " * 200_000 + "testo",
        "testo" + "<" * 200_000,
        "testo" + "&" * 200_000,
        "<p>testo " * 100_000,
        "<a " + "x=1 " * 100_000 + ">testo",
    ],
)
def test_no_page_is_too_much(html: str) -> None:
    for written in (markdown_of(html), editable(html)):
        assert "testo" in written or html.startswith("<!--")


_REST = "[The rest is left out: it is too much.]"
_TOO_MUCH = {
    "characters": "<p>parola</p>\n" * 90_000,
    "nodes": "<p>a" * 130_000,
    "styles": f"<style>{'a{} ' * 270_000}</style><p>testo",
}


@pytest.mark.parametrize("html", _TOO_MUCH.values(), ids=_TOO_MUCH)
def test_what_is_left_out_of_a_page_is_said_at_its_end(html: str) -> None:
    for written in (markdown_of(html), editable(html)):
        assert written.split("\n")[-1] == _REST
        assert written.count(_REST) == 1
    parsed = parse(f"Content-Type: text/html\n\n{html}".encode())
    assert str(readable_lines(parsed)[-1]) == _REST
    letter = Letter(Mailbox("a@b.it"), (Mailbox("c@d.it"),), body=html, format=BodyFormat.HTML)
    sent = parse(build(letter, message_id="1@b.it", date=NOW).replace(b"text/html", b"x/html"))
    assert sent.text.rstrip().split("\n")[-1] == _REST


def test_what_is_left_out_of_a_text_is_said_at_its_end() -> None:
    parsed = parse(b"Subject: a\n\n" + b"parola\n" * 200_000)
    assert [str(line) for line in readable_lines(parsed)[-2:]] == ["", _REST]
    assert written_as(parsed)[0].endswith(f"\n\n{_REST}")
    assert _REST not in written_as(parse(b"Subject: a\n\nparola\n"))[0]


def test_a_page_that_is_long_and_whole_says_nothing_of_a_rest() -> None:
    assert _REST not in markdown_of("<p>parola</p>\n" * 24_000)


@given(st.text(alphabet="<>/=\"' abtdrh1-!&;`*_", max_size=200))
def test_no_page_makes_it_raise(html: str) -> None:
    markdown_of(html)
    editable(html)
    assert len(tidy(html)[0]) <= MAX_TIDY * 2


def test_a_message_as_a_file_says_who_wrote_and_nothing_of_its_own_makes_marks() -> None:
    raw = (
        b'From: "*Anna* [x](y)" <a@b.it>\r\nTo: c@d.it\r\nSubject: # uno <b>\x1b[2J\r\n'
        b"Date: Thu, 12 Nov 2026 10:00:00 +0100\r\nContent-Type: text/html\r\n\r\n<p>ciao <b>a</b>"
    )
    assert document(parse(raw)).splitlines() == [
        "# \\# uno \\<b\\>␛\\[2J",
        "",
        "- **From:** \\*Anna\\* \\[x\\](y) \\<a@b.it\\>",
        "- **To:** c@d.it",
        "- **Date:** 2026-11-12 10:00+01:00",
        "",
        "ciao **a**",
    ]


def _built(body: str, form: BodyFormat) -> tuple[str, BodyFormat]:
    letter = Letter(Mailbox("a@b.it"), (Mailbox("c@d.it"),), subject="x", body=body, format=form)
    parsed = parse(build(letter, message_id="1@b.it", date=NOW))
    text, found = written_as(parsed)
    return text.strip("\n"), found


def test_a_letter_taken_back_is_as_it_was_typed() -> None:
    for form in (BodyFormat.TEXT, BodyFormat.MARKDOWN):
        body = "ciao **Anna**,\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\n- uno\n- due\n\n> prima"
        assert _built(body, form) == (body, form)
    page = "<h2>Ciao</h2><p>due <b>righe</b></p>"
    assert _built(page, BodyFormat.HTML) == ("## Ciao\n\ndue **righe**", BodyFormat.MARKDOWN)


def test_every_newsletter_is_markdown_without_a_control_character() -> None:
    for path in sorted((data_folder("foundation-emails") / "templates").glob("*.html")):
        raw = b"Content-Type: text/html; charset=utf-8\n\n" + path.read_bytes()
        lines = readable_lines(parse(raw))
        assert len(lines) > 3, path.name
        assert all(line == safe(line) for line in lines)
