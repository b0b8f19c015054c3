"""Real mail and other people's hard cases come through a real server, and are given back.

TUI_MAIL_TEST_FULL=1 takes every message of the sets.
"""

import os

from tests.data import messages
from tests.servers.dovecot import Dovecot
from tests.worker.office import DovecotRemote, EmbeddedRemote, Office

_FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
_HARD = ("mime4j", "mimekit", "mikel-mail", "stalwart-mail-parser", "cpython-email", "mailman")


def _is_message(name: str) -> bool:
    """Not the licence, nor what the messages there were made of."""
    return "/emails/" in name and "/emails/files/" not in name


async def test_every_message_is_given_back_as_the_server_sent_it(
    office: Office, dovecot: Dovecot
) -> None:
    remote = DovecotRemote(dovecot)
    chosen = [
        *messages("spamassassin/easy-ham-1", 1 if _FULL else 20),
        *(one for one in messages("zbateson") if _is_message(one[0])),
    ]
    for _name, raw in chosen:
        await remote.deliver(raw)
    await office.add(remote.account())
    await office.sync()
    there = [raw for raw, _flags in await remote.contents()]
    assert len(there) == len(chosen) == len(await office.held())
    assert await office.raws() == set(there)


async def test_hard_cases_of_others_come_and_are_given_back(
    office: Office, embedded: EmbeddedRemote
) -> None:
    chosen = [raw for name in _HARD for _file, raw in messages(name, 1 if _FULL else 7)]
    for raw in chosen:
        await embedded.deliver(raw)
    await office.add(embedded.account())
    await office.sync()
    assert len(await office.held()) == len(chosen)
    assert await office.raws() == set(chosen)
