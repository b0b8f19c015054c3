"""How the worker reaches servers: functions that the composition root fills in."""

from collections.abc import Callable
from dataclasses import dataclass

from tui_mail.backends import MailStore, Sender
from tui_mail.backends.pace import Pace
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.db.tables import Account


@dataclass(frozen=True, slots=True)
class Connections:
    """`store` (of IMAP), `sender` and `drop` (of POP3) make an unopened connection for an account,
    with its unsealed password; what comes from a mailbox keeps to a pace.

    They may raise NotAllowed when the password was sealed with another key.
    """

    store: Callable[[Account, Pace], MailStore]
    sender: Callable[[Account], Sender]
    drop: Callable[[Account, Pace], Pop3Drop]

    def mailbox(self, account: Account, pace: Pace | None = None) -> MailStore | Pop3Drop:
        """The one of the two that the account's server speaks, as fast as can be without a pace."""
        make = self.drop if account.protocol == "pop3" else self.store
        return make(account, pace or Pace())
