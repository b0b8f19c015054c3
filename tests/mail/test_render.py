"""Messages as lines: what a person would have seen, in so many cells, safely."""

import base64
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.cells import cell_len

from tests.data import data_folder
from tui_mail.mail.cells import width_of
from tui_mail.mail.guard import guarded
from tui_mail.mail.parse import parse
from tui_mail.mail.render import Rendered, plain, render
from tui_mail.safetext import safe
from tui_mail.values import Drawing, PictureWay


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
    folded = plain(rendered)[fold.first : fold.last + 1]
    assert folded == ["Luca ha scritto:", "> a", "> b", ">", "> c", "> d"]
    assert fold.label == "5 quoted lines · Luca"


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
            assert sum(width_of(span.text) for span in line) <= width
            assert sum(cell_len(span.text) for span in line) <= width


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


# -- what a person would not have seen


def _seen(html: str) -> list[str]:
    return plain(page(html))


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='opacity:0'>nascosto</div>",
        "<div style='position:absolute; left:-9999px'>nascosto</div>",
        "<div style='text-indent:-5000px'>nascosto</div>",
        "<p style='font-size:1px'>nascosto</p>",
        "<p style='font:0/0 a'>nascosto</p>",
        "<p style='color:#FFF'>nascosto</p>",
        "<font color=white>nascosto</font>",
        "<p style='color:rgba(0,0,0,0)'>nascosto</p>",
        "<p style='color:transparent'>nascosto</p>",
        "<div style='background:#102030'><b style='color:#112131'>nascosto</b></div>",
        "<div style='overflow:hidden;height:0px'>nascosto</div>",
        "<style>.x{display:none}</style><p class='a x'>nascosto</p>",
        "<style>#y, p.z{visibility:hidden}</style><p id=y>nascosto</p>",
        "<style>@media screen{span{display:none}}</style><span>nascosto</span>",
        "<style>.w{color:#fff}</style><p class=w>nascosto</p>",
        "<style>.k{display:none!important} .k{display:block}</style><p class=k>nascosto</p>",
    ],
)
def test_what_was_made_unreadable_is_dropped_and_counted(hidden: str) -> None:
    rendered = page(f"visibile{hidden}")
    assert plain(rendered) == ["visibile"]
    assert rendered.hidden == 1


@pytest.mark.parametrize(
    "html",
    [
        "<p style='font-size:0.8em'>testo</p>",
        "<p style='opacity:0.5'>testo</p>",
        "<td style='background:#000;color:#fff'>testo</td>",
        "<table bgcolor=#003366><td><font color=#ffffff>testo</font></td></table>",
        "<table background=x.jpg><td style='color:#fff'>testo</td></table>",
        "<div style='background-image:url(x.png);color:#fff'>testo</div>",
        "<style>.top td{background:#000}</style><div class=top><table><td style='color:#fff'>testo</table></div>",
        "<style>@media (max-width:600px){p{display:none}}</style><p>testo</p>",
        "<style>@media print{p{display:none}}</style><p>testo</p>",
        "<style>.x{display:none} div.x{display:block}</style><div class=x>testo</div>",
        "<style>.x{display:none}</style><div class=x style='display:block'>testo</div>",
        "<style>p.a b, p > i{display:none}</style><p class=a>testo</p>",
        "<a href='https://x.it' style='color:#fff;background:#080;mso-hide:all'>testo</a>",
        "<style>@import url(x.css); @font-face{font-family:a;src:url(b)} .y{color:red}</style>testo",
        "<style>}}{{ .x{display:none</style>testo",
    ],
)
def test_what_was_seen_stays(html: str) -> None:
    assert "testo" in "\n".join(_seen(html))


def test_a_style_sheet_of_braces_and_comments_takes_no_time() -> None:
    for text in ("x" * 300_000, "{" * 300_000, "}" * 300_000, "/*" * 100_000, "a{" * 100_000):
        assert _seen(f"<style>{text}</style>testo")[0].startswith("testo")


