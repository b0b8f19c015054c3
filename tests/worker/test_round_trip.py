"""A letter goes out by a real server, somebody's program answers it, and the answer is linked.

The programs answer as their kinds do: quoted above or below, in text or HTML, in an envelope of
certified mail; what is between keeps, drops or rewrites the identifiers.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from email import policy
from email.parser import BytesParser

import pytest

from scripts.evaluate_links.certified import envelope
from scripts.evaluate_links.clients import GMAIL, IOS, OUTLOOK, Client
from scripts.evaluate_links.letter import Event, Sheet, Truth, as_page, write
from scripts.evaluate_links.world import Person
from tests.db.house import FERRI, ORDER, changes
from tests.worker.desk import Desk, Post
from tests.worker.office import NOW, Office, Remote, letter
from tui_mail.db import erp, links
from tui_mail.demo.smtp_server import ReceivedMail
from tui_mail.values import BodyFormat, LetterAttachment, LinkState

_FERRI = Person("Luca Ferri", "l.ferri@ferri.it")
_KINDS: tuple[tuple[BodyFormat, tuple[LetterAttachment, ...]], ...] = (
    (BodyFormat.TEXT, ()),
    (BodyFormat.MARKDOWN, ()),
    (BodyFormat.HTML, ()),
    (BodyFormat.TEXT, (LetterAttachment("listino.txt", b"Listino"),)),
)
_REWRITTEN = "0102018f-5ad1-000000@eu-west-1.amazonses.example"


class Peer:
    """Answers each letter as a mail program does; `headers`: kept, dropped or rewritten."""

    def __init__(self, remote: Remote, client: Client, headers: str, *, certified: bool) -> None:
        self._remote = remote
        self._client = client
        self._headers = headers
        self._certified = certified
        self.answered = 0

    async def answer(self, mail: ReceivedMail) -> None:
        """What comes back for a letter of ours."""
        self.answered += 1
        original = _read(mail.raw)
        identifiers = {"kept": original.message_id, "rewritten": _REWRITTEN}
        identifier = identifiers.get(self._headers, "")
        text = self._client.text("Va bene, grazie.", original, "it")
        sheet = Sheet(
            _FERRI,
            [original.sender],
            self._client.subject(original.subject, "it"),
            text,
            f"answer{self.answered}@ferri.it",
            NOW + timedelta(hours=self.answered),
            html=as_page(text) if self._client.html else "",
            answers=identifier,
            references=[identifier] if identifier and self._client.references else (),
        )
        box = original.sender.address
        raw = envelope(sheet, box, "x@ferri.it") if self._certified else write(sheet)
        await self._remote.deliver(raw)


def _read(raw: bytes) -> Event:
    message = BytesParser(policy=policy.default).parsebytes(raw)
    sender = message["From"].addresses[0]
    return Event(
        message["Date"].datetime,
        (),
        raw,
        Truth(),
        "",
        "",
        0,
        str(message["Message-ID"]).strip("<>"),
        str(message["Subject"]),
        Person(sender.display_name, sender.addr_spec),
        (_FERRI,),
    )


@pytest.fixture
async def post(remote: Remote) -> AsyncIterator[Post]:
    post = Post(user=remote.account().user)
    await post.server.start()
    yield post
    await post.server.stop()


@pytest.fixture
async def desk(office: Office, remote: Remote, post: Post) -> Desk:
    await office.database.write(erp.take, "books", changes(), NOW)
    account = remote.account()
    account.smtp_host, account.smtp_port, account.smtp_tls = "127.0.0.1", post.server.port, "none"
    return Desk(office, await office.add(account))


@pytest.mark.parametrize("headers", ["kept", "dropped", "rewritten"])
@pytest.mark.parametrize(
    ("client", "certified"),
    [(OUTLOOK, False), (GMAIL, False), (IOS, False), (OUTLOOK, True)],
    ids=["outlook", "gmail", "ios", "pec"],
)
async def test_an_answer_to_any_letter_carries_its_links(
    office: Office,
    remote: Remote,
    post: Post,
    desk: Desk,
    client: Client,
    certified: bool,
    headers: str,
) -> None:
    order = (await office.database.read(erp.entity, ORDER)).id
    ferri = (await office.database.read(erp.entity, FERRI)).id
    peer = Peer(remote, client, headers, certified=certified)
    await remote.deliver(letter("ask", subject="Ordine 2026/119", sender=_FERRI.address))
    await office.sync()
    [asked] = await office.held("INBOX")
    post.after = peer.answer
    for form, files in _KINDS:
        await desk.write(_FERRI.address, records=(order,), format=form, attachments=files)
    await desk.write(_FERRI.address, answers=asked.message_id)
    await office.sync()
    await office.sync()
    came = [one for one in await office.held("INBOX") if one.message_id != asked.message_id]
    assert len(came) == peer.answered == len(_KINDS) + 1
    for one in came:
        rows = await office.database.read(links.links_of, office.operator_id, one.message_id)
        states = {row.entity_id: row.state for row in rows}
        assert states.get(order) == LinkState.AUTOMATIC, (one.header, rows)
        assert states.get(ferri) == LinkState.AUTOMATIC, (one.header, rows)
