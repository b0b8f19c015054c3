"""Refuses to remove an account with what is kept nowhere else, and says how much that is."""

from typing import TYPE_CHECKING

from tui_mail.errors import WrongUse
from tui_mail.i18n import _, ngettext

if TYPE_CHECKING:
    from tui_mail.db.only_here import OnlyHere


def refuse_loss(email: str, loss: "OnlyHere") -> None:
    """Raises WrongUse where something would be lost."""
    what = _words(loss)
    if not what:
        return
    sentence = _("Kept nowhere but here, and lost with {email}: {what}.")
    if loss.messages:
        sentence += " " + _("Save the messages first: tui-mail export account:{email} --to FILE.")
    sentence += " " + _("With --yes it is removed all the same.")
    raise WrongUse(sentence.format(email=email, what=what))


def _words(loss: "OnlyHere") -> str:
    parts = (
        (loss.messages, ngettext("{count} message", "{count} messages", loss.messages)),
        (loss.drafts, ngettext("{count} draft", "{count} drafts", loss.drafts)),
        (
            loss.letters,
            ngettext("{count} letter not sent yet", "{count} letters not sent yet", loss.letters),
        ),
    )
    return ", ".join(text.format(count=count) for count, text in parts if count)
