"""Tells what a person wrote now from what is quoted, attributed or signed below it; quotes a reply.

Works on lines, each looked at once and only in its first 1,000 characters, so that no text makes
it slow.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

from tui_mail.mail.cells import width_of

MAX_LINE = 1_000
MAX_LINES = 20_000
_HEADER_BLOCKS_TRIED = 200
_ATTRIBUTION_LINES = 4
_HEADER_BLOCK_LINES = 8
_LOOSE_SIGNATURE_LINES = 15


class LineKind(StrEnum):
    """What a line of a message's text is."""

    NEW = "new"
    ATTRIBUTION = "attribution"
    QUOTE = "quote"
    SIGNATURE = "signature"


# Looking a member up takes longer than all else that is done with most lines.
_NEW, _ATTRIBUTION, _QUOTE, _SIGNATURE = LineKind
_QUOTED = (">", " >", "  >", "   >")
_DIVIDER = re.compile(
    r"\s*(?:[-_*=]{2,}\s*)"
    r"(?:original message|original appointment|messaggio originale|messaggio inoltrato"
    r"|forwarded message|forwarded by|inoltrato da|ursprüngliche nachricht|weitergeleitete nachricht"
    r"|message d'origine|message transféré|mensaje original|mensaje reenviado)"
    r"[^\n]{0,80}$",
    re.IGNORECASE,
)
_FORWARD_START = re.compile(
    r"\s*(?:begin forwarded message|inizio messaggio inoltrato|début du message réexpédié"
    r"|anfang der weitergeleiteten nachricht)\s*:?\s*$",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"\s*(?:fwd|fw|i|inoltra|inoltro|wg|tr|rv|enc|vb|vs|pd)\s*:", re.IGNORECASE)
_RULE = re.compile(r"\s*[_\-]{10,}\s*$")
# How every line without a colon begins after which all is quoted: one look at most lines, not four.
_MAY_CUT = re.compile(r"\s*(?:[-_*=]{2}|begin |inizio |début |anfang )", re.IGNORECASE)
_HEADER_LABEL = re.compile(
    r"[\s*_]{0,4}(from|sent|to|cc|subject|date|reply-to|importance"
    r"|da|inviato|data|a|per conto di|oggetto|priorità|rispondi a"
    r"|von|gesendet|an|betreff|datum|de|envoyé|à|objet|enviado|para|asunto|fecha)"
    r"[*_ ]{0,3}:[*_]{0,2}(?:\s|$)",
    re.IGNORECASE,
)
_FROM_LABELS = frozenset({"from", "da", "von", "de"})
_ATTRIBUTION_START = re.compile(
    r"(?:-+\s*)?(?:(?:on|il|in data|at|am|le|el|em)\b|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b)",
    re.IGNORECASE,
)
_ATTRIBUTION_END = re.compile(
    r"(?:\bwrote|\bwrites|\bsaid|\bha scritto|\bscrive|\bscriveva|\bhanno scritto|\bschrieb|\ba écrit"
    r"|\bescribió|\bescreveu|\bнаписала?|\bпишет)\b[^:]{0,100}:\s*$",
    re.IGNORECASE,
)
# The end of the last line alone: a verb of two words may have been broken.
_ATTRIBUTION_LAST = re.compile(
    r"(?:wrote|writes|said|scritto|scrive|scriveva|schrieb|écrit|escribió|escreveu|написала?|пишет)"
    r"\b[^:]{0,100}:\s*$",
    re.IGNORECASE,
)
_ATTRIBUTION_HINT = re.compile(r"@|\d{1,2}|<|\bwrote\b|\bha scritto\b", re.IGNORECASE)
_SIGNATURE_MARKS = ("--", "—")
_PHONE_SIGNATURE = re.compile(
    r"\s*(?:sent from my\b|sent via\b|inviato da (?:iphone|ipad|outlook|mail|yahoo|libero|tim|huawei"
    r"|samsung|android|windows|il mio|smartphone)|inviato dal mio\b|ottieni outlook per\b|scarica outlook"
    r"|get outlook for\b|von meinem .{1,30} gesendet|envoyé de mon\b|enviado desde mi\b)",
    re.IGNORECASE,
)


