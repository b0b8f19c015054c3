"""Search: the same answers on both databases, only what may be read, newest first."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conftest import PostgresqlServer
from tests.db.making import NOW, Office, arrival, at
from tui_mail.db.accounts import operator_for
from tui_mail.db.actions import copy, mark, move
from tui_mail.db.conversations import window
from tui_mail.db.engine import Database
from tui_mail.db.fulltext import count as count_found
from tui_mail.db.fulltext import listed, search
from tui_mail.db.many import key_of
from tui_mail.db.messages import PreparedAttachment, remove
from tui_mail.db.prepared import Arrival
from tui_mail.db.rows import ListOrder, Sort
from tui_mail.db.search_order import ordered
from tui_mail.search.language import parse as read
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.tree import Tree
from tui_mail.values import FolderRole


def parse(text: str) -> Tree:
    return read(text, NOW, UTC)


def _all(office: Office, asked: Tree) -> list[int]:
    rows = office.database.read_now(search, office.operator, asked, limit=600)
    return [row.message_id for row in rows]


def _found(office: Office, query: str, **options: Any) -> list[int]:
    rows = office.database.read_now(search, office.operator, parse(query), **options)
    found = [row.message_id for row in rows]
    if not options:
        assert office.database.read_now(count_found, office.operator, parse(query)) == len(found)
    return found


def test_words_are_found_wherever_they_are_accents_and_case_aside(database: Database) -> None:
    office = Office(database)
    file = PreparedAttachment(1, "Conferma_d'ordine.pdf", "application/pdf", 1, "", "b")
    office.save(
        arrival("a", "1:1", subject="Perché no?", text="Consegna a MÜNCHEN", attachments=(file,)),
        arrival("b", "1:2", minutes=1, sender="perche@altro.it", text="niente"),
    )
    assert _found(office, "perche") == [2, 1]
    assert _found(office, "munchen consegna") == [1]
    assert _found(office, "conferma") == [1]
    for query in ("filename:conferma", "attachment:conferma", "attachment:conf*"):
        assert _found(office, query) == [1]
    assert _found(office, "attachment:munchen") == []
    assert _found(office, "rossi") == [2, 1]
    assert _found(office, "assente") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('"ordine 119"', [1]),
        ('"119 ordine"', [2]),
        ("ordine 119", [2, 1]),
        ('"ordine 11"*', [1]),
        ("ord*", [2, 1]),
        ("ord", []),
        ("subject:ordine", [1]),
        ('subject:"ordine 119"', [1]),
        ("subject:119", [1]),
        ("from:anna", [2, 1]),
        ("to:anna", []),
        ("to:vend*", [2, 1]),
        ('to:"noi.it"', [2, 1]),
        ('from:"noi.it"', []),
        ('"bruno ordine"', []),
    ],
)
def test_phrases_prefixes_and_fields(database: Database, query: str, found: list[int]) -> None:
    office = Office(database)
    office.save(
        arrival("a", "1:1", subject="Ordine 119", text="di Bruno"),
        arrival("b", "1:2", minutes=1, subject="Saluti", text="119 ordine"),
    )
    assert _found(office, query) == found


def test_operators_choose_by_folder_account_and_state(database: Database) -> None:
    office = Office(database)
    shop = office.add("vendite@noi.it")
    own = office.placement(arrival("a", "1:1", flags=["flagged"]))
    office.save(arrival("b", "2:1", minutes=1), folder=office.archive)
    office.save(arrival("a"), folder=office.folder(FolderRole.INBOX, shop), account=shop)
    assert _found(office, "in:inbox") == [1]
    assert _found(office, "in:archivio") == _found(office, "in:archive") == [2]
    assert _found(office, "account:vendite@noi.it") == [1]
    assert _found(office, "account:vendite@noi.it in:archive") == []
    assert _found(office, "is:unread") == [2, 1]
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    assert _found(office, "is:unread account:anna@noi.it") == [2]
    assert _found(office, "is:starred buongiorno") == [1]
    assert _found(office, "in:nessuna") == []
    assert _found(office, "") == []
    (row,) = database.read_now(search, office.operator, parse("account:vendite@noi.it"))
    assert (row.account, row.folder) == ("vendite@noi.it", "INBOX")


def test_pages_follow_each_other(database: Database) -> None:
    office = Office(database)
    office.save(*(arrival(f"m{n}", f"1:{n}", minutes=n // 2) for n in range(10)))
    first = database.read_now(search, office.operator, parse("ordine"), limit=4)
    assert [row.message_id for row in first] == [10, 9, 8, 7]
    assert first[0].received_at == at(4)
    assert _found(office, "ordine", before=first[-1].key, limit=4) == [6, 5, 4, 3]


def test_mail_of_others_is_not_found(database: Database) -> None:
    office = Office(database)
    office.save(arrival("a", "1:1"))
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    assert database.read_now(search, stranger, parse("buongiorno")) == []
    assert database.read_now(count_found, stranger, parse("buongiorno")) == 0
    assert database.read_now(search, stranger, parse("in:inbox")) == []


@pytest.mark.parametrize("bring", [copy, move])
def test_what_comes_from_another_account_is_found_by_those_who_read_this_one(
    database: Database, bring: Any
) -> None:
    office = Office(database)
    shop = office.add("vendite@noi.it", shared=True)
    reader = key_of(database.write_now(operator_for, "bruno").id)
    own = office.placement(arrival("a", "1:1"))
    assert database.read_now(search, reader, parse("buongiorno")) == []
    inbox = office.folder(FolderRole.INBOX, shop)
    database.write_now(bring, office.operator, [own], inbox, NOW)
    (row,) = database.read_now(search, reader, parse("buongiorno"))
    assert row.account == "vendite@noi.it"


def test_what_is_gone_is_found_no_more(database: Database) -> None:
    office = Office(database)
    office.save(arrival("a", "1:1"), arrival("b", "1:2", minutes=1, flags=["deleted"]))
    assert _found(office, "buongiorno") == [1]
    database.write_now(remove, office.inbox, ["1:1"])
    assert _found(office, "buongiorno") == []


def test_a_text_of_megabytes_is_found_by_its_beginning(database: Database) -> None:
    office = Office(database)
    text = "inizio " + " ".join(f"parola{n}" for n in range(100_000)) + " " + "x" * 3_000_000
    office.save(arrival("a", "1:1", text=text), arrival("b", "1:2", text="\ufdfa" * 100_000))
    assert _found(office, "inizio parola777") == [1]


# -- the same on both ------------------------------------------------------------------------------


@contextmanager
def _both(server: PostgresqlServer, template: Path) -> Iterator[tuple[Office, Office]]:
    with ExitStack() as stack:
        offices = []
        for url in (f"sqlite:///{template}", server.ready()):
            database = Database(url)
            stack.callback(database.close_now)
            offices.append(Office(database))
        yield offices[0], offices[1]


@pytest.fixture
def both(
    postgresql_server: PostgresqlServer, sqlite_database: Database, tmp_path: Path
) -> Iterator[tuple[Office, Office]]:
    """The same office on SQLite and on PostgreSQL."""
    with _both(postgresql_server, tmp_path / "only.db") as offices:
        yield offices


_NAUGHTY = (
    "12/2025", "fattura-pro", "l'azienda", "rossi@x.it", "n.3", "C#", '"', "AND", "OR NOT", "NEAR(",
    "a* b*", "-x", "^a", "{subject} : x", "subject : x", "rowid:1", "x:y:z", "\\", "\\'", "%_%", "a_b",
    "'; DROP TABLE message; --", "' OR 1=1 --", "& | ! <->", "a:*", "'a':A", "(", ")", "((((", "\0a",
    "\ud800a", "\u202eabc", "🙂 ok", "𝔄𝔅", "٣٤", "ß", "İstanbul", "e\u0301", "＜script＞", "${x}", "%s %d",
    "Ω≈ç√∫", "ⓐⓑ", "가나다", "ไทย", "हिन्दी", "a" * 3000, '"' * 99, "*" * 99, '"a b', 'a"b"c', "is:",
)  # fmt: skip


def test_no_naughty_string_breaks_a_search(both: tuple[Office, Office]) -> None:
    for office in both:
        office.save(*(arrival(f"m{n}", f"1:{n}", text=line) for n, line in enumerate(_NAUGHTY)))
    for line in _NAUGHTY:
        try:
            asked = parse(line)
        except QueryMistake:
            continue
        first, second = (_all(office, asked) for office in both)
        assert first == second, line


def _of_size(size: int, *names: str, **fields: Any) -> Arrival:
    one = arrival(*names, **fields)
    parsed = replace(one.prepared.parsed, size=size)
    return replace(one, prepared=replace(one.prepared, parsed=parsed))


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sort", list(Sort))
def test_what_is_found_can_be_had_in_any_order(
    database: Database, sort: Sort, backwards: bool
) -> None:
    office = Office(database)
    saved = [
        office.save(
            _of_size(
                size,
                f"m{n}",
                f"1:{n}",
                minutes=n,
                sender=f"{name}@x.it",
                subject=f"{'Re: ' * (n % 2)}{name}",
                flags=["seen"] if n % 3 else [],
                text="consegna",
            )
        )[0].message_id
        for n, (name, size) in enumerate(
            [("zeta", 5), ("alfa", 9), ("Beta", 5), ("alfa", 1), ("òmega", 7)]
        )
    ]
    office.save(arrival("other", "1:9", text="altro"))
    tree, order = parse("consegna"), ListOrder(sort, backwards)
    found = office.database.read_now(ordered, office.operator, tree, order)
    folder = office.database.read_now(
        window, office.operator, office.inbox, limit=50, threads=False, order=order
    )
    expected = [row.message_id for row in folder if row.message_id in saved]
    assert sorted(found) == sorted(saved)
    assert found == expected  # as the folder's list has them
    rows = office.database.read_now(listed, office.operator, tree, found)
    assert [row.message_id for row in rows] == found
