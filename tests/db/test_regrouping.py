"""Conversations split and joined by hand: kept whatever comes, taken back, the same in any order."""

from collections.abc import Iterable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session, col

from tests.db.making import NOW, Office, arrival, check_counters
from tui_mail.db.accounts import operator_for
from tui_mail.db.actions import archive, join, split
from tui_mail.db.conversations import window
from tui_mail.db.engine import Database
from tui_mail.db.many import key_of
from tui_mail.db.regrouping import Decisions, decide, regroup
from tui_mail.db.tables import Grant, Message, ThreadKey
from tui_mail.db.undoing import redo, undo
from tui_mail.errors import NotAllowed, NotFound, WrongUse

_ON_ONE_DATABASE = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_NUMBERS = count(1)


def groups(database: Database) -> set[frozenset[str]]:
    """The identifiers of each conversation's messages; counters and lists agree with them."""
    database.read_now(check_counters)

    def read(session: Session) -> set[frozenset[str]]:
        found: dict[int, set[str]] = {}
        rows = select(col(Message.thread_id), col(Message.message_id), col(Message.content_hash))
        for thread_id, name, content_hash in session.execute(rows):
            found.setdefault(thread_id, set()).add(name or content_hash)
        return {frozenset(names) for names in found.values()}

    return database.read_now(read)


def sets(*names: str) -> set[frozenset[str]]:
    return {frozenset(name.split()) for name in names}


def ids(database: Database) -> dict[str, int]:
    """Message-ID -> id of the first message with it."""

    def read(session: Session) -> dict[str, int]:
        rows = select(col(Message.message_id), col(Message.id)).order_by(col(Message.id).desc())
        return {name: key_of(identifier) for name, identifier in session.execute(rows)}

    return database.read_now(read)


def chain(office: Office, *names: str) -> None:
    """Each answers the one before, in a folder."""
    for place, name in enumerate(names):
        office.save(arrival(name, name, minutes=place, references=names[:place]))


def do(office: Office, verb: str, *names: str) -> None:
    found = ids(office.database)
    if verb == "split":
        office.database.write_now(split, office.operator, found[names[0]], NOW)
    else:
        office.database.write_now(join, office.operator, [found[name] for name in names], NOW)


def test_a_split_takes_the_answers_along_and_later_ones_follow(database: Database) -> None:
    office = Office(database)
    chain(office, "a", "b", "c")
    do(office, "split", "b")
    assert groups(database) == sets("a", "b c")
    office.save(
        arrival("d", "d", references=["a", "b", "c"]),
        arrival("e", "e", references=["a", "d"]),  # names both sides
        arrival("f", "f", references=["a"]),
    )
    assert groups(database) == sets("a f", "b c d e")


def test_what_was_split_is_joined_again_by_hand_alone(database: Database) -> None:
    office = Office(database)
    chain(office, "a", "b", "c")
    do(office, "split", "b")
    do(office, "join", "a", "c")
    assert groups(database) == sets("a b c")
    do(office, "split", "c")
    assert groups(database) == sets("a b", "c")


def test_joined_conversations_stay_one_and_their_answers_join_them(database: Database) -> None:
    office = Office(database)
    chain(office, "a", "b")
    chain(office, "x", "y")
    office.save(arrival("alone", "alone"))
    do(office, "join", "b", "x", "alone")
    office.save(arrival("c", "c", references=["b"]), arrival("z", "z", references=["y"]))
    assert groups(database) == sets("a b c x y z alone")
    do(office, "split", "x")
    assert groups(database) == sets("a b c alone", "x y z")


def test_a_missing_message_that_comes_late_joins_what_was_regrouped(database: Database) -> None:
    office = Office(database)
    office.save(arrival("b", "b", references=["a"]), arrival("c", "c", references=["a"]))
    office.save(arrival("x", "x"))
    do(office, "join", "b", "x")
    do(office, "split", "c")
    assert groups(database) == sets("b x", "c")
    office.save(arrival("a", "a", references=["older"]), arrival("older", "older"))
    assert groups(database) == sets("older a b x", "c")


