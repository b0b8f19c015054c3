"""Keeps a letter while it is written: one saving at a time, over what was seen last.

Hides draft ids and versions, and what to do when another window has changed the same draft.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_mail.db.address_book import SenderRow
from tui_mail.db.draft_content import DraftContent
from tui_mail.errors import NotFound
from tui_mail.worker.drafting import Kept, Sheet, keep, send

if TYPE_CHECKING:
    from tui_mail.db.outbox import Enqueued
    from tui_mail.ui.parts import Parts


class Keeper:
    """The draft of one letter on the desk."""

    def __init__(self, parts: "Parts", sheet: Sheet, saved_at: datetime | None) -> None:
        self._parts = parts
        self._begun = sheet
        self._seen = sheet  # what the draft holds, or what the letter began with
        self._lock = asyncio.Lock()
        self._gone = False  # sent: nothing is to be kept any more
        self.saved_at = saved_at

    @property
    def sheet(self) -> Sheet:
        return self._seen

    def on_desk(self, content: DraftContent, account_id: int) -> Sheet:
        """The letter as it is now, over the draft that was seen last."""
        return replace(self._seen, content=content, account_id=account_id)

    def is_new(self, content: DraftContent, account_id: int) -> bool:
        """Whether something is not saved yet."""
        return self.on_desk(content, account_id) != self._seen

    async def save(self, content: DraftContent, account_id: int) -> Kept | None:
        """Save what is not saved yet; None when everything is. Raises what the database raises."""
        async with self._lock:
            if self._gone or not self.is_new(content, account_id):
                return None
            sheet = self.on_desk(content, account_id)
            kept = await self._parts.database.write(
                keep, self._parts.operator_id, sheet, datetime.now(UTC)
            )
            self._seen = replace(sheet, draft_id=kept.draft_id, version=kept.version)
            self.saved_at = kept.at
            return kept

    async def leave(self, content: DraftContent, account_id: int) -> bool:
        """The writer goes: keep the letter, or nothing when nothing was written. True: it is kept."""
        begun, now = self._begun, self.on_desk(content, account_id)
        untouched = (now.content, now.account_id) == (begun.content, begun.account_id)
        if begun.draft_id is None and untouched:
            await self._drop()
            return False
        await self.save(content, account_id)
        return self._seen.draft_id is not None

    async def _drop(self) -> None:
        from tui_mail.db.drafts import delete_draft

        async with self._lock:
            if self._seen.draft_id is not None:
                await self._parts.database.write(
                    delete_draft, self._parts.operator_id, self._seen.draft_id
                )
                self._seen = self._begun

    async def send(self, content: DraftContent, sender: SenderRow, hold_seconds: int) -> "Enqueued":
        """Hand the letter to the outbox, its draft goes with it.

        Raises WrongData, NotAllowed, what the database raises, and NotFound when the draft was
        sent or deleted in another window: from then on the letter counts as a new one.
        """
        async with self._lock:
            sheet = self.on_desk(content, sender.account_id)
            try:
                done = await self._parts.database.write(
                    send,
                    self._parts.operator_id,
                    sender,
                    sheet,
                    hold_seconds,
                    datetime.now(UTC),
                )
            except NotFound:
                self._seen = replace(self._begun, draft_id=None, version=0)
                raise
            self._gone = True
            return done
