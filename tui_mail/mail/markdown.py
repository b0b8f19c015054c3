"""HTML as Markdown: to quote it, to keep it in a file, and to go on writing it.

Hides html2text and markdownify: each is given only what `tidy` has made small and sound.
"""

import re

from tui_mail.i18n import _
from tui_mail.mail.html import told_text, with_rest_told
from tui_mail.mail.tidy import tidy
from tui_mail.safetext import SafeText, safe, safe_lines
from tui_mail.values import Mailbox, ParsedMessage

_BLANKS = re.compile(r"\n{3,}")
_QUOTED_BLANKS = re.compile(r"^(>+)\n(?:\1\n)+", re.MULTILINE)
_LAST_BREAK = re.compile(r"\\$(?=\n\n|\Z)", re.MULTILINE)
_MARKS = re.compile(r"[\\`*_\[\]<>#|~]")
_IN_ADDRESSES = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "\\()[]"})  # would be escaped
_INVISIBLE = re.compile("[\xad\u034f\u200b\u2060\ufeff]")


def markdown_of(html: str, *, escaped: bool = True) -> str:
    """A page as Markdown for people to read: a paragraph is a line, tables have pipes.

    Of a page that is too much its plain text; where not even that is all, the last line says so.
    `escaped`: no words of the page read as marks; else they stand there as its writer typed them.
    """
    from html2text import HTML2Text

    class Writer(HTML2Text):
        def handle_data(self, data: str, entity_char: bool = False) -> None:
            super().handle_data(data, entity_char or not escaped)

        def handle_tag(self, tag: str, attrs: dict[str, str | None], start: bool) -> None:
            address = attrs.get("href")
            if address:
                attrs = {**attrs, "href": address.translate(_IN_ADDRESSES)}
            super().handle_tag(tag, attrs, start)

    page, is_whole = tidy(html)
    if not is_whole:
        return told_text(html)
    writer = Writer(bodywidth=0)
    writer.unicode_snob = True
    writer.ul_item_mark = "-"
    writer.emphasis_mark = "*"
    writer.pad_tables = True
    return _clean(writer.handle(page))


def editable(html: str) -> str:
    """A letter that was written as HTML as Markdown that becomes the same letter again.

    Of a page that is too much its plain text; where not even that is all, the last line says so.
    """
    from markdownify import ATX, markdownify

    page, is_whole = tidy(html)
    if not is_whole:
        return told_text(html)
    written = markdownify(page, heading_style=ATX, bullets="-", newline_style="backslash")
    return _LAST_BREAK.sub("", _clean(str(written)))


def document(parsed: ParsedMessage) -> str:
    """A message as a Markdown file: its subject, who and when, its text, the names of its files."""
    people = (
        (_("From"), parsed.senders),
        (_("To"), parsed.to),
        (_("Cc"), parsed.cc),
    )
    facts = [(label, ", ".join(map(_person, boxes))) for label, boxes in people if boxes]
    if parsed.date is not None:
        facts.append((_("Date"), parsed.date.isoformat(" ", "minutes")))
    names = [each.name for each in parsed.attachments if not each.inline]
    if names:
        facts.append((_("Attachments"), ", ".join(names)))
    head = [f"- **{label}:** {_escaped(value)}" for label, value in facts]
    title = _escaped(parsed.subject) or _("(no subject)")
    return "\n".join([f"# {title}", "", *head, "", *readable_lines(parsed), ""])


def readable_lines(parsed: ParsedMessage) -> list[SafeText]:
    """What a message says as lines of Markdown, safe to print."""
    return safe_lines(_readable(parsed, escaped=True).strip("\n"))


def quotable(parsed: ParsedMessage) -> str:
    """What a message says for a letter that may go out as text: Markdown without backslashes."""
    return _readable(parsed, escaped=False)


def _readable(parsed: ParsedMessage, *, escaped: bool) -> str:
    """What a message says as Markdown; where its end was not read, the last line says so."""
    text = markdown_of(parsed.html, escaped=escaped) if parsed.html else ""
    text = text or parsed.text
    return with_rest_told(text) if "text_too_long" in parsed.damage else text


def _person(box: Mailbox) -> str:
    return f"{box.name} <{box.address}>" if box.name else box.address


def _escaped(text: str) -> str:
    """Foreign text as Markdown that says just that."""
    return _MARKS.sub(r"\\\g<0>", safe(text))


def _clean(text: str) -> str:
    lines = (line.rstrip() for line in _INVISIBLE.sub("", text).replace("\xa0", " ").split("\n"))
    text = _QUOTED_BLANKS.sub(r"\1\n", _BLANKS.sub("\n\n", "\n".join(lines)))
    return text.strip("\n")
