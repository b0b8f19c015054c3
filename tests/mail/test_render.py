"""Messages as lines: what a person would have seen, in so many cells, safely."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder
from tui_mail.mail.cells import width_of
from tui_mail.mail.guard import guarded
from tui_mail.mail.parse import parse
from tui_mail.mail.render import Rendered, plain, render
from tui_mail.safetext import safe


def page(html: str, width: int = 60) -> Rendered:
    return render(parse(b"Content-Type: text/html; charset=utf-8\n\n" + html.encode()), width)


def text(body: str, width: int = 60) -> Rendered:
    return render(parse(b"Content-Type: text/plain; charset=utf-8\n\n" + body.encode()), width)


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<p>uno<p>due", ["uno", "", "due"]),
        ("uno<br>due<br><br>tre", ["uno", "due", "", "tre"]),
        ("<div>uno</div><div>due</div>", ["uno", "due"]),
        ("<p>a  b\n c</p>", ["a b c"]),
        ("a<b>b</b>c", ["abc"]),
        ("<ul><li>uno<li>due<ul><li>tre</ul></ul>", ["• uno", "• due", "  • tre"]),
        ("<ol start=3><li>uno<li>due</ol>", ["3. uno", "4. due"]),
        ("<blockquote>uno<blockquote>due</blockquote></blockquote>", ["> uno", ">", ">> due"]),
        ("<pre>a  b\n  c</pre>", ["a  b", "  c"]),
        ("a<script>x</script><style>y</style><!-- z -->b", ["ab"]),
        ("<title>t</title><h1>Titolo</h1>testo", ["Titolo", "", "testo"]),
        ("&amp;&lt;&eacute;", ["&<é"]),
        ("<table><tr><td>Totale</td><td>12,00</td></tr></table>", ["Totale  12,00"]),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", ["a", "", "b"]),
        ("<img src=x alt='Logo Rossi'>", ["[image: Logo Rossi]"]),
        ("", [""]),
    ],
)
def test_html_reads_as_a_person_would_see_it(html: str, lines: list[str]) -> None:
    assert plain(page(html)) == lines


def test_a_data_table_keeps_its_columns() -> None:
    rendered = page(
        "<table border=1><tr><th>Articolo<th>Prezzo<tr><td>Pompa<td>1.240,00<tr><td>Tubo<td>3,50</table>"
    )
    assert plain(rendered) == [
        "Articolo    Prezzo",
        "────────  ────────",
        "Pompa     1.240,00",
        "Tubo          3,50",
    ]


def test_a_table_wider_than_the_screen_is_still_whole() -> None:
    row = "".join(f"<td>parola{n} lunga</td>" for n in range(4))
    lines = plain(page(f"<table border=1><tr>{row}</tr><tr>{row}</tr></table>", 40))
    assert all(len(line) <= 40 for line in lines)
    assert sum("parola3" in line for line in lines) == 2
    many = "".join(f"<td>c{n}</td>" for n in range(20))
    records = plain(page(f"<table border=1><tr>{many}</tr><tr>{many}</tr></table>", 20))
    assert sum(line == "c19" for line in records) == 2


def test_links_are_numbered_and_show_their_real_host() -> None:
    rendered = page(
        "<a href='https://banca.it@evil.example/x'>www.banca.it</a> <a href='javascript:x'>no</a> "
        "<a href='mailto:a@b.it'>a@b.it</a> <a href='https://banca.it@evil.example/x'>di nuovo</a>"
    )
    assert plain(rendered) == ["www.banca.it[1] no a@b.it di nuovo[1]", "", "[1] evil.example/x"]
    assert rendered.links == ("https://banca.it@evil.example/x",)


def test_links_in_text_are_numbered_too() -> None:
    rendered = text("Vedi https://x.it/a, e www.y.it.")
    assert plain(rendered) == ["Vedi https://x.it/a [1], e www.y.it [2]."]
    assert rendered.links == ("https://x.it/a", "http://www.y.it")


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display:none'>nascosto</div>",
        "<span style='DISPLAY : None !important'>nascosto</span>",
        "<p style='visibility:hidden'>nascosto</p>",
        "<p hidden>nascosto</p>",
        "<p style='font-size:0px'>nascosto</p>",
        "<p style='max-height:0;overflow:hidden'>nascosto</p>",
        "<img src=x alt=nascosto width=1 height=1>",
        "<img src=x alt=nascosto style='width:1px'>",
    ],
)
def test_what_nobody_would_see_is_dropped_and_counted(hidden: str) -> None:
    rendered = page(f"visibile{hidden}")
    assert plain(rendered) == ["visibile"]
    assert rendered.hidden == 1


def test_text_without_size_around_text_with_size_is_no_trick() -> None:
    lines = plain(page("<td style='font-size:0'><div style='font-size:13px'>testo</div></td>"))
    assert lines == ["testo"]


def test_long_quotes_can_be_folded_and_short_ones_cannot() -> None:
    rendered = text("nuovo\n\nLuca ha scritto:\n> a\n> b\n>\n> c\n> d\n\nfine\n> x")
    (fold,) = rendered.folds
    assert plain(rendered)[fold.first : fold.last + 1] == ["> a", "> b", ">", "> c", "> d"]
    assert fold.label == "5 quoted lines"


def test_a_message_of_quotes_alone_is_not_folded() -> None:
    assert text("> a\n> b\n> c\n> d\n> e").folds == ()


def test_quotes_signatures_and_attributions_have_their_styles() -> None:
    rendered = text("nuovo\n\nOn Monday Luca wrote:\n> a\n>> b\n>>>> c\n\n-- \nMario")
    styles: dict[str, str] = {line[0].text: line[0].style for line in rendered.lines if line}
    assert styles["nuovo"] == ""
    assert styles["On Monday Luca wrote:"] == "dim"
    assert styles["> "] == "quote1"
    assert styles[">> "] == "quote2"
    assert styles[">>>> "] == "quote3"
    assert styles["Mario"] == "signature"


def test_the_form_shown_can_be_chosen() -> None:
    parsed = parse(
        b"Content-Type: multipart/alternative; boundary=x\n\n--x\n\nsemplice\n"
        b"--x\nContent-Type: text/html\n\n<p>bello\n--x--\n"
    )
    assert plain(render(parsed, 60)) == ["bello"]
    assert plain(render(parsed, 60, prefer_text=True)) == ["semplice"]


@given(st.text(max_size=300), st.integers(8, 100))
def test_no_line_is_wider_than_asked_and_none_is_unsafe(body: str, width: int) -> None:
    for rendered in (text(body, width), page(body, width)):
        for line in rendered.lines:
            assert all(span.text == safe(span.text) for span in line)
            # A character of two cells may be wider than what is left after a deep quote mark.
            assert sum(width_of(span.text) for span in line) <= max(width, 8 + 11)


@given(st.text(alphabet="<>/=\"' abtdrh1-!", max_size=200))
def test_no_html_makes_it_raise(html: str) -> None:
    page(html)


def test_words_wrap_and_nothing_is_lost() -> None:
    words = "parola " * 50
    assert " ".join(plain(text(words, 30))).split() == words.split()
    assert plain(text("漢" * 10, 10)) == ["漢" * 5, "漢" * 5]


def test_html_is_made_small_enough_before_it_is_parsed() -> None:
    many = guarded("<a " + " ".join(f"b{n}='>'" for n in range(5000)) + ">testo</a>")
    assert many.count("=") <= 256
    assert many.endswith("testo</a>")
    assert guarded("<div>" * 5000 + "x").count("<div>") == 400
    assert len(guarded("x" * 3_000_000)) == 1024 * 1024
    ordinary = '<p class="a" title=\'b\'>uno <!-- <a b=" --> <b>due</b> 1 < 2 <br/></p>'
    assert guarded(ordinary) == ordinary
    assert plain(page("<div>" * 2000 + "in fondo" + "</div>" * 2000 + "dopo"))[0] == "in fondo"


@pytest.mark.parametrize(
    ("name", "present"),
    [
        ("order", ["Order Details", "Ship's Cannon  2   $100", "Captain Price"]),
        ("newsletter", ["The Insider", "• Facebook", "More Reading:"]),
        ("password", ["Forgot Your Password?", "Reset Password"]),
    ],
)
def test_newsletters_on_layout_tables_read_as_text(name: str, present: list[str]) -> None:
    html = (data_folder("foundation-emails") / f"templates/{name}.html").read_text("utf-8")
    lines = plain(page(html, 90))
    for line in present:
        assert line in lines
