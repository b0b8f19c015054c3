"""The verbs of mail, the same wherever a message is in hand: they ask, whoever holds the panel does."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui_mail.db.rows import ListRow, Marked, MessageRow
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.ui.held_keys import held
from tui_mail.ui.notices import Said

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object


@dataclass(frozen=True, slots=True)
class Target:
    """What a verb is about. `whole`: all of its conversation in that folder."""

    message_id: int
    thread_id: int
    placement_id: int | None
    folder_id: int | None
    subject: str
    whole: bool
    starred: bool


def target_of(row: ListRow, *, whole: bool) -> Target:
    """A row of a list as the target of a verb."""
    return Target(
        message_id=row.message_id,
        thread_id=row.thread_id,
        placement_id=row.placement_id,
        folder_id=row.folder_id,
        subject=row.subject,
        whole=whole and row.folder_id is not None,
        starred=row.starred,
    )


def target_of_message(row: MessageRow) -> Target:
    """A message that is being read as the target of a verb."""
    return Target(
        message_id=row.id,
        thread_id=row.thread_id,
        placement_id=row.placement_id,
        folder_id=row.folder_id,
        subject=row.subject,
        whole=False,
        starred="flagged" in row.flags,
    )


def no_message() -> Said:
    """What a verb says where there is nothing that it could be about."""
    return Said(safe(_("There is no message here.")))


class Asked(Message):
    """A verb was asked for: archive, delete, star, move, copy, tag, link, trace, reply, again…

    `marked`: the rows that it is about where several are; `target` is the one in hand all the same.
    """

    def __init__(self, verb: str, target: Target, marked: Marked | None = None) -> None:
        super().__init__()
        self.verb = verb
        self.target = target
        self.marked = marked


class MailKeys(_Base):
    """Actions of `keys.MAIL` for a panel that has a message in hand."""

    def target(self) -> Target | None:
        """The message or conversation in hand."""
        raise NotImplementedError

    def marked(self) -> Marked | None:
        """The rows that are marked, where there are rows; None: none is."""
        return None

    def ask(self, verb: str, *, opens: bool = False) -> None:
        """Ask for a verb. `opens`: a screen comes, and what is typed meanwhile is for it."""
        target = self.target()
        if target is None:
            self.post_message(no_message())
            return
        if opens:
            held(self).hold()
        self.post_message(Asked(verb, target, self.marked()))

    def action_deed(self, verb: str) -> None:
        self.ask(verb)

    def action_write(self, answer: str) -> None:
        self.ask(answer, opens=True)

    def action_link(self) -> None:
        self.ask("link", opens=True)

    def action_trace(self) -> None:
        self.ask("trace")

    def action_create(self) -> None:
        self.ask("create", opens=True)

    def action_assign(self) -> None:
        self.ask("assign", opens=True)

    def action_state(self) -> None:
        self.ask("state", opens=True)

    def action_move_mail(self) -> None:
        self.ask("move", opens=True)

    def action_tag(self) -> None:
        self.ask("tag", opens=True)
