"""Pictures in limits: what is sent to the terminal is small, whole and the right way up."""

import io

import pytest
from PIL import Image

from tests.mail.pictures import letter, noise, picture, plain_png
from tui_mail.mail.parse import parse
from tui_mail.mail.pictures import MAX_SENT, Measure, encoded, half_blocks, measured
from tui_mail.mail.render import plain, render
from tui_mail.values import Drawing, PictureWay

_KITTY = Drawing(PictureWay.KITTY)


@pytest.mark.parametrize("most", [MAX_SENT, 2_000])
def test_a_picture_is_made_as_small_as_it_must_be(most: int) -> None:
    made = encoded(noise(900, 700), 60, cell=(16, 32), most=most)
    assert made is not None
    assert len(made.png) <= most
    assert (made.columns, made.rows) == (41, 16)
    assert encoded(noise(900, 700), 60, cell=(16, 32), most=100) is None


def test_a_small_picture_is_sent_as_it_is_and_nothing_of_its_file_with_it() -> None:
    data = io.BytesIO()
    image = Image.new("RGB", (160, 64), (200, 16, 8))
    image.save(data, "PNG", dpi=(72, 72), exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0 secret")
    made = encoded(data.getvalue(), 60, cell=(10, 20))
    assert made is not None
    with Image.open(io.BytesIO(made.png)) as read:
        assert (read.size, read.mode) == ((160, 64), "RGB")
    assert b"secret" not in made.png
    assert b"eXIf" not in made.png


def test_a_photo_is_drawn_the_way_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    image = Image.new("RGB", (400, 200), (255, 255, 255))
    image.paste((255, 0, 0), (0, 0, 200, 200))  # left on the file, top when it is looked at
    data = io.BytesIO()
    image.save(data, "JPEG", exif=exif, quality=95)
    assert measured(data.getvalue()) == Measure(200, 400)
    made = encoded(data.getvalue(), 60, cell=(10, 20))
    assert made is not None
    with Image.open(io.BytesIO(made.png)) as read:
        assert read.size == (160, 320)
        red, green, _blue = read.convert("RGB").getpixel((80, 20))  # type: ignore[misc] # three
        assert red > 200
        assert green < 60
    upper = half_blocks(data.getvalue(), 60)[0][0].upper
    assert upper >> 16 > 200
    assert upper >> 8 & 0xFF < 60


def test_a_large_photo_is_drawn_and_a_large_drawing_refused() -> None:
    photo = picture(Image.new("RGB", (7_000, 5_000), (8, 200, 16)), "JPEG")
    assert measured(photo) == Measure(7_000, 5_000)
    assert encoded(photo, 60, cell=(10, 20)) is not None
    drawing = picture(Image.new("1", (7_000, 5_000)))
    assert measured(drawing) == Measure(why="pixels")
    assert encoded(drawing, 60, cell=(10, 20)) is None


def test_a_jpeg_of_very_many_scans_is_not_decoded() -> None:
    photo = picture(Image.new("RGB", (640, 480), (8, 200, 16)), "JPEG")
    assert not measured(photo).why
    assert measured(photo[:-2] + b"\xff\xda\0\0" * 200 + photo[-2:]).why == "kind"
    assert measured(noise(20, 20) + b"\0" * 100, 500).why == "size"


def test_in_a_text_a_picture_has_the_same_room_in_every_way() -> None:
    parsed = parse(letter(plain_png()))
    rendered = render(parsed, 60, pictures=_KITTY)
    blocks = render(parsed, 60, pictures=Drawing(PictureWay.BLOCKS))
    assert [len(line) for line in plain(rendered)[:2]] == [len(line) for line in plain(blocks)[:2]]
    assert len(rendered.lines) == len(blocks.lines)
    assert [line[0].style for line in rendered.lines[2:6]] == [f"picture 0 {n}" for n in range(4)]
    assert [(one.columns, one.rows) for one in rendered.pictures] == [(20, 4)]
    assert blocks.pictures == ()


def test_the_same_picture_is_sent_once_and_too_many_are_half_blocks() -> None:
    html = b"".join(b"<p>a</p><img src='cid:%d@x'>" % n for n in (0, 0, *range(1, 14)))
    parsed = parse(letter(*(noise(300 + n, 220) for n in range(14)), html=html))
    rendered = render(parsed, 60, pictures=_KITTY)
    assert 1 < len(rendered.pictures) < 14
    assert sum(len(one.png) for one in rendered.pictures) < 9 * MAX_SENT
    styles = [line[0].style for line in rendered.lines if line]
    assert styles.count("picture 0 0") == 2
    assert any(style.startswith("#") for style in styles)
