"""The vault: slots that open it, what forgers and losers of files get, keys that change."""

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.oldformat import OldInstallation
from tui_mail.blobs import FolderBlobs
from tui_mail.errors import InputOutput, NotAllowed, NotFound, WrongPassword, WrongUse
from tui_mail.keyring import new_keyring
from tui_mail.slots import Slots, sealed
from tui_mail.vault import Vault, key_id, open_vault

WORDS = "sette cavalli sul lago"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "key"


@pytest.fixture
def vault(key_file: Path) -> Vault:
    made = open_vault(key_file)
    made.unlock()
    return made


def by_words(tmp_path: Path, words: str = WORDS) -> Vault:
    """The vault as a machine without a slot opens it."""
    return open_vault(tmp_path / "no key", tmp_path / "vault.json", lambda: words)


# -- an installation of before


def test_an_installation_with_a_key_file_only_is_taken_over_as_it_is(tmp_path: Path) -> None:
    old = OldInstallation(tmp_path / "home" / "key", tmp_path / "attachments")
    contents = [b"", b"fattura", bytes(70_000), bytes(2 * 64 * 1024)]
    names = [old.put(content) for content in contents]
    secret = old.seal(b"segreta", "account anna@rossi.example")
    before = {path: path.read_bytes() for path in old.attachments.rglob("*") if path.is_file()}

    slots_file = old.attachments / "vault.json"
    for _time in range(2):
        vault = open_vault(old.key_file, slots_file)
        blobs = FolderBlobs(old.attachments, vault)
        assert [blobs.open(name) for name in names] == contents
        assert vault.unseal(secret, "account anna@rossi.example") == b"segreta"
        for name in names:
            blobs.verify(name)
    assert {path: path.read_bytes() for path in before} == before
    assert len(vault.slots()) == 1


def test_content_of_before_is_still_one_file(tmp_path: Path) -> None:
    old = OldInstallation(tmp_path / "key", tmp_path / "attachments")
    name = old.put(b"fattura")
    blobs = FolderBlobs(old.attachments, open_vault(old.key_file))
    assert blobs.put(b"fattura") == name
    assert [one.name for one in blobs.names()] == [name]
    assert blobs.open(name) == b"fattura"


def test_hosts_that_shared_a_key_of_before_share_the_vault(tmp_path: Path) -> None:
    old = OldInstallation(tmp_path / "key", tmp_path / "attachments")
    other = tmp_path / "other" / "key"
    other.parent.mkdir()
    shutil.copy(old.key_file, other)
    slots_file = tmp_path / "vault.json"
    box = open_vault(old.key_file, slots_file).seal(b"x", "c")
    assert open_vault(other, slots_file).unseal(box, "c") == b"x"
    assert len(open_vault(other, slots_file).slots()) == 1


# -- a new one, and what is lost of it


def test_two_vaults_have_nothing_in_common(tmp_path: Path) -> None:
    one, other = open_vault(tmp_path / "a" / "key"), open_vault(tmp_path / "b" / "key")
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    assert one.name(b"x") != other.name(b"x")
    with pytest.raises(NotAllowed):
        other.unseal(one.seal(b"x", "c"), "c")


def test_what_is_sealed_is_bound_to_its_context(vault: Vault) -> None:
    box = vault.seal(b"segreta", "account a")
    assert vault.unseal(box, "account a") == b"segreta"
    with pytest.raises(NotAllowed):
        vault.unseal(box, "account b")
    for place in range(len(box)):
        wrong = bytearray(box)
        wrong[place] ^= 1
        with pytest.raises(NotAllowed):
            vault.unseal(bytes(wrong), "account a")
    with pytest.raises(NotAllowed):
        vault.unseal(b"", "account a")


def test_programs_that_start_together_make_one_vault(key_file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _n: open_vault(key_file).name(b"x"), range(8)))
    assert len(names) == 1


def test_a_vault_that_went_missing_is_not_made_anew(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "vault.json").unlink()
    with pytest.raises(InputOutput, match="missing"):
        open_vault(tmp_path / "key").unlock()
    with pytest.raises(InputOutput):
        vault.seal(b"x", "c")  # a program that runs does not go on either
    assert not (tmp_path / "vault.json").exists()


def test_attachments_without_a_vault_are_not_given_a_new_one(tmp_path: Path) -> None:
    blob = tmp_path / "ab" / ("0" * 62)
    blob.parent.mkdir()
    blob.write_bytes(b"TUIM")
    with pytest.raises(InputOutput):
        open_vault(tmp_path / "key").unlock()
    assert not (tmp_path / "key").exists()


def test_another_machine_has_no_slot(tmp_path: Path, vault: Vault) -> None:
    with pytest.raises(NotAllowed, match="add-slot --machine"):
        open_vault(tmp_path / "other", tmp_path / "vault.json").unlock()
    assert not (tmp_path / "other").exists()


