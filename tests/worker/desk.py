"""Who writes letters in tests, and the sending server that takes them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.worker.office import NOW, PASSWORD, Office
from tui_mail.db import accounts, outbox
from tui_mail.db.rows import OutgoingRow
from tui_mail.db.session import Session
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail, SmtpServer
from tui_mail.values import Letter, Mailbox
from tui_mail.worker.submit import Submission, enqueue_letter


@dataclass
class Post:
    """A sending server that keeps what it is given."""

    mails: list[ReceivedMail] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    after: Callable[[ReceivedMail], Awaitable[None]] | None = None
    user: str = "anna"

    def __post_init__(self) -> None:
        self.gate.set()
        self.server = SmtpServer(
            self._deliver,
            users={self.user: PASSWORD},
            refuse=self.refusals.get,
        )

    async def _deliver(self, mail: ReceivedMail) -> list[str]:
        self.mails.append(mail)
        self.arrived.set()
        if self.after is not None:
            await self.after(mail)
        await self.gate.wait()
        return [ACCEPTED] * len(mail.recipients)


@dataclass
class Desk:
    """Who writes letters, and looks into the outbox."""

    office: Office
    account_id: int

    async def write(
        self,
        *to: str,
        answers: int | None = None,
        records: tuple[int, ...] = (),
        at: datetime = NOW,
        **other: object,
    ) -> int:
        people = tuple(Mailbox(one) for one in to or ("luca@ferri.it",))

        def enqueue(session: Session) -> int:
            account = accounts.account_by_id(session, self.account_id)
            written = Letter(
                sender=Mailbox(account.email),
                to=people,
                subject="Conferma",
                body="Buongiorno",
                **other,  # type: ignore[arg-type]
            )
            submission = Submission(
                account, self.office.operator_id, written, records, in_reply_to_id=answers
            )
            return enqueue_letter(session, submission, at).outgoing_id

        return await self.office.database.write(enqueue)

    async def row(self) -> OutgoingRow:
        """The newest letter."""
        return (await self.office.database.read(outbox.outgoing, self.office.operator_id))[0]

    async def states(self) -> dict[str, str]:
        return {address: state for address, state, _reply in (await self.row()).recipients}
