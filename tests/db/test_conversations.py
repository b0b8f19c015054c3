"""Lists: windows by key, counters that are never counted, conversations over folders."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete as delete_rows
from sqlmodel import col

from tests.db.making import NOW, Office, arrival, at, check_counters, whole_thread
from tui_mail.db.accounts import operator_for
from tui_mail.db.actions import archive, delete, mark, move
from tui_mail.db.conversations import end_window, message_rows, window
from tui_mail.db.engine import Database
from tui_mail.db.folders import known_keys
from tui_mail.db.many import key_of
from tui_mail.db.messages import remove, update_flags
from tui_mail.db.operations import next_operations, settle
from tui_mail.db.ordering import subject_key
from tui_mail.db.orders import keep_order, order_of
from tui_mail.db.rows import BY_DATE, ListOrder, ListRow, PageKey, Sort
from tui_mail.db.tables import Grant
from tui_mail.db.undoing import undo
from tui_mail.db.whole_threads import MOST_COUNTED, place_in_thread
from tui_mail.values import FolderRole, OperationResult, Verb

_ON_ONE_DATABASE = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_NUMBERS = count(1)


def _subjects(rows: list[ListRow]) -> list[str]:
    return [row.subject for row in rows]


def _ten(office: Office) -> list[str]:
    """Ten conversations, two of them of the same minute; their subjects, newest first."""
    arrivals = [arrival(f"m{n}", f"1:{n}", minutes=min(n, 8), subject=f"s{n}") for n in range(10)]
    office.save(*arrivals)
    return [f"s{n}" for n in range(9, -1, -1)]


def test_a_list_is_read_window_by_window_in_both_directions(database: Database) -> None:
    office = Office(database)
    subjects = _ten(office)
    for threads in (True, False):
        read, folder = database.read_now, office.inbox
        top = read(window, office.operator, folder, limit=4, threads=threads)
        assert _subjects(top) == subjects[:4]
        more = read(window, office.operator, folder, before=top[-1].key, limit=4, threads=threads)
        assert _subjects(more) == subjects[4:8]
        back = read(window, office.operator, folder, after=more[0].key, limit=2, threads=threads)
        assert _subjects(back) == subjects[2:4]
        same = read(window, office.operator, folder, start=more[0].key, limit=4, threads=threads)
        assert same == more
        end = read(end_window, office.operator, folder, limit=3, threads=threads)
        assert _subjects(end) == subjects[7:]
        nothing = PageKey(at(-5), 0)
        assert read(window, office.operator, folder, before=nothing, threads=threads) == []


def test_a_conversation_shows_its_latest_message_and_its_sums(database: Database) -> None:
    office = Office(database)
    office.save(
        arrival("a", "1:1", flags=["seen"], subject="Domanda"),
        arrival("b", "1:2", minutes=5, references=["a"], subject="Re: Domanda"),
        arrival("c", "1:3", minutes=2, references=["a", "b"], flags=["flagged", "seen"]),
    )
    (row,) = database.read_now(window, office.operator, office.inbox)
    assert (row.subject, row.total, row.unread, row.starred, row.seen) == (
        "Re: Domanda",
        3,
        1,
        True,
        False,
    )
    flat = database.read_now(window, office.operator, office.inbox, threads=False)
    assert [(r.message_id, r.seen) for r in flat] == [(2, False), (3, True), (1, True)]


def test_a_row_has_the_tags_that_people_put_on(database: Database) -> None:
    office = Office(database)
    office.save(arrival("m1", "1:1", flags=["urgente", "Banca", "$Forwarded", "NonJunk", "seen"]))
    for threads in (True, False):
        (row,) = database.read_now(window, office.operator, office.inbox, threads=threads)
        assert row.tags == ("Banca", "urgente")
    (row,) = database.read_now(message_rows, office.operator, [row.message_id])
    assert row.tags == ("Banca", "urgente")


def test_what_is_marked_as_deleted_is_in_no_list(database: Database) -> None:
    office = Office(database)
    office.save(
        arrival("a", "1:1"),
        arrival("b", "1:2", minutes=5, references=["a"], flags=["deleted"]),
        arrival("c", "1:3", flags=["deleted"]),
    )
    (row,) = database.read_now(window, office.operator, office.inbox)
    assert (row.message_id, row.total) == (1, 1)
    assert len(database.read_now(window, office.operator, office.inbox, threads=False)) == 1
    database.read_now(check_counters)


def test_a_conversation_is_read_over_all_folders_oldest_first(database: Database) -> None:
    office = Office(database)
    office.save(arrival("b", "1:2", minutes=5, references=["a"]))
    again = arrival("b", "9:2", minutes=5, references=["a"])
    office.save(arrival("a", "9:1"), again, folder=office.archive)
    rows = database.read_now(whole_thread, office.operator, 1)
    assert [(row.message_id, row.folder) for row in rows] == [(2, "Archivio"), (1, "INBOX")]


# -- orders ----------------------------------------------------------------------------------------


def _mixed(office: Office) -> None:
    """Fifteen messages, many alike in sender, subject, size or state."""
    senders = ("", "Àgnese", "bruno", "Zeno")
    subjects = ("Re: Ordine", "ordine", "R: I: Àncora", "Fwd: zinco", "[ext] zinco")
    office.save(
        *(
            arrival(
                f"m{n}",
                f"1:{n}",
                minutes=n // 2,
                sender=f"{senders[n % 4]}@x.it",
                subject=subjects[n % 5],
                text="x" * (n % 3),
                flags=["seen"] if n % 3 else [],
            )
            for n in range(15)
        )
    )


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("backwards", [False, True])
def test_any_order_is_read_in_both_directions_and_misses_nothing(
    database: Database, sort: Sort, backwards: bool
) -> None:
    office = Office(database)
    _mixed(office)
    order, folder = ListOrder(sort, backwards), office.inbox

    def read(limit: int = 4, **place: PageKey) -> list[ListRow]:
        more: Any = {"limit": limit, "threads": False, "order": order, **place}
        return database.read_now(window, office.operator, folder, **more)

    whole = read(limit=100)
    assert len({row.message_id for row in whole}) == 15
    pages = read()
    while more := read(before=pages[-1].key):
        pages += more
    assert pages == whole
    end = database.read_now(
        end_window, office.operator, folder, limit=4, threads=False, order=order
    )
    back = list(end)
    while more := read(after=back[0].key):
        back = more + back
    assert back == whole
    for place in range(15):
        assert read(start=whole[place].key) == whole[place : place + 4]
    order = ListOrder(sort, not backwards)
    turned = read(limit=100)
    assert [row.message_id for row in turned] == [row.message_id for row in whole[::-1]]


def test_orders_are_those_that_a_clerk_expects(database: Database) -> None:
    office = Office(database)
    _mixed(office)

    def listed(sort: Sort) -> list[ListRow]:
        order = ListOrder(sort)
        return database.read_now(window, office.operator, office.inbox, order=order)

    assert [row.seen for row in listed(Sort.STATE)] == [False] * 5 + [True] * 10
    subjects = list(dict.fromkeys(subject_key(row.subject) for row in listed(Sort.SUBJECT)))
    assert subjects == ["ancora", "ext] zinco", "ordine", "zinco"]
    sizes = [int(row.key.by or 0) for row in listed(Sort.SIZE)]
    assert sizes == sorted(sizes, reverse=True)
    newest = [row.received_at for row in listed(Sort.STATE) if row.seen]
    assert newest == sorted(newest, reverse=True)


def test_an_order_is_remembered_by_folder_and_operator(database: Database) -> None:
    office = Office(database)
    other = key_of(database.write_now(operator_for, "bruno").id)
    order = ListOrder(Sort.SIZE, backwards=True)
    database.write_now(keep_order, office.operator, office.inbox, order)
    assert database.read_now(order_of, office.operator, office.inbox) == order
    assert database.read_now(order_of, office.operator, office.archive) == BY_DATE
    database.write_now(keep_order, other, office.inbox, order)  # not theirs to read
    assert database.read_now(order_of, other, office.inbox) == BY_DATE
    database.write_now(keep_order, office.operator, office.inbox, BY_DATE)
    assert database.read_now(order_of, office.operator, office.inbox) == BY_DATE


def test_a_row_counts_its_conversation_over_all_folders(database: Database) -> None:
    office = Office(database)
    office.save(arrival("a", "1:1"), arrival("b", "1:2", minutes=1, references=["a"]))
    answer = arrival("c", "9:1", minutes=2, references=["a", "b"])
    office.save(answer, arrival("b", "9:2", minutes=1, references=["a"]), folder=office.archive)
    (row,) = database.read_now(window, office.operator, office.inbox)
    assert (row.total, row.in_thread) == (2, 3)
    assert len(database.read_now(whole_thread, office.operator, row.message_id)) == 3


def _long_thread(office: Office, number: int) -> None:
    """A conversation of so many messages that may be read, three of them archived; two may not."""
    office.save(arrival("m0", "1:0"))
    mail = [arrival(f"m{n}", f"1:{n}", minutes=n, references=["m0"]) for n in range(1, number - 3)]
    office.save(*mail)
    other = [
        arrival(f"m{n}", f"9:{n}", minutes=n, references=["m0"]) for n in range(number - 3, number)
    ]
    office.save(*other, folder=office.archive)
    shop = office.add("vendite@noi.it", shared=True)
    theirs = office.folder(FolderRole.INBOX, shop)
    hidden = [arrival(f"h{n}", f"1:{n}", minutes=n, references=["m0"]) for n in range(2)]
    office.save(*hidden, folder=theirs, account=shop)
    mine = (col(Grant.account_id) == shop, col(Grant.operator_id) == office.operator)
    office.database.write_now(lambda session: session.execute(delete_rows(Grant).where(*mine)))


@pytest.mark.parametrize("number", [MOST_COUNTED - 10, MOST_COUNTED + 10])
def test_a_long_conversation_is_summed_and_gone_through_as_a_short_one(
    database: Database, number: int
) -> None:
    office = Office(database)
    _long_thread(office, number)
    (row,) = database.read_now(window, office.operator, office.inbox)
    assert (row.total, row.in_thread) == (number - 3, number)
    ids = [one.message_id for one in database.read_now(whole_thread, office.operator, 1)]
    assert ids == list(range(1, number + 1))
    assert database.read_now(place_in_thread, office.operator, 7).of(9) == 9
    assert database.read_now(place_in_thread, office.operator, 7).of(number) is None


# -- whatever the order ----------------------------------------------------------------------------

_LETTERS = "abcdefg"
_MAIL = st.lists(
    st.tuples(st.sampled_from(_LETTERS), st.sets(st.sampled_from(_LETTERS + "xyz"), max_size=2)),
    min_size=1,
    max_size=8,
)


@_ON_ONE_DATABASE
@given(mail=_MAIL, data=st.data())
def test_any_order_of_arrival_gives_the_same_threads(
    sqlite_database: Database, mail: list[tuple[str, set[str]]], data: st.DataObject
) -> None:
    office = _fresh(sqlite_database)
    partitions = []
    for _order in range(2):
        run = next(_NUMBERS)
        order = data.draw(st.permutations(range(len(mail))))
        sizes = data.draw(st.lists(st.integers(1, 3), min_size=len(mail), max_size=len(mail)))
        threads: dict[int, int] = {}
        for part in _parts(order, sizes):
            arrivals = [
                arrival(
                    f"{run}{mail[n][0]}",
                    f"{run}:{n}",
                    references=[f"{run}{key}" for key in sorted(mail[n][1])],
                    salt=(run, n),
                )
                for n in part
            ]
            office.save(*arrivals)
        rows = sqlite_database.read_now(
            window, office.operator, office.inbox, threads=False, limit=1000
        )
        keys = sqlite_database.read_now(known_keys, office.inbox)
        by_placement = {row.placement_id: row.thread_id for row in rows}
        for n in range(len(mail)):
            threads[n] = by_placement[keys[f"{run}:{n}"][0]]
        partitions.append(
            {frozenset(m for m in threads if threads[m] == t) for t in threads.values()}
        )
    assert partitions[0] == partitions[1]
    sqlite_database.read_now(check_counters)


def _parts(order: list[int], sizes: list[int]) -> Iterator[list[int]]:
    rest = list(order)
    for size in sizes:
        if rest:
            yield rest[:size]
            rest = rest[size:]


def _fresh(database: Database) -> Office:
    return Office(database, email=f"anna{next(_NUMBERS)}@noi.it")


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "save",
                "archive",
                "delete",
                "mark",
                "unmark",
                "flags",
                "remove",
                "undo",
                "push",
                "back",
            ]
        ),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    min_size=5,
    max_size=25,
)


@_ON_ONE_DATABASE
@given(steps=_STEPS)
def test_counters_say_what_counting_says_after_anything(
    database: Database, steps: list[tuple[str, int, int]]
) -> None:
    office = _fresh(database)
    for step, one, other in steps:
        _do(office, step, one, other)
    database.read_now(check_counters)


def _do(office: Office, step: str, one: int, other: int) -> None:
    write, me = office.database.write_now, office.operator
    folder = [office.inbox, office.archive, office.trash][other % 3]
    rows = office.database.read_now(window, me, folder, threads=False)
    ids = [row.placement_id for row in rows if row.placement_id is not None][: one + 1]
    keys = list(office.database.read_now(known_keys, folder))[: one + 1]
    flag = frozenset({["seen", "flagged", "deleted", "tag"][other % 4]})
    if step == "save":
        run = office.account
        mail = (
            arrival(f"{run}-{one}", f"{folder}:{n}", minutes=n, references=[f"{run}-{n}"], salt=run)
            for n in (one, other)
        )
        office.save(*mail, folder=folder)
    elif step == "archive":
        write(archive, me, ids, NOW)
    elif step == "delete":
        write(delete, me, ids, NOW)
    elif step == "back":
        write(move, me, ids, office.inbox, NOW)
    elif step == "mark":
        write(mark, me, ids, add=flag, now=NOW)
    elif step == "unmark":
        write(mark, me, ids, remove=flag, now=NOW)
    elif step == "flags":
        write(update_flags, folder, dict.fromkeys(keys, flag))
    elif step == "remove":
        write(remove, folder, keys)
    elif step == "undo":
        write(undo, me, NOW)
    elif step == "push":
        _push(office, one)


def _push(office: Office, one: int) -> None:
    for job in office.database.write_now(next_operations, office.account, NOW, limit=one + 1):
        moved = job.operation.keys if job.operation.verb is Verb.MOVE else ()
        missing = frozenset(moved[:1]) if one % 4 == 0 else frozenset()
        names = {key: f"new{next(_NUMBERS)}" for key in moved if one % 3}
        result = OperationResult(keys=names, missing=missing)
        office.database.write_now(settle, job.ids, result, NOW)