# -- slots


def test_a_passphrase_opens_where_there_is_no_key(tmp_path: Path, vault: Vault) -> None:
    box = vault.seal(b"x", "c")
    vault.add_operator("anna", WORDS)
    vault.add_operator("bruno", "cità di pietra")
    assert by_words(tmp_path).unseal(box, "c") == b"x"
    assert by_words(tmp_path, "cita\u0300 di pietra").unseal(box, "c") == b"x"  # typed otherwise
    with pytest.raises(WrongPassword):
        by_words(tmp_path, WORDS + " ").unlock()
    with pytest.raises(WrongUse):
        vault.add_operator("carla", "corta")
    text = (tmp_path / "vault.json").read_text()
    assert WORDS not in text
    assert [slot.stretching is None for slot in vault.slots()] == [True, False, False]


def test_a_passphrase_may_be_asked_for_where_there_is_a_key(
    tmp_path: Path, vault: Vault, key_file: Path
) -> None:
    vault.add_operator("anna", WORDS)
    open_vault(key_file, None, lambda: WORDS, by_passphrase=True).unlock()
    with pytest.raises(WrongPassword):
        open_vault(key_file, None, lambda: "another one", by_passphrase=True).unlock()


def test_a_key_can_be_made_for_another_machine(tmp_path: Path, vault: Vault) -> None:
    box = vault.seal(b"x", "c")
    slot = vault.add_machine("mailhost", tmp_path / "for mailhost")
    other = open_vault(tmp_path / "for mailhost", tmp_path / "vault.json")
    assert other.unseal(box, "c") == b"x"
    assert other.is_here(slot)
    assert not vault.is_here(slot)
    assert (tmp_path / "for mailhost").stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongUse):
        vault.add_machine("again", tmp_path / "for mailhost")
    with pytest.raises(WrongUse):
        vault.add_machine()


def test_a_passphrase_gives_a_machine_its_slot(tmp_path: Path, vault: Vault) -> None:
    vault.add_operator("anna", WORDS)
    by_words(tmp_path).add_machine("laptop")
    open_vault(tmp_path / "no key", tmp_path / "vault.json").unlock()


def test_a_revoked_slot_opens_nothing_and_the_last_one_stays(tmp_path: Path, vault: Vault) -> None:
    (first,) = vault.slots()
    with pytest.raises(WrongUse):
        vault.revoke(first.id)
    anna = vault.add_operator("anna", WORDS)
    with pytest.raises(NotFound):
        vault.revoke("00000000")
    vault.revoke(anna.id)
    with pytest.raises(NotAllowed):
        by_words(tmp_path).unlock()
    assert vault.slots() == open_vault(tmp_path / "key").slots()


def test_a_machine_that_was_revoked_gets_a_new_key(tmp_path: Path, vault: Vault) -> None:
    vault.add_operator("anna", WORDS)
    stolen = (tmp_path / "stolen").with_suffix(".key")
    shutil.copy(tmp_path / "key", stolen)
    by_words(tmp_path).revoke(vault.slots()[0].id)
    with pytest.raises(NotAllowed):
        vault.seal(b"x", "c")  # a program that runs notices
    back = open_vault(tmp_path / "key", tmp_path / "vault.json", lambda: WORDS)
    back.add_machine()
    open_vault(tmp_path / "key").unlock()
    with pytest.raises(NotAllowed):
        open_vault(stolen, tmp_path / "vault.json").unlock()


def test_who_was_revoked_gets_nothing_of_the_new_key(tmp_path: Path, vault: Vault) -> None:
    anna = vault.add_operator("anna", WORDS)
    hers = by_words(tmp_path)
    hers.unlock()
    vault.revoke(anna.id, turn=True)
    box = vault.seal(b"x", "c")
    with pytest.raises(NotAllowed):
        hers.unseal(box, "c")
    with pytest.raises(NotAllowed):
        hers.seal(b"x", "c")


def test_a_slot_cannot_turn_the_key_that_shuts_it_out(tmp_path: Path, vault: Vault) -> None:
    vault.add_operator("anna", WORDS)
    with pytest.raises(WrongUse):
        vault.revoke(vault.slots()[0].id, turn=True)
    vault.revoke(vault.slots()[0].id)
    assert not (tmp_path / "key").exists()


# -- keys that change


def test_a_new_key_seals_at_once_in_every_program(key_file: Path, vault: Vault) -> None:
    running = open_vault(key_file)
    before = running.seal(b"before", "c")
    assert vault.turn()
    after = running.seal(b"after", "c")
    assert key_id(after) != key_id(before)
    assert vault.unseal(before, "c") == b"before"
    assert vault.unseal(after, "c") == b"after"
    assert running.is_current(after)
    assert not running.is_current(before)


def test_a_program_meets_a_key_that_it_does_not_know(key_file: Path, vault: Vault) -> None:
    running = open_vault(key_file)
    running.unlock()
    vault.turn()
    assert running.unseal(vault.seal(b"x", "c"), "c") == b"x"


