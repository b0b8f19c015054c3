"""Signal: an amount that was paid, with a day, fits exactly one open document of whoever writes.

Hides how a sum of several documents is taken apart. What fits in amount and day is one piece of evidence, which proposes; a number that names the
same document is the second. Nothing is ever looked up beyond the parties on the message.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date as Day
from decimal import Decimal
from itertools import combinations

from tui_mail.linking.evidence import Evidence
from tui_mail.linking.facts import Knowledge, KnownDocument, MessageFacts
from tui_mail.linking.reasons import Reason, reason

# The documents that are paid, and the instalments of those.
PAYABLE_KINDS = ("invoice", "purchase_invoice", "due_item")
_SAME_AMOUNT = 1.5
_SAME_DAY = 1.0
_IN_SUM = 1.0
_MOST_SUMMED = 3  # documents: more may fit by chance
_MOST_OPEN = 40  # among so many a sum is looked for
_DAYS_AHEAD = 7


def payment_evidence(
    facts: MessageFacts,
    knowledge: Knowledge,
    parties: Collection[int],
    by_number: Sequence[Evidence],
) -> Iterator[Evidence]:
    """What the payment that a message tells of may settle."""
    payment = facts.mentions.payment
    if payment is None or not (knowledge.payable or by_number):
        return
    theirs = [one for one in knowledge.payable if one.party_id in parties and _is_made(facts, one)]
    named = {one.entity_id for one in by_number if not one.veto}
    papers = {_paper(one) for one in knowledge.documents if one.entity_id in named}
    for amount in payment.amounts:
        fitting = [one for one in theirs if amount in _amounts(one)]
        dated = _first_of_each(one for one in fitting if _days(one) & {*payment.days})
        certain = _open_before_paid(dated)
        if len(certain) == 1:
            yield _settled(certain[0], amount, _SAME_AMOUNT + _SAME_DAY, dated=True)
        elif papers:
            # The amount alone says which of those is meant that the same words name.
            for one in knowledge.documents:
                if one.entity_id in named and _fits(one, amount, fitting):
                    yield _settled(one, amount, _SAME_AMOUNT, dated=False)
        if not fitting:
            yield from _summed(amount, theirs)


def _fits(named: KnownDocument, amount: Decimal, fitting: Sequence[KnownDocument]) -> bool:
    return named.kind in PAYABLE_KINDS and (
        amount in _amounts(named) or any(_paper(one) == _paper(named) for one in fitting)
    )


def _summed(amount: Decimal, theirs: Sequence[KnownDocument]) -> Iterator[Evidence]:
    """The only few open documents that come to this sum; nothing when there are two ways."""
    whole = _first_of_each(one for one in theirs if _is_open(one) and one.kind != "due_item")
    if len(whole) > _MOST_OPEN:
        return
    found = [
        some
        for count in range(2, _MOST_SUMMED + 1)
        for some in combinations(whole, count)
        if sum(_owed(one) for one in some) == amount
    ]
    if len(found) == 1:
        for one in found[0]:
            yield _evidence(one, _IN_SUM, reason("summed", amount=f"{amount:.2f}"), amount)


def _settled(one: KnownDocument, amount: Decimal, weight: float, *, dated: bool) -> Evidence:
    why = reason("paid_dated" if dated else "paid", amount=f"{amount:.2f}")
    return _evidence(one, weight, why, amount)


def _evidence(one: KnownDocument, weight: float, why: Reason, amount: Decimal) -> Evidence:
    return Evidence(
        entity_id=one.entity_id,
        kind=one.kind,
        company=one.company,
        method="payment",
        weight=weight,
        why=why,
        found_in=f"{amount:.2f}",
        suggest=True,
    )


def _is_made(facts: MessageFacts, one: KnownDocument) -> bool:
    ahead = (one.date - facts.date).days if one.date and facts.date else 0
    return ahead <= _DAYS_AHEAD


def _amounts(one: KnownDocument) -> set[Decimal]:
    return {abs(some) for some in (one.amount, one.open_amount) if some}


def _owed(one: KnownDocument) -> Decimal:
    return one.open_amount or one.amount or Decimal(0)


def _is_open(one: KnownDocument) -> bool:
    return bool(one.open_amount) if one.open_amount is not None else one.state != "closed"


def _days(one: KnownDocument) -> set[Day]:
    return {day for day in (one.date, one.due_date) if day}


def _paper(one: KnownDocument) -> tuple[str, int | None, str]:
    """An invoice and its instalments, whose codes begin with the invoice's, are one."""
    code = one.code.partition("#")[0]
    return one.company, one.party_id, code.rpartition(":")[2] if one.kind == "due_item" else code


def _first_of_each(documents: Iterator[KnownDocument]) -> list[KnownDocument]:
    """Of each paper the whole one rather than an instalment."""
    found: dict[object, KnownDocument] = {}
    for one in sorted(documents, key=lambda one: (one.kind == "due_item", one.entity_id)):
        found.setdefault(_paper(one), one)
    return list(found.values())


def _open_before_paid(documents: Sequence[KnownDocument]) -> Sequence[KnownDocument]:
    """Those that are open; what is booked as paid since the notice came when there are none."""
    return [one for one in documents if _is_open(one)] or documents
