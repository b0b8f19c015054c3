"""Address headers as they are really written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mail.addresses import mailboxes


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a@b.it", [("a@b.it", "")]),
        ("<a@B.IT>", [("a@b.it", "")]),
        ("Mario Rossi <m@r.it>", [("m@r.it", "Mario Rossi")]),
        ('"Rossi, Mario" <m@r.it>', [("m@r.it", "Rossi, Mario")]),
        ("Rossi, Mario <m@r.it>", [("m@r.it", "Rossi, Mario")]),
        ("m@r.it (Mario Rossi)", [("m@r.it", "Mario Rossi")]),
        ("m@r.it (a (b) \\) c), x@y.it", [("m@r.it", "a (b) \\) c"), ("x@y.it", "")]),
        ("a@b.it, c@d.it", [("a@b.it", ""), ("c@d.it", "")]),
        ("a@b.it; c@d.it", [("a@b.it", ""), ("c@d.it", "")]),
        ("Ufficio: a@b.it, c@d.it;", [("a@b.it", ""), ("c@d.it", "")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?Citt=C3=A0?= <a@b.it>", [("a@b.it", "Città")]),
        ("=?utf-8?b?YUBi?=@evil.example", [("=?utf-8?b?YUBi?=@evil.example", "")]),
        ('"a@b.it" <c@d.it>', [("c@d.it", "a@b.it")]),
        ("<a@b.it> <c@d.it>", [("a@b.it", ""), ("c@d.it", "")]),
        ("<@x,@y:a@b.it>", [("a@b.it", "")]),
        ('"quoted local"@b.it', [('"quoted local"@b.it', "")]),
        ("MAILER-DAEMON (Mail System)", [("MAILER-DAEMON", "")]),
        ("a @ b.it", [("a@b.it", "")]),
        ("Mario a@b.it", [("a@b.it", "Mario")]),
        ("<a@b.it", [("a@b.it", "")]),
        ('"Mario <a@b.it>', [("a@b.it", '" Mario')]),
        ("(((", [("(((", "")]),
        ("<>", []),
        ("", []),
        ("'Mario' <a@b.it>", [("a@b.it", "Mario")]),
        ("Pete <pete(his)@silly.test(host)>", [("pete@silly.test", "Pete")]),
    ],
)
def test_forms(written: str, read: list[tuple[str, str]]) -> None:
    assert [(each.address, each.name) for each in mailboxes(written)] == read


@given(st.text(alphabet='ab@.,;:<>()"\\ \x00è', max_size=60))
def test_no_text_makes_it_raise_or_leaves_a_control_in_an_address(text: str) -> None:
    for mailbox in mailboxes(text):
        assert not any(character < " " for character in mailbox.address)


def test_only_so_many_are_read() -> None:
    assert len(mailboxes("a@b.it, " * 5000, 10)) == 10
