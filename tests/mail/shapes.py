"""Messages of a shape that costs a careless reader more than their size: what random damage never finds."""

from collections.abc import Callable

_HEAD = b"From: a@b.example\r\nSubject: x\r\n"


def _html(body: bytes) -> bytes:
    return _HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + body


def _text(body: bytes, charset: str = "utf-8", more: str = "") -> bytes:
    return _HEAD + f"Content-Type: text/plain; charset={charset}{more}\r\n\r\n".encode() + body


def _again(unit: bytes | str) -> Callable[[int], bytes]:
    """As many of `unit` as fill so many bytes."""
    content = unit.encode() if isinstance(unit, str) else unit
    return lambda size: content * (size // len(content))


def _parts(unit: bytes, number: int, media_type: bytes) -> Callable[[int], bytes]:
    """The same body again and again, each as large as one may be."""

    def made(size: int) -> bytes:
        body = b"--b\r\nContent-Type: " + media_type + b"\r\n\r\n" + _again(unit)(size) + b"\r\n"
        head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        return _HEAD + head + body * number + b"--b--\r\n"

    return made


def _numbered(unit: str) -> Callable[[int], bytes]:
    return lambda size: "".join(unit.format(n) for n in range(size // len(unit))).encode()


_PAGES: dict[str, Callable[[int], bytes]] = {
    "nodes": _again("x<i></i>"),
    "comments": _again("x<!---->"),
    "links": _numbered("<a href=http://e.example/{}>x</a>"),
    "links to elsewhere": _numbered("<a href=http://e.example/{}>http://f.example</a>"),
    "links that do not end": _again("<a href=http://e.example/>x"),
    "a link in pieces": lambda size: b"<a href=http://e.example/>" + _again("x<b></b>")(size),
    "deep div": _again("<div>"),
    "deep quotes": _again("<blockquote>x"),
    "deep tables": _again("<table><tr><td>x"),
    "deep lists": _again("<ul><li>x"),
    "columns": _again("<table><tr><th>a<td colspan=1000>x<td colspan=1000>y"),
    "rows": _again("<table><tr><th rowspan=65000>a<td rowspan=65000>x"),
    "a wide table": lambda size: b"<table border=1><tr><th>a<th>b" + _again("<td>x")(size),
    "a tall table": lambda size: b"<table border=1><tr><th>a<th>b" + _again("<tr><td>1<td>2")(size),
    "a large table": lambda size: b"<table border=1>" + _again("<tr>" + "<th>x" * 300)(size),
    "style sheets": lambda size: (
        b"<style>"
        + _numbered(".c{}{{display:none}}")(size)
        + b"</style>"
        + _again("<p class=c1>x")(size)
    ),
    "styles of those within": lambda size: (
        b"<style>"
        + _again("div div div p{display:none}")(size)
        + b"</style>"
        + _again("<div><p>x")(size)
    ),
    "a long style": lambda size: b"<p style='" + _again("color:red;")(size) + b"'>x",
    "many classes": lambda size: (
        b"<style>"
        + _numbered(".c{}{{color:red}}")(size // 2)
        + b"</style>"
        + (b"<p class='" + _numbered("c{} ")(size // 120) + b"'>x") * 60
    ),
    "attributes": lambda size: b"<p " + _numbered("a{}=1 ")(size) + b">x",
    "signs": _again("&amp;"),
    "one word": _again("x"),
    "laid out": lambda size: b"<pre>" + _again("x\n")(size),
    "laid out in pieces": lambda size: b"<pre>" + _again("x<i></i>")(size),
    "addresses": _again("http://a.example/ "),
    "less": _again("<"),
    "declarations": _again("<!"),
    "drawings": _again("<svg>"),
    "templates": _again("<template>"),
    "choices": _again("<select><option>"),
    "formats kept open": _again("<b>" * 20 + "<p>x"),
    "formats that differ": _numbered("<b a={}>"),
    "formats across paragraphs": _again("<a><b><i><p>"),
    "colours": _again("<font color=1>"),
    "pictures": _again("<img alt=xxxxxxxx src=cid:a>"),
}
_TEXTS: dict[str, Callable[[int], bytes]] = {
    "beginnings of addresses": _again("http://"),
    "dots": _again("a."),
    "at signs": _again("a@"),
    "hosts": _again("www."),
    "quote signs": _again(">"),
    "quotes": _again("> x\n"),
    "attributions": _again("On Mon, 1 Jan 2024, a wrote:\n"),
    "attributions in Italian": _again("Il giorno lun 1 gen 2024 alle ore 10:00 a\n"),
    "half attributions": _again("On "),
    "headers of answers": _again("From: a\nSent: b\nTo: c\nSubject: d\n"),
    "lines of answers": _again("-----Original Message-----\n"),
    "signatures": _again("-- \n"),
    "marks upon marks": _again("e\u0301"),
    "joined signs": _again("👩\u200d"),
    "wide signs": _again("界"),
    "right to left": _again("\u202e\u0627"),
    "tabs": _again("\t"),
    "returns": _again("\r"),
    "empty lines": _again("\n"),
    "files in the text": _again("begin 644 a\n"),
    "files in yEnc": _again("=ybegin line=128 size=1 name=a\n"),
    "files in BinHex": _again("(This file must be converted with BinHex 4.0)\n:"),
    "encrypted": _again("-----BEGIN PGP MESSAGE-----\n"),
}
_NESTED = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
_WHOLE: dict[str, Callable[[int], bytes]] = {
    "pages of nodes": _parts(b"x<i></i>", 20, b"text/html"),
    "pages of lists": _parts(b"<ul><li>x", 20, b"text/html"),
    "texts": _parts(b"x\n", 20, b"text/plain"),
    "a flowed text": lambda size: _text(_again("> x \n")(size), more="; format=flowed"),
    "UTF-7": lambda size: _text(_again("+AAAA-")(size), "utf-7"),
    "HZ": lambda size: _text(_again("~{")(size), "hz"),
    "Punycode": lambda size: _text(_again("a-")(size), "punycode"),
    "ISO-2022-JP": lambda size: _text(_again(b"\x1b$B\x1b(B")(size), "iso-2022-jp"),
    "IDNA": lambda size: _text(_again("a.")(size), "idna"),
    "no charset": lambda size: _HEAD + b"\r\n" + _again(bytes(range(128, 256)))(size),
    "encoded words": lambda size: b"Subject: " + _again("=?utf-8?q?x?= ")(size) + b"\r\n\r\nx",
    "half an encoded word": lambda size: b"Subject: " + _again("=?")(size) + b"\r\n\r\nx",
    "headers": lambda size: _again("X: =?utf-8?q?x?= y\r\n")(size) + b"\r\nx",
    "references": lambda size: b"References: " + _again("<a@b> ")(size) + b"\r\n\r\nx",
    "half references": lambda size: b"References: " + _again("<")(size) + b"\r\n\r\nx",
    "comments in addresses": lambda size: b"To: " + _again("(")(size) + b"\r\n\r\nx",
    "quotes in addresses": lambda size: b"To: " + _again('"\\')(size) + b"\r\n\r\nx",
    "recipients": lambda size: b"To: " + _again("a@b, ")(size) + b"\r\n\r\nx",
    "no recipients": lambda size: b"To: " + _again(",")(size) + b"\r\n\r\nx",
    "recipients again": lambda size: (b"Cc: " + _again("a@b, ")(size // 4) + b"\r\n") * 4 + b"\r\nx",
    "parameters": lambda size: b"Content-Type: text/plain; " + _again("a*0*=x;")(size) + b"\r\n\r\nx",
    "half parameters": lambda size: b"Content-Type: text/plain; " + _again('a="')(size) + b"\r\n\r\nx",
    "a date": lambda size: b"Date: " + _again("1 (")(size) + b"\r\n\r\nx",
    "parts": lambda size: _HEAD + _NESTED + _again("--b\r\n\r\nx\r\n")(size),
    "ends of parts": lambda size: _HEAD + _NESTED + _again("--b--\r\n")(size),
    "parts in parts": lambda size: _HEAD + _numbered(
        "Content-Type: multipart/mixed; boundary=b{0}\r\n\r\n--b{0}\r\n"
    )(size),
    "messages in messages": lambda size: _HEAD + _again("Content-Type: message/rfc822\r\n\r\n")(size),
    "messages": lambda size: _HEAD + _NESTED + (
        b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + _html(_again("x<i></i>")(size // 20)) + b"\r\n"
    ) * 20,
    "quoted-printable": lambda size: b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    + _again("=")(size),
    "quoted-printable with spaces": lambda size: b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    + _again("= ")(size),
    "base64": lambda size: b"Content-Transfer-Encoding: base64\r\n\r\n" + _again("=A")(size),
    "uuencode": lambda size: b"Content-Transfer-Encoding: x-uuencode\r\n\r\n"
    + _again("begin 644 a\n")(size),
    "a file of empty lines": lambda size: _text(
        b"begin 644 a\nM" + b"!" * 60 + b"\n" + _again("\n")(size) + b"end\n"
    ),
    "Outlook's envelope": lambda size: b"Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"
     b"\x78\x9f\x3e\x22\x00\x00" + _again(b"\x01")(size),
    "enriched, half a sign": lambda size: b"Content-Type: text/enriched\r\n\r\n" + _again("<")(size),
    "colons": _again("a:"),
    "enriched": lambda size: b"Content-Type: text/enriched\r\n\r\n" + _again("<bold>")(size),
    "folded": lambda size: b"Subject: x" + _again("\r\n x")(size) + b"\r\n\r\nx",
    "line ends": _again("\n"),
}  # fmt: skip

SHAPES: dict[str, Callable[[int], bytes]] = {
    **{f"page: {name}": lambda size, made=made: _html(made(size)) for name, made in _PAGES.items()},  # type: ignore[misc]
    **{f"text: {name}": lambda size, made=made: _text(made(size)) for name, made in _TEXTS.items()},  # type: ignore[misc]
    **_WHOLE,
}
"""By their names: a message of about so many bytes."""
