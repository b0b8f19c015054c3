"""Certified letters: receipts in any order, answers under the provider's name, forgeries without effect."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from sqlmodel import select

from tests.db.house import BIANCHI, FERRI, INVOICE, ORDER, changes
from tests.mail.providers import (
    Identity,
    Posted,
    authority_pem,
    envelope,
    facts,
    identity,
    receipt,
)
from tests.worker.office import NOW, Office, letter, office_on
from tui_mail.db import certified, erp, links, outbox
from tui_mail.db.engine import Database
from tui_mail.db.folders import reconcile_folders
from tui_mail.db.outbox import Enqueue
from tui_mail.db.program_rows import program_rows
from tui_mail.db.rows import LinkRow
from tui_mail.db.tables import Account, LearnedAddress
from tui_mail.db.undoing import undo
from tui_mail.errors import SettingsWrong
from tui_mail.values import CertifiedState, Fetched, FolderRole, RemoteFolder
from tui_mail.worker.authorities import authorities_in
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.link import link_messages
from tui_mail.worker.reading import Reader

_OURS = "vendite@rossi.it"
_THEIRS = "l.ferri@ferri.it"
SENT = Posted(sender=_OURS, to=_THEIRS, subject="Ordine 2026/119", letter="ours@test")
_LETTER = letter("ours", subject="Ordine 2026/119", sender=_OURS, to=_THEIRS)
_ACCEPTED = receipt(SENT, "accettazione", facts(SENT, "accettazione"), number="a")
_DELIVERED = receipt(
    SENT, "avvenuta-consegna", facts(SENT, "avvenuta-consegna", delivered_to=_THEIRS), number="d"
)
_LATE = receipt(
    SENT,
    "preavviso-errore-consegna",
    facts(SENT, "preavviso-errore-consegna", delivered_to=_THEIRS, reason="12 ore"),
    number="l",
)
_POSTED_ANSWER = Posted(
    sender=_THEIRS,
    to=_OURS,
    subject="Re: conferma",
    letter="theirs@client",
    identifier="opec9@gestore.example",
    head=f"In-Reply-To: <{SENT.identifier}>\r\n",
)
_ANSWER = envelope(_POSTED_ANSWER)


class Case:
    def __init__(self, office: Office, account_id: int, inbox: int) -> None:
        self.office = office
        self.account_id = account_id
        self.inbox = inbox
        self._number = 0

    async def take(self, *raws: bytes, ingest: Ingest | None = None) -> None:
        batch = []
        for raw in raws:
            self._number += 1
            batch.append(Fetched(f"1:{self._number}", raw, frozenset(), NOW))
        await (ingest or self.office.ingest).store(self.account_id, self.inbox, batch)

    async def message(self, header: str) -> int:
        (found,) = [one for one in await self.office.held() if one.header == header]
        return found.message_id

    async def states(self) -> tuple[CertifiedState, ...]:
        message_id = await self.message("ours@test")
        return await self.office.database.read(certified.states_of_message, message_id)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """On both databases."""
    return office_on(database, tmp_path / "home")


@pytest.fixture
async def case(office: Office) -> Case:
    await office.database.write(erp.take, "books", changes(), NOW)
    account_id = await office.add(Account(email=_OURS))
    remote = [RemoteFolder("INBOX", "INBOX", FolderRole.INBOX)]
    [inbox] = await office.database.write(reconcile_folders, account_id, remote)
    return Case(office, account_id, inbox.id or 0)


@pytest.mark.parametrize("order", [*permutations((_LETTER, _ACCEPTED, _LATE, _DELIVERED))][::5])
async def test_receipts_count_in_any_order(case: Case, order: tuple[bytes, ...]) -> None:
    for raw in order:
        await case.take(raw)
    assert await case.states() == (CertifiedState(_THEIRS, "delivered"),)


async def test_programs_are_told_of_receipts_with_the_letter(case: Case) -> None:
    await case.take(_LETTER, _ACCEPTED, _DELIVERED)
    office = case.office
    letter_id = await case.message("ours@test")
    rows = await office.database.read(program_rows, office.operator_id, [letter_id])
    assert rows[letter_id].receipts == (CertifiedState(_THEIRS, "delivered"),)


async def test_a_late_letter_says_so_and_why(case: Case) -> None:
    await case.take(_LETTER, _LATE, _ACCEPTED)
    assert await case.states() == (CertifiedState(_THEIRS, "late", "12 ore"),)


async def test_a_receipt_that_knows_only_the_provider_s_name_counts(case: Case) -> None:
    nameless = _DELIVERED_WITHOUT_LETTER
    await case.take(nameless, _LETTER, _ACCEPTED)
    assert await case.states() == (CertifiedState(_THEIRS, "delivered"),)


@pytest.mark.parametrize("order", [*permutations((_LETTER, _ACCEPTED, _ANSWER))])
async def test_an_answer_under_the_provider_s_name_carries_the_links_of_the_letter(
    case: Case, order: tuple[bytes, ...]
) -> None:
    for raw in order:
        await case.take(raw)
    answer = await case.message("opec9@gestore.example")
    office = case.office
    rows = await office.database.read(links.links_of, office.operator_id, answer)
    records = {(await office.database.read(erp.entity, one)).id for one in (FERRI, ORDER)}
    assert {row.entity_id for row in rows if row.state == "automatic"} == records
    threads = {one.thread_id for one in await office.held()}
    assert len(threads) == 1


def _forged(by: Identity | None = None, *, signed: bool = True, to: str = _THEIRS) -> bytes:
    said = facts(SENT, "errore-consegna", delivered_to=to, recipients=[(to, "certificato")])
    return receipt(SENT, "errore-consegna", said, number="f", by=by, signed=signed)


@pytest.mark.parametrize(
    "forged",
    [
        _forged(signed=False),
        _forged(identity("ladro@evil.example")),
        _forged().replace(b"errore-consegna", b"avvenuta-consegna"),
        _forged(identity(first=2010)),
        _forged(to="altri@ferri.it"),
    ],
    ids=["unsigned", "other signer", "changed", "expired", "no recipient of it"],
)
async def test_a_forged_receipt_has_no_effect(case: Case, forged: bytes) -> None:
    await case.take(_LETTER, _ACCEPTED, forged)
    assert await case.states() == (CertifiedState(_THEIRS, "accepted"),)
    office = case.office
    [message] = [one for one in await office.held() if one.header.startswith("f.")]
    rows = await office.database.read(links.links_of, office.operator_id, message.message_id)
    assert "automatic" not in {str(row.state) for row in rows}


async def test_a_receipt_of_no_letter_of_ours_is_said_to_be_one(case: Case) -> None:
    other = replace(SENT, letter="foreign@x", identifier="opec5@gestore.example")
    raw = receipt(other, "accettazione", facts(other, "accettazione"), number="x")
    await case.take(_LETTER, _ACCEPTED, raw)
    read = case.office.database.read
    foreign = await case.message("x.opec5@gestore.example")
    ours = await case.message(f"a.{SENT.identifier}")
    assert await read(certified.is_foreign, foreign)
    assert not await read(certified.is_foreign, ours)


async def test_where_authorities_are_named_a_certificate_of_one_s_own_is_worth_nothing(
    case: Case, tmp_path: Path
) -> None:
    (tmp_path / "autorità.pem").write_bytes(authority_pem())
    (tmp_path / "readme.txt").write_text("the authorities of AgID")
    authorities = await asyncio.to_thread(authorities_in, str(tmp_path))
    office = case.office
    ingest = Ingest(office.database, office.blobs, authorities=authorities)
    own = _forged(identity(authority=False))
    try:
        await case.take(_LETTER, _ACCEPTED, own, ingest=ingest)
    finally:
        await asyncio.to_thread(ingest.close)
    assert await case.states() == (CertifiedState(_THEIRS, "accepted"),)
    reader = Reader(office.database, office.blobs, office.operator_id, authorities)
    doubtful = await reader.open(await case.message(f"f.{SENT.identifier}"))
    assert doubtful.parsed.warnings == ("pec_untrusted",)
    assert (await reader.open(await case.message(f"a.{SENT.identifier}"))).parsed.warnings == ()


def test_a_folder_without_authorities_is_a_wrong_setting(tmp_path: Path) -> None:
    assert authorities_in("") == ()
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(SettingsWrong, match="pec_authorities"):
            authorities_in(str(folder))


async def test_the_outbox_tells_what_became_of_each_recipient(case: Case) -> None:
    request = Enqueue(
        account_id=case.account_id,
        operator_id=case.office.operator_id,
        raw=_LETTER,
        message_id="ours@test",
        envelope_sender=_OURS,
        recipients=(_THEIRS, "b@ferri.it"),
        not_before=NOW,
    )
    await case.office.database.write(outbox.enqueue, request, NOW)
    await case.take(_DELIVERED)
    (row,) = await case.office.database.read(outbox.outgoing, case.office.operator_id)
    assert row.certified == (CertifiedState(_THEIRS, "delivered"),)


_DELIVERED_WITHOUT_LETTER = receipt(
    replace(SENT, letter=""),
    "avvenuta-consegna",
    facts(replace(SENT, letter=""), "avvenuta-consegna", delivered_to=_THEIRS),
    number="n",
)


# -- receipts whose names were lost ------------------------------------------------------------------


def _lost(kind: str = "accettazione", subject: str = SENT.subject, to: str = _THEIRS) -> bytes:
    """As of a letter that a relay gave another Message-ID."""
    other = replace(SENT, letter="relay@elsewhere", identifier="opec7@x", subject=subject, to=to)
    said = facts(other, kind, delivered_to=to if kind == "avvenuta-consegna" else "")
    return receipt(other, kind, said, number=f"lost-{kind}")


async def test_a_receipt_under_unknown_names_is_of_the_only_letter_that_fits(case: Case) -> None:
    await case.take(_LETTER, _lost(), _lost("avvenuta-consegna"))
    assert await case.states() == (CertifiedState(_THEIRS, "delivered"),)
    # An answer that knows the provider's name alone is about the letter, too.
    answer = replace(_POSTED_ANSWER, head="In-Reply-To: <opec7@x>\r\n")
    await case.take(envelope(answer))
    rows = await _links(case, answer.identifier)
    assert "sales_order" in {row.kind for row in rows if row.state == "automatic"}


@pytest.mark.parametrize(
    "lost",
    [_lost(subject="Ordine 2026/120"), _lost(to="altri@ferri.it")],
    ids=["subject", "recipient"],
)
async def test_a_receipt_that_does_not_fit_has_no_effect(case: Case, lost: bytes) -> None:
    await case.take(_LETTER, lost)
    assert await case.states() == ()


async def test_a_receipt_after_days_has_no_effect(case: Case) -> None:
    await case.take(_LETTER)
    late = Fetched("1:late", _lost(), frozenset(), NOW + timedelta(days=3))
    await case.office.ingest.store(case.account_id, case.inbox, [late])
    assert await case.states() == ()


async def test_of_two_letters_that_fit_a_person_says_which(case: Case) -> None:
    again = _LETTER.replace(b"<ours@test>", b"<again@test>")
    await case.take(_LETTER, again, _lost())
    assert await case.states() == ()
    rows = await _links(case, f"lost-accettazione.{'opec7@x'}")
    assert {str(row.state) for row in rows} == {"proposed"}
    assert "one of several letters" in next(row.why for row in rows if row.kind == "sales_order")
    every = [one.message_id for one in await case.office.held()]
    assert await case.office.database.write(link_messages, every, NOW) == 0


async def _links(case: Case, header: str) -> list[LinkRow]:
    office = case.office
    message = await case.message(header)
    return await office.database.read(links.links_of, office.operator_id, message)


@pytest.mark.parametrize("order", [*permutations((_LETTER, _ACCEPTED, _DELIVERED))])
async def test_a_receipt_carries_the_links_of_its_letter(
    case: Case, order: tuple[bytes, ...]
) -> None:
    for raw in order:
        await case.take(raw)
    office = case.office
    records = {(await office.database.read(erp.entity, one)).id for one in (FERRI, ORDER)}
    for one in await office.held():
        rows = await office.database.read(links.links_of, office.operator_id, one.message_id)
        assert {row.entity_id for row in rows if row.state == "automatic"} == records, [
            (row.method, row.state, row.why) for row in rows
        ]


async def test_what_a_person_says_of_a_letter_holds_for_its_receipts(case: Case) -> None:
    await case.take(_LETTER, _ACCEPTED, _DELIVERED)
    office, letter = case.office, await case.message("ours@test")
    [invoice] = [(await office.database.read(erp.entity, INVOICE)).id]

    async def linked() -> list[bool]:
        every = [one.message_id for one in await office.held()]
        rows = [await office.database.read(links.links_of, office.operator_id, n) for n in every]
        return [invoice in {row.entity_id for row in some} for some in rows]

    add = await office.database.write(links.add, office.operator_id, letter, invoice, now=NOW)
    assert await linked() == [True, True, True]
    assert add
    # Nothing is learned of the provider, who writes everybody's receipts.
    for number in range(4):
        other = replace(SENT, letter=f"n{number}@test", identifier=f"opec{number}@n", to=_THEIRS)
        raw = _LETTER.replace(b"<ours@test>", f"<n{number}@test>".encode())
        await case.take(raw, receipt(other, "accettazione", facts(other, "accettazione")))
        one = await case.message(f"n{number}@test")
        customer = (await office.database.read(erp.entity, BIANCHI)).id
        await office.database.write(links.add, office.operator_id, one, customer, now=NOW)
    assert (
        await office.database.read(lambda session: session.scalars(select(LearnedAddress)).all())
        == []
    )
    for _number in range(4):
        await office.database.write(undo, office.operator_id, NOW)
    await office.database.write(undo, office.operator_id, NOW)
    assert not any(await linked())
