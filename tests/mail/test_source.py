"""Messages taken apart and put back: the same bytes, whatever they were."""

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import WrongData
from tui_mail.mail.parse import parse
from tui_mail.mail.source import dismantle, restore


def skeleton_of(raw: bytes) -> tuple[bytes, dict[str, bytes]]:
    source = dismantle(raw)
    blobs = {f"{each.number:064x}": each.attachment.content for each in source.attachments}
    return source.skeleton(list(blobs)), blobs


def again(raw: bytes) -> bytes:
    skeleton, blobs = skeleton_of(raw)
    return restore(skeleton, blobs.__getitem__)


PIECES = st.sampled_from(
    [
        b"Content-Type: multipart/mixed; boundary=x\n\n",
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"--x\n",
        b"\r\n--x\r\n",
        b"--x--\n",
        b"QUJD",
        b"QUI=",
        b"QR==",
        b"=",
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=30).map(b"".join))
def test_any_bytes_come_back(raw: bytes) -> None:
    assert again(raw) == raw


@pytest.mark.parametrize("line", [76, 72, 60, 1, 4000])
@pytest.mark.parametrize("ending", [b"\r\n", b"\n", b"\r", b" \n"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\r\n\r\n"])
def test_a_file_in_base64_leaves_the_skeleton(line: int, ending: bytes, last: bytes) -> None:
    content = bytes(range(256)) * 20
    text = base64.b64encode(content)
    body = ending.join(text[i : i + line] for i in range(0, len(text), line))
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\nciao\n--x\nContent-Type: image/png\n"
        b"Content-Transfer-Encoding: base64\n\n" + body + last + b"\n--x--\n"
    )
    assert again(raw) == raw
    assert len(skeleton_of(raw)[0]) < 1000


def test_base64_without_its_padding_leaves_the_skeleton() -> None:
    raw = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 5000 + b"QQ"
    assert again(raw) == raw
    assert len(skeleton_of(raw)[0]) < 1000


def test_what_cannot_be_written_again_stays() -> None:
    # The unused bits of the last digit are not zero: no encoder would write it.
    raw = b"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\nQR==\n"
    assert again(raw) == raw
    assert parse(raw).attachments[0].content == b"A"


def test_attachments_are_those_of_the_message_in_the_same_order() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nciao\n"
        b"--x\nContent-Type: image/png\n\nuno\n--x\nContent-Type: application/pdf\n\ndue\n--x--\n"
    )
    parsed = parse(raw)
    source = dismantle(raw, parsed)
    assert tuple(each.attachment for each in source.attachments) == parsed.attachments
    assert [each.number for each in source.attachments] == [1, 2]


@pytest.mark.parametrize("damaged", [b"", b"1", b"1abc", b"9xyz", b"2", b"2[[1]]", b"2[[1]]\nabc"])
def test_a_damaged_skeleton_is_told(damaged: bytes) -> None:
    with pytest.raises(WrongData):
        restore(damaged, lambda _blob: b"")


def test_a_skeleton_as_they_were_written_at_first_is_read() -> None:
    plan, literals = b'[[5],["blob",[[4,"\\r\\n",1]],true],[3]]', b"head tail"
    old = b"1" + zlib.compress(plan + b"\n" + literals[:5] + literals[6:9])
    assert restore(old, {"blob": b"ABC"}.__getitem__) == b"head QUJD\r\nail"
