"""Tokens of accounts: kept while they are good, renewed once for all who need them."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.openid import CLIENT, Provider
from tui_mail.db import accounts, sign_in, turns
from tui_mail.db.engine import Database
from tui_mail.db.guard import guarded
from tui_mail.db.sign_in import ProviderSettings
from tui_mail.db.tables import Account
from tui_mail.db.turns import Fence
from tui_mail.errors import NotFound, Offline, SignInAgain
from tui_mail.vault import Vault, open_vault
from tui_mail.worker.tokens import AccountTokens, SealedSignIn, Signed

EMAIL = "anna@rossi.example"


@dataclass
class Desk:
    """An account that is signed in to at a provider."""

    database: Database
    provider: Provider
    vault: Vault
    operator_id: int
    account: Account

    async def sign_in(self, lifetime: float = 3600) -> Signed:
        return await asyncio.to_thread(self.sign_in_now, lifetime)

    def sign_in_now(self, lifetime: float = 3600) -> Signed:
        """A person signs in; what they got is good for so many seconds."""
        access, refresh = self.provider.sign_in()
        sealed = SealedSignIn(self.vault, EMAIL)
        # Unix time: far from now in both directions is all that matters here.
        until = 4e9 if lifetime > 0 else 1.0
        signed = Signed(refresh, access, until)
        settings = ProviderSettings(self.provider.issuer, CLIENT, "mail")
        self.database.write_now(
            sign_in.sign_in, self.operator_id, EMAIL, settings, lambda _old: sealed.seal(signed)
        )
        return signed

    async def now(self) -> Account:
        """The account as it is now."""
        return await self.database.read(accounts.account_by_id, self.account.id or 0)

    def tokens(self) -> AccountTokens:
        """As each connection has its own."""
        return AccountTokens(self.database, self.vault, self.account)

    async def kept(self) -> Signed:
        return SealedSignIn(self.vault, EMAIL).unseal((await self.now()).secret)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    served = Provider(tmp_path)
    served.start()
    yield served
    served.stop()


@pytest.fixture
def desk(database: Database, provider: Provider, tmp_path: Path) -> Desk:
    operator = database.write_now(accounts.operator_for, "anna").id or 0
    account = Account(email=EMAIL, host="mail.rossi.example", ca_file=provider.ca_file)
    added = database.write_now(accounts.add_account, account, operator)
    return Desk(database, provider, open_vault(tmp_path / "key"), operator, added)


async def test_a_good_token_is_used_without_asking_anyone(desk: Desk) -> None:
    signed = await desk.sign_in()
    assert await desk.tokens()("") == signed.access
    assert desk.provider.questions == []


async def test_an_old_token_is_renewed_and_what_came_is_kept(desk: Desk) -> None:
    signed = await desk.sign_in(lifetime=0)
    fresh = await desk.tokens()("")
    assert fresh in desk.provider.active
    assert fresh != signed.access
    assert (await desk.kept()).access == fresh
    assert (await desk.kept()).refresh not in {"", signed.refresh}
    assert await desk.tokens()("") == fresh
    assert desk.provider.refreshes == 1


async def test_a_refresh_token_that_stays_is_kept(desk: Desk) -> None:
    desk.provider.rotates = False
    signed = await desk.sign_in(lifetime=0)
    await desk.tokens()("")
    assert (await desk.kept()).refresh == signed.refresh


async def test_a_token_that_was_refused_is_renewed_once_for_all(desk: Desk) -> None:
    signed = await desk.sign_in()
    found = await asyncio.gather(*(desk.tokens()(signed.access) for _one in range(6)))
    assert len(set(found)) == 1
    assert signed.access not in found
    assert (desk.provider.refreshes, desk.provider.burned) == (1, 0)


async def test_workers_that_race_show_each_refresh_token_once(desk: Desk, tmp_path: Path) -> None:
    await desk.sign_in(lifetime=0)
    desk.provider.lifetime = 1  # so that each of them renews each time
    command = [sys.executable, "-m", "tests.worker.token_process"]
    processes = [
        subprocess.Popen(
            [*command, desk.database.url, str(tmp_path), "8"], stdout=subprocess.PIPE, text=True
        )
        for _one in range(3)
    ]
    told = [await asyncio.to_thread(process.communicate, None, 120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    found = [line for out, _err in told for line in out.split()]
    assert len(found) == 24
    assert set(found) <= desk.provider.active
    assert (desk.provider.refreshes, desk.provider.burned) == (24, 0)


async def test_who_was_killed_with_the_claim_holds_it_no_longer_than_it_lasts(desk: Desk) -> None:
    await desk.sign_in(lifetime=0)
    account_id = desk.account.id or 0
    assert await desk.database.write(sign_in.claim_token, account_id, "killed", 0.5)
    assert not await desk.database.write(sign_in.claim_token, account_id, "another", 45)
    assert await desk.tokens()("") in desk.provider.active
    assert desk.provider.refreshes == 1


async def test_a_late_answer_does_not_undo_what_a_person_did_meanwhile(desk: Desk) -> None:
    await desk.sign_in(lifetime=0)
    signed: list[Signed] = []
    desk.provider.before_refresh = lambda: signed.append(desk.sign_in_now())
    await desk.tokens()("")
    assert await desk.kept() == signed[0]


async def test_who_is_told_that_a_sign_in_ended_looks_whether_there_is_another(desk: Desk) -> None:
    await desk.sign_in(lifetime=0)
    signed: list[Signed] = []

    def again() -> None:
        desk.provider.end_sign_in()
        signed.append(desk.sign_in_now())

    desk.provider.before_refresh = again
    assert await desk.tokens()("") == signed[0].access
    assert await desk.kept() == signed[0]


async def test_a_sign_in_that_ended_is_said_and_not_asked_after_again(desk: Desk) -> None:
    signed = await desk.sign_in(lifetime=0)
    desk.provider.end_sign_in()
    for _time in range(3):
        with pytest.raises(SignInAgain, match=f"tui-mail account login {EMAIL}") as ended:
            await desk.tokens()("")
        assert signed.refresh not in str(ended.value)
    assert desk.provider.questions.count("/token") == 1
    again = await desk.sign_in()
    assert await desk.tokens()("") == again.access


async def test_nobody_has_signed_in_yet(desk: Desk) -> None:
    with pytest.raises(SignInAgain, match="account login"):
        await desk.tokens()("")


async def test_a_provider_that_is_away_costs_nothing(desk: Desk) -> None:
    signed = await desk.sign_in(lifetime=0)
    desk.provider.status = 503
    with pytest.raises(Offline):
        await desk.tokens()("")
    assert await desk.kept() == signed
    desk.provider.status = 200
    assert await desk.tokens()("") in desk.provider.active


async def test_who_is_cancelled_loses_no_token(desk: Desk) -> None:
    await desk.sign_in(lifetime=0)
    asked, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        go_on.wait(20)

    desk.provider.before_refresh = wait
    tokens = desk.tokens()
    caller = asyncio.create_task(tokens(""))
    assert await asyncio.to_thread(asked.wait, 20)
    caller.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    desk.provider.before_refresh = None
    assert await tokens("") in desk.provider.active
    assert (desk.provider.refreshes, desk.provider.burned) == (1, 0)


async def test_who_loses_the_accounts_turn_meanwhile_loses_no_token(desk: Desk) -> None:
    """The provider has given it, and will not give it again: it is whoever's has the turn now."""
    await desk.sign_in(lifetime=0)
    account_id = desk.account.id or 0
    token = await desk.database.write(turns.seize, account_id, turns.this_process())

    def lose() -> None:
        desk.database.write_now(turns.seize, account_id, turns.Holder("elsewhere", 1))

    desk.provider.before_refresh = lose
    with guarded(Fence(account_id, token)):
        access = await desk.tokens()("")
    assert (await desk.kept()).access == access
    assert (desk.provider.refreshes, desk.provider.burned) == (1, 0)


async def test_what_is_kept_shows_nowhere(desk: Desk) -> None:
    signed = await desk.sign_in()
    account = await desk.now()
    shown = repr((account, signed, desk.tokens())).encode() + (account.secret or b"")
    for token in desk.provider.issued:
        assert token.encode() not in shown


async def test_a_password_takes_the_place_of_a_sign_in(desk: Desk) -> None:
    await desk.sign_in()
    await desk.database.write(accounts.set_secret, desk.operator_id, EMAIL, b"sealed")
    account = await desk.now()
    assert (account.secret, account.oauth_issuer, account.signed_in_at) == (b"sealed", "", None)


def test_who_may_only_read_an_account_cannot_sign_in_to_it(desk: Desk) -> None:
    stranger = desk.database.write_now(accounts.operator_for, "luca").id or 0
    settings = ProviderSettings("https://elsewhere.example", "x", "")
    with pytest.raises(NotFound):
        desk.database.write_now(sign_in.sign_in, stranger, EMAIL, settings, lambda old: old)
    (account,) = desk.database.read_now(accounts.all_accounts)
    assert account.oauth_issuer == ""
