"""The text in a file, for the search: what sort of file it is, and who reads it.

Pure and hostile-proof as far as Python goes; run it in the process that `extract.confined` shuts
in, since PDF is read by a library in C++.
"""

import re

from tui_mail.extract.limits import (
    DEEPEST,
    MOST_BYTES,
    MOST_TEXT,
    NotReadError,
    Text,
    TooLargeError,
)

_BY_SUFFIX = {
    **dict.fromkeys(("pdf",), "pdf"),
    **dict.fromkeys(("docx", "docm", "dotx"), "docx"),
    **dict.fromkeys(("xlsx", "xlsm", "xltx"), "xlsx"),
    **dict.fromkeys(("pptx", "pptm", "ppsx"), "pptx"),
    **dict.fromkeys(("odt", "ods", "odp", "ott"), "odf"),
    **dict.fromkeys(("eml", "msg822"), "mail"),
    **dict.fromkeys(("html", "htm", "xhtml"), "html"),
    **dict.fromkeys(("rtf",), "rtf"),
    **dict.fromkeys(("xml",), "xml"),
    **dict.fromkeys(("p7m",), "signed"),
    **dict.fromkeys(("zip",), "zip"),
    **dict.fromkeys(
        ("txt", "csv", "tsv", "md", "log", "json", "ics", "vcf", "yaml", "yml", "ini"), "text"
    ),
}
_BY_TYPE = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odf",
    "application/vnd.oasis.opendocument.spreadsheet": "odf",
    "application/vnd.oasis.opendocument.presentation": "odf",
    "message/rfc822": "mail",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/rtf": "rtf",
    "application/rtf": "rtf",
    "text/xml": "xml",
    "application/xml": "xml",
    "application/pkcs7-mime": "signed",
    "application/x-pkcs7-mime": "signed",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
    "application/json": "text",
}
_VAGUE = {"", "application/octet-stream", "application/x-download", "binary/octet-stream"}
_ZIPPED = {"docx", "xlsx", "pptx", "odf", "zip"}


def may_have_text(name: str, media_type: str) -> bool:
    """Whether reading a file is worth the while, by what the message says of it."""
    return bool(_sort(name, media_type)) or (media_type.lower() in _VAGUE and "." not in name)


def _sort(name: str, media_type: str) -> str:
    kind = media_type.lower().partition(";")[0].strip()
    _rest, dot, suffix = name.lower().strip().rpartition(".")
    by_name = _BY_SUFFIX.get(suffix, "") if dot else ""
    by_type = _BY_TYPE.get(kind, "")
    if not by_type and kind.startswith("text/"):
        by_type = "text"
    # Programs that do not know a kind say octet-stream or text; a suffix is more to the point.
    return by_name if by_name and by_type in {"", "text", "zip"} else by_type or by_name


def text_of(name: str, media_type: str, content: bytes, depth: int = 0) -> str:
    """The text in a file, "" when there is none to be had of its kind; at most MOST_TEXT characters.

    Raises NotReadError, TooLargeError.
    """
    if len(content) > MOST_BYTES or depth > DEEPEST:
        raise TooLargeError
    match _true_sort(name, media_type, content):
        case "pdf":
            from tui_mail.extract.pdf import pdf_text

            found = pdf_text(content)
        case "docx" | "xlsx" | "pptx" | "odf" as form:
            from tui_mail.extract.office import office_text

            found = office_text(content, form)
        case "zip":
            found = _zip_text(name, content)
        case "xml":
            found = _xml_text(name, content)
        case "mail":
            found = _mail_text(content, depth)
        case "signed":
            found = _signed_text(name, content, depth)
        case "html":
            from tui_mail.mail.html import html_text

            found = html_text(_decoded(content))
        case "rtf":
            found = _rtf_text(content)
        case "text":
            found = _decoded(content)
        case _:
            found = ""
    return _tidy(found)


