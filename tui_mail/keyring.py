"""The keys of the vault: versions of the sealing key, and one naming key that never changes.

Hides how keys are made from other keys (HKDF, RFC 5869, one key for each purpose) and how a ring
is written down. A ring shows in no repr.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

KEY_BYTES = 32
ID_BYTES = 4
# Of the sealing key that installations had before there were versions; its seals carry no id.
FIRST = bytes(ID_BYTES)


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """`keys`: sealing keys by their id; `current`: the id of the one that seals."""

    naming: bytes
    current: bytes
    keys: Mapping[bytes, bytes]

    def turned(self) -> "Keyring":
        """With a new key that seals from now on; the others still unseal."""
        fresh = _fresh_id(self.keys)
        return replace(
            self, current=fresh, keys={**self.keys, fresh: secrets.token_bytes(KEY_BYTES)}
        )

    def without(self, ids: Collection[bytes]) -> "Keyring":
        """Without the old keys of those ids; the current one stays whatever happens."""
        kept = {one: key for one, key in self.keys.items() if one not in ids or one == self.current}
        return replace(self, keys=kept)

    def joined(self, other: "Keyring") -> "Keyring":
        """With the keys of another writing of the same ring as old ones.

        Raises ValueError for another ring, whose names are not the same for the same content.
        """
        same = other.keys.keys() & self.keys.keys()
        if other.naming != self.naming or any(other.keys[one] != self.keys[one] for one in same):
            raise ValueError
        return replace(self, keys={**other.keys, **self.keys})

    @property
    def old(self) -> frozenset[bytes]:
        """The ids of the keys that do not seal any more."""
        return frozenset(self.keys) - {self.current}

    def to_bytes(self) -> bytes:
        return json.dumps(
            {
                "naming": base64.b64encode(self.naming).decode(),
                "current": self.current.hex(),
                "keys": {
                    one.hex(): base64.b64encode(key).decode() for one, key in self.keys.items()
                },
            }
        ).encode()


def keyring_from(written: bytes) -> Keyring:
    """The ring of `to_bytes`. Raises ValueError, KeyError or TypeError for anything else."""
    found = json.loads(written)
    keys = {bytes.fromhex(one): base64.b64decode(key) for one, key in found["keys"].items()}
    ring = Keyring(base64.b64decode(found["naming"]), bytes.fromhex(found["current"]), keys)
    if ring.current not in keys or {len(key) for key in (ring.naming, *keys.values())} != {
        KEY_BYTES
    }:
        raise ValueError
    return ring


def new_keyring() -> Keyring:
    """Random keys."""
    return Keyring(secrets.token_bytes(KEY_BYTES), FIRST, {}).turned()


def first_keyring(key: bytes) -> Keyring:
    """The ring of an installation that had a single key, in a file."""
    return Keyring(derived(key, b"tui_mail name"), FIRST, {FIRST: derived(key, b"tui_mail seal")})


def derived(key: bytes, purpose: bytes) -> bytes:
    """HKDF-SHA-256 with one block: extract with an empty salt, expand for `purpose`."""
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, purpose + b"\x01", hashlib.sha256).digest()


def _fresh_id(taken: Collection[bytes]) -> bytes:
    """Random, so that a ring from a backup never gives an id to a second key."""
    while True:
        found = secrets.token_bytes(ID_BYTES)
        if found != FIRST and found not in taken:
            return found
