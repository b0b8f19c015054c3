"""Settings of one installation: where its home is and what settings.toml says.

Hides the search for the home (option, TUI_MAIL_HOME, XDG folders) and the reading of the file;
an unknown key or a wrong value is an error that names the file, the key and what would be right.
"""

import os
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tui_mail.errors import CannotWrite, SettingsWrong
from tui_mail.i18n import LANGUAGES, _
from tui_mail.values import Crm

_FILE = "settings.toml"
_OWNER_ONLY = 0o700


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one installation (`--home`, TUI_MAIL_HOME, else the XDG folders)."""

    config: Path
    data: Path
    state: Path

    @property
    def settings_file(self) -> Path:
        return self.config / _FILE

    @property
    def key_file(self) -> Path:
        return self.config / "key"

    @property
    def database_file(self) -> Path:
        return self.data / "tui_mail.db"

    @property
    def attachments(self) -> Path:
        return self.data / "attachments"

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    @property
    def drop(self) -> Path:
        return self.data / "drop"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def locks(self) -> Path:
        return self.state / "locks"


def find_home(option: str | None) -> Home:
    """The home by option, then TUI_MAIL_HOME, then the XDG folders."""
    chosen = option or os.environ.get("TUI_MAIL_HOME", "")
    if chosen:
        folder = Path(chosen).expanduser().absolute()
        return Home(folder, folder, folder)
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("tui-mail", appauthor=False)
    return Home(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path)


def make_home(home: Home) -> None:
    """Make the folders that are missing, readable by their owner only.

    Raises CannotWrite.
    """
    for folder in (home.config, home.data, home.state, home.logs, home.locks, home.drop):
        try:
            folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(
                _(
                    "The folder {folder} cannot be made ({reason}): choose another with --home."
                ).format(folder=folder, reason=error.strerror)
            ) from error


@dataclass(frozen=True, slots=True)
class Settings:
    """What settings.toml may say; every key has a default.

    `language`: "it", "en" or "" for the environment's. `theme`: "dark", "light" or the name of a
    theme file. `undo_seconds`: how long a sent letter waits. `check_minutes`: the safety poll
    beside IDLE. `server_connections`: of one process to one server at a time. `erp_minutes`: how
    often the ERP is read again. `crm`: whether leads, offers, opportunities and activities are shown,
    or the codes of the companies whose are.
    `pictures`: how those in mail are drawn, "auto" by what the terminal can do. `pec_authorities`: a
    folder with the certificates (PEM) of the authorities that may vouch for providers of certified
    mail.
    """

    database: str = ""
    attachments: str = ""
    language: str = ""
    theme: str = "dark"
    ascii: bool = False
    mouse: bool = False
    pictures: str = "auto"
    undo_seconds: int = 10
    check_minutes: int = 5
    server_connections: int = 10
    erp_minutes: int = 15
    crm: bool | list[str] = True
    pec_authorities: str = ""
    keys: dict[str, str] = field(default_factory=dict)


_CHECKS: dict[str, tuple[type, str]] = {
    "database": (str, "a database URL"),
    "attachments": (str, "a folder"),
    "language": (str, '"it" or "en"'),
    "theme": (str, "the name of a theme"),
    "ascii": (bool, "true or false"),
    "mouse": (bool, "true or false"),
    "pictures": (str, '"auto", "kitty", "blocks" or "none"'),
    "undo_seconds": (int, "a number of seconds from 0 to 600"),
    "check_minutes": (int, "a number of minutes from 1 to 1440"),
    "server_connections": (int, "a number of connections from 1 to 1000"),
    "erp_minutes": (int, "a number of minutes from 1 to 10080"),
    "crm": (object, "true, false or a list of codes of companies"),
    "pec_authorities": (str, "a folder of PEM files"),
    "keys": (dict, "a table of action = key"),
}
_PICTURES = ("auto", "kitty", "blocks", "none")
_RANGES = {
    "undo_seconds": range(601),
    "check_minutes": range(1, 1441),
    "server_connections": range(1, 1001),
    "erp_minutes": range(1, 10_081),
}


def load_settings(home: Home) -> Settings:
    """The settings of `home`; TUI_MAIL_DATABASE overrides the database.

    Raises SettingsWrong naming file and key.
    """
    settings = Settings()
    try:
        text = home.settings_file.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):  # who makes the home says what is in its way
        text = ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsWrong(
            _("{file} cannot be read: check its owner, its rights and that it is UTF-8.").format(
                file=home.settings_file
            )
        ) from error
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsWrong(
            _(
                "{file} is not valid TOML ({reason}): correct it, or move it away to start anew."
            ).format(file=home.settings_file, reason=error)
        ) from error
    for key, value in found.items():
        _check(home, key, value)
    settings = replace(settings, **found)
    database = os.environ.get("TUI_MAIL_DATABASE", "") or settings.database
    return replace(settings, database=database or f"sqlite:///{home.database_file}")


def _check(home: Home, key: str, value: Any) -> None:
    expected = _CHECKS.get(key)
    if expected is None:
        raise SettingsWrong(
            _("{file}: the key {key} is not known; the keys are: {keys}.").format(
                file=home.settings_file, key=key, keys=", ".join(_CHECKS)
            )
        )
    kind, description = expected
    fits = isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
    if fits and key in _RANGES:
        fits = value in _RANGES[key]
    if fits and key == "language":
        fits = value in {"", *LANGUAGES}
    if fits and key == "pictures":
        fits = value in _PICTURES
    if fits and key == "crm":
        fits = isinstance(value, bool) or _is_list_of_words(value)
    if fits and key == "keys":
        fits = all(isinstance(item, str) for item in value.values())
    if not fits:
        raise SettingsWrong(
            _("{file}: {key} must be {description}.").format(
                file=home.settings_file, key=key, description=description
            )
        )


def _is_list_of_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def crm_of(settings: Settings) -> Crm:
    """Which companies' leads, offers, activities and opportunities are shown."""
    if isinstance(settings.crm, bool):
        return Crm(settings.crm)
    return Crm(everywhere=False, companies=frozenset(one.lower() for one in settings.crm))


