from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui_mail.linking.facts import (
    Knowledge,
    KnownDocument,
    KnownFolder,
    KnownParty,
    MessageFacts,
    Parent,
    ParentLink,
)
from tui_mail.linking.mentions import Parts
from tui_mail.linking.pipeline import link, needs
from tui_mail.linking.reasons import worded
from tui_mail.mail.quotes import split_quotes
from tui_mail.values import LinkProposal, LinkState, Mailbox

TODAY = date(2026, 3, 20)
BIANCHI, VERDI, NERI, COSTA = 1, 2, 3, 4
NAMES = {BIANCHI: "Bianchi Spa", VERDI: "Verdi Snc", NERI: "Neri Srl", COSTA: "Costa Srl"}


def _party(party_id: int, contact: str = "", **other: object) -> KnownParty:
    known = KnownParty(party_id, NAMES[party_id], contact_name=contact)
    return replace(known, **other) if other else known


ADDRESSES = {
    "marta@bianchi.example": (_party(BIANCHI, "Marta Bianchi"),),
    "info@verdi.example": (_party(VERDI),),
    "studio@conti.example": (_party(BIANCHI), _party(VERDI)),
    "many@conti.example": tuple(_party(one) for one in (BIANCHI, VERDI, NERI, COSTA)),
    "paolo@home.example": (KnownParty(90, "Paolo", kind="operator"),),
}
DOMAINS = {
    "bianchi.example": (_party(BIANCHI),),
    "conti.example": (_party(BIANCHI), _party(VERDI)),
    "neri.example": (_party(NERI, declared=True),),
    "gmail.com": (_party(NERI),),
}


def _document(
    entity_id: int, kind: str, number: str, party_id: int | None, **other: object
) -> KnownDocument:
    year = other.get("year", 2026)
    document = KnownDocument(
        entity_id,
        kind,
        f"{year}/{number}",
        year=2026,
        number=number,
        party_id=party_id,
        party_name=NAMES.get(party_id or 0, ""),
        date=date(2026, 2, 1),
        state="open",
    )
    return replace(document, **other)


ORDER, INVOICE, OLD_INVOICE, VERDI_INVOICE, SERIES_A, JOB = 100, 101, 102, 103, 104, 105
QUOTE, OFFER_1, OFFER_2, NERI_INVOICE, VERDI_ORDER = 106, 107, 108, 109, 110
DOCUMENTS = (
    _document(ORDER, "sales_order", "119", BIANCHI),
    _document(INVOICE, "invoice", "7", BIANCHI),
    _document(OLD_INVOICE, "invoice", "7", BIANCHI, year=2025, date=date(2025, 2, 1)),
    _document(VERDI_INVOICE, "invoice", "8", VERDI),
    _document(SERIES_A, "invoice", "7", BIANCHI, series="A", code="2026/A/7"),
    _document(JOB, "job", "5", None),
    _document(QUOTE, "quote", "31", BIANCHI),
    _document(OFFER_1, "offer", "77", BIANCHI, version=1, code="2026/77.1"),
    _document(OFFER_2, "offer", "77", BIANCHI, version=2, code="2026/77.2"),
    _document(NERI_INVOICE, "purchase_invoice", "44", NERI),
    _document(VERDI_ORDER, "sales_order", "S00042", VERDI, code="S00042"),
)
KNOWLEDGE = Knowledge(ADDRESSES, DOMAINS, DOCUMENTS)


def _facts(sender: str, subject: str = "", **other: object) -> MessageFacts:
    facts = MessageFacts(
        subject=subject,
        senders=(Mailbox(sender),),
        to=(Mailbox("sales@home.example"),),
        date=TODAY,
        own_addresses=frozenset({"sales@home.example"}),
        own_domains=frozenset({"home.example"}),
    )
    return replace(facts, **other)


def _states(found: tuple[LinkProposal, ...]) -> dict[int, str]:
    return {one.entity_id: one.state.value for one in found}


AUTO, ASK = "automatic", "proposed"