def test_both_are_taken_back_and_done_again(database: Database) -> None:
    office = Office(database)
    chain(office, "a", "b")
    chain(office, "x", "y")
    do(office, "join", "a", "x")
    do(office, "split", "y")
    me = office.operator
    assert groups(database) == sets("a b x", "y")
    assert database.write_now(undo, me, NOW) == "Taken back: the conversations are as they were."
    assert groups(database) == sets("a b x y")
    database.write_now(undo, me, NOW)
    assert groups(database) == sets("a b", "x y")
    database.write_now(redo, me, NOW)
    database.write_now(redo, me, NOW)
    assert groups(database) == sets("a b x", "y")
    assert database.write_now(redo, me, NOW) is None


def test_a_split_of_what_was_joined_takes_the_join_along_and_gives_it_back(
    database: Database,
) -> None:
    office = Office(database)
    office.save(arrival("a", "a"), arrival("b", "b"))
    do(office, "join", "a", "b")
    do(office, "split", "a")
    assert groups(database) == sets("a", "b")
    database.write_now(undo, office.operator, NOW)
    assert groups(database) == sets("a b")


def test_messages_without_an_identifier_are_regrouped_like_others(database: Database) -> None:
    office = Office(database)
    first, second = office.save(
        arrival("", "1", text="uno"), arrival("", "2", references=["a"], text="due")
    )
    me, both = office.operator, [first.message_id, second.message_id]
    database.write_now(join, me, both, NOW)
    assert len(groups(database)) == 1
    database.write_now(split, me, second.message_id, NOW)
    assert len(groups(database)) == 2


@pytest.mark.parametrize("batch", [1, 7, 1000])
@pytest.mark.parametrize("newest_first", [False, True])
def test_a_stolen_list_of_references_makes_few_conversations_one(
    database: Database, newest_first: bool, batch: int
) -> None:
    """However it comes: after them all, or before them, when they only fill the places it named."""
    office = Office(database)
    names = [f"c{number}" for number in range(100)]
    mail = [
        each
        for name in names
        for each in (
            arrival(name, name, minutes=1),
            arrival(f"{name}+", f"{name}+", minutes=2, references=[name]),
        )
    ]
    mail.append(arrival("evil", "evil", minutes=3, sender="x@evil.example", references=names))
    mail = mail[::-1] if newest_first else mail
    for start in range(0, len(mail), batch):
        office.save(*mail[start : start + batch])
    found = groups(database)
    (one,) = (group for group in found if "evil" in group)
    assert one == {
        "evil",
        *(f"{name}{end}" for name in (names[0], *names[-4:]) for end in ("", "+")),
    }
    assert found - {one} == sets(*(f"{name} {name}+" for name in names[1:-4]))
    for name in ("evil", *names[-4:]):
        do(office, "split", name)
    apart = {frozenset({"evil"}), *(frozenset({name, f"{name}+"}) for name in names)}
    assert groups(database) == apart
    for _time in range(5):
        database.write_now(undo, office.operator, NOW)
    assert groups(database) == found


def test_a_long_conversation_of_which_few_messages_came_is_one(database: Database) -> None:
    office = Office(database)
    names = [f"m{number}" for number in range(60)]
    for place in (59, 0, 20, 40):
        office.save(arrival(names[place], names[place], minutes=place, references=names[:place]))
    assert groups(database) == sets("m0 m20 m40 m59")


def test_what_changes_nothing_is_refused_with_a_sentence(database: Database) -> None:
    office = Office(database)
    chain(office, "a", "b")
    with pytest.raises(WrongUse, match="begins with this message"):
        do(office, "split", "a")
    with pytest.raises(WrongUse, match="one conversation already"):
        do(office, "join", "a", "b")
    do(office, "split", "b")
    with pytest.raises(WrongUse, match="nothing to split"):
        do(office, "split", "b")
    assert groups(database) == sets("a", "b")


def test_only_who_may_change_the_mail_regroups_it(database: Database) -> None:
    office = Office(database)
    chain(office, "a", "b")
    bruno = key_of(database.write_now(operator_for, "bruno").id)
    message_id = ids(database)["b"]
    with pytest.raises(NotFound):
        database.write_now(split, bruno, message_id, NOW)
    reader = Grant(account_id=office.account, operator_id=bruno, level="read")
    database.write_now(Session.add, reader)
    with pytest.raises(NotAllowed):
        database.write_now(split, bruno, message_id, NOW)


def test_the_rows_of_lists_follow(database: Database) -> None:
    office = Office(database)
    chain(office, "a", "b", "c")
    do(office, "split", "b")
    rows = database.read_now(window, office.operator, office.inbox)
    assert [row.total for row in rows] == [2, 1]
    database.write_now(archive, office.operator, [rows[0].placement_id or 0], NOW)
    assert groups(database) == sets("a", "b c")


