"""Moves to a folder that is called by its name, as programs do, each message within its account."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db import actions
from tui_mail.db.folders import folder_named
from tui_mail.db.many import chunks, key_of
from tui_mail.db.tables import Folder, Placement


def move_to_named(
    session: Session, operator_id: int, placement_ids: Collection[int], name: str, now: datetime
) -> list[int]:
    """Move placements to the folder called `name` of the account that each is in; the changes' ids.

    Raises NotFound when an account has no such folder, NotAllowed.
    """
    by_account: defaultdict[int, list[int]] = defaultdict(list)
    for part in chunks(placement_ids):
        query = (
            select(col(Placement.id), col(Folder.account_id))
            .join(Folder, col(Folder.id) == col(Placement.folder_id))
            .where(col(Placement.id).in_(part))
        )
        for placement_id, account_id in session.execute(query):
            by_account[account_id].append(placement_id)
    return [
        actions.move(
            session,
            operator_id,
            placements,
            key_of(folder_named(session, account_id, name).id),
            now,
        )
        for account_id, placements in by_account.items()
    ]
