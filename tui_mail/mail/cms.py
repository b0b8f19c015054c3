"""What lies in a CMS envelope (RFC 5652): the signed content, or that it is encrypted. Verifies nothing.

A signature is judged elsewhere; whoever reads a message or an invoice needs what was signed.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field

_PEM = re.compile(rb"-----BEGIN (?:PKCS7|CMS)-----(.*?)-----END", re.DOTALL)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """`content` is empty when it is encrypted, or signed apart from what it signs."""

    encrypted: bool = False
    content: bytes = field(default=b"", repr=False)


def open_envelope(data: bytes) -> Envelope | None:
    """The content of an envelope in DER, BER, PEM or bare base64, None when it is none; never raises."""
    from asn1crypto.cms import ContentInfo  # 30 ms, for one message in a thousand

    der = der_of(data)
    if der is None:
        return None
    try:
        info = ContentInfo.load(der)
        kind = info["content_type"].native
        if kind == "signed_data":
            inner = info["content"]["encap_content_info"]["content"]
            return Envelope(content=inner.native or b"" if inner else b"")
        if kind in {"enveloped_data", "authenticated_enveloped_data", "encrypted_data"}:
            return Envelope(encrypted=True)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError):
        return None
    return None


def der_of(data: bytes) -> bytes | None:
    """An envelope's own bytes, as they are or out of PEM or bare base64; None when it is none."""
    if data[:1] == b"\x30":
        return data
    pem = _PEM.search(data)
    text = pem[1] if pem else data
    if not text.lstrip().startswith(b"MI") or not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(text)
    except binascii.Error:
        return None
