"""Sealed attachments: given back to the byte, refused when a bit is another."""

import os
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tui_mail.blobs import FolderBlobs
from tui_mail.errors import CannotWrite, InputOutput, NotAllowed, NotFound
from tui_mail.vault import open_vault

CHUNK = 64 * 1024
NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def blobs(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "attachments", open_vault(tmp_path / "key"))


def file_of(tmp_path: Path, name: str) -> Path:
    return tmp_path / "attachments" / name[:2] / name[2:]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_what_is_put_comes_back(blobs: FolderBlobs, size: int) -> None:
    content = secrets.token_bytes(size)
    assert blobs.open(blobs.put(content)) == content


def test_the_same_content_is_one_file(blobs: FolderBlobs, tmp_path: Path) -> None:
    assert blobs.put(b"fattura") == blobs.put(b"fattura")
    assert sum(path.is_file() for path in (tmp_path / "attachments").rglob("*")) == 1


def test_the_folder_tells_nothing(blobs: FolderBlobs, tmp_path: Path) -> None:
    import hashlib

    content = b"%PDF-1.7 segreto" * 100
    name = blobs.put(content)
    assert name != hashlib.sha256(content).hexdigest()
    assert b"PDF" not in file_of(tmp_path, name).read_bytes()


@pytest.mark.parametrize("place", [0, 10, 70, 200, -1])
def test_a_flipped_bit_is_refused(blobs: FolderBlobs, tmp_path: Path, place: int) -> None:
    name = blobs.put(b"x" * 5000)
    sealed = bytearray(file_of(tmp_path, name).read_bytes())
    sealed[place] ^= 1
    file_of(tmp_path, name).write_bytes(sealed)
    with pytest.raises((InputOutput, NotAllowed)):
        blobs.open(name)


def test_a_blob_cut_short_swapped_or_reordered_is_refused(
    blobs: FolderBlobs, tmp_path: Path
) -> None:
    name, other = blobs.put(b"a" * 3 * CHUNK), blobs.put(b"b" * 3 * CHUNK)
    path, sealed = file_of(tmp_path, name), file_of(tmp_path, name).read_bytes()
    step = CHUNK + 16
    start = len(sealed) - 3 * step
    swapped = (
        sealed[:start] + sealed[start + step : start + 2 * step] + sealed[start : start + step]
    )
    for wrong in (
        sealed[:-1],
        sealed[:-step],
        sealed[: start - 5],
        sealed + sealed[-step:],
        swapped + sealed[-step:],
        file_of(tmp_path, other).read_bytes(),
    ):
        path.write_bytes(wrong)
        with pytest.raises((InputOutput, NotAllowed)):
            blobs.open(name)


def test_another_key_opens_nothing(blobs: FolderBlobs, tmp_path: Path) -> None:
    name = blobs.put(b"contenuto")
    stranger = FolderBlobs(tmp_path / "attachments", open_vault(tmp_path / "other"))
    with pytest.raises(NotAllowed):
        stranger.open(name)


def test_what_was_collected_is_not_found(blobs: FolderBlobs) -> None:
    name = blobs.put(b"via")
    assert blobs.collect(name, LATER)
    assert blobs.collect(name, LATER)
    with pytest.raises(NotFound):
        blobs.open(name)


def test_what_was_put_again_is_not_collected(blobs: FolderBlobs, tmp_path: Path) -> None:
    name = blobs.put(b"tenuto")
    os.utime(file_of(tmp_path, name), (0, 0))
    assert blobs.put(b"tenuto") == name
    assert not blobs.collect(name, NOW - timedelta(days=1))
    assert blobs.open(name) == b"tenuto"
    assert [one.name for one in blobs.names()] == [name]
    assert list(blobs.leftovers()) == []


def test_a_blob_is_there_while_a_collector_looks_at_it(blobs: FolderBlobs, tmp_path: Path) -> None:
    name = blobs.put(b"guardato")
    path = file_of(tmp_path, name)
    path.rename(path.with_name(f".{path.name}.{'0' * 16}.aside"))
    assert blobs.open(name) == b"guardato"
    assert len(list(blobs.leftovers())) == 1
    assert blobs.sweep(LATER) == 1  # the collector died
    assert blobs.open(name) == b"guardato"
    assert path.exists()


def test_half_written_files_are_swept_when_they_are_old(blobs: FolderBlobs, tmp_path: Path) -> None:
    name = blobs.put(b"intero")
    half = file_of(tmp_path, name).with_name(f".{name[2:]}.{'0' * 16}.new")
    half.write_bytes(b"TUIM")
    (found,) = blobs.leftovers()
    assert (found.name, found.size) == (f"{name[:2]}/{half.name}", 4)
    assert blobs.sweep(NOW - timedelta(days=1)) == 0
    assert blobs.sweep(LATER) == 1
    assert not half.exists()
    assert blobs.open(name) == b"intero"


def test_who_puts_and_who_collects_at_the_same_time_lose_nothing(
    blobs: FolderBlobs, tmp_path: Path
) -> None:
    """Collectors for whom everything is old but what was put after they began."""
    name = blobs.put(b"conteso")
    path = file_of(tmp_path, name)
    stop = threading.Event()

    def collect() -> int:
        gone = 0
        while not stop.is_set():
            with suppress(FileNotFoundError):
                os.utime(path, (0, 0))  # nobody has wanted it for years
            gone += blobs.collect(name, NOW - timedelta(days=1))
        return gone

    def put() -> None:
        for _ in range(300):
            assert blobs.put(b"conteso") == name

    with ThreadPoolExecutor(3) as pool:
        collectors = [pool.submit(collect) for _ in range(2)]
        try:
            pool.submit(put).result()
        finally:
            stop.set()
        assert sum(one.result() for one in collectors)
    assert blobs.put(b"conteso") == name
    assert not blobs.collect(name, NOW - timedelta(days=1))
    assert blobs.open(name) == b"conteso"
    assert list(blobs.leftovers()) == []


def test_every_blob_is_listed_with_its_size_and_age(blobs: FolderBlobs) -> None:
    names = sorted(blobs.put(bytes(number)) for number in range(20))
    found = list(blobs.names())
    assert [one.name for one in found] == names
    assert all(one.size > 0 and abs(one.modified - NOW) < timedelta(hours=1) for one in found)
    for name in names:
        blobs.verify(name)


def test_a_link_in_the_folder_leads_nowhere(blobs: FolderBlobs, tmp_path: Path) -> None:
    name = blobs.put(b"a")
    path, outside = file_of(tmp_path, name), tmp_path / "outside"
    path.rename(outside)
    path.symlink_to(outside)
    with pytest.raises(InputOutput):
        blobs.open(name)
    path.unlink()
    path.parent.rename(tmp_path / "elsewhere")
    path.parent.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CannotWrite):
        blobs.put(b"a")
    assert list((tmp_path / "elsewhere").iterdir()) == []
    path.parent.unlink()
    path.parent.mkdir()
    os.mkfifo(path)
    with pytest.raises(NotFound):
        blobs.open(name)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 63])
def test_a_name_never_leads_out_of_the_folder(blobs: FolderBlobs, name: str) -> None:
    with pytest.raises(NotFound):
        blobs.open(name)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "attachments").write_text("a file in the way")
    blobs = FolderBlobs(tmp_path / "attachments", open_vault(tmp_path / "key"))
    with pytest.raises(CannotWrite):
        blobs.put(b"x")


def test_an_empty_file_as_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"")
    with pytest.raises(NotAllowed):
        open_vault(tmp_path / "key").unlock()


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    open_vault(tmp_path / "key").unlock()
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
