"""A letter goes out by a real server, somebody's program answers it, and the answer is linked.

The programs answer as their kinds do: quoted above or below, in text or HTML, in an envelope of
certified mail; what is between keeps, drops or rewrites the identifiers.
"""

from dataclasses import replace

import pytest

from scripts.evaluate_links.clients import GMAIL, IOS
from scripts.evaluate_links.world import Person
from tests.db.house import FERRI
from tests.worker.correspondence import KINDS, OURS, Kind, Writer
from tests.worker.desk import Post
from tests.worker.office import Office, Remote
from tests.worker.peers import OUTLOOK_WAY, REWRITTEN, WAYS, WEBMAIL_WAY, Peer, Way, read
from tui_mail.demo.smtp_server import ReceivedMail
from tui_mail.values import LinkState, Reference

_COLLEAGUE = Person("Ferri Impianti", "info@ferri.it")
_NEW_COLLEAGUE = Person("Sara", "s.neri@ferri.it")
_STRANGER = Person("Ugo", "ugo@altrove.example")
_Found = dict[str, dict[Reference, LinkState]]


async def _answers(office: Office, post: Post, writer: Writer, peer: Peer) -> _Found:
    """The links of the answers to a letter of every kind, by the name of the kind."""
    post.after = peer.answer
    sent = {await writer.write(kind): kind for kind in KINDS}
    for _time in range(2):
        await office.sync()
    assert peer.answered.keys() == sent.keys()
    return {kind.name: await writer.links_of(peer.answered[one]) for one, kind in sent.items()}


def _automatic(found: dict[Reference, LinkState]) -> set[Reference]:
    return {one for one, state in found.items() if state is LinkState.AUTOMATIC}


def _carries(found: dict[Reference, LinkState], kind: Kind) -> bool:
    """All that the letter is about, without asking, and nothing of anybody else's."""
    return {FERRI, *kind.about} <= _automatic(found) and found.keys() <= OURS


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_an_answer_to_any_letter_carries_its_links(
    office: Office, remote: Remote, remote_post: Post, writer: Writer, way: Way
) -> None:
    found = await _answers(office, remote_post, writer, Peer(remote, way))
    assert not {
        kind.name: found[kind.name] for kind in KINDS if not _carries(found[kind.name], kind)
    }


@pytest.mark.parametrize("sender", [_COLLEAGUE, _NEW_COLLEAGUE], ids=["known", "of the house"])
@pytest.mark.parametrize("way", [OUTLOOK_WAY, Way(IOS, quotes=False), WEBMAIL_WAY])
async def test_so_does_the_answer_of_somebody_else_of_the_customer(
    office: Office,
    remote: Remote,
    remote_post: Post,
    writer: Writer,
    way: Way,
    sender: Person,
) -> None:
    peer = Peer(remote, replace(way, sender=sender))
    found = await _answers(office, remote_post, writer, peer)
    assert not {
        kind.name: found[kind.name] for kind in KINDS if not _carries(found[kind.name], kind)
    }


@pytest.mark.parametrize("way", [OUTLOOK_WAY, WEBMAIL_WAY])
async def test_a_stranger_who_answers_is_asked_about(
    office: Office, remote: Remote, remote_post: Post, writer: Writer, way: Way
) -> None:
    peer = Peer(remote, replace(way, sender=_STRANGER))
    found = await _answers(office, remote_post, writer, peer)
    for kind in KINDS:
        there = found[kind.name]
        assert not _automatic(there), kind.name
        assert {FERRI, *kind.about} & there.keys(), kind.name
        assert there.keys() <= OURS, kind.name


@pytest.mark.parametrize("client", [GMAIL, IOS], ids=["gmail", "ios"])
async def test_an_answer_that_brings_nothing_back_has_what_its_subject_names(
    office: Office, remote: Remote, remote_post: Post, writer: Writer, client: object
) -> None:
    way = Way(client, headers="dropped", quotes=False)  # type: ignore[arg-type]
    found = await _answers(office, remote_post, writer, Peer(remote, way))
    for kind in KINDS:
        there = found[kind.name]
        assert FERRI in _automatic(there), kind.name
        assert {*kind.named} <= there.keys() <= OURS, (kind.name, there)


@pytest.mark.parametrize(
    "field", ["X-Microsoft-Original-Message-ID", "X-Google-Original-Message-ID"]
)
@pytest.mark.parametrize("late", [False, True], ids=["then answered", "answered before"])
async def test_an_answer_knows_a_letter_by_the_name_that_our_own_server_gave_it(
    office: Office, remote: Remote, remote_post: Post, writer: Writer, field: str, *, late: bool
) -> None:
    peer = Peer(remote, Way(GMAIL, quotes=False))
    copies: list[bytes] = []
    answers: list[bytes] = []

    async def rename(mail: ReceivedMail) -> None:
        name = f"{len(copies)}.{REWRITTEN}".encode()
        copies.append(
            mail.raw.replace(
                b"Message-ID: <", b"Message-ID: <%b>\r\n%b: <" % (name, field.encode()), 1
            )
        )
        answers.append(peer.answer_to(read(mail.raw), name.decode()))

    remote_post.after = rename
    sent = {await writer.write(kind): kind for kind in KINDS}
    await office.sync()
    assert len(answers) == len(copies) == len(KINDS)
    for box, mails in [("INBOX", answers), ("Sent", copies)] if late else [("Sent", copies)]:
        for raw in mails:
            await remote.deliver(raw, box)
    for _time in range(2):
        await office.sync()
    if not late:
        for raw in answers:
            await remote.deliver(raw)
        await office.sync()
    threads = {one.header: one.thread_id for one in await office.held("Sent")}
    assert len(await office.held("Sent")) == len(await remote.contents("Sent")) == len(KINDS)
    came = {one.header: one.thread_id for one in await office.held("INBOX")}
    for letter, kind in sent.items():
        found = await writer.links_of(peer.answered[letter])
        assert _carries(found, kind), (kind.name, found)
        assert came[peer.answered[letter]] == threads[letter], kind.name


async def test_an_answer_by_way_of_a_list_carries_the_links(
    office: Office, remote: Remote, remote_post: Post, writer: Writer
) -> None:
    fields = (("List-Id", "<ordini.rossi.it>"), ("Precedence", "list"))
    way = Way(GMAIL, quotes=False, fields=fields)
    found = await _answers(office, remote_post, writer, Peer(remote, way))
    assert not {
        kind.name: found[kind.name] for kind in KINDS if not _carries(found[kind.name], kind)
    }
