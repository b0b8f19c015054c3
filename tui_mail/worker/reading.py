"""A stored message in whole again: its row, its bytes, its parts.

Hides skeleton and blobs, and that a message may have been sent in several pieces.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui_mail.blobs import BlobStore
from tui_mail.db import messages
from tui_mail.db.engine import Database
from tui_mail.db.pieces import PieceRow, pieces_beside
from tui_mail.db.rows import AttachmentRow, MessageRow
from tui_mail.errors import Away, NotFound, TuiMailError
from tui_mail.i18n import _, ngettext
from tui_mail.mail.certified import judged
from tui_mail.mail.envelopes import without_envelope
from tui_mail.mail.parse import parse
from tui_mail.mail.pieces import HeldPiece, gather, joined, piece_of
from tui_mail.mail.source import restore
from tui_mail.mail.structure import read_structure
from tui_mail.values import Gathered, ParsedAttachment, ParsedMessage, Piece
from tui_mail.worker.opening import away_sentence, opener

_MOST_NAMED = 3
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """A message ready to be shown; `raw` is byte for byte what came.

    `lost` says which attachments' bytes could not be had, and why; they are empty in `raw` and
    `parsed`, as are those that `row` says are away. `losses`: the errors, by the name of the blob. Of one
    that is a piece of another, `gathered` says what became of the pieces; where they make the whole,
    `parsed` is that, and so are subject and attachments of `row`, and `pieces` is the head of each
    of them as it came. Of a certified letter `parsed` has the text alone, `envelope` the words of
    its provider.
    """

    row: MessageRow
    raw: bytes
    parsed: ParsedMessage
    lost: str = ""
    gathered: Gathered | None = None
    pieces: tuple[ParsedMessage, ...] = ()
    losses: Mapping[str, TuiMailError] = field(default_factory=dict)
    envelope: str = ""

    @property
    def refusal(self) -> TuiMailError | None:
        """Why the message cannot be given back as it came: which files, of the first one's kind."""
        first = next(iter(self.losses.values()), None)
        return type(first)(self.lost) if first is not None else None

    def refusal_of(self, number: int) -> TuiMailError | None:
        """Why attachment `number` is not to be had, as the folder said it; None where nothing is lost."""
        row = next((one for one in self.row.attachments if one.number == number), None)
        if row is None or not self.losses or self.lacks(number) or _is_whole(self, row):
            return None
        error = self.losses.get(row.blob) or next(iter(self.losses.values()))
        return type(error)(_lost((row,), {row.blob: error.message}))

    @property
    def away(self) -> bool:
        """Whether files are with a server only, and empty here."""
        return any(one.away for one in self.row.attachments)

    def lacks(self, number: int) -> bool:
        """Whether attachment `number` is with a server only, or inside of another that is."""
        return self.away and any(
            one.number == number and one.blob not in self.losses and not _is_whole(self, one)
            for one in self.row.attachments
        )