@pytest.mark.parametrize(
    ("sender", "states"),
    [
        ("marta@bianchi.example", {BIANCHI: AUTO}),
        ("Marta@Bianchi.Example", {BIANCHI: AUTO}),
        ("new.person@bianchi.example", {BIANCHI: ASK}),
        ("anybody@neri.example", {NERI: AUTO}),
        ("anybody@conti.example", {}),
        ("studio@conti.example", {BIANCHI: ASK, VERDI: ASK}),
        ("stranger@gmail.com", {}),
        ("stranger@nowhere.example", {}),
        ("paolo@home.example", {}),
        ("colleague@home.example", {}),
        ("no address", {}),
        ("", {}),
    ],
)
def test_addresses_tell_the_party(sender: str, states: dict[int, str]) -> None:
    assert _states(link(_facts(sender, "Buongiorno"), KNOWLEDGE)) == states


def test_at_most_three_parties_of_a_shared_address_are_proposed() -> None:
    found = link(_facts("many@conti.example"), KNOWLEDGE)
    assert len(found) == 3
    assert all(one.state is LinkState.PROPOSED for one in found)
    assert "4" in worded(found[0].why)


def test_the_sentence_names_the_contact() -> None:
    (found,) = link(_facts("marta@bianchi.example"), KNOWLEDGE)
    assert worded(found.why) == "marta@bianchi.example is Marta Bianchi"
    assert (found.method, found.found_in) == ("address", "marta@bianchi.example")
    assert found.score > 95


def test_what_we_write_belongs_to_whom_we_write_to() -> None:
    facts = _facts(
        "sales@home.example",
        "Ns. ordine 119/2026",
        outgoing=True,
        to=(Mailbox("marta@bianchi.example"),),
    )
    assert _states(link(facts, KNOWLEDGE)) == {BIANCHI: AUTO, ORDER: AUTO}


@pytest.mark.parametrize(
    ("subject", "states"),
    [
        ("Ordine n. 119/2026", {ORDER: AUTO}),
        ("Re: Ns. ordine 119", {ORDER: AUTO}),
        ("Your order 119 of 2026", {ORDER: AUTO}),
        ("our order 119", {ORDER: ASK}),
        ("2026/119", {ORDER: ASK}),
        ("ordine 2025/119", {}),
        ("ordine 120/2026", {}),
        ("ordine 19/2026", {}),
        ("fattura 119/2026", {}),
        ("Fattura 7/2026", {INVOICE: AUTO}),
        ("Fattura 7/2025", {OLD_INVOICE: AUTO}),
        ("Fattura 7/A/2026", {SERIES_A: AUTO}),
        ("fattura 2026/A/7", {SERIES_A: AUTO}),
        ("fattura 7", {INVOICE: ASK, OLD_INVOICE: ASK, SERIES_A: ASK}),
        ("fattura n. 7 del 01/02/2026", {INVOICE: AUTO}),
        ("offerta 77 rev. 1", {OFFER_1: AUTO}),
        ("offerta 77/2026", {OFFER_2: AUTO}),
        ("offerta 31/2026", {QUOTE: AUTO}),
        ("commessa 5/2026", {JOB: ASK}),
        ("ordine 500 pezzi", {}),
        ("tel. 0541 2026/119", {}),
    ],
)
def test_a_number_in_the_subject_tells_the_document(subject: str, states: dict[int, str]) -> None:
    found = _states(link(_facts("marta@bianchi.example", subject), KNOWLEDGE))
    assert found.pop(BIANCHI) == AUTO
    assert found == states


def test_a_document_of_another_party_is_only_proposed_and_says_so() -> None:
    found = link(_facts("marta@bianchi.example", "Fattura 8/2026"), KNOWLEDGE)
    assert _states(found) == {BIANCHI: AUTO, VERDI_INVOICE: ASK}
    assert worded(found[1].why) == (
        "the subject says “Fattura 8/2026”, but it is of Verdi Snc, who is not on this message"
    )
    assert found[1].score < 50


def test_a_number_without_year_of_another_party_is_chance() -> None:
    assert _states(link(_facts("marta@bianchi.example", "Fattura 8"), KNOWLEDGE)) == {BIANCHI: AUTO}


