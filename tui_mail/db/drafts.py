"""Letters being written: saved as they grow, never overwritten by who has not seen the last one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Select, delete, func, select, update
from sqlmodel import Session, col

from tui_mail.db.draft_content import encode, of_letter
from tui_mail.db.journal import journal
from tui_mail.db.many import key_of
from tui_mail.db.rights import require
from tui_mail.db.rows import DraftRow
from tui_mail.db.tables import Account, Change, Draft, Outgoing
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotFound, TryLater, WrongData
from tui_mail.i18n import _
from tui_mail.values import Letter

_KEPT = "draft"
_BEFORE_KEY = 64 + 1 + 20 + 1  # a SHA-256 and a draft's id, each with a space


def save_draft(
    session: Session,
    operator_id: int,
    draft_id: int | None,
    account_id: int,
    content: str,
    *,
    version: int,
    in_reply_to_id: int | None = None,
    answer: str = "",
    now: datetime,
) -> DraftRow:
    """Save a draft, a new one without `draft_id`, over the `version` that the writer has seen.

    Raises TryLater when it was changed meanwhile, NotFound when it is gone, NotAllowed when the
    operator may not send from the account.
    """
    require(session, operator_id, account_id, "send")
    if draft_id is None:
        new = Draft(
            account_id=account_id,
            operator_id=operator_id,
            content=content,
            in_reply_to_id=in_reply_to_id,
            answer=answer,
            version=1,
            updated_at=now,
        )
        session.add(new)
        session.flush()
        publish(session, Topic.DRAFTS)
        return draft(session, operator_id, key_of(new.id))
    statement = (
        update(Draft)
        .where(
            col(Draft.id) == draft_id,
            col(Draft.operator_id) == operator_id,
            col(Draft.version) == version,
        )
        .values(account_id=account_id, content=content, version=version + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", session.execute(statement)).rowcount == 0:
        draft(session, operator_id, draft_id)  # NotFound, when that is why
        raise TryLater(
            _("The draft was changed in another window: open it again, then add your words.")
        )
    publish(session, Topic.DRAFTS)
    return draft(session, operator_id, draft_id)


def save_letter(
    session: Session,
    operator_id: int,
    account_id: int,
    letter: Letter,
    entity_ids: Sequence[int],
    now: datetime,
) -> int:
    """Save a letter as a new draft, as the composer would hold it; returns its id.

    Raises NotAllowed when the operator may not send from the account.
    """
    return save_draft(
        session, operator_id, None, account_id, content_of(letter, entity_ids), version=0, now=now
    ).id


def kept_by_key(session: Session, operator_id: int, key: str, fingerprint: str) -> int | None:
    """The draft that a program's key made, even if it was sent or deleted since; None: none.

    Raises WrongData when the key belongs to another letter.
    """
    used = select(col(Outgoing.id)).where(col(Outgoing.idempotency_key) == key)
    made = select(col(Change.detail)).where(
        col(Change.operator_id) == operator_id,
        col(Change.verb) == _KEPT,
        func.substr(col(Change.detail), _BEFORE_KEY + 1) == key,
    )
    detail = session.scalars(made.limit(1)).first()
    if session.scalar(used) is not None or (detail and not detail.startswith(f"{fingerprint} ")):
        raise WrongData(
            _("The idempotency key belongs to a letter with other content: use a new key.")
        )
    return int(detail[:_BEFORE_KEY].split()[1]) if detail else None


def note_key(
    session: Session, operator_id: int, draft_id: int, key: str, fingerprint: str, now: datetime
) -> None:
    """Write down which key made a draft; it stays when the draft goes."""
    journal(session, operator_id, now, _KEPT, f"{fingerprint} {draft_id:020} {key}", {})


def content_of(letter: Letter, entity_ids: Sequence[int] = ()) -> str:
    """A letter as a draft's JSON."""
    return encode(of_letter(letter, entity_ids))


def drafts(session: Session, operator_id: int) -> list[DraftRow]:
    """The operator's drafts, the latest first."""
    query = _rows(operator_id).order_by(col(Draft.updated_at).desc(), col(Draft.id).desc())
    return [DraftRow(**row._asdict()) for row in session.execute(query)]


def draft(session: Session, operator_id: int, draft_id: int) -> DraftRow:
    """One of the operator's drafts. Raises NotFound."""
    row = session.execute(_rows(operator_id).where(col(Draft.id) == draft_id)).first()
    if row is None:
        raise NotFound(_("This draft is not there any more: it was sent or deleted."))
    return DraftRow(**row._asdict())


def delete_draft(session: Session, operator_id: int, draft_id: int) -> None:
    """Take a draft away; nothing happens when it is gone already."""
    statement = delete(Draft).where(
        col(Draft.id) == draft_id, col(Draft.operator_id) == operator_id
    )
    session.execute(statement.execution_options(synchronize_session=False))
    publish(session, Topic.DRAFTS)


def _rows(operator_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(Draft.id),
            col(Draft.account_id),
            col(Account.email).label("account"),
            col(Draft.content),
            col(Draft.in_reply_to_id),
            col(Draft.answer),
            col(Draft.version),
            col(Draft.updated_at),
        )
        .join(Account, col(Account.id) == col(Draft.account_id))
        .where(col(Draft.operator_id) == operator_id)
    )
