"""Undoes Content-Transfer-Encoding, whatever state the encoded bytes are in: never raises."""

import binascii

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(sorted(set(range(256)) - set(_BASE64) - {ord("=")}))
IDENTITY = frozenset({"", "7bit", "8bit", "binary", "7-bit", "8-bit"})


def undo(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """The bytes before the transfer encoding (RFC 2045 §6), and whether nothing was wrong."""
    if encoding in IDENTITY:
        return data, True
    if encoding == "base64":
        return _base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), True
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uuencoded(data)
    return data, False


def _base64(data: bytes) -> tuple[bytes, bool]:
    """Foreign characters are skipped; padding in the middle starts a new run; a stray digit goes."""
    clean = data.translate(None, _NOT_BASE64)
    runs = [run for run in clean.split(b"=") if run]
    decoded = []
    sound = len(runs) <= 1
    for run in runs:
        if len(run) % 4 == 1:
            run, sound = run[:-1], False  # noqa: PLW2901 - the shortened run is the run
        decoded.append(binascii.a2b_base64(run + b"=" * (-len(run) % 4)))
    return b"".join(decoded), sound


def uudecoded_line(line: bytes) -> bytes | None:
    """The bytes of one line of uuencode, None when it is none."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders pad the last line with rubbish: believe the line's own length.
        length = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[:length])
        except binascii.Error:
            return None


def _uuencoded(data: bytes) -> tuple[bytes, bool]:
    lines = data.splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith(b"begin ")), -1)
    decoded, sound = [], begin >= 0
    for line in lines[begin + 1 :]:
        if line.strip() in {b"end", b"`"}:
            break
        if not line.strip():
            continue
        piece = uudecoded_line(line)
        if piece is None:
            sound = False
        else:
            decoded.append(piece)
    return b"".join(decoded), sound
