"""Two rows that turn out to be one record: what hangs on the one hangs on the other then."""

from sqlalchemy import delete, or_, select, update
from sqlmodel import Session, SQLModel, col

from tui_mail.db.tables import (
    Address,
    DocumentLine,
    Entity,
    EntityRelation,
    EntityWaiting,
    FolderRecord,
    LearnedAddress,
    Link,
    OutgoingLink,
)


def merge(session: Session, gone_id: int, kept_id: int) -> None:
    """Take the row `gone_id` away; its links, addresses and what is of it become those of `kept_id`.

    Where both have the same, the one that is kept has its own, but for addresses: the ERP's count.
    """
    mine = or_(col(Address.party_id) == kept_id, col(Address.contact_id) == kept_id)
    theirs = or_(col(Address.party_id) == gone_id, col(Address.contact_id) == gone_id)
    if session.scalar(select(col(Address.id)).where(theirs).limit(1)) is not None:
        session.execute(delete(Address).where(mine))
    _move(session, Link, "entity_id", "message_id", gone_id, kept_id)
    _move(session, OutgoingLink, "entity_id", "outgoing_id", gone_id, kept_id)
    _move(session, LearnedAddress, "entity_id", "email", gone_id, kept_id)
    _move(session, DocumentLine, "entity_id", "line", gone_id, kept_id)
    _move(session, EntityRelation, "source_id", "target_id", gone_id, kept_id)
    _move(session, EntityRelation, "target_id", "source_id", gone_id, kept_id)
    for table, name in (
        (Address, "party_id"),
        (Address, "contact_id"),
        (Entity, "party_id"),
        (Entity, "contact_id"),
        (FolderRecord, "entity_id"),
    ):
        column = getattr(table, name)
        session.execute(update(table).where(column == gone_id).values({name: kept_id}))
    session.execute(delete(EntityWaiting).where(col(EntityWaiting.entity_id) == gone_id))
    session.execute(delete(Entity).where(col(Entity.id) == gone_id))
    session.expire_all()


def _move(
    session: Session, table: type[SQLModel], name: str, beside: str, gone_id: int, kept_id: int
) -> None:
    """Rows of `gone_id` become rows of `kept_id`, where that has none with the same `beside`."""
    column, other = getattr(table, name), getattr(table, beside)
    there = select(other).where(column == kept_id)
    session.execute(delete(table).where(column == gone_id, other.in_(there)))
    session.execute(update(table).where(column == gone_id).values({name: kept_id}))
