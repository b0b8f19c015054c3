"""A backup of an installation in a folder: database first, then attachments, so that every attachment
that the database names is in it; and an installation out of a backup.

A backup holds `tui_mail.db` (or `tui_mail.dump` of PostgreSQL), the sealed attachments with the
vault's slots, settings.toml, unless told otherwise this machine's key file, and `backup.json`, which
is written last: a folder without it is no backup. What is with its server only is not in it, and the
database in it knows that. Attachments are linked where the file system can,
unless told otherwise, since they are never changed in place; then what damages a file on the disk
damages it in both. Restoring adds attachments, replaces damaged ones and deletes none; the vault that
is there takes the keys of the backup's among its old ones, and what else is replaced is kept beside
under another name.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tui_mail.blobs import FolderBlobs
from tui_mail.db import backups
from tui_mail.errors import (
    CannotWrite,
    InputOutput,
    NotAllowed,
    NotFound,
    TryLater,
    WrongData,
    WrongKey,
)
from tui_mail.i18n import _
from tui_mail.vault import Vault, open_vault
from tui_mail.worker.collect import nothing_collected, nothing_spare

_LIST = "backup.json"
_DATABASE, _DUMP = "tui_mail.db", "tui_mail.dump"
_VAULT = "vault.json"
_VERSION = 1
_DIGITS = frozenset("0123456789abcdef")
_WAIT_SECONDS = 60.0
_EVERY = 500


@dataclass(frozen=True, slots=True)
class Site:
    """What is backed up and restored; `database` is the file of SQLite, None when `url` is a
    server's."""

    url: str
    database: Path | None
    attachments: Path
    key: Path
    settings: Path


@dataclass(frozen=True, slots=True)
class Copied:
    """How many attachments were copied or linked, how many of those in the place of damaged ones,
    which files were put aside, and how many attachments are with their servers only."""

    attachments: int
    replaced: int = 0
    aside: tuple[Path, ...] = ()
    away: int = 0


def back_up(
    site: Site,
    target: Path,
    tell: Callable[[int], None],
    *,
    with_key: bool,
    link: bool,
    away: Callable[[], int] = int,
) -> Copied:
    """Make a backup in `target`, a folder that is new or empty; with `link`, attachments are the
    same files where that can be. `away`: how many attachments are with their servers only.

    Raises CannotWrite, InputOutput, NotFound, TryLater.
    """
    try:
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(target.iterdir()):
            raise CannotWrite(
                _("{folder} is not empty: name a new folder for the backup.").format(folder=target)
            )
        with nothing_collected(site.attachments, _WAIT_SECONDS):
            on_servers = away()
            kept = _database_out(site, target)
            slots = _content(site.attachments / _VAULT)
            count = _blobs_out(site.attachments, target / "attachments", tell, link=link)
            if _content(site.attachments / _VAULT) != slots:
                raise TryLater(_("The keys were changed meanwhile: make the backup again."))
        for file, name in (
            (site.attachments / _VAULT, f"attachments/{_VAULT}"),
            (site.settings, "settings.toml"),
            *(((site.key, "key"),) if with_key else ()),
        ):
            if file.exists():
                _copy(file, target / name)
        _write_list(target, kept, count, on_servers)
    except OSError as error:
        raise _cannot(target, error) from error
    return Copied(count, away=on_servers)


def _database_out(site: Site, target: Path) -> Path:
    if site.database is None:
        backups.dump(site.url, target / _DUMP)
        return target / _DUMP
    backups.snapshot(site.database, target / _DATABASE)
    (target / _DATABASE).chmod(0o600)
    return target / _DATABASE


def _write_list(target: Path, database: Path, attachments: int, away: int) -> None:
    content = {
        "version": _VERSION,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "database": database.name,
        "sha256": _digest(database),
        "attachments": attachments,
        "away": away,
    }
    beside = target / f".{_LIST}"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.rename(target / _LIST)


def restore(
    site: Site,
    source: Path,
    tell: Callable[[int], None],
    vault: Vault,
    ask: Callable[[], str] | None,
) -> Copied:
    """Put a backup in the place of what is there: attachments first, then the database.

    `vault`: that of the site, which is only opened where the backup's keys must be added to it;
    `ask`: for a passphrase of the backup's vault. Raises NotFound, WrongData, CannotWrite, TryLater,
    NotAllowed.
    """
    database = _checked(site, source)
    try:
        if site.database is not None and site.database.exists():
            backups.let_go(site.database)
        nothing_spare(site.attachments)
        aside = list(_keys_in(site, source, vault, ask))
        count, replaced = _blobs_in(source / "attachments", site.attachments, vault, tell)
        if site.database is None:
            backups.load(site.url, database)
        else:
            aside += _database_in(site.database, database)
        if not site.settings.exists() and (source / "settings.toml").exists():
            _copy(source / "settings.toml", site.settings)
    except OSError as error:
        raise _cannot(site.attachments, error) from error
    return Copied(count, replaced, tuple(aside))


