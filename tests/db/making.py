"""Mail and accounts for the tests of the database, made without parsing anything."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from tui_mail.db.accounts import add_account, operator_for
from tui_mail.db.conversations import message_rows
from tui_mail.db.engine import Database
from tui_mail.db.folders import folder_for_role, reconcile_folders
from tui_mail.db.many import key_of
from tui_mail.db.messages import Arrival, Prepared, PreparedAttachment, Saved, save
from tui_mail.db.rows import ListRow
from tui_mail.db.tables import Account, Conversation, Folder, Placement
from tui_mail.db.whole_threads import place_in_thread
from tui_mail.mail.threads import thread_keys
from tui_mail.search.words import MOST_OF_BODY, joined_words
from tui_mail.values import FolderRole, Mailbox, ParsedMessage, RemoteFolder

START = datetime(2026, 1, 1, 8, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

REMOTE_FOLDERS = (
    RemoteFolder("INBOX", "INBOX", FolderRole.INBOX),
    RemoteFolder("Archivio", "Archivio", FolderRole.ARCHIVE),
    RemoteFolder("Cestino", "Cestino", FolderRole.TRASH),
    RemoteFolder("Clienti.Rossi", "Clienti/Rossi"),
)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def analyzed(session: Session) -> None:
    """Let PostgreSQL count what its tables hold, as it does by itself. Nobody tells SQLite: what it
    does there with statistics, it would not do for anybody."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("ANALYZE"))


def parsed(
    identifier: str = "",
    *,
    references: Iterable[str] = (),
    subject: str = "Ordine",
    sender: str = "anna@rossi.it",
    to: str = "vendite@noi.it",
    text: str = "Buongiorno",
) -> ParsedMessage:
    named = tuple(references)
    mailbox = Mailbox(sender, "Anna Rossi")
    return ParsedMessage(
        message_id=identifier,
        in_reply_to=named[-1:],
        references=named,
        subject=subject,
        sender=mailbox,
        senders=(mailbox,),
        reply_to=(),
        to=(Mailbox(to, "Vendite"),),
        cc=(),
        bcc=(),
        date=START,
        text=text,
        new_text=text,
        html="",
        attachments=(),
        size=len(text),
    )


def prepared(
    identifier: str = "",
    *,
    salt: object = "",
    attachments: tuple[PreparedAttachment, ...] = (),
    **fields: Any,
) -> Prepared:
    """A message; another `salt` is another content with the same identifier."""
    message = parsed(identifier, **fields)
    content = repr((message, salt))
    content_hash = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    return Prepared(
        parsed=message,
        content_hash=content_hash,
        skeleton=content.encode("utf-8", "surrogatepass"),
        attachments=attachments,
        body_words=joined_words(message.text, MOST_OF_BODY),
        thread_keys=thread_keys(message, content_hash),
        own=False,
    )


def arrival(
    identifier: str,
    remote: str = "",
    *,
    minutes: int = 0,
    flags: Iterable[str] = (),
    **fields: Any,
) -> Arrival:
    return Arrival(prepared(identifier, **fields), remote, frozenset(flags), at(minutes))


class Office:
    """An operator with one account, and what tests do with them, each step a transaction."""

    def __init__(
        self, database: Database, *, protocol: str = "imap", email: str = "anna@noi.it"
    ) -> None:
        self.database = database
        self.operator = key_of(database.write_now(operator_for, "anna").id)
        self.account = self.add(email, protocol)
        if protocol == "imap":
            database.write_now(reconcile_folders, self.account, REMOTE_FOLDERS)

    def add(self, email: str, protocol: str = "local", *, shared: bool = False) -> int:
        account = Account(email=email, protocol=protocol, shared=shared)
        return key_of(self.database.write_now(add_account, account, self.operator).id)

    def folder(self, role: FolderRole, account: int | None = None) -> int:
        found = self.database.write_now(folder_for_role, account or self.account, role)
        return key_of(found.id)

    @property
    def inbox(self) -> int:
        return self.folder(FolderRole.INBOX)

    @property
    def trash(self) -> int:
        return self.folder(FolderRole.TRASH)

    @property
    def archive(self) -> int:
        return self.folder(FolderRole.ARCHIVE)

    def save(
        self, *arrivals: Arrival, folder: int | None = None, account: int | None = None
    ) -> list[Saved]:
        place = folder or self.inbox
        return self.database.write_now(save, account or self.account, place, arrivals, NOW)

    def placement(self, *arrivals: Arrival, folder: int | None = None) -> int:
        """Save, and give the placement of the last one."""
        found = self.save(*arrivals, folder=folder)[-1].placement_id
        assert found is not None
        return found


def whole_thread(session: Session, operator_id: int, message_id: int) -> list[ListRow]:
    """The rows of a message's conversation, oldest first, by going from one to the next."""
    place = place_in_thread(session, operator_id, message_id)
    while place.first > 1:
        place = place_in_thread(session, operator_id, place.near[0])
    found = list(place.near)
    while len(found) < place.total:
        more = place_in_thread(session, operator_id, found[-1])
        assert more.total == place.total
        found += more.near[more.near.index(found[-1]) + 1 :]
    for number, one in enumerate(found, 1):
        assert place_in_thread(session, operator_id, one).of(one) == number
    return message_rows(session, operator_id, found)


def placements(session: Session) -> list[tuple[int, str, str]]:
    """(message id, folder name, key) of every placement."""
    statement = select(col(Placement.message_id), col(Folder.name), col(Placement.remote)).join(
        Folder, col(Folder.id) == col(Placement.folder_id)
    )
    return sorted((m, name, remote) for m, name, remote in session.execute(statement))


def count_of(session: Session, table: Any) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def check_counters(session: Session) -> None:
    """Every counter and conversation is what counting the placements says."""
    expected: dict[int, dict[int, list[Placement]]] = {}
    for placement in session.scalars(select(Placement)):
        if not placement.deleted:
            threads = expected.setdefault(placement.folder_id, {})
            threads.setdefault(placement.thread_id, []).append(placement)
    kept = {(row.folder_id, row.thread_id): row for row in session.scalars(select(Conversation))}
    assert set(kept) == {(f, thread) for f, threads in expected.items() for thread in threads}
    for folder in session.scalars(select(Folder)):
        threads = expected.get(key_of(folder.id), {})
        everything = [placement for group in threads.values() for placement in group]
        assert folder.total == len(everything)
        assert folder.unread == sum(not placement.seen for placement in everything)
        assert folder.conversations == len(threads)
    for (folder_id, thread_id), row in kept.items():
        group = expected[folder_id][thread_id]
        latest = max(group, key=lambda placement: (placement.received_at, placement.id))
        assert (row.placement_id, row.message_id) == (latest.id, latest.message_id)
        assert row.latest_at == latest.received_at
        assert row.total == len(group)
        assert row.unread == sum(not placement.seen for placement in group)
        assert row.starred == any(placement.starred for placement in group)
