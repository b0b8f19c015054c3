"""The embedded SMTP server, through aiosmtplib and over bare connections."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

import aiosmtplib
import pytest

from tests.demo.conftest import TlsContexts
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail, SmtpServer

RAW = b"From: anna@example.org\r\nTo: x@example.com\r\nSubject: x\r\n\r\n.dot\r\ncaff\xc3\xa8\r\n"


class PostOffice:
    """Keeps what comes, and refuses who is told."""

    def __init__(self) -> None:
        self.mail: list[ReceivedMail] = []
        self.replies: dict[str, str] = {}

    def deliver(self, mail: ReceivedMail) -> list[str]:
        self.mail.append(mail)
        return [self.replies.get(address, ACCEPTED) for address in mail.recipients]

    async def deliver_later(self, mail: ReceivedMail) -> list[str]:
        await asyncio.sleep(0)
        return self.deliver(mail)

    def refuse(self, address: str) -> str | None:
        return "550 5.1.1 No such user" if address.endswith(".invalid") else None


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@contextlib.asynccontextmanager
async def running(
    office: PostOffice,
    *,
    ssl_context: ssl.SSLContext | None = None,
    starttls_context: ssl.SSLContext | None = None,
    auth_required: bool = True,
) -> AsyncIterator[SmtpServer]:
    server = SmtpServer(
        office.deliver_later,
        users={"anna": "secret"},
        refuse=office.refuse,
        ssl_context=ssl_context,
        starttls_context=starttls_context,
        auth_required=auth_required,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def client(server: SmtpServer) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(hostname="127.0.0.1", port=server.port, start_tls=False, timeout=10)


async def test_mail_arrives_byte_for_byte_with_who_sent_it(office: PostOffice) -> None:
    async with running(office) as server, client(server) as smtp:
        await smtp.login("anna", "secret")
        errors, _ = await smtp.sendmail(
            "anna@example.org", ["x@example.com", "y@nowhere.invalid"], RAW
        )
    assert {address: error.code for address, error in errors.items()} == {"y@nowhere.invalid": 550}
    assert office.mail == [ReceivedMail("anna@example.org", ("x@example.com",), RAW, "anna")]


async def test_a_wrong_password_is_answered_at_once(office: PostOffice) -> None:
    async with running(office) as server, client(server) as smtp:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as refusal:
            await smtp.login("anna", "wrong")
        assert refusal.value.code == 535


async def test_mail_needs_a_login_unless_told_otherwise(office: PostOffice) -> None:
    async with running(office) as server, client(server) as smtp:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refusal:
            await smtp.sendmail("anna@example.org", ["x@example.com"], RAW)
        assert refusal.value.code == 530
    async with running(office, auth_required=False) as server, client(server) as smtp:
        await smtp.sendmail("anna@example.org", ["x@example.com"], RAW)
    assert office.mail[0].user == ""


async def test_delivery_is_refused_only_if_nobody_takes_it(office: PostOffice) -> None:
    office.replies = {"full@example.com": "552 5.2.2 Mailbox full"}
    async with running(office) as server, client(server) as smtp:
        await smtp.login("anna", "secret")
        await smtp.sendmail("anna@example.org", ["full@example.com", "x@example.com"], RAW)
        with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
            await smtp.sendmail("anna@example.org", ["full@example.com"], RAW)
        assert refusal.value.code == 552


async def test_passwords_wait_for_starttls(office: PostOffice, tls: TlsContexts) -> None:
    async with running(office, starttls_context=tls.server) as server:
        async with client(server) as smtp:
            await smtp.ehlo()
            assert not smtp.supports_extension("auth")
        secured = aiosmtplib.SMTP(
            hostname="localhost",
            port=server.port,
            start_tls=True,
            timeout=10,
            tls_context=tls.client,
        )
        async with secured as smtp:
            await smtp.login("anna", "secret")
            await smtp.sendmail("anna@example.org", ["x@example.com"], RAW)
    assert len(office.mail) == 1


async def test_tls_from_the_first_byte(office: PostOffice, tls: TlsContexts) -> None:
    async with running(office, ssl_context=tls.server) as server:
        secured = aiosmtplib.SMTP(
            hostname="localhost", port=server.port, use_tls=True, timeout=10, tls_context=tls.client
        )
        async with secured as smtp:
            await smtp.login("anna", "secret")
            await smtp.sendmail("anna@example.org", ["x@example.com"], RAW)
    assert len(office.mail) == 1


async def test_a_bounce_has_no_sender(office: PostOffice) -> None:
    async with running(office, auth_required=False) as server, client(server) as smtp:
        await smtp.sendmail("", ["x@example.com"], RAW)
    assert office.mail[0].sender == ""


async def test_an_answer_can_be_lost_after_the_mail_was_taken(office: PostOffice) -> None:
    async with running(office, auth_required=False) as server:
        server.lose_answers = True
        smtp = client(server)
        await smtp.connect()
        with pytest.raises(aiosmtplib.SMTPServerDisconnected):
            await smtp.sendmail("anna@example.org", ["x@example.com"], RAW)
    assert len(office.mail) == 1


async def test_nonsense_is_answered_and_the_server_goes_on(office: PostOffice) -> None:
    async with running(office, auth_required=False) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await reader.readline()
        for line in (b"", b"\xff\xfe", b"MAIL FROM:<a@[>", b"AUTH PLAIN =", b"x" * 5000):
            writer.write(line + b"\r\n")
            assert (await reader.readline())[:1] in b"45"
        writer.close()
        await writer.wait_closed()
        async with client(server) as smtp:
            await smtp.sendmail("anna@example.org", ["x@example.com"], RAW)
    assert len(office.mail) == 1


async def test_stopping_cuts_open_connections(office: PostOffice) -> None:
    async with running(office) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await reader.readline()
    with contextlib.suppress(ConnectionError):
        assert await reader.readline() == b""
    writer.close()


@pytest.mark.parametrize("hang_up", [True, False])
async def test_stopping_does_not_wait_for_a_handshake_that_never_comes(
    office: PostOffice, tls: TlsContexts, hang_up: bool
) -> None:
    async with asyncio.timeout(20), running(office, starttls_context=tls.server) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await reader.readline()
        writer.write(b"EHLO x\r\n")
        while not (await reader.readline()).startswith(b"250 "):
            pass
        writer.write(b"STARTTLS\r\n")
        assert (await reader.readline()).startswith(b"220")
        if hang_up:
            writer.write(b"\x16\x03\x01")  # the beginning of a handshake
            writer.close()
            await writer.wait_closed()
    writer.close()
