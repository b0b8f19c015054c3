"""Logging in with an OAuth2 access token: OAUTHBEARER (RFC 7628) and XOAUTH2, its forerunner.

Hides how the two are written, and what a server's refusal in JSON means. No token leaves here in
an error: a server that repeats what it was given is cut short.
"""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from tui_mail.backends.tls import refuse_in_the_clear
from tui_mail.errors import WrongPassword
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.values import Endpoint, Tokens

_CHALLENGE_LIMIT = 8 << 10
_TOLD = 200
_T = TypeVar("_T")


class TokenRefused(WrongPassword):
    """A server does not take a token; a fresh one may be better."""


@dataclass(frozen=True, slots=True, repr=False)
class Presentation:
    """A token as it is put on the wire, in Base64. `parting` answers a refusal's challenge."""

    mechanism: str
    response: bytes
    parting: bytes


async def logged_in(
    endpoint: Endpoint, tokens: Tokens | None, attempt: Callable[[str], Awaitable[_T]]
) -> _T:
    """`attempt` with a token, and once more with a fresh one where that is refused; with "" where
    there is a password. Raises TlsRefused before anything would go in the clear."""
    refuse_in_the_clear(endpoint)
    if tokens is None:
        return await attempt("")
    token = await tokens("")
    try:
        return await attempt(token)
    except TokenRefused:
        fresh = await tokens(token)
        if fresh == token:
            raise
        return await attempt(fresh)


def presentation(
    offered: Collection[str], endpoint: Endpoint, user: str, token: str
) -> Presentation | None:
    """How `token` is presented to a server that offers these mechanisms (upper case), the standard
    before its forerunner; None when it takes no tokens."""
    if "OAUTHBEARER" in offered:
        name = user.replace("=", "=3D").replace(",", "=2C")  # a saslname, RFC 5801 §4
        place = f"host={endpoint.host}\1port={endpoint.port}"
        text = f"n,a={name},\1{place}\1auth=Bearer {token}\1\1"
        return Presentation("OAUTHBEARER", _wired(text), _wired("\1"))
    if "XOAUTH2" in offered:
        return Presentation("XOAUTH2", _wired(f"user={user}\1auth=Bearer {token}\1\1"), b"")
    return None


def no_tokens_taken(host: str) -> str:
    """The sentence for a server that offers neither mechanism."""
    return _(
        "{host} takes no sign-in with OAuth2 here: check the server and the port, or give the "
        "account a password (tui-mail account password)."
    ).format(host=host)


def refusal(host: str, token: str, text: str, challenge: bytes) -> TokenRefused:
    """Our error for a token that was refused with `text`, after `challenge` (Base64 of JSON, RFC
    7628 §3.2.2, or empty)."""
    if _status(challenge) == "insufficient_scope":
        return TokenRefused(
            _(
                "{host} says that the sign-in does not cover mail: sign in again and allow it "
                "(tui-mail account login)."
            ).format(host=host)
        )
    # The beginning tells: what was read of a server's words may have been cut off in the token.
    told = "" if token[:8] in text else str(safe(text)).strip()[:_TOLD]
    return TokenRefused(
        _(
            "{host} does not accept the sign-in ({text}): sign in again with tui-mail account "
            "login, as the user that the mailbox belongs to."
        ).format(host=host, text=told or "–")
    )


def _wired(text: str) -> bytes:
    return base64.b64encode(text.encode())


def _status(challenge: bytes) -> str:
    """The status in a refusal, "" where it cannot be read."""
    try:
        found = json.loads(base64.b64decode(challenge[:_CHALLENGE_LIMIT], validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return ""
    status = found.get("status") if isinstance(found, dict) else None
    return status if isinstance(status, str) else ""
