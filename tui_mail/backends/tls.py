"""Privacy of connections (RFC 8314): contexts, who may be spoken to in the clear, and sentences.

Hides the ssl module's error codes: what went wrong while connecting becomes one of our errors,
naming the server and saying what to do.
"""

import asyncio
import ipaddress
import socket
import ssl

from tui_mail.errors import Offline, ProtocolRefused, TlsRefused
from tui_mail.i18n import _
from tui_mail.values import Endpoint, Tls

_EXPIRED = 10
_NOT_YET_VALID = 9
_UNTRUSTED = frozenset({2, 18, 19, 20, 21, 27})
_WRONG_HOST = frozenset({62, 64})


def is_loopback(host: str) -> bool:
    """Whether `host` is this very machine, so that nothing travels over a network."""
    if host.rstrip(".").lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def refuse_in_the_clear(endpoint: Endpoint) -> None:
    """Raise `TlsRefused` when `endpoint` asks for no TLS and is another machine."""
    if endpoint.tls is Tls.NONE and not is_loopback(endpoint.host):
        raise TlsRefused(
            _(
                "{host} is on the network and TLS is switched off: the password would travel "
                "readable. Choose implicit TLS or STARTTLS."
            ).format(host=endpoint.host)
        )


async def client_context(endpoint: Endpoint) -> ssl.SSLContext:
    """TLS 1.2 or later, certificate and name checked, against `ca_file` where one is given.

    Raises `TlsRefused` when `ca_file` cannot be read. Reads files, so it works in a thread.
    """
    try:
        context = await asyncio.to_thread(
            ssl.create_default_context, cafile=endpoint.ca_file or None
        )
    except (OSError, ssl.SSLError) as error:
        raise TlsRefused(
            _("The certificate file {file} cannot be read: give another one.").format(
                file=endpoint.ca_file
            )
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def connection_error(endpoint: Endpoint, error: BaseException) -> ProtocolRefused | Offline:
    """Our error for what went wrong while reaching `endpoint` or making it private."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = _behind(cause)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TlsRefused(_certificate_sentence(cause.verify_code).format(host=endpoint.host))
    if isinstance(cause, ssl.SSLError):
        return TlsRefused(
            _(
                "{host} does not speak TLS on port {port} as it should: check the port, and "
                "whether it wants STARTTLS."
            ).format(host=endpoint.host, port=endpoint.port)
        )
    return Offline(_network_sentence(error).format(host=endpoint.host, port=endpoint.port))


def _behind(error: BaseException) -> BaseException | None:
    """What an error came of; httpcore forgets to say so of its own."""
    return error.__cause__ or error.__context__


def _certificate_sentence(code: int) -> str:
    if code == _EXPIRED:
        return _(
            "The certificate of {host} has expired: its administrator must renew it. "
            "Nothing was sent."
        )
    if code == _NOT_YET_VALID:
        return _(
            "The certificate of {host} is not valid yet: check the clock of this machine. "
            "Nothing was sent."
        )
    if code in _WRONG_HOST:
        return _(
            "The certificate is not for {host}: check the name of the server. Nothing was sent."
        )
    if code in _UNTRUSTED:
        return _(
            "The certificate of {host} is signed by nobody this machine trusts: give its "
            "authority with --ca, or ask its administrator. Nothing was sent."
        )
    return _("The certificate of {host} is not valid. Nothing was sent.")


def _network_sentence(error: BaseException) -> str:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, socket.gaierror):
            return _("There is no server called {host}: check the name, or the network.")
        if isinstance(seen, ConnectionRefusedError):
            return _("{host} does not answer on port {port}: check the port, or try again later.")
        if isinstance(seen, TimeoutError):
            return _("{host} does not answer: check the network, or try again later.")
        seen = _behind(seen)
    return _("The connection with {host} was lost: check the network, or try again later.")