def test_a_second_content_under_a_known_identifier_takes_nothing_away(database: Database) -> None:
    """Message-ID is evidence: whoever repeats one stands beside it and hides nothing."""
    office = Office(database)
    chain(office, "a", "b")
    office.save(arrival("a", "evil", salt="other", subject="Other"))
    rows = database.read_now(window, office.operator, office.inbox, threads=False)
    assert len(rows) == 3
    do(office, "split", "b")
    office.save(arrival("b", "evil2", salt="other", subject="Other"))
    assert sorted(map(len, groups(database))) == [1, 1]  # by identifier
    assert len(database.read_now(window, office.operator, office.inbox, threads=False)) == 4


# -- whatever the order ----------------------------------------------------------------------------

_LETTERS = "abcdefg"
_MAIL = st.lists(
    st.tuples(st.sampled_from(_LETTERS), st.lists(st.sampled_from(_LETTERS + "xy"), max_size=9)),
    min_size=2,
    max_size=8,
    unique_by=lambda row: row[0],
)
_DECISIONS = st.tuples(
    st.sets(st.sampled_from(_LETTERS), max_size=2),
    st.lists(st.tuples(st.sampled_from(_LETTERS), st.sampled_from(_LETTERS)), max_size=2),
)


@_ON_ONE_DATABASE
@given(
    mail=_MAIL,
    decisions=_DECISIONS,
    early=st.integers(0, 8),
    sizes=st.lists(st.integers(1, 3), min_size=8, max_size=8),
    data=st.data(),
)
def test_mail_before_or_after_a_decision_gives_the_same_conversations(
    database: Database,
    mail: list[tuple[str, list[str]]],
    decisions: tuple[set[str], list[tuple[str, str]]],
    early: int,
    sizes: list[int],
    data: st.DataObject,
) -> None:
    """One pass with all decisions at the end; another in any order, decided as early as can be."""
    office = Office(database, email=f"anna{next(_NUMBERS)}@noi.it")
    here = {name for name, _references in mail}
    wanted = Decisions(
        splits=tuple(sorted(decisions[0] & here)),
        joins=tuple(
            sorted({(min(p), max(p)) for p in decisions[1] if set(p) <= here and p[0] != p[1]})
        ),
    )
    partitions = []
    for order in (range(len(mail)), data.draw(st.permutations(range(len(mail))))):
        run = str(next(_NUMBERS))
        at_once = len(mail) if order == range(len(mail)) else 0
        rest = list(order)
        while rest:
            batch, rest = rest[: at_once or sizes[-len(rest)]], rest[at_once or sizes[-len(rest)] :]
            office.save(
                *(
                    arrival(run + mail[n][0], f"{run}:{n}", references=_named(run, mail[n][1]))
                    for n in batch
                )
            )
            arrived = {mail[n][0] for n in order if n not in rest}
            if len(arrived) > early or not rest:
                _decide(office, run, wanted, arrived)
        partitions.append(_partition(database, run))
        database.read_now(check_counters)
        before = groups(database)
        database.write_now(regroup, database.read_now(_all_roots))  # worked out anew
        assert groups(database) == before
    assert partitions[0] == partitions[1]


def _named(run: str, names: Iterable[str]) -> list[str]:
    return [run + name for name in names]


def _decide(office: Office, run: str, wanted: Decisions, arrived: set[str]) -> None:
    """Whatever of the decisions can be made: its messages are here."""
    now_possible = Decisions(
        splits=tuple(_named(run, sorted(arrived & set(wanted.splits)))),
        joins=tuple((run + a, run + b) for a, b in wanted.joins if {a, b} <= arrived),
    )

    def write(session: Session) -> None:
        from tui_mail.db.counters import refresh

        done = decide(session, office.operator, NOW, add=now_possible)
        refresh(session, done.touched)

    office.database.write_now(write)


def _partition(database: Database, run: str) -> set[frozenset[str]]:
    found = (
        frozenset(name.removeprefix(run) for name in group if name.startswith(run))
        for group in groups(database)
    )
    return {group for group in found if group}


def _all_roots(session: Session) -> set[int]:
    return set(session.scalars(select(col(ThreadKey.thread_id))))
