"""What the mailbox in memory has beyond the contract: it can fail."""

import asyncio

import pytest

from tui_mail.backends.memory import MemoryMailbox, MemoryStore
from tui_mail.errors import Offline


async def test_an_unreachable_mailbox_is_offline_until_it_is_back() -> None:
    mailbox = MemoryMailbox()
    store = MemoryStore(mailbox)
    await store.open()
    mailbox.reachable = False
    with pytest.raises(Offline):
        await store.folders()
    mailbox.reachable = True
    assert await store.folders()


async def test_two_stores_on_one_mailbox_both_notice_what_arrives() -> None:
    mailbox = MemoryMailbox()
    stores = [MemoryStore(mailbox), MemoryStore(mailbox)]
    for store in stores:
        await store.open()
    waits = [asyncio.ensure_future(store.wait(5)) for store in stores]
    await asyncio.sleep(0)
    mailbox.deliver(b"x")
    assert await asyncio.gather(*waits) == [True, True]
