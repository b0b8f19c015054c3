"""Work off the keys' path: coroutines that begin when the loop has time, and end with their widget."""

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode

Work = Callable[[], Coroutine[Any, Any, Any]]


def begin(node: DOMNode, work: Work, group: str, *, latest: bool = False) -> None:
    """Begin `work` for `node`. `latest`: what the same group began before is of no use any more.

    A function is taken, not a coroutine: one that is given up before it began leaves nothing behind.
    """
    node.run_worker(work, group=group, exclusive=latest)