def line_kinds(lines: Sequence[str]) -> list[LineKind]:
    """What each line is. From an Outlook block or "original message" line on, all is quoted."""
    heads = [line[:MAX_LINE] for line in lines]
    kinds = [_QUOTE if head.startswith(_QUOTED) else _NEW for head in heads]
    _mark_attributions(heads, kinds)
    cut = _first_cut(heads, kinds)
    for index in range(cut, len(kinds)):
        kinds[index] = _QUOTE
    _mark_signatures(heads, kinds)
    return kinds


def is_forwarded(subject: str) -> bool:
    """Whether a subject says that the message passes another one on."""
    return _FORWARDED.match(subject) is not None


def is_divider(line: str) -> bool:
    """Whether a line says that another message begins below it."""
    head = line[:MAX_LINE]
    return bool(_DIVIDER.match(head) or _FORWARD_START.match(head))


def is_quote_start(line: str) -> bool:
    """Whether a line may begin what a program quotes without marks: a divider or a sender's field."""
    return is_divider(line) or _is_from_line(line[:MAX_LINE])


@lru_cache(maxsize=4)  # who reads a message and who links it ask for the same one after the other
def split_quotes(text: str) -> tuple[str, str, str]:
    """What is new in `text`, what it quotes, and its writer's signature; none has the attribution.

    Lines after the 20,000th are in none.
    """
    lines = text.split("\n", MAX_LINES)[:MAX_LINES]
    kinds = line_kinds(lines)
    new = [line for line, kind in zip(lines, kinds, strict=True) if kind is _NEW]
    quoted = [line for line, kind in zip(lines, kinds, strict=True) if kind is _QUOTE]
    signed = [line for line, kind in zip(lines, kinds, strict=True) if kind is _SIGNATURE]
    return "\n".join(new).strip(), "\n".join(quoted).strip(), "\n".join(signed).strip()


def signature(text: str) -> str:
    """The sender's signature in `text`, without its mark, "" when there is none."""
    lines = text.split("\n")
    marked = [
        line
        for line, kind in zip(lines, line_kinds(lines), strict=True)
        if kind is _SIGNATURE and line.rstrip() != "--"
    ]
    return "\n".join(marked).strip()


def quote_depth(line: str) -> tuple[int, str]:
    """How many `>` signs begin a line, and what follows them."""
    depth, position = 0, 0
    while position < min(len(line), MAX_LINE):
        if line[position] == ">":
            depth += 1
        elif line[position] != " " or (position and line[position - 1] == " "):
            break
        position += 1
    if not depth:
        return 0, line
    return depth, line[position:]


def quote_reply(text: str, attribution: str) -> str:
    """`text` quoted under its attribution line, as a reply has it."""
    quoted = []
    for line in text.strip("\n").split("\n"):
        if line.startswith(">"):
            quoted.append(f">{line}")
        else:
            quoted.append(f"> {line}".rstrip() if not line.strip() else f"> {line}")
    return "\n".join([attribution, *quoted]) if attribution else "\n".join(quoted)


def wrap(text: str, width: int = 76) -> str:
    """`text` with its long lines broken at spaces; quoted lines keep their `>` signs."""
    wrapped: list[str] = []
    for line in text.split("\n"):
        if width_of(line) <= width:
            wrapped.append(line)
            continue
        depth, content = quote_depth(line)
        prefix = ">" * depth + " " if depth else ""
        current = ""
        for word in content.split(" "):
            candidate = f"{current} {word}" if current else word
            if current and width_of(prefix) + width_of(candidate) > width:
                wrapped.append(prefix + current)
                candidate = word
            current = candidate
        wrapped.append(prefix + current)
    return "\n".join(wrapped)


# -- the pieces ------------------------------------------------------------------------------------


