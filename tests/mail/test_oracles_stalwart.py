"""Messages against the trees that another parser makes of them, in both line endings.

Every difference is listed with its reason: a new one fails, and so does a listed one that is no
more. Where the other one keeps a part undecoded, ours is what a person would want to see.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data import data_folder
from tui_mail.mail.charsets import decode
from tui_mail.mail.parse import parse
from tui_mail.values import Mailbox, ParsedMessage

RAW_8BIT = "8-bit bytes without a charset: there U+FFFD, here read as text"
UUENCODE = "uuencode: there left as it is, here decoded"
ENRICHED = "text/enriched: there a file, here read"
SOUND = "sound and picture whose encoded bytes are prose: there text, here files"
ELSEWHERE = "message/external-body: here it is said where the rest is"
FALLBACK = "the plain form says only that there is a page, which is what people read"
LISTED = {
    ("legacy/010", "to"): RAW_8BIT,
    ("legacy/010", "subject"): RAW_8BIT,
    ("legacy/017", "to"): RAW_8BIT,
    ("legacy/017", "attachments"): UUENCODE,
    ("legacy/020", "to"): RAW_8BIT,
    ("legacy/020", "subject"): RAW_8BIT,
    ("legacy/022", "to"): RAW_8BIT,
    ("legacy/022", "subject"): RAW_8BIT,
    ("legacy/026", "attachments"): UUENCODE,
    ("legacy/027", "to"): RAW_8BIT,
    ("legacy/027", "subject"): RAW_8BIT,
    ("legacy/033", "text"): RAW_8BIT,
    ("legacy/048", "attachments"): UUENCODE,
    ("legacy/049", "text"): UUENCODE,
    ("legacy/052", "to"): RAW_8BIT,
    ("legacy/052", "subject"): RAW_8BIT,
    ("legacy/052", "text"): RAW_8BIT,
    ("rfc/000", "text"): ENRICHED,
    ("rfc/000", "attachments"): SOUND,
    ("rfc/001", "text"): ELSEWHERE,
    ("rfc/003", "attachments"): ENRICHED,
    ("rfc/006", "text"): FALLBACK,
}

Tree = dict[str, Any]


def squeezed(text: str) -> str:
    return " ".join(text.split())


def header(part: Tree, wanted: str) -> Tree:
    for each in part["headers"]:
        name = each["name"]
        if (name if isinstance(name, str) else name["other"].lower()) == wanted:
            return each["value"] if isinstance(each["value"], dict) else {}
    return {}


def people(value: Tree) -> list[tuple[str, str]]:
    found = value.get("Address", {})
    groups = (
        [found["List"]] if "List" in found else [g["addresses"] for g in found.get("Group", [])]
    )
    # A word without an at sign is a local user here, a name there.
    return [
        (each["name"] or "", each["address"]) if each["address"] else ("", each["name"] or "")
        for group in groups
        for each in group
    ]


def boxes(found: tuple[Mailbox, ...]) -> list[tuple[str, str]]:
    return [(box.name, box.address) for box in found]


def their_file(part: Tree) -> str:
    body = part["body"]
    text = body.get("Text") or body.get("Html")
    if text is not None:
        return f"text {squeezed(text)}"
    if "Message" in body:
        return "message"
    return f"bytes {bytes(body.get('Binary') or body.get('InlineBinary') or [])!r}"


def our_files(parsed: ParsedMessage) -> Iterator[str]:
    for each in parsed.attachments:
        if not each.end:
            continue  # found in another, which the other one does not look into
        if each.media_type == "message/rfc822":
            yield "message"
        elif each.media_type.startswith("text/"):
            yield f"text {squeezed(decode(each.content)[0])}"
        else:
            yield f"bytes {each.content!r}"


def differences(tree: Tree, parsed: ParsedMessage) -> set[str]:
    parts = tree["parts"]
    root = parts[0]
    plain = [parts[i]["body"].get("Text") for i in tree["text_body"]]
    pages = [parts[i]["body"].get("Html") for i in tree["html_body"]]
    written = squeezed("\n".join(text for text in plain if text))
    when = header(root, "date").get("DateTime")
    html = [squeezed(page) for page in pages if page]
    theirs: Tree = {
        "from": people(header(root, "from")) or boxes(parsed.senders),
        "to": people(header(root, "to")),
        "cc": people(header(root, "cc")),
        "bcc": people(header(root, "bcc")),
        "reply-to": people(header(root, "reply_to")),
        "subject": squeezed(header(root, "subject").get("Text") or ""),
        "id": header(root, "message_id").get("Text") or "",
        "date": tuple(when[k] for k in ("year", "month", "day", "hour", "minute", "second"))
        if when
        else None,
        "text": written or squeezed(parsed.text.partition("▪ ")[0]) * any(pages),
        "html": html,
        "attachments": [their_file(parts[i]) for i in tree["attachments"]],
    }
    ours: Tree = {
        "from": boxes(parsed.senders),
        "to": boxes(parsed.to),
        "cc": boxes(parsed.cc),
        "bcc": boxes(parsed.bcc),
        "reply-to": boxes(parsed.reply_to),
        "subject": parsed.subject,
        "id": parsed.message_id,
        "date": parsed.date.timetuple()[:6] if parsed.date else None,
        "text": squeezed(parsed.text.partition("▪ ")[0]),  # messages within are read too
        "html": [page for page in html if page in squeezed(parsed.html)],
        "attachments": list(our_files(parsed)),
    }
    return {what for what in theirs if theirs[what] != ours[what]}


@pytest.mark.parametrize("suffix", ["json", "crlf.json"])
def test_the_trees_are_the_same_but_for_what_is_listed(suffix: str) -> None:
    root = data_folder("stalwart-mail-parser") / "resources/eml"
    found: set[tuple[str, str]] = set()
    names: set[str] = set()
    for path in sorted(root.rglob("*.eml")):
        name = f"{path.parent.name}/{path.stem}"
        raw = path.read_bytes().replace(b"\r\n", b"\n")
        if suffix == "crlf.json":
            raw = raw.replace(b"\n", b"\r\n")
        tree = json.loads(Path(path.with_suffix(f".{suffix}")).read_text("utf-8"))
        found |= {(name, what) for what in differences(tree, parse(raw))}
        names.add(name)
    assert len(names) == 64
    assert found == set(LISTED)
