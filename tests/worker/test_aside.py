"""What works in the background gives the processor to who types, in every process."""

from collections.abc import Iterator

import pytest

from tui_mail import aside
from tui_mail.worker.child import Child


def left(_asked: object) -> float:
    return aside.left()


@pytest.fixture(autouse=True)
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key has a long moment; afterwards nobody types any more."""
    monkeypatch.setattr(aside, "_MOMENT_SECONDS", 3600.0)
    yield
    monkeypatch.setattr(aside, "_MOMENT_SECONDS", 0.0)
    aside.ask()


@pytest.fixture
def child() -> Iterator[Child[float]]:
    there = Child(left, float, processor_seconds=10, wall_seconds=60, nice=0, confined=True)
    yield there
    there.close()


def test_another_process_stands_aside_after_a_key(
    child: Child[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aside, "stand", lambda: None)  # this process is the one that types
    assert child.call(None) == 0
    aside.ask()
    assert child.call(None) > 0


def test_nobody_waits_longer_than_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    aside.share()
    aside.ask()
    assert 0 < aside.left() <= 1
    monkeypatch.setattr(aside, "_MOMENT_SECONDS", 0.001)
    aside.ask()
    aside.stand()
    assert aside.left() == 0
