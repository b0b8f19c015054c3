"""Bytes that claim a charset become text: hides wrong names, wrong claims and dangerous codecs."""

import codecs
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]*")
# What real mail writes, and the superset that mail programs really meant (WHATWG Encoding).
_ALIASES = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi-x3.4-1968": "utf-8",
    "default": "utf-8",
    "unknown": "utf-8",
    "unknown-8bit": "utf-8",
    "x-unknown": "utf-8",
    "utf8mb4": "utf-8",
    "utf-8mb4": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode": "utf-16",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso-8859-1-windows-3.1-latin-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "ansi": "cp1252",
    "x-ansi": "cp1252",
    "cp-1252": "cp1252",
    "win-1252": "cp1252",
    "windows-1252http-equivcontent-type": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "cp-850": "cp850",
    "cp-437": "cp437",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "chinesebig5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "x-sjis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "ks-c-5601-1987": "cp949",
    "ks-c-5601": "cp949",
    "ksc5601": "cp949",
    "euc-kr": "cp949",
    "x-euc-jp": "euc_jp",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-user-defined": "cp1252",
}
# Text codecs that are no charset of mail, or cost more than linear time.
_REFUSED = frozenset(
    {
        "punycode",
        "idna",
        "unicode_escape",
        "raw_unicode_escape",
        "unicode-escape",
        "raw-unicode-escape",
        "undefined",
        "charmap",
        "mbcs",
        "oem",
    }
)
_PROBE = b"a"
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
# What is guessed: the 8-bit charsets of scripts that are not Latin, as mail had them before UTF-8.
_GUESSED = (
    "cp1251",
    "koi8_r",
    "cp1253",
    "gb18030",
    "big5",
    "cp932",
    "euc_jp",
    "cp949",
    "cp1255",
    "cp1256",
    "tis_620",
    "cp1252",
)
_WESTERN = frozenset({"cp1252", "iso8859-15"})
_SAMPLE = 4096
_ASCII = bytes(range(128))
_HIGH = bytes(range(128, 256))
_HIGH_RUN = re.compile(rb"[\x80-\xff]{2,}")


def codec_of(charset: str) -> str | None:
    """The name of the Python codec for a charset as written in mail, None when there is none."""
    match = _NAME.search(charset[:64])
    if match is None:
        return None
    name = match[0].lower().replace("_", "-").rstrip(".-:")
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name).name
        if found in _REFUSED:
            return None
        _PROBE.decode(found, "replace")  # refuses codecs between bytes and bytes
    except (LookupError, ValueError):
        return None
    return found


def decode(data: bytes, charset: str = "", likely: str = "") -> tuple[str, bool]:
    """`data` as text, and whether the claim held: the claimed charset, else UTF-8, else a guess.

    `likely`: what to try before guessing. Never raises. Bytes that mean nothing become U+FFFD.
    """
    codec = codec_of(charset) if charset else "utf-8"
    believed = codec is not None
    codec = codec or "utf-8"
    if codec.startswith(("utf-16", "utf-32")) and b"\0" not in data:
        codec, believed = "utf-8", False
    if b"\x1b$" in data and codec == "utf-8":
        codec, believed = "iso2022_jp_2", False
    if codec in _WESTERN and not data.isascii():
        # Text in UTF-8 by chance is next to impossible in a language that has words.
        try:
            return data.decode("utf-8").removeprefix("\ufeff"), False
        except UnicodeDecodeError:
            pass
    try:
        return data.decode(codec).removeprefix("\ufeff"), believed
    except (UnicodeError, ValueError):
        return _decode_damaged(data, codec, likely).removeprefix("\ufeff"), False


def _decode_damaged(data: bytes, codec: str, likely: str) -> str:
    """A few broken sequences are replaced where they stand; many mean that the claim is wrong."""
    if codec != "utf-8":
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            pass
    text = data.decode(codec, "replace")
    foreign = sum(1 for character in text if character > "\x7f")
    if text.count("\ufffd") * 10 <= foreign:
        return text
    codec = codec_of(likely) or "" if likely else ""
    if codec and codec != "utf-8":
        try:
            return data.decode(codec)
        except (UnicodeError, ValueError):
            pass
    return data.decode(_guess(data), "replace")


def _guess(data: bytes) -> str:
    """The codec that bytes without a true claim look like: cp1252 unless there is good reason.

    A detector is asked only where words are made of high bytes, as in no Latin script: of a few
    accents among ASCII it makes anything.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return codec
    high = len(data) - len(data.translate(None, _HIGH))
    in_words = sum(len(run) for run in _HIGH_RUN.findall(data[:_SAMPLE]))
    if high < 4 or in_words * 2 < min(high, len(data[:_SAMPLE].translate(None, _ASCII))):
        return "cp1252"
    from charset_normalizer import from_bytes  # 60 ms, for one message in a thousand

    start = _HIGH_RUN.search(data)
    begin = start.start() if start else 0
    best = from_bytes(data[begin : begin + _SAMPLE], cp_isolation=list(_GUESSED)).best()
    return best.encoding if best is not None else "cp1252"
