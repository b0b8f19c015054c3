"""Everything that can go wrong and be told to a person: one tree, drawn where it is defined.

TuiMailError                 slug               exit (sysexits.h)
├── WrongUse                 wrong_use          64
├── WrongData                wrong_data         65
│   └── Refused              wrong_data         65
├── NotFound                 not_found          66
├── Offline                  unreachable        69
│   └── Paused               unreachable        69
├── CannotWrite              cannot_write       73
├── InputOutput              input_output       74
├── TryLater                 try_later          75
│   ├── TurnLost             try_later          75
│   └── Away                 on_server          75
├── ProtocolRefused          protocol           76
│   └── TlsRefused           tls_refused        76
├── NotAllowed               not_allowed        77
│   ├── MayOnlyRead          not_allowed        77
│   ├── WrongPassword        wrong_password     77
│   └── SignInAgain          sign_in_again      77
└── SettingsWrong            settings           78
    └── UnknownSchema        unknown_schema     78
"""

from typing import ClassVar


class TuiMailError(Exception):
    """One sentence in the user's language that says what happened and what to do next."""

    slug: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 74

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class WrongUse(TuiMailError):
    slug = "wrong_use"
    exit_code = 64


class WrongData(TuiMailError):
    slug = "wrong_data"
    exit_code = 65


class Refused(WrongData):
    """The ERP does not take a record: it says why, and will say the same again."""


class NotFound(TuiMailError):
    slug = "not_found"
    exit_code = 66


class Offline(TuiMailError):
    """The server was not reached, or the connection was lost: trying again may help."""

    slug = "unreachable"
    exit_code = 69


class Paused(Offline):
    """The account's mailbox is to be left alone for now: its connection was ended from here."""


class CannotWrite(TuiMailError):
    slug = "cannot_write"
    exit_code = 73


class InputOutput(TuiMailError):
    slug = "input_output"
    exit_code = 74


class NoVault(InputOutput):
    """The vault is missing, maybe with the whole folder: of no sealed thing is anything known."""


class TryLater(TuiMailError):
    slug = "try_later"
    exit_code = 75


class TurnLost(TryLater):
    """Another process has the account's turn by now: nothing was written."""


class Away(TryLater):
    """Files that are with a server only, and not here yet."""

    slug = "on_server"


class ProtocolRefused(TuiMailError):
    """The peer broke its protocol, or went over a limit that the message names."""

    slug = "protocol"
    exit_code = 76


class TooLarge(ProtocolRefused):
    """Of one message, while the others can be had."""


class TlsRefused(ProtocolRefused):
    slug = "tls_refused"


class NotAllowed(TuiMailError):
    slug = "not_allowed"
    exit_code = 77


class MayOnlyRead(NotAllowed):
    """The user that the ERP is asked as may read there, and not make what is to be made."""


class WrongKey(NotAllowed):
    """Of one sealed thing, while the vault is open."""


class WrongPassword(NotAllowed):
    slug = "wrong_password"


class SignInAgain(NotAllowed):
    """What an account was signed in with at its provider is worth nothing any more."""

    slug = "sign_in_again"


class SettingsWrong(TuiMailError):
    slug = "settings"
    exit_code = 78


class UnknownSchema(SettingsWrong):
    slug = "unknown_schema"
