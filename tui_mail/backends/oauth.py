"""OAuth2 at any OpenID provider: found by its discovery document, signed in to by a code on another
device (RFC 8628) or by an address that a browser comes back to (RFC 8252), refreshed (RFC 6749 §6).

Hides HTTP: TLS is checked, nothing is redirected, answers are bounded in size and time, and what a
provider says becomes one of our errors, which hold neither tokens nor secrets.
"""

import asyncio
import base64
import hashlib
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tui_mail.backends.oauth_http import Answer, Web
from tui_mail.errors import NotAllowed, Offline, ProtocolRefused, SettingsWrong, TryLater
from tui_mail.i18n import _
from tui_mail.safetext import safe

_TOKEN_LIMIT = 16 << 10
_TOLD = 200
_USUAL_SECONDS = 3600.0
_YEAR = 366 * 86400.0
_SLOWER = 5.0  # RFC 8628 §3.5
_SLOWEST = 60.0
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# One document for every tenant of Microsoft's, so its own issuer is none that could be asked.
_TENANTS = "{tenantid}"

Sleep = Callable[[float], Awaitable[None]]


class GrantRefused(NotAllowed):
    """The provider says `invalid_grant`: a refresh token or a code is worth nothing any more."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the program is to a provider. `ca_file`: trusted beside the system's authorities."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    ca_file: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """What a provider gave. `refresh` is empty when the one before stays; `seconds`: of `access`."""

    access: str
    refresh: str
    seconds: float


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """What a person is to do: go to `uri` and enter `user_code`, within `seconds`."""

    uri: str
    user_code: str
    seconds: float
    interval: float
    device_code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BrowserVisit:
    """An address to be opened in a browser, which comes back to `redirect` with `state`."""

    url: str
    redirect: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


class _Refusal(Exception):
    """An error of RFC 6749 §5.2, by its code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(code)
        self.code = code
        self.description = description


