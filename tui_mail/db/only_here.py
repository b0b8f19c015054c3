"""What of an account no server and no other account has: it would be lost with the account."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlmodel import Session, col

from tui_mail.db.accounts import account_by_email
from tui_mail.db.folders import NO_MORE
from tui_mail.db.many import key_of
from tui_mail.db.outbox_states import NOT_GONE
from tui_mail.db.picked_up import THERE
from tui_mail.db.rights import require
from tui_mail.db.tables import Draft, Folder, Message, Operation, Outgoing, PickedUp, Placement
from tui_mail.db.unindexed import unindexed


@dataclass(frozen=True, slots=True)
class OnlyHere:
    """How many messages, letters being written, and letters that have not gone out."""

    messages: int = 0
    drafts: int = 0
    letters: int = 0


def only_here(session: Session, operator_id: int, email: str) -> OnlyHere:
    """What would be lost with the account of an address, which the operator manages.

    A message that its server was to move counts until it is seen where it went to.
    """
    account_id = key_of(account_by_email(session, email, operator_id).id)
    require(session, operator_id, account_id, "manage")
    messages = select(func.count()).where(
        col(Message.id).in_(_placed(col(Folder.account_id) == account_id)),
        col(Message.id).not_in(_placed(col(Folder.account_id) != account_id)),
        col(Message.id).not_in(_placed(col(Folder.account_id) == account_id, *_at_server())),
        ~exists().where(
            col(PickedUp.account_id) == account_id,
            col(PickedUp.content_hash) == col(Message.content_hash),
            col(PickedUp.state) == THERE,
        ),
    )
    drafts = select(func.count()).where(col(Draft.account_id) == account_id)
    letters = select(func.count()).where(
        unindexed(col(Outgoing.account_id)) == account_id, col(Outgoing.state).in_(NOT_GONE)
    )
    return OnlyHere(*(session.scalar(query) or 0 for query in (messages, drafts, letters)))


def _placed(*conditions: ColumnElement[bool]) -> Select[int]:
    """The messages that have such a placement."""
    return (
        select(col(Placement.message_id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .where(*conditions)
    )


def _at_server() -> tuple[ColumnElement[bool], ...]:
    """Whether a server has the placement, or what is to be moved to be it."""
    moving = exists().where(
        col(Operation.placement_id) == col(Placement.id), col(Operation.remote) != ""
    )
    return (
        or_(col(Placement.remote) != "", moving),
        ~col(Folder.gone),
        ~col(Folder.remote).startswith(NO_MORE, autoescape=True),
    )
