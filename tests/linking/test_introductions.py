"""How a writer introduces himself: odd names, and the shapes that signatures have."""

import pytest

from tui_mail.linking.introductions import introduction, without_form


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
