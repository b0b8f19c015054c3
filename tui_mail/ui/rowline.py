"""How a message or a conversation is drawn as one line: in the list, in search, on a card.

Who at left, then what, about which record, when. What is too narrow gives way in that order from
the right: the chip shortens before the subject, the subject before the sender, and a whole column
goes before anything is cut to nonsense.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tui_mail.db.rows import ListRow
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.kinds import is_party
from tui_mail.ui.widgets.text import Line, Piece, fit, width_of


@dataclass(frozen=True, slots=True)
class Columns:
    """Cells of each column; 0 leaves it out."""

    who: int
    subject: int
    chip: int
    date: int
    attachment: bool


_TURNS = {"waiting": SafeText("…"), "done": SafeText("✓")}
_SIGNS = 4  # the cursor or a mark, the state, the star, a space
_GAP = 1
_ASSIGNEE = 10
_ROOM_FOR_BOTH = 20
_ROOM_FOR_MARK = 40  # cells of a line from which a subject has one before it
_SHORTEST_WHO, _SHORTEST_SUBJECT, _SHORTEST_CHIP = 10, 11, 8
_CHIPS = ((110, 22), (78, 16), (54, 12), (46, _SHORTEST_CHIP))  # from that many cells on so many
_TAG = 14  # cells of the first of them


@lru_cache(maxsize=64)
def columns(width: int, date: int = 8) -> Columns:
    """How a line of `width` cells is divided, `date` of them for the date."""
    chip = next((chip for least, chip in _CHIPS if width >= least), 0)
    who = (
        _SHORTEST_WHO if chip == _SHORTEST_CHIP else max(_SHORTEST_WHO, min(28, width * 26 // 100))
    )
    taken = _SIGNS + who + _GAP + date + _GAP + 1 + (chip + _GAP if chip else 0)
    if width - taken < _SHORTEST_SUBJECT:  # too narrow for a subject beside all that
        who = max(8, width - _SIGNS - date - 3)
        return Columns(who, 0, 0, date if width > 24 else 0, attachment=False)
    return Columns(who, width - taken, chip, date, attachment=width >= _ROOM_FOR_MARK)


def draw(
    row: ListRow,
    width: int,
    now: datetime,
    *,
    current: bool,
    marked: bool = False,
    draft: bool = False,
) -> Line:
    """A row as a line of `width` cells. `current`: the cursor is on it; `marked`: verbs are about
    it; `draft`: it was not sent yet."""
    parts = columns(width, max(8, width_of(_("yesterday"))))
    weight = "bold" if row.unread else ""
    subject = safe(row.subject) or safe(_("(no subject)"))
    if parts.attachment and row.attachments:
        subject = safe(f"▪ {subject}")
    # As few pieces as can be: each costs its bytes at every move of the cursor.
    mark = "✓" if marked else "▌" if current else " "
    line = [Piece(SafeText(f"{mark}{_sign(row, draft=draft)}"), "accent")]
    if row.starred:
        line.append(Piece(SafeText("★"), "warning"))
    gap = "" if row.starred else " "
    line.append(Piece(SafeText(f"{gap} {_who(row, parts.who)} "), weight))
    chips = _chips(row, parts.chip, now) if parts.chip else []
    if parts.subject:
        taken = sum(width_of(piece.text) for piece in chips)
        given = parts.subject + parts.chip - taken  # with what the chip does not need
        name = _assignee(row, given)
        tags = _tags(row, given - width_of(name))
        room = given - width_of(name) - width_of(tags)
        end = "" if name or tags else " "
        line.append(Piece(SafeText(f"{fit(subject, room)}{end}"), weight))
        if tags:
            line.append(Piece(SafeText(f"{tags}{'' if name else ' '}"), "accent"))
        if name:
            line.append(Piece(SafeText(f"{name} "), "dim"))
    if parts.chip:
        *others, last = chips
        line.extend((*others, Piece(SafeText(f"{last.text} "), last.style)))
    if parts.date:
        line.append(Piece(fit(formats.when(row.received_at, now), parts.date, right=True), "dim"))
    return tuple(line)


def _sign(row: ListRow, *, draft: bool) -> SafeText:
    """The one state that matters most: unread, waiting or done, answered, sent by us."""
    if row.unread:
        return SafeText("●")
    if row.care.state in _TURNS:
        return _TURNS[row.care.state]
    if row.answered:
        return SafeText("↩")
    return SafeText("↗" if row.outgoing and not draft else " ")


def _assignee(row: ListRow, room: int) -> SafeText:
    """Whose the conversation is, at the end of the subject where there is room for both."""
    if not row.care.login or room < _ROOM_FOR_BOTH:
        return SafeText("")
    name = safe(f"@{row.care.login}")
    return SafeText(f" {name if width_of(name) <= _ASSIGNEE else fit(name, _ASSIGNEE)}")


def _tags(row: ListRow, room: int) -> SafeText:
    """What people put on the message, after the subject where there is room for both."""
    if not row.tags or room < _ROOM_FOR_BOTH:
        return SafeText("")
    first, more = safe(f"#{row.tags[0]}"), len(row.tags) - 1
    most = min(_TAG, room // 3)
    shown = first if width_of(first) <= most else fit(first, most)
    return SafeText(f" {shown}{f' +{more}' if more else ''}")


def _who(row: ListRow, width: int) -> SafeText:
    name = row.recipients if row.outgoing and row.recipients else row.sender_name
    if "@" in name and not row.outgoing and row.sender_address.lower() not in name.lower():
        name = ""  # it shows an address that is not the sender's
    text = safe(name) or safe(row.sender_address) or safe(_("(no sender)"))
    if row.kind == "pec_envelope":
        text = SafeText(f"PEC · {text}")
    number = max(row.total, row.in_thread)
    if number < 2:
        return fit(text, width)
    count = f" ({number})"
    room = width - len(count)
    shown = fit(text, room).rstrip() if width_of(text) <= room else fit(text, room)
    return fit(SafeText(shown + count), width)


def _chips(row: ListRow, width: int, now: datetime) -> list[Piece]:
    """The record that matters most and how many more; what is only proposed stands out."""
    if not row.chips:
        return [Piece(SafeText("" if row.outgoing else "–"), "dim")]
    first = row.chips[0]
    sure = first.state != "proposed"
    # Whose a document is goes without saying: beside one, parties are not counted.
    shown = [one for one in row.chips if is_party(first.kind) or not is_party(one.kind)]
    parties = [one for one in shown if is_party(one.kind) and (one.state != "proposed") == sure]
    if len(parties) > 1:
        name = safe(ngettext("{0} party", "{0} parties", len(parties)).format(len(parties)))
        sign = "" if sure else " ?"
        others = shown[len(parties) :]
    else:
        name = formats.record(first.kind, first.code, first.title, now.astimezone().date())
        sign = {"confirmed": " ✓", "proposed": " ?"}.get(first.state, "")
        others = shown[1:]
    more = f" +{len(others)}" if others else ""
    doubtful = sure and any(one.state == "proposed" for one in others)
    end = f"{more} ?" if doubtful else more
    room = width - len(sign) - len(end)
    text = safe(f"{name if width_of(name) <= room else fit(name, room)}{sign}")
    if not doubtful:
        return [Piece(safe(f"{text}{end}"), "dim" if sure else "warning")]
    return [Piece(text, "dim"), Piece(SafeText(end), "warning")]
