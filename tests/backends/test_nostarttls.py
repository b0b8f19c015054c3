"""The scripts of the "No STARTTLS" study: servers that strip STARTTLS, or somebody on the way who
does. Nothing of value is ever said to them before the connection is private.
"""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.backends.servers import Authority
from tests.data import data_folder
from tui_mail.backends.imap import ImapStore
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.backends.smtp import SmtpSender
from tui_mail.errors import TlsRefused
from tui_mail.values import Endpoint, Login, Tls

USER, PASSWORD = "anna-the-user", "segreta-the-password"
LOGIN = Login(USER, PASSWORD)
_SECRETS = (
    USER.encode(),
    PASSWORD.encode(),
    base64.b64encode(USER.encode()).rstrip(b"="),
    base64.b64encode(PASSWORD.encode()).rstrip(b"="),
    base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).rstrip(b"="),
)
_IMAP_WORDS = {
    "Imap4Rev1": "IMAP4rev1",
    "StartTls": "STARTTLS",
    "LoginDisabled": "LOGINDISABLED",
    "Auth(Plain)": "AUTH=PLAIN",
    "Auth(Login)": "AUTH=LOGIN",
}
_SMTP_WORDS = {
    "StartTLS": "STARTTLS",
    "Auth([Plain])": "AUTH PLAIN",
    "Auth([Plain, Login])": "AUTH PLAIN LOGIN",
}


# What capabilities are called in a script, and in which of its fields they are.
_FORMS: dict[str, tuple[dict[str, str], str, str]] = {
    "imap": (_IMAP_WORDS, "caps", "caps_tls"),
    "smtp": (_SMTP_WORDS, "capabilities", "capabilities_tls"),
    "pop3": ({}, "capa", "capa_tls"),
}


def scripts(protocol: str) -> list[str]:
    """The names of a protocol's scripts; one that skips where there are none."""
    try:
        folder = data_folder(f"nostarttls-east/testcases/{protocol}")
    except pytest.skip.Exception:
        return [""]
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.ron"))


@dataclass(frozen=True)
class Script:
    """What a script makes of a server."""

    clear: list[str]
    private: list[str]
    answer: str
    upgrades: bool

    @staticmethod
    def read(protocol: str, name: str) -> "Script":
        words, clear, private = _FORMS[protocol]
        path = data_folder("nostarttls-east") / "testcases" / protocol / name
        text = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)

        def offered(name: str) -> list[str]:
            found = re.search(rf"^\s*{name}:\s*\[(.*)\],$", text, re.MULTILINE)
            assert found is not None
            if not words:
                return re.findall(r'"([^"]*)"', found[1])
            return [words[one] for one in words if one in found[1]]

        answer = re.search(r'_response: (?:Some\()?"(.*?)(?:\\r\\n)?"', text)
        return Script(
            offered(clear),
            offered(private),
            answer[1] if answer else "",
            "_transition: false" not in text,
        )


