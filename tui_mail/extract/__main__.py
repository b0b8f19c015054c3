"""The process that reads files: takes one after another from its standard input, gives their text.

Started and ended by the worker; a person has no use for it.
"""

import os
import sys
from typing import BinaryIO

from tui_mail.extract.confined import allow_time, confine
from tui_mail.extract.files import text_of
from tui_mail.extract.limits import MOST_BYTES, NotReadError, TooLargeError
from tui_mail.extract.wire import ANSWER, OUTCOMES, REQUEST, Extracted, Outcome

_NICE = 15


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)  # a library that prints something must not answer in our place
    os.nice(_NICE)
    confine()
    while (request := _read(sys.stdin.buffer)) is not None:
        allow_time()
        found = _extracted(*request)
        text = found.text.encode("utf-8", "replace")
        answers.write(ANSWER.pack(OUTCOMES.index(found.outcome), len(text)) + text)
        answers.flush()


def _read(source: BinaryIO) -> tuple[str, str, bytes] | None:
    head = source.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return None
    name, media_type, content = (source.read(size) for size in REQUEST.unpack(head))
    return name.decode("utf-8", "replace"), media_type.decode("utf-8", "replace"), content


def _extracted(name: str, media_type: str, content: bytes) -> Extracted:
    if len(content) > MOST_BYTES:
        return Extracted(Outcome.TOO_LARGE)
    try:
        return Extracted(Outcome.DONE, text_of(name, media_type, content))
    except (TooLargeError, MemoryError):
        return Extracted(Outcome.TOO_LARGE)
    except (NotReadError, RecursionError):
        return Extracted(Outcome.FAILED)
    except Exception:  # noqa: BLE001 — whatever a library makes of a hostile file, it is this file's
        return Extracted(Outcome.FAILED)


if __name__ == "__main__":
    main()
