"""The key map: which key means what, by id, and how keys and their words are shown.

Every binding has an id that the settings file can give another key. Descriptions are msgids,
translated when they are shown, so that help, hints and palette follow the language.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from textual.binding import ActiveBinding, Binding
from textual.dom import DOMNode

from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.widgets.text import Line, Piece, width_of


def bind(
    name: str, keys: str, action: str, words: str, *, hint: bool = False, first: bool = False
) -> Binding:
    """A binding with an id. `hint`: worth a place on the last line; `first`: before an input's own."""
    return Binding(keys, action, words, show=hint, id=name, priority=first)


MOVES = [
    bind("move.down", "j,down", "move(1)", msgid("down")),
    bind("move.up", "k,up", "move(-1)", msgid("up")),
    bind("move.page_down", "pagedown", "page(1)", msgid("page down")),
    bind("move.page_up", "pageup", "page(-1)", msgid("page up")),
    bind("move.half_down", "ctrl+d", "page(0.5)", msgid("half a page down")),
    bind("move.half_up", "ctrl+u", "page(-0.5)", msgid("half a page up")),
    bind("move.first", "home", "first", msgid("first")),
    bind("move.last", "end,G", "last", msgid("last")),
]

MAIL = [
    bind("mail.reply", "r", "write('reply')", msgid("reply"), hint=True),
    bind("mail.archive", "e", "deed('archive')", msgid("archive"), hint=True),
    bind("mail.link", "L", "link", msgid("link"), hint=True),
    bind("mail.reply_all", "a", "write('reply_all')", msgid("reply to all")),
    bind("mail.forward", "f", "write('forward')", msgid("forward")),
    bind("mail.delete", "d,#,delete", "deed('delete')", msgid("delete")),
    bind("mail.spam", "!", "deed('spam')", msgid("spam")),
    bind("mail.unread", "U", "deed('unread')", msgid("mark unread")),
    bind("mail.read", "I", "deed('read')", msgid("mark read")),
    bind("mail.star", "s", "deed('star')", msgid("star")),
    bind("mail.move", "v", "move_mail", msgid("move to a folder")),
    bind("mail.tag", "l", "tag", msgid("tag")),
    bind("mail.again", "full_stop", "deed('again')", msgid("the last verb again")),
    bind("mail.assign", "@", "assign", msgid("assign")),
    bind("mail.state", "m", "state", msgid("open, waiting, done")),
    bind("mail.trace", "t", "trace", msgid("record's mail"), hint=True),
    bind("mail.create", "plus", "create", msgid("make a record of it")),
]

WRITE = [bind("write.new", "c", "write('new')", msgid("compose"), hint=True)]

UNDO = [
    bind("undo", "z,ctrl+z", "undo", msgid("undo"), hint=True),
    bind("redo", "Z", "redo", msgid("do again what was undone")),
]

SCREEN = [
    *WRITE,
    bind("search", "/", "search", msgid("search"), hint=True, first=True),
    bind("filter", "backslash", "filter", msgid("search this list")),
    *UNDO,
    bind("check", "f5", "check_mail", msgid("check mail")),
    bind("accounts", "f8", "accounts", msgid("how the accounts are")),
    bind("folder.next", "ctrl+down", "next_folder(1)", msgid("next folder")),
    bind("folder.previous", "ctrl+up", "next_folder(-1)", msgid("previous folder")),
    bind("panel.folders", "alt+1", "panel('folders')", msgid("folders")),
    bind("panel.list", "alt+2", "panel('threads')", msgid("list")),
    bind("panel.reader", "alt+3", "panel('reader')", msgid("message")),
    bind("panel.records", "alt+4,i", "panel('records')", msgid("records")),
    bind("panel.agenda", "alt+5", "panel('agenda')", msgid("agenda")),
    bind("panel.next", "f6", "next_panel", msgid("next panel")),
    bind("go", "g", "prefix('g')", msgid("go to…"), first=True),
    bind("marks", "asterisk", "prefix('*')", msgid("mark by kind…"), first=True),
    bind("more", "comma", "prefix(',')", msgid("more verbs…"), first=True),
    bind("order", "O", "prefix('O')", msgid("order of the list…"), first=True),
    bind("back", "u,escape", "back", msgid("back")),
    bind("back.or_quit", "q", "back_or_quit", msgid("back, at the top quit")),
]

