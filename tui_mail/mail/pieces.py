"""Messages that were sent in several pieces, made whole again (RFC 2046 §5.2.2).

Hides which pieces belong together, when they are not believed, and whose headers count. Nothing is
joined that contradicts itself; what is joined is not joined again.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_mail.i18n import _, ngettext
from tui_mail.mail.bodies import part_content
from tui_mail.mail.headers import identifiers
from tui_mail.mail.structure import MAX_HEADER_BLOCK, Structure, read_structure
from tui_mail.values import Gathered, Piece

MAX_PIECES = 200
_NAMED = 5  # missing pieces that are told by their numbers
_FIGURE = re.compile(r"\s*([0-9]{1,18})\s*", re.ASCII)
_HEADER = re.compile(
    rb"([!-9;-~]{1,256})[ \t]*:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*(?:\r\n|\r|\n|\Z)"
    rb"|[^\r\n]*(?:\r\n|\r|\n|\Z)"
)
# What of the whole message's head is the enclosed one's, beside all that begins with Content-.
_ENCLOSED = frozenset({b"subject", b"message-id", b"encrypted", b"mime-version"})


@dataclass(frozen=True, slots=True)
class HeldPiece:
    """A piece that is here: the message that it came in, a hash of what it holds, and its bytes."""

    message_id: int
    piece: Piece
    sha256: str
    size: int


def piece_of(structure: Structure) -> Piece | None:
    """What a message says of itself as a piece; None when it is none, or does not say of what."""
    root = structure.root
    name = root.parameters.get("id", "") if root.media_type == "message/partial" else ""
    if not name:
        return None
    number = _figure(root.parameters.get("number", ""))
    inner = ""
    if number == 1:
        enclosed = read_structure(part_content(structure, root)[:MAX_HEADER_BLOCK]).root
        inner = next(iter(identifiers(enclosed.header("message-id"))), "")
    return Piece(name, number, _figure(root.parameters.get("total", "")), inner)


def gather(own: HeldPiece, held: Iterable[HeldPiece], most_bytes: int) -> Gathered:
    """What the pieces come to that are here, `own` in hand; `held`: of the same sender, the oldest
    first."""
    same = [own, *(one for one in held if one.piece.id == own.piece.id)]
    totals = {one.piece.total for one in same} - {0}
    total = max(totals, default=0)
    by_number: dict[int, list[HeldPiece]] = defaultdict(list)
    for one in same:
        by_number[one.piece.number].append(one)
    reason = _contradiction(by_number, totals)
    if reason:
        return Gathered(own.piece.number, total, reason=reason)
    missing = tuple(number for number in range(1, total + 1) if number not in by_number)
    if missing or not total:
        return Gathered(own.piece.number, total, missing)
    chosen = [by_number[number][0] for number in range(1, total + 1)]
    if sum(one.size for one in chosen) > most_bytes:
        return Gathered(own.piece.number, total, reason="too_large")
    return Gathered(own.piece.number, total, message_ids=tuple(one.message_id for one in chosen))


def _contradiction(by_number: dict[int, list[HeldPiece]], totals: set[int]) -> str:
    total = max(totals, default=0)
    if len(totals) > 1:
        return "totals"
    if min(by_number) < 1 or (total and max(by_number) > total):
        return "numbers"
    if max(total, *by_number) > MAX_PIECES:
        return "too_many"
    if any(len({one.sha256 for one in copies}) > 1 for copies in by_number.values()):
        return "contents"
    return ""


def joined(raws: Sequence[bytes]) -> bytes:
    """The whole message out of its pieces, in order.

    The head is that of the first one, but for what belongs to the message enclosed in it: Subject,
    Message-ID, Encrypted, MIME-Version and all Content- (RFC 2046 §5.2.2.1).
    """
    structures = [read_structure(raw) for raw in raws]
    body = b"".join(part_content(each, each.root) for each in structures)
    inner = read_structure(body).root
    first = structures[0]
    line_end = b"\r\n" if b"\r\n" in first.raw[first.root.head : first.root.start] else b"\n"
    head = [
        *_fields(first.raw[first.root.head : first.root.start], enclosed=False),
        *_fields(body[inner.head : inner.start], enclosed=True),
    ]
    lines = [field if field.endswith((b"\r", b"\n")) else field + line_end for field in head]
    return b"".join([*lines, line_end, body[inner.start :]])


def _fields(head: bytes, *, enclosed: bool) -> list[bytes]:
    found = []
    for match in _HEADER.finditer(head):
        name = (match[1] or b"").lower()
        if name and (name.startswith(b"content-") or name in _ENCLOSED) is enclosed:
            found.append(match[0])
    return found


def _figure(text: str) -> int:
    """A number of a piece; 0 for what is none."""
    match = _FIGURE.fullmatch(text)
    return int(match[1]) if match else 0


# -- in words --------------------------------------------------------------------------------------


def pieces_in_words(found: Gathered) -> str:
    """What became of a message's pieces, as part of a sentence."""
    if found.message_ids:
        count = len(found.message_ids)
        return ngettext("joined from {count} piece", "joined from {count} pieces", count).format(
            count=count
        )
    match found.reason:
        case "totals":
            return _("its pieces do not agree on how many there are: they are not joined")
        case "numbers":
            return _("the numbers of its pieces make no sense: they are not joined")
        case "contents":
            return _("two of its pieces have one number and differ: they are not joined")
        case "too_many":
            return _("it was sent in more than {most} pieces: they are not joined").format(
                most=MAX_PIECES
            )
        case "too_large":
            return _("its pieces together are too large for one message: they are not joined")
        case "lost":
            return _("one of its pieces cannot be read: they are not joined")
    return _missing(found)


def _missing(found: Gathered) -> str:
    if not found.total:
        text = _("piece {number}; the last one, which says how many there are, is missing")
        return text.format(number=found.number)
    count = len(found.missing)
    if count > _NAMED:
        text = _("piece {number} of {total}; {count} are missing")
        return text.format(number=found.number, total=found.total, count=count)
    *others, last = map(str, found.missing)
    named = _("{some} and {last}").format(some=", ".join(others), last=last) if others else last
    text = ngettext(
        "piece {number} of {total}; {missing} is missing",
        "piece {number} of {total}; {missing} are missing",
        count,
    )
    return text.format(number=found.number, total=found.total, missing=named)
