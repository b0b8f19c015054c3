"""Damaged copies of real messages: read, laid out, taken apart and put back, whatever was done to them.

The damage follows from a number alone, so that a mutant can be made again by its number. Some
hundred by default, 20,000 with TUI_MAIL_TEST_FULL=1; TUI_MAIL_TEST_SEED begins elsewhere.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from tests.data import data_folder, messages
from tui_mail.mail.parse import parse
from tui_mail.mail.render import render
from tui_mail.mail.source import dismantle, restore
from tui_mail.safetext import safe

SETS = {
    "mime4j": 1,
    "zbateson": 1,
    "stalwart-mail-parser": 1,
    "mikel-mail": 1,
    "cpython-email": 1,
    "mailman": 1,
    "mimekit": 1,
    "notmuch": 2,
    "sisimai": 3,
    "talon": 1,
    "cyrus": 1,
    "dkimpy": 1,
    "mailsploit-derived": 1,
    "oca-l10n-italy-12": 1,
    "pec-java-parser": 1,
    "spamassassin": 25,
}
FULL = os.environ.get("TUI_MAIL_TEST_FULL") == "1"
COUNT = 20_000 if FULL else 400
BATCHES = 20
SEED = int(os.environ.get("TUI_MAIL_TEST_SEED", "0"))
SECONDS = 2.0
LARGEST = 300_000

Damage = Callable[[random.Random, bytes], bytes]


@cache
def originals() -> list[tuple[str, bytes]]:
    found = [one for name, every in SETS.items() for one in messages(name, every)]
    pages = data_folder("foundation-emails")
    for path in sorted(pages.rglob("*.html")):
        found.append((path.name, b"Content-Type: text/html\n\n" + path.read_bytes()))
    return [(name, raw) for name, raw in found if raw and len(raw) < LARGEST]


# -- damage ----------------------------------------------------------------------------------------


def flip_bits(chance: random.Random, raw: bytes) -> bytes:
    damaged = bytearray(raw)
    for _flip in range(chance.choice((1, 3, 30))):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut_short(chance: random.Random, raw: bytes) -> bytes:
    return raw[: chance.randrange(len(raw))]


def cut_out(chance: random.Random, raw: bytes) -> bytes:
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start + chance.randrange(1, 2000) :]


def of_lines(change: Callable[[random.Random, list[bytes]], None]) -> Damage:
    def damage(chance: random.Random, raw: bytes) -> bytes:
        lines = raw.split(b"\n")
        change(chance, lines)
        return b"\n".join(lines)

    return damage


def double_line(chance: random.Random, lines: list[bytes]) -> None:
    place = chance.randrange(len(lines))
    lines[place:place] = [lines[place]] * chance.choice((1, 2, 200))


def drop_lines(chance: random.Random, lines: list[bytes]) -> None:
    place = chance.randrange(len(lines))
    del lines[place : place + chance.choice((1, 1, 5))]


def swap_lines(chance: random.Random, lines: list[bytes]) -> None:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def strange_header(chance: random.Random, lines: list[bytes]) -> None:
    head = min(len(lines), 30)
    lines.insert(chance.randrange(head), chance.choice(STRANGE_HEADERS))


STRANGE_HEADERS = [
    b'Content-Type: multipart/mixed; boundary=""',
    b"Content-Type: multipart/mixed; boundary=x; boundary*0=y; boundary*1*=%zz",
    b"Content-Type: multipart/alternative; boundary=" + b"b" * 3000,
    b"Content-Type: text/html; charset=utf-16",
    b'Content-Type: text/plain; charset="\x1b[31m"; format=flowed; delsp=yes',
    b"Content-Type: message/rfc822",
    b"Content-Type: message/partial; number=1; total=3; id=a",
    b'Content-Type: message/external-body; access-type=URL; url="\x1b]0;x\x07"',
    b"Content-Type: application/ms-tnef",
    b"Content-Type: application/pkcs7-mime; smime-type=signed-data",
    b"Content-Type: text/enriched",
    b"Content-Type: text/plain; " + b"a=b; " * 5000,
    b'Content-Type: multipart/related; start="<a>"; type=text/html',
    b"Content-Type: multipart/digest; boundary=----",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Content-Transfer-Encoding: x-uuencode",
    b"Content-Transfer-Encoding: \x00",
    b"Content-Disposition: attachment; filename*0*=utf-8''%1B%5B2J; filename*1=..%2f",
    b'From: "\x9b31m" <a@b.it>, =?utf-8?q?=1b]52;c;eA=3d=3d=07?= <c@d>',
    b"To: " + b"(" * 3000,
    b"Cc: " + b"a:b;<" * 3000,
    b"Subject: =?utf-8?b?" + b"G1sy" * 500 + b"?=",
    b"Subject: =?iso-2022-jp?b?GyRC?= =?utf-7?q?+AAAA?= =?hz?q?~{?=",
    b"Date: Fri, 99 Foo 99999 99:99:99 +999999",
    b"References: " + b"<a@b> " * 3000,
    b"X-Trasporto: posta-certificata",
    b" \tfolded from nowhere",
    b"no header at all",
    b"",
    b"\x00\xff\xfe\x1b[2J",
]
PIECES = [
    b"<div>" * 500,
    b"<table>" * 60,
    b"<!--" * 200,
    b'<a href="javascript:x\x1b[2J">',
    b"&#27;[31m&#x9b;",
    b"\x1b]52;c;eA==\x07",
    b"> " * 2000,
    b"\nbegin 644 x\n#0V%T\n`\nend\n",
    b"\n=ybegin line=128 size=3 name=x\nabc\n=yend size=3\n",
    b"{\\rtf1\\ansi{\\*\\htmltag1 <p>}",
    b"\xe2\x80\xae" * 50,
    b"a" * 20_000,
    b"\r" * 500,
    b"=" * 500,
    b"\n--\n" * 100,
]


def insert_piece(chance: random.Random, raw: bytes) -> bytes:
    place = chance.randrange(len(raw) + 1)
    return raw[:place] + chance.choice(PIECES) + raw[place:]


def damage_boundary(chance: random.Random, raw: bytes) -> bytes:
    places = [i for i in range(len(raw) - 3) if raw[i : i + 3] == b"\n--"][:200]
    if not places:
        return insert_piece(chance, raw)
    place = chance.choice(places) + 3
    change = chance.choice((b"", b"-", b" ", b"--", b"x", b"\x00"))
    return raw[:place] + change + raw[place + chance.choice((0, 1)) :]


def nest(chance: random.Random, raw: bytes) -> bytes:
    for level in range(chance.choice((1, 5, 60))):
        if chance.random() < 0.5:
            raw = b"Content-Type: message/rfc822\n\n" + raw
        else:
            raw = b"Content-Type: multipart/mixed; boundary=n%d\n\n--n%d\n" % (level, level) + raw
    return raw


def other_charset(chance: random.Random, raw: bytes) -> bytes:
    name = chance.choice((b"utf-16", b"utf-7", b"hz", b"iso-2022-kr", b"big5", b"koi8-r", b"idna",
                          b"cp037", b"\"", b"x" * 500, b"utf-8\x1b[2J"))  # fmt: skip
    place = raw.lower().find(b"charset=")
    if place < 0:
        return b"Content-Type: text/plain; charset=" + name + b"\n" + raw
    return raw[: place + 8] + name + raw[place + 12 :]


def splice(chance: random.Random, raw: bytes) -> bytes:
    other = chance.choice(originals())[1]
    return raw[: chance.randrange(len(raw))] + other[chance.randrange(len(other)) :]


def change_line_ends(chance: random.Random, raw: bytes) -> bytes:
    plain = raw.replace(b"\r\n", b"\n")
    return plain.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\r", b"\n")))


DAMAGES: list[Damage] = [
    flip_bits,
    cut_short,
    cut_out,
    of_lines(double_line),
    of_lines(drop_lines),
    of_lines(swap_lines),
    of_lines(strange_header),
    of_lines(strange_header),
    insert_piece,
    damage_boundary,
    nest,
    other_charset,
    splice,
    change_line_ends,
]


def mutant(number: int) -> tuple[str, bytes]:
    """The same message for the same number, for ever."""
    chance = random.Random(number)
    name, raw = chance.choice(originals())
    for _time in range(chance.choice((1, 1, 2, 4))):
        raw = chance.choice(DAMAGES)(chance, raw) or raw
    return name, raw


# -- what holds for each ---------------------------------------------------------------------------


@contextmanager
def deadline(what: str) -> Iterator[None]:
    """Fail, and say for what, when something does not end."""

    def over(_signal: int, _frame: object) -> None:
        raise TimeoutError(what)

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(30)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def check(raw: bytes) -> None:
    parsed = parse(raw)
    assert parsed.size == len(raw)
    for width in (40, 80):
        for line in render(parsed, width).lines:
            for span in line:
                assert span.text == safe(span.text)
    source = dismantle(raw, parsed)
    blobs = {f"{each.number:064x}": each.attachment.content for each in source.attachments}
    assert restore(source.skeleton(list(blobs)), blobs.__getitem__) == raw


@pytest.mark.parametrize("batch", range(BATCHES))
def test_mutants_are_read_shown_and_given_back(batch: int) -> None:
    slowest = (0.0, "")
    for number in range(SEED + batch, SEED + COUNT, BATCHES):
        name, raw = mutant(number)
        what = f"mutant {number} of {name}"
        start = time.thread_time()
        try:
            with deadline(what):
                check(raw)
        except Exception as error:
            error.add_note(what)
            raise
        slowest = max(slowest, (time.thread_time() - start, what))
    assert slowest[0] < SECONDS, slowest
