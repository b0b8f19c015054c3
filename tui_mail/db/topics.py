"""What a transaction changed, for those who show it."""

from enum import StrEnum

from sqlmodel import Session

_KEY = "tui_mail_topics"


class Topic(StrEnum):
    """A part of the database that screens re-read when it changed."""

    ACCOUNTS = "accounts"
    FOLDERS = "folders"
    MAIL = "mail"
    LINKS = "links"
    ERP = "erp"
    OUTBOX = "outbox"
    OPERATIONS = "operations"
    DRAFTS = "drafts"
    AGENDA = "agenda"
    SEARCHES = "searches"
    FILES = "files"


def publish(session: Session, *topics: Topic) -> None:
    """Tell everyone, once this transaction is committed, that `topics` changed."""
    session.info.setdefault(_KEY, set()).update(topics)


def published(session: Session) -> frozenset[Topic]:
    """The topics that this transaction has published so far."""
    return frozenset(session.info.get(_KEY, ()))
