"""Sender over SMTP submission (RFC 6409); the one place that knows aiosmtplib.

Hides extensions, authentication and dot-stuffing, and above all tells apart what certainly was
not accepted from what perhaps was: from the 354 on, silence means UNKNOWN, never an exception.
"""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib.protocol import (
    MAX_LINE_LENGTH,
    MAX_RESPONSE_LENGTH,
    normalize_message_line_endings,
)

from tui_mail.backends import sasl
from tui_mail.backends.tls import client_context, connection_error
from tui_mail.errors import Offline, ProtocolRefused, TlsRefused, WrongData, WrongPassword
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.values import Delivery, Endpoint, Login, RecipientResult, Tls

_SLOWEST = 16 << 10  # bytes a second that a transfer may take at worst
_LAST_WORD = 10  # the reply after the data may take this many timeouts (RFC 5321 §4.5.3.2.6)
_TOO_LONG = "Response too long"  # what aiosmtplib says of an answer over its limits
_PARTING_SECONDS = 2.0
_ADDRESS_LIMIT = 320
_BROKEN_ADDRESS = re.compile(r"[\x00-\x20\x7f-\xa0<>,;:\"\\()\u2028\u2029\ud800-\udfff]")
_AUTHENTICATION_WANTED = 530
_GO_ON = 334
_HEADER_LIMIT = 256 << 10
_COMMAND_LIMIT = 512  # bytes of a line, RFC 5321 §4.5.3.1.4; the answer to a 334 may be longer


@dataclass(frozen=True, slots=True)
class _Reply:
    code: int
    text: str

    @property
    def delivery(self) -> Delivery:
        """What a reply means for a recipient."""
        if 200 <= self.code < 300:
            return Delivery.ACCEPTED
        if 400 <= self.code < 500:
            return Delivery.DEFERRED
        return Delivery.REFUSED if 500 <= self.code < 600 else Delivery.UNKNOWN


