"""Names, sets, strings and dates on the wire: there and back, and nothing but BAD for nonsense."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.demo.imap_syntax import (
    Arguments,
    MalformedError,
    NumberSet,
    decode_mailbox,
    encode_mailbox,
    format_date_time,
    format_set,
    parse_date_time,
    quote,
)

PRINTABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", b'"INBOX"'),
        ("Perché", b'"Perch&AOk-"'),
        ("A & B", b'"A &- B"'),
        ("日本語", b'"&ZeVnLIqe-"'),
        ("posta 📬", b'"posta &2D3c7A-"'),
        ('a "b" \\c', b'"a \\"b\\" \\\\c"'),
    ],
)
def test_mailbox_names_are_written_in_modified_utf7(name: str, written: bytes) -> None:
    assert encode_mailbox(name) == written
    assert Arguments([written]).mailbox() == name


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b"inbox", "INBOX"),
        (b"InBox/a", "INBOX/a"),
        (b"Perch\xc3\xa9", "Perché"),
        (b"a&b", "a&b"),
        (b"&2D0-", "&2D0-"),
    ],
)
def test_what_clients_write_instead_is_understood(written: bytes, name: str) -> None:
    assert decode_mailbox(written) == name


@pytest.mark.parametrize("written", [b"\xff", b"a\x00b", b"&AAA-", b"x" * 2000])
def test_names_that_cannot_be_are_malformed(written: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_mailbox(written)


@given(PRINTABLE)
def test_every_name_comes_back(name: str) -> None:
    written = encode_mailbox(name)
    if not written.startswith(b"{"):
        assert decode_mailbox(Arguments([written]).string(), inbox=False) == name


@given(st.binary(max_size=60))
def test_every_string_comes_back(value: bytes) -> None:
    written = quote(value)
    if written.startswith(b"{"):
        size, _, content = written.partition(b"\r\n")
        assert (size, content) == (b"{%d}" % len(value), value)
    else:
        assert Arguments([written]).string() == value


@given(st.lists(st.integers(1, 60), min_size=1), st.sets(st.integers(1, 60)))
def test_a_set_names_what_was_put_in_it(numbers: list[int], known: set[int]) -> None:
    parsed = Arguments([format_set(numbers)]).number_set()
    assert parsed.pick(sorted(known)) == sorted(set(numbers) & known)
    within = parsed.matcher(60)
    assert {number for number in range(1, 70) if within(number)} == set(numbers)


@pytest.mark.parametrize(
    ("written", "picked"),
    [
        (b"*", [9]),
        (b"5:*", [5, 9]),
        (b"*:5", [5, 9]),
        (b"10:*", [9]),
        (b"1:3,2:4", [1, 3]),
        (b"4294967295", []),
    ],
)
def test_the_star_is_the_last(written: bytes, picked: list[int]) -> None:
    assert Arguments([written]).number_set().pick([1, 3, 5, 9]) == picked


def test_a_set_of_thousands_of_overlapping_ranges_is_quick() -> None:
    wide = NumberSet(tuple((number, 0) for number in range(1, 20_000)))
    assert len(wide.pick(range(1, 20_001))) == 20_000


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),
    st.integers(-14 * 60, 14 * 60),
)
def test_times_come_back(moment: datetime, minutes: int) -> None:
    when = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_date_time(format_date_time(when).strip(b'"')) == when


def test_a_one_digit_day_is_padded() -> None:
    when = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)
    assert format_date_time(when) == b'" 1-Mar-2026 09:05:00 +0000"'


@given(st.binary(max_size=80), st.lists(st.binary(max_size=5), max_size=2))
def test_arguments_raise_nothing_but_malformed(text: bytes, literals: list[bytes]) -> None:
    chunks = [text, *[b" " for _ in literals]]
    for name in ("atom", "number", "string", "mailbox", "list_pattern", "flags", "number_set"):
        arguments = Arguments(chunks, literals)
        with contextlib.suppress(MalformedError):
            getattr(arguments, name)()
            arguments.finish()
