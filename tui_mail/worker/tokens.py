"""Access tokens of an account that is signed in to at a provider: the one that is kept while it is
good, else a fresh one.

Hides renewal. Providers that rotate refresh tokens take each once and end the sign-in of who shows
one twice, so one worker alone asks at a time; what it gets replaces, in one transaction, what it
asked with, and a worker that was held up meanwhile puts nothing in the place of something newer.
"""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, replace

from tui_mail.backends.oauth import Client, GrantRefused, Issued, discover
from tui_mail.db import accounts, sign_in
from tui_mail.db.engine import Database
from tui_mail.db.guard import guarded
from tui_mail.db.tables import Account
from tui_mail.errors import Offline, SignInAgain, TryLater
from tui_mail.i18n import _
from tui_mail.vault import Vault

CLAIM_SECONDS = 45.0
"""Longer than two questions to a provider may take."""
_PATIENCE_SECONDS = 60.0
_LOOK_SECONDS = 0.1
_EARLY_SECONDS = 120.0  # a token is not used to its last second: clocks differ
_STORING_DELAYS = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """What an account is signed in with, as it is sealed. `expires`: of `access`, Unix time."""

    refresh: str = ""
    access: str = ""
    expires: float = 0.0
    client_secret: str = ""

    def good(self, refused: str, now: float) -> bool:
        """Whether `access` can be shown to a server."""
        return bool(self.access) and self.access != refused and now < self.expires - _EARLY_SECONDS


def renewed(had: Signed, issued: Issued) -> Signed:
    """What was had before, with what a provider has just given."""
    return replace(
        had,
        refresh=issued.refresh or had.refresh,
        access=issued.access,
        expires=time.time() + issued.seconds,
    )


class SealedSignIn:
    """Turns what an account is signed in with into its sealed secret, and back."""

    def __init__(self, vault: Vault, email: str) -> None:
        self._vault = vault
        self._context = f"account {email}"

    def seal(self, signed: Signed) -> bytes:
        plain = {name: getattr(signed, name) for name in Signed.__slots__}
        return self._vault.seal(json.dumps(plain).encode(), self._context)

    def unseal(self, secret: bytes | None) -> Signed:
        """Raises NotAllowed for what another key sealed."""
        if secret is None:
            return Signed()
        return Signed(**json.loads(self._vault.unseal(secret, self._context)))


class AccountTokens:
    """The `Tokens` of one account."""

    def __init__(self, database: Database, vault: Vault, account: Account) -> None:
        assert account.id is not None
        self._database = database
        self._account_id = account.id
        self._email = account.email
        self._sealed = SealedSignIn(vault, account.email)
        self._renewal: asyncio.Task[str] | None = None

    async def __call__(self, refused: str) -> str:
        """A token to log in with; `refused`: one that a server did not take, which is renewed.

        Raises SignInAgain where a person must, Offline and the like where the provider does not
        answer, TryLater where another worker asks it and does not come back.
        """
        signed = await self._look()
        if signed.good(refused, time.time()):
            return signed.access
        # Who is cancelled does not take the answer with them: the token would be lost.
        if self._renewal is None or self._renewal.done():
            # Nor does who loses the account's turn: what the provider gave is for all workers.
            with guarded(None):
                self._renewal = asyncio.create_task(self._renew(refused), name="renew-token")
            self._renewal.add_done_callback(_heard)
        return await asyncio.shield(self._renewal)

    async def _look(self) -> Signed:
        account = await self._database.read(accounts.account_by_id, self._account_id)
        return self._sealed.unseal(account.secret)

    async def _renew(self, refused: str) -> str:
        loop = asyncio.get_running_loop()
        end = loop.time() + _PATIENCE_SECONDS
        name = uuid.uuid4().hex
        while loop.time() < end:
            if await self._database.write(
                sign_in.claim_token, self._account_id, name, CLAIM_SECONDS
            ):
                try:
                    return await self._ask(refused)
                finally:
                    await self._database.write(sign_in.release_token, self._account_id, name)
            await asyncio.sleep(_LOOK_SECONDS)
            signed = await self._look()
            if signed.good(refused, time.time()):
                return signed.access
        raise TryLater(
            _("Another program is renewing the sign-in of {email}: try again in a moment.").format(
                email=self._email
            )
        )

    async def _ask(self, refused: str) -> str:
        """With the claim in hand: ask the provider, unless somebody just did."""
        account = await self._database.read(accounts.account_by_id, self._account_id)
        had = self._sealed.unseal(account.secret)
        if had.good(refused, time.time()):
            return had.access
        if not had.refresh:
            raise self._sign_in_again()
        client = Client(
            account.oauth_issuer, account.oauth_client, had.client_secret, account.ca_file
        )
        try:
            provider = await discover(client)
            issued = await provider.refresh(had.refresh)
        except GrantRefused as refusal:
            kept = await self._replace(had, replace(had, refresh="", access=""))
            if not kept.refresh:
                raise self._sign_in_again() from refusal
            return await self._ask(refused)  # somebody renewed it, or signed in, in between
        fresh = renewed(had, issued)
        await self._replace(had, fresh)
        return fresh.access

    async def _replace(self, had: Signed, fresh: Signed) -> Signed:
        """Keep `fresh` where what is kept is still `had`; what is kept then.

        Tried more than once: what a provider has given it does not give again.
        """
        kept: list[Signed] = []

        def reseal(secret: bytes | None) -> bytes | None:
            there = self._sealed.unseal(secret)
            same = there.refresh == had.refresh
            kept.append(fresh if same else there)
            return self._sealed.seal(fresh) if same else None

        for seconds in _STORING_DELAYS:
            try:
                await self._database.write(sign_in.renew_secret, self._account_id, reseal)
            except (Offline, TryLater):
                await asyncio.sleep(seconds)
            else:
                return kept[-1]
        await self._database.write(sign_in.renew_secret, self._account_id, reseal)
        return kept[-1]

    def _sign_in_again(self) -> SignInAgain:
        return SignInAgain(
            _(
                "The sign-in of {email} does not hold any more. Sign in again: tui-mail account "
                "login {email}"
            ).format(email=self._email)
        )


def _heard(task: "asyncio.Task[str]") -> None:
    """Who asked may be gone: an error that nobody takes is no accident."""
    if not task.cancelled():
        task.exception()
