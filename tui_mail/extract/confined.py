"""Shuts a process that reads what strangers wrote in: no network, no new files, little memory, little time.

For Linux as far as the system lets it; what it refuses is left out, since the parent's deadline
and its killing hold anyway.
"""

import contextlib
import ctypes
import resource
import signal

MEMORY_BYTES = 640 * 1024 * 1024  # of address space, the program itself included
CPU_SECONDS = 5  # for one file
_OPEN_FILES = 32
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


def confine(memory: int = MEMORY_BYTES) -> None:
    """Give up what reading does not need, for good. `memory`: bytes of address space it may have."""
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        # Alone in a network of its own, where there is none.
        if libc.unshare(_CLONE_NEWNET) != 0:
            libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def allow_time() -> None:
    """Let the next file have CPU_SECONDS; the system ends the process when they are over."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
