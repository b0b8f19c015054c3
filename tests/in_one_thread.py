"""The program with every pool of threads done without: its system calls come in one order, always
the same, so that a test can end it at each of them."""

import concurrent.futures
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any


class Inline(concurrent.futures.ThreadPoolExecutor):
    """Does what it is given at once, in the thread that gives it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 — as a pool does
            future.set_exception(error)
        return future


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    concurrent.futures.ThreadPoolExecutor = Inline  # type: ignore[misc]
    from tui_mail.__main__ import main

    main()
