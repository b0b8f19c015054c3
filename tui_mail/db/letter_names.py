"""Names that servers gave letters of ours in the place of the Message-ID that we made up.

Learnt from the copy that a server files, which knows both (Outlook.com, Gmail); answers know only
the server's.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers, among_texts
from tui_mail.db.bulk import insert_rows
from tui_mail.db.counters import refresh
from tui_mail.db.many import key_of, rows_of
from tui_mail.db.regrouping import regroup
from tui_mail.db.tables import LetterName, Message
from tui_mail.db.threads import LONGEST_IDENTIFIER, assign


def learn(session: Session, names: Mapping[str, int]) -> list[int]:
    """Keep names and the messages that they mean; the messages of conversations that became one by
    it: answers came before the name was known."""
    short = {name[:LONGEST_IDENTIFIER]: letter for name, letter in names.items()}
    known = {name for name, _thread in named(session, short)}
    new = {name: letter for name, letter in short.items() if name not in known}
    if not new:
        return []
    insert_rows(session, LetterName, [{"name": one, "message_id": new[one]} for one in new])
    own = select(col(Message.id), col(Message.message_id)).where(
        among_numbers(col(Message.id), "some")
    )
    headers = {row[0]: row[1] for row in session.execute(own, {"some": {*new.values()}})}
    assigned = assign(session, [(headers[letter], name) for name, letter in new.items()])
    regrouped = regroup(session, set(assigned.thread_ids))
    refresh(session, assigned.touched | regrouped.touched)
    joined = select(col(Message.id)).where(among_numbers(col(Message.thread_id), "some"))
    threads = {*assigned.merged.values()}
    return [key_of(one) for one in session.scalars(joined, {"some": threads})] if threads else []


def named(session: Session, identifiers: Collection[str]) -> dict[tuple[str, int], int]:
    """A server's name of a letter and the conversation -> the letter."""
    if not identifiers:
        return {}
    rows = rows_of(session, _named(), {"some": identifiers})
    return {(name, thread_id): letter for name, thread_id, letter in rows}


@cache
def _named() -> Select[*tuple[Any, ...]]:
    return (
        select(col(LetterName.name), col(Message.thread_id), col(Message.id))
        .join(Message, col(Message.id) == col(LetterName.message_id))
        .where(among_texts(col(LetterName.name), "some"))
    )
