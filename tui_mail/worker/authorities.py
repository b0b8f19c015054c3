"""The authorities that may vouch for providers of certified mail: a folder of PEM files."""

from pathlib import Path

from tui_mail.errors import SettingsWrong
from tui_mail.i18n import _


def authorities_in(folder: str) -> tuple[bytes, ...]:
    """The certificates (DER) in the files of a folder; none where no folder is given.

    Raises SettingsWrong when the folder cannot be read, or has none.
    """
    if not folder:
        return ()
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates

    try:
        texts = [
            one.read_bytes() for one in sorted(Path(folder).expanduser().iterdir()) if one.is_file()
        ]
        found = [
            one.public_bytes(Encoding.DER)
            for text in texts
            if b"-----BEGIN CERTIFICATE" in text
            for one in load_pem_x509_certificates(text)
        ]
    except (OSError, ValueError) as error:
        raise SettingsWrong(_unread(folder)) from error
    if not found:
        raise SettingsWrong(_unread(folder))
    return tuple(dict.fromkeys(found))


def _unread(folder: str) -> str:
    return _(
        "The folder {folder} (pec_authorities in settings.toml) has no certificates that can be read: "
        "put the PEM files of the authorities there, or take the setting out."
    ).format(folder=folder)
