"""What a search should find, worked out message by message from what a mailbox is known to hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tui_mail.search import tree
from tui_mail.search.tree import Field, Is, Mark, Tree, Words
from tui_mail.search.words import words
from tui_mail.values import FolderRole

_HIDDEN = {FolderRole.TRASH, FolderRole.JUNK}
_WHEREVER = (
    tree.Anywhere,
    tree.InFolder,
    tree.OfAccount,
    tree.InThread,
    tree.WithMessageId,
    tree.OfRecord,
)
_RECIPIENTS = (Field.RECIPIENTS, Field.COPY, Field.BLIND_COPY)
_STATES = {Mark.UNREAD, Mark.READ, Mark.STARRED, Mark.ANSWERED, Mark.UNANSWERED, Mark.DRAFT}


@dataclass(frozen=True)
class Copy:
    account: str
    folder: str
    role: FolderRole
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Mail:
    """A message as its sender and its servers have it. `texts`: To, Cc and Bcc apart."""

    id: int
    texts: dict[Field, str]
    received_at: datetime
    size: int
    copies: tuple[Copy, ...]
    kind: str = "human"
    attached: bool = False
    outgoing: bool = False
    message_id: str = ""
    thread_id: int = 0
    # Kind, code and state of the links.
    links: tuple[tuple[str, str, str], ...] = field(default=())


def found(mails: Sequence[Mail], asked: Tree, readable: set[str]) -> set[int]:
    """The ids of the messages that the query finds for one who reads these accounts."""
    if isinstance(asked, tree.Nothing):
        return set()
    hidden = set() if any(isinstance(one, _WHEREVER) for one in _leaves(asked)) else _HIDDEN
    answer = set()
    for mail in mails:
        copies = [
            one
            for one in mail.copies
            if one.account in readable and one.role not in hidden and "deleted" not in one.flags
        ]
        if copies and _holds(mail, copies, asked):
            answer.add(mail.id)
    return answer


def _leaves(asked: Tree) -> list[Tree]:
    match asked:
        case tree.All(parts) | tree.Any(parts):
            return [leaf for part in parts for leaf in _leaves(part)]
        case tree.Not(part):
            return _leaves(part)
        case _:
            return [asked]


def _is_state(asked: Tree) -> bool:
    return isinstance(asked, tree.Tagged) or (isinstance(asked, Is) and asked.mark in _STATES)


def _is_denied_state(asked: Tree) -> bool:
    return isinstance(asked, tree.Not) and _is_state(asked.part)


def _is_of_copy(asked: Tree) -> bool:
    match asked:
        case tree.All(parts):
            return any(map(_is_of_copy, parts)) and all(
                _is_of_copy(part) or _is_denied_state(part) for part in parts
            )
        case tree.Any(parts):
            return all(map(_is_of_copy, parts))
        case _:
            return isinstance(asked, tree.InFolder | tree.OfAccount) or _is_state(asked)


def _holds(mail: Mail, copies: Sequence[Copy], asked: Tree) -> bool:
    if _is_of_copy(asked):
        return any(_of_copy(copy, asked) for copy in copies)
    match asked:
        case tree.All(parts):
            together = [part for part in parts if _is_of_copy(part)]
            if together:
                together += [part for part in parts if _is_denied_state(part)]
            one = any(all(_of_copy(copy, part) for part in together) for copy in copies)
            rest = [part for part in parts if part not in together]
            return (one or not together) and all(_holds(mail, copies, part) for part in rest)
        case tree.Any(parts):
            return any(_holds(mail, copies, part) for part in parts)
        case tree.Not(part):
            return not _holds(mail, copies, part)
        case _:
            return _of_message(mail, asked)


def _of_copy(copy: Copy, asked: Tree) -> bool:
    match asked:
        case tree.All(parts):
            return all(_of_copy(copy, part) for part in parts)
        case tree.Any(parts):
            return any(_of_copy(copy, part) for part in parts)
        case tree.Not(part):
            return not _of_copy(copy, part)
        case tree.InFolder(name):
            own = copy.folder.casefold()
            names = {own, own.rpartition("/")[2]} | ({str(copy.role)} if copy.role else set())
            return name.casefold() in names
        case tree.OfAccount(email):
            return email in {copy.account, copy.account.partition("@")[0]}
        case tree.Tagged(name):
            return name.lower() in {flag.lower() for flag in copy.flags}
        case Is(mark):
            return {
                Mark.UNREAD: "seen" not in copy.flags,
                Mark.READ: "seen" in copy.flags,
                Mark.STARRED: "flagged" in copy.flags,
                Mark.ANSWERED: "answered" in copy.flags,
                Mark.UNANSWERED: "answered" not in copy.flags,
                Mark.DRAFT: "draft" in copy.flags or copy.role is FolderRole.DRAFTS,
            }[mark]
    raise ValueError(asked)


def _of_message(mail: Mail, asked: Tree) -> bool:
    match asked:
        case Words():
            return _has_words(mail, asked)
        case tree.Anywhere():
            return True
        case tree.HasAttachment():
            return mail.attached
        case tree.Between(since, until):
            return (since is None or mail.received_at >= since) and (
                until is None or mail.received_at < until
            )
        case tree.Size(at_least, at_most):
            return (at_least is None or mail.size >= at_least) and (
                at_most is None or mail.size <= at_most
            )
        case tree.OfKind(kinds):
            return mail.kind in kinds
        case tree.InThread(thread_id):
            return mail.thread_id == thread_id
        case tree.WithMessageId(message_id):
            return mail.message_id == message_id
        case tree.OfRecord(kinds, wanted):
            return any(
                kind in kinds and wanted in {"", code} and state != "rejected"
                for kind, code, state in mail.links
            )
        case Is(Mark.SENT):
            return mail.outgoing
        case Is(Mark.LINKED):
            return any(state != "rejected" for _kind, _code, state in mail.links)
        case Is(Mark.UNLINKED):
            return all(state == "rejected" for _kind, _code, state in mail.links)
        case Is(Mark.PROPOSED):
            return any(state == "proposed" for _kind, _code, state in mail.links)
    raise ValueError(asked)


def _has_words(mail: Mail, asked: Words) -> bool:
    fields = {
        Field.ANYWHERE: tuple(mail.texts),
        Field.ATTACHMENT: (Field.FILE_NAME, Field.ATTACHMENT),
        Field.RECIPIENTS: _RECIPIENTS,
    }.get(asked.field, (asked.field,))
    return any(_follow(words(mail.texts.get(name, "")), asked) for name in fields)


def _follow(there: list[str], asked: Words) -> bool:
    *whole, last = asked.words
    length = len(asked.words)
    for start in range(len(there) - length + 1):
        *before, end = there[start : start + length]
        if before == whole and (end.startswith(last) if asked.prefix else end == last):
            return True
    return False
