"""How the worker reaches servers: two functions that the composition root fills in."""

from collections.abc import Callable
from dataclasses import dataclass

from tui_mail.backends import MailStore, Sender
from tui_mail.db.tables import Account


@dataclass(frozen=True, slots=True)
class Connections:
    """`store` and `sender` make an unopened connection for an account, with its unsealed password.

    Both may raise NotAllowed when the password was sealed with another key.
    """

    store: Callable[[Account], MailStore]
    sender: Callable[[Account], Sender]
