"""Signal: which of several letters a receipt of certified mail may be of, whose names were lost."""

from collections.abc import Iterator

from tui_mail.linking.evidence import PROPOSE, Evidence
from tui_mail.linking.facts import Knowledge
from tui_mail.linking.reasons import reason
from tui_mail.values import PARTY_KINDS, LinkState

_SURE = frozenset({LinkState.AUTOMATIC, LinkState.CONFIRMED})


def receipt_evidence(knowledge: Knowledge) -> Iterator[Evidence]:
    """The documents of all letters that fit: a person says which."""
    for one in knowledge.perhaps_of:
        if one.kind not in PARTY_KINDS and one.state in _SURE:
            yield Evidence(
                entity_id=one.entity_id,
                kind=one.kind,
                company=one.company,
                method="receipt",
                weight=PROPOSE,
                why=reason("receipt"),
                veto=True,
                suggest=True,
            )