def test_an_old_key_is_kept_while_it_is_used(vault: Vault) -> None:
    box = vault.seal(b"x", "c")
    vault.turn()
    assert not vault.turn()  # one rotation at a time
    assert vault.drop(lambda old: old - {key_id(box)}) == 1
    assert vault.unseal(box, "c") == b"x"
    assert vault.drop(lambda old: old) == 0
    with pytest.raises(NotAllowed):
        vault.unseal(box, "c")
    assert vault.turn()


def test_names_outlive_keys(vault: Vault) -> None:
    name = vault.name(b"x")
    vault.turn()
    vault.drop(lambda old: old)
    assert vault.name(b"x") == name


def test_slots_that_are_added_while_the_key_is_turned_are_all_there(key_file: Path) -> None:
    open_vault(key_file).unlock()
    start = threading.Barrier(4)

    def act(number: int) -> None:
        own = open_vault(key_file)
        own.unlock()
        start.wait()
        own.add_machine(f"m{number}", key_file.with_name(f"key {number}"))
        own.turn()
        own.drop(lambda old: old)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, range(4)))
    assert {slot.name for slot in open_vault(key_file).slots()} >= {f"m{n}" for n in range(4)}
    for number in range(4):
        open_vault(key_file.with_name(f"key {number}"), key_file.with_name("vault.json")).unlock()


# -- forgers


def _add_slot(said: dict[str, Any]) -> None:
    said["slots"].append({**said["slots"][0], "id": "deadbeef"})


def _drop_slot(said: dict[str, Any]) -> None:
    del said["slots"][1]


def _rename(said: dict[str, Any]) -> None:
    said["slots"][1]["name"] = "bruno"


def _weaken(said: dict[str, Any]) -> None:
    said["slots"][1]["stretching"]["passes"] = 1


def _swap_rings(said: dict[str, Any]) -> None:
    first, second = said["slots"]
    first["ring"], second["ring"] = second["ring"], first["ring"]


def _other_proof(said: dict[str, Any]) -> None:
    said["proof"] = "0" * 64


def _newer(said: dict[str, Any]) -> None:
    said["format"] = 2


@pytest.mark.parametrize(
    "alter", [_add_slot, _drop_slot, _rename, _weaken, _swap_rings, _other_proof, _newer]
)
def test_a_file_that_somebody_altered_is_refused(
    tmp_path: Path, vault: Vault, alter: Callable[[dict[str, Any]], None]
) -> None:
    vault.add_operator("anna", WORDS)
    file = tmp_path / "vault.json"
    said = json.loads(file.read_text())
    alter(said)
    file.write_text(json.dumps(said))
    with pytest.raises((InputOutput, NotAllowed)):
        open_vault(tmp_path / "key").unlock()
    with pytest.raises((InputOutput, NotAllowed)):
        vault.seal(b"x", "c")


def test_a_ring_of_somebody_else_is_refused(tmp_path: Path, vault: Vault) -> None:
    """Public keys are there for all to see: who may write the file seals a ring of his own."""
    slots = Slots(tmp_path / "vault.json")
    forged = new_keyring()
    with slots.changing():
        slots.write(sealed(slots.read().slots, forged))
    with pytest.raises(InputOutput):
        open_vault(tmp_path / "key").unlock()


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"format": 1, "slots": 3, "proof": ""}', b"\xff"]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, vault: Vault, content: bytes) -> None:
    (tmp_path / "vault.json").write_bytes(content)
    with pytest.raises(InputOutput):
        open_vault(tmp_path / "key").unlock()


def test_a_cut_file_is_refused_wherever_it_ends(tmp_path: Path, vault: Vault) -> None:
    whole = (tmp_path / "vault.json").read_bytes()
    for length in range(0, len(whole), 17):
        (tmp_path / "vault.json").write_bytes(whole[:length])
        with pytest.raises((InputOutput, NotAllowed)):
            open_vault(tmp_path / "key").unlock()


def test_a_slot_that_would_take_all_memory_is_refused(tmp_path: Path, vault: Vault) -> None:
    vault.add_operator("anna", WORDS)
    file = tmp_path / "vault.json"
    said = json.loads(file.read_text())
    said["slots"][1]["stretching"]["memory"] = 1 << 40
    file.write_text(json.dumps(said))
    with pytest.raises(InputOutput):
        by_words(tmp_path).unlock()


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path, vault: Vault) -> None:
    (tmp_path / "vault.json").rename(tmp_path / "elsewhere.json")
    (tmp_path / "vault.json").symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(InputOutput):
        open_vault(tmp_path / "key").unlock()


def test_keys_show_in_no_repr(vault: Vault) -> None:
    assert "keys" not in repr(vault)
    assert repr(new_keyring()).startswith("<")
