"""The last guard: what is not ours never reaches the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.ui.driver import guarded

PAYLOADS = (
    "\x1b]0;PWN\x07",
    "\x1b]52;c;QUFB\x07",
    "\x1b]52;c;QUFB\x1b\\",
    "\x1b]8;;http://evil.example\x1b\\",
    "\x1bP+q544e\x1b\\",
    "\x1bP$qm\x1b\\",
    "\x1b_Gf=24;AAAA\x1b\\",
    "\x1b^secret\x1b\\",
    "\x1bXsos\x1b\\",
    "\x1b[6n",
    "\x1b[c",
    "\x1b[2J",
    "\x1b[21t",
    "\x1bc",
    "\x1b#8",
    "\x9b6n",
    "\x9d0;x\x9c",
    "\x90q\x9c",
    "\x05",
    "\x00",
    "\x7f",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_foreign_sequence_is_dropped_and_the_text_around_it_stays(payload: str) -> None:
    assert guarded(f"before{payload}after") == "beforeafter"


@pytest.mark.parametrize(
    "ours",
    [
        "\x1b[1;38;2;10;20;30;48;2;1;2;3mciao\x1b[0m",
        "\x1b[3;4H",
        "\x1b[?1049h",
        "\x1b[?25l",
        "\x1b[?2026h",
        "\x1b[?2026$p",
        "\x1b[>1u",
        "\x1b[<u",
        "riga\r\n",
        "\x07",
    ],
)
def test_what_the_driver_itself_writes_passes(ours: str) -> None:
    assert guarded(ours) == ours


def test_only_a_whole_write_may_set_the_clipboard() -> None:
    copied = "\x1b]52;c;QUFB\x07"
    assert guarded(copied) == copied
    assert guarded(f"\x1b[1;1H{copied}") == "\x1b[1;1H"


@given(st.lists(st.sampled_from([*PAYLOADS, "a", "\x1b", "\x9d", "[", "]", ";", "\\", "\x1b[0m"])))
def test_no_mixture_of_sequences_gets_through(pieces: list[str]) -> None:
    rest = guarded("x" + "".join(pieces)).replace("\x1b[0m", "").replace("\x07", "")
    assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in rest)


def test_what_is_not_seen_is_not_written() -> None:
    assert guarded("a\u200bb\u202ec\u2066d\ufeffe\U000e0041f") == "abcdef"
