"""Who can write, who is suggested, what is known of an address."""

import pytest

from tests.db.house import BIANCHI, FERRI, House, build
from tui_mail.db import address_book
from tui_mail.db.engine import Database


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def suggested(house: House, text: str, operator_id: int = 0) -> list[str]:
    rows = house.database.read_now(address_book.suggest, operator_id or house.anna, text)
    return [row.address for row in rows]


def test_only_accounts_with_the_right_to_send_are_offered(house: House) -> None:
    def emails(operator_id: int) -> list[str]:
        rows = house.database.read_now(address_book.senders, operator_id)
        return [row.email for row in rows]

    assert emails(house.anna) == ["anna@rossi.it", "vendite@rossi.it"]
    assert emails(house.bruno) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("acq", ["acquisti@bianchi.it"]),
        ("bianchi", ["acquisti@bianchi.it"]),
        ("SPA", ["acquisti@bianchi.it"]),
        ("impianti", ["l.ferri@ferri.it", "info@ferri.it"]),
        ("luca", ["l.ferri@ferri.it"]),
        ("@ferri", []),
        ("%", []),
        ("", []),
    ],
)
def test_the_address_book_answers_to_addresses_and_words_of_names(
    house: House, text: str, found: list[str]
) -> None:
    assert sorted(suggested(house, text)) == sorted(found)


def test_those_who_wrote_are_suggested_first_and_to_readers_only(house: House) -> None:
    house.message(sender_address="mario@neri.it", sender_name="Mario Bianchi")
    house.message(
        folder=house.private_inbox, sender_address="bianca@altri.it", sender_name="Bianca"
    )
    assert suggested(house, "bian") == ["bianca@altri.it", "mario@neri.it", "acquisti@bianchi.it"]
    assert suggested(house, "bian", house.bruno) == ["mario@neri.it", "acquisti@bianchi.it"]


def test_those_written_to_are_suggested(house: House) -> None:
    house.message(
        sender_address="vendite@rossi.it",
        outgoing=True,
        recipient_addresses="zeta@example.org",
    )
    assert suggested(house, "zet") == ["zeta@example.org"]


def test_an_address_is_known_by_itself_by_its_domain_or_by_its_mail(house: House) -> None:
    house.message(sender_address="mario@neri.it", sender_name="Mario")
    wanted = ["Acquisti@Bianchi.it", "new@ferri.it", "mario@neri.it", "x@nowhere.it"]
    found = house.database.read_now(
        address_book.acquaintances, house.anna, [*wanted, "vendite@rossi.it"]
    )
    assert found["acquisti@bianchi.it"].party_ids == {house.ids[BIANCHI]}
    assert found["new@ferri.it"].party == "Ferri Impianti Srl"
    assert found["new@ferri.it"].party_ids == {house.ids[FERRI]}
    assert found["mario@neri.it"].met
    assert found["vendite@rossi.it"].ours
    assert not found["x@nowhere.it"].known