class SmtpSender:
    """A submission server; `timeout`: seconds that one reply may take."""

    def __init__(self, endpoint: Endpoint, login: Login | None, *, timeout: float = 60) -> None:
        self._endpoint = endpoint
        self._login = login
        self._timeout = timeout

    async def verify(self) -> None:
        """Connect, make private, log in, and leave. Raises what `send` raises."""
        await self._close(await self._open())

    async def send(
        self, raw: bytes, sender: str, recipients: Sequence[str]
    ) -> Sequence[RecipientResult]:
        """Hand `raw` over, one result a recipient in their order; `sender` may be empty (bounces).

        Raises `WrongData` for an address that cannot be one, before anything is connected, and for
        a letter that is over the server's limit; the rest as the port says. `raw` has canonical
        line ends; others are made so.
        """
        for address in (*recipients, *([sender] if sender else [])):
            check_address(address)
        if not recipients:
            return ()
        client = await self._open()
        try:
            results = await self._transact(client, raw, sender, list(dict.fromkeys(recipients)))
        finally:
            await self._close(client)
        return tuple(results[address] for address in recipients)

    # -- connecting --------------------------------------------------------------------------

    async def _open(self) -> aiosmtplib.SMTP:
        """A connection that is logged in; a token that is refused is replaced once."""
        if self._login is None:
            return await self._connect("")
        return await sasl.logged_in(self._endpoint, self._login.tokens, self._connect)

    async def _connect(self, token: str) -> aiosmtplib.SMTP:
        endpoint = self._endpoint
        private = endpoint.tls is not Tls.NONE
        client = aiosmtplib.SMTP(
            hostname=endpoint.host,
            port=endpoint.port,
            use_tls=endpoint.tls is Tls.IMPLICIT,
            start_tls=False,  # ours below: required, never opportunistic
            tls_context=await client_context(endpoint) if private else None,
            local_hostname="[127.0.0.1]",  # says nothing of this machine, and asks no name server
            timeout=self._timeout,
        )
        try:
            await client.connect()
            await client.ehlo()
            if endpoint.tls is Tls.STARTTLS:
                await self._make_private(client)
            await (self._present(client, token) if token else self._authenticate(client))
        except aiosmtplib.SMTPConnectResponseError as error:
            client.close()
            raise self._unwilling(error.code, error.message) from error
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise self._unwilling(error.code, error.message) from error
        except (OSError, TimeoutError) as error:  # aiosmtplib's lost connections are OSErrors too
            client.close()
            raise connection_error(endpoint, error) from error
        except (aiosmtplib.SMTPException, ValueError) as error:
            client.close()
            raise self._unwilling(-1, "") from error
        except BaseException:
            client.close()
            raise
        return client

    async def _make_private(self, client: aiosmtplib.SMTP) -> None:
        refused = TlsRefused(
            _("{host} offers no STARTTLS: try implicit TLS, or ask its administrator.").format(
                host=self._endpoint.host
            )
        )
        if not client.supports_extension("starttls"):
            raise refused
        try:
            await client.starttls()
        except aiosmtplib.SMTPResponseException as error:
            raise refused from error
        await client.ehlo()

    async def _authenticate(self, client: aiosmtplib.SMTP) -> None:
        if self._login is None:
            return
        user, password = self._login.user.encode(), self._login.password.encode()
        methods = {method.lower() for method in client.server_auth_methods}
        try:
            # One method, one try: three wrong ones in a row lock an account at some providers.
            if "plain" in methods:
                await client.auth_plain(user, password)
            elif "login" in methods:
                await client.auth_login(user, password)
            elif "cram-md5" in methods:
                await client.auth_crammd5(user, password)
            else:
                raise ProtocolRefused(
                    _("{host} takes no passwords here: check the port.").format(
                        host=self._endpoint.host
                    )
                )
        except aiosmtplib.SMTPAuthenticationError as error:
            if 400 <= error.code < 500:
                raise self._unwilling(error.code, error.message) from error
            raise WrongPassword(
                _("{host} does not accept this user and password: {text}").format(
                    host=self._endpoint.host, text=_foreign(error.message) or error.code
                )
            ) from error

    async def _present(self, client: aiosmtplib.SMTP, token: str) -> None:
        """Log in with a token; a refusal comes as a challenge first, which is answered."""
        assert self._login is not None
        host = self._endpoint.host
        offered = {method.upper() for method in client.server_auth_methods}
        shown = sasl.presentation(offered, self._endpoint, self._login.user, token)
        if shown is None:
            raise ProtocolRefused(sasl.no_tokens_taken(host))
        words = (b"AUTH", shown.mechanism.encode())
        if len(shown.response) + len(b" ".join(words)) + 3 <= _COMMAND_LIMIT:
            reply = await self._say(client, *words, shown.response)
        else:
            reply = await self._say(client, *words)
            if reply.code == _GO_ON:
                reply = await self._say(client, shown.response)
        challenge = b""
        if reply.code == _GO_ON:
            challenge = reply.text.encode()
            reply = await self._say(client, shown.parting)
        if reply.delivery is Delivery.ACCEPTED:
            return
        if reply.delivery is Delivery.DEFERRED:
            raise self._unwilling(reply.code, reply.text)
        raise sasl.refusal(host, token, f"{reply.code} {reply.text}", challenge)

    async def _close(self, client: aiosmtplib.SMTP) -> None:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            if client.is_connected:
                await client.quit(timeout=_PARTING_SECONDS)
        client.close()

    def _unwilling(self, code: int, text: str) -> Offline | ProtocolRefused:
        host = self._endpoint.host
        if 400 <= code < 500:
            return Offline(
                _("{host} takes no mail now: {text}").format(host=host, text=_foreign(text))
            )
        if 500 <= code < 600:
            return ProtocolRefused(
                _("{host} refuses: {text}").format(host=host, text=_foreign(text))
            )
        if text == _TOO_LONG:
            return ProtocolRefused(
                _(
                    "{host} answered with a line of more than {line} bytes, or with more than "
                    "{limit} bytes: something is wrong with it, its administrator should know."
                ).format(host=host, line=MAX_LINE_LENGTH, limit=MAX_RESPONSE_LENGTH)
            )
        return ProtocolRefused(
            _("{host} is no mail server on port {port}: check the port.").format(
                host=host, port=self._endpoint.port
            )
        )

    # -- one letter --------------------------------------------------------------------------

    async def _transact(
        self, client: aiosmtplib.SMTP, raw: bytes, sender: str, recipients: list[str]
    ) -> dict[str, RecipientResult]:
        self._check_size(client, len(raw))
        international = client.supports_extension("smtputf8") and _needs_utf8(
            raw, [sender, *recipients]
        )
        if not international and _is_international(raw, [sender, *recipients]):
            refused = _Reply(
                553,
                _("{host} takes no letters with such addresses.").format(host=self._endpoint.host),
            )
            return {r: _result(r, refused) for r in recipients}
        options = _options(client, raw, international=international)
        try:
            path = _path(sender, international=international)
            reply = await self._say(client, b"MAIL", b"FROM:<" + path + b">", *options)
            if reply.code == _AUTHENTICATION_WANTED:
                raise WrongPassword(
                    _("{host} wants a login first: {text}").format(
                        host=self._endpoint.host, text=_foreign(reply.text)
                    )
                )
            if reply.delivery is not Delivery.ACCEPTED:
                return {r: _result(r, reply) for r in recipients}
            replies = {
                address: await self._name_recipient(client, address, international=international)
                for address in recipients
            }
            taken = [r for r in recipients if replies[r].delivery is Delivery.ACCEPTED]
            results = {r: _result(r, replies[r]) for r in recipients if r not in taken}
            if not taken:
                return results
            reply = await self._say(client, b"DATA")
            if reply.code != 354:
                return results | {r: _result(r, reply) for r in taken}
        except aiosmtplib.SMTPResponseException as error:
            raise self._unwilling(error.code, error.message) from error
        except (OSError, TimeoutError) as error:
            raise connection_error(self._endpoint, error) from error
        reply = await self._hand_over(client, raw)
        return results | {r: _result(r, reply) for r in taken}

    async def _name_recipient(
        self, client: aiosmtplib.SMTP, address: str, *, international: bool
    ) -> _Reply:
        try:
            path = _path(address, international=international)
        except UnicodeError:
            return _Reply(
                553,
                _("{host} takes no addresses with such letters.").format(host=self._endpoint.host),
            )
        return await self._say(client, b"RCPT", b"TO:<" + path + b">")

    async def _hand_over(self, client: aiosmtplib.SMTP, raw: bytes) -> _Reply:
        """The data and the last word on it; a lost one is a reply that means UNKNOWN."""
        payload = _stuffed(raw)
        patience = _LAST_WORD * self._timeout + len(payload) / _SLOWEST
        try:
            if client.protocol is None:
                return _Reply(0, "")
            client.protocol.write(payload)
            reply = await client.protocol.read_response(timeout=patience)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError):
            client.close()
            return _Reply(0, "")
        return _Reply(reply.code, reply.message)

    async def _say(self, client: aiosmtplib.SMTP, *words: bytes) -> _Reply:
        reply = await client.execute_command(*words)
        return _Reply(reply.code, reply.message)

    def _check_size(self, client: aiosmtplib.SMTP, size: int) -> None:
        told = client.esmtp_extensions.get("size", "")
        if told.isascii() and told.isdigit() and 0 < int(told[:18]) < size:
            raise WrongData(
                _(
                    "The letter is too big for {host}: it has {size} MB, {limit} MB are taken. "
                    "Send fewer or smaller attachments."
                ).format(
                    host=self._endpoint.host,
                    size=f"{size / 1e6:.1f}",
                    limit=f"{int(told[:18]) / 1e6:.1f}",
                )
            )


