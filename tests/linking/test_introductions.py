"""How a writer introduces himself: odd names, and the shapes that signatures have."""

import pytest

from tui_mail.linking.introductions import introduction, with_forms, without_form


@pytest.mark.parametrize("filling", [",", " ", ", ", "s.", "srl ", "\ufdfa"])
def test_a_name_of_whatever_length_is_read_at_once(filling: str) -> None:
    name = f"Neri{filling * 60_000}x"
    assert without_form(name).startswith("neri")
    assert len(introduction(name, "a@gmail.com", name).name) <= 200


@pytest.mark.parametrize(
    "firm", ["Neri Srl", "Neri S.r.l.", "Neri, S.R.L.", "NERI  ,  spa", "Neri"]
)
def test_a_legal_form_is_not_compared(firm: str) -> None:
    assert without_form(firm) == "neri"


@pytest.mark.parametrize(
    ("line", "firm"),
    [
        ("Acme S.r.l., Via Roma 1", "Acme S.r.l."),
        ("Acme S.r.l. Via Roma 1, 40100 Bologna", "Acme S.r.l."),
        ("Acme Srl, via Roma 1", "Acme Srl"),
        ("Acme Srl - Viale Po 3", "Acme Srl"),
        ("ACME SRL PIAZZA GRANDE 4", "ACME SRL"),
        ("Acme Srl, corso Italia 5", "Acme Srl"),
        ("Acme Srl P.IVA 123", "Acme Srl"),
        ("Acme Srl, P. IVA: 123", "Acme Srl"),
        ("Acme Spa p.iva 123", "Acme Spa"),
        ("Acme Spa Partita IVA 123", "Acme Spa"),
        ("Acme S.r.l. a socio unico", "Acme S.r.l."),
        ("Acme S.r.l. con socio unico", "Acme S.r.l."),
        ("Acme Srl unipersonale", "Acme Srl"),
        ("Anna Neri | Acme Srl, Via Roma 1 | tel. 051 123456", "Acme Srl"),
        ("Acme Srl via mail non risponde", ""),
        ("Acme Srl, via mail, non risponde", ""),
        ("Acme Srl, viaggi e vacanze", ""),
        ("Acme Srl piazza sempre ordini", ""),
        ("Acme Srl ci ha scritto", ""),
    ],
)
def test_a_firm_signs_with_its_address_or_number_behind_its_name(line: str, firm: str) -> None:
    assert introduction("", "a@gmail.com", f"Saluti\n{line}\n").firm == firm


@pytest.mark.parametrize(
    ("text", "firm"),
    [
        ("Bianchi Spa\nFerri Srl\n", ""),
        ("Bianchi Spa\n\nSaluti\nAnna Neri\nNeri Srl\n", ""),
        ("Neri Srl\nNERI S.R.L. - Via Roma 1\n", "NERI S.R.L."),
    ],
)
def test_who_names_several_firms_signs_for_none(text: str, firm: str) -> None:
    assert introduction("", "a@gmail.com", text).firm == firm


def test_every_spelling_of_a_firm_is_that_firm_without_its_form() -> None:
    spelt = with_forms("neri & c")
    assert {"neri & c", "neri & c srl", "neri & c, s.p.a.", "neri & c s. n. c."} <= {*spelt}
    assert {without_form(one) for one in spelt} == {"neri & c"}
