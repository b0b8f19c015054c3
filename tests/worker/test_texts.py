"""The text of attached files comes into the database after the mail, once for each file."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from tests.extract import making
from tests.worker.office import NOW, Office, office_on
from tui_mail.blobs import FolderBlobs
from tui_mail.db.engine import Database
from tui_mail.db.file_texts import texts_of
from tui_mail.db.tables import Account, AttachmentText
from tui_mail.db.texts import count_waiting
from tui_mail.demo.attachments import pdf
from tui_mail.errors import NoVault
from tui_mail.values import Fetched
from tui_mail.vault import open_vault
from tui_mail.worker.texts import read_waiting


def letter(name: str, *files: tuple[str, str, bytes]) -> bytes:
    message = EmailMessage()
    message["From"] = "luca@ferri.it"
    message["Subject"] = name
    message["Message-ID"] = f"<{name}@test>"
    message.set_content("In allegato")
    for file, media_type, content in files:
        kind, _slash, sub = media_type.partition("/")
        message.add_attachment(content, kind, sub, filename=file)
    return message.as_bytes()


def pdf_of(*lines: str) -> tuple[str, str, bytes]:
    return ("fattura.pdf", "application/pdf", pdf([*lines, *["riga"] * 40]))


def read(session: Session) -> list[tuple[str, str]]:
    statement = select(col(AttachmentText.outcome), col(AttachmentText.text))
    return sorted((outcome, text) for outcome, text in session.execute(statement))


async def take_in(office: Office, *raws: bytes) -> list[int]:
    account = await office.add(Account(email="anna@rossi.it", protocol="local"))
    folder = await office.database.read(lambda session: _inbox(session, account))
    batch = [Fetched("", raw, frozenset(), NOW) for raw in raws]
    await office.ingest.take_in(account, folder, batch)
    return [one.message_id for one in await office.held()]


def _inbox(session: Session, account_id: int) -> int:
    from tui_mail.db.folders import folder_named

    return folder_named(session, account_id, "INBOX").id or 0


@pytest.fixture
def both(database: Database, tmp_path: Path) -> Office:
    return office_on(database, tmp_path / "home")


async def test_files_of_all_kinds_are_read_after_the_mail(both: Office) -> None:
    word = ("contratto.docx", "application/octet-stream", making.docx("Contratto quadro"))
    picture = ("foto.jpg", "image/jpeg", b"\xff\xd8\xff" * 3000)
    ids = await take_in(both, letter("a", pdf_of("Fattura 88/A"), word), letter("b", picture))
    assert await both.database.read(count_waiting) == 1
    assert await read_waiting(both.database, both.blobs, both.locks) == 1
    texts = await both.database.read(texts_of, ids)
    assert list(texts) == [ids[0]]
    assert "Fattura 88/A" in texts[ids[0]]
    assert "Contratto quadro" in texts[ids[0]]
    assert await both.database.read(count_waiting) == 0
    assert await read_waiting(both.database, both.blobs, both.locks) == 0


async def test_one_file_sent_to_many_is_read_once(both: Office) -> None:
    same = pdf_of("Listino 2026")
    ids = await take_in(both, *(letter(f"m{n}", same) for n in range(30)))
    assert await read_waiting(both.database, both.blobs, both.locks) == 30
    assert len(await both.database.read(read)) == 1
    assert len(await both.database.read(texts_of, ids)) == 30


async def test_what_becomes_of_a_file_is_kept(office: Office) -> None:
    broken = ("a.pdf", "application/pdf", b"%PDF-1.4 nothing" * 500)
    bomb = ("b.docx", "application/octet-stream", making.bomb(size=100 << 20))
    await take_in(office, letter("a", broken), letter("b", bomb), letter("c", pdf_of("Bene")))
    assert await read_waiting(office.database, office.blobs, office.locks) == 3
    found = await office.database.read(read)
    assert [outcome for outcome, _text in found] == ["done", "failed", "too_large"]


async def test_a_file_whose_bytes_are_lost_holds_nobody_up(office: Office) -> None:
    await take_in(office, letter("a", pdf_of("Perduta")))
    for path in (office.folder / "attachments").rglob("*"):
        if path.is_file():
            path.unlink()
    assert await read_waiting(office.database, office.blobs, office.locks) == 1
    assert await office.database.read(read) == [("lost", "")]


async def test_files_in_a_folder_that_is_not_there_are_read_when_it_is(office: Office) -> None:
    await take_in(office, letter("a", pdf_of("Fattura")))
    keys = office.folder / "vault.json"
    for path in (keys, office.folder / "attachments"):
        path.rename(path.with_name(f"{path.name}.away"))
    blobs = FolderBlobs(office.folder / "attachments", open_vault(office.folder / "key"))
    with pytest.raises(NoVault):
        await read_waiting(office.database, blobs, office.locks)
    assert await office.database.read(count_waiting) == 1
    for path in (keys, office.folder / "attachments"):
        path.with_name(f"{path.name}.away").rename(path)
    assert await read_waiting(office.database, blobs, office.locks) == 1
    assert [outcome for outcome, _text in await office.database.read(read)] == ["done"]


async def test_files_that_open_with_no_key_hold_nobody_up(office: Office) -> None:
    """A bit of the sealed key is another in one, two others lie in each other's place."""
    await take_in(office, *(letter(f"m{n}", pdf_of(f"Fattura {n}")) for n in range(4)))
    files = [one for one in (office.folder / "attachments").rglob("*") if len(one.name) > 20]
    first, second, third, _fourth = files
    sealed = bytearray(first.read_bytes())
    sealed[40] ^= 1
    first.write_bytes(sealed)
    other = second.read_bytes()
    second.write_bytes(third.read_bytes())
    third.write_bytes(other)
    assert await read_waiting(office.database, office.blobs, office.locks) == 4
    found = await office.database.read(read)
    assert [outcome for outcome, _text in found] == ["done", "lost", "lost", "lost"]


async def test_what_was_interrupted_goes_on_where_it_was(office: Office) -> None:
    await take_in(office, *(letter(f"m{n}", pdf_of(f"Fattura {n}")) for n in range(45)))

    class Stop(Exception):
        pass

    async def pause(done: int) -> None:
        if done:
            raise Stop

    with pytest.raises(Stop):
        await read_waiting(office.database, office.blobs, office.locks, pause=pause)
    left = await office.database.read(count_waiting)
    assert left == 25
    assert await read_waiting(office.database, office.blobs, office.locks, processes=2) == left
    assert len(await office.database.read(read)) == 45
