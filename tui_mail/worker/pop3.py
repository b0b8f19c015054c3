"""Empties a POP3 mailbox into the inbox, and deletes there what need not stay there.

A message is known by the ledger, which is written with it: nothing is deleted at the server that is
not in the database, and who is killed anywhere in between finds out from the next listing.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.db import folders, picked_up
from tui_mail.db.engine import Database
from tui_mail.db.picked_up import Picked
from tui_mail.db.session import Session
from tui_mail.db.tables import Account, Folder
from tui_mail.errors import ProtocolRefused
from tui_mail.values import Fetched, FolderRole
from tui_mail.worker.fetch import Report, bring
from tui_mail.worker.ingest import Ingest, Outcome

log = logging.getLogger(__name__)


class PickUp:
    """Goes to one mailbox, in one session each time, since nobody else gets in meanwhile."""

    def __init__(
        self, database: Database, drop: Pop3Drop, ingest: Ingest, *, report: Report
    ) -> None:
        self._database = database
        self._drop = drop
        self._ingest = ingest
        self._report = report

    async def account(self, account: Account) -> int:
        """Fetch what is new, and delete what is due; how many messages came.

        Raises what the server refuses when all else is done, and what `Pop3Drop` raises.
        """
        assert account.id is not None
        try:
            await self._drop.open()
            return await self._empty(account, account.id)
        finally:
            await self._drop.close()

    async def _empty(self, account: Account, account_id: int) -> int:
        sizes = await self._drop.listing()
        if not self._drop.names_messages:
            log.info(
                "account %d: the server has no UIDL, messages go by what they hold", account_id
            )
        await self._database.write(picked_up.leave, account_id, sizes)
        wanted = await self._missing(account_id, sizes)
        folder = await self._database.write(_inbox, account_id)
        came: set[str] = set()
        refused: ProtocolRefused | None = None
        try:
            await self._fetch(folder, wanted, sizes, came)
        except ProtocolRefused as error:
            refused = error
        await self._delete_due(account, account_id, sizes, came)
        if refused is not None:
            raise refused
        return len(came)

    async def _missing(self, account_id: int, sizes: Mapping[str, int]) -> list[str]:
        """Keys of what is not here, newest first.

        A key that had been gone, or whose message has another size, may be another message's now:
        its header fields tell.
        """
        known = await self._database.read(picked_up.picked, account_id, list(sizes))
        doubtful = [key for key in sizes if key in known and not _is_plain(known[key], sizes[key])]
        heads = await self._drop.heads(doubtful) if doubtful else {}
        same = [
            Picked(key, one.content_hash, one.head, sizes[key])
            for key in doubtful
            for one in known[key]
            if one.head == heads.get(key)
        ]
        if same:
            await self._database.write(picked_up.note, account_id, same, datetime.now(UTC))
        kept = {one.key for one in same} | (known.keys() - set(doubtful))
        return [key for key in sizes if key not in kept]

    async def _fetch(
        self, folder: Folder, wanted: Sequence[str], sizes: Mapping[str, int], came: set[str]
    ) -> None:
        """`came` is told what is in the database."""

        async def store(batch: Sequence[Fetched]) -> Outcome:
            outcome = await self._ingest.pick_up(
                folder.account_id, folder.id or 0, batch, {one.key: sizes[one.key] for one in batch}
            )
            came.update(one.key for one in batch)
            return outcome

        async def pause() -> None:
            """Nothing that is done here is told to a server of this kind."""

        if wanted:
            await bring(folder, wanted, self._drop.fetch, store, report=self._report, pause=pause)

    async def _delete_due(
        self, account: Account, account_id: int, sizes: Mapping[str, int], came: set[str]
    ) -> None:
        seen_by = None
        if account.leave_days is not None:
            seen_by = datetime.now(UTC) - timedelta(days=account.leave_days)
        found = await self._database.read(
            picked_up.due, account_id, seen_by, deleted_here=account.delete_there
        )
        due = {one.key: one for one in found if one.key in sizes}
        if not due:
            return
        before = [key for key in due if key not in came]
        heads = await self._drop.heads(before) if before else {}
        # Never another message under the same key: it is fetched the next time.
        others = {key for key in before if heads.get(key) != due[key].head}
        if others:
            await self._database.write(picked_up.set_state, account_id, others, picked_up.GONE)
        deleted = await self._drop.delete([key for key in due if key not in others])
        await self._database.write(picked_up.set_state, account_id, deleted, picked_up.DELETED)


def _is_plain(known: Sequence[Picked], size: int) -> bool:
    """Whether the key surely stands for what it stood for."""
    return any(one.state == picked_up.THERE and one.size == size for one in known)


def _inbox(session: Session, account_id: int) -> Folder:
    return folders.folder_for_role(session, account_id, FolderRole.INBOX)
