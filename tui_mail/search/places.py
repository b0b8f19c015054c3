"""Folders that are for something: what they are called, and by which names they are asked for."""

from collections.abc import Iterable

from tui_mail.i18n import _
from tui_mail.safetext import folded

# By role; a folder that has the name itself is meant as well.
_TYPED = {
    "inbox": "inbox in-arrivo arrivo posta-in-arrivo",
    "sent": "sent sent-mail inviati inviata posta-inviata",
    "drafts": "drafts draft bozze",
    "archive": "archive archived archivio",
    "junk": "junk spam indesiderata",
    "trash": "trash bin cestino",
    "all": "all all-mail tutta-la-posta",
    "flagged": "flagged con-stella",
}
_SPACED = {
    "in arrivo": "inbox",
    "all mail": "all",
    "tutta la posta": "all",
    "con stella": "flagged",
}
_ROLES = {name: role for role, names in _TYPED.items() for name in names.split()}


def place_name(role: str, name: str) -> str:
    """A folder by what it is for, in the language in use, else by its own name."""
    names = {
        "inbox": _("Inbox"),
        "sent": _("Sent"),
        "drafts": _("Drafts"),
        "archive": _("Archive"),
        "junk": _("Spam"),
        "trash": _("Trash"),
        "all": _("All mail"),
        "flagged": _("Starred"),
    }
    return names.get(role, name)


def role_typed(text: str) -> str:
    """The role that is meant by a name in Italian or in English, as the console shows it too; "" for
    none."""
    return _ROLES.get("-".join(folded(text).replace("_", "-").split()), "")


def role_quoted(text: str) -> str:
    """The role that a name in quotes means, which stands for itself alone but where the console shows
    a name that cannot be typed without; "" for none."""
    return _SPACED.get(" ".join(folded(text).split()), "")


def names_typed(role: str) -> Iterable[str]:
    """What a folder of that role is asked for by."""
    return _TYPED.get(role, "").split()