@dataclass
class Stripping:
    """A server that does as a script says, lets anybody in, and keeps what it was told."""

    protocol: str
    script: Script
    context: ssl.SSLContext
    clear: list[bytes] = field(default_factory=list)
    private: list[bytes] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        tasks: set[asyncio.Task[None]] = set()
        talk = {"imap": self._imap, "smtp": self._smtp, "pop3": self._pop3}[self.protocol]

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await talk(reader, writer)
            except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told, offered = self.clear, " ".join(self.script.clear)
        writer.write(f"* OK [CAPABILITY {offered}] IMAP server ready.\r\n".encode())
        while line := await reader.readline():
            told.append(line)
            tag, _space, rest = line.decode().strip().partition(" ")
            command = rest.partition(" ")[0].upper()
            if command == "STARTTLS" and told is self.clear:
                answer = self.script.answer or "<tag> OK Begin TLS."
                writer.write(answer.replace("<tag>", tag).encode() + b"\r\n")
                if self.script.upgrades:
                    await writer.start_tls(self.context)
                    told, offered = self.private, " ".join(self.script.private)
            elif command == "CAPABILITY":
                writer.write(f"* CAPABILITY {offered}\r\n{tag} OK\r\n".encode())
            elif command == "AUTHENTICATE":
                writer.write(b"+ \r\n")
                told.append(await reader.readline())
                writer.write(f"{tag} OK in\r\n".encode())
            else:
                writer.write(f"{tag} OK\r\n".encode())

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told, offered = self.clear, self.script.clear
        writer.write(b"220 SMTP server ready.\r\n")
        while line := await reader.readline():
            told.append(line)
            command = line.split()[0].upper() if line.split() else b""
            if command == b"EHLO":
                lines = ["example.org", *offered]
                said = [f"250-{one}" for one in lines[:-1]] + [f"250 {lines[-1]}"]
                writer.write("".join(f"{one}\r\n" for one in said).encode())
            elif command == b"STARTTLS" and told is self.clear:
                writer.write((self.script.answer or "220 Begin TLS.").encode() + b"\r\n")
                if self.script.upgrades:
                    await writer.start_tls(self.context)
                    told, offered = self.private, self.script.private
            else:
                writer.write(b"235 in\r\n" if command == b"AUTH" else b"250 fine\r\n")

    async def _pop3(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told, offered = self.clear, self.script.clear
        writer.write(b"+OK POP3 server ready. <1234.123456789@example.org>\r\n")
        while line := await reader.readline():
            told.append(line)
            command = line.split()[0].upper() if line.split() else b""
            if command == b"STLS" and told is self.clear:
                writer.write((self.script.answer or "+OK Begin TLS.").encode() + b"\r\n")
                if self.script.upgrades:
                    await writer.start_tls(self.context)
                    told, offered = self.private, self.script.private
            elif command == b"CAPA":
                writer.write("".join(f"{one}\r\n" for one in ("+OK", *offered, ".")).encode())
            elif command == b"AUTH" and len(line.split()) == 2:
                writer.write(b"+ \r\n")
            else:
                writer.write(b"+OK\r\n")


def _said_nothing(server: Stripping, allowed: set[bytes]) -> None:
    said = b"".join(server.clear)
    assert not [secret for secret in _SECRETS if secret in said]
    commands = [re.sub(rb"^T\d+ ", b"", line).split()[0].upper() for line in server.clear]
    assert set(commands) <= allowed
    assert len(set(commands)) == len(commands)


@pytest.mark.parametrize("name", scripts("imap"))
async def test_imap_says_starttls_and_nothing_else_in_the_clear(
    name: str, authority: Authority
) -> None:
    script = Script.read("imap", name)
    server = Stripping("imap", script, authority.context())
    async with server.serving() as port:
        endpoint = Endpoint("127.0.0.1", port, Tls.STARTTLS, authority.file)
        store = ImapStore(endpoint, LOGIN, deadline=30)
        if script.upgrades:
            await store.open()
        else:
            with pytest.raises(TlsRefused, match=r"127\.0\.0\.1"):
                await asyncio.wait_for(store.open(), 20)  # not by waiting for the deadline
        await store.close()
    _said_nothing(server, {b"STARTTLS"})
    assert script.upgrades == any(secret in b"".join(server.private) for secret in _SECRETS)


@pytest.mark.parametrize("name", scripts("smtp"))
async def test_smtp_says_starttls_and_who_calls_and_nothing_else_in_the_clear(
    name: str, authority: Authority
) -> None:
    script = Script.read("smtp", name)
    server = Stripping("smtp", script, authority.context())
    letter = b"Subject: x\r\n\r\nx\r\n"
    async with server.serving() as port:
        endpoint = Endpoint("127.0.0.1", port, Tls.STARTTLS, authority.file)
        sender = SmtpSender(endpoint, LOGIN, timeout=30)
        if script.upgrades:
            await sender.verify()
        else:
            with pytest.raises(TlsRefused, match=r"127\.0\.0\.1"):
                await asyncio.wait_for(sender.send(letter, "a@b.it", ["c@d.it"]), 20)
    _said_nothing(server, {b"EHLO", b"STARTTLS", b"QUIT"})
    assert script.upgrades == any(secret in b"".join(server.private) for secret in _SECRETS)


@pytest.mark.parametrize("name", scripts("pop3"))
async def test_pop3_says_stls_and_nothing_else_in_the_clear(
    name: str, authority: Authority
) -> None:
    script = Script.read("pop3", name)
    server = Stripping("pop3", script, authority.context())
    async with server.serving() as port:
        endpoint = Endpoint("127.0.0.1", port, Tls.STARTTLS, authority.file)
        drop = Pop3Drop(endpoint, LOGIN, deadline=30)
        if script.upgrades:
            await drop.open()
        else:
            with pytest.raises(TlsRefused, match=r"127\.0\.0\.1"):
                await asyncio.wait_for(drop.open(), 20)
        await drop.close()
    _said_nothing(server, {b"STLS"})
    assert script.upgrades == any(secret in b"".join(server.private) for secret in _SECRETS)


@pytest.mark.parametrize("protocol", list(_FORMS))
def test_every_script_of_the_study_is_served(protocol: str) -> None:
    data_folder("nostarttls-east")
    assert len([name for name in scripts(protocol) if "Negotiation" in name]) == 4