APP = [
    bind("help", "?,f1", "help", msgid("keys"), hint=True),
    bind("palette", "ctrl+p,:", "palette", msgid("commands"), hint=True),
    bind("quit", "ctrl+q,ctrl+c", "leave", msgid("quit"), first=True),
]


@dataclass(frozen=True, slots=True)
class Next:
    """A key that may follow a prefix: what it does, and its words."""

    key: str
    action: str
    words: str


# What may follow a first key on a record's card too.
_ON_CARD = {"first_row", "ask('copy')", "ask('split')", "not_yet"}

PREFIXES: dict[str, tuple[Next, ...]] = {
    "g": (
        Next("i", "go('inbox')", msgid("inbox")),
        Next("t", "go('sent')", msgid("sent")),
        Next("d", "go('drafts')", msgid("drafts")),
        Next("a", "go('archive')", msgid("the archive")),
        Next("s", "go_starred", msgid("starred")),
        Next("b", "not_yet", msgid("snoozed: not there yet")),
        Next("f", "go_folder", msgid("a folder, a saved search")),
        Next("o", "go_record('document')", msgid("a document")),
        Next("c", "go_record('party')", msgid("a customer")),
        Next("g", "first_row", msgid("top")),
    ),
    "*": (
        Next("a", "mark_kind('all')", msgid("all")),
        Next("n", "mark_kind('none')", msgid("none")),
        Next("r", "mark_kind('read')", msgid("read")),
        Next("u", "mark_kind('unread')", msgid("unread")),
        Next("s", "mark_kind('starred')", msgid("starred")),
        Next("t", "mark_kind('unstarred')", msgid("without a star")),
        Next("f", "mark_kind('files')", msgid("with files")),
    ),
    ",": (
        Next("c", "ask('copy')", msgid("copy to a folder")),
        Next("s", "ask('split')", msgid("split the conversation here")),
        Next("j", "ask('join')", msgid("join conversations")),
        Next("b", "not_yet", msgid("redirect: not there yet")),
    ),
    "O": (
        Next("d", "order('date')", msgid("by date")),
        Next("f", "order('sender')", msgid("by sender")),
        Next("s", "order('subject')", msgid("by subject")),
        Next("z", "order('size')", msgid("by size")),
        Next("u", "order('state')", msgid("unread first")),
    ),
}

# On a record's card: the first keys are the same, so that the second ones never act on its mail.
CARD = [
    bind("go", "g", "on_card('g')", msgid("go to…"), first=True),
    bind("marks", "asterisk", "on_card('*')", msgid("mark by kind…"), first=True),
    bind("more", "comma", "on_card(',')", msgid("more verbs…"), first=True),
    bind("order", "O", "on_card('O')", msgid("order of the list…"), first=True),
]

CARD_PREFIXES: dict[str, tuple[Next, ...]] = {
    prefix: tuple(item for item in items if item.action in _ON_CARD)
    for prefix, items in PREFIXES.items()
}

# What the key map has, and this program not yet.
NOT_YET = [
    bind(
        "not_yet",
        "b,M,N,w,P,vertical_line",
        "not_yet",
        msgid("not there yet"),
    )
]


_UNTOLD = {
    NOT_YET[0].action,
    *(f"on_card('{prefix}')" for prefix, items in CARD_PREFIXES.items() if not items),
}


def not_yet() -> SafeText:
    """What such a key says."""
    return safe(_("This key does nothing yet."))


def following(items: Iterable[Next]) -> list[Next]:
    """Those of the keys that may follow a prefix which do something."""
    return [item for item in items if item.action != NOT_YET[0].action]