def test_a_document_of_somebody_in_copy_counts_as_on_the_message() -> None:
    facts = _facts("marta@bianchi.example", "Fattura 8/2026", cc=(Mailbox("info@verdi.example"),))
    assert _states(link(facts, KNOWLEDGE)) == {BIANCHI: AUTO, VERDI: AUTO, VERDI_INVOICE: AUTO}


@pytest.mark.parametrize("sender", ["colleague@home.example", "stranger@gmail.com"])
def test_a_forward_or_a_stranger_gets_a_proposal(sender: str) -> None:
    found = link(_facts(sender, "I: Fattura 8/2026"), KNOWLEDGE)
    assert _states(found) == {VERDI_INVOICE: ASK}
    assert not link(_facts(sender, "I: fattura 8"), KNOWLEDGE)


def test_a_document_tells_which_customer_the_accountant_writes_for() -> None:
    found = link(_facts("studio@conti.example", "Fattura 8/2026"), KNOWLEDGE)
    assert _states(found) == {VERDI_INVOICE: AUTO, VERDI: AUTO}


def test_an_erp_code_is_found_whole() -> None:
    found = link(_facts("info@verdi.example", "Re: order S00042"), KNOWLEDGE)
    assert _states(found) == {VERDI: AUTO, VERDI_ORDER: AUTO}


def test_a_supplier_s_own_number_is_that_of_the_purchase_invoice() -> None:
    found = link(_facts("a@neri.example", "Ns. fattura 44/2026"), KNOWLEDGE)
    assert _states(found) == {NERI: AUTO, NERI_INVOICE: AUTO}


def test_a_number_of_theirs_that_our_books_have_otherwise_is_only_proposed() -> None:
    booked = _document(NERI_INVOICE, "purchase_invoice", "44", NERI, their_reference="FT 903/2026")
    knowledge = replace(KNOWLEDGE, documents=(booked,))
    assert _states(link(_facts("a@neri.example", "Fattura 44"), knowledge)) == {
        NERI: AUTO,
        NERI_INVOICE: ASK,
    }
    same = replace(booked, their_reference="FT 0044")
    knowledge = replace(KNOWLEDGE, documents=(same,))
    assert _states(link(_facts("a@neri.example", "Fattura 44"), knowledge)) == {
        NERI: AUTO,
        NERI_INVOICE: AUTO,
    }


@pytest.mark.parametrize(
    "kind", ["auto_reply", "bounce", "receipt", "list", "calendar", "pec_receipt"]
)
def test_what_a_program_wrote_is_linked_to_the_party_alone(kind: str) -> None:
    facts = _facts("marta@bianchi.example", "Ordine 119/2026", kind=kind)
    knowledge = replace(KNOWLEDGE, parent=_parent(ORDER, LinkState.CONFIRMED))
    assert _states(link(facts, knowledge)) == {BIANCHI: AUTO}
    assert not needs(facts).candidates


def test_certified_mail_is_linked_as_a_person_s() -> None:
    facts = _facts("marta@bianchi.example", "Ordine 119/2026", kind="pec_envelope")
    assert _states(link(facts, KNOWLEDGE)) == {BIANCHI: AUTO, ORDER: AUTO}


# -- conversations ---------------------------------------------------------------------------------


def _parent(
    entity_id: int,
    state: LinkState = LinkState.AUTOMATIC,
    *,
    score: int = 98,
    party_id: int | None = BIANCHI,
    participants: tuple[str, ...] = ("marta@bianchi.example", "sales@home.example"),
    subject: str = "Consegna",
    day: date = TODAY,
) -> Parent:
    document = ParentLink(entity_id, "sales_order", state, score, party_id, label="2026/119")
    party = ParentLink(BIANCHI, "customer", LinkState.AUTOMATIC, 98, label="Bianchi Spa")
    return Parent((party, document), frozenset(participants), subject, day)


def _answer(
    parent: Parent, subject: str = "Re: Consegna", sender: str = "marta@bianchi.example"
) -> dict[int, str]:
    return _states(link(_facts(sender, subject), replace(KNOWLEDGE, parent=parent)))


def test_an_answer_is_about_what_was_answered() -> None:
    assert _answer(_parent(ORDER)) == {BIANCHI: AUTO, ORDER: AUTO}


