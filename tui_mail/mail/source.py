"""A message's bytes without its attachments' bytes, and back again, byte for byte.

The decoded attachments live in the blob store, once each; what is left is the skeleton, which
knows how each of them was written (line lengths, line ends, padding). That is checked when the
message is taken apart: where writing it again does not give the same bytes, the skeleton keeps
the encoded bytes themselves.
"""

import base64
import json
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from isal import isal_zlib
from msgspec import Struct

from tui_mail.errors import WrongData
from tui_mail.i18n import _
from tui_mail.mail.parse import parse
from tui_mail.values import ParsedAttachment, ParsedMessage

_ALL_COMPRESSED = b"1"  # the plan too: how skeletons were written at first
_VERSION = b"2"
_LEVEL = 3  # of four
_MAX_RUNS = 2_000
_MAX_AFTER = 200
_CHUNK = re.compile(rb"([A-Za-z0-9+/=]*)([^A-Za-z0-9+/=]*)")
_NOT_ALPHABET = bytes(
    sorted(
        set(range(256))
        - set(b"+/=")
        - set(range(48, 58))
        - set(range(65, 91))
        - set(range(97, 123))
    )
)

# How a stretch of base64 is broken up: length, what follows it, how many times in a row.
_Runs = list[tuple[int, str, int]]


@dataclass(frozen=True, slots=True)
class SourceAttachment:
    """An attachment to be stored; `number` counts from 1 as in `ParsedMessage.attachments`."""

    number: int
    attachment: ParsedAttachment


@dataclass(frozen=True, slots=True)
class _Segment:
    """Bytes that stay (`literal`), or the attachment `number` in their place, written as `runs`."""

    literal: bytes = field(default=b"", repr=False)
    number: int = 0
    runs: _Runs | None = None
    padded: bool = True


class _Piece(Struct, frozen=True, array_like=True):
    """A stretch of the message: `length` bytes of the literals, or how attachment `number` stands."""

    length: int = 0
    number: int = 0
    runs: _Runs | None = None
    padded: bool = True


class Packed(Struct, frozen=True, array_like=True):
    """What stays in the database, short of where each attachment is stored: small, and plain values."""

    plan: tuple[_Piece, ...]
    literals: bytes

    @property
    def apart(self) -> frozenset[int]:
        """The numbers of the attachments that are to be stored."""
        return frozenset(piece.number for piece in self.plan if piece.number)

    def skeleton(self, blob_ids: Sequence[str]) -> bytes:
        """What is stored; `blob_ids`: where each attachment was stored, in the order of numbers."""
        plan = [
            (blob_ids[one.number - 1], one.runs, one.padded) if one.number else (one.length,)
            for one in self.plan
        ]
        head = json.dumps(plan, separators=(",", ":")).encode("ascii")
        return b"".join((_VERSION, head, b"\n", self.literals))


@dataclass(frozen=True, slots=True)
class Source:
    """A message taken apart."""

    attachments: tuple[SourceAttachment, ...]
    segments: tuple[_Segment, ...] = field(repr=False)

    def packed(self) -> Packed:
        """The message without its attachments' bytes, compressed."""
        plan: list[_Piece] = []
        literals = []
        for segment in self.segments:
            if segment.number:
                plan.append(_Piece(0, segment.number, segment.runs, segment.padded))
            else:
                plan.append(_Piece(len(segment.literal)))
                literals.append(segment.literal)
        return Packed(tuple(plan), isal_zlib.compress(b"".join(literals), _LEVEL))

    def skeleton(self, blob_ids: Sequence[str]) -> bytes:
        """What stays in the database; `blob_ids`: where each attachment was stored, in their order."""
        return self.packed().skeleton(blob_ids)


def dismantle(raw: bytes, parsed: ParsedMessage | None = None) -> Source:
    """Take a message apart. `parsed`: what `parse(raw)` gave, when it is at hand."""
    attachments = (parsed or parse(raw)).attachments
    if not attachments:
        return Source((), (_Segment(raw),))
    segments: list[_Segment] = []
    position = 0
    for number, attachment in enumerate(attachments, 1):
        start, end = attachment.start, attachment.end
        if not end or start < position or not attachment.content:
            continue
        segment = _in_place(number, raw[start:end], attachment.content)
        if segment is None:
            continue
        segments.append(_Segment(raw[position:start]))
        segments.append(segment)
        position = end
    segments.append(_Segment(raw[position:]))
    listed = tuple(SourceAttachment(number, found) for number, found in enumerate(attachments, 1))
    return Source(listed, tuple(segments))


