"""Pages of real programs as they read at three widths, each looked at by a person.

`TUI_MAIL_WRITE_GOLDEN=1` writes the texts anew: read the difference before it is kept.
"""

import os
from pathlib import Path

import pytest

from tests.data import data_folder
from tui_mail.i18n import set_language
from tui_mail.mail.parse import parse
from tui_mail.mail.render import Rendered, plain, render

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
WIDTHS = (40, 80, 120)
TEMPLATES = (
    "basic",
    "drip",
    "hero",
    "marketing",
    "newsletter",
    "newsletter-2",
    "order",
    "password",
    "sidebar",
    "sidebar-hero",
    "welcome",
)
OWN = sorted(path.stem for path in (HERE / "pages").glob("*.html"))
REAL = {
    "planet-fitness": "mimekit/UnitTests/TestData/text/planet-fitness.html",
    "outlook-reply": "talon/tests/fixtures/standard_replies/outlook.eml",
    "sparrow-reply": "talon/tests/fixtures/standard_replies/sparrow.eml",
}


def _shown(raw: bytes, width: int) -> str:
    """The text with every fold named beside it, and what is warned of."""
    set_language("en")
    rendered: Rendered = render(parse(raw), width)
    lines = plain(rendered)
    for fold in rendered.folds:
        lines[fold.first] += f"   <-- {fold.depth}: {fold.label}"
    counted = f"hidden {rendered.hidden}, images {rendered.images}"
    warned = [f"[{one.number}] shows {one.shown}, is {one.real}" for one in rendered.mismatches]
    return "\n".join([*lines, "", counted, *warned, ""])


def _agrees(name: str, raw: bytes) -> None:
    for width in WIDTHS:
        path = GOLDEN / f"{name}.{width}.txt"
        shown = _shown(raw, width)
        if os.environ.get("TUI_MAIL_WRITE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(shown, "utf-8")
        assert shown == path.read_text("utf-8"), path.name


def _as_mail(html: bytes) -> bytes:
    return (
        b"Date: Thu, 26 Nov 2026 10:00:00 +0100\nContent-Type: text/html; charset=utf-8\n\n" + html
    )


@pytest.mark.parametrize("name", OWN)
def test_pages_of_mail_programs_read_as_they_should(name: str) -> None:
    _agrees(name, _as_mail((HERE / "pages" / f"{name}.html").read_bytes()))


@pytest.mark.parametrize("name", TEMPLATES)
def test_newsletters_on_layout_tables_read_as_they_should(name: str) -> None:
    html = (data_folder("foundation-emails") / f"templates/{name}.html").read_bytes()
    _agrees(f"foundation-{name}", _as_mail(html))


@pytest.mark.parametrize("name", REAL)
def test_mail_that_was_really_sent_reads_as_it_should(name: str) -> None:
    raw = (data_folder() / REAL[name]).read_bytes()
    _agrees(name, raw if REAL[name].endswith(".eml") else _as_mail(raw))