def check_address(address: str) -> None:
    """Raise `WrongData` for what is no addr-spec that can be put on the wire.

    One "@" with something on both sides; neither spaces nor controls, quotes or brackets, so that
    an address can never become two, or a command.
    """
    local, _at, domain = address.partition("@")
    if (
        not local
        or not domain
        or "@" in domain
        or len(address) > _ADDRESS_LIMIT
        or _BROKEN_ADDRESS.search(address)
    ):
        raise WrongData(
            _("This is not an e-mail address: {address}").format(address=safe(address)[:80])
        )


def _path(address: str, *, international: bool) -> bytes:
    """An address for the wire; raises `UnicodeError` when it needs SMTPUTF8 and has it not."""
    if international:
        return address.encode()
    local, at, domain = address.partition("@")
    if domain.isascii():
        return address.encode("ascii")
    return local.encode("ascii") + at.encode() + domain.encode("idna")


def _is_international(raw: bytes, addresses: list[str]) -> bool:
    """Whether a mailbox with other letters than ASCII sends the letter, or stands in its head:
    a server without SMTPUTF8 must not be given it (RFC 6531 §3.1), whoever else it goes to."""
    foreign = [not address.rpartition("@")[0].isascii() for address in addresses]
    return foreign[0] or (any(foreign) and not _head(raw).isascii())


def _head(raw: bytes) -> bytes:
    return raw[:_HEADER_LIMIT].partition(b"\r\n\r\n")[0]


def _needs_utf8(raw: bytes, addresses: list[str]) -> bool:
    return not _head(raw).isascii() or not all(address.isascii() for address in addresses)


def _options(client: aiosmtplib.SMTP, raw: bytes, *, international: bool) -> list[bytes]:
    options = [b"SMTPUTF8"] if international else []
    if not raw.isascii() and client.supports_extension("8bitmime"):
        options.append(b"BODY=8BITMIME")
    if client.supports_extension("size"):
        options.append(b"SIZE=%d" % len(raw))
    return options


def _stuffed(raw: bytes) -> bytes:
    """The data as it travels: canonical line ends, dots doubled, the lone dot at the end."""
    ends = raw.count(b"\r\n")
    if ends != raw.count(b"\n") or ends != raw.count(b"\r") or not raw.endswith(b"\r\n"):
        raw = normalize_message_line_endings(raw)
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if raw.startswith(b".") else b"") + stuffed + b".\r\n"


def _result(address: str, reply: _Reply) -> RecipientResult:
    text = f"{reply.code} {reply.text}".strip() if reply.code else ""
    return RecipientResult(address, reply.delivery, text)


def _foreign(text: str) -> str:
    return str(safe(text))[:200]
