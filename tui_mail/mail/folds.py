"""Which runs of quoted lines may be shown as one, how deep each lies, and what is said in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Day

from tui_mail.i18n import _, language, ngettext
from tui_mail.mail.attributions import Origin, origin_of
from tui_mail.mail.quotes import LineKind, is_divider, is_header_block, is_quote_start
from tui_mail.safetext import SafeText, safe

FOLDED_FROM = 4
MAX_DEPTH = 5
_MAX_BLOCKS_TRIED = 200
_ATTRIBUTION_LINES = 4
_BLOCK_LINES = 4  # a divider and the header block below it are one


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines `first` to `last` (both counted, from 0) that may be shown as one line with `label`.

    `depth`: 1 for what the message answers, 2 for what that answered, and so on; a fold lies
    whole within the one of the depth above.
    """

    first: int
    last: int
    label: SafeText
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Quoted:
    """A logical line for the folds: its words, what it is, how deep it is quoted by marks."""

    words: str
    kind: LineKind
    depth: int
    blank: bool = False
    rule: bool = False


def depths_of(lines: Sequence[Quoted]) -> list[int]:
    """How deep each line is quoted: by its marks, and by the header blocks that programs put
    above what they quote without marks. 0 is what was written now."""
    found, below, tried, started = [], 0, 0, -_BLOCK_LINES
    words = [line.words for line in lines]
    for index, line in enumerate(lines):
        if line.kind is not LineKind.QUOTE:
            found.append(0)
            below = 0
            continue
        if not line.depth and tried < _MAX_BLOCKS_TRIED and is_quote_start(line.words):
            tried += 1
            labelled = is_header_block(words, index)
            if (labelled or is_divider(line.words)) and index - started >= _BLOCK_LINES:
                below, started = below + 1, index
        below = below or (0 if line.depth else 1)
        found.append(min(MAX_DEPTH, max(1, line.depth + below)))
    return found


def folds_of(lines: Sequence[Quoted], rows: Sequence[int], today: Day | None) -> tuple[Fold, ...]:
    """The folds. `rows[n]`: the first row of the screen that line n takes (one more at the end);
    `today`: a day of this year is told without the year."""
    depths = depths_of(lines)
    found: list[Fold] = []
    for depth in range(1, max(depths, default=0) + 1):
        first = last = -1
        for index in range(len(lines) + 1):
            if index < len(lines) and depths[index] >= depth:
                first = index if first < 0 else first
                last = index
            elif first >= 0 and (index == len(lines) or not lines[index].blank):
                count = rows[last + 1] - rows[first]
                if count >= FOLDED_FROM:
                    begin, origin = _origin(lines, depths, first, depth)
                    label = _label(count, origin, today)
                    found.append(Fold(rows[begin], rows[last + 1] - 1, label, depth))
                first = -1
    return tuple(_within(found))


def _within(folds: list[Fold]) -> list[Fold]:
    """Without those that say the same as the one around them."""
    kept: dict[tuple[int, int], Fold] = {}
    for fold in folds:
        kept.setdefault((fold.first, fold.last), fold)
    return list(kept.values())


def _origin(
    lines: Sequence[Quoted], depths: Sequence[int], first: int, depth: int
) -> tuple[int, Origin]:
    """Where the fold begins (its attribution goes with it), and who wrote what is in it."""
    end = first
    while end > 0 and lines[end - 1].blank and end > first - 3:
        end -= 1
    begin = end
    while (
        begin > 0 and end - begin < _ATTRIBUTION_LINES and _leads(lines, depths, begin - 1, depth)
    ):
        begin -= 1
    origin = origin_of([line.words for line in lines[begin:end]])
    if origin.who:
        return (begin if depth == 1 else first), origin
    ruled = depth == 1 and end > 0 and lines[end - 1].rule
    return (end - 1 if ruled else first), _origin_within(
        [line.words for line in lines[first : first + 10]]
    )


def _leads(lines: Sequence[Quoted], depths: Sequence[int], index: int, depth: int) -> bool:
    line = lines[index]
    if depth == 1:
        return line.kind is LineKind.ATTRIBUTION
    return depths[index] == depth - 1 and not line.blank


def _origin_within(head: Sequence[str]) -> Origin:
    """What the first quoted lines tell: a header block, or an attribution that is quoted too."""
    for index in range(len(head)):
        if is_header_block(head, index):
            return origin_of(head[index:])
    for index, line in enumerate(head[:_ATTRIBUTION_LINES]):
        if line.rstrip().endswith(":"):
            return origin_of(head[: index + 1])
    return Origin()


def _label(count: int, origin: Origin, today: Day | None) -> SafeText:
    lines = ngettext("{count} quoted line", "{count} quoted lines", count).format(count=count)
    if not origin.who:
        return safe(lines)
    told = origin.who
    if origin.day is not None:
        told = _("{who}, {day}").format(who=told, day=_shown(origin.day, today))
    return safe(f"{lines} · {told}")


def _shown(day: Day, today: Day | None) -> str:
    from babel.dates import format_date

    pattern = "d MMM" if today is not None and day.year == today.year else "d MMM y"
    return format_date(day, pattern, locale="it" if language() == "it" else "en")
