"""LIST and LSUB: which folders match, and with which attributes (RFC 3501, 5258, 6154)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tui_mail.demo.imap_session import Session
from tui_mail.demo.imap_status import check_status, status_line
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.demo.imap_syntax import DELIMITER, Arguments, MalformedError, encode_mailbox

SELECTIONS = {"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"}
RETURNS = {"SUBSCRIBED", "CHILDREN", "SPECIAL-USE"}


@dataclass(frozen=True, slots=True)
class _Request:
    patterns: tuple[str, ...]
    selections: frozenset[str]
    returns: frozenset[str]
    status: tuple[str, ...] = ()

    def matches(self, name: str) -> bool:
        return any(matches(pattern, name) for pattern in self.patterns)


async def list_folders(session: Session, arguments: Arguments) -> str:
    """LIST, with selection options, several patterns and RETURN where offered."""
    request = _read(session, arguments)
    if request.patterns == ("",):
        session.send(b'* LIST (\\Noselect) "/" ""')
    else:
        session.send(*_lines(session, request))
    return "List completed"


async def list_subscribed(session: Session, arguments: Arguments) -> str:
    r"""LSUB; a level above a subscribed folder is shown as \Noselect (RFC 3501 section 6.3.9)."""
    arguments.space()
    reference = arguments.mailbox()
    arguments.space()
    pattern = reference + arguments.list_pattern()
    arguments.finish()
    subscribed = session.user.subscribed
    above = _levels_above(subscribed) if pattern.endswith("%") else set()
    for name in sorted(subscribed | above):
        if matches(pattern, name):
            attributes = b"" if name in subscribed else b"\\Noselect"
            session.send(b'* LSUB (%b) "/" %b' % (attributes, encode_mailbox(name)))
    return "Lsub completed"


def matches(pattern: str, name: str) -> bool:
    """Say whether a name matches a pattern, `*` for anything and `%` within a level."""
    if name == "INBOX":  # the same in any case, and so is a pattern for it
        pattern = pattern.upper()
    # All positions of the pattern at once: no pattern is slow, as it could be in a regex.
    reached = _past_wildcards(pattern, {0})
    for character in name:
        stay = {at for at in reached if _spans(pattern, at, character)}
        step = {at + 1 for at in reached if pattern[at : at + 1] == character}
        reached = _past_wildcards(pattern, stay | step)
    return len(pattern) in reached


def _spans(pattern: str, at: int, character: str) -> bool:
    wildcard = pattern[at : at + 1]
    return wildcard == "*" or (wildcard == "%" and character != DELIMITER)


def _past_wildcards(pattern: str, reached: set[int]) -> set[int]:
    further = set(reached)
    for start in reached:
        at = start
        while at < len(pattern) and pattern[at] in "*%":
            at += 1
            further.add(at)
    return further


def _read(session: Session, arguments: Arguments) -> _Request:
    extended = session.can("LIST-EXTENDED")
    arguments.space()
    selections: list[str] = []
    if extended and arguments.peek() == b"(":
        selections = arguments.list_of(arguments.keyword)
        arguments.space()
    reference = arguments.mailbox()
    arguments.space()
    if extended and arguments.peek() == b"(":
        patterns = arguments.list_of(arguments.list_pattern)
    else:
        patterns = [arguments.list_pattern()]
    returns: list[str] = []
    status: list[str] = []

    def option() -> str:
        name = arguments.keyword()
        if name == "STATUS" and session.can("LIST-STATUS"):
            arguments.space()
            status.extend(arguments.list_of(arguments.keyword))
            check_status(session, status)
        return name

    if not arguments.at_end:
        arguments.expect(b" RETURN ")
        returns = arguments.list_of(option)
    arguments.finish()
    _check(session, selections, [name for name in returns if name != "STATUS" or not status])
    joined = tuple(reference + pattern for pattern in patterns)
    return _Request(joined, frozenset(selections), frozenset(returns), tuple(status))


def _check(session: Session, selections: list[str], returns: list[str]) -> None:
    asked = {*selections, *returns}
    if returns and not session.can("LIST-EXTENDED"):
        raise MalformedError("LIST-EXTENDED is not offered")
    if not SELECTIONS.issuperset(selections) or not RETURNS.issuperset(returns):
        raise MalformedError("unknown LIST option")
    if "SPECIAL-USE" in asked and not session.can("SPECIAL-USE"):
        raise MalformedError("SPECIAL-USE is not offered")
    if "RECURSIVEMATCH" in selections and not {"SUBSCRIBED", "SPECIAL-USE"} & set(selections):
        raise MalformedError("RECURSIVEMATCH needs something to match")


def _lines(session: Session, request: _Request) -> Iterator[bytes]:
    mailbox = session.user
    special = session.can("SPECIAL-USE")
    known = set(mailbox.folders)
    if "SUBSCRIBED" in request.selections:
        known |= mailbox.subscribed
    for name in sorted(known | _levels_above(known), key=lambda name: (name != "INBOX", name)):
        if not request.matches(name):
            continue
        tail = b""
        if not _selected(mailbox, request.selections, name):
            if "RECURSIVEMATCH" not in request.selections or not _hides(mailbox, request, name):
                continue
            tail = b' ("CHILDINFO" ("SUBSCRIBED"))'
        attributes = " ".join(_attributes(mailbox, request, name, special=special))
        yield b'* LIST (%b) "/" %b%b' % (attributes.encode("ascii"), encode_mailbox(name), tail)
        if request.status and name in mailbox.folders:
            yield status_line(mailbox.folders[name], request.status)


def _selected(mailbox: UserMailbox, selections: frozenset[str], name: str) -> bool:
    if "SUBSCRIBED" in selections and name not in mailbox.subscribed:
        return False
    folder = mailbox.folders.get(name)
    return "SPECIAL-USE" not in selections or (folder is not None and folder.use is not None)


def _hides(mailbox: UserMailbox, request: _Request, name: str) -> bool:
    """Say whether below a folder is one that is selected but does not match itself."""
    below = (
        child
        for child in mailbox.subscribed | set(mailbox.folders)
        if child.startswith(name + DELIMITER)
    )
    return any(
        _selected(mailbox, request.selections, child) and not request.matches(child)
        for child in below
    )


def _attributes(
    mailbox: UserMailbox, request: _Request, name: str, *, special: bool
) -> Iterator[str]:
    folder = mailbox.folders.get(name)
    options = request.selections | request.returns
    if folder is None:
        yield "\\NonExistent" if options else "\\Noselect"
    elif folder.use and special:
        yield folder.use
    if "SUBSCRIBED" in options and name in mailbox.subscribed:
        yield "\\Subscribed"
    below = name + DELIMITER
    has_children = any(other.startswith(below) for other in mailbox.folders)
    yield "\\HasChildren" if has_children else "\\HasNoChildren"


def _levels_above(names: Iterable[str]) -> set[str]:
    levels: set[str] = set()
    for name in names:
        pieces = name.split(DELIMITER)
        levels.update(DELIMITER.join(pieces[:count]) for count in range(1, len(pieces)))
    return levels
