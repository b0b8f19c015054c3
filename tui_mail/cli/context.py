"""What every command shares: the installation, who acts, and how things are said."""

import contextlib
import getpass
import json
import logging
import logging.handlers
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui_mail.cli.parts import Parts
from tui_mail.config import (
    Home,
    Settings,
    attachments_folder,
    crm_of,
    is_installed,
    load_settings,
    make_home,
    vault_file,
)
from tui_mail.errors import (
    InputOutput,
    NotAllowed,
    NotFound,
    SettingsWrong,
    TuiMailError,
    WrongPassword,
    WrongUse,
)
from tui_mail.filesystems import network_file_system
from tui_mail.i18n import _
from tui_mail.safetext import safe

if TYPE_CHECKING:
    from tui_mail.blobs import FolderBlobs
    from tui_mail.db.engine import Database
    from tui_mail.db.naming import Named
    from tui_mail.vault import Vault
    from tui_mail.worker.connections import Connections
    from tui_mail.worker.ingest import Ingest
    from tui_mail.worker.reading import Reader
    from tui_mail.worker.records_work import RecordsWork

_LOG_BYTES = 4 << 20
_OWNER_ONLY = 0o600
_LONGEST_LINE = 200
_TRIES = 3  # at typing a passphrase
_LARGEST_NUMBER = 2**31 - 1  # what a database column holds; nothing gets that far


