"""Operators that take one of a few names: what these are in English and in Italian, and what they find.

Hides which of the names a person is told: those of their language, and of many the fitting ones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_mail.i18n import language
from tui_mail.safetext import folded
from tui_mail.search.tree import ConversationState, HasAttachment, InState, Is, Mark, OfKind, Tree

_MOST_NEAR = 3
_ALIKE = 0.6
_LESS_ALIKE = 0.1
_LONGEST = 100  # letters of what was typed that are compared: that takes the square of their number


@dataclass(frozen=True, slots=True)
class Named:
    """The names of one thing, those that people are told first; without Italian ones the same."""

    english: tuple[str, ...]
    italian: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.english, *self.italian)

    @property
    def shown(self) -> str:
        """The name in the language in use."""
        own = self.italian if language() == "it" else self.english
        return (own or self.english)[0]


def named(english: str, italian: str = "") -> Named:
    """Names with spaces between."""
    return Named(tuple(english.split()), tuple(italian.split()))


def nearest(typed: str, names: Iterable[str], most: int = _MOST_NEAR) -> list[str]:
    """At most so many of the names that look like what was typed, the most alike first, and none
    that is much less alike: those that begin with it, else those with the most letters in common."""
    from difflib import SequenceMatcher  # rarely needed

    wanted = folded(typed[:_LONGEST])
    matcher = SequenceMatcher(b=wanted)
    found = []
    for name in dict.fromkeys(names):
        other = folded(name[:_LONGEST])
        matcher.set_seq1(other)
        begins = len(wanted) > 1 and other.startswith(wanted)
        if begins:
            found.append((-2.0, len(other), name))
        elif matcher.quick_ratio() >= _ALIKE and (alike := matcher.ratio()) >= _ALIKE:
            found.append((-alike, 0, name))
    found.sort(key=lambda one: one[:2])
    return [name for alike, _length, name in found[:most] if alike <= found[0][0] + _LESS_ALIKE]


def by_nearness(typed: str, names: Iterable[str]) -> list[str]:
    """All of the names, those first that look most like what was typed, else in the order given."""
    from difflib import SequenceMatcher

    wanted = folded(typed[:_LONGEST])
    matcher = SequenceMatcher(b=wanted)

    def unlike(name: str) -> float:
        matcher.set_seq1(folded(name[:_LONGEST]))
        return -matcher.quick_ratio()

    return sorted(dict.fromkeys(names), key=unlike)


@dataclass(frozen=True, slots=True)
class Choices:
    """What an operator takes."""

    rows: Sequence[tuple[Named, Tree]]

    def tree(self, text: str) -> Tree | None:
        """What the name of a choice finds; None for what is none."""
        given = folded(text).replace("_", "-")
        return next((tree for names, tree in self.rows if given in names.names), None)

    def near(self, text: str) -> list[str]:
        """The choices that look like `text`, by their names in the language in use."""
        shown = {name: names.shown for names, _tree in self.rows for name in names.names}
        given = text.replace("_", "-")
        return list(dict.fromkeys(shown[name] for name in nearest(given, shown)))

    def all(self) -> list[str]:
        """Every choice by its name in the language in use."""
        return [names.shown for names, _tree in self.rows]


MARKS = Choices(
    (
        (named("unread new", "non-letto non-letta nonletto da-leggere"), Is(Mark.UNREAD)),
        (named("read seen", "letto letta"), Is(Mark.READ)),
        (named("starred flagged star", "stella speciale"), Is(Mark.STARRED)),
        (named("answered replied", "risposto risposta"), Is(Mark.ANSWERED)),
        (
            named("unanswered", "senza-risposta non-risposto"),
            Is(Mark.UNANSWERED),
        ),
        (named("linked", "collegato collegata"), Is(Mark.LINKED)),
        (named("unlinked", "scollegato scollegata senza-legame"), Is(Mark.UNLINKED)),
        (named("proposed", "proposto proposta"), Is(Mark.PROPOSED)),
        (named("draft drafts", "bozza bozze"), Is(Mark.DRAFT)),
        (named("sent", "inviata inviato inviate inviati"), Is(Mark.SENT)),
    )
)
HAS = Choices(
    (
        (named("attachment attachments", "allegati allegato"), HasAttachment()),
        (named("link links record", "legami legame"), Is(Mark.LINKED)),
        (named("star", "stella"), Is(Mark.STARRED)),
    )
)
KINDS = Choices(
    (
        (named("human person", "persona persone"), OfKind(("human",))),
        (named("auto-reply auto", "automatica automatico"), OfKind(("auto_reply",))),
        (named("bounce", "mancato-recapito respinta"), OfKind(("bounce",))),
        (named("receipt", "ricevuta"), OfKind(("receipt",))),
        (named("list", "lista"), OfKind(("list", "group"))),
        (named("newsletter"), OfKind(("list",))),
        (named("group", "gruppo"), OfKind(("group",))),
        (named("calendar invitation", "invito"), OfKind(("calendar",))),
        (named("pec"), OfKind(("pec_envelope", "pec_receipt"))),
        (named("pec-envelope", "busta-pec"), OfKind(("pec_envelope",))),
        (named("pec-receipt", "ricevuta-pec"), OfKind(("pec_receipt",))),
    )
)
STATES = Choices(
    (
        (named("open", "aperta aperto"), InState(ConversationState.OPEN)),
        (named("waiting", "attesa in-attesa"), InState(ConversationState.WAITING)),
        (named("done", "fatta fatto chiusa"), InState(ConversationState.DONE)),
    )
)
