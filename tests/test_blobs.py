"""Sealed attachments: given back to the byte, refused when a bit is another."""

import secrets
from pathlib import Path

import pytest

from tui_mail.blobs import FolderBlobs
from tui_mail.errors import CannotWrite, InputOutput, NotAllowed, NotFound
from tui_mail.vault import open_vault

CHUNK = 64 * 1024


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


def test_what_was_deleted_is_not_found(blobs: FolderBlobs) -> None:
    name = blobs.put(b"via")
    blobs.delete(name)
    blobs.delete(name)
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
        open_vault(tmp_path / "key")


def test_the_key_is_for_its_owner_only(tmp_path: Path) -> None:
    open_vault(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
