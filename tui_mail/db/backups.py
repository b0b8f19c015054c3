"""A database into a file and back: SQLite by its online backup, while others write; PostgreSQL by its
own programs, pg_dump and pg_restore, whose password goes through the environment, never a command line.
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from tui_mail.errors import CannotWrite, InputOutput, NotFound, TryLater, WrongData
from tui_mail.i18n import _

_PAGES = 2000


def snapshot(file: Path, target: Path) -> None:
    """A copy of an SQLite database as it is at one moment, checked.

    Raises CannotWrite, InputOutput.
    """
    try:
        with (
            closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy, pages=_PAGES)
            copy.execute("PRAGMA journal_mode = DELETE")
            found = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise CannotWrite(
            _("The database cannot be copied to {file} ({reason}).").format(
                file=target, reason=error
            )
        ) from error
    if found != ("ok",):
        raise InputOutput(
            _("The database is damaged: tui-mail doctor says more; the backup was not made.")
        )


def check_snapshot(file: Path) -> None:
    """Raise WrongData unless the file is a whole SQLite database of ours."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            sound = copy.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        sound = False
    if not sound:
        raise WrongData(_("The database in the backup is damaged: take another backup."))


def let_go(file: Path) -> None:
    """See that no other program has the SQLite database open, and that all is in the one file.

    Raises TryLater.
    """
    try:
        with closing(sqlite3.connect(file, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise TryLater(
            _("Another program has the database open: end consoles and workers, then try again.")
        ) from error
    except sqlite3.DatabaseError:
        return  # it is damaged, which is why it is replaced


def dump(url: str, target: Path) -> None:
    """A dump of a PostgreSQL database as it is at one moment.

    Raises NotFound without pg_dump, InputOutput when it fails.
    """
    _run("pg_dump", url, "--format=custom", "--no-owner", f"--file={target}")


def load(url: str, source: Path) -> None:
    """Replace what a PostgreSQL database holds by a dump, all of it or nothing.

    Raises NotFound without pg_restore, InputOutput when it fails.
    """
    options = ("--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error")
    _run("pg_restore", url, *options, str(source))


def _run(program: str, url: str, *options: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise NotFound(
            _("{program} is not installed: install PostgreSQL's client programs.").format(
                program=program
            )
        )
    place = make_url(url)
    values = {
        "PGHOST": place.host or str(place.query.get("host", "")),
        "PGPORT": str(place.port or ""),
        "PGUSER": place.username or "",
        "PGPASSWORD": place.password or "",
    }
    environment = {**os.environ, **{key: value for key, value in values.items() if value}}
    done = subprocess.run(  # noqa: S603 — the program is PostgreSQL's, the options are ours
        [found, f"--dbname={place.database or ''}", "--no-password", *options],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [""]
        raise InputOutput(_("{program} failed: {reason}").format(program=program, reason=lines[-1]))
