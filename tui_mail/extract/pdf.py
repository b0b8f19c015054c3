"""The text of a PDF, page by page, by PDFium. Hides its handles, which are not freed by themselves."""

import pypdfium2

from tui_mail.extract.limits import MOST_PAGES, NotReadError, Text


def pdf_text(content: bytes) -> str:
    """Raises NotReadError (broken, or locked by a password)."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        raise NotReadError from error
    text = Text()
    try:
        for number in range(min(len(document), MOST_PAGES)):
            if text.is_full:
                break
            text.add(_page(document, number))
            text.add("\n")
    finally:
        document.close()
    return str(text)


def _page(document: pypdfium2.PdfDocument, number: int) -> str:
    """The text of a page, nothing of one that is broken: the others are read all the same."""
    try:
        page = document[number]
        try:
            words = page.get_textpage()
            try:
                # A hyphen at a line's end is U+0002 here: the word goes on.
                found: str = words.get_text_bounded()
            finally:
                words.close()
        finally:
            page.close()
    except pypdfium2.PdfiumError:
        return ""
    return found.replace("\x02\r\n", "").replace("\x02", "").replace("\r\n", "\n")