def test_a_long_conversation_stays_about_its_document() -> None:
    score = 98
    for _step in range(20):
        knowledge = replace(KNOWLEDGE, parent=_parent(ORDER, score=score))
        found = link(_facts("marta@bianchi.example", "Re: Consegna"), knowledge)
        order = next(one for one in found if one.entity_id == ORDER)
        assert order.state is LinkState.AUTOMATIC
        score = order.score


def test_another_number_of_the_same_party_ends_the_inheritance() -> None:
    assert _answer(_parent(ORDER), "Re: Fattura 7/2026") == {BIANCHI: AUTO, INVOICE: AUTO}


def test_a_number_that_nobody_knows_does_not() -> None:
    assert _answer(_parent(ORDER), "Re: Fattura 999/2026") == {BIANCHI: AUTO, ORDER: AUTO}


def test_the_same_number_said_again_makes_it_surer() -> None:
    assert _answer(_parent(ORDER), "Re: ordine 119/2026") == {BIANCHI: AUTO, ORDER: AUTO}


def test_what_was_proposed_stays_a_proposal() -> None:
    assert _answer(_parent(ORDER, LinkState.PROPOSED, score=60)) == {BIANCHI: AUTO, ORDER: ASK}


def test_what_was_rejected_is_not_handed_on() -> None:
    assert _answer(_parent(ORDER, LinkState.REJECTED)) == {BIANCHI: AUTO}


def test_an_old_message_taken_for_a_new_matter_hands_no_document_on() -> None:
    parent = _parent(ORDER, day=date(2025, 1, 1))
    assert _answer(parent, "Nuova richiesta") == {BIANCHI: AUTO}
    assert _answer(parent, "R: Consegna") == {BIANCHI: AUTO, ORDER: ASK}
    assert _answer(parent, "R: Ordine 119/2026") == {BIANCHI: AUTO, ORDER: AUTO}
    parent = _parent(ORDER, subject="Ordine 119/2026", day=date(2025, 1, 1))
    assert _answer(parent, "R: Ordine 119/2026") == {BIANCHI: AUTO, ORDER: ASK}


def test_a_stranger_in_the_conversation_gets_proposals() -> None:
    found = _answer(_parent(ORDER), sender="stranger@gmail.com")
    assert found == {BIANCHI: ASK, ORDER: ASK}


def test_a_person_of_the_conversation_with_an_unknown_address_is_its_party() -> None:
    parent = _parent(ORDER, participants=("marta.private@gmail.com",))
    assert _answer(parent, sender="marta.private@gmail.com") == {BIANCHI: AUTO, ORDER: AUTO}


def test_a_document_of_a_party_that_is_no_longer_on_the_conversation_is_asked_about() -> None:
    parent = replace(
        _parent(VERDI_INVOICE, LinkState.CONFIRMED, party_id=VERDI),
        participants=frozenset({"marta@bianchi.example"}),
    )
    assert _answer(parent) == {BIANCHI: AUTO, VERDI_INVOICE: ASK}


def test_a_number_that_is_exactly_another_s_is_asked_about() -> None:
    """The sender has 9/B of that year only, and somebody else has 9."""
    own = _document(120, "invoice", "9", BIANCHI, series="B", code="2026/B/9")
    other = _document(121, "invoice", "9", VERDI)
    facts = _facts("marta@bianchi.example", "Fattura 9/2026")
    alone, beside = (replace(KNOWLEDGE, documents=some) for some in ((own,), (own, other)))
    assert _states(link(facts, alone)) == {BIANCHI: AUTO, 120: AUTO}
    assert _states(link(facts, beside)) == {BIANCHI: AUTO, 120: ASK}


# -- what else a message says ----------------------------------------------------------------------


def _said(
    subject: str = "Domanda", *, parent: Parent | None = None, **parts: object
) -> dict[int, str]:
    facts = _facts("marta@bianchi.example", subject, parts=Parts(**parts))  # type: ignore[arg-type]
    return _states(link(facts, replace(KNOWLEDGE, parent=parent)))


