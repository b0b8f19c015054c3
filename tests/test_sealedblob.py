"""The format of blobs: whatever is done to a file of one, it gives its content or nothing."""

import io
import os
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oldformat import OldInstallation
from tui_mail import sealedblob
from tui_mail.blobs import FolderBlobs
from tui_mail.errors import InputOutput, NotAllowed
from tui_mail.vault import Vault, open_vault

CHUNK = 64 * 1024
NAME = "ab" * 32
_REFUSED = (InputOutput, NotAllowed)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return open_vault(tmp_path_factory.mktemp("vault") / "key")


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(3 * CHUNK + 100)


@pytest.fixture(scope="module")
def whole(vault: Vault, content: bytes) -> bytes:
    return sealed(content, vault)


def sealed(content: bytes, vault: Vault, name: str = NAME) -> bytes:
    file = io.BytesIO()
    sealedblob.seal(io.BytesIO(content), file, name, vault)
    return file.getvalue()


def unsealed(file: bytes, vault: Vault, name: str = NAME) -> bytes:
    return b"".join(sealedblob.unseal(io.BytesIO(file), name, vault))


@given(size=st.integers(0, 5) | st.integers(CHUNK - 2, CHUNK + 2) | st.integers(0, 3 * CHUNK))
@settings(max_examples=40)
def test_what_is_sealed_comes_back(vault: Vault, size: int) -> None:
    content = os.urandom(size)
    file = sealed(content, vault)
    assert unsealed(file, vault) == content
    assert sealedblob.read_header(io.BytesIO(file)).size_of_file(size) == len(file)


@given(place=st.integers(0, 10**9), bit=st.integers(0, 7))
@settings(max_examples=300)
def test_a_flipped_bit_is_refused_wherever_it_is(
    vault: Vault, whole: bytes, place: int, bit: int
) -> None:
    wrong = bytearray(whole)
    wrong[place % len(wrong)] ^= 1 << bit
    with pytest.raises(_REFUSED):
        unsealed(bytes(wrong), vault)


def test_every_bit_of_the_header_counts(vault: Vault, whole: bytes) -> None:
    header = len(sealedblob.read_header(io.BytesIO(whole)).written)
    for place in range(header * 8):
        wrong = bytearray(whole)
        wrong[place // 8] ^= 1 << place % 8
        with pytest.raises(_REFUSED):
            unsealed(bytes(wrong), vault)


@given(length=st.integers(0, 10**9))
@settings(max_examples=100)
def test_a_blob_cut_short_is_refused_wherever_it_ends(
    vault: Vault, whole: bytes, length: int
) -> None:
    with pytest.raises(_REFUSED):
        unsealed(whole[: length % len(whole)], vault)


def test_chunks_are_all_there_in_their_order_and_no_others(vault: Vault, whole: bytes) -> None:
    start, step = len(sealedblob.read_header(io.BytesIO(whole)).written), CHUNK + 16
    header, body = whole[:start], whole[start:]
    one, two, three, last = (body[at : at + step] for at in range(0, len(body), step))
    assert header + one + two + three + last == whole
    for chunks in (
        [two, one, three, last], [one, three, last], [one, two, three], [last], [],
        [one, two, three, last, last], [one, one, two, three, last], [one, two, three, last[:-1]],
        [one, two, three, last, b"\0"], [three, last], [one, two, last, three],
    ):  # fmt: skip
        with pytest.raises(_REFUSED):
            unsealed(header + b"".join(chunks), vault)


def test_parts_of_two_blobs_do_not_mix(vault: Vault, whole: bytes, content: bytes) -> None:
    other = sealed(content, vault)
    start = len(sealedblob.read_header(io.BytesIO(whole)).written)
    for mixed in (whole[:start] + other[start:], whole[: start - 7] + other[start - 7 :]):
        with pytest.raises(_REFUSED):
            unsealed(mixed, vault)
    with pytest.raises(_REFUSED):
        unsealed(whole, vault, "cd" * 32)  # a blob under the name of another


def test_another_header_leaves_the_chunks_as_they_are(tmp_path: Path, content: bytes) -> None:
    vault = open_vault(tmp_path / "key")
    old = sealed(content, vault)
    vault.turn()
    file = io.BytesIO()
    sealedblob.rewrap(io.BytesIO(old), file, NAME, vault)
    new = file.getvalue()
    start = len(sealedblob.read_header(io.BytesIO(old)).written)
    assert new[start:] == old[start:]
    assert new[: start - 7] != old[: start - 7]
    assert unsealed(new, vault) == unsealed(old, vault) == content
    vault.drop(lambda old: old)
    assert unsealed(new, vault) == content
    with pytest.raises(NotAllowed):
        unsealed(old, vault)  # the file of before is put back


def test_ten_thousand_blobs_share_neither_key_nor_nonce(vault: Vault) -> None:
    keys, wrappings, prefixes = set(), set(), set()
    for _number in range(10_000):
        header = sealedblob.read_header(io.BytesIO(sealed(b"x", vault)))
        keys.add(sealedblob.open_key(header, NAME, vault))
        wrappings.add(header.key[-60:-48])
        prefixes.add((header.key, header.prefix))
    assert len(keys) == len(wrappings) == len(prefixes) == 10_000


def test_a_big_file_takes_little_memory(tmp_path: Path) -> None:
    size = 100 << 20
    blobs = FolderBlobs(tmp_path / "attachments", open_vault(tmp_path / "key"))
    with (tmp_path / "big").open("w+b") as file:
        file.truncate(size)
        tracemalloc.start()
        try:
            name = blobs.put(file)
            assert sum(len(part) for part in blobs.stream(name)) == size
            blobs.verify(name)
            assert tracemalloc.get_traced_memory()[1] < 8 << 20
        finally:
            tracemalloc.stop()


def test_nothing_of_a_damaged_blob_is_given_out(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path / "attachments", open_vault(tmp_path / "key"))
    name = blobs.put(bytes(3 * CHUNK))
    path = tmp_path / "attachments" / name[:2] / name[2:]
    path.write_bytes(path.read_bytes()[:-1])
    got: list[bytes] = []
    with pytest.raises(InputOutput):
        got.extend(blobs.stream(name))
    assert got == []


def test_a_blob_of_before_gets_the_new_format_with_a_new_key(tmp_path: Path) -> None:
    old = OldInstallation(tmp_path / "key", tmp_path / "attachments")
    contents = [b"", b"x" * 10, os.urandom(CHUNK), os.urandom(2 * CHUNK + 1)]
    names = [old.put(content) for content in contents]
    vault = open_vault(old.key_file)
    blobs = FolderBlobs(old.attachments, vault)
    vault.turn()
    assert [blobs.rewrap(name) for name in names] == [True] * 4
    assert [blobs.rewrap(name) for name in names] == [False] * 4
    assert vault.drop(lambda old: old - blobs.keys_in_use()) == 0
    assert [blobs.open(name) for name in names] == contents
