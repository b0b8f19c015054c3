"""Whose a conversation is and whose turn it is: chosen by typing, done in one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import Marked
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui.deeds import Aim, about
from tui_mail.ui.kinds import care_name
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.search.tree import ConversationState
    from tui_mail.ui.parts import Parts


@dataclass(frozen=True, slots=True)
class Assignee:
    """An operator, or nobody when `id` is None."""

    id: int | None
    login: str = ""
    name: str = ""


def _operators(session: "Session") -> list[tuple[int, str, str]]:
    from tui_mail.db.triage import operators

    return operators(session)


class AssigneePick(PickScreen[Assignee]):
    """Gives back whose the conversation is to be: oneself first, then nobody, then the others."""

    def __init__(self, parts: "Parts", heading: SafeText) -> None:
        super().__init__(heading, self._find_operators, placeholder=_("a name"))
        self._parts = parts

    async def _find_operators(self, text: str) -> list[Choice[Assignee]]:
        rows = [Assignee(*row) for row in await self._parts.database.read(_operators)]
        rows.sort(key=lambda row: row.id != self._parts.operator_id)
        rows.insert(1, Assignee(None))
        wanted, nobody = folded(text), _("nobody")
        return [
            Choice(partial(self._draw, row), row)
            for row in rows
            if wanted in folded(f"{row.login} {row.name} {'' if row.login else nobody}")
        ]

    def _draw(self, row: Assignee, width: int) -> Line:
        mine = row.id is not None and row.id == self._parts.operator_id
        beside = safe(_("to me")) if mine else safe(row.name)
        first = max(12, width // 3)
        name = safe(row.login or _("nobody"))
        return (
            Piece(fit(SafeText(f"   {name}"), first)),
            Piece(fit(beside, max(1, width - first)), "dim"),
        )


class StatePick(PickScreen["ConversationState"]):
    """Gives back the state that a conversation is to have."""

    def __init__(self, heading: SafeText) -> None:
        super().__init__(heading, self._find_states)

    async def _find_states(self, text: str) -> "list[Choice[ConversationState]]":
        from tui_mail.search.tree import ConversationState

        named = ((state, care_name(state)) for state in ConversationState)
        return [
            Choice(partial(_draw_state, name), state)
            for state, name in named
            if folded(text) in folded(name)
        ]


def _draw_state(name: SafeText, width: int) -> Line:
    return (Piece(fit(SafeText(f"   {name}"), width)),)


def _threads(session: "Session", aim: Aim) -> list[int]:
    from tui_mail.db.marking import threads_in

    return threads_in(session, aim) if isinstance(aim, Marked) else [aim.thread_id]


def _assign(session: "Session", operator_id: int, aim: Aim, to: int | None, now: datetime) -> int:
    from tui_mail.db.triage import assign

    return assign(session, operator_id, _threads(session, aim), to, now)


async def assign(to: Assignee, parts: "Parts", aim: Aim) -> SafeText:
    """Make conversations somebody's; the sentence."""
    now = datetime.now(UTC)
    left = await parts.database.write(_assign, parts.operator_id, aim, to.id, now)
    if to.id is None:
        one, many = _("Nobody's now: “{subject}”"), _("Nobody's now: {number} marked")
        return _but(left, about(aim, one, many))
    one, many = _("Assigned “{subject}” to {name}"), _("Assigned {number} marked to {name}")
    return _but(left, about(aim, one, many, name=to.login))


def _set_state(
    session: "Session", operator_id: int, aim: Aim, state: "ConversationState", now: datetime
) -> int:
    from tui_mail.db.triage import set_state

    return set_state(session, operator_id, _threads(session, aim), state, now)


async def set_state(state: "ConversationState", parts: "Parts", aim: Aim) -> SafeText:
    """Say whose turn it is in conversations; the sentence."""
    now = datetime.now(UTC)
    left = await parts.database.write(_set_state, parts.operator_id, aim, state, now)
    one, many = _("“{subject}”: {state}"), _("{number} marked: {state}")
    return _but(left, about(aim, one, many, state=care_name(state)))


def _but(left: int, sentence: SafeText) -> SafeText:
    """The sentence, and how many conversations it does not hold for."""
    if not left:
        return sentence
    words = ngettext(
        "{sentence}, but not {number} that you may only read",
        "{sentence}, but not {number} that you may only read",
        left,
    )
    return safe(words.format(sentence=sentence, number=left))
