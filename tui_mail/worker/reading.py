"""A stored message in whole again: its row, its bytes, its parts. Hides skeleton and blobs."""

import asyncio
from dataclasses import dataclass

from tui_mail.blobs import BlobStore
from tui_mail.db import messages
from tui_mail.db.engine import Database
from tui_mail.db.rows import MessageRow
from tui_mail.errors import NotFound, TuiMailError
from tui_mail.i18n import _
from tui_mail.mail.parse import parse
from tui_mail.mail.source import restore
from tui_mail.values import ParsedAttachment, ParsedMessage


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """A message ready to be shown; `raw` is byte for byte what came.

    `lost` says why the attachments' bytes could not be had; they are empty then.
    """

    row: MessageRow
    raw: bytes
    parsed: ParsedMessage
    lost: str = ""


class Reader:
    """Opens messages for one operator."""

    def __init__(self, database: Database, blobs: BlobStore, operator_id: int) -> None:
        self._database = database
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
        return OpenedMessage(row, raw, parse(raw), lost)

    async def attachment(self, message_id: int, number: int) -> ParsedAttachment:
        """Attachment `number`, counted from 1.

        Raises NotFound.
        """
        opened = await self.open(message_id)
        return attachment_of(opened, number)


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