# -- tables


def test_a_table_without_borders_that_lists_amounts_keeps_its_columns() -> None:
    rows = "".join(f"<tr><td>articolo {n}<td>{n},50 €" for n in range(3))
    assert _seen(f"<table>{rows}</table>") == [
        "articolo 0  0,50 €",
        "articolo 1  1,50 €",
        "articolo 2  2,50 €",
    ]


def test_cells_over_several_rows_and_columns_keep_the_others_in_place() -> None:
    assert _seen(
        "<table border=1><tr><td rowspan=2>uno<td>due<td>tre<tr><td>quattro<td>cinque"
        "<tr><td colspan=2>sei<td>sette</table>"
    ) == ["uno  due      tre", "     quattro  cinque", "sei           sette"]


def test_hidden_text_and_links_in_a_data_table() -> None:
    rendered = page(
        "<table border=1><tr><td>a<b style='display:none'>b</b>c<td><a href='http://x.it'>d</a>"
        "<tr><td>e<br>f<td>g</table>"
    )
    assert plain(rendered)[:3] == ["ac  d[1]", "e   g", "f"]
    assert rendered.links == ("http://x.it",)


# -- links


@pytest.mark.parametrize(
    ("shown", "target", "warned"),
    [
        ("https://banca.it/x", "https://evil.example/", True),
        ("www.banca.it", "https://banca.it.evil.example/", True),
        ("banca.it", "https://evil.example/?banca.it", True),
        ("assistenza@banca.it", "mailto:x@evil.example", True),
        ("www.banca.co.uk", "https://evil.co.uk", True),
        ("www.banca.it", "https://click.banca.it/r?u=1", False),
        ("banca.it/conto", "http://WWW.Banca.IT", False),
        ("fattura.pdf", "https://docs.example/1", False),
        ("clicca qui", "https://evil.example/", False),
        ("Amazon.com: le offerte", "https://evil.example/", False),
        ("assistenza@banca.it", "mailto:assistenza@banca.it", False),
        ("", "https://evil.example/", False),
        ("https://[", "https://[", False),
    ],
)
def test_a_link_that_names_another_host_is_warned_of(shown: str, target: str, warned: bool) -> None:
    rendered = page(f"<p><a href='{target}'>{shown}</a></p>")
    assert bool(rendered.mismatches) is warned
    if warned:
        spans = [span for line in rendered.lines for span in line if span.style == "warning"]
        assert [span.text for span in spans] == ["[1]"]


def test_each_link_to_elsewhere_is_warned_of_once() -> None:
    links = [f"<a href=http://evil{n}.example/>http://bank{n}.example</a>" for n in range(60)]
    rendered = page("".join(links * 2))
    assert [one.number for one in rendered.mismatches] == list(range(1, 61))


def test_a_host_in_another_script_shows_what_it_is() -> None:
    rendered = page(
        "<a href='https://b\u0430nca.it/'>apri</a> <a href='https://citt\u00e0.it/'>città</a>"
    )
    assert plain(rendered)[-2:] == ["[1] xn--bnca-53d.it", "[2] città.it"]


def test_addresses_in_a_page_that_are_no_links_get_numbers_too() -> None:
    rendered = page("<p>vedi https://x.it/a, grazie</p>")
    assert plain(rendered)[0] == "vedi https://x.it/a[1], grazie"
    assert rendered.links == ("https://x.it/a",)


# -- quotes


def test_quotes_fold_by_depth_and_say_who_wrote_them_and_when() -> None:
    body = (
        "ok\n\nIl 12/11/2026 09:15, Bianchi Spa <info@bianchi.it> ha scritto:\n"
        + "> riga\n" * 4
        + "> Il 3/11/2025 08:00, Anna ha scritto:\n"
        + ">> prima\n" * 5
    )
    raw = b"Date: Thu, 12 Nov 2026 10:00:00 +0100\nContent-Type: text/plain\n\n" + body.encode()
    outer, inner = render(parse(raw), 60).folds
    assert (outer.depth, outer.label) == (1, "10 quoted lines · Bianchi Spa, 12 Nov")
    assert (inner.depth, inner.label) == (2, "5 quoted lines · Anna, 3 Nov 2025")
    assert outer.first < inner.first <= inner.last <= outer.last


