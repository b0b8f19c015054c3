"""Random queries over random mailboxes find what a look at each message finds, on both databases
and by every way through their indexes."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlmodel import Session

from tests.conftest import PostgresqlServer
from tests.db import oracle
from tests.db.making import NOW, Office, at, prepared
from tests.db.oracle import Copy, Mail
from tui_mail.db import search_clause, search_postgresql, search_sources, search_sqlite
from tui_mail.db.accounts import operator_for
from tui_mail.db.engine import Database
from tui_mail.db.fulltext import count as count_found
from tui_mail.db.fulltext import search
from tui_mail.db.many import key_of
from tui_mail.db.messages import Arrival, PreparedAttachment
from tui_mail.db.tables import Entity, Link
from tui_mail.db.word_index import agreement
from tui_mail.search import tree
from tui_mail.search.tree import Field, Is, Mark, Tree, Words
from tui_mail.search.words import words
from tui_mail.values import FolderRole, Mailbox

_NUMBERS = count(1)
_OWN, _SHOP = "anna@noi.it", "vendite@noi.it"
_TEXTS = (
    "ordine 119",
    "Ordini del 12/2026",
    "perché no",
    "l'azienda",
    "straße",
    "見積書",
    "C#",
    "x_y",
)
_PEOPLE = ("rossi@x.it", "bianchi@x.it", "rossi@y.com", "anna@noi.it")
_FOLDERS = (
    (_OWN, "INBOX", FolderRole.INBOX),
    (_OWN, "Archivio", FolderRole.ARCHIVE),
    (_OWN, "Cestino", FolderRole.TRASH),
    (_OWN, "Clienti/Rossi", FolderRole.OTHER),
    (_SHOP, "INBOX", FolderRole.INBOX),
    (_SHOP, "Junk", FolderRole.JUNK),
)
_RECORDS = (("sales_order", "2026/7"), ("customer", "C1"), ("invoice", "2026/7"))
_FLAGS = ("seen", "flagged", "answered", "draft", "deleted", "Urgente")

_texts = st.lists(st.sampled_from(_TEXTS), max_size=3).map(" ".join)
_people = st.lists(st.sampled_from(_PEOPLE), max_size=2, unique=True)
_copies = st.lists(
    st.builds(
        lambda place, flags: Copy(place[0], place[1], place[2], frozenset(flags)),
        st.sampled_from(_FOLDERS),
        st.sets(st.sampled_from(_FLAGS), max_size=2),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda copy: (copy.account, copy.folder),
)
_links = st.lists(
    st.tuples(st.sampled_from(_RECORDS), st.sampled_from(("confirmed", "proposed", "rejected"))),
    max_size=2,
    unique_by=lambda link: link[0],
)
_mails = st.builds(
    lambda subject, body, names, people, copies, size, attached, outgoing, links: Mail(
        id=0,
        texts={
            Field.SUBJECT: subject,
            Field.BODY: body,
            Field.FILE_NAME: names if attached else "",
            Field.SENDER: people[0][0] if people[0] else "",
            **dict(
                zip(
                    (Field.RECIPIENTS, Field.COPY, Field.BLIND_COPY),
                    ("\n".join(some) for some in people[1:]),
                    strict=True,
                )
            ),
        },
        received_at=NOW,
        size=size,
        copies=tuple(copies),
        attached=attached,
        outgoing=outgoing,
        links=tuple((*record, state) for record, state in links),
    ),
    _texts,
    _texts,
    _texts,
    st.tuples(_people, _people, _people, _people),
    _copies,
    st.sampled_from((1, 1000, 1024, 5_000_000)),
    st.booleans(),
    st.booleans(),
    _links,
)

_words = st.builds(
    lambda text, start, length, prefix, name: Words(
        tuple(words(text)[start : start + length]) or ("ordine",), prefix, name
    ),
    st.sampled_from((*_TEXTS, *_PEOPLE, "ord", "ross", "assente", "no ordine", "x it bianchi")),
    st.integers(0, 1),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from([Field.ANYWHERE, Field.ANYWHERE, *Field]),
)
_conditions: st.SearchStrategy[Tree] = st.one_of(
    st.sampled_from(("inbox", "Archive", "trash", "rossi", "junk", "nessuna")).map(tree.InFolder),
    st.sampled_from((_OWN, "vendite")).map(tree.OfAccount),
    st.sampled_from(list(Mark)).map(Is),
    st.just(tree.HasAttachment()),
    st.just(tree.Anywhere()),
    st.builds(
        lambda a, b: tree.Between(a and at(a), b and at(b)),
        st.sampled_from((None, 1, 3)),
        st.sampled_from((None, 2, 4)),
    ),
    st.builds(
        tree.Size, st.sampled_from((None, 0, 1001, 1024)), st.sampled_from((None, 1023, 2048))
    ),
    st.sampled_from(("urgente", "altro")).map(tree.Tagged),
    st.sampled_from((("human",), ("list", "human"), ("bounce",))).map(tree.OfKind),
    st.builds(
        tree.OfRecord,
        st.sampled_from((("sales_order",), ("customer",), ("sales_order", "invoice"))),
        st.sampled_from(("", "2026/7", "C1")),
    ),
    st.integers(1, 4).map(tree.InThread),
    st.integers(1, 4).map(lambda number: tree.WithMessageId(f"m{number}")),
)
_trees: st.SearchStrategy[Tree] = st.recursive(
    st.one_of(_words, _conditions),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(tree.all_of),
        st.lists(inner, min_size=2, max_size=4).map(tree.any_of),
        inner.map(tree.negated),
    ),
    max_leaves=8,
)


class _Mailbox:
    """The same accounts, folders and records on one database, filled anew for each example."""

    def __init__(self, database: Database) -> None:
        self.office = Office(database)
        self.shop = self.office.add(_SHOP, shared=True)
        self.partial = key_of(database.write_now(operator_for, "bruno").id)
        self.folders = {
            (_OWN, "Clienti/Rossi"): database.read_now(self._named, "Clienti/Rossi"),
            **{
                (email, name): self.office.folder(role, self._account(email))
                for email, name, role in _FOLDERS
                if role
            },
        }
        self.records = database.write_now(self._records)

    def _account(self, email: str) -> int:
        return self.office.account if email == _OWN else self.shop

    @staticmethod
    def _named(session: Session, name: str) -> int:
        from sqlmodel import col, select

        from tui_mail.db.tables import Folder

        return key_of(session.exec(select(Folder.id).where(col(Folder.name) == name)).one())

    def _records(self, session: Session) -> dict[tuple[str, str], int]:
        rows = [
            Entity(kind=kind, code=code, code_folded=code.lower(), title=code, title_folded="")
            for kind, code in _RECORDS
        ]
        session.add_all(rows)
        session.flush()
        return {(row.kind, row.code): key_of(row.id) for row in rows}

    def fill(self, mails: list[Mail], run: int) -> list[Mail]:
        """Store the messages in place of the last ones; what they are known by comes back."""
        self.office.database.write_now(_empty)
        stored = []
        for number, mail in enumerate(mails, 1):
            for copy in mail.copies:
                (saved,) = self.office.save(
                    self._arrival(mail, number, run, copy),
                    folder=self.folders[copy.account, copy.folder],
                    account=self._account(copy.account),
                )
            self._link(saved.message_id, mail)
            stored.append(
                replace(
                    mail,
                    id=saved.message_id,
                    received_at=at(number),
                    message_id=f"m{number}",
                    thread_id=saved.thread_id,
                )
            )
        return stored

    def _arrival(self, mail: Mail, number: int, run: int, copy: Copy) -> Arrival:
        made = prepared(
            f"m{number}",
            salt=(run, number),
            subject=mail.texts[Field.SUBJECT],
            text=mail.texts[Field.BODY],
            attachments=(
                (PreparedAttachment(1, mail.texts[Field.FILE_NAME], "", 1, "", ""),)
                if mail.attached
                else ()
            ),
        )
        boxes = {
            name: tuple(Mailbox(one) for one in mail.texts[name].split("\n") if one)
            for name in (Field.SENDER, Field.RECIPIENTS, Field.COPY, Field.BLIND_COPY)
        }
        sender = boxes[Field.SENDER]
        parsed = structs.replace(
            made.parsed,
            sender=sender[0] if sender else None,
            senders=sender,
            to=boxes[Field.RECIPIENTS],
            cc=boxes[Field.COPY],
            bcc=boxes[Field.BLIND_COPY],
            size=mail.size,
        )
        whole = structs.replace(made, parsed=parsed, own=mail.outgoing)
        return Arrival(whole, f"{run}:{number}", copy.flags, at(number))

    def _link(self, message_id: int, mail: Mail) -> None:
        from tui_mail.db.link_store import write_links

        said = {"method": "hand", "score": 1, "why": "", "found_in": "", "operator_id": None}
        rows: list[dict[str, Any]] = [
            {
                "message_id": message_id,
                "entity_id": self.records[kind, code],
                "received_at": NOW,
                "state": state,
                "at": NOW,
                **said,
            }
            for kind, code, state in mail.links
        ]
        self.office.database.write_now(write_links, rows, (), ())

    def found(self, asked: Tree, operator: int) -> list[int]:
        """Read in pages of two, newest first."""
        whole: list[int] = []
        before = None
        while rows := self.office.database.read_now(
            search, operator, asked, before=before, limit=2
        ):
            whole += [row.message_id for row in rows]
            before = rows[-1].key
        counted = self.office.database.read_now(count_found, operator, asked)
        assert counted == len(whole)
        bounded = self.office.database.read_now(count_found, operator, asked, at_most=2)
        assert bounded == min(counted, 3)
        return whole


def _empty(session: Session) -> None:
    from sqlalchemy import delete, update

    from tui_mail.db.tables import Conversation, Folder, Message, Placement, ThreadKey
    from tui_mail.db.word_index import empty

    for table in (Link, Placement, Conversation, ThreadKey, Message):
        session.execute(delete(table))
    session.execute(update(Folder).values(total=0, unread=0, conversations=0))
    empty(session)


@pytest.fixture
def both(
    postgresql_server: PostgresqlServer, sqlite_database: Database, tmp_path: Path
) -> Iterator[tuple[_Mailbox, _Mailbox]]:
    with ExitStack() as stack:
        made = []
        for url in (f"sqlite:///{tmp_path / 'only.db'}", postgresql_server.ready()):
            database = Database(url)
            stack.callback(database.close_now)
            made.append(_Mailbox(database))
        yield made[0], made[1]


# What the ways through the indexes are chosen by: as they are; nothing is few; all is much.
_WAYS = ((300, 20_000, 3_000, 1_000, 1_500), (-1, 20_000, 3_000, 1_000, 1_500), (-1, -1, -1, 2, 2))


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example is many transactions
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    mails=st.lists(_mails, min_size=1, max_size=5),
    asked=st.lists(_trees, min_size=1, max_size=4),
    way=st.sampled_from(_WAYS),
)
def test_a_search_finds_what_a_look_at_each_message_finds(
    both: tuple[_Mailbox, _Mailbox],
    mails: list[Mail],
    asked: list[Tree],
    way: tuple[int, int, int, int, int],
) -> None:
    run = next(_NUMBERS)
    few, some, rare, gone_through, read = way
    with pytest.MonkeyPatch.context() as patch:
        for module in (search_clause, search_sources):
            patch.setattr(module, "FEW", few)
        patch.setattr(search_clause, "SOME", some)
        patch.setattr(search_clause, "_ONE_IN", 0 if some > 0 else 10)
        patch.setattr(search_postgresql, "_RARE", rare)
        patch.setattr(search_postgresql, "_GONE_THROUGH", gone_through)
        patch.setattr(search_sqlite, "_READ_FOR_PREFIX", read)
        for mailbox in both:
            stored = mailbox.fill(mails, run)
            places = {mail.id: mail.received_at for mail in stored}
            for operator, readable in (
                (mailbox.office.operator, {_OWN, _SHOP}),
                (mailbox.partial, {_SHOP}),
            ):
                for one in asked:
                    there = mailbox.found(one, operator)
                    assert set(there) == oracle.found(stored, one, readable), one
                    assert there == sorted(there, key=lambda key: places[key], reverse=True)
            difference = mailbox.office.database.read_now(agreement)
            assert (difference.missing, difference.orphaned) == (0, 0)


def test_nothing_is_found_by_a_query_that_asks_for_nothing(both: tuple[_Mailbox, _Mailbox]) -> None:
    for mailbox in both:
        assert mailbox.found(tree.Nothing(), mailbox.office.operator) == []
