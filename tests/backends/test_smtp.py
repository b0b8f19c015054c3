"""Handing letters over, on an honest server and on scripted ones."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.backends.servers import HANG_UP, UPGRADE, Authority, Scripted
from tui_mail.backends.memory import MemorySender
from tui_mail.backends.smtp import SmtpSender, check_address
from tui_mail.demo.smtp_server import ReceivedMail, SmtpServer
from tui_mail.errors import (
    Offline,
    ProtocolRefused,
    TlsRefused,
    TuiMailError,
    WrongData,
    WrongPassword,
)
from tui_mail.values import Delivery, Endpoint, Login, RecipientResult, Tls

LETTER = b"Message-ID: <a@b.it>\r\nSubject: x\r\n\r\n.dot\r\n..two\r\n\r\n.\r\nend\r\n"
LOGIN = Login("anna", "segreta")
GREETING = b"220 hi\r\n"
EHLO = b"250-hi\r\n250 AUTH PLAIN\r\n"
READY = [GREETING, EHLO, b"235 in\r\n", b"250 sender\r\n", b"250 recipient\r\n", b"354 go\r\n"]


class Post:
    """What an honest server got."""

    def __init__(self) -> None:
        self.mail: list[ReceivedMail] = []
        self.reply = "250 2.0.0 Accepted"

    def deliver(self, mail: ReceivedMail) -> Sequence[str]:
        self.mail.append(mail)
        return [self.reply] * len(mail.recipients)

    @staticmethod
    def refuse(address: str) -> str | None:
        if address.startswith("nobody"):
            return "550 5.1.1 No such user"
        return "450 4.2.1 Greylisted" if address.startswith("later") else None


@asynccontextmanager
async def honest(authority: Authority, tls: Tls) -> AsyncIterator[tuple[Post, Endpoint]]:
    """The embedded server, and where it is."""
    post = Post()
    context = authority.context()
    server = SmtpServer(
        post.deliver,
        users={"anna": "segreta"},
        refuse=post.refuse,
        ssl_context=context if tls is Tls.IMPLICIT else None,
        starttls_context=context if tls is Tls.STARTTLS else None,
    )
    await server.start()
    yield post, Endpoint("127.0.0.1", server.port, tls, authority.file)
    await server.stop()


def outcomes(results: Sequence[RecipientResult]) -> list[Delivery]:
    """What became of each recipient."""
    return [result.delivery for result in results]


@pytest.mark.parametrize("tls", list(Tls))
async def test_a_letter_arrives_byte_for_byte(authority: Authority, tls: Tls) -> None:
    async with honest(authority, tls) as (post, endpoint):
        results = await SmtpSender(endpoint, LOGIN).send(LETTER, "anna@b.it", ["x@y.it", "z@y.it"])
    assert [(r.address, r.delivery) for r in results] == [
        ("x@y.it", Delivery.ACCEPTED),
        ("z@y.it", Delivery.ACCEPTED),
    ]
    assert "Accepted" in results[0].reply
    (mail,) = post.mail
    assert (mail.sender, mail.recipients, mail.raw) == ("anna@b.it", ("x@y.it", "z@y.it"), LETTER)


async def test_each_recipient_has_an_outcome_in_the_order_asked(authority: Authority) -> None:
    to = ["nobody@y.it", "x@y.it", "later@y.it", "x@y.it"]
    async with honest(authority, Tls.IMPLICIT) as (post, endpoint):
        results = await SmtpSender(endpoint, LOGIN).send(LETTER, "anna@b.it", to)
    assert [result.address for result in results] == to
    accepted = Delivery.ACCEPTED
    assert outcomes(results) == [Delivery.REFUSED, accepted, Delivery.DEFERRED, accepted]
    assert results[0].reply == "550 5.1.1 No such user"
    assert post.mail[0].recipients == ("x@y.it",)


async def test_when_all_are_refused_no_data_is_sent(authority: Authority) -> None:
    async with honest(authority, Tls.IMPLICIT) as (post, endpoint):
        results = await SmtpSender(endpoint, LOGIN).send(LETTER, "a@b.it", ["nobody@y.it"])
    assert outcomes(results) == [Delivery.REFUSED]
    assert post.mail == []


@pytest.mark.parametrize(
    ("reply", "delivery"),
    [("452 4.3.1 Full", Delivery.DEFERRED), ("554 5.7.1 Spam", Delivery.REFUSED)],
)
async def test_the_last_word_counts_for_everyone(
    authority: Authority, reply: str, delivery: Delivery
) -> None:
    async with honest(authority, Tls.IMPLICIT) as (post, endpoint):
        post.reply = reply
        results = await SmtpSender(endpoint, LOGIN).send(
            LETTER, "a@b.it", ["nobody@y.it", "x@y.it"]
        )
    assert outcomes(results) == [Delivery.REFUSED, delivery]


async def test_a_big_8_bit_letter_without_a_last_line_end_arrives(authority: Authority) -> None:
    raw = b"Subject: x\r\n\r\n" + "è già così\r\n".encode() * 100_000 + b"fine"
    async with honest(authority, Tls.STARTTLS) as (post, endpoint):
        results = await SmtpSender(endpoint, LOGIN).send(raw, "a@b.it", ["x@y.it"])
    assert outcomes(results) == [Delivery.ACCEPTED]
    assert post.mail[0].raw == raw + b"\r\n"


async def test_lone_line_ends_cannot_end_the_letter(authority: Authority) -> None:
    raw = b"Subject: x\r\n\r\na\n.\nMAIL FROM:<e@e.it>\r.\r\n.\r\nend\r\n"
    async with honest(authority, Tls.IMPLICIT) as (post, endpoint):
        await SmtpSender(endpoint, LOGIN).send(raw, "a@b.it", ["x@y.it"])
    (mail,) = post.mail
    assert mail.raw == b"Subject: x\r\n\r\na\r\n.\r\nMAIL FROM:<e@e.it>\r\n.\r\n.\r\nend\r\n"


async def test_an_international_address_goes_out_as_it_is(authority: Authority) -> None:
    async with honest(authority, Tls.IMPLICIT) as (post, endpoint):
        results = await SmtpSender(endpoint, LOGIN).send(LETTER, "a@b.it", ["perché@città.it"])
    assert outcomes(results) == [Delivery.ACCEPTED]
    assert post.mail[0].recipients == ("perché@città.it",)


async def test_without_smtputf8_only_the_domain_can_be_written() -> None:
    replies = [*READY[:5], b"354 go\r\n", *[b"250 ok\r\n"] * 20]
    async with Scripted(*replies) as server:
        results = await SmtpSender(server.endpoint(), LOGIN).send(
            b"a\r\n", "a@b.it", ["info@città.it", "perché@y.it"]
        )
        assert outcomes(results) == [Delivery.ACCEPTED, Delivery.REFUSED]
        assert b"RCPT TO:<info@xn--citt-3na.it>\r\n" in server.lines


@pytest.mark.parametrize(
    ("sender", "head"), [("è@b.it", b""), ("a@b.it", "To: perché@y.it\r\n".encode())]
)
async def test_without_smtputf8_no_letter_with_such_an_address_goes_to_anybody(
    sender: str, head: bytes
) -> None:
    async with Scripted(*READY[:5], *[b"250 ok\r\n"] * 20) as server:
        results = await SmtpSender(server.endpoint(), LOGIN).send(
            head + b"Subject: x\r\n\r\na\r\n", sender, ["x@y.it", "perché@y.it"]
        )
        assert outcomes(results) == [Delivery.REFUSED] * 2
        assert "takes no letters with such addresses" in results[0].reply
        assert not any(line.startswith(b"MAIL") for line in server.lines)


async def test_a_wrong_password_is_told(authority: Authority) -> None:
    async with honest(authority, Tls.IMPLICIT) as (post, endpoint):
        with pytest.raises(WrongPassword) as raised:
            await SmtpSender(endpoint, Login("anna", "sbagliata")).verify()
        await SmtpSender(endpoint, LOGIN).verify()
    assert "sbagliata" not in raised.value.message
    assert post.mail == []


async def test_a_login_that_is_wanted_and_not_given_is_told(authority: Authority) -> None:
    async with honest(authority, Tls.IMPLICIT) as (_, endpoint):
        with pytest.raises(WrongPassword):
            await SmtpSender(endpoint, None).send(LETTER, "a@b.it", ["x@y.it"])


# -- privacy -------------------------------------------------------------------------------------


async def test_no_password_goes_to_another_machine_in_the_clear() -> None:
    endpoint = Endpoint("smtp.example.it", 25, Tls.NONE)
    with pytest.raises(TlsRefused):
        await SmtpSender(endpoint, LOGIN).send(LETTER, "a@b.it", ["x@y.it"])


@pytest.mark.parametrize(
    "script",
    [
        [GREETING, b"250-hi\r\n250 AUTH PLAIN\r\n"],
        [GREETING, b"250-hi\r\n250 STARTTLS\r\n", b"454 not now\r\n"],
        [GREETING, b"250-hi\r\n250 STARTTLS\r\n", b"220 go\r\n250 injected\r\n"],
    ],
)
async def test_starttls_is_required_where_it_is_asked_for(script: list[bytes]) -> None:
    async with Scripted(*script) as server:
        sender = SmtpSender(server.endpoint(Tls.STARTTLS), LOGIN, timeout=2)
        with pytest.raises(TuiMailError):
            await sender.send(LETTER, "a@b.it", ["x@y.it"])
        assert not any(b"AUTH" in line or b"MAIL" in line for line in server.lines)


async def test_bad_certificates_are_refused(authority: Authority) -> None:
    for context in (authority.context(expired=True), authority.context("other.example.it")):
        async with Scripted(GREETING, context=context) as server:
            endpoint = Endpoint("127.0.0.1", server.port, Tls.IMPLICIT, authority.file)
            with pytest.raises(TlsRefused):
                await SmtpSender(endpoint, LOGIN).verify()


async def test_a_bad_certificate_is_refused_after_starttls_too(authority: Authority) -> None:
    offer = b"250-hi\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
    script = [GREETING, offer, b"220 go\r\n" + UPGRADE, offer]
    for context in (authority.context(expired=True), authority.context("other.example.it")):
        async with Scripted(*script, starttls_context=context) as server:
            endpoint = Endpoint("127.0.0.1", server.port, Tls.STARTTLS, authority.file)
            with pytest.raises(TlsRefused):
                await SmtpSender(endpoint, LOGIN).verify()
            assert not any(b"AUTH" in line for line in server.lines)


# -- what can be lost ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        [HANG_UP],
        [GREETING + HANG_UP],
        [*READY[:2], HANG_UP],
        [*READY[:3], HANG_UP],
        [*READY[:4], HANG_UP],
        [*READY[:4], b"421 closing\r\n" + HANG_UP, HANG_UP],
        [*READY[:5], HANG_UP],
        [b"421 too busy\r\n"],
        [GREETING, b"421 too busy\r\n"],
        [*READY[:2], b"454 auth later\r\n"],
    ],
)
async def test_what_is_lost_before_the_data_is_offline(script: list[bytes]) -> None:
    to = ["x@y.it", "z@y.it"] if b"421 closing" in b"".join(script) else ["x@y.it"]
    async with Scripted(*script) as server:
        with pytest.raises(Offline):
            await SmtpSender(server.endpoint(), LOGIN, timeout=2).send(LETTER, "a@b.it", to)


@pytest.mark.parametrize("ending", [HANG_UP, b"nonsense\r\n", b"199 perhaps\r\n"])
async def test_what_is_lost_after_the_data_began_is_unknown(ending: bytes) -> None:
    async with Scripted(*READY, ending) as server:
        sender = SmtpSender(server.endpoint(), LOGIN, timeout=0.5)
        results = await sender.send(b"a\r\n", "a@b.it", ["x@y.it"])
    assert results == (RecipientResult("x@y.it", Delivery.UNKNOWN, results[0].reply),)


async def test_silence_after_the_data_is_unknown(authority: Authority) -> None:
    async with Scripted(*READY) as server:
        sender = SmtpSender(server.endpoint(), LOGIN, timeout=0.05)
        results = await sender.send(b"a\r\n", "a@b.it", ["x@y.it"])
    assert outcomes(results) == [Delivery.UNKNOWN]


async def test_a_refused_recipient_stays_refused_when_the_end_is_lost() -> None:
    script = [*READY[:4], b"550 no\r\n", b"250 yes\r\n", b"354 go\r\n", HANG_UP]
    async with Scripted(*script) as server:
        results = await SmtpSender(server.endpoint(), LOGIN).send(
            b"a\r\n", "a@b.it", ["x@y.it", "z@y.it"]
        )
    assert outcomes(results) == [Delivery.REFUSED, Delivery.UNKNOWN]


@pytest.mark.parametrize(
    ("reply", "delivery"), [(b"550 not you", Delivery.REFUSED), (b"451 wait", Delivery.DEFERRED)]
)
async def test_a_refused_sender_is_an_outcome_for_every_recipient(
    reply: bytes, delivery: Delivery
) -> None:
    async with Scripted(*READY[:3], reply + b"\r\n") as server:
        results = await SmtpSender(server.endpoint(), LOGIN).send(
            LETTER, "a@b.it", ["x@y.it", "z@y.it"]
        )
    assert outcomes(results) == [delivery, delivery]
    assert results[0].reply == reply.decode()


async def test_a_letter_over_the_servers_limit_is_not_begun() -> None:
    async with Scripted(GREETING, b"250-hi\r\n250-SIZE 20\r\n250 AUTH PLAIN\r\n", READY[2]) as s:
        with pytest.raises(WrongData, match="MB"):
            await SmtpSender(s.endpoint(), LOGIN).send(LETTER, "a@b.it", ["x@y.it"])
        assert not any(line.startswith(b"MAIL") for line in s.lines)


async def test_another_kind_of_server_is_told() -> None:
    async with Scripted(b"* OK IMAP4rev1\r\n") as server:
        with pytest.raises(ProtocolRefused):
            await SmtpSender(server.endpoint(), LOGIN, timeout=2).verify()


async def test_a_server_that_is_not_there_is_offline() -> None:
    async with Scripted(GREETING) as server:
        endpoint = server.endpoint()
    with pytest.raises(Offline):
        await SmtpSender(endpoint, LOGIN).verify()


async def test_a_silent_server_is_offline() -> None:
    async with Scripted(b"") as server:
        with pytest.raises(Offline):
            await asyncio.wait_for(SmtpSender(server.endpoint(), LOGIN, timeout=0.1).verify(), 20)


# -- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@b.it",
        "anna@",
        "a@b@c.it",
        "a@b.it, c@d.it",
        "a@b.it>\r\nRCPT TO:<evil@z.it",
        "a b@c.it",
        "a@b.it\n",
        "<a@b.it>",
        '"a"@b.it',
        "a\x00@b.it",
        "a\x9b@b.it",
        "a\u2028@b.it",
        "a@b.it\ud800",
        "a" * 320 + "@b.it",
    ],
)
async def test_what_is_no_address_is_refused_before_anything_is_connected(address: str) -> None:
    sender = SmtpSender(Endpoint("127.0.0.1", 9, Tls.NONE), LOGIN)
    with pytest.raises(WrongData):
        await sender.send(LETTER, "a@b.it", ["x@y.it", address])


@pytest.mark.parametrize("address", ["a@b.it", "a.b+c=d_e@b-c.co.it", "o'neil@b.it", "è@è.it"])
def test_addresses_are_addresses(address: str) -> None:
    check_address(address)


async def test_nobody_to_write_to_is_nothing_to_do() -> None:
    assert await SmtpSender(Endpoint("127.0.0.1", 9), LOGIN).send(LETTER, "a@b.it", []) == ()


# -- in memory -----------------------------------------------------------------------------------


async def test_the_sender_in_memory_keeps_what_it_took() -> None:
    sender = MemorySender()
    sender.outcomes["x@y.it"] = RecipientResult("x@y.it", Delivery.REFUSED, "550 no")
    results = await sender.send(LETTER, "a@b.it", ["x@y.it", "z@y.it"])
    assert outcomes(results) == [Delivery.REFUSED, Delivery.ACCEPTED]
    assert [handed.recipients for handed in sender.handed] == [("z@y.it",)]
    sender.reachable = False
    with pytest.raises(Offline):
        await sender.send(LETTER, "a@b.it", ["z@y.it"])


@pytest.mark.parametrize(
    "answer",
    [b"250-" + b"x" * 9_000 + b"\r\n250 fine\r\n", b"250-hi\r\n" * 5_000, b"x" * 40_000],
    ids=["line", "lines", "no-line"],
)
async def test_an_answer_over_the_limits_is_refused_by_their_names(answer: bytes) -> None:
    async with Scripted(GREETING, answer) as server:
        with pytest.raises(ProtocolRefused, match=r"127\.0\.0\.1.*8192.*32768"):
            await SmtpSender(server.endpoint(), LOGIN, timeout=5).verify()
