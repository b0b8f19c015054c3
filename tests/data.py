"""Where the test data is that nobody here wrote: read in place, never copied."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

_PROJECT = Path(__file__).resolve().parent.parent
_NO_MAIL = {".json", ".xml", ".md", ".tsv", ".png", ".jpg", ".jpeg", ".gif", ".zip", ".pdf", ".org"}


def data_folder(name: str = "") -> Path:
    """A folder of the test data; skips the test, with the reason, when it is not there."""
    root = Path(os.environ.get("TUI_MAIL_TEST_DATA") or _PROJECT.parent / "shared" / "data")
    folder = root / name if name else root
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder} (TUI_MAIL_TEST_DATA names another place)")
    return folder


def messages(name: str, every: int = 1) -> Iterator[tuple[str, bytes]]:
    """Each `every`th file of a set that may be a message: its name and its bytes."""
    files = [
        path
        for path in sorted(data_folder(name).rglob("*"))
        if path.is_file() and path.suffix.lower() not in _NO_MAIL and path.name != "SOURCE.txt"
    ]
    for path in files[::every]:
        yield str(path.relative_to(data_folder())), path.read_bytes()