@pytest.mark.parametrize(
    ("parts", "state"),
    [
        ({"text": "Quando arriva l'ordine n. 119/2026? Il mio numero è 0535 119119."}, AUTO),
        ({"text": "Quando arriva l'ordine 119?"}, AUTO),
        ({"names": ["Ordine_119_2026.pdf"]}, AUTO),
        ({"names": ["scan.pdf", "ordine 119.pdf"]}, ASK),
        ({"files": ["Spett.le ditta\nOrdine n. 119/2026\nRiga 1"]}, AUTO),
        ({"quoted": "In allegato l'ordine n. 119/2026."}, AUTO),
        ({"quoted": "In allegato l'ordine 119."}, ASK),
    ],
)
def test_every_part_of_a_message_counts_by_its_weight(parts: dict[str, object], state: str) -> None:
    assert _said("R: Domanda", **parts) == {BIANCHI: AUTO, ORDER: state}  # type: ignore[arg-type]


def test_a_quote_below_a_subject_of_its_own_may_be_of_an_old_letter() -> None:
    assert _said(quoted="In allegato l'ordine n. 119/2026.") == {BIANCHI: AUTO, ORDER: ASK}


def test_what_is_written_now_goes_before_the_subject_that_an_answer_took_over() -> None:
    found = _said(
        "Re: Ordine 119/2026 del 01/02/2026",
        text="La fattura 7/2026 è sbagliata.",
        quoted="In allegato l'ordine n. 119/2026.",
    )
    assert (found[INVOICE], found[ORDER]) == (AUTO, ASK)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"text": "ordine 119/2026"}, "the text says “ordine 119/2026”"),
        ({"names": ["ordine 119/2026.pdf"]}, "the name of a file says “ordine 119/2026”"),
        ({"files": ["ordine 119/2026"]}, "a file says “ordine 119/2026”"),
        ({"quoted": "ordine 119/2026"}, "what it quotes says “ordine 119/2026”"),
    ],
)
def test_the_sentence_tells_where_the_words_are(parts: dict[str, object], words: str) -> None:
    facts = _facts("marta@bianchi.example", parts=Parts(**parts))  # type: ignore[arg-type]
    found = {one.entity_id: one for one in link(facts, KNOWLEDGE)}
    assert worded(found[ORDER].why) == words


def test_what_is_quoted_is_passed_over_when_the_writer_names_something() -> None:
    found = _said(text="Fattura 7/2026 saldata.", quoted="ordine n. 119/2026")
    assert found == {BIANCHI: AUTO, INVOICE: AUTO}


def test_a_long_list_of_numbers_is_about_none_of_them() -> None:
    two = "Ordine 119/2026, fattura 7/2026"
    assert _said(text=two) == {BIANCHI: AUTO, ORDER: AUTO, INVOICE: AUTO}
    five = f"{two}, preventivo 31/2026, fattura 7/A/2026, fattura 7/2025"
    assert list(_said(text=five).values()) == [AUTO, ASK, ASK, ASK]


def test_another_number_in_the_text_ends_the_inheritance() -> None:
    found = _said("Re: Ordine 119/2026", parent=_parent(ORDER), text="E la fattura 7/2026?")
    assert found == {BIANCHI: AUTO, INVOICE: AUTO, ORDER: ASK}


@pytest.mark.parametrize("text", ["Ecco il documento.", "In allegato la fattura 7/2026."])
def test_a_document_that_is_sent_along_does_not(text: str) -> None:
    subject, names = "Re: Ordine 119/2026", ["fattura_7_2026.pdf"]
    assert _said(subject, parent=_parent(ORDER), text=text, names=names)[ORDER] == AUTO


def test_a_quoted_number_does_not() -> None:
    found = _said("Re: Consegna", parent=_parent(ORDER), quoted="fattura 7/2026")
    assert found[ORDER] == AUTO


def test_a_number_of_strangers_in_a_file_says_nothing() -> None:
    assert _said(files=["fattura 8/2026"], names=["fattura 8_2026.pdf"]) == {BIANCHI: AUTO}
    assert _said(text="fattura 8/2026") == {BIANCHI: AUTO, VERDI_INVOICE: ASK}


