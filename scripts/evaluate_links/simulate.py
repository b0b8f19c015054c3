"""The mail of one split: families in their shares, in the order of time."""

from scripts.evaluate_links import certified, conversations, hazards, ledger, offices, people
from scripts.evaluate_links.letter import Event
from scripts.evaluate_links.pen import Pen
from scripts.evaluate_links.world import World

FAMILIES = (
    *conversations.FAMILIES,
    *people.FAMILIES,
    *hazards.FAMILIES,
    *offices.FAMILIES,
    *ledger.FAMILIES,
    ("F1", "a relay rewrites the Message-ID", 4, certified.letters),
)
NAMES = {code: name for code, name, _share, _write in FAMILIES}


def mail(world: World, split: str, seed: int, count: int) -> list[Event]:
    """At least `count` messages, the conversation begun last goes to its end."""
    pen = Pen(world, split, seed)
    shares = [share for _code, _name, share, _write in FAMILIES]
    while len(pen.events) < count:
        ((code, _name, _share, write),) = pen.chance.choices(FAMILIES, shares)
        pen.begin(code)
        write(pen)
    return sorted(pen.events, key=lambda one: one.at)
