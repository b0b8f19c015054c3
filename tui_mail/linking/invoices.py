"""Signal: what an electronic invoice, or a notice about one, says by its exact keys.

The VAT numbers of its sides name parties, the name of its file an invoice of ours. They come with
the text of the message's files, in the line that `mail.invoices.invoice_keys` writes.
"""

from collections.abc import Collection, Iterator, Sequence

from tui_mail.linking.evidence import LIKELY, SURE, Evidence
from tui_mail.linking.facts import Knowledge, KnownParty, MessageFacts
from tui_mail.linking.reasons import reason

_EXCHANGE = "pec.fatturapa.it"


def vat_evidence(
    facts: MessageFacts, knowledge: Knowledge, by_address: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    """The parties of an invoice. A person decides where somebody else is known to have written."""
    surely = {one.entity_id for one in by_address if not one.group and one.weight >= LIKELY}
    return tuple(_of_vats(facts, knowledge, surely))


def _of_vats(
    facts: MessageFacts, knowledge: Knowledge, surely: Collection[int]
) -> Iterator[Evidence]:
    for vat in facts.mentions.vats:
        known = _on_the_right_side(facts, knowledge.vats.get(vat, ()))
        other = bool(surely) and not any(one.party_id in surely for one in known)
        for one in known:
            yield Evidence(
                entity_id=one.party_id,
                kind=one.kind,
                company=one.company,
                method="vat",
                weight=SURE,
                why=reason("vat", vat=vat),
                found_in=vat,
                veto=other,
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
    domains = {one.address.rpartition("@")[2].lower() for one in facts.senders}
    believed = facts.outgoing or domains == {_EXCHANGE}
    return tuple(
        Evidence(
            entity_id=one.entity_id,
            kind=one.kind,
            company=one.company,
            method="file",
            weight=SURE,
            why=reason("sdi_file", file=one.sdi_file),
            found_in=one.sdi_file,
            veto=not believed,
            suggest=True,
        )
        for one in knowledge.filed
    )
