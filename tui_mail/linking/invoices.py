"""Signal: what an electronic invoice, or a notice about one, says by its exact keys.

The VAT numbers of its sides name parties, the name of its file an invoice of ours. They come with
the text of the message's files, in the lines that `mail.invoices.invoice_keys` writes. The number
that the exchange gave the file is learned with the first notice that is matched: later ones, and
what people write about it, know nothing else.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from msgspec.structs import replace

from tui_mail.linking.evidence import LIKELY, PROPOSE, SURE, Evidence
from tui_mail.linking.facts import Knowledge, KnownParty, MessageFacts
from tui_mail.linking.invoice_keys import file_key
from tui_mail.linking.reasons import Reason, reason
from tui_mail.values import LinkState

# The exchange writes from numbered mailboxes; an envelope in its name that is not certain is no PEC.
_EXCHANGE = re.compile(r"sdi[0-9]{1,4}@pec\.fatturapa\.it")
_SAME_TOTAL = 1.5
_SAME_NUMBER = 4.0
_INVOICES = frozenset({"invoice", "purchase_invoice", "credit_note"})
_SURE = frozenset({LinkState.AUTOMATIC, LinkState.CONFIRMED})


def vat_evidence(
    facts: MessageFacts, knowledge: Knowledge, by_address: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    """The parties of an invoice, and whoever an unknown writer says to be. A person decides unless
    they or the exchange have sent it: an invoice with somebody's number on it is soon forged.
    """
    if not knowledge.vats:
        return ()
    surely = {one.entity_id for one in by_address if not one.group and one.weight >= LIKELY}
    named = tuple(_of_invoice(facts, knowledge, surely))
    return named if surely else (*named, *_of_writer(facts, knowledge))


def _of_invoice(
    facts: MessageFacts, knowledge: Knowledge, surely: Collection[int]
) -> Iterator[Evidence]:
    believed = _is_believed(facts)
    for vat in facts.mentions.keys.vats:
        known = _on_the_right_side(facts, knowledge.vats.get(vat, ()))
        sent = any(one.party_id in surely for one in known)
        unsure = not sent and (bool(surely) or not believed)
        yield from _of_vat(vat, known, SURE, reason("vat", vat=vat), veto=unsure)


def _of_writer(facts: MessageFacts, knowledge: Knowledge) -> Iterator[Evidence]:
    for vat in facts.mentions.vats:
        known = _on_the_right_side(facts, knowledge.vats.get(vat, ()))
        yield from _of_vat(vat, known, PROPOSE, reason("vat_said", vat=vat), veto=True)


def _of_vat(
    vat: str, known: Sequence[KnownParty], weight: float, why: Reason, *, veto: bool
) -> Iterator[Evidence]:
    for one in known:
        yield Evidence(
            entity_id=one.party_id,
            kind=one.kind,
            company=one.company,
            method="vat",
            weight=weight,
            why=why,
            found_in=vat,
            veto=veto,
            suggest=True,
            group=f"vat {vat}" if len(known) > 1 else "",
        )


def _on_the_right_side(facts: MessageFacts, known: Sequence[KnownParty]) -> Sequence[KnownParty]:
    """Whoever is customer and supplier: what we send is to a customer, what comes from a supplier."""
    known = [one for one in known if one.company == facts.company] or known
    kind = "customer" if facts.outgoing else "supplier"
    return [one for one in known if one.kind == kind] or known


def file_evidence(facts: MessageFacts, knowledge: Knowledge) -> tuple[Evidence, ...]:
    """Invoices of ours whose file is named. Only the exchange system is believed without asking."""
    if not knowledge.filed:
        return ()
    believed = _is_believed(facts)
    written = {file_key(name): name for name in facts.mentions.keys.files}
    return tuple(
        Evidence(
            entity_id=one.entity_id,
            kind=one.kind,
            company=one.company,
            method="file",
            weight=SURE,
            why=reason("sdi_file", file=written.get(one.sdi_file, one.sdi_file)),
            found_in=written.get(one.sdi_file, one.sdi_file),
            veto=not believed,
            suggest=True,
        )
        for one in knowledge.filed
    )


def total_evidence(
    facts: MessageFacts, knowledge: Knowledge, by_number: Sequence[Evidence]
) -> Iterator[Evidence]:
    """Invoices that are named by their numbers, and come to the total that the message says."""
    if not facts.mentions.keys.totals:
        return
    documents = {one.entity_id: one for one in knowledge.documents if one.kind in _INVOICES}
    for one in by_number:
        document = documents.get(one.entity_id)
        if document is None or document.amount is None or one.veto:
            continue
        if abs(document.amount) in facts.mentions.keys.totals:
            amount = f"{document.amount:.2f}"
            yield replace(
                one,
                method="amount",
                weight=_SAME_TOTAL,
                why=reason("amount", amount=amount),
                found_in=amount,
            )


def exchange_evidence(
    facts: MessageFacts, knowledge: Knowledge, parties: Collection[int]
) -> Iterator[Evidence]:
    """What the exchange's earlier notices with the same number are about. Who writes about the
    invoice of others with that number is asked about."""
    believed = _is_believed(facts)
    for number, links in knowledge.noticed.items():
        for one in links:
            # What a notice itself knows only by its number is no reason for another.
            if one.kind in _INVOICES and one.state in _SURE and one.method != "exchange":
                yield Evidence(
                    entity_id=one.entity_id,
                    kind=one.kind,
                    company=one.company,
                    method="exchange",
                    weight=_SAME_NUMBER,
                    why=reason("exchange", number=number),
                    found_in=number,
                    veto=not believed and one.party_id not in parties,
                    suggest=True,
                )


def is_notice(facts: MessageFacts) -> bool:
    """Whether the exchange itself wrote it, for certain."""
    return not facts.outgoing and _is_believed(facts)


def _is_believed(facts: MessageFacts) -> bool:
    """Whether we wrote it, or the exchange has."""
    if facts.outgoing:
        return True
    if facts.kind != "pec_envelope" or not facts.senders:
        return False
    return all(_EXCHANGE.fullmatch(one.address.lower()) for one in facts.senders)
