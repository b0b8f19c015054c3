"""Text that a sender's program broke into lines, read in a narrower panel."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mail.parse import parse
from tui_mail.mail.render import plain, render

PARAGRAPH = (
    "la vostra fattura 88/A del 12 novembre riporta 1.240,00 euro, ma l'ordine di settembre era"
    " di 1.204,00 euro. Potete controllare che cosa è successo? Se la differenza viene dal"
    " trasporto, vi prego di mandarmi il documento firmato dal nostro magazziniere."
)


def shown(text: str, width: int) -> list[str]:
    head = b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    return plain(render(parse(head + text.encode()), width))


@pytest.mark.parametrize("own", [66, 72, 76, 78])
@pytest.mark.parametrize("width", [30, 40, 56])
def test_a_paragraph_is_filled_anew_where_it_is_too_wide(own: int, width: int) -> None:
    broken = f"Buongiorno,\n\n{textwrap.fill(PARAGRAPH, own)}\n\nGrazie,\nLuca Ferri"
    whole = f"Buongiorno,\n\n{PARAGRAPH}\n\nGrazie,\nLuca Ferri"
    assert shown(broken, width) == shown(whole, width)


@pytest.mark.parametrize("width", [78, 80, 120])
def test_where_the_text_fits_it_stays_as_it_came(width: int) -> None:
    broken = textwrap.fill(PARAGRAPH, 76)
    assert shown(broken, width) == broken.split("\n")


AS_THEY_CAME = {
    "list": """\
Per la consegna di domani servono le cose che seguono, tutte quante a posto:
- il documento di trasporto in tre copie, firmato e timbrato dal magazzino
- la sponda idraulica, perché il muletto del cantiere è in riparazione oggi
1. chiamare l'autista almeno mezz'ora prima che parta dal nostro deposito
2. avvisare il signor Bianchi, che apre il cancello grande del capannone""",
    "table": """\
Articolo     Descrizione                                   Quantita     Prezzo
P-100        Pompa centrifuga per acque chiare, ghisa             12     310,00
P-200        Circolatore a rotore bagnato con regolazione          4     122,50""",
    "addresses": """\
Rossi Srl, via Garibaldi 12, 47921 Rimini RN, telefono 0541 123456 interno 3
Bianchi Spa, viale della Repubblica 118, 40127 Bologna BO, telefono 051 98765
Verdi Snc, piazza del Popolo 4, 61121 Pesaro PU, telefono 0721 445566 int. 12""",
    "fields": """\
Causale: fattura 88/A del dodici novembre, ordine di settembre, rata di due
Scadenza: trenta giorni fine mese dalla data della consegna al magazzino di
Banca: quella indicata in fattura, mai un'altra che vi fosse comunicata via""",
    "sentences": """\
Il gruppo di pressurizzazione è collaudato e parte oggi con il documento 402.
La consegna è prevista per domani mattina alle dieci, salvo neve in autostrada.
L'autista chiama mezz'ora prima di arrivare, sul numero che ci avete mandato.""",
}


@pytest.mark.parametrize("name", AS_THEY_CAME)
def test_what_is_no_paragraph_keeps_its_lines(name: str) -> None:
    lines = AS_THEY_CAME[name].split("\n")
    rows = shown(AS_THEY_CAME[name], 48)
    begins = [row for line in lines for row in rows if line.startswith(row.rstrip())]
    assert len(begins) == len(lines)


def test_a_link_in_a_paragraph_keeps_its_number() -> None:
    text = textwrap.fill(
        f"{PARAGRAPH} Il listino nuovo è su https://rossi.example/listino come sempre, e anche in"
        " allegato a questo messaggio.",
        72,
    )
    rendered = render(parse(b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode()), 40)
    assert rendered.links == ("https://rossi.example/listino",)
    assert "listino [1] come sempre" in " ".join(plain(rendered))


def test_the_reading_of_a_long_text_without_paragraphs_is_quick() -> None:
    line = "Rossi Srl, via Garibaldi 12, 47921 Rimini RN, telefono 0541 123456 interno 3"
    assert len(shown("\n".join([line] * 20_000), 70)) >= 20_000


_WORDS = st.text(
    st.characters(codec="utf-8", categories=("Ll", "Lu", "Nd", "Po", "Lo", "Pd")), min_size=1
)
_LINES = st.lists(_WORDS, max_size=14).map(" ".join)


@given(st.lists(_LINES, max_size=12), st.integers(8, 90))
def test_no_character_is_lost_or_moved(lines: list[str], width: int) -> None:
    text = "\n".join(lines)
    rendered = render(parse(b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode()), width)
    whole = render(parse(b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode()), 10_000)
    assert "".join("".join(plain(rendered)).split()) == "".join("".join(plain(whole)).split())


@given(st.text(alphabet="abc è,.-\n", max_size=600), st.integers(8, 79))
def test_lines_of_few_signs_are_kept_in_order(text: str, width: int) -> None:
    text = text.replace("a", "parola ").replace("b", "lunghissima")
    assert "".join("".join(shown(text, width)).split()) == "".join(
        "".join(shown(text, 10_000)).split()
    )
