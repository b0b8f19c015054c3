"""How the worker reaches servers: functions that the composition root fills in."""

from collections.abc import Callable
from dataclasses import dataclass

from tui_mail.backends import MailStore, Sender
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.db.tables import Account


@dataclass(frozen=True, slots=True)
class Connections:
    """`store` (of IMAP), `sender` and `drop` (of POP3) make an unopened connection for an account,
    with its unsealed password.

    They may raise NotAllowed when the password was sealed with another key.
    """

    store: Callable[[Account], MailStore]
    sender: Callable[[Account], Sender]
    drop: Callable[[Account], Pop3Drop]

    def mailbox(self, account: Account) -> MailStore | Pop3Drop:
        """The one of the two that the account's server speaks."""
        return self.drop(account) if account.protocol == "pop3" else self.store(account)
