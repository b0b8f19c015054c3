"""A stored message in whole again: its row, its bytes, its parts.

Hides skeleton and blobs, and that a message may have been sent in several pieces.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui_mail.blobs import BlobStore
from tui_mail.db import messages
from tui_mail.db.engine import Database
from tui_mail.db.pieces import PieceRow, pieces_beside
from tui_mail.db.rows import AttachmentRow, MessageRow
from tui_mail.errors import NotFound, TuiMailError
from tui_mail.i18n import _
from tui_mail.mail.certified import judged
from tui_mail.mail.parse import parse
from tui_mail.mail.pieces import HeldPiece, gather, joined, piece_of
from tui_mail.mail.source import restore
from tui_mail.mail.structure import read_structure
from tui_mail.values import Gathered, ParsedAttachment, ParsedMessage, Piece


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """A message ready to be shown; `raw` is byte for byte what came.

    `lost` says why the attachments' bytes could not be had; they are empty then. Of one that is a
    piece of another, `gathered` says what became of the pieces; where they make the whole, `parsed`
    is that, and so are subject and attachments of `row`, and `pieces` is the head of each of them
    as it came.
    """

    row: MessageRow
    raw: bytes
    parsed: ParsedMessage
    lost: str = ""
    gathered: Gathered | None = None
    pieces: tuple[ParsedMessage, ...] = ()


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
        self._blobs = blobs
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
        try:
            raw, lost = restore(skeleton, self._blobs.open), ""
        except TuiMailError as error:
            raw, lost = restore(skeleton, lambda _name: b""), error.message
        opened = OpenedMessage(row, raw, judged(parse(raw), self.authorities), lost)
        piece = opened.parsed.piece
        return opened if piece is None or lost else self._made_whole(opened, piece)

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
                opened.raw if one == row.id else restore(skeletons[one], self._blobs.open)
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

    Raises NotFound when there is none, or its bytes are lost.
    """
    if opened.lost:
        raise NotFound(opened.lost)
    try:
        return opened.parsed.attachments[number - 1]
    except IndexError as error:
        raise NotFound(
            _("The message has no attachment {number}.").format(number=number)
        ) from error
