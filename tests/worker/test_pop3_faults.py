"""POP3 where connections break and processes are killed, at any step: nothing is lost, and nothing
comes twice. TUI_MAIL_TEST_FULL=1 takes every step of a session and 200 kills; else some of them.
"""

import asyncio
import contextlib
import itertools
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.faults import Fault, FaultProxy, Side, faults, sampled
from tests.worker.installation import Installation
from tests.worker.office import PASSWORD, Office, letter
from tests.worker.test_pop3 import Popped
from tui_mail.db.accounts import remove_account
from tui_mail.db.tables import Account
from tui_mail.errors import Offline
from tui_mail.values import Tls

_FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
_KILLS = 200 if _FULL else 4
_SOME = 10
_TRIES = 4
_STEPS = 70  # lines of both sides in a session of three messages
_NUMBERS = itertools.count(1)


# -- connections that break ------------------------------------------------------------------------


def _through(proxy: FaultProxy, account: Account) -> Account:
    account.host, account.port, account.tls = "127.0.0.1", proxy.port, Tls.NONE
    return account


async def _well(office: Office) -> None:
    """As a worker does: again after each lost connection."""
    for _try in range(_TRIES):
        [error] = (await asyncio.wait_for(office.once(), 30)).values()
        if error is None:
            return
        assert type(error) is Offline, error
    raise AssertionError(error)


async def _session(office: Office, popped: Popped) -> None:
    """Three messages come, and leave the server; then one more does."""
    for name in ("uno", "due", "tre"):
        await popped.deliver(letter(name))
    await _well(office)
    await popped.deliver(letter("quattro"))
    await _well(office)
    assert await office.names() == ["due", "quattro", "tre", "uno"]
    assert await popped.names() == []


async def test_whatever_breaks_at_any_step_everything_comes_once(
    office: Office, dovecot: Dovecot
) -> None:
    async with FaultProxy(dovecot.host, dovecot.port_pop3) as counting:
        popped = Popped(dovecot)
        office.deadline = 1.0
        await office.add(_through(counting, popped.account(leave_days=0)))
        await _session(office, popped)
        every = faults(counting.lines)
    await _forget(office, popped)
    for fault in every if _FULL else sampled(every, _SOME):
        await _round(office, dovecot, fault)


async def _round(office: Office, dovecot: Dovecot, fault: Fault) -> None:
    popped = Popped(dovecot)
    async with FaultProxy(dovecot.host, dovecot.port_pop3, fault) as proxy:
        await office.add(_through(proxy, popped.account(leave_days=0)))
        await _session(office, popped)
        assert proxy.happened, fault
    await _forget(office, popped)


async def _forget(office: Office, popped: Popped) -> None:
    await office.database.write(remove_account, office.operator_id, popped.account().email)


# -- processes that are killed ---------------------------------------------------------------------


class Mailbox:
    """An installation with a mailbox on Dovecot that is emptied through a proxy."""

    def __init__(self, made: Installation, popped: Popped, proxy: FaultProxy) -> None:
        self.made, self.popped, self.proxy = made, popped, proxy
        self.delivered: list[str] = []

    async def fill(self) -> None:
        for _one in range(3):
            name = f"k{next(_NUMBERS):04}"
            await self.popped.deliver(letter(name))
            self.delivered.append(name)

    async def killed(self, side: Side | None, text: bytes, number: int) -> bool:
        """Empty the mailbox by a process that is killed at the `number`th line that has `text`;
        whether it came that far."""
        process = await self.made.start("worker", "--once")
        left = number

        def told(where: Side, line: bytes) -> None:
            nonlocal left
            left -= side in {None, where} and text in line
            if left == 0 and process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)

        self.proxy.told = told
        await process.communicate()
        self.proxy.told = lambda _side, _line: None
        return left <= 0

    async def check(self) -> None:
        """Nothing is lost: what is not here is there. Then all comes, once, and is there no more."""
        here = Counter(await self.made.office.names())
        there = Counter(await self.popped.names())
        assert set(self.delivered) == set(here) | set(there)
        assert set(here.values()) | set(there.values()) <= {1}
        await self.made.run("worker", "--once")
        assert await self.made.office.names() == sorted(self.delivered)
        assert await self.popped.names() == []


@contextlib.asynccontextmanager
async def _mailbox(dovecot: Dovecot, folder: Path) -> AsyncIterator[Mailbox]:
    made = await asyncio.to_thread(Installation, folder)
    popped = Popped(dovecot)
    async with FaultProxy(dovecot.host, dovecot.port_pop3) as proxy:
        await made.run(
            *("account", "add", f"{popped.user}@rossi.it", "--user", popped.user),
            *("--pop3", f"127.0.0.1:{proxy.port}", "--tls", "none", "--leave-days", "0"),
            *("--password-stdin", "--no-verify-login"),
            stdin=PASSWORD,
        )
        yield Mailbox(made, popped, proxy)
    await made.database.close()


@pytest.mark.parametrize("moment", ["before DELE", "after DELE", "before QUIT", "after QUIT"])
async def test_killed_around_a_deletion_nothing_is_lost_or_doubled(
    dovecot: Dovecot, tmp_path: Path, moment: str
) -> None:
    when, verb = moment.split()
    async with _mailbox(dovecot, tmp_path / "home") as mailbox:
        await mailbox.fill()
        if when == "before":  # the server does not see it
            mailbox.proxy.cut_at(Side.CLIENT, verb.encode(), 1)
        assert await mailbox.killed(Side.CLIENT, verb.encode(), 1)
        assert await mailbox.made.office.names() == sorted(mailbox.delivered)
        if moment != "after QUIT":
            assert await mailbox.popped.names() == sorted(mailbox.delivered)
        await mailbox.check()


async def test_killed_at_any_line_nothing_is_lost_or_doubled(
    dovecot: Dovecot, tmp_path: Path
) -> None:
    choice = random.Random(int(os.environ.get("TUI_MAIL_TEST_SEED", "5")))
    async with _mailbox(dovecot, tmp_path / "home") as mailbox:
        for _time in range(_KILLS):
            await mailbox.fill()
            await mailbox.killed(None, b"", choice.randint(1, _STEPS))
            await mailbox.check()