def _checked(site: Site, source: Path) -> Path:
    """The database in a backup that is whole and of our kind."""
    try:
        told = json.loads((source / _LIST).read_text("utf-8"))
        name, digest = str(told["database"]), str(told["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound(
            _("{folder} is no backup, or one that was not finished.").format(folder=source)
        ) from error
    if name != (_DUMP if site.database is None else _DATABASE):
        raise WrongData(
            _("The backup is of another kind of database than settings.toml names: change that.")
        )
    database = source / name
    if not database.is_file() or _digest(database) != digest:
        raise WrongData(_("The database in the backup is damaged: take another backup."))
    if site.database is not None:
        backups.check_snapshot(database)
    return database


def _keys_in(
    site: Site, source: Path, vault: Vault, ask: Callable[[], str] | None
) -> Iterator[Path]:
    """The keys that open the backup's attachments. Where there are attachments here already whose
    keys are others, they are added to those; else what they replace is put aside."""
    theirs, ours = source / "attachments" / _VAULT, site.attachments / _VAULT
    own = ours.exists() and _content(ours) != _content(theirs)
    if own and next(_blobs(site.attachments), None) is not None:
        if theirs.exists():
            _add_keys(site, source, vault, ask)
        return
    for file, place in ((theirs, ours), (source / "key", site.key)):
        if file.exists() and _content(file) != _content(place):
            yield from _put_aside(place)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy(file, place)


def _add_keys(site: Site, source: Path, vault: Vault, ask: Callable[[], str] | None) -> None:
    """The backup itself is not written to, not even a lock."""
    with tempfile.TemporaryDirectory(prefix="tui_mail-", dir=site.attachments) as folder:
        slots, key = Path(folder) / _VAULT, Path(folder) / "key"
        _copy(source / "attachments" / _VAULT, slots)
        given = source / "key" if (source / "key").exists() else site.key
        if given.exists():
            _copy(given, key)
        try:
            vault.adopt(open_vault(key, slots, ask))
        except NotAllowed as error:
            raise NotAllowed(
                _(
                    "The backup's vault does not open here, and its attachments have other keys "
                    "than those that are here: put its key file into {folder} as “key”, or give "
                    "an operator's passphrase with --passphrase-stdin."
                ).format(folder=source)
            ) from error


def _database_in(place: Path, database: Path) -> list[Path]:
    beside = place.with_name(f"{place.name}.restoring")
    _copy(database, beside)
    aside = list(_put_aside(place))
    for ending in ("-wal", "-shm"):
        Path(f"{place}{ending}").unlink(missing_ok=True)
    beside.rename(place)
    return aside


def _put_aside(file: Path) -> Iterator[Path]:
    if file.exists():
        aside = file.with_name(f"{file.name}.before-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
        file.rename(aside)
        yield aside


def _blobs(folder: Path) -> Iterator[Path]:
    """The sealed files, by name: 64 digits over a folder and a file."""
    if not folder.is_dir():
        return
    for shard in sorted(folder.iterdir()):
        if len(shard.name) == 2 and set(shard.name) <= _DIGITS and shard.is_dir():
            yield from (f for f in sorted(shard.iterdir()) if set(f.name) <= _DIGITS)


def _blobs_out(source: Path, target: Path, tell: Callable[[int], None], *, link: bool) -> int:
    """Every blob into a new folder; how many they are."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    for file in _blobs(source):
        place = target / file.parent.name / file.name
        place.parent.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):  # put aside for a moment by whoever collects elsewhere
            if not (link and _linked(file, place)):
                _copy(file, place)
            count += 1
        if count % _EVERY == 0:
            tell(count)
    return count


def _blobs_in(
    source: Path, target: Path, vault: Vault, tell: Callable[[int], None]
) -> tuple[int, int]:
    """What is not in `target`, or is damaged there and whole in `source`; how many of both."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    ours, theirs = FolderBlobs(target, vault), FolderBlobs(source, vault)
    opens = _opens(vault)
    count = replaced = 0
    for number, file in enumerate(_blobs(source), 1):
        name, place = file.parent.name + file.name, target / file.parent.name / file.name
        there = place.exists()
        if not there or (opens and not _is_whole(ours, name) and _is_whole(theirs, name)):
            place.parent.mkdir(mode=0o700, exist_ok=True)
            _copy(file, place)
            count += 1
            replaced += there
        if number % _EVERY == 0:
            tell(number)
    return count, replaced


def _opens(vault: Vault) -> bool:
    """Whether damage can be told at all; without a key, what is there stays as it is."""
    if not vault.file.exists():
        return False
    try:
        vault.unlock()
    except (NotAllowed, InputOutput):
        return False
    return True


def _is_whole(blobs: FolderBlobs, name: str) -> bool:
    try:
        blobs.verify(name)
    except (NotFound, InputOutput, WrongKey):
        return False
    return True


def _linked(file: Path, place: Path) -> bool:
    try:
        os.link(file, place, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _copy(file: Path, place: Path) -> None:
    """Beside, then renamed: whole or not there; for the owner only."""
    beside = place.with_name(f".{place.name}.copying")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as copy, file.open("rb") as original:
        shutil.copyfileobj(original, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    beside.rename(place)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _cannot(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(
        _("{file} cannot be written ({reason}).").format(
            file=error.filename or path, reason=error.strerror
        )
    )
