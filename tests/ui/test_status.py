"""The line that says what happened: what matters of it stays, however narrow the screen."""

from pathlib import Path

import pytest

from tests.ui.stage import build, showing
from tui_mail.db.engine import Database
from tui_mail.safetext import SafeText
from tui_mail.ui.widgets.status import shortened
from tui_mail.ui.widgets.text import width_of

SUBJECT = "Fattura 88/A del 12 novembre, importo diverso da quello che era stato ordinato in marzo"


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("Archived “Offerta”", 20, "Archived “Offerta”"),
        ("Archived “Offerta 55 di marzo”", 22, "Archived “Offerta 55…”"),
        ("Copied “Offerta 55 di marzo” to “Archivio 2026”", 40, "Copied “Offerta 55 …” to “Archivio 2026”"),
        ("Copied “Offerta 55 di marzo” to “Archivio 2026”", 34, "Copied “Offerta…” to “Archivio 2…”"),
        ("Creato «Ditta Nuova Srl»: resta qui", 30, "Creato «Ditta Nuo…»: resta qui"),
        ("Creato «Ditta Nuova Srl»: resta qui", 20, "Creato «Ditta N…»: …"),
        ("Spostato «Re: “Offerta 55” di marzo»", 24, "Spostato «Re: “Offerta…»"),
        ("There is no such folder", 12, "There is no…"),
        ("“Offerta", 5, "“Off…"),
        ("Archived “Offerta”", 0, ""),
    ],
)  # fmt: skip
def test_names_in_quotes_are_shortened_first(text: str, width: int, short: str) -> None:
    found = shortened(SafeText(text), width)
    assert found == short
    assert width_of(found) <= width


@pytest.mark.parametrize("language", ["en", "it"])
async def test_how_to_take_it_back_stays_however_long_the_subject(
    sqlite_database: Database, tmp_path: Path, language: str
) -> None:
    stage = build(sqlite_database, tmp_path)
    await stage.receive(SUBJECT)
    async with showing(stage, (60, 24), language=language) as shown:
        await shown.press("e")
        await shown.sees("z to undo" if language == "en" else "z per annullare")
        line = next(line for line in shown.screen() if " – z " in line)
        assert "Fattura 88/A del" in line
        await shown.lacks("novembre, importo")
        await shown.pilot.resize_terminal(100, 24)
        await shown.sees("Fattura 88/A del 12 novembre, importo")