def _mark_attributions(heads: Sequence[str], kinds: list[LineKind]) -> None:
    for index, head in enumerate(heads):
        if ":" not in head or kinds[index] is not _NEW or not head.rstrip().endswith(":"):
            continue
        if not _ATTRIBUTION_LAST.search(head):
            continue
        first = _attribution_start(heads, kinds, index)
        if first is not None:
            for line in range(first, index + 1):
                kinds[line] = _ATTRIBUTION


def _attribution_start(heads: Sequence[str], kinds: Sequence[LineKind], last: int) -> int | None:
    """Where the attribution begins that ends at line `last`, None when it is none."""
    joined = ""
    for first in range(last, max(-1, last - _ATTRIBUTION_LINES), -1):
        head = heads[first].strip()
        if not head or kinds[first] is not _NEW:
            return None
        joined = f"{head} {joined}".strip()[:MAX_LINE]
        if _ATTRIBUTION_END.search(joined) is None:
            # The verb may stand alone on the last line ("ha scritto:").
            continue
        starts = _ATTRIBUTION_START.match(head)
        alone = first == last and _ATTRIBUTION_HINT.search(joined)
        if starts or (
            alone and (first == 0 or not heads[first - 1].strip() or kinds[first - 1] is not _NEW)
        ):
            return first
    return None


def _first_cut(heads: Sequence[str], kinds: list[LineKind]) -> int:
    """The line from which on everything is quoted, or the number of lines."""
    tried = 0
    last_quote = len(kinds) - 1 - kinds[::-1].index(_QUOTE) if _QUOTE in kinds else -1
    for index, (head, kind) in enumerate(zip(heads, kinds, strict=True)):
        if not head or kind is _QUOTE:
            continue
        if kind is _ATTRIBUTION:
            ends = index + 1 == len(kinds) or kinds[index + 1] is not _ATTRIBUTION
            if ends and last_quote < index:
                return index + 1  # what was answered follows without `>` signs
            continue
        if ":" not in head and not _MAY_CUT.match(head):
            continue
        if _DIVIDER.match(head) or _FORWARD_START.match(head):
            return index
        if _RULE.match(head) and is_header_block(heads, _next_text(heads, index + 1)):
            return index
        if tried < _HEADER_BLOCKS_TRIED and _is_from_line(head):
            tried += 1
            if is_header_block(heads, index):
                return index
    return len(heads)


def _next_text(heads: Sequence[str], index: int) -> int:
    while index < len(heads) and not heads[index].strip():
        index += 1
    return index


def _is_from_line(head: str) -> bool:
    label = _HEADER_LABEL.match(head)
    return label is not None and label[1].lower() in _FROM_LABELS


def is_header_block(heads: Sequence[str], index: int) -> bool:
    """Whether a block like Outlook's "Da: Inviato: A: Oggetto:" begins at a line."""
    if index >= len(heads) or not _is_from_line(heads[index]):
        return False
    found = {"from"}
    for head in heads[index + 1 : index + _HEADER_BLOCK_LINES]:
        if not head.strip() and len(found) > 1:
            break
        label = _HEADER_LABEL.match(head)
        if label:
            found.add(label[1].lower())
    return len(found) >= 3


def _mark_signatures(heads: Sequence[str], kinds: list[LineKind]) -> None:
    """A signature runs from its mark to the next line that is not new."""
    index = 0
    while index < len(heads):
        if kinds[index] is not _NEW:
            index += 1
            continue
        end = index
        while end < len(heads) and kinds[end] is _NEW:
            end += 1
        begin = _signature_start(heads, index, end)
        for line in range(begin, end):
            kinds[line] = _SIGNATURE
        index = end


def _signature_start(heads: Sequence[str], first: int, end: int) -> int:
    for line in range(first, end):
        if not heads[line].startswith(_SIGNATURE_MARKS):
            continue
        if heads[line] == "-- ":
            return line
        if heads[line].rstrip() in _SIGNATURE_MARKS and end - line <= _LOOSE_SIGNATURE_LINES:
            return line
    last = end - 1
    while last >= first and not heads[last].strip():
        last -= 1
    if last >= first and _PHONE_SIGNATURE.match(heads[last]):
        return last
    return end
