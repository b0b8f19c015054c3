"""Files in every encoding and charset: each comes out as the file that was put in, byte for byte.

Texts may have passed through another charset or other line ends: of them the words are compared.
"""

from collections.abc import Mapping

from tests.data import data_folder
from tui_mail.mail.charsets import decode
from tui_mail.mail.parse import parse

# File names of attachments that are none of the originals, with the reason.
LISTED = {
    ("m2011.txt", "blueball.png"): "BinHex: the file itself is listed after it",
    ("m2011.txt", "HasenundFrösche.txt"): "BinHex: the file itself is listed after it",
    ("m4001.txt", "part-1.asc"): "a signature",
    ("m4002.txt", "part-4.asc"): "a signature",
    ("m4003.txt", "part-1.asc"): "a signature",
    ("m4004.txt", "part-5.asc"): "a signature",
    ("m4007.txt", "submsg.eml"): "a message within",
    ("m4007.txt", "m1.eml"): "a message within",
    ("m4007.txt", "m2.eml"): "a message within",
    ("m4008.txt", "part-5.asc"): "a signature",
    ("m4009.txt", "test10Mb.db"): "four NUL bytes: the original was cut when it was published",
}
NO_TEXT = "the message is its files"
SHORT = "a word of its own"
BROKEN = "its UTF-7 was broken when it was written"
BODIES = {
    "m0012.txt": NO_TEXT,
    "m0013.txt": NO_TEXT,
    "m0022.txt": NO_TEXT,
    "m0024.txt": NO_TEXT,
    "m1011.txt": BROKEN,
    "m1013.txt": NO_TEXT,
    "m3001.txt": SHORT,
    "m3003.txt": NO_TEXT,
    "m3004.txt": NO_TEXT,
    "m4006.txt": NO_TEXT,
    "m4007.txt": SHORT,
    "m4009.txt": SHORT,
}


def words(content: bytes) -> str:
    return " ".join(decode(content)[0].split())


def originals() -> Mapping[str, bytes]:
    folder = data_folder("zbateson") / "tests/_data/emails/files"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def messages() -> Mapping[str, bytes]:
    folder = data_folder("zbateson") / "tests/_data/emails"
    return {path.name: path.read_bytes() for path in folder.glob("*.txt")}


def test_attachments_are_the_files_that_were_attached() -> None:
    known = originals()
    files = set(known.values())
    texts = {words(content) for name, content in known.items() if name.endswith(".txt")}
    compared, differing = 0, set()
    for name, raw in messages().items():
        for each in parse(raw).attachments:
            compared += 1
            if each.content not in files and words(each.content) not in texts:
                differing.add((name, each.name))
    assert compared > 100
    assert differing == set(LISTED)


def test_the_text_is_one_of_the_fables() -> None:
    fables = [words(content) for name, content in originals().items() if name.endswith(".txt")]
    differing = set()
    for name, raw in messages().items():
        text = words(parse(raw).text.encode())
        if name.startswith("m") and not any(fable in text for fable in fables):
            differing.add(name)
    assert differing == set(BODIES)
