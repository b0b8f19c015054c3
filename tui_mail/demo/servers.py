"""The demo's outside world as one process: mail servers on loopback, and people who answer.

Prints one line of JSON when it listens; ends when its standard input does.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import partial

from tui_mail.demo.company import build_company, people
from tui_mail.demo.correspondents import Correspondents, OwnAddress
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import DEFAULT_FOLDERS, UserMailbox
from tui_mail.demo.letters import fresh_messages, messages
from tui_mail.demo.mailroom import ACCOUNT_NAMES
from tui_mail.demo.records import DemoCompany
from tui_mail.demo.smtp_server import SmtpServer

PASSWORD = "demo"  # noqa: S105 — of servers that only this machine can reach
SEED = 7


def company_of_today() -> DemoCompany:
    """The company as it stands now."""
    return build_company(SEED, today=date.today(), now=datetime.now(UTC))  # noqa: DTZ011 — as the clerk's calendar has it


def mailboxes(company: DemoCompany) -> dict[str, UserMailbox]:
    """Every account's mailbox, filled, by the account's address; the sales office's comes first."""
    boxes = {account: UserMailbox(PASSWORD, DEFAULT_FOLDERS) for account in ACCOUNT_NAMES}
    for message in messages(company):
        box = boxes[message.account]
        if message.folder not in box.folders:
            box.create(message.folder)
        box.deliver(message.folder, message.raw, message.flags, message.received_at)
    return boxes


async def serve(*, answer_seconds: float, fresh_seconds: float) -> None:
    """Run until standard input ends. `fresh_seconds` 0: no mail comes by itself."""
    company = company_of_today()
    boxes = mailboxes(company)
    correspondents = Correspondents(
        boxes,
        people(company),
        {address: OwnAddress(address) for address in boxes},
        delay=answer_seconds,
    )
    users = dict.fromkeys(boxes, PASSWORD)
    imap = ImapServer(boxes)
    smtp = SmtpServer(correspondents.deliver, users=users, refuse=correspondents.refuse)
    await imap.start()
    await smtp.start()
    sys.stdout.write(json.dumps({"imap": imap.port, "smtp": smtp.port, "accounts": list(boxes)}))
    sys.stdout.write("\n")
    sys.stdout.flush()
    arriving = asyncio.create_task(_arrive(company, boxes, fresh_seconds))
    try:
        await _end_of_input()
    finally:
        arriving.cancel()
        await correspondents.stop()
        await smtp.stop()
        await imap.stop()


async def _arrive(company: DemoCompany, boxes: Mapping[str, UserMailbox], seconds: float) -> None:
    """Now and then something new comes in."""
    if not seconds:
        return
    for message in fresh_messages(company, partial(datetime.now, UTC)):
        await asyncio.sleep(seconds)
        boxes[message.account].deliver(message.folder, message.raw, (), datetime.now(UTC))


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _protocol = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while await reader.read(4096):
            pass
    finally:
        transport.close()
