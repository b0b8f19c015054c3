"""A command that is killed at each of its steps: every write, fsync, rename and the like.

strace counts the system calls of one run, and in the next ends the program at the one asked for,
as a power cut would, but for what the system itself has not written yet.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.program import command_line

_CALLS = (
    "write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link",
    "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "ftruncate", "utimensat",
)  # fmt: skip
_ONE_THREAD = Path(__file__).with_name("in_one_thread.py")
_LINE = re.compile(r"(\w+)\((.*)")
WHOLE = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
PARTS = range(8 if WHOLE else 1)  # a test that takes all steps, as tests that can run beside others


@dataclass(frozen=True)
class Step:
    """The `number`th call of its kind that a program makes, counted from 1."""

    call: str
    number: int
    what: str

    def __str__(self) -> str:
        return f"{self.call} {self.number}: {self.what[:120]}"


def require_strace() -> None:
    """Skip the test where programs cannot be ended at a step."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt install strace")
    if subprocess.run(["strace", "-o", os.devnull, "true"], check=False).returncode:
        pytest.skip("strace may not trace here")


def steps_of(
    home: Path, arguments: Sequence[object], stdin: str = "", *, one_thread: bool = False
) -> list[Step]:
    """Run a command to its end; the steps that touch something in its home.

    `one_thread`: of a command with threads, which is run without them.
    """
    log = home.with_name("steps.log")
    result = _run(
        home,
        arguments,
        ["-y", "-o", log, "-e", f"trace={','.join(_CALLS)}"],
        stdin,
        one_thread=one_thread,
    )
    assert result.returncode == 0, result.stderr
    counts: dict[str, int] = {}
    found = []
    for line in log.read_text("utf-8", "replace").splitlines():
        if match := _LINE.match(line):
            call, what = match.groups()
            counts[call] = counts.get(call, 0) + 1
            if str(home) in what and "EEXIST" not in what:
                found.append(Step(call, counts[call], what))
    return found


def sampled(steps: list[Step], most: int, part: int | None = None) -> list[Step]:
    """Some of the steps, evenly; with TUI_MAIL_TEST_FULL all, or those of one of PARTS."""
    if WHOLE or len(steps) <= most:
        return steps if part is None else steps[part :: len(PARTS)]
    return [steps[index * len(steps) // most] for index in range(most)]


def kill_at(
    home: Path,
    step: Step,
    arguments: Sequence[object],
    stdin: str = "",
    *,
    one_thread: bool = False,
) -> None:
    """Run a command up to a step, which it does not make."""
    result = _injected(home, step, "signal=KILL", arguments, stdin, one_thread=one_thread)
    assert result.returncode != 0, step


def fail_at(
    home: Path, step: Step, error: str, arguments: Sequence[object]
) -> "subprocess.CompletedProcess[str]":
    """Run a command without its threads; a step fails with `error` (ENOSPC)."""
    return _injected(home, step, f"error={error}", arguments, "", one_thread=True)


def _injected(
    home: Path,
    step: Step,
    what: str,
    arguments: Sequence[object],
    stdin: str,
    *,
    one_thread: bool,
) -> "subprocess.CompletedProcess[str]":
    injected = f"inject={step.call}:{what}:when={step.number}"
    tracing = ["-o", os.devnull, "-e", f"trace={step.call}", "-e", injected]
    return _run(home, arguments, tracing, stdin, one_thread=one_thread)


def _run(
    home: Path,
    arguments: Sequence[object],
    tracing: Sequence[object],
    stdin: str,
    *,
    one_thread: bool = False,
) -> "subprocess.CompletedProcess[str]":
    words = ["--home", str(home), "--json", *map(str, arguments)]
    command = [sys.executable, str(_ONE_THREAD), *words] if one_thread else command_line(*words)
    return subprocess.run(
        ["strace", *map(str, tracing), *command],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
        check=False,
    )
