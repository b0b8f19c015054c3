"""Pictures for tests, and mail with pictures in it."""

import base64
import io
import random

from PIL import Image


def plain_png(width: int = 160, height: int = 64) -> bytes:
    """One colour, in PNG."""
    return picture(Image.new("RGB", (width, height), (200, 16, 8)))


def noise(width: int, height: int, kind: str = "PNG") -> bytes:
    """What no encoder makes small."""
    data = random.Random(1).randbytes(width * height * 3)
    return picture(Image.frombytes("RGB", (width, height), data), kind)


def picture(image: Image.Image, kind: str = "PNG") -> bytes:
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


def letter(
    *pictures: bytes, html: bytes = b"<p>sopra<img src='cid:0@x'>sotto</p>", subject: str = "logo"
) -> bytes:
    """An HTML letter with pictures in its text."""
    parts = b"".join(
        b"--x\r\nContent-Type: image/png; name=logo%d.png\r\nContent-ID: <%d@x>\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%s" % (n, n, base64.encodebytes(one))
        for n, one in enumerate(pictures)
    )
    return (
        b"From: l@ferri.it\r\nSubject: " + subject.encode() + b"\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/related; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n"
        + html
        + b"\r\n"
        + parts
        + b"--x--\r\n"
    )


def with_files(*files: tuple[str, bytes]) -> bytes:
    """A letter with files attached, as pictures by their names."""
    parts = b"".join(
        b"--x\r\nContent-Type: image/%s; name=%s\r\nContent-Disposition: attachment; filename=%s\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n%s"
        % (name.rpartition(".")[2].encode(), name.encode(), name.encode(), base64.encodebytes(data))
        for name, data in files
    )
    return (
        b"From: l@ferri.it\r\nSubject: foto\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nallego\r\n"
        + parts
        + b"--x--\r\n"
    )
