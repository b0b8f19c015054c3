"""From a message to its links: asks each signal, weighs what they say. Pure.

A new signal is a file with a function that gives `Evidence`, called in `link`; what it wants
looked up goes into `Needs` and `Knowledge`.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from tui_mail.linking.documents import document_evidence
from tui_mail.linking.evidence import LIKELY, Evidence, gate
from tui_mail.linking.facts import WRITTEN_KINDS, Knowledge, MessageFacts, Needs
from tui_mail.linking.folders import folder_evidence, parties_of_folders
from tui_mail.linking.invoice_keys import file_key
from tui_mail.linking.invoices import (
    exchange_evidence,
    file_evidence,
    total_evidence,
    vat_evidence,
)
from tui_mail.linking.mentions import Mentions
from tui_mail.linking.parties import party_evidence, tells_company
from tui_mail.linking.payments import payment_evidence
from tui_mail.linking.receipts import receipt_evidence
from tui_mail.linking.subjects import is_answer
from tui_mail.linking.threads import (
    is_new_matter,
    takes_old_subject,
    takes_part,
    thread_evidence,
)
from tui_mail.values import PARTY_KINDS, LinkProposal, LinkState

# By which methods a number is found in words that were there before the message was written.
_TAKEN_OVER = frozenset({"number", "quoted"})
_SENT_ALONG = frozenset({"file_name", "file_text"})


def needs(facts: MessageFacts) -> Needs:
    """What the database must look up before `link` can conclude."""
    others = facts.correspondents
    written = facts.kind in WRITTEN_KINDS
    mentions = facts.mentions if written else Mentions()
    return Needs(
        addresses=frozenset(one.address for one in others),
        domains=frozenset(one.domain for one in others if tells_company(one.domain)),
        candidates=mentions.candidates,
        vats=(*mentions.keys.vats, *mentions.vats),
        files=tuple(map(file_key, mentions.keys.files)),
        paid=mentions.payment.amounts if mentions.payment else (),
    )


def link(facts: MessageFacts, knowledge: Knowledge) -> tuple[LinkProposal, ...]:
    """The links that a message deserves: automatic ones first, then at most three proposals.

    The same input gives the same output. A document of a party that is not on the message is
    never linked without asking, nor are records of two companies.
    """
    written = facts.kind in WRITTEN_KINDS
    by_address = party_evidence(facts, knowledge)
    by_vat = vat_evidence(facts, knowledge, by_address)
    by_file = file_evidence(facts, knowledge)
    parties = {one.entity_id for one in by_address} | _parties_of_parent(facts, knowledge)
    parties |= {one.entity_id for one in by_vat if not one.veto}
    by_folder = folder_evidence(knowledge, parties)
    parties |= parties_of_folders(knowledge, parties)
    by_number = document_evidence(facts, knowledge, parties) if written else ()
    if knowledge.parent is not None and takes_old_subject(facts, knowledge.parent):
        by_number = tuple(one for one in by_number if one.method not in _TAKEN_OVER)
    by_total = total_evidence(facts, knowledge, by_number)
    by_payment = payment_evidence(facts, knowledge, parties, by_number) if written else ()
    by_exchange = exchange_evidence(facts, knowledge, parties) if written else ()
    certified = knowledge.parent is not None and knowledge.parent.certified
    handed_on = certified or (written and _hands_documents_on(facts, knowledge, by_number))
    present = {one.entity_id for one in by_address if one.weight >= LIKELY and not one.group}
    by_thread = thread_evidence(facts, knowledge, parties, present, documents=handed_on)
    told = _told_by_documents(by_number, by_address, knowledge)
    return gate(
        (
            *by_address,
            *by_folder,
            *by_vat,
            *by_file,
            *by_exchange,
            *by_number,
            *by_total,
            *by_payment,
            *receipt_evidence(knowledge),
            *by_thread,
            *told,
        ),
        rejected=knowledge.rejected,
        company=facts.company,
    )


def _parties_of_parent(facts: MessageFacts, knowledge: Knowledge) -> set[int]:
    """Parties that the conversation is known to be with, when its people are still the same."""
    parent = knowledge.parent
    if parent is None or not takes_part(facts, parent):
        return set()
    sure = {LinkState.AUTOMATIC, LinkState.CONFIRMED}
    return {one.entity_id for one in parent.links if one.kind in PARTY_KINDS and one.state in sure}


def _hands_documents_on(
    facts: MessageFacts, knowledge: Knowledge, by_number: tuple[Evidence, ...]
) -> bool:
    """Not when other documents of the same side are named, nor for a new matter."""
    if knowledge.parent is None:
        return False
    if not by_number:
        return not is_new_matter(facts, knowledge.parent)
    linked = {one.entity_id for one in knowledge.parent.links}
    # The subject of an answer was there before.
    before = _TAKEN_OVER if is_answer(facts.subject) else {"quoted"}
    # What is sent along comes to the matter, it is no other one, though the text says so, too.
    along = {one.entity_id for one in by_number if one.method in _SENT_ALONG}
    written = [
        one
        for one in by_number
        if one.method not in _SENT_ALONG and one.entity_id not in along - linked
    ]
    said = [one for one in written if one.method not in before]
    if not any(not one.veto for one in said):
        said = [one for one in written if one.method != "quoted"]
    other = [one for one in said if one.entity_id not in linked and not one.veto]
    named_again = any(one.entity_id in linked for one in said)
    return not (other and not named_again) and not is_new_matter(facts, knowledge.parent)


def _told_by_documents(
    by_number: tuple[Evidence, ...], by_address: tuple[Evidence, ...], knowledge: Knowledge
) -> Iterator[Evidence]:
    """A document that is surely meant tells which of several possible parties writes."""
    documents = {one.entity_id: one for one in knowledge.documents}
    unsure = {one.entity_id: one for one in by_address if one.group or one.weight < LIKELY}
    for one in by_number:
        party = unsure.get(documents[one.entity_id].party_id or 0)
        if party and not one.veto and one.weight >= LIKELY:
            yield replace(
                one,
                entity_id=party.entity_id,
                kind=party.kind,
                weight=LIKELY,
                group="",
                suggest=False,
            )