def is_installed(home: Home, settings: Settings) -> bool:
    """Whether a home has settings, a key or a database, or its database is elsewhere."""
    files = (home.settings_file, home.key_file, home.database_file)
    return settings.database != f"sqlite:///{home.database_file}" or any(
        file.exists() for file in files
    )


def attachments_folder(home: Home, settings: Settings) -> Path:
    """Where the sealed attachments lie: the shared folder, or the home's own."""
    return Path(settings.attachments).expanduser() if settings.attachments else home.attachments


def vault_file(home: Home, settings: Settings) -> Path:
    """Where the slots of the vault are: beside what it protects."""
    return attachments_folder(home, settings) / "vault.json"


DEFAULT_FILE = """\
# Settings of tui_mail. Every key may be left out.
# database = "postgresql+psycopg://user@host/tui_mail"   # default: an SQLite file in this folder
# attachments = "/srv/tui_mail/attachments"              # a folder that all hosts share
# language = "it"                                        # "it" or "en"; default: the environment's
# theme = "dark"                                         # "dark", "light"
# ascii = false                                          # signs in ASCII for simple terminals
# mouse = false                                          # mouse tracking (costs bytes over SSH)
# pictures = "auto"                                      # in mail: "kitty", "blocks", "none"
# undo_seconds = 10                                      # how long a sent letter can be called back
# check_minutes = 5                                      # how often to look beside IDLE
# server_connections = 10                                # of one process to one server at a time
# erp_minutes = 15                                       # how often to read the ERP again
# crm = true                                             # leads, offers, opportunities, activities;
#                                                        # or of which companies: ["ROSSI"]
# [keys]                                                 # action = "key", as `tui-mail keys` lists them
"""


def write_default_settings(home: Home) -> bool:
    """Write a commented settings.toml where there is none; True when it was written."""
    try:
        with home.settings_file.open("x", encoding="utf-8") as file:
            home.settings_file.chmod(0o600)
            file.write(DEFAULT_FILE)
    except FileExistsError:
        return False
    except OSError as error:
        raise CannotWrite(
            _("{file} cannot be written ({reason}).").format(
                file=home.settings_file, reason=error.strerror
            )
        ) from error
    return True


def as_text(settings: Settings) -> dict[str, Any]:
    """The settings by key, for showing; a password in the database URL is masked."""
    shown = {item.name: getattr(settings, item.name) for item in fields(settings)}
    shown["database"] = _masked(settings.database)
    return shown


def _masked(url: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    if parts.password is None:
        return url
    place = parts.netloc.replace(f":{parts.password}@", ":***@")
    return urlunsplit(parts._replace(netloc=place))
