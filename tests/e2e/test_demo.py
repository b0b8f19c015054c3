"""The demo in a real terminal does what it is for: mail comes in linked, an answer comes back."""

import re
import sys
from collections.abc import Iterator

import pytest

from tests.terminal import Terminal

ORDER = "SO 123"


@pytest.fixture
def demo() -> Iterator[Terminal]:
    terminal = Terminal(
        [
            sys.executable,
            "-m",
            "tui_mail",
            "demo",
            "--lang",
            "en",
            "--answer",
            "0.5",
            "--fresh",
            "0",
            "--undo",
            "0",
        ],
        120,
        36,
    )
    yield terminal
    terminal.close()


def rows_about(terminal: Terminal, record: str) -> list[str]:
    return [line for line in terminal.screen.display if record in line]


def test_an_answer_comes_back_linked_to_the_same_order(demo: Terminal) -> None:
    demo.until(lambda t: bool(rows_about(t, ORDER)), 60)
    demo.until("Marta Bianchi (2)")
    demo.until("perfetto, alle 10 va bene")
    demo.until("Order 123")
    demo.send("r")
    demo.until("Re: consegna ordine 123")
    demo.until("Alt+S")
    demo.send("Confermo la sponda idraulica per le 10.")
    demo.until("Confermo la sponda idraulica per le 10.")
    demo.send("\x1bs")
    # Our answer and theirs join the conversation: unread, same order; what
    # was sent before may have come by then, too.
    demo.until(lambda t: bool(re.search(r"● +Marta Bianchi \([45]\).*SO 123", t.text)), 30)
    demo.send("\x11")
    assert demo.wait() == 0
