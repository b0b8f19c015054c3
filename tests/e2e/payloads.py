"""Text that tries to drive a terminal, a widget or a list: for every field that mail can fill."""

import base64
import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.data import data_folder

SEQUENCES = {
    "title": "\x1b]0;PWN-TITLE\x07",
    "icon": "\x1b]2;PWN\x1b\\",
    "clipboard": "\x1b]52;c;UFdO\x07",
    "link": "\x1b]8;;http://evil.example/\x07click\x1b]8;;\x07",
    "font": "\x1b]50;?\x07",
    "colour": "\x1b]10;?\x07\x1b]4;0;?\x07",
    "picture": "\x1b_Ga=T,f=100,i=7;AAAA\x1b\\\U0010eeee\u0305\u0305",
    "clear": "\x1b[2J\x1b[H\x1b[3J",
    "reset": "\x1bc\x1b[!p",
    "style": "\x1b[31;5;8mred",
    "scroll": "\x1b[1;5r\x1b[10S",
    "modes": "\x1b[?1049l\x1b[?25h\x1b[?1000h\x1b[?2004l",
    "report": "\x1b[6n\x1b[c\x1b[>c\x1b[=c\x1b[5n\x1b[21t",
    "dcs": "\x1bP+q544e\x1b\\\x1bP$qm\x1b\\",
    "graphics": "\x1b_Gi=1,a=T,f=24;AAAA\x1b\\\x1bPq#0;2;0;0;0~\x1b\\",
    "private": "\x1b^PWN\x1b\\\x1bXPWN\x1b\\",
    "c1": "\x9b31m\x9d0;PWN\x9c\x90+q\x9c\x9fG\x9c\x9e\x98\x8d\x84\x85",
    "controls": "a\x07b\x08c\x0bd\x0ce\x0ef\x0fg\x05h\x11i\x13j\x7fk\x18l\x1am",
    "lone": "end\x1b",
    "keys": "\x1bOP\x1b[200~q\x1b[201~",
    "lines": "one\r\ntwo\rthree\nfour\u2028five\u2029six\x85seven\ttab",
}
WIDTHS = {
    "bidi": "fattura\u202efdp.exe \u2067unclosed \u200f\u061cx",
    "hebrew": "שלום עולם 1.240,00 € مرحبا بالعالم",
    "nothing": "a\u200bb\u200dc\ufeffd\u2060e\u00adf\u180eg\u034fh\u3164i\uffa0j\u115fk",
    "tags": "x\U000e0001\U000e0041\U000e0042\U000e007fy",
    "zalgo": "Z" + "\u0335\u0321\u0317\u0302" * 60 + "o" + "\u0e49" * 60 + "\u05b0" * 60,
    "family": "👨\u200d👩\u200d👧\u200d👦 👍🏽 ❤\ufe0f 1\ufe0f\u20e3 🏴\U000e0067\U000e0062\U000e007f",
    "flags": "🇮🇹🇩🇪🇫 🏳\ufe0f\u200d🌈",
    "wide": "株式会社ソニー 请求书 주식회사 ＦＵＬＬ﷽𒐫",
    "indic": "क्षत्रिय தமிழ் ไทยแลนด์",
    "selectors": "字\U000e0100字\ufe00",
    "half": "broken \ud83d pair \udc00",
}
MARKUP = {
    "action": "[@click=app.quit]x[/]",
    "action_quoted": "[@click=app.leave()]Fattura 88/A[/]",
    "close": "[/]",
    "close_bold": "[/bold]",
    "web": "[link=http://evil.example]ok[/link]",
    "file": "[link=file:///etc/passwd]a[/link]",
    "attribute": "[a='b]",
    "plain": "Re: [EXT] [n. 3/2025] [0] [red]red[/red] \\[x]",
    "variables": "$background {0} {name} %s %(x)s {{7*7}}",
}
PAYLOADS = {**SEQUENCES, **WIDTHS, **MARKUP}
ALL = " ".join(PAYLOADS.values())


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def word(text: str) -> str:
    """`text` as one encoded word (RFC 2047), which hides anything."""
    return f"=?utf-8?B?{base64.b64encode(_utf8(text)).decode()}?="


