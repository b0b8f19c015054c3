"""Secrets of one installation that its programs share, made when they are first wanted."""

import secrets

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tui_mail.db.tables import Secret

_LETTERS = "letters"
_BYTES = 32


def letter_key(session: Session) -> bytes | None:
    """What the identifiers of our letters are signed with; None before there was one."""
    found = session.scalar(select(col(Secret.value)).where(col(Secret.name) == _LETTERS))
    return None if found is None else bytes.fromhex(found)


def made_letter_key(session: Session) -> bytes:
    """The same, made now when there is none."""
    found = letter_key(session)
    if found is not None:
        return found
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {"name": _LETTERS, "value": secrets.token_hex(_BYTES)}
    # Another host may be the first.
    session.execute(make(Secret).values(row).on_conflict_do_nothing())
    return letter_key(session) or bytes.fromhex(row["value"])