def test_a_document_made_later_is_not_meant() -> None:
    facts = _facts("marta@bianchi.example", "Ordine 119", date=date(2025, 6, 1))
    assert _states(link(facts, KNOWLEDGE)) == {BIANCHI: AUTO}


REFERRED = _document(120, "sales_order", "55", BIANCHI, their_reference="PO-4711")


@pytest.mark.parametrize(
    ("subject", "states"),
    [
        ("Ns. ordine PO-4711", {BIANCHI: AUTO, 120: AUTO}),
        ("our order PO-4711", {BIANCHI: AUTO, 120: AUTO}),
        ("Ns. rif. PO-4711", {BIANCHI: AUTO, 120: AUTO}),
        ("Re: rif: PO-4711", {BIANCHI: AUTO, 120: AUTO}),
        ("PO-4712", {BIANCHI: AUTO}),
    ],
)
def test_the_other_side_may_use_its_own_reference(subject: str, states: dict[int, str]) -> None:
    knowledge = replace(KNOWLEDGE, documents=(REFERRED,))
    assert _states(link(_facts("marta@bianchi.example", subject), knowledge)) == states
    assert _states(link(_facts("info@verdi.example", subject), knowledge)) == {VERDI: AUTO}


def _passed_on(text: str, quoted: str, **other: object) -> MessageFacts:
    return _facts(
        "colleague@home.example", "I: Domanda", parts=Parts(text=text, quoted=quoted), **other
    )


INLINE = "Da: Marta Bianchi <marta@bianchi.example>\nOggetto: Domanda\n\nordine n. 119/2026?"


def test_a_letter_that_a_colleague_passes_on_is_its_writers() -> None:
    facts = _passed_on("Ci pensi tu?", INLINE)
    assert needs(facts).addresses == {"marta@bianchi.example"}
    found = link(facts, KNOWLEDGE)
    assert _states(found) == {BIANCHI: AUTO, ORDER: AUTO}
    assert "passes on" in worded(found[0].why) + worded(found[1].why)


def test_of_an_attached_letter_the_line_above_it_tells_the_writer() -> None:
    facts = _passed_on("▪ Domanda · Marta <marta@bianchi.example> · 2026-03-19\n\nCiao", "")
    assert _states(link(facts, KNOWLEDGE)) == {BIANCHI: AUTO}


def test_who_is_quoted_says_nothing_when_somebody_else_is_on_the_message() -> None:
    facts = _passed_on("Vedi sotto", INLINE, to=(Mailbox("info@verdi.example"),))
    assert _states(link(facts, KNOWLEDGE)) == {VERDI: AUTO}
    stranger = replace(facts, senders=(Mailbox("x@nowhere.example"),), to=())
    assert link(stranger, KNOWLEDGE) == ()


# -- vetoes ----------------------------------------------------------------------------------------


def test_a_rejected_record_stays_away_from_its_thread() -> None:
    knowledge = replace(KNOWLEDGE, rejected=frozenset({ORDER}))
    found = link(_facts("marta@bianchi.example", "Ordine 119/2026"), knowledge)
    assert _states(found) == {BIANCHI: AUTO}


def _two_companies(company: str) -> dict[int, str]:
    both = (_party(BIANCHI, company="01"), _party(VERDI, company="02"))
    knowledge = Knowledge({"a@both.example": both})
    return _states(link(_facts("a@both.example", company=company), knowledge))


def test_one_customer_in_two_companies_is_never_linked_without_asking() -> None:
    assert _two_companies("") == {BIANCHI: ASK, VERDI: ASK}


def test_the_company_of_the_mailbox_decides_between_two() -> None:
    assert _two_companies("02") == {VERDI: AUTO}


def test_records_of_two_companies_are_asked_about() -> None:
    knowledge = Knowledge(
        {
            "a@one.example": (_party(BIANCHI, company="01"),),
            "b@two.example": (_party(VERDI, company="02"),),
        }
    )
    facts = _facts("a@one.example", cc=(Mailbox("b@two.example"),))
    assert _states(link(facts, knowledge)) == {BIANCHI: ASK, VERDI: ASK}
    here = replace(facts, company="01")
    assert _states(link(here, knowledge)) == {BIANCHI: AUTO, VERDI: ASK}