def _part(kind: str, content: bytes, *headers: str) -> list[str]:
    encoded = base64.encodebytes(content).decode()
    return [
        "--b",
        f"Content-Type: {kind}",
        "Content-Transfer-Encoding: base64",
        *headers,
        "",
        encoded,
    ]


def _html(text: str) -> str:
    escaped = "".join(f"&#{ord(c)};" if ord(c) < 0x20 else c for c in text)
    return (
        f"<title>{text}</title><h1>{escaped}</h1><p>{text}</p><table><tr><td>{text}</td>"
        f"<td>{escaped}</td></tr></table><a href='http://e.example/{escaped}'>{text}</a>"
        f"<img alt='{text}' src='x'><pre>{text}</pre><ul><li>{text}</li></ul>"
        f"<blockquote>{text}</blockquote>"
    )


def _calendar(text: str) -> str:
    return "\r\n".join(
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VEVENT", "UID:1@e.example",
            "DTSTART:20301124T100000Z", f"SUMMARY:{text}", f"LOCATION:{text}",
            f"DESCRIPTION:{text}", f"ORGANIZER;CN={text}:mailto:a@e.example", "END:VEVENT",
            "END:VCALENDAR", "",
        ]
    )  # fmt: skip


def letter(number: int, text: str, *, subject: str = "") -> bytes:
    """A message with `text` wherever text can be."""
    name, quoted = word(text), "\n".join(f"> {line}" for line in [text, *["quoted"] * 9])
    body = f"{text}\nOrdine 2026/119\n\nIl giorno {text} ha scritto:\n{quoted}\n\n-- \n{text}\n"
    attach = f"Content-Disposition: attachment; filename*=utf-8''{_percent(text + '.pdf')}"
    lines = [
        f"From: {name} <x{number}@evil.example>",
        f"To: {name} <anna@rossi.example>, {word('b' + text)} <b@rossi.example>",
        f"Cc: {name} <c@rossi.example>",
        f"Reply-To: {name} <other@elsewhere.example>",
        f"Subject: {subject or word(f'119 {text}')}",
        f"Date: Tue, 24 Nov 2026 {number // 60:02}:{number % 60:02}:00 +0100",
        f"Message-ID: <{number}@evil.example>",
        f"X-Mailer: {name}",
        f"List-Id: {name}",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        *_part("text/plain; charset=utf-8", _utf8(body)),
        *_part("text/calendar; charset=utf-8; method=REQUEST", _utf8(_calendar(text))),
        *_part("application/pdf", b"%PDF", attach),
        *_part("application/x-thing", b"\0", f"Content-Disposition: attachment; filename={name}"),
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def page(number: int, text: str) -> bytes:
    """A message in HTML alone."""
    lines = [
        f"From: {word(text)} <h{number}@evil.example>",
        "To: anna@rossi.example",
        f"Subject: {word('HTML ' + text)}",
        f"Date: Tue, 24 Nov 2026 {number // 60:02}:{number % 60:02}:00 +0100",
        f"Message-ID: <html{number}@evil.example>",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="b"',
        "",
        *_part("text/html; charset=utf-8", _utf8(_html(text))),
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


def _percent(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in _utf8(text))


def raw_letters() -> Iterator[bytes]:
    """Messages whose header bytes are what no standard allows."""
    for number, text in enumerate(("\x1b]0;PWN\x07\x1b[2J", "\x9b31m \xff\xfe", "\u202e[/]\u2067")):
        value = text.encode("latin-1") if number == 1 else text.encode()
        yield b"\r\n".join(
            [
                b"From: " + value + b" <raw@evil.example>",
                b"To: " + value,
                b"Subject: " + value,
                b"Date: " + value,
                b"Message-ID: <" + value + b"@x>",
                b"X-" + value + b": " + value,
                b"Content-Type: text/plain; charset=" + value,
                b"",
                value * 20,
                b"",
            ]
        )


def letters() -> Iterator[bytes]:
    """All messages of a hostile mailbox."""
    for number, text in enumerate(PAYLOADS.values()):
        yield letter(number, text)
        yield page(number, text)
    yield letter(101, "long", subject="A" * 1_000_000)
    yield letter(102, "long", subject=word("\u202e\x1b[2J株" * 20_000))
    yield from raw_letters()


def collected() -> Iterator[bytes]:
    """Forged senders and naughty strings out of the test data; skips where there is none."""
    for path in sorted((data_folder() / "mailsploit-derived").glob("*.eml")):
        yield path.read_bytes()
    naughty = json.loads((data_folder() / "blns" / "blns.json").read_text("utf-8"))
    yield letter(110, "\n".join(naughty))
    yield page(111, "\n".join(naughty))
    for number, text in enumerate(naughty[::12]):
        yield letter(120 + number, text)


def latest() -> Iterator[bytes]:
    """Two messages that hold everything; they have no date, so that they come last."""
    for raw in (page(100, ALL), letter(100, ALL)):
        yield b"\r\n".join(line for line in raw.split(b"\r\n") if not line.startswith(b"Date:"))


def write_erp(folder: Path) -> Path:
    """An ERP's folder of which every name and title is hostile."""
    folder.mkdir()
    texts = [*PAYLOADS.values(), ALL]
    parties = [("R", "customer", f"C{n}", text) for n, text in enumerate(texts)]
    documents = [
        (
            "R",
            "sales_order",
            "2026",
            n + 100,
            "2026-11-03",
            "customer",
            f"C{n}",
            "10.50",
            "EUR",
            t,
            t,
        )
        for n, t in enumerate(texts)
    ]
    _write(folder / "companies.csv", "code,name,domains", [("R", ALL, "rossi.example")])
    _write(folder / "parties.csv", "company,kind,code,name", parties)
    _write(
        folder / "contacts.csv",
        "company,party_kind,party,number,name,role",
        [("R", "customer", f"C{n}", 1, text, text) for n, text in enumerate(texts)],
    )
    _write(
        folder / "addresses.csv",
        "company,party_kind,party,contact,email,purpose",
        [
            ("R", "customer", f"C{n}", "1" if n % 2 else "", f"{who}@evil.example", "orders")
            for n, text in enumerate(texts)
            for who in ("x100" if text == ALL else f"x{n}", "h100" if text == ALL else f"h{n}")
        ],
    )
    _write(
        folder / "documents.csv",
        "company,kind,year,number,date,party_kind,party,total,currency,title,their_reference",
        documents,
    )
    _write(
        folder / "due_items.csv",
        "company,invoice,instalment,party_kind,party,due_date,amount,open,method",
        [
            ("R", f"sales_order:2026/{n + 100}", 1, "customer", f"C{n}", "2026-11-25", "5", "5", t)
            for n, t in enumerate(texts)
        ],
    )
    _write(
        folder / "activities.csv",
        "company,code,kind,party_kind,party,document,due,state,title",
        [
            ("R", f"A{n}", "call", "customer", f"C{n}", f"sales_order:2026/{n + 100}", "2026-11-26", "open", t)
            for n, t in enumerate(texts)
        ],
    )  # fmt: skip
    _write(
        folder / "lines.csv",
        "company,document,line,article,description,quantity,unit,price,discount,vat_rate",
        [
            ("R", f"sales_order:2026/{n + 100}", 1, t, t, "1", t[:9], "10.5", "", "22")
            for n, t in enumerate(texts)
        ],
    )
    return folder


def _write(path: Path, columns: str, rows: Sequence[tuple[object, ...]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns.split(","))
    writer.writerows(rows)
    path.write_bytes(out.getvalue().encode("utf-8", "replace").replace(b"\0", b""))
