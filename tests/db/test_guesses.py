"""What an unlinked message is likely about: by domain, name, words and numbers."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from tests.db.house import (
    BIANCHI,
    COMPANY,
    FERRI,
    INVOICE,
    NOW,
    ORDER,
    House,
    build,
    changes,
)
from tui_mail.db import erp
from tui_mail.db.engine import Database
from tui_mail.db.guesses import firm_of_writer, guesses, is_firm_here, is_ours, said
from tui_mail.db.tables import MessageText
from tui_mail.errors import NotFound
from tui_mail.linking.introductions import introduction
from tui_mail.values import AddressRecord, EntityRecord


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def received(house: House, body: str = "", *, folder: int | None = None, **columns: Any) -> int:
    message = house.message(folder=folder, **columns)
    house.database.write_now(_say, message, body)
    return message


def _say(session: Session, message: int, body: str) -> None:
    session.add(MessageText(message_id=message, body=body))


def guessed(house: House, message: int) -> list[tuple[int, str]]:
    found = house.database.read_now(guesses, house.anna, message)
    return [(one.record.id, one.why) for one in found]


def test_a_stranger_at_a_known_domain_is_of_that_firm(house: House) -> None:
    message = received(house, sender_address="nuovo@ferri.it", sender_name="Nuovo Arrivo")
    assert guessed(house, message) == [(house.ids[FERRI], "others write from @ferri.it")]


def test_a_stranger_with_a_webmail_is_known_by_the_firm_that_he_signs_for(house: House) -> None:
    body = "Salve,\nquanto costa?\n\nAnna Verdi\nBianchi S.p.A.\ntel. 051 123456\n"
    message = received(house, body, sender_address="averdi@gmail.com", sender_name="Anna Verdi")
    assert guessed(house, message) == [(house.ids[BIANCHI], "“Bianchi S.p.A.” in the text")]


def test_a_stranger_is_known_by_his_own_name_and_by_that_in_his_address(house: House) -> None:
    by_name = received(house, sender_address="luca@gmail.com", sender_name="Luca Ferri")
    assert guessed(house, by_name) == [(house.ids[FERRI], "the name of the sender")]
    by_domain = received(house, sender_address="a@ferri-impianti.com")
    assert guessed(house, by_domain) == [(house.ids[FERRI], "the name is in the address")]


def test_a_document_that_is_named_comes_before_its_firm(house: House) -> None:
    message = received(house, sender_address="x@ferri.it", subject="ordine 2026/119")
    ids = [one for one, _why in guessed(house, message)]
    assert ids[:2] == [house.ids[ORDER], house.ids[FERRI]]
    anybody = received(house, "Fattura 88/A del 12/11/2026", sender_address="x@gmail.com")
    assert [one for one, _why in guessed(house, anybody)] == [house.ids[INVOICE]]


def test_what_many_firms_are_called_comes_after_what_is_said(house: House) -> None:
    names = [f"Ditta {name}" for name in ("Amati", "Bruni", "Carli", "Dini")]
    firms = [EntityRecord(COMPANY, "customer", f"D{n}", name) for n, name in enumerate(names)]
    more = changes(complete=False)
    house.database.write_now(
        erp.take, "books", replace(more, entities=(*more.entities, *firms)), NOW
    )
    message = received(house, "L'ordine 2026/119?", sender_address="p.lungo@ditta.com")
    ids = [one for one, _why in guessed(house, message)]
    assert (ids[0], len(ids)) == (house.ids[ORDER], 5)


def test_nothing_is_guessed_of_what_says_nothing_nor_told_of_what_may_not_be_read(
    house: House,
) -> None:
    message = received(house, "Ciao!", sender_address="x@gmail.com", sender_name="X")
    assert guessed(house, message) == []
    private = received(house, folder=house.private_inbox, sender_address="x@ferri.it")
    with pytest.raises(NotFound):
        house.database.read_now(guesses, house.bruno, private)


def firm_of(house: House, message: int) -> str:
    found = house.database.read_now(firm_of_writer, house.anna, message)
    return "" if found is None else found.title


@pytest.mark.parametrize("address", ["info@studio-neri.it", "studioneri@gmail.com"])
def test_an_address_that_several_firms_have_is_of_none_whoever_is_named(
    house: House, address: str
) -> None:
    kept = [AddressRecord(COMPANY, address, firm) for firm in (FERRI, BIANCHI)]
    change = changes(addresses=(*changes().addresses, *kept))
    house.database.write_now(erp.take, "books", change, NOW)
    body = "Buongiorno,\n\necco i conti di\n\nFerri Impianti Srl\n"
    by_text = received(house, body, sender_address=address, sender_name="Neri")
    by_name = received(house, sender_address=address, sender_name="Luca Ferri")
    assert [firm_of(house, one) for one in (by_text, by_name)] == ["", ""]
    other = received(house, body, sender_address="altro@gmail.com")
    assert firm_of(house, other) == "Ferri Impianti Srl"


def test_who_names_several_firms_is_of_none_by_what_he_says(house: House) -> None:
    body = "Ecco i conti di\n\nBianchi S.p.A.\nFerri Impianti Srl\n"
    assert firm_of(house, received(house, body, sender_address="x@gmail.com")) == ""


def test_a_letter_of_ours_has_no_firm_that_its_writer_is_of(house: House) -> None:
    body = "Saluti\n\nFerri Impianti Srl\n"
    ours = [
        received(house, body, sender_address="x@gmail.com", outgoing=True),
        received(house, body, sender_address="Vendite@Rossi.it"),
        received(house, body, sender_address="nuova@rossi.it"),
    ]
    theirs = received(house, body, sender_address="x@gmail.com")
    for one in (*ours, theirs):
        assert firm_of(house, one) == ("Ferri Impianti Srl" if one == theirs else "")
        heard = house.database.read_now(said, house.anna, one)
        assert house.database.read_now(is_ours, heard) == (one != theirs)


@pytest.mark.parametrize("title", ["Rossi Srl", "Rossi S.r.l.", "ROSSI, S.P.A.", "Rossi S. n. c."])
def test_a_firm_is_found_among_many_whose_names_begin_so(house: House, title: str) -> None:
    names = [f"Rossi {chr(97 + n)}" for n in range(26)] + [f"Rossi {n}" for n in range(9)]
    firms = [EntityRecord(COMPANY, "customer", f"R{n}", name) for n, name in enumerate(names)]
    more = changes(complete=False, entities=tuple(firms))
    house.database.write_now(erp.take, "books", more, NOW)
    assert not house.database.read_now(is_firm_here, "Rossi Sas")
    more = changes(complete=False, entities=(EntityRecord(COMPANY, "customer", "X", title),))
    house.database.write_now(erp.take, "books", more, NOW)
    assert house.database.read_now(is_firm_here, "Rossi Sas")
    assert house.database.read_now(is_firm_here, "Rossi")


@pytest.mark.parametrize(
    ("text", "firm", "phone"),
    [
        ("Saluti\nMario Neri\nNeri & C. S.n.c.\nTel.: +39 051 12 34 56", "Neri & C. S.n.c.", "+39 051 12 34 56"),
        ("Costa Impianti SRL - cell 333/1234567", "Costa Impianti SRL", "333/1234567"),
        ("Mario Neri | Neri Pompe Srl | via Roma 1\n", "Neri Pompe Srl", ""),
        ("Estratto conto di:\n- Costa Srl\n* Verdi Snc\n1. Neri Spa\nGrazie, Ada", "", ""),
        ("ci serve la situazione di Costa Srl, Verdi Snc.\nGrazie", "", ""),
        ("la spa e le srl del gruppo; hotel 12345678", "", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_what_a_signature_says_plainly(text: str, firm: str, phone: str) -> None:
    found = introduction("“Neri” ", "M@Neri.it", text)
    assert (found.firm, found.phone, found.domain) == (firm, phone, "neri.it")
