"""BinHex 4.0 (RFC 1741): the name and the data fork of a Macintosh file; never raises."""

import binascii
import re

MAX_UNPACKED = 64 * 1024 * 1024

_ALPHABET = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_TO_BASE64 = bytes.maketrans(_ALPHABET, _BASE64)
_FOREIGN = bytes(sorted(set(range(256)) - set(_ALPHABET)))
_BODY = re.compile(rb"must be converted with BinHex[^\r\n]*[\r\n]+\s*:([^:]*):?")


def open_binhex(text: bytes) -> tuple[bytes, bytes] | None:
    """The name (Mac Roman) and the data fork of an encoded file, None when it is none."""
    match = _BODY.search(text)
    if match is None:
        return None
    digits = match[1].translate(_TO_BASE64, _FOREIGN)
    if len(digits) % 4 == 1:
        digits = digits[:-1]
    packed = binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    data = _expanded(packed)
    # length of the name, the name, NUL, type, creator, flags, two lengths, a checksum
    size = data[0] if data else 0
    start = 1 + size + 1 + 4 + 4 + 2
    if not 1 <= size <= 63 or len(data) < start + 10:
        return None
    length = int.from_bytes(data[start : start + 4], "big")
    content = data[start + 10 : start + 10 + length]
    return data[1 : 1 + size], content


def _expanded(packed: bytes) -> bytes:
    """Undo the runs: a byte, 0x90 and a count; 0x90 0x00 is 0x90 itself."""
    out = bytearray()
    position = 0
    while position < len(packed) and len(out) < MAX_UNPACKED:
        mark = packed.find(b"\x90", position)
        if mark < 0 or mark + 1 >= len(packed):
            out += packed[position:]
            break
        out += packed[position:mark]
        count = packed[mark + 1]
        if count == 0:
            out.append(0x90)
        elif out:
            out += out[-1:] * (count - 1)
        position = mark + 2
    return bytes(out)
