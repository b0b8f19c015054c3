"""What is counted: links that are right, wrong or missing, with bounds of 95 %.

Links that a letter of our program was told, or a clerk said, are not counted: nobody had to find
them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

from scripts.evaluate_links.letter import Event
from tui_mail.values import PARTY_KINDS, Reference

_Z = 1.6449  # of a one-sided bound of 95 %


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a program says of a message: linked without asking, and proposed.

    `parties`: the party of each document that it names.
    """

    linked: frozenset[Reference]
    proposed: tuple[Reference, ...] = ()


@dataclass(slots=True)
class Figures:
    """Counts over some messages."""

    messages: int = 0
    right: int = 0
    wrong: int = 0
    wrong_documents: int = 0
    wrong_party: int = 0
    wrong_company: int = 0
    linkable: int = 0
    found: int = 0
    offered: int = 0  # linkable documents that are linked or at least proposed
    parties: int = 0
    parties_found: int = 0
    meant: int = 0  # documents that messages are about, whether that can be known or not
    meant_offered: int = 0
    proposals: list[int] = field(default_factory=list)
    talks: set[int] = field(default_factory=set)
    wrong_talks: set[int] = field(default_factory=set)

    @property
    def automatic(self) -> int:
        return self.right + self.wrong

    @property
    def precision(self) -> float:
        return self.right / self.automatic if self.automatic else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.linkable if self.linkable else 1.0

    @property
    def recall_offered(self) -> float:
        return self.offered / self.linkable if self.linkable else 1.0

    @property
    def wrong_bound(self) -> float:
        """The upper bound of the share of links that are wrong."""
        return upper_bound(self.wrong, self.automatic)

    @property
    def wrong_talks_bound(self) -> float:
        """The same of conversations, whose messages go wrong together."""
        return upper_bound(len(self.wrong_talks), len(self.talks))

    def count(self, event: Event, verdict: Verdict, owners: "Owners") -> None:
        """Add one message."""
        truth = event.truth
        told = event.told
        meant = truth.documents | truth.parties
        self.messages += 1
        self.proposals.append(len(verdict.proposed))
        for one in verdict.linked - told:
            if one.kind == "contact" or one in truth.tolerated:
                continue
            if one in meant:
                self.right += 1
                self.talks.add(event.talk)
                continue
            self.wrong += 1
            self.talks.add(event.talk)
            self.wrong_talks.add(event.talk)
            self.wrong_documents += one.kind not in PARTY_KINDS
            self.wrong_party += owners.party(one) not in truth.parties
            self.wrong_company += one.company not in {each.company for each in truth.parties}
        offered = verdict.linked | set(verdict.proposed)
        due = truth.linkable - told
        self.linkable += len(due)
        self.found += len(due & verdict.linked)
        self.offered += len(due & offered)
        known = truth.known - told
        self.parties += len(known)
        self.parties_found += len(known & verdict.linked)
        self.meant += len(truth.documents - told)
        self.meant_offered += len((truth.documents - told) & offered)

    def at(self, share: float) -> int:
        """How many proposals a message of that rank has."""
        ranked = sorted(self.proposals)
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] if ranked else 0


class Owners:
    """Whose a record is."""

    def __init__(self, parties: dict[Reference, Reference]) -> None:
        self._parties = parties

    def party(self, one: Reference) -> Reference | None:
        return one if one.kind in PARTY_KINDS else self._parties.get(one)


def upper_bound(wrong: int, of: int) -> float:
    """The one-sided 95 % bound of Wilson; 1 when nothing was tried."""
    if not of:
        return 1.0
    share, z2 = wrong / of, _Z**2
    middle = share + z2 / (2 * of)
    spread = _Z * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return (middle + spread) / (1 + z2 / of)


def counted(events: Sequence[Event], verdicts: Sequence[Verdict], owners: Owners) -> Figures:
    """Over all messages."""
    figures = Figures()
    for event, verdict in zip(events, verdicts, strict=True):
        figures.count(event, verdict, owners)
    return figures


def by_family(
    events: Sequence[Event], verdicts: Sequence[Verdict], owners: Owners
) -> dict[str, Figures]:
    """Each family by itself."""
    found: dict[str, Figures] = {}
    for event, verdict in zip(events, verdicts, strict=True):
        found.setdefault(event.family, Figures()).count(event, verdict, owners)
    return dict(sorted(found.items(), key=lambda one: int(one[0][1:])))


@dataclass(frozen=True, slots=True)
class Mistake:
    """A link that is wrong or is missing, for whoever mends the linking."""

    event: Event
    wrong: frozenset[Reference]
    missing: frozenset[Reference]


def mistakes(events: Iterable[Event], verdicts: Iterable[Verdict]) -> list[Mistake]:
    """Messages with wrong or missing links, in order."""
    found = []
    for event, verdict in zip(events, verdicts, strict=True):
        truth = event.truth
        told = event.told
        right = truth.documents | truth.parties | truth.tolerated | told
        wrong = frozenset(one for one in verdict.linked - right if one.kind != "contact")
        missing = (truth.linkable | truth.known) - verdict.linked - told
        if wrong or missing:
            found.append(Mistake(event, wrong, missing))
    return found


def variants(
    events: Iterable[Event], found: Iterable[Mistake]
) -> list[tuple[str, str, int, int, int]]:
    """Family, variant, how many messages, how many with wrong links, how many with missing ones."""
    total: Counter[tuple[str, str]] = Counter((one.family, one.variant) for one in events)
    wrong: defaultdict[tuple[str, str], int] = defaultdict(int)
    missing: defaultdict[tuple[str, str], int] = defaultdict(int)
    for one in found:
        key = (one.event.family, one.event.variant)
        wrong[key] += bool(one.wrong)
        missing[key] += bool(one.missing)
    return [
        (family, variant, total[family, variant], wrong[family, variant], missing[family, variant])
        for family, variant in sorted(total, key=lambda one: (int(one[0][1:]), one[1]))
    ]