@dataclass
class Context:
    """One call of the program. Parts are made when first asked for, and let go by `close`."""

    parts: Parts
    home: Home
    json: bool = False
    operator: str = ""
    passphrase: str = ""  # of the operator's slot in the vault, when a program gave it
    can_ask: bool = True
    background: bool = False  # somebody works at the console while mail is taken in
    needs_mail: bool = False  # the command names something that is here already
    begins_anew: bool = False  # a database that is gone may be made again, empty
    exit_code: int = 0
    _opened: list["Database"] = field(default_factory=list)
    _log: logging.Handler | None = None

    @cached_property
    def settings(self) -> Settings:
        return load_settings(self.home)

    @cached_property
    def database(self) -> "Database":
        """The database, its schema brought up to date; what is missing of the installation is made.

        Raises SettingsWrong, UnknownSchema, Offline, CannotWrite, and NotFound where the database
        is gone, or the command names something of an installation that is not there.
        """
        from tui_mail.db.engine import Database
        from tui_mail.db.schema import prepare

        self._expect_installation()
        make_home(self.home)
        database = Database(self.settings.database, crm_of(self.settings))
        kind = network_file_system(database.file) if database.file else ""
        if kind:
            raise SettingsWrong(
                _(
                    "{file} lies on a network file system ({kind}), where SQLite loses data: put "
                    "it on a local disk, or use PostgreSQL (`database` in settings.toml)."
                ).format(file=database.file, kind=kind)
            )
        file = self.home.database_file
        if self.settings.database == f"sqlite:///{file}" and not file.exists():
            self._expect_no_loss()
            file.touch(mode=_OWNER_ONLY)  # in a home that others may look into, too
        self._opened.append(database)
        prepare(database)
        return database

    def _expect_installation(self) -> None:
        """Say so where a new one is made: a wrong --home would not be noticed.

        Raises NotFound where nobody could want a new one.
        """
        if self.needs_mail:
            self.require_installation()
        if is_installed(self.home, self.settings):
            return
        if not self.background:  # else a screen is there
            self.say(
                _(
                    "There was no installation in {home}: a new one is made there. If you meant "
                    "another, name its folder with --home, and delete this one."
                ).format(home=self.home.config)
            )

    def _expect_no_loss(self) -> None:
        """Raises NotFound where an installation has lost its database: an empty one would hide it."""
        from tui_mail.worker.collect import was_used

        used = self.home.settings_file.exists() or was_used(self.home.attachments)
        keys = self.home.key_file.exists() and (self.home.attachments / "vault.json").exists()
        if used and keys and not self.settings.attachments and not self.begins_anew:
            raise NotFound(
                _(
                    "The database {file} is gone, though its keys are here: restore a backup (tui-mail "
                    "db restore DIR), or begin with an empty one (tui-mail init)."
                ).format(file=self.home.database_file)
            )

    def require_installation(self) -> None:
        """Raises NotFound where there is none."""
        if not is_installed(self.home, self.settings):
            raise NotFound(
                _(
                    "There is no installation in {home}: name the right folder with --home, or make "
                    "a new one with tui-mail init."
                ).format(home=self.home.config)
            )

    @property
    def login(self) -> str:
        """The login name of the operator who acts."""
        login = (self.operator or _login_name()).strip()
        if not login or not login.isprintable():
            raise WrongUse(_("--as takes the login name of an operator."))
        return login

    @cached_property
    def operator_id(self) -> int:
        from tui_mail.db.accounts import operator_for, operator_known

        known = self.database.read_now(operator_known, self.login)
        if known is not None:  # whoever writes now, a long import even, is not waited for
            return known
        found = self.database.write_now(operator_for, self.login)
        assert found.id is not None
        if self.operator and not self.background:
            self.say(
                _(
                    "{login} is a new operator; if you meant another, give that login name with --as."
                ).format(login=self.login)
            )
        return found.id

    @cached_property
    def vault(self) -> "Vault":
        """The vault, which opens when it is first needed; where this machine has no slot in it
        by an operator's passphrase, read already or asked for on the terminal."""
        make_home(self.home)
        file = vault_file(self.home, self.settings)
        return self.parts.vault(self.home.key_file, file, self.ask, bool(self.passphrase))

    @property
    def ask(self) -> "Callable[[], str] | None":
        """An operator's passphrase: the one that was read, or asked for on the terminal."""
        given = self.passphrase
        if given:
            return lambda: given
        return _ask_passphrase if self.can_ask and sys.stdin.isatty() else None

    def unlock_console(self) -> None:
        """Ask for a passphrase now if one will be needed: a running console has the terminal."""
        file = vault_file(self.home, self.settings)
        if self.passphrase:
            self.vault.unlock()
        elif file.exists() and not self.home.key_file.exists():
            self._unlock_by_asking()
        else:
            self.can_ask = False

    def _unlock_by_asking(self) -> None:
        """Raises WrongPassword when no try was right."""
        if self.ask is not None:
            self.say(
                _(
                    "Attachments and passwords are sealed, and this machine has no key of its own: "
                    "your passphrase opens them until the console ends."
                )
            )
        for _try in range(_TRIES - 1):
            try:
                self.vault.unlock()
            except WrongPassword as error:
                if self.ask is None:
                    raise
                self.say(error.message)
            else:
                return
        self.vault.unlock()

    @cached_property
    def attachments(self) -> Path:
        """Where the sealed attachments lie."""
        return attachments_folder(self.home, self.settings)

    @cached_property
    def records_work(self) -> "RecordsWork":
        """What reads the ERP again and again."""
        from datetime import timedelta

        from tui_mail.worker.records_work import RecordsWork

        every = timedelta(minutes=self.settings.erp_minutes)
        return RecordsWork(self.database, self.parts.connector, every)

    @cached_property
    def blobs(self) -> "FolderBlobs":
        """The attachments; where the vault's file is lost or damaged, each says so for itself.

        Raises NotAllowed, WrongPassword when the vault does not open here.
        """
        self.unlock()
        return self.parts.blobs(self.attachments, self.vault)

    def unlock(self) -> None:
        """Open the vault, unless its file is lost or damaged.

        Raises NotAllowed, WrongPassword, and NotFound as `database` does.
        """
        self._expect_installation()
        with contextlib.suppress(InputOutput):
            self.vault.unlock()

    @cached_property
    def record_name(self) -> "Callable[[Named], str]":
        """What names a record to programs and people, as `KIND:CODE` or `KIND:CODE@COMPANY`."""
        from tui_mail.db.naming import record_names

        return self.database.read_now(record_names)

    @cached_property
    def connections(self) -> "Connections":
        """How the servers of accounts are reached."""
        return self.parts.connections(self.vault, self.database, self.home.spool)

    @cached_property
    def reader(self) -> "Reader":
        """What opens messages, whose text is to be read where the vault does not open, too.

        Raises WrongPassword.
        """
        from tui_mail.worker.reading import Reader

        try:
            self.unlock()
        except WrongPassword:
            raise
        except NotAllowed:
            self.can_ask = False  # each attachment says so for itself
        blobs = self.parts.blobs(self.attachments, self.vault)
        return Reader(self.database, blobs, self.operator_id, self.authorities)

    @cached_property
    def ingest(self) -> "Ingest":
        from tui_mail.worker.collect import note_use
        from tui_mail.worker.ingest import Ingest

        note_use(self.attachments, self.database)
        return Ingest(
            self.database,
            self.blobs,
            background=self.background,
            authorities=self.authorities,
        )

    @cached_property
    def authorities(self) -> tuple[bytes, ...]:
        """Who may vouch for providers of certified mail (DER), as the settings say."""
        if not self.settings.pec_authorities:
            return ()
        from tui_mail.worker.authorities import authorities_in

        return authorities_in(self.settings.pec_authorities)

    def sealed(self, email: str, password: str) -> bytes:
        """An account's password as the database keeps it."""
        from tui_mail.worker.collect import note_use

        note_use(self.attachments, self.database)  # a key that it needs is not to be dropped
        return self.vault.seal(password.encode(), f"account {email}")

    def kept(self, email: str, password: str) -> None:
        """The password that was sealed before is in the database now, if there is one."""
        from tui_mail.worker.rotation import keep_secret

        if password:
            keep_secret(self.database, self.vault, email, password)

    def close(self) -> None:
        if "ingest" in self.__dict__:
            self.ingest.close()
        for database in self._opened:
            database.close_now()
        if self._log is not None:
            logging.getLogger().removeHandler(self._log)
            self._log.close()
            self._log = None

    # -- saying things

    @property
    def columns(self) -> int:
        """How long a line on standard error may be, to be read as one."""
        if not sys.stderr.isatty():
            return _LONGEST_LINE
        return os.get_terminal_size(sys.stderr.fileno()).columns or _LONGEST_LINE

    def say(self, text: str) -> None:
        """A sentence for a person, on standard error; on a terminal its words stay whole."""
        sys.stderr.write(f"{_in_rows(safe(text))}\n")
        sys.stderr.flush()

    def emit(self, record: Mapping[str, Any], line: str = "", more: Sequence[str] = ()) -> None:
        """One result on standard output: a JSON object in ASCII with --json, else `line`, and below
        it `more`."""
        if self.json:
            sys.stdout.write(f"{json.dumps(record, default=_plain)}\n")
        else:
            sys.stdout.writelines(f"{safe(one)}\n" for one in (line, *more))

    def refuse(self, record: Mapping[str, Any], line: str) -> None:
        """One part that went wrong: a JSON object with --json, else `line` on standard error."""
        if self.json:
            self.emit(record)
        else:
            self.say(line)

    def fail(self, error: TuiMailError) -> None:
        """Report an error, and take its exit code."""
        self.exit_code = error.exit_code
        if self.json:
            self.emit({"error": error.slug, "message": error.message, **_where(error)})
        self.say(error.message)

    @contextlib.contextmanager
    def in_part(self) -> Iterator[None]:
        """An error inside is reported, and the command goes on; its exit code stays."""
        try:
            yield
        except TuiMailError as error:
            self.fail(error)

    def progress(self, text: str) -> None:
        """What is being done, on a terminal only, over itself."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{safe(text)}")
            sys.stderr.flush()

    def progress_done(self) -> None:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def start_log(self) -> None:
        """Log to a file of this installation; never to the terminal."""
        if self._log is not None:
            return
        make_home(self.home)
        handler = logging.handlers.RotatingFileHandler(
            self.home.logs / "tui_mail.log", maxBytes=_LOG_BYTES, backupCount=3, encoding="utf-8"
        )
        (self.home.logs / "tui_mail.log").chmod(_OWNER_ONLY)
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s")
        )
        logging.getLogger().addHandler(handler)
        self._log = handler


def _ask_passphrase() -> str:
    return getpass.getpass(_("Passphrase of the vault:") + " ", stream=sys.stderr)


def _login_name() -> str:
    """The login name of who runs the program, or the user's number where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _plain(value: object) -> object:
    """What JSON lacks, as text: times in ISO 8601 with their zone, amounts with a point."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    message = f"not for JSON: {type(value)}"
    raise TypeError(message)


def _in_rows(line: str) -> str:
    """A line broken at its spaces where a terminal would break it anywhere; long words, such as
    paths, are left to the terminal, which copies them as one."""
    if not sys.stderr.isatty():
        return line
    cells = os.get_terminal_size(sys.stderr.fileno()).columns
    if len(line) <= cells or not cells:
        return line
    return textwrap.fill(line, cells, break_long_words=False, break_on_hyphens=False)


def _where(error: TuiMailError) -> dict[str, int]:
    """The characters of a query that are to blame, counted from 1: the first and the last."""
    from tui_mail.search.mistakes import QueryMistake

    if not isinstance(error, QueryMistake):
        return {}
    return {"column": error.start + 1, "end_column": max(error.start + 1, error.end)}


def moment(when: datetime | None) -> str:
    """A time for people: local, to the minute; a dash for never."""
    return f"{when.astimezone():%Y-%m-%d %H:%M}" if when else "–"


def number_of(text: str) -> int | None:
    """The number that a row of the database has, None when `text` is none."""
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text[:20]), _LARGEST_NUMBER)


def password_from(prompt: str, *, stdin: bool) -> str:
    """A password from standard input, or asked for on a terminal.

    Raises WrongUse when there is neither.
    """
    if stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise WrongUse(_("Standard input has no password: write it there on one line."))
        return password
    if sys.stdin.isatty():
        return getpass.getpass(f"{safe(prompt)} ", stream=sys.stderr)
    raise WrongUse(_("No password: give it on standard input with --password-stdin."))