_CUSTOMERS = KnownFolder(7, "Customers/Bianchi", BIANCHI, "customer", "", BIANCHI, "Bianchi Spa")
_ORDERS = KnownFolder(8, "Orders/119", ORDER, "sales_order", "", BIANCHI, "Bianchi Spa")
_JOBS = KnownFolder(9, "Jobs/5", JOB, "job")


@pytest.mark.parametrize(
    ("sender", "folder", "states"),
    [
        ("stranger@gmail.com", _CUSTOMERS, {BIANCHI: AUTO}),
        ("sales@home.example", _CUSTOMERS, {BIANCHI: AUTO}),
        ("marta@bianchi.example", _CUSTOMERS, {BIANCHI: AUTO}),
        ("new.person@bianchi.example", _CUSTOMERS, {BIANCHI: AUTO}),
        ("studio@conti.example", _CUSTOMERS, {BIANCHI: AUTO}),
        ("info@verdi.example", _CUSTOMERS, {VERDI: AUTO, BIANCHI: ASK}),
        ("stranger@gmail.com", _ORDERS, {ORDER: AUTO}),
        ("marta@bianchi.example", _ORDERS, {BIANCHI: AUTO, ORDER: AUTO}),
        ("info@verdi.example", _ORDERS, {VERDI: AUTO, ORDER: ASK}),
        ("info@verdi.example", _JOBS, {VERDI: AUTO, JOB: AUTO}),
    ],
)
def test_what_lies_in_a_records_folder_is_linked_unless_it_is_somebody_elses(
    sender: str, folder: KnownFolder, states: dict[int, str]
) -> None:
    found = link(_facts(sender), replace(KNOWLEDGE, folders=(folder,)))
    assert _states(found) == states
    of_folder = next(one for one in found if one.entity_id == folder.entity_id)
    assert folder.name in worded(of_folder.why)


def test_a_folder_of_another_company_or_of_what_was_refused_links_nothing_by_itself() -> None:
    knowledge = replace(KNOWLEDGE, folders=(replace(_CUSTOMERS, company="ROSSI"),))
    facts = _facts("stranger@gmail.com")
    assert _states(link(replace(facts, company="ROSSI"), knowledge)) == {BIANCHI: AUTO}
    assert _states(link(replace(facts, company="VERDE"), knowledge)) == {BIANCHI: ASK}
    assert link(facts, replace(knowledge, rejected=frozenset({BIANCHI}))) == ()


def test_a_letter_in_a_customers_folder_names_that_customers_documents() -> None:
    facts = _facts("stranger@gmail.com", "ordine 119")
    assert _states(link(facts, KNOWLEDGE)) == {}
    found = link(facts, replace(KNOWLEDGE, folders=(_CUSTOMERS,)))
    assert _states(found) == {BIANCHI: AUTO, ORDER: AUTO}


def test_needs_name_what_is_to_be_looked_up() -> None:
    facts = _facts(
        "Marta@Bianchi.example", "Fattura 007/2026, INV/2024/00001", cc=(Mailbox("x@gmail.com"),)
    )
    found = needs(facts)
    assert found.addresses == {"marta@bianchi.example", "x@gmail.com"}
    assert found.domains == {"bianchi.example"}
    assert found.numbers == {"7"}
    assert "INV/2024/00001" in found.codes
    assert "invoice" in found.kinds


# -- properties ------------------------------------------------------------------------------------

