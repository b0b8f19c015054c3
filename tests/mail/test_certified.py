"""Certified mail: who really wrote, what receipts say, who signed; forgeries are not believed."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder, messages
from tests.mail.providers import (
    Posted,
    certificate_authority,
    envelope,
    facts,
    identity,
    receipt,
)
from tui_mail.mail.certified import is_believed
from tui_mail.mail.parse import parse
from tui_mail.mail.signature import is_trusted
from tui_mail.mail.threads import thread_keys
from tui_mail.values import Certified, CertifiedState, ParsedMessage

POSTED = Posted()
OCA = "oca-l10n-italy-12/l10n_it_fatturapa_pec/tests/data"
LETTER = "1542123565.921546936035156.464602125997431-openerp-8-fatturapa.attachment.out@elbati-Vostro-3550"


def certified(raw: bytes) -> Certified:
    found = parse(raw).certified
    assert found is not None
    return found


# -- envelopes -------------------------------------------------------------------------------------


def test_an_envelope_is_read_as_the_letter_of_who_wrote_it() -> None:
    parsed = parse(envelope(replace(POSTED, head="In-Reply-To: <ours@rossi.it>\r\n")))
    assert parsed.sender is not None
    assert (parsed.sender.address, parsed.sender.name) == ("anna@pec.example", "Anna Rossi")
    assert parsed.subject == "Ordine 77"
    assert parsed.new_text.strip() == "vorrei dieci viti"
    assert parsed.in_reply_to == ("ours@rossi.it",)
    assert parsed.warnings == ()
    told = certified(envelope(POSTED))
    assert told.provider.address == "posta-certificata@gestore.example"
    assert told.letter == "l1@client.example"


def test_both_layers_of_an_envelope_stay_in_reach() -> None:
    parsed = parse(envelope(POSTED))
    assert ("X-Trasporto", "posta-certificata") in parsed.headers
    names = [one.name for one in parsed.attachments]
    assert {"daticert.xml", "postacert.eml", "smime.p7s"} <= {*names}


def test_what_refers_to_us_is_not_the_sender_s_own_identifier() -> None:
    parsed = parse(envelope(POSTED))
    assert "l1@client.example" not in {*parsed.in_reply_to, *parsed.references}


@pytest.mark.parametrize(
    "raw",
    [
        envelope(POSTED, said=facts(replace(POSTED, sender="capo@banca.it"), "posta-certificata")),
        envelope(POSTED).replace(b"Reply-To: anna@pec.example", b"Reply-To: ladro@evil.example"),
        envelope(POSTED).replace(b"Per conto di: anna@pec.example", b"Per conto di: capo@banca.it"),
        envelope(POSTED).replace(b"<posta-certificata@gestore.example>", b"<truffa@evil.example>"),
    ],
    ids=["facts", "reply-to", "name", "provider"],
)
def test_a_sender_on_whom_the_layers_disagree_is_not_believed(raw: bytes) -> None:
    parsed = parse(raw)
    assert "pec_sender" in parsed.warnings
    assert parsed.sender is not None
    assert parsed.sender.address != "anna@pec.example"


def test_missing_certificate_data_are_said_and_no_hindrance() -> None:
    parsed = parse(envelope(POSTED, said=""))
    assert parsed.sender is not None
    assert parsed.sender.address == "anna@pec.example"
    assert parsed.warnings == ("pec_facts",)


@pytest.mark.parametrize(
    "said",
    [
        "<postacert",
        "<other/>",
        '<!DOCTYPE a [<!ENTITY e "x">]><postacert tipo="accettazione">&e;</postacert>',
        "<postacert>" + "<a>" * 5000,
        "<postacert><dati><data zona='+9999'><giorno>99/99/9999</giorno></data></dati></postacert>",
    ],
)
def test_certificate_data_that_make_no_sense_stop_nothing(said: str) -> None:
    assert certified(receipt(POSTED, "accettazione", said)).states == ()
    assert parse(envelope(POSTED, said=said)).sender is not None


def test_ordinary_mail_in_an_envelope_is_vouched_for_by_nobody() -> None:
    parsed = parse(envelope(POSTED, kind="errore"))
    assert parsed.warnings == ("pec_anomaly",)


# -- receipts --------------------------------------------------------------------------------------

TWO = (("vendite@rossi.it", "certificato"), ("carlo@libero.it", "esterno"))
KINDS = [
    (
        "accettazione",
        facts(POSTED, "accettazione", recipients=TWO),
        [("vendite@rossi.it", "accepted", ""), ("carlo@libero.it", "uncertified", "")],
    ),
    (
        "non-accettazione",
        facts(POSTED, "non-accettazione", error="altro", reason="formato errato", recipients=TWO),
        [(one, "refused", "formato errato") for one, _how in TWO],
    ),
    ("presa-in-carico", facts(POSTED, "presa-in-carico"), [("vendite@rossi.it", "taken", "")]),
    (
        "avvenuta-consegna",
        facts(POSTED, "avvenuta-consegna", recipients=TWO, delivered_to="Vendite@rossi.it"),
        [("vendite@rossi.it", "delivered", "")],
    ),
    (
        "errore-consegna",
        facts(POSTED, "errore-consegna", error="no-dest", delivered_to="vendite@rossi.it"),
        [("vendite@rossi.it", "refused", "no-dest")],
    ),
    (
        "preavviso-errore-consegna",
        facts(
            POSTED, "preavviso-errore-consegna", delivered_to="vendite@rossi.it", reason="12 ore"
        ),
        [("vendite@rossi.it", "late", "12 ore")],
    ),
    (
        "preavviso-errore-consegna",
        facts(
            POSTED, "preavviso-errore-consegna", delivered_to="vendite@rossi.it", reason="24 ore"
        ),
        [("vendite@rossi.it", "refused", "24 ore")],
    ),
    (
        "rilevazione-virus",
        facts(POSTED, "rilevazione-virus", error="virus", delivered_to="vendite@rossi.it"),
        [("vendite@rossi.it", "refused", "virus")],
    ),
    ("nuova-ricevuta", facts(POSTED, "nuova-ricevuta"), []),
]


@pytest.mark.parametrize(("kind", "said", "states"), KINDS)
def test_a_receipt_says_what_became_of_each_recipient(
    kind: str, said: str, states: list[tuple[str, str, str]]
) -> None:
    found = certified(receipt(POSTED, kind, said, field="x-RICEVUTA"))
    assert found.states == tuple(CertifiedState(*one) for one in states)
    assert is_believed(found) == (kind != "nuova-ricevuta")
    assert (found.letter, found.identifier) == (POSTED.letter, POSTED.identifier)


def test_a_delivery_that_does_not_say_of_whom_says_nothing() -> None:
    said = facts(POSTED, "avvenuta-consegna", recipients=TWO)
    assert certified(receipt(POSTED, "avvenuta-consegna", said)).states == ()


def test_a_receipt_stands_in_the_conversation_of_the_letter_and_joins_its_answers_to_it() -> None:
    parsed = parse(receipt(POSTED, "accettazione", facts(POSTED, "accettazione")))
    assert {POSTED.letter, POSTED.identifier} <= {*thread_keys(parsed, "")}


# -- signatures ------------------------------------------------------------------------------------

ACCEPTED = facts(POSTED, "accettazione")


@pytest.mark.parametrize(
    ("raw", "doubt"),
    [
        (receipt(POSTED, "accettazione", ACCEPTED, signed=False), "pec_unsigned"),
        (
            receipt(POSTED, "accettazione", ACCEPTED).replace(b'tipo="certif', b'tipo="esterno'),
            "pec_broken",
        ),
        (
            receipt(POSTED, "accettazione", ACCEPTED, by=identity("x@evil.example")),
            "pec_other_signer",
        ),
        (receipt(POSTED, "accettazione", ACCEPTED, by=identity(first=2010)), "pec_expired"),
    ],
)
def test_a_forged_receipt_is_not_believed_and_joins_nothing(raw: bytes, doubt: str) -> None:
    parsed = parse(raw)
    assert parsed.certified is not None
    assert doubt in parsed.warnings
    assert not is_believed(parsed.certified)
    assert POSTED.letter not in thread_keys(parsed, "")


def test_a_signature_survives_the_loss_of_carriage_returns() -> None:
    raw = receipt(POSTED, "accettazione", ACCEPTED).replace(b"\r\n", b"\n")
    assert certified(raw).signature.state == "sound"


def test_an_authority_vouches_for_the_provider_or_not() -> None:
    when = datetime(2026, 11, 12, tzinfo=UTC)
    ours = certificate_authority()[0].public_bytes(serialization.Encoding.DER)
    sound = certified(receipt(POSTED, "accettazione", ACCEPTED)).signature
    alone = identity(authority=False)
    own = certified(receipt(POSTED, "accettazione", ACCEPTED, by=alone)).signature
    assert is_trusted(sound, [ours], when)
    assert not is_trusted(sound, [ours], datetime(2035, 1, 1, tzinfo=UTC))
    assert not is_trusted(own, [ours], when)
    assert not is_trusted(sound, [b"no certificate"], when)


# -- what providers really write -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "state"),
    [
        ("ACCETTAZIONE_ IT03339130126_00009.xml.txt", "accettazione", "accepted"),
        ("CONSEGNA_ IT03339130126_00009.xml.txt", "avvenuta-consegna", "delivered"),
    ],
)
def test_receipts_of_a_provider_are_soundly_signed(name: str, kind: str, state: str) -> None:
    found = certified((data_folder(OCA) / name).read_bytes())
    assert (found.kind, found.letter, found.doubts) == (kind, LETTER, ())
    assert found.states == (CertifiedState("l.battistini@pec.it", state),)
    assert found.signature.addresses == ("posta-certificata@pec.aruba.it",)
    assert found.signature.issuer == "AgID CA1"


@pytest.mark.parametrize("word", [b"accettazione", b"l.battistini", b"Content-Type: application"])
def test_a_real_receipt_that_was_changed_is_not_believed(word: bytes) -> None:
    raw = (data_folder(OCA) / "ACCETTAZIONE_ IT03339130126_00009.xml.txt").read_bytes()
    begins = raw.index(b"This is an S/MIME") + 1
    forged = raw[:begins] + raw[begins:].replace(word, word.swapcase())
    assert certified(forged).doubts[:1] == ("pec_broken",)


@pytest.mark.parametrize(
    ("name", "kind", "state"),
    [
        ("accettazione.eml", "accettazione", "accepted"),
        ("consegna.eml", "errore-consegna", "refused"),
    ],
)
def test_receipts_whose_signature_was_taken_away_are_read_and_not_believed(
    name: str, kind: str, state: str
) -> None:
    folder = data_folder("pec-java-parser") / "src/test/resources"
    found = certified((folder / name).read_bytes())
    assert (found.kind, [one.state for one in found.states]) == (kind, [state])
    assert not is_believed(found)


@given(st.data())
def test_no_change_of_certified_mail_raises(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(_samples())))
    for _change in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    assert isinstance(parse(bytes(raw)), ParsedMessage)


@cache  # signing again gives other bytes
def _samples() -> list[bytes]:
    given_ones = [raw for _name, raw in messages("pec-java-parser")]
    return [*given_ones, envelope(POSTED), receipt(POSTED, "accettazione", ACCEPTED)]
