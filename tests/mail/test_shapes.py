"""What is made to cost much is read in time, and what is left out of it is said.

Small by default; TUI_MAIL_TEST_FULL=1 makes each body as large as is ever read, and takes the time.
"""

import os
import time
import unicodedata

import pytest

from tests.mail.shapes import SHAPES
from tui_mail.mail.damages import damage_in_words
from tui_mail.mail.parse import parse
from tui_mail.mail.render import plain, render

_FULL = os.environ.get("TUI_MAIL_TEST_FULL") == "1"
_BODY = 1024 * 1024
_MOST_SECONDS = 2.0


@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_is_read_in_time(shape: str) -> None:
    raw = SHAPES[shape](_BODY if _FULL else _BODY // 50)
    began = time.process_time()
    parsed = parse(raw)
    rendered = render(parsed, 80)
    if _FULL:  # on a machine that does nothing else
        assert time.process_time() - began < _MOST_SECONDS
    assert len(parsed.text) <= 2 * _BODY
    for line in plain(rendered):
        assert not [sign for sign in line if unicodedata.category(sign) in {"Cc", "Cs"}]


@pytest.mark.parametrize("shape", ["page: nodes", "page: laid out", "pages of nodes", "texts"])
def test_what_is_left_out_is_said(shape: str) -> None:
    assert "text_too_long" in parse(SHAPES[shape](_BODY)).damage


def test_all_damage_is_told_in_words() -> None:
    found = {one for made in SHAPES.values() for one in parse(made(_BODY // 50)).damage}
    assert len(found) > 5
    for name in found:
        assert " " in damage_in_words(name), name


def test_depth_makes_no_text_longer() -> None:
    parsed = parse(SHAPES["page: deep lists"](_BODY // 4))
    assert len(parsed.text) < _BODY


def test_pages_within_leave_the_letter_its_text() -> None:
    inner = SHAPES["page: nodes"](_BODY)
    raw = (
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/html\r\n\r\n<p>La nostra offerta</p>\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--b--\r\n"
    )
    assert parse(raw).text.startswith("La nostra offerta")