_addresses = st.sampled_from(
    [*ADDRESSES, "x@bianchi.example", "x@gmail.com", "@", "colleague@home.example"]
)
_mailboxes = st.lists(st.one_of(_addresses, st.text(max_size=8)).map(Mailbox), max_size=4).map(
    tuple
)
_subjects = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "Re: ",
                "fattura ",
                "ordine ",
                "n. ",
                "7",
                "8",
                "119",
                "/2026",
                "/A",
                "2026/8",
                "S00042",
                " e ",
            ]
        ),
        max_size=9,
    ).map("".join),
)
_parents = st.one_of(
    st.none(),
    st.builds(
        Parent,
        links=st.lists(
            st.builds(
                lambda document, state, score: ParentLink(
                    document.entity_id, document.kind, state, score, document.party_id
                ),
                st.sampled_from(DOCUMENTS),
                st.sampled_from(LinkState),
                st.integers(0, 100),
            ),
            max_size=3,
        ).map(tuple),
        participants=st.frozensets(_addresses, max_size=3),
        subject=st.text(max_size=10),
        date=st.one_of(st.none(), st.dates()),
    ),
)
_messages = st.builds(
    MessageFacts,
    subject=_subjects,
    senders=_mailboxes,
    reply_to=_mailboxes,
    to=_mailboxes,
    cc=_mailboxes,
    kind=st.sampled_from(["human", "pec_envelope", "list", "bounce", "auto_reply"]),
    outgoing=st.booleans(),
    date=st.one_of(st.none(), st.dates()),
    parts=st.builds(
        Parts,
        text=_subjects,
        quoted=st.one_of(_subjects, st.just(INLINE)),
        names=st.lists(_subjects, max_size=2),
        files=st.lists(_subjects, max_size=2),
    ),
    own_domains=st.just(frozenset({"home.example"})),
)


@given(_messages, _parents, st.frozensets(st.sampled_from([BIANCHI, ORDER, INVOICE]), max_size=2))
def test_linking_is_sound_for_any_message(
    facts: MessageFacts, parent: Parent | None, rejected: frozenset[int]
) -> None:
    knowledge = replace(KNOWLEDGE, parent=parent, rejected=rejected)
    needs(facts)
    found = link(facts, knowledge)
    assert found == link(facts, knowledge)
    assert len({one.entity_id for one in found}) == len(found)
    assert sum(one.state is LinkState.PROPOSED for one in found) <= 3
    assert all(0 <= one.score <= 100 and one.why for one in found)
    assert not rejected & {one.entity_id for one in found}
    on_it = {
        party.party_id
        for address in (
            *(one.address for one in (*facts.senders, *facts.reply_to, *facts.to, *facts.cc)),
            *facts.passed_on,
        )
        for party in (
            *ADDRESSES.get(address, ()),
            *DOMAINS.get(address.rpartition("@")[2], ()),
        )
    }
    owners = {one.entity_id: one.party_id for one in DOCUMENTS}
    for one in found:
        if one.state is LinkState.AUTOMATIC and one.entity_id in owners:
            assert owners[one.entity_id] in on_it or one.entity_id == JOB
            assert facts.kind in {"human", "pec_envelope"}


_VATS = {"09876543210": (_party(VERDI),)}


@pytest.mark.parametrize(
    "signature",
    [
        "P.IVA IT09876543210",
        "Partita IVA: 09876543210",
        "C.F. e P.Iva 09876543210",
        "VAT no. IT 09876543210",
    ],
)
@pytest.mark.parametrize("above", ["-- \nMario\n", "Mario\n"])
def test_the_number_in_a_strangers_signature_proposes_the_party(signature: str, above: str) -> None:
    text, quoted, signed = split_quotes(f"Buongiorno, vorrei un preventivo.\n\n{above}{signature}")
    facts = _facts("mario@gmail.com", parts=Parts("", text, quoted, signed))

    (found,) = link(facts, replace(KNOWLEDGE, vats=_VATS))

    assert (found.entity_id, found.state) == (VERDI, LinkState.PROPOSED)
    assert needs(facts).vats == ("09876543210",)
    assert worded(found.why) == "its writer gives its VAT number 09876543210"


def test_a_number_that_is_quoted_or_that_a_known_customer_names_says_nothing_of_the_writer() -> (
    None
):
    quoted = Parts("", "Va bene.", "> P.IVA 09876543210")
    assert link(_facts("mario@gmail.com", parts=quoted), replace(KNOWLEDGE, vats=_VATS)) == ()
    said = Parts("", "Fatturate a Verdi, P.IVA 09876543210")
    known = link(_facts("marta@bianchi.example", parts=said), replace(KNOWLEDGE, vats=_VATS))
    assert VERDI not in _states(known)