def restore(skeleton: bytes, fetch: Callable[[str], bytes]) -> bytes:
    """The message as it came; `fetch` gives the decoded bytes of a blob by its id.

    Raises WrongData when the skeleton is not one, and whatever `fetch` raises.
    """
    damaged = _("The stored source of this message is damaged.")
    try:
        if skeleton[:1] == _VERSION:
            head, _line, packed = skeleton[1:].partition(b"\n")
            literals = zlib.decompress(packed)
        elif skeleton[:1] == _ALL_COMPRESSED:
            head, _line, literals = zlib.decompress(skeleton[1:]).partition(b"\n")
        else:
            raise WrongData(damaged)
        plan = json.loads(head)
    except (zlib.error, ValueError) as error:
        raise WrongData(damaged) from error
    pieces = []
    position = 0
    for entry in plan:
        if len(entry) == 1:
            pieces.append(literals[position : position + entry[0]])
            position += entry[0]
        else:
            blob_id, runs, padded = entry
            content = fetch(blob_id)
            pieces.append(
                content
                if runs is None
                else _written(base64.b64encode(content), runs, padded=padded)
            )
    return b"".join(pieces)


def _in_place(number: int, encoded: bytes, content: bytes) -> _Segment | None:
    """How `content` was written, proved by writing it again; None when it cannot be told."""
    if encoded == content:
        return _Segment(number=number)
    clean = encoded.translate(None, _NOT_ALPHABET)
    text = base64.b64encode(content)
    padded = clean == text
    if not padded and clean != text.rstrip(b"="):
        return None
    for way in (_regular_runs, _runs):
        runs = way(encoded)
        if runs is not None and _written(text, runs, padded=padded) == encoded:
            return _Segment(number=number, runs=runs, padded=padded)
    return None


def _regular_runs(encoded: bytes) -> _Runs | None:
    """The runs of lines of one length and end, as nearly all are; found without a loop over them.

    Each sign of a line's end stands in the same column: where it stops doing so, the lines stop.
    """
    first = _CHUNK.match(encoded)
    if first is None or not first[1] or not first[2] or len(first[2]) > _MAX_AFTER:
        return None
    length, after = len(first[1]), first[2]
    step = length + len(after)
    columns = (encoded[length + index :: step] for index in range(len(after)))
    repeats = min(
        len(column) - len(column.lstrip(after[index : index + 1]))
        for index, column in enumerate(columns)
    )
    rest = _runs(encoded[repeats * step :]) if len(encoded) - repeats * step <= 4 * step else None
    return None if rest is None else [(length, after.decode("latin-1"), repeats), *rest]


def _runs(encoded: bytes) -> _Runs | None:
    runs: _Runs = []
    for match in _CHUNK.finditer(encoded):
        length, after = len(match[1]), match[2].decode("latin-1")
        if not length and not after:
            continue
        if runs and runs[-1][0] == length and runs[-1][1] == after:
            runs[-1] = (length, after, runs[-1][2] + 1)
        elif len(runs) >= _MAX_RUNS or len(after) > _MAX_AFTER:
            return None
        else:
            runs.append((length, after, 1))
    return runs


def _written(text: bytes, runs: Sequence[Sequence[Any]], *, padded: bool) -> bytes:
    """The digits of `text` as they were broken up."""
    if not padded:
        text = text.rstrip(b"=")
    pieces = []
    position = 0
    for length, after, repeats in runs:
        ending = after.encode("latin-1")
        end = position + length * repeats
        if length:
            lines = [text[at : at + length] for at in range(position, end, length)]
            pieces.append(ending.join(lines))
            pieces.append(ending)
        else:
            pieces.append(ending * repeats)
        position = end
    return b"".join(pieces)
