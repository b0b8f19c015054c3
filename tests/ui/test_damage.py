"""The reader shows a message whose attachment is damaged, says so, and saves nothing of it."""

import shutil
import tempfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.ui.stage import Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.ui.widgets.text import SafeInput


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


@pytest.mark.parametrize("damage", ["cut", "gone", "swapped", "vault"])
async def test_a_message_is_read_without_its_damaged_file(
    stage: Stage, tmp_path: Path, damage: str
) -> None:
    await stage.receive("Fattura", attachment="fattura.pdf", body="Ecco la fattura.\n")
    (blob,) = (tmp_path / "blobs").glob("*/*")
    if damage == "cut":
        blob.write_bytes(blob.read_bytes()[:-1])
    elif damage == "gone":
        blob.unlink()
    elif damage == "swapped":
        other = stage.blobs.put(b"something else")
        (tmp_path / "blobs" / other[:2] / other[2:]).replace(blob)
    else:
        (tmp_path / "vault.json").write_text("{}")
        stage.__post_init__()
    folder = tmp_path / "salvati"
    folder.mkdir()
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("Ecco la fattura.", "⚠ ")
        await shown.press("S")
        await shown.sees("Save 1 file in")
        shown.console.screen.query_one(SafeInput).value = str(folder)
        await shown.sees("salvati/", "save here")
        await shown.press("enter")
        await shown.sees("restore", "backup")
    assert list(folder.iterdir()) == []


async def test_the_whole_files_of_a_message_are_saved_and_the_lost_one_is_named(
    stage: Stage, tmp_path: Path
) -> None:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "Luca Ferri <l.ferri@ferri.it>", "Fattura"
    letter.set_content("Ecco la fattura.\n")
    letter.add_attachment(b"%PDF one", "application", "pdf", filename="fattura.pdf")
    await stage.take(letter.as_bytes())
    (lost,) = (tmp_path / "blobs").glob("*/*")
    letter.add_attachment(b"two", "application", "pdf", filename="ordine.pdf")
    await stage.take(letter.as_bytes())
    lost.unlink()
    # Short, so that there is room for the sentence after it.
    folder = Path(tempfile.mkdtemp(prefix="salvati-", dir="/tmp"))
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("Ecco la fattura.", "“fattura.pdf” cannot be opened.")
        await shown.press("A")
        await shown.sees("Save 2 files in")
        shown.console.screen.query_one(SafeInput).value = str(folder)
        await shown.sees("save here")
        await shown.press("enter")
        await shown.sees("but not “fattura.pdf”")
    assert [path.name for path in folder.iterdir()] == ["ordine.pdf"]
    shutil.rmtree(folder)
