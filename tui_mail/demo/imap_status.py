"""STATUS of a folder, asked for alone or with LIST (RFC 3501 section 6.3.10, RFC 5819, RFC 8474)."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tui_mail.demo.imap_session import Session
from tui_mail.demo.imap_store import Folder
from tui_mail.demo.imap_syntax import MalformedError, encode_mailbox

_ITEMS: Mapping[str, Callable[[Folder], int | str]] = MappingProxyType(
    {
        "MESSAGES": lambda folder: len(folder.messages),
        "RECENT": lambda folder: len(folder.new_since(folder.recent_from)),
        "UIDNEXT": lambda folder: folder.uidnext,
        "UIDVALIDITY": lambda folder: folder.uidvalidity,
        "UNSEEN": lambda folder: len(
            [True for message in folder.messages.values() if "\\Seen" not in message.flags]
        ),
        "HIGHESTMODSEQ": lambda folder: folder.highest_modseq,
        "MAILBOXID": lambda folder: f"({folder.identity})",
    }
)
_NEEDS = {"HIGHESTMODSEQ": "CONDSTORE", "MAILBOXID": "OBJECTID"}


def check_status(session: Session, items: Sequence[str]) -> None:
    """Raise MalformedError for items that the server does not tell."""
    known = all(item in _ITEMS and session.can(_NEEDS.get(item, "STATUS")) for item in items)
    if not items or not known:
        raise MalformedError("unknown STATUS item")
    if "HIGHESTMODSEQ" in items:
        session.enable_condstore()


def status_line(folder: Folder, items: Sequence[str]) -> bytes:
    """The answer for one folder."""
    values = " ".join(f"{item} {_ITEMS[item](folder)}" for item in items)
    return b"* STATUS %b (%b)" % (encode_mailbox(folder.name), values.encode("ascii"))
