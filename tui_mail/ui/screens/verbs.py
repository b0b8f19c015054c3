"""The verbs of mail on a main screen: what they still ask, and the last one done again."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tui_mail.db.rows import FolderRow, LinkRow, Marked
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import deeds
from tui_mail.ui.deeds import Aim, about
from tui_mail.ui.held_keys import held
from tui_mail.ui.kinds import folder_name, is_party
from tui_mail.ui.mailkeys import Target, target_of
from tui_mail.ui.screens import create, triage
from tui_mail.ui.screens.doing import Doing
from tui_mail.ui.screens.letters import Letters
from tui_mail.ui.screens.link import LinkScreen
from tui_mail.ui.screens.places import MailFolderPick
from tui_mail.ui.screens.tagging import Tag, TagPick

if TYPE_CHECKING:
    from tui_mail.db.creating import NewRecord
    from tui_mail.db.session import Session
    from tui_mail.search.tree import ConversationState
    from tui_mail.ui.parts import Parts


@dataclass(frozen=True, slots=True)
class _Verb:
    """A verb with all that it asked for. `takes_away`: rows go from the list; `of_many`: it can be
    about marked rows."""

    do: Callable[["Parts", Aim], Coroutine[Any, Any, SafeText]]
    takes_away: bool = False
    of_many: bool = True


# Verbs about the very message that is read, not about its conversation.
_OF_ONE = frozenset({"reply", "reply_all", "forward", "link", "trace", "split", "create"})


def _links(session: "Session", operator_id: int, message_id: int) -> list[LinkRow]:
    from tui_mail.db.links import links_of

    return links_of(session, operator_id, message_id)


class Verbs:
    """Does what `keys.MAIL` asks for, and remembers it."""

    def __init__(self, doing: Doing, letters: Letters, show_mail: Callable[[int], None]) -> None:
        """`show_mail` opens all mail of a record."""
        self._doing = doing
        self._letters = letters
        self._screen = doing.screen
        self._show_mail = show_mail
        self._last: _Verb | None = None

    def asked(self, verb: str, target: Target, marked: Marked | None = None) -> None:
        """Do a verb on the marked rows where there are, on the conversation when its message is
        being read."""
        row = self._screen.threads.row
        if row is not None and row.thread_id == target.thread_id and verb not in _OF_ONE:
            target = target_of(row, whole=self._screen.threads.whole)
        self.carry_out(verb, target, marked)

    def carry_out(self, verb: str, target: Target, marked: Marked | None = None) -> None:
        """Do a verb on just this target, or on the marked rows where there are."""
        aim = target if marked is None else marked
        match verb:
            case "reply" | "reply_all" | "forward":
                self._letters.write(verb, target.message_id)
            case "link":
                self._link(target)
            case "trace":
                self._doing.run(partial(self._trace, target))
            case "create":
                self._doing.run(partial(self._pick_kind, target))
            case "join" if marked is None:
                self._doing.status.say(safe(_("Mark the conversations first (x), then join them.")))
            case "move" | "copy":
                self._pick_folder(verb, aim)
            case "tag":
                self._doing.run(partial(self._pick_tag, aim))
            case "assign":
                self._pick_assignee(aim)
            case "state":
                self._pick_state(aim)
            case "again" if self._last is None:
                self._doing.status.say(safe(_("Nothing was done yet that could be done again.")))
            case _:
                do = self._last if verb == "again" else None
                do = do or _Verb(
                    partial(deeds.carry_out, verb),
                    takes_away=verb in deeds.TAKES_AWAY,
                    of_many=verb in deeds.OF_MANY,
                )
                self._do(do, aim if do.of_many else target)

    def _do(self, verb: _Verb, aim: Aim) -> None:
        self._last = verb
        self._doing.run(partial(self._done, verb, aim), undo=True)

    async def _done(self, verb: _Verb, aim: Aim) -> SafeText:
        assert self._doing.parts is not None
        said = await verb.do(self._doing.parts, aim)
        if verb.takes_away and isinstance(aim, Marked):
            self._screen.threads.unmark()
        return said

    # -- verbs that ask first

    def _pick_folder(self, verb: str, aim: Aim) -> None:
        headings = {
            "move": (_("Move “{subject}” to"), _("Move {number} marked to")),
            "copy": (_("Copy “{subject}” to"), _("Copy {number} marked to")),
        }

        def chosen(folder: FolderRow | None) -> None:
            if folder is not None:
                name = folder_name(folder.role, folder.name)
                do = partial(deeds.put_into, verb, folder.folder_id, name)
                self._do(_Verb(do, takes_away=verb == "move"), aim)

        rows = self._screen.folders.rows
        if verb == "move":  # to where it is already nothing can be moved
            rows = [row for row in rows if row.folder_id != aim.folder_id]
        self._screen.app.push_screen(MailFolderPick(about(aim, *headings[verb]), rows), chosen)

    async def _pick_tag(self, aim: Aim) -> SafeText:
        assert self._doing.parts is not None
        known, on = await deeds.tags_for(self._doing.parts, aim)

        def chosen(tag: Tag | None) -> None:
            if tag is not None:
                self._do(_Verb(partial(deeds.tag, tag.name, tag.off)), aim)

        heading = about(aim, _("Tag “{subject}”"), _("Tag {number} marked"))
        self._screen.app.push_screen(TagPick(heading, known, on), chosen)
        return SafeText("")

    def _pick_assignee(self, aim: Aim) -> None:
        def given(to: triage.Assignee | None) -> None:
            if to is not None:
                self._do(_Verb(partial(triage.assign, to)), aim)

        if self._doing.parts is not None:
            heading = about(aim, _("Assign “{subject}” to"), _("Assign {number} marked to"))
            pick = triage.AssigneePick(self._doing.parts, heading)
            self._screen.app.push_screen(pick, given)

    def _pick_state(self, aim: Aim) -> None:
        def said(state: "ConversationState | None") -> None:
            if state is not None:
                self._do(_Verb(partial(triage.set_state, state)), aim)

        heading = about(
            aim, _("Whose turn is it in “{subject}”?"), _("Whose turn is it in {number} marked?")
        )
        self._screen.app.push_screen(triage.StatePick(heading), said)

    # -- records

    def _link(self, target: Target) -> None:
        """Link records to a message by hand."""
        if self._doing.parts is not None:
            screen = LinkScreen(self._doing.parts, target.message_id, target.subject)
            self._screen.app.push_screen(screen)

    async def _pick_kind(self, target: Target) -> SafeText:
        """Make a record out of a message: first which, then its lines."""
        assert self._doing.parts is not None
        parts, message_id = self._doing.parts, target.message_id
        choices = await create.beginnings(parts, message_id)
        if not choices:
            held(self._screen).forget()  # no screen comes: the next key is one of the list's
            return safe(_("Whose contact? Link the firm first: L."))

        def made(record: "NewRecord | None") -> None:
            if record is not None:
                self._doing.run(partial(create.make, parts, message_id, record), undo=True)

        def chosen(start: create.Beginning | None) -> None:
            if start is None:
                return
            if start.there is not None:
                self._screen.desk.open_card(start.there.id)
            else:
                self._screen.app.push_screen(create.CreateScreen(start), made)

        pick = create.KindPick(deeds.named(target.subject), choices)
        self._screen.app.push_screen(pick, chosen)
        return SafeText("")

    async def _trace(self, target: Target) -> SafeText:
        """All mail of the record that a message is about: its document before its party."""
        assert self._doing.parts is not None
        parts = self._doing.parts
        found = await parts.database.read(_links, parts.operator_id, target.message_id)
        links = [link for link in found if link.state != "rejected"]
        links.sort(key=lambda link: (is_party(link.kind), link.state == "proposed", -link.score))
        if not links:
            return safe(_("No record is linked to this message: L links one."))
        self._show_mail(links[0].entity_id)
        return SafeText("")
