"""Whether a file is mail, told from how it starts. Hides the signatures of formats that are none."""

import re

from tui_mail.archives import mbox
from tui_mail.i18n import _

HEAD = 65_536  # bytes of a file that tell

_OTHERS = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"SQLite format 3", b"\x7fELF",
    b"\xd0\xcf\x11\xe0", b"// <!-- <mdb:mork", b"bplist00", b"\x00\x00\x00\x01Bud1", b"<?xml",
    b"<!DOCTYPE",
)  # fmt: skip
_OUTLOOK = b"!BDN"
_ZIP = b"PK\x03\x04"
_ARCHIVES = (b"Rar!", b"7z\xbc\xaf")
_FIELD = re.compile(
    rb"(?i)(?:^|[\r\n])(?:from|to|cc|bcc|date|subject|sender|reply-to|message-id|received|return-path"
    rb"|delivered-to|in-reply-to|references|mime-version|content-type|content-transfer-encoding"
    rb"|x-mailer|x-mozilla-status2?|x-account-key|resent-[a-z-]+)[ \t]*:"
)
_EMPTY_LINE = re.compile(rb"\n\r?\n|\r\r")


def why_no_mail(head: bytes) -> str:
    """Why a file that starts so is no mail, a part of a sentence; "" when it is.

    A message has a field of a header that people know before its first empty line.
    """
    if not head:
        return _("it is empty")
    if head.startswith(_OUTLOOK):
        return _(
            "it is a file of Outlook: have it written as EML or mbox files, by readpst for one"
        )
    if head.startswith(_ZIP):
        return _("it is a document, or a ZIP archive that is damaged or within another one")
    if head.startswith(_ARCHIVES):
        return _("it is an archive of a kind that is not read: unpack it, or pack it as ZIP")
    if head.startswith(_OTHERS):
        return _("it is a picture, a document or a program's file")
    if mbox.starts_as_one(head):
        return ""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    end = _EMPTY_LINE.search(start)
    if _FIELD.search(start, 0, end.start() if end else len(start)):
        return ""
    return _("it has no header of a message")