def second_keys(rows: Iterable["Command"]) -> Iterator[tuple[str, Next]]:
    """What may follow the first keys that are among these commands, with its prefix."""
    actions = {row.action for row in rows}
    for action, known in (("prefix", PREFIXES), ("on_card", CARD_PREFIXES)):
        for prefix in (one for one in known if f"{action}('{one}')" in actions):
            yield from ((prefix, item) for item in following(known[prefix]))


def key_name(key: str) -> SafeText:
    """A key as it is printed on keyboards."""
    names = {
        "enter": _("Enter"),
        "space": _("Space"),
        "escape": _("Esc"),
        "delete": _("Del"),
        "insert": _("Ins"),
        "tab": _("Tab"),
        "shift+tab": _("Shift+Tab"),
        "pagedown": _("PgDn"),
        "pageup": _("PgUp"),
        "home": _("Home"),
        "end": _("End"),
        "down": "↓",
        "up": "↑",
        "left": "←",
        "right": "→",
        "slash": "/",
        "backslash": "\\",
        "question_mark": "?",
        "exclamation_mark": "!",
        "number_sign": "#",
        "comma": ",",
        "colon": ":",
        "plus": "+",
        "at": "@",
        "vertical_line": "|",
        "circumflex_accent": "^",
        "full_stop": ".",
        "asterisk": "*",
    }
    if key in names:
        return safe(names[key])
    *modifiers, last = key.split("+")
    if modifiers == ["ctrl"] and len(last) == 1:
        return safe(f"^{last.upper()}")
    function_key = last.startswith("f") and last[1:].isdigit()
    large = function_key or (modifiers == ["alt"] and len(last) == 1)
    shown = names.get(last, last.upper() if large else last)
    return safe("+".join([*(word.title() for word in modifiers), shown]))


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that can be done here: its keys, its words, and the action with its place."""

    keys: tuple[str, ...]
    words: str
    action: str
    place: DOMNode
    hint: bool


def commands(active: Iterable[ActiveBinding]) -> list[Command]:
    """The bindings in force, one row an action, the focused panel's first."""
    found: dict[tuple[int, str], Command] = {}
    for item in active:
        binding = item.binding
        # Without an id it is Textual's own.
        if binding.id is None or not item.enabled or binding.action in _UNTOLD:
            continue
        name = (id(item.node), binding.action)
        known = found.get(name)
        keys = (binding.key,) if known is None else (*known.keys, binding.key)
        found[name] = Command(keys, binding.description, binding.action, item.node, binding.show)
    return list(found.values())


def hints(rows: Iterable[Command], width: int) -> Line:
    """As many keys with their words as fit into `width` cells; help is always the last."""
    shown = [row for row in rows if row.hint]
    last = [row for row in shown if row.action in {"help", "palette"}]
    pieces: list[Piece] = []
    left = width - 1 - sum(_cells(row) for row in last[:1])
    for row in (row for row in shown if row not in last):
        if _cells(row) > left:
            break
        left -= _cells(row)
        pieces += _hint(row)
    for row in last:
        if row is last[0] or _cells(row) <= left:
            pieces += _hint(row)
    return (Piece(SafeText(" ")), *pieces)


def _cells(row: Command) -> int:
    return width_of(key_name(row.keys[0])) + width_of(_(row.words)) + 3


def _hint(row: Command) -> Iterator[Piece]:
    yield Piece(key_name(row.keys[0]), "accent")
    yield Piece(safe(f" {_(row.words)}  "), "dim")


def prefix_hints(prefix: str, items: Iterable[Next], width: int) -> list[Line]:
    """The keys that may follow a prefix, these, in as many lines of `width` cells as they take."""
    lead = safe(f" {prefix} … ")
    lines: list[list[Piece]] = [[Piece(lead, "accent")]]
    left = width - width_of(lead)
    for item in following(items):
        key, words = safe(item.key), safe(f" {_(item.words)}")
        cells = width_of(key) + width_of(words)
        if cells > left and len(lines[-1]) > 1:
            lines.append([Piece(SafeText(" " * width_of(lead)))])
            left = width - width_of(lead)
        lines[-1] += [Piece(key, "accent"), Piece(SafeText(f"{words}  "), "dim")]
        left -= cells + 2
    return [tuple(line) for line in lines]
