"""What a signal says about a message and an entity, and the gate that weighs it.

Weights are log-odds and add up over different methods; the gate turns them into states. Hides the
thresholds, the rule for ties and the vetoes, which beat every score.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp

from msgspec import Struct

from tui_mail.linking.reasons import Reason, kept
from tui_mail.values import LinkProposal, LinkState

PROPOSE = 0.5  # the least that is worth a person's look
LIKELY = 3.0  # from here on a link is made without asking
SURE = 5.0
CERTAIN = 6.0
_PRIOR = -1.0
_CLEAR_LEAD = 1.0
MOST_PROPOSED = 3


class Evidence(Struct, frozen=True):
    """One reason to link. `weight`: log-odds. `veto`: a person must decide, whatever the score.

    `suggest`: worth a proposal even where the weight is too low. `group`: names alternatives of
    which only one is meant (parties sharing an address, documents sharing a number), "" for none.
    """

    entity_id: int
    kind: str
    method: str
    weight: float
    why: Reason
    company: str = ""
    found_in: str = ""
    veto: bool = False
    suggest: bool = False
    group: str = ""


def score_of(weight: float) -> int:
    """Log-odds as a percentage, 0..100."""
    return round(100 / (1 + exp(-max(-50.0, min(50.0, weight + _PRIOR)))))


@dataclass(slots=True)
class _Weighed:
    """All that is known about one entity."""

    entity_id: int
    best: list[Evidence]
    total: float
    veto: bool

    @property
    def automatic(self) -> bool:
        return not self.veto and self.total >= LIKELY

    @property
    def proposed(self) -> bool:
        return self.total >= PROPOSE or any(one.suggest for one in self.best)


def gate(
    evidence: Iterable[Evidence], *, rejected: frozenset[int], company: str
) -> tuple[LinkProposal, ...]:
    """Links, automatic ones first, then at most three proposals; what was rejected stays away.

    `company`: the only one in which links may be automatic, "" for any one.
    """
    weighed = _weigh(evidence, rejected)
    if not weighed:
        return ()
    if len(weighed) > 1:
        _keep_the_best_of_each_group(weighed)
    _keep_to_one_company(weighed, company)
    ranked = sorted(
        weighed.values(), key=lambda one: (not one.automatic, -one.total, one.entity_id)
    )
    automatic = [_proposal(one, LinkState.AUTOMATIC) for one in ranked if one.automatic]
    perhaps = [one for one in ranked if one.proposed and not one.automatic][:MOST_PROPOSED]
    return (*automatic, *[_proposal(one, LinkState.PROPOSED) for one in perhaps])


def _weigh(evidence: Iterable[Evidence], rejected: frozenset[int]) -> dict[int, _Weighed]:
    """Of each method the strongest word counts: saying a thing twice makes it no truer."""
    by_entity: dict[int, dict[str, Evidence]] = {}
    vetoed: set[int] = set()
    for one in evidence:
        if one.entity_id in rejected:
            continue
        methods = by_entity.setdefault(one.entity_id, {})
        known = methods.get(one.method)
        if known is None or (one.weight, one.why) > (known.weight, known.why):
            methods[one.method] = one
        if one.veto:
            vetoed.add(one.entity_id)
    return {
        entity_id: _Weighed(
            entity_id,
            best=sorted(methods.values(), key=_strongest_first),
            total=sum([one.weight for one in methods.values()]),
            veto=entity_id in vetoed,
        )
        for entity_id, methods in by_entity.items()
    }


def _strongest_first(one: Evidence) -> tuple[float, str]:
    return -one.weight, one.method


def _keep_the_best_of_each_group(weighed: dict[int, _Weighed]) -> None:
    """Alternatives: a clear winner drives out the others, a tie leaves the choice to a person."""
    groups: dict[str, dict[int, _Weighed]] = {}
    for entity in weighed.values():
        for one in entity.best:
            if one.group:
                groups.setdefault(one.group, {})[entity.entity_id] = entity
    for members in groups.values():
        leader = max(entity.total for entity in members.values())
        near = [entity for entity in members.values() if leader - entity.total < _CLEAR_LEAD]
        for entity in members.values():
            if entity not in near and all(one.group for one in entity.best):
                weighed.pop(entity.entity_id, None)
            elif entity in near and len(near) > 1:
                entity.veto = True


def _keep_to_one_company(weighed: dict[int, _Weighed], company: str) -> None:
    companies = {one.best[0].company for one in weighed.values() if one.automatic}
    for entity in weighed.values():
        outside = company and entity.best[0].company != company
        if outside or (not company and len(companies) > 1):
            entity.veto = True


def _proposal(entity: _Weighed, state: LinkState) -> LinkProposal:
    first = entity.best[0]
    return LinkProposal(
        entity_id=entity.entity_id,
        state=state,
        method=first.method,
        score=score_of(entity.total),
        why=kept(*[one.why for one in entity.best[:2]]),
        found_in=first.found_in,
    )
