"""What a conversation is made of before it has names, numbers and dates: scenes and turns."""

from dataclasses import dataclass

Variants = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a scene.

    `speaker` is `them` or `us`; each paragraph is one of its variants, an empty one is left out.
    `attachment` names what comes with it (`document`, `photo`, `receipt`, `list`, `order`) or "".
    """

    speaker: str
    paragraphs: tuple[Variants, ...]
    attachment: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A conversation about one kind of document.

    `subjects` hold `{num}`; `plain` are the subjects of people who give no number. A scene stops
    after any turn, as conversations do.
    """

    kind: str
    account: str
    weight: int
    subjects: Variants
    plain: Variants
    turns: tuple[Turn, ...]


def them(*paragraphs: Variants, attachment: str = "") -> Turn:
    """Return a turn of the other side."""
    return Turn("them", paragraphs, attachment)


def us(*paragraphs: Variants, attachment: str = "") -> Turn:
    """Return a turn of the company."""
    return Turn("us", paragraphs, attachment)
