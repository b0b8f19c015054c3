"""Encoded files and reports against the originals that lie beside them."""

import pytest

from tests.data import data_folder
from tui_mail.mail.parse import parse
from tui_mail.mail.textfiles import cut_files
from tui_mail.mail.transfer import undo
from tui_mail.values import MailReport, ParsedMessage


def data(name: str) -> bytes:
    return (data_folder("mimekit") / "UnitTests/TestData" / name).read_bytes()


def message(name: str) -> ParsedMessage:
    return parse(data(f"messages/{name}"))


def test_encoded_photographs_are_the_photograph() -> None:
    photo = data("encoders/photo.jpg")
    assert undo(data("encoders/photo.b64"), "base64") == (photo, True)
    assert undo(data("encoders/photo.uu"), "x-uuencode") == (photo, True)
    text, files = cut_files(b"ecco\n" + data("encoders/photo.uu"))
    assert (text, [each.content for each in files]) == (b"ecco\n", [photo])


def test_quoted_printable_is_the_text() -> None:
    text, sound = undo(data("encoders/wikipedia.qp"), "quoted-printable")
    assert sound
    assert text.replace(b"\r\n", b"\n") == data("encoders/wikipedia.txt").replace(b"\r\n", b"\n")


def test_pieces_of_a_yenc_file_are_the_file() -> None:
    pieces = [cut_files(data(f"yenc/0000002{number}.ntx"))[1] for number in (0, 1)]
    assert [piece[0].name for piece in pieces] == ["joystick.jpg"] * 2
    assert b"".join(piece[0].content for piece in pieces) == data("yenc/joystick.jpg")


@pytest.mark.parametrize(
    ("name", "reports"),
    [
        ("delivery-status.txt", [("failed", "", "500")]),
        ("delivery-status-no-blank-line.txt", [("failed", "", "500")]),
        ("delivery-status2.txt", [("failed", "5.0.0", "")]),
        ("delivery-status-multiple-blank-lines.txt", [("", "5.5.0", "550")]),
        ("disposition-notification.txt", [("displayed", "", "")]),
    ],
)
def test_reports(name: str, reports: list[tuple[str, str, str]]) -> None:
    found: tuple[MailReport, ...] = message(name).reports
    assert [(each.action, each.status, each.reply) for each in found] == reports


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("delivery-status.txt", "bounce"),
        ("disposition-notification.txt", "receipt"),
        ("feedback-report.txt", "auto_reply"),
        ("bounce.txt", "bounce"),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    assert message(name).kind == kind


def test_a_page_with_its_parts_is_the_page() -> None:
    parsed = message("multipart-related-mhtml.txt")
    assert "<html" in parsed.html.lower()
    assert [each.media_type for each in parsed.attachments if each.end] == ["image/png"] * 1


def test_japanese_is_read() -> None:
    parsed = message("japanese.txt")
    assert "日本語が\n正常に\n送れているか" in parsed.text
    assert parsed.subject == "日本語メールテスト (testing Japanese emails)"