def test_header_blocks_of_programs_that_quote_without_marks_nest() -> None:
    block = "Da: {0} <x@y.it>\nInviato: 12 novembre 2026 09:15\nA: z@y.it\nOggetto: x\n\ntesto\n\n"
    rendered = text(f"ok\n\n{block.format('Anna')}{block.format('Luca')}{block.format('Mario')}")
    labels = [(fold.depth, fold.label.partition(" · ")[2]) for fold in rendered.folds]
    day = "12 Nov 2026"
    assert labels == [(1, f"Anna, {day}"), (2, f"Luca, {day}"), (3, f"Mario, {day}")]


def test_what_was_forwarded_is_not_folded() -> None:
    raw = b"Subject: Fwd: x\n\nper te\n\n---------- Forwarded message ---------\nFrom: a\n"
    assert render(parse(raw + b"riga\n" * 9), 60).folds == ()


# -- pictures


def _with_picture(picture: bytes, html: bytes) -> bytes:
    coded = base64.encodebytes(picture)
    return (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\n"
        b"Content-Type: text/html\n\n" + html + b"\n--x\nContent-Type: image/png\n"
        b"Content-ID: <logo@x>\nContent-Disposition: inline; filename=logo.png\n"
        b"Content-Transfer-Encoding: base64\n\n" + coded + b"--x--\n"
    )


def _png(width: int, height: int) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (width, height), (200, 16, 8)).save(data, "PNG")
    return data.getvalue()


def test_a_picture_that_came_with_the_mail_is_drawn_where_it_is() -> None:
    parsed = parse(_with_picture(_png(160, 64), b"<p>sopra<img src='cid:logo@x'>sotto</p>"))
    rendered = render(parsed, 60, pictures=Drawing(PictureWay.BLOCKS))
    lines = plain(rendered)
    assert lines[:2] == ["sopra", "[image: logo.png]"]
    assert lines[2:6] == ["▀" * 20] * 4
    assert lines[6] == "sotto"
    assert rendered.lines[2][0].style == "#c81008/#c81008"
    assert plain(render(parsed, 60)) == ["sopra[image: logo.png]sotto"]


@pytest.mark.parametrize(
    "picture",
    [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, _png(16, 16), _png(90, 90)[:-60], b"%!PS"],
)
def test_a_picture_that_cannot_be_drawn_is_named(picture: bytes) -> None:
    parsed = parse(_with_picture(picture, b"<img src='cid:logo@x'>"))
    assert plain(render(parsed, 60, pictures=Drawing(PictureWay.BLOCKS))) == ["[image: logo.png]"]


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 60_000, 60_000)
    bomb = head + b"\x08\x02\0\0\0" + b"\0" * 40
    parsed = parse(_with_picture(bomb, b"<img src='cid:logo@x'>"))
    assert plain(render(parsed, 60, pictures=Drawing(PictureWay.BLOCKS))) == ["[image: logo.png]"]


# -- much


def test_the_beginning_can_be_had_alone() -> None:
    for whole in (text("riga\n" * 5000), page("<p>riga</p>" * 5000)):
        assert not whole.partial
    parsed = parse(b"Content-Type: text/html\n\n" + b"<p>riga</p>" * 5000)
    some = render(parsed, 60, until=50)
    assert some.partial
    assert 50 <= len(some.lines) <= 60


def test_a_page_without_end_is_shown_in_part_and_says_so() -> None:
    rendered = page("<b>x</b> " * 120_000)
    assert rendered.partial
    assert plain(rendered)[-1] == "…"
