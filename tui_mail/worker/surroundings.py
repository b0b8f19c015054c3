"""What an installation stands on: rights of its files, room on its disks, the file systems they are."""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tui_mail.filesystems import network_file_system

LEAST_FREE = 500 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CHANGED_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Places:
    """Where an installation keeps what; `database` is None when a server keeps it."""

    private: tuple[Path, ...]  # folders and files that are nobody else's business
    attachments: Path
    database: Path | None


def open_to_others(places: Places) -> list[Path]:
    """What others than its owner may read or change, and what another owns."""
    return [path for path in _private(places) if _is_open(path)]


def close_to_others(paths: list[Path]) -> list[Path]:
    """Take the rights of others away; those that stay open."""
    for path in paths:
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
        except OSError:
            continue
    return [path for path in paths if _is_open(path)]


def _private(places: Places) -> Iterator[Path]:
    beside = ("", "-wal", "-shm")
    files = [Path(f"{places.database}{end}") for end in beside] if places.database else []
    yield from (path for path in (*places.private, *files) if path.exists())


def _is_open(path: Path) -> bool:
    """A folder may be looked into where the files in it may not."""
    found = path.stat()
    forbidden = _CHANGED_BY_OTHERS if stat.S_ISDIR(found.st_mode) else _OTHERS
    return bool(found.st_mode & forbidden) or found.st_uid not in {os.getuid(), 0}


def nearly_full(places: Places) -> list[tuple[Path, int]]:
    """Folders on disks with too little room, and how many bytes are left."""
    found = []
    for folder in _folders(places):
        free = shutil.disk_usage(folder).free
        if free < LEAST_FREE:
            found.append((folder, free))
    return found


def _folders(places: Places) -> list[Path]:
    wanted = [places.attachments, *([places.database.parent] if places.database else [])]
    return [next(one for one in (path, *path.parents) if one.exists()) for path in wanted]


def database_on_network(places: Places) -> str:
    """The network file system that the database's file lies on, "" when there is none."""
    return network_file_system(places.database) if places.database else ""
