"""One evaluation: the mail of a split through the real program, and through simpler ones."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.evaluate_links import baselines
from scripts.evaluate_links.figures import (
    Figures,
    Mistake,
    Owners,
    Verdict,
    by_family,
    counted,
    mistakes,
)
from scripts.evaluate_links.letter import Event
from scripts.evaluate_links.post import Made, Post
from scripts.evaluate_links.simulate import mail
from scripts.evaluate_links.world import build_world
from tui_mail.linking import pipeline
from tui_mail.linking.evidence import Evidence
from tui_mail.values import LinkState

_LINKED = {LinkState.AUTOMATIC, LinkState.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Ablation:
    """What is otherwise when one kind of evidence is not weighed."""

    stage: str
    messages: int
    figures: Figures


@dataclass(slots=True)
class Result:
    """All that an evaluation found."""

    split: str
    seed: int
    events: list[Event]
    figures: Figures
    families: dict[str, Figures]
    rivals: dict[str, Figures]
    mistakes: list[Mistake]
    made: dict[str, tuple[Made, ...]]  # by the message's identifier, for showing mistakes
    ablations: list[Ablation] = field(default_factory=list)
    lost: int = 0
    replayed: int = 0
    ingest_ms: float = 0.0
    link_ms: float = 0.0


async def evaluate(
    home: Path, split: str, *, seed: int, count: int, ablations: bool = True
) -> Result:
    """`home`: an empty folder."""
    world = build_world(split, seed, parties=max(min(count // 80, 60), 8))
    events = mail(world, split, seed, count)
    owners = Owners({one.reference: one.party for one in world.documents.values()})
    post = Post(home, world)
    try:
        seconds = await post.take(events)
        made = post.links(events)
        said = [verdict(one) for one in made]
        replayed, link_seconds = post.replay()
        result = Result(
            split,
            seed,
            events,
            counted(events, said, owners),
            by_family(events, said, owners),
            {
                name: counted(events, theirs, owners)
                for name, theirs in baselines.verdicts(world, events).items()
            },
            mistakes(events, said),
            {event.message_id: links for event, links in zip(events, made, strict=True)},
            lost=len({one.raw for one in events}) - post.messages(),
            replayed=replayed,
            ingest_ms=1000 * seconds / len(events),
            link_ms=1000 * link_seconds / len(events),
        )
        if ablations:
            with_all = [verdict(one) for one in post.links(events)]
            result.ablations += _ablations(post, events, with_all, owners)
    finally:
        post.close()
    return result


def verdict(links: Sequence[Made]) -> Verdict:
    """What the program says of a message, out of its links."""
    return Verdict(
        frozenset(one.entity for one in links if one.state in _LINKED),
        tuple(one.entity for one in links if one.state is LinkState.PROPOSED),
    )


def _ablations(
    post: Post, events: Sequence[Event], before: Sequence[Verdict], owners: Owners
) -> Iterator[Ablation]:
    with _without("") as seen:
        post.replay()
    reasons = Counter(stage.partition(":")[0] for stage in seen if ":" in stage)
    for stage in sorted(seen):
        if ":" in stage and reasons[stage.partition(":")[0]] == 1:
            continue  # the same as its method
        with _without(stage):
            post.replay()
        said = [verdict(one) for one in post.links(events)]
        other = sum(one != was for one, was in zip(said, before, strict=True))
        yield Ablation(stage, other, counted(events, said, owners))


@contextmanager
def _without(stage: str) -> Iterator[set[str]]:
    """Evidence of one method, or for one reason, is not given; the set fills with what was seen."""
    seen: set[str] = set()

    def sifted(signal: Callable[..., Iterable[Evidence]]) -> Callable[..., tuple[Evidence, ...]]:
        def some(*facts: object, **more: object) -> tuple[Evidence, ...]:
            kept = []
            for one in signal(*facts, **more):
                names = {one.method, f"{one.method}: {one.why.name}"}
                seen.update(names)
                if stage not in names:
                    kept.append(one)
            return tuple(kept)

        return some

    signals = {name: one for name, one in vars(pipeline).items() if name.endswith("_evidence")}
    vars(pipeline).update({name: sifted(one) for name, one in signals.items()})
    try:
        yield seen
    finally:
        vars(pipeline).update(signals)
