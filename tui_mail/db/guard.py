"""What a task's writes are conditional on: asked in the very transaction of each of them.

Set once around a piece of work, it holds for every write below it, in every task begun there; so no
write can forget it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlmodel import Session

Guard = Callable[[Session], None]

_guard: ContextVar[Guard | None] = ContextVar("tui_mail_guard", default=None)


@contextmanager
def guarded(guard: Guard | None) -> Iterator[None]:
    """Writes below happen only while `guard(session)` does not raise."""
    token = _guard.set(guard)
    try:
        yield
    finally:
        _guard.reset(token)


def guard_in_force() -> Guard | None:
    """For a process that writes for this one."""
    return _guard.get()


def require_guard(session: Session) -> None:
    """Raise what the guard in force raises."""
    guard = _guard.get()
    if guard is not None:
        guard(session)