def _true_sort(name: str, media_type: str, content: bytes) -> str:
    """What a file is by its first bytes, where these know better than its name."""
    sort = _sort(name, media_type)
    head = content[:1024].lstrip()
    if head.startswith(b"%PDF-"):
        return "pdf"
    if content.startswith(b"PK\x03\x04") and sort in _ZIPPED | {""}:
        from tui_mail.extract.office import form_of_zip

        return form_of_zip(content) or "zip"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if sort in {"", "text"} and head.startswith(b"<?xml"):
        return "xml"
    return "" if sort in _ZIPPED | {"pdf"} else sort


def _decoded(content: bytes) -> str:
    from tui_mail.mail.charsets import decode

    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content[: MOST_TEXT * 2].decode("utf-16", "replace")
    return decode(content[: MOST_TEXT * 4])[0].removeprefix("\ufeff")


def _rtf_text(content: bytes) -> str:
    from tui_mail.mail.html import html_text
    from tui_mail.mail.rtf import read_rtf

    text, is_html = read_rtf(content)
    return html_text(text) if is_html else text


def _xml_text(name: str, content: bytes) -> str:
    """An invoice of the Italian tax authority (FatturaPA), for one: its values, a line each."""
    from io import BytesIO

    from tui_mail.extract.xml import read_xml

    text = Text()
    text.add(_invoice_keys(name, content))
    read_xml(BytesIO(content), text)
    return str(text)


def _zip_text(name: str, content: bytes) -> str:
    """The names of its files; of electronic invoices in it, who and what is in them, too."""
    from tui_mail.extract.office import names_in_zip
    from tui_mail.mail.invoices import Invoice, invoice_keys, invoices_in
    from tui_mail.values import ParsedAttachment

    text = Text()
    documents = invoices_in([ParsedAttachment(name, "", content)])
    text.add(f"{invoice_keys(documents)}\n")
    text.add(names_in_zip(content))
    for one in documents:
        if isinstance(one, Invoice):
            words = (one.seller.name, one.buyer.name, *one.causes)
            text.add("\n".join((*words, *(line.description for line in one.lines), "")))
    return str(text)


def _invoice_keys(name: str, content: bytes) -> str:
    """What the electronic invoices in a file are known by, each with a line end; mostly nothing."""
    from tui_mail.mail.invoices import invoice_keys, invoices_in
    from tui_mail.values import ParsedAttachment

    keys = invoice_keys(invoices_in([ParsedAttachment(name, "", content)]))
    return f"{keys}\n" if keys else ""


def _mail_text(content: bytes, depth: int) -> str:
    """A message with its people, its subject, its text and the text of its own files."""
    from tui_mail.mail.parse import parse

    message = parse(content)
    text = Text()
    text.add(f"{message.subject}\n")
    for box in (*message.senders, *message.to, *message.cc):
        text.add(f"{box.name} {box.address}\n")
    text.add(f"{message.text}\n")
    for file in message.attachments:
        if text.is_full:
            break
        text.add(f"{file.name}\n")
        try:
            text.add(text_of(file.name, file.media_type, file.content, depth + 1))
        except (NotReadError, TooLargeError):
            continue  # the message is read all the same
    return str(text)


def _signed_text(name: str, content: bytes, depth: int) -> str:
    from tui_mail.mail.cms import open_envelope

    envelope = open_envelope(content)
    if envelope is None or envelope.encrypted:
        raise NotReadError
    inner = re.sub(r"\.p7m$", "", name, flags=re.IGNORECASE)
    return text_of(inner, "", envelope.content, depth + 1)


_BLANKS = re.compile(r"[ \t\f\v\xa0]+")
_LINES = re.compile(r"\s*\n\s*")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")


def _tidy(text: str) -> str:
    kept = _CONTROLS.sub(" ", text[:MOST_TEXT])
    return _LINES.sub("\n", _BLANKS.sub(" ", kept)).strip()
