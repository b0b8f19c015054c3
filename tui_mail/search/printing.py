"""A tree as text of the query language, which reads back as the same tree."""

from tui_mail.search.operators import RECORD_NAMES, iso
from tui_mail.search.tree import (
    All,
    Any,
    Anywhere,
    AssignedTo,
    Between,
    HasAttachment,
    InFolder,
    InState,
    InThread,
    Is,
    Not,
    Nothing,
    OfAccount,
    OfKind,
    OfRecord,
    Saved,
    Size,
    Tagged,
    Tree,
    WithMessageId,
    Words,
)


def printed(tree: Tree) -> str:
    """The query that means `tree`. Words are in quotes, so that none is an operator."""
    match tree:
        case Nothing():
            return ""
        case All(parts):
            return " ".join(_part(part) for part in parts)
        case Any(parts):
            return " or ".join(_part(part) for part in parts)
        case Not(part):
            return f"-{_part(part)}"
        case Words(words, prefix, field):
            name = f"{field}:" if field else ""
            return f'{name}"{" ".join(words)}"{"*" * prefix}'
        case _:
            return _condition(tree)


def _part(tree: Tree) -> str:
    return f"({printed(tree)})" if isinstance(tree, All | Any) else printed(tree)


def _condition(tree: Tree) -> str:
    match tree:
        case Anywhere():
            return "in:anywhere"
        case HasAttachment():
            return "has:attachment"
        case InFolder(name):
            return f'in:"{name}"'
        case OfAccount(email):
            return f'account:"{email}"'
        case Is(mark):
            return f"is:{mark}"
        case Between(since, until):
            return f"date:{iso(since)}..{iso(until)}"
        case Size(at_least, at_most):
            bounds = ["" if bound is None else str(bound) for bound in (at_least, at_most)]
            return f"size:{'..'.join(bounds)}"
        case Tagged(name):
            return f'tag:"{name}"'
        case OfRecord():
            return _record(tree)
        case OfKind(kinds):
            return f"kind:{'pec' if len(kinds) > 1 else kinds[0]}"
        case AssignedTo(login):
            return f'assigned:"{login}"'
        case InState(state):
            return f"state:{state}"
        case InThread(thread_id):
            return f"thread:{thread_id}"
        case WithMessageId(message_id):
            return f'mid:"{message_id}"'
        case Saved(name):
            return f'saved:"{name}"'
        case _:
            raise AssertionError(tree)


def _record(record: OfRecord) -> str:
    name = RECORD_NAMES[record.kinds]
    company = f"@{record.company}" if record.company else ""
    if not record.wanted:
        return f'{name}:"*{company}"'
    return f'{name}:"{record.wanted}{company}"{"*" * record.prefix}'
