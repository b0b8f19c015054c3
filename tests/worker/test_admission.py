"""How many connections a server gets, and who has them."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import given
from hypothesis import strategies as st

from tests.worker.office import PASSWORD, Office, letter, until
from tui_mail.db.tables import Account
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.values import Tls
from tui_mail.worker.admission import Admission
from tui_mail.worker.service import Worker


async def test_whoever_finds_no_place_asks_the_one_connected_for_longest() -> None:
    admission = Admission(2, stay_seconds=0)
    async with admission.place("a") as first, AsyncExitStack() as later:
        second = await later.enter_async_context(admission.place("a"))
        elsewhere = await later.enter_async_context(admission.place("b"))
        assert not any(place.is_over for place in (first, second, elsewhere))
        waiting = asyncio.create_task(later.enter_async_context(admission.place("a")))
        await first.asked.wait()
        assert first.is_over
        assert not second.is_over
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_place_may_be_kept_for_a_while_after_another_asked() -> None:
    admission = Admission(1, stay_seconds=60)
    async with admission.place("a") as place:
        assert place.seconds_left == float("inf")
        waiting = asyncio.create_task(admission.place("a").__aenter__())
        await place.asked.wait()
        assert 0 < place.seconds_left <= 60
        assert not place.is_over
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=20))
def test_there_are_never_more_than_allowed_and_everybody_gets_in(
    most: int, guests: list[tuple[int, bool]]
) -> None:
    """`guests`: for how many turns of the loop each stays; whether it gives up while it waits."""

    async def scenario() -> None:
        admission = Admission(most)
        inside = highest = came = 0

        async def guest(turns: int) -> None:
            nonlocal inside, highest, came
            async with admission.place("a"):
                inside += 1
                highest = max(highest, inside)
                try:
                    for _turn in range(turns):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1
                came += 1

        tasks = [asyncio.create_task(guest(turns)) for turns, _impatient in guests]
        await asyncio.sleep(0)
        impatient = [task for task, (_turns, yes) in zip(tasks, guests, strict=True) if yes]
        for task in impatient:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert highest <= most
        assert came >= len(guests) - len(impatient)
        async with asyncio.timeout(20), AsyncExitStack() as again:
            for _place in range(most):  # none has been lost
                await again.enter_async_context(admission.place("a"))

    asyncio.run(scenario())


async def test_more_accounts_than_connections_are_all_served_by_turns(office: Office) -> None:
    boxes = {f"u{number}": UserMailbox(PASSWORD) for number in range(5)}
    server = ImapServer(boxes)
    await server.start()
    most = 0
    for user, box in boxes.items():
        box.deliver("INBOX", letter(f"{user}-first"))
        await office.add(
            Account(
                email=f"{user}@rossi.it",
                user=user,
                host="127.0.0.1",
                port=server.port,
                tls=Tls.NONE,
                secret=PASSWORD.encode(),
            )
        )
    worker = Worker(
        office.database,
        office.connections,
        office.ingest,
        locks=office.locks,
        check_seconds=600,
        server_connections=2,
        stay_seconds=0.2,
    )
    await worker.start()

    async def have(what: str) -> bool:
        nonlocal most
        most = max(most, server.connections)
        names = await office.names()
        return all(f"{user}-{what}" in names for user in boxes)

    try:
        await until(lambda: have("first"), what="the mail of all accounts")
        for user, box in boxes.items():
            box.deliver("INBOX", letter(f"{user}-news"))
        await until(lambda: have("news"), what="news of all accounts")
        assert most <= 2
    finally:
        await worker.stop()
        await server.stop()
