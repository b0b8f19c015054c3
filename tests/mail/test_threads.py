"""Conversations: the same whatever the order of arrival."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import messages
from tui_mail.mail.parse import parse
from tui_mail.mail.threads import Node, arrange, own_key, sides, thread_keys

START = datetime(2026, 3, 5, tzinfo=UTC)


def node(number: int, answers: str = "", *references: str, name: str | None = None) -> Node:
    return Node(
        id=number,
        message_id=f"m{number}" if name is None else name,
        in_reply_to=(answers,) if answers else (),
        references=references,
        date=START + timedelta(hours=number),
    )


def shape(messages: list[Node]) -> list[tuple[int, int]]:
    return [(each.id, depth) for each, depth in arrange(messages)]


def test_answers_stand_under_what_they_answer() -> None:
    assert shape([node(3, "m1"), node(2, "m1"), node(4, "m2"), node(1)]) == [
        (1, 0),
        (2, 1),
        (4, 2),
        (3, 1),
    ]


def test_a_missing_message_is_passed_over() -> None:
    assert shape([node(1), node(3, "gone", "m1", "gone")]) == [(1, 0), (3, 1)]


def test_others_tell_where_a_missing_message_belongs() -> None:
    assert shape([node(1), node(2, "gone"), node(3, "gone", "m1", "gone")]) == [
        (1, 0),
        (2, 1),
        (3, 1),
    ]


def test_answers_to_a_message_that_never_came_stand_side_by_side() -> None:
    assert shape([node(2, "gone"), node(1, "gone")]) == [(1, 0), (2, 0)]


def test_a_loop_is_broken() -> None:
    arranged = shape([node(1, "m2"), node(2, "m1"), node(3, "m3")])
    assert sorted(number for number, _depth in arranged) == [1, 2, 3]


def test_two_messages_under_one_identifier_are_both_there() -> None:
    assert shape([node(1), node(2, name="m1"), node(3, "m1")]) == [(1, 0), (3, 1), (2, 0)]


def test_a_single_parent_named_beats_the_references() -> None:
    assert shape([node(1), node(2, "m1"), node(3, "m2"), node(4, "m2", "m1", "m2", "m3")]) == [
        (1, 0),
        (2, 1),
        (3, 2),
        (4, 2),
    ]


def test_ten_thousand_answers_in_a_chain_are_no_matter() -> None:
    chain = [node(0), *(node(number, f"m{number - 1}") for number in range(1, 10_000))]
    assert shape(chain)[-1] == (9_999, 9_999)


IDS = st.sampled_from(["a", "b", "c", "d", "e", "f", ""])
NODES = st.lists(
    st.builds(
        lambda name, answers, references, hour: (name, answers, tuple(references), hour),
        IDS,
        st.lists(IDS.filter(bool), max_size=2).map(tuple),
        st.lists(IDS.filter(bool), max_size=4),
        st.one_of(st.none(), st.integers(0, 3)),
    ),
    max_size=8,
).map(
    lambda rows: [
        Node(
            number,
            name,
            answers,
            references,
            None if hour is None else START + timedelta(hours=hour),
        )
        for number, (name, answers, references, hour) in enumerate(rows)
    ]
)


@given(NODES, st.data())
def test_any_order_gives_the_same_arrangement(nodes: list[Node], data: Any) -> None:
    shuffled = data.draw(st.permutations(nodes))
    arranged = arrange(shuffled)
    assert arranged == arrange(nodes)
    assert sorted(each.id for each, _depth in arranged) == sorted(each.id for each in nodes)


@given(NODES, st.data())
def test_any_order_of_arrival_gives_the_same_components(nodes: list[Node], data: Any) -> None:
    raws = [
        f"Message-ID: <{each.message_id}>\nIn-Reply-To: {' '.join(f'<{i}>' for i in each.in_reply_to)}\n"
        f"References: {' '.join(f'<{i}>' for i in each.references)}\n\n{each.id}".encode()
        for each in nodes
    ]
    keys = [thread_keys(parse(raw), str(n)) for n, raw in enumerate(raws)]
    order = data.draw(st.permutations(range(len(keys))))
    assert components(keys, range(len(keys))) == components(keys, order)


def components(keys: list[tuple[str, ...]], order: Any) -> set[frozenset[int]]:
    """The messages of each thread, joined one arrival at a time."""
    threads: list[tuple[set[str], set[int]]] = []
    for number in order:
        names, members = set(keys[number]), {number}
        for thread in [each for each in threads if each[0] & names]:
            threads.remove(thread)
            names |= thread[0]
            members |= thread[1]
        threads.append((names, members))
    return {frozenset(members) for _names, members in threads}


def test_a_message_without_identifier_has_a_key_of_its_own() -> None:
    message = parse(b"Subject: a\n\nciao")
    assert thread_keys(message, "1f") == ("sha256:1f",)
    assert own_key(message.message_id, "1f") != own_key(message.message_id, "2f")


def test_the_same_subject_joins_nobody() -> None:
    first, second = (
        parse(b"Message-ID: <a>\nSubject: Ordine\n\n"),
        parse(b"Message-ID: <b>\nSubject: Ordine\n\n"),
    )
    assert not set(thread_keys(first, "1")) & set(thread_keys(second, "2"))


@pytest.mark.parametrize(
    ("answered", "named", "keys"),
    [
        ("", "", "me"),
        ("<a>", "", "me a"),
        ("<a>", "<r> <b> <a>", "me a b r"),
        ("<c>", "<r> <b> <a>", "me c a b r"),
        ("", "<r> <1> <2> <3> <4> <5> <6>", "me 6 5 4 3 r"),
        ("<p>", "<r> <1> <2> <3> <4> <5> <6>", "me p 6 5 4 r"),
        ("<r>", "<r> <1> <2> <3> <4> <5> <6>", "me r 6 5 4 3"),
        ("<p> <q>", "", "me p q"),
        ("<p> <q>", "<r> <1> <2> <3> <4>", "me 4 3 2 1 r"),
        ("<me>", "<me> <a> <me>", "me a"),
    ],
)
def test_the_parent_counts_and_some_before_it_and_the_beginning(
    answered: str, named: str, keys: str
) -> None:
    raw = f"Message-ID: <me>\nIn-Reply-To: {answered}\nReferences: {named}\n\n".encode()
    assert thread_keys(parse(raw), "") == tuple(keys.split())


def test_keys_are_few_however_many_are_named() -> None:
    raw = b"Message-ID: <me>\nReferences: " + b" ".join(b"<%d@x>" % n for n in range(500)) + b"\n\n"
    assert thread_keys(parse(raw), "") == ("me", "499@x", "498@x", "497@x", "496@x", "0@x")


# -- splits by hand


def test_a_split_takes_a_message_and_its_answers_away() -> None:
    found = sides([node(1), node(2, "m1"), node(3, "m2"), node(4, "m1")], {"m2"})
    assert found.of_messages == {1: "", 2: "m2", 3: "m2", 4: ""}


def test_a_later_answer_follows_even_when_it_names_both_sides() -> None:
    mail = [node(1), node(2, "m1"), node(3, "m2"), node(4, "m3", "m1", "m3")]
    assert sides(mail, {"m2"}).of_messages[4] == "m2"


def test_a_split_within_a_split_begins_a_third_conversation() -> None:
    found = sides([node(1), node(2, "m1"), node(3, "m2"), node(4, "m3")], {"m2", "m3"})
    assert found.of_messages == {1: "", 2: "m2", 3: "m3", 4: "m3"}


def test_copies_of_an_identifier_are_on_one_side_when_it_is_split_off() -> None:
    found = sides([node(1), node(2, "m1"), node(3, "m1", name="m2")], {"m2"})
    assert found.of_messages == {1: "", 2: "m2", 3: "m2"}


def test_a_message_that_has_not_come_has_a_side_too() -> None:
    found = sides([node(1), node(2, "m1"), node(3, "gone", "m2", "gone")], {"m2"})
    assert (found.of_key("gone"), found.of_key("never named")) == ("m2", "")


@given(NODES, st.sets(IDS.filter(bool)), st.data())
def test_any_order_gives_the_same_sides(nodes: list[Node], splits: set[str], data: Any) -> None:
    shuffled = data.draw(st.permutations(nodes))
    assert sides(shuffled, splits).of_messages == sides(nodes, splits).of_messages


@pytest.mark.parametrize(
    ("case", "depths"), [("ghost-root", {0, 1, 2, 3}), ("parent-priority", {0, 1, 2})]
)
def test_known_hard_conversations(case: str, depths: set[int]) -> None:
    parsed = [parse(raw) for path, raw in messages("notmuch") if f"threading/{case}/" in path]
    nodes = [
        Node(number, each.message_id, each.in_reply_to, each.references, each.date)
        for number, each in enumerate(parsed)
    ]
    assert len(nodes) >= 2
    assert {depth for _node, depth in arrange(nodes)} == depths