class Provider:
    """A provider whose endpoints are known. Methods raise `Offline`, `ProtocolRefused`,
    `TlsRefused`, `NotAllowed` (`GrantRefused` where it says that) and `SettingsWrong`."""

    def __init__(self, client: Client, web: Web, document: Mapping[str, Any]) -> None:
        self._client = client
        self._web = web
        self._document = document

    @property
    def signs_in_devices(self) -> bool:
        """Whether it has the device authorization grant."""
        return "device_authorization_endpoint" in self._document

    async def refresh(self, token: str) -> Issued:
        """A new access token, and where the provider rotates them a new refresh token."""
        return await self._issued({"grant_type": "refresh_token", "refresh_token": token})

    # -- by a code on another device

    async def ask_device(self, scope: str) -> DeviceCode:
        """Begin to sign in (RFC 8628 §3.1)."""
        url = self._endpoint("device_authorization_endpoint")
        try:
            found = self._json(await self._post(url, {"scope": scope}))
        except _Refusal as refusal:
            raise self._sentence(refusal) from refusal
        uri = found.get("verification_uri") or found.get("verification_url")
        code = _token(found.get("device_code"))
        shown = found.get("user_code")
        if not (isinstance(uri, str) and isinstance(shown, str) and uri.startswith("https://")):
            raise _unreadable(self._client.issuer)
        seconds = _seconds(found.get("expires_in"), 900.0)
        interval = max(_seconds(found.get("interval"), 5.0), 1.0)
        return DeviceCode(str(safe(uri)), str(safe(shown)), seconds, interval, code)

    async def device_tokens(
        self,
        code: DeviceCode,
        *,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] | None = None,
    ) -> Issued:
        """Wait until the person has agreed (RFC 8628 §3.4), asking no more often than is wished.

        Raises `NotAllowed` when they decline, and `TryLater` when the code expires.
        """
        clock = now or time.monotonic
        end, interval = clock() + code.seconds, code.interval
        form = {"grant_type": _DEVICE_GRANT, "device_code": code.device_code}
        while clock() + interval < end:
            await sleep(interval)
            try:
                return await self._ask(form)
            except Offline:
                interval = min(interval * 2, _SLOWEST)
            except _Refusal as refusal:
                if refusal.code == "slow_down":
                    interval += _SLOWER
                elif refusal.code == "expired_token":
                    break
                elif refusal.code != "authorization_pending":
                    raise self._sentence(refusal) from refusal
        raise TryLater(_("The code has expired: sign in again to get another one."))

    # -- by a browser

    def browser_visit(self, scope: str, redirect: str) -> BrowserVisit:
        """What to open in a browser (RFC 6749 §4.1, RFC 7636)."""
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": redirect,
            "scope": scope,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            # Without these two Google gives no refresh token to who has agreed before.
            "access_type": "offline",
            "prompt": "consent",
        }
        start = self._endpoint("authorization_endpoint")
        joint = "&" if "?" in start else "?"
        return BrowserVisit(f"{start}{joint}{urlencode(query)}", redirect, state, verifier)

    async def redeem(self, visit: BrowserVisit, code: str) -> Issued:
        """The tokens for the code that a browser brought back."""
        return await self._issued(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": visit.redirect,
                "code_verifier": visit.verifier,
            }
        )

    # -- asking

    async def _issued(self, form: Mapping[str, str]) -> Issued:
        try:
            return await self._ask(form)
        except _Refusal as refusal:
            raise self._sentence(refusal) from refusal

    async def _ask(self, form: Mapping[str, str]) -> Issued:
        found = self._json(await self._post(self._endpoint("token_endpoint"), form))
        refresh = found.get("refresh_token")
        return Issued(
            _token(found.get("access_token")),
            _token(refresh) if refresh else "",
            _seconds(found.get("expires_in"), _USUAL_SECONDS),
        )

    async def _post(self, url: str, form: Mapping[str, str]) -> Answer:
        client, basic = self._client, None
        secret = {}
        if client.client_secret:
            ways = self._document.get("token_endpoint_auth_methods_supported")
            if isinstance(ways, list) and "client_secret_post" in ways:
                secret = {"client_secret": client.client_secret}
            else:
                basic = (quote(client.client_id, safe=""), quote(client.client_secret, safe=""))
        return await self._web.post(url, {**form, "client_id": client.client_id, **secret}, basic)

    def _json(self, answer: Answer) -> Mapping[str, Any]:
        """What was given; raises _Refusal for an error, `Offline` for a provider that is busy."""
        found = answer.content
        if answer.status == 200 and found is not None:
            return found
        if answer.status == 429 or answer.status >= 500:
            raise Offline(
                _("{provider} cannot do it now ({status}): it is tried again later.").format(
                    provider=answer.host, status=answer.status
                )
            )
        code = found.get("error") if found is not None else None
        if not isinstance(code, str):
            raise _unreadable(answer.host)
        description = found.get("error_description") if found is not None else None
        raise _Refusal(code, description if isinstance(description, str) else "")

    def _endpoint(self, name: str) -> str:
        url = self._document.get(name)
        if not isinstance(url, str) or not url.startswith("https://"):
            raise ProtocolRefused(
                _("{provider} does not say where to sign in ({name}): check its address.").format(
                    provider=self._client.issuer, name=name
                )
            )
        return url

    def _sentence(self, refusal: _Refusal) -> NotAllowed | SettingsWrong | ProtocolRefused:
        """Our error for a refusal; of what the provider says nothing that could hold a secret."""
        provider, code = self._client.issuer, str(safe(refusal.code))[:60]
        if refusal.code == "invalid_grant":
            return GrantRefused(
                _("{provider} does not know this sign-in any more.").format(provider=provider)
            )
        if refusal.code == "access_denied":
            return NotAllowed(_("The sign-in was declined: nothing is changed."))
        if refusal.code in {"invalid_client", "unauthorized_client"}:
            return SettingsWrong(
                _(
                    "{provider} does not let this program sign in ({code}): check --client-id and "
                    "its secret, and that sign-in by device is allowed for it."
                ).format(provider=provider, code=code)
            )
        if refusal.code == "invalid_scope":
            return SettingsWrong(
                _("{provider} does not know what is asked of it: give another --scope.").format(
                    provider=provider
                )
            )
        return ProtocolRefused(
            _("{provider} refuses to sign in: {code}.").format(provider=provider, code=code)
        )


async def discover(client: Client) -> Provider:
    """The provider of `client`, by its document (OpenID Connect Discovery 1.0 §4)."""
    issuer = client.issuer.rstrip("/")
    if not issuer.startswith("https://"):
        raise SettingsWrong(_("The address of a provider begins with https://."))
    web = await Web.trusting(client.ca_file)
    answer = await web.get(f"{issuer}/.well-known/openid-configuration")
    document = answer.content
    if answer.status >= 500 or answer.status == 429:
        raise Offline(
            _("{provider} cannot do it now ({status}): it is tried again later.").format(
                provider=answer.host, status=answer.status
            )
        )
    if answer.status != 200 or document is None:
        raise ProtocolRefused(
            _("{provider} is no OpenID provider: check its address.").format(provider=issuer)
        )
    said = document.get("issuer")
    if not isinstance(said, str) or (said.rstrip("/") != issuer and _TENANTS not in said):
        raise ProtocolRefused(
            _("{provider} says that it is another provider: check its address.").format(
                provider=issuer
            )
        )
    return Provider(client, web, document)


def _token(value: object) -> str:
    """A token or code that can be put on a line. Raises `ProtocolRefused`."""
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _TOKEN_LIMIT
        or not (value.isascii() and value.isprintable() and " " not in value)
    ):
        raise ProtocolRefused(_("The provider sent a token that cannot be used."))
    return value


def _seconds(value: object, usual: float) -> float:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:12])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return usual
    return min(max(float(value), 0.0), _YEAR) if value == value else usual  # noqa: PLR0124 — NaN


def _unreadable(provider: str) -> ProtocolRefused:
    return ProtocolRefused(
        _("{provider} sent an answer that cannot be read: check its address.").format(
            provider=safe(provider)
        )
    )
