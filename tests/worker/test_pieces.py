"""A message sent in several pieces, whole wherever one of them is opened."""

import asyncio
import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import Session

from tests.pieces import HEAD, in_pieces, whole
from tui_mail.blobs import FolderBlobs
from tui_mail.db import accounts, folders
from tui_mail.db.engine import Database
from tui_mail.db.many import key_of
from tui_mail.db.messages import message
from tui_mail.db.rows import AttachmentRow
from tui_mail.db.tables import Account, Message
from tui_mail.mail.parse import parse
from tui_mail.values import Fetched
from tui_mail.vault import open_vault
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.reading import OpenedMessage, Reader, attachment_of


def _ids(session: Session) -> list[tuple[str, int]]:
    return [(one.content_hash, key_of(one.id)) for one in session.scalars(select(Message))]


@dataclass
class Office:
    """Two operators with a mailbox each."""

    database: Database
    folder: Path

    def __post_init__(self) -> None:
        self.blobs = FolderBlobs(self.folder / "blobs", open_vault(self.folder / "key"))
        self.operators = {}
        self.boxes = {}
        for name in ("anna", "bruno"):
            me = self.database.write_now(accounts.operator_for, name).id or 0
            wish = Account(email=f"{name}@rossi.it", protocol="local")
            made = self.database.write_now(accounts.add_account, wish, me).id or 0
            inbox = self.database.write_now(folders.folder_named, made, "INBOX").id or 0
            self.operators[name], self.boxes[name] = me, (made, inbox)

    def take(self, *raws: bytes, whose: str = "anna") -> list[int]:
        """Messages come in one after the other; their ids."""
        now = datetime.now(UTC)

        async def store() -> None:
            ingest = Ingest(self.database, self.blobs)
            account, inbox = self.boxes[whose]
            for raw in raws:
                await ingest.take_in(account, inbox, [Fetched("", raw, frozenset(), now)])

        asyncio.run(store())
        by_hash = dict(self.database.read_now(_ids))
        return [by_hash[hashlib.sha256(raw).hexdigest()] for raw in raws]

    def open(self, message_id: int, whose: str = "anna") -> OpenedMessage:
        return Reader(self.database, self.blobs, self.operators[whose]).open_now(message_id)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return Office(database, tmp_path)


def test_every_piece_opens_the_whole_and_stays_as_it_came(office: Office) -> None:
    raw = whole()
    pieces = in_pieces(raw, [300, 600, 700], totals=False)
    random.Random(4).shuffle(pieces)
    for number, one in enumerate(pieces):
        office.take(one)
        assert bool(office.open(1).pieces) is (number == 3)
    for number, piece in enumerate(pieces, 1):
        opened = office.open(number)
        assert opened.raw == piece
        assert opened.parsed == parse(raw)
        assert opened.row.subject == "Disegni della pompa"
        (file,) = opened.row.attachments
        content = attachment_of(opened, 1).content
        assert (file.name, file.size) == ("pompa.pdf", len(content))
        assert file.sha256 == hashlib.sha256(content).hexdigest()
    assert len({office.open(one).row.thread_id for one in range(1, 5)}) == 1


def test_an_answer_to_the_whole_is_in_the_conversation_of_its_pieces(office: Office) -> None:
    answer = b"Message-ID: <r@x.it>\r\nIn-Reply-To: <whole@ferri.it>\r\n\r\nvisto\r\n"
    first, *pieces = office.take(answer, *in_pieces(whole(), [300, 600]))
    assert {office.open(one).row.thread_id for one in pieces} == {office.open(first).row.thread_id}


def test_a_stranger_has_no_part_in_it(office: Office) -> None:
    mine = in_pieces(whole(), [300, 600])
    evil = in_pieces(
        whole("altro"), [300, 600], head=("From: Luca Ferri <x@evil.example>", *HEAD[1:])
    )
    answers = evil[1].replace(b"MIME-Version", b"In-Reply-To: <1.abc@ferri.it>\r\nMIME-Version")
    ids = office.take(mine[0], answers, mine[2])
    assert len({office.open(one).row.thread_id for one in ids}) == 1
    opened = office.open(ids[0])
    assert opened.gathered is not None
    assert (opened.gathered.missing, opened.pieces) == ((2,), ())
    assert opened.parsed == parse(mine[0])


def test_a_piece_that_the_reader_may_not_see_is_missing(office: Office) -> None:
    pieces = in_pieces(whole(), [300, 600])
    (first,) = office.take(pieces[0])
    others = office.take(*pieces[1:], whose="bruno")
    for one, whose, missing in ((first, "anna", (2, 3)), (others[0], "bruno", (1,))):
        gathered = office.open(one, whose).gathered
        assert gathered is not None
        assert gathered.missing == missing
    office.take(*pieces[1:])
    assert office.open(first).pieces


def test_pieces_that_contradict_each_other_are_not_joined(office: Office) -> None:
    pieces = in_pieces(whole(), [300])
    first, *_rest = office.take(*pieces, in_pieces(whole("altro"), [310])[1])
    gathered = office.open(first).gathered
    assert gathered is not None
    assert gathered.reason == "contents"


def test_a_piece_whose_bytes_are_lost_is_told(office: Office) -> None:
    first, second = office.take(*in_pieces(whole(), [300]))
    assert office.open(first).pieces
    (lost,) = [one.blob for one in _stored(office, second)]
    (office.folder / "blobs" / lost[:2] / lost[2:]).unlink()
    opened = office.open(first)
    assert opened.gathered is not None
    assert (opened.gathered.reason, opened.pieces, opened.lost) == ("lost", (), "")
    assert office.open(second).lost


def _stored(office: Office, message_id: int) -> tuple[AttachmentRow, ...]:
    return office.database.read_now(message, office.operators["anna"], message_id).attachments


def test_what_is_joined_is_not_joined_again(office: Office) -> None:
    inner = in_pieces(whole(), [300], name="inner@ferri.it")
    outer = in_pieces(inner[0], [200], name="outer@ferri.it")
    first, *_rest = office.take(*outer, inner[1])
    opened = office.open(first)
    assert opened.pieces
    assert opened.parsed.warnings == ("partial_message",)
    assert opened.parsed.piece is not None
    assert opened.parsed.piece.id == "inner@ferri.it"


def test_a_piece_within_a_message_is_none_of_it(office: Office) -> None:
    one, two = in_pieces(whole(), [300])
    within = (
        b"From: Luca Ferri <luca@ferri.it>\r\nIn-Reply-To: <1.abc@ferri.it>\r\n"
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"
        + two[two.index(b"Content-Type") :]
        + b"\r\n--x--\r\n"
    )
    first, other = office.take(one, within)
    gathered = office.open(first).gathered
    assert gathered is not None
    assert gathered.missing == (2,)
    assert office.open(other).gathered is None
