"""Files that hold other files: Outlook's winmail.dat, signed p7m, BinHex; hides their formats.

What is inside is never stored: it is found again from the message's own bytes, in the same order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tui_mail.mail.binhex import open_binhex
from tui_mail.mail.cms import open_envelope
from tui_mail.mail.rtf import read_rtf
from tui_mail.mail.tnef import Tnef, TnefFile, is_tnef, open_tnef

MAX_DEPTH = 3
MAX_FILES = 500

_CMS_TYPES = frozenset(
    {
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """A file inside another; `media_type` is empty when the container does not tell."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = ""
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a container holds. `text` and `html`: the letter in an Outlook envelope.

    `entity`: a signed MIME entity, to be read in place of its envelope.
    """

    files: tuple[Found, ...] = ()
    text: str = ""
    html: str = ""
    entity: bytes = field(default=b"", repr=False)
    encrypted: bool = False


def unpack(name: str, media_type: str, content: bytes) -> Unpacked | None:
    """What a file holds when it is a container, else None."""
    lower = name.lower()
    if is_tnef(content):
        return _from_tnef(open_tnef(content))
    if media_type == "application/mac-binhex40" or lower.endswith(".hqx"):
        opened = open_binhex(content)
        if opened is None:
            return None
        return Unpacked((Found(opened[0].decode("mac_roman"), opened[1]),))
    if media_type in _CMS_TYPES or lower.endswith((".p7m", ".p7c")):
        return _from_cms(name, media_type, content)
    return None


def _from_cms(name: str, media_type: str, content: bytes) -> Unpacked | None:
    envelope = open_envelope(content)
    if envelope is None or (not envelope.content and not envelope.encrypted):
        return None
    if envelope.encrypted:
        return Unpacked(encrypted=True)
    inner = name[:-4] if name.lower().endswith((".p7m", ".p7c")) else ""
    if media_type.endswith("pkcs7-mime") and inner.lower() in {"", "smime"}:
        return Unpacked(entity=envelope.content)
    return Unpacked((Found(inner or name, envelope.content),))


def _from_tnef(opened: Tnef) -> Unpacked:
    text, html = opened.text, opened.html
    if not (text or html) and opened.rtf:
        written, is_html = read_rtf(opened.rtf)
        text, html = ("", written) if is_html else (written, "")
    return Unpacked(tuple(_tnef_files(opened.files)), text, html)


def _tnef_files(files: list[TnefFile]) -> Iterator[Found]:
    """The files, and instead of an item within its own files and text, down to three levels."""
    waiting = [(file, 1) for file in reversed(files)]
    count = 0
    while waiting and count < MAX_FILES:
        file, depth = waiting.pop()
        if file.embedded and is_tnef(file.content) and depth < MAX_DEPTH:
            inner = open_tnef(file.content)
            waiting.extend((each, depth + 1) for each in reversed(inner.files))
            text = inner.text or read_rtf(inner.rtf)[0]
            if inner.html or text:
                suffix = ".html" if inner.html else ".txt"
                data = (inner.html or text).encode("utf-8", "replace")
                count += 1
                yield Found(f"{file.name or 'item'}{suffix}", data)
            continue
        count += 1
        yield Found(file.name, file.content, file.media_type, file.content_id)
