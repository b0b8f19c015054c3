"""Where an ERP is that speaks HTTP: its address, and the secret that it is asked with.

    odoo+https://erp.example/DATABASE?key_file=FILE&user=LOGIN&ca_file=FILE
    erpnext+https://erp.example?key_file=FILE

Hides the checks: a secret is never in the address itself, and never leaves in the clear.
"""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from tui_mail.errors import SettingsWrong
from tui_mail.i18n import _
from tui_mail.safetext import safe

_OF_OTHERS = 0o077
_MOST = 4096
_KNOWN = ("key_file", "user", "ca_file")


@dataclass(frozen=True, slots=True)
class Place:
    """`base`: scheme, host and port; `path`: what follows, without slashes at its ends."""

    base: str
    host: str
    path: str
    user: str
    ca_file: str
    key: str = field(repr=False)


def read_place(location: str, kind: str, *, known: Collection[str] = _KNOWN) -> Place:
    """The place that `KIND+https://…` names, with its key out of its file. Raises SettingsWrong."""
    example = f"{kind}+https://erp.example/?key_file=FILE"
    try:
        parts = urlsplit(location.removeprefix(f"{kind}+"))
        host, port = parts.hostname or "", parts.port
        said = dict(
            parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        )
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"https", "http"} or not said.keys() <= set(known):
        raise SettingsWrong(
            _("This is not the address of an ERP: write it like {example}.").format(example=example)
        )
    if parts.username is not None or parts.password is not None or not said.get("key_file"):
        raise SettingsWrong(
            _(
                "Write the key into a file that only you read, and end the address with"
                " ?key_file=FILE."
            )
        )
    if parts.scheme == "http" and not _is_here(host):
        raise SettingsWrong(
            _("{host} is on the network: the key would travel readable, write https.").format(
                host=safe(host)
            )
        )
    shown = f"[{host}]" if ":" in host else host
    return Place(
        base=f"{parts.scheme}://{shown}{f':{port}' if port else ''}",
        host=host,
        path=parts.path.strip("/"),
        user=said.get("user", ""),
        ca_file=said.get("ca_file", ""),
        key=read_secret(Path(said["key_file"])),
    )


def read_secret(file: Path) -> str:
    """What a file holds that nobody else reads. Raises SettingsWrong."""
    try:
        if file.stat().st_mode & _OF_OTHERS:
            raise SettingsWrong(
                _("{file} can be read by others: take that from them (chmod 600).").format(
                    file=file
                )
            )
        with file.open(encoding="utf-8") as content:
            return content.read(_MOST).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsWrong(
            _("The password file {file} cannot be read: see that it is there and yours.").format(
                file=file
            )
        ) from error


def _is_here(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