class Reader:
    """Opens messages for one operator."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        operator_id: int,
        authorities: Sequence[bytes] = (),
    ) -> None:
        """`authorities`: as `Ingest` takes them."""
        self._database = database
        self.authorities = authorities
        self._open = opener(database, blobs)
        self._operator_id = operator_id

    async def open(self, message_id: int) -> OpenedMessage:
        """A message that the operator may read, parsed, off the event loop.

        Raises NotFound.
        """
        return await asyncio.to_thread(self.open_now, message_id)

    def open_now(self, message_id: int) -> OpenedMessage:
        """`open`, for code that is in a thread or on the command line."""
        row = self._database.read_now(messages.message, self._operator_id, message_id)
        skeleton, _blobs = self._database.read_now(messages.source, self._operator_id, message_id)
        losses: dict[str, TuiMailError] = {}
        away: set[str] = set()

        def fetch(blob: str) -> bytes:
            try:
                return self._open(blob)
            except Away:
                away.add(blob)
            except TuiMailError as error:
                losses[blob] = error
            return b""

        raw = restore(skeleton, fetch)
        if away:
            files = tuple(replace(one, away=one.blob in away) for one in row.attachments)
            row = replace(row, attachments=files)
        lost = _lost(row.attachments, {blob: error.message for blob, error in losses.items()})
        parsed, envelope = without_envelope(judged(parse(raw), self.authorities))
        opened = OpenedMessage(row, raw, parsed, lost, losses=losses, envelope=envelope)
        piece = opened.parsed.piece
        whole = not lost and not away
        return self._made_whole(opened, piece) if piece is not None and whole else opened

    def _made_whole(self, opened: OpenedMessage, piece: Piece) -> OpenedMessage:
        """A piece as the message that it is one of, where all are here; else what there is of it."""
        from tui_mail.archives.bytes_of import LARGEST_MESSAGE  # archives are for imports

        row = opened.row
        content = opened.parsed.attachments[0].content
        own = HeldPiece(row.id, piece, hashlib.sha256(content).hexdigest(), len(content))
        beside = self._database.read_now(pieces_beside, self._operator_id, row.id)
        held = [one for one in map(_held, beside) if one is not None]
        gathered = gather(own, held, LARGEST_MESSAGE)
        skeletons = {one.message_id: one.skeleton for one in beside}
        try:
            raws = [
                opened.raw if one == row.id else restore(skeletons[one], self._open)
                for one in gathered.message_ids
            ]
        except TuiMailError:
            gathered = replace(gathered, message_ids=(), reason="lost")
        if not gathered.message_ids:
            return replace(opened, gathered=gathered)
        whole = parse(joined(raws))
        return replace(
            opened,
            row=replace(row, subject=whole.subject, attachments=_attachment_rows(whole)),
            parsed=whole,
            gathered=gathered,
            pieces=tuple(map(_head, raws)),
        )

    async def attachment(self, message_id: int, number: int) -> ParsedAttachment:
        """Attachment `number`, counted from 1.

        Raises NotFound.
        """
        opened = await self.open(message_id)
        return attachment_of(opened, number)


def _lost(files: Sequence[AttachmentRow], losses: Mapping[str, str]) -> str:
    """Which files cannot be had, and why: a sentence or two for each reason."""
    names: dict[str, list[str]] = {reason: [] for reason in losses.values()}
    for file in files:
        if file.blob in losses:
            name = " ".join(file.name.split()) or file.media_type
            names[losses[file.blob]].append(name[:_LONGEST_NAME])
    return " ".join(f"{_unopened(some)}{reason}" for reason, some in names.items())


def _unopened(names: Sequence[str]) -> str:
    if not names:
        return ""
    told = ", ".join(_("“{name}”").format(name=name) for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    if more > 0:
        words = ngettext("{names} and {count} more", "{names} and {count} more", more)
        told = words.format(names=told, count=more)
    sentence = ngettext("{names} cannot be opened.", "{names} cannot be opened.", len(names))
    return sentence.format(names=told) + " "


def _held(row: PieceRow) -> HeldPiece | None:
    """None when a part of the message is a piece, and not the message itself."""
    try:
        head = restore(row.skeleton, lambda _name: b"")
    except TuiMailError:
        return None
    piece = piece_of(read_structure(head))
    return HeldPiece(row.message_id, piece, row.sha256, row.size) if piece else None


def _head(raw: bytes) -> ParsedMessage:
    """What a piece says above what it holds."""
    return parse(raw[: read_structure(raw).root.start])


def _attachment_rows(whole: ParsedMessage) -> tuple[AttachmentRow, ...]:
    """The files of a joined message; they are in no blob of their own."""
    return tuple(
        AttachmentRow(
            number=number,
            name=one.name,
            media_type=one.media_type,
            size=len(one.content),
            sha256=hashlib.sha256(one.content).hexdigest(),
            blob="",
            inline=one.inline,
        )
        for number, one in enumerate(whole.attachments, 1)
    )


def attachment_of(opened: OpenedMessage, number: int) -> ParsedAttachment:
    """Attachment `number` of an opened message, counted from 1.

    Raises NotFound when there is none, or its bytes are lost, Away when they are with a server.
    """
    if opened.lacks(number):
        raise Away(away_sentence())
    if refusal := opened.refusal_of(number):
        raise NotFound(refusal.message) from refusal
    try:
        return opened.parsed.attachments[number - 1]
    except IndexError as error:
        raise NotFound(
            _("The message has no attachment {number}.").format(number=number)
        ) from error


def whole_attachments(opened: OpenedMessage) -> tuple[ParsedAttachment, ...]:
    """The attachments whose bytes are at hand, in their order."""
    if not opened.losses and not opened.away:
        return opened.parsed.attachments
    return tuple(
        opened.parsed.attachments[row.number - 1]
        for row in opened.row.attachments
        if _is_whole(opened, row)
    )


def _is_whole(opened: OpenedMessage, row: AttachmentRow) -> bool:
    """Whether what was parsed in the place of a file is what the file was: what lies within a lost
    one is not there, and those behind it may have moved up."""
    found = opened.parsed.attachments[row.number - 1 : row.number]
    return bool(found) and hashlib.sha256(found[0].content).hexdigest() == row.sha256
