"""Measures how fast mail is taken in, beside notmuch and mu on the same Maildir in the same run.

    .venv/bin/python scripts/bench/ingest.py [--messages 20000] [--mail OUT] [--on sqlite,postgresql]

Everything that a program does for a message counts: reading the file, every index, the links to
records, files sealed and made durable. Each is one process as a person starts it; prints messages
a second, megabytes a second, processor seconds and what lies on the disk. OUT is made by mail.py,
or by this. Hides how each of the programs is called.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.mail import ACCOUNT
from tests.postgresql import server

_PROGRAM = str(Path(sys.executable).with_name("tui-mail"))
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Run:
    """What a program needed: seconds on the wall and of the processor, bytes that it left."""

    name: str
    wall: float
    processor: float
    stored: int


def timed(name: str, command: list[str], left: Path, environment: Mapping[str, str]) -> Run:
    """Run a program that must succeed; `left`: where it puts what it keeps."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, check=False
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr.decode(errors='replace')[-2000:]}")
    processor = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    size = sum(file.stat().st_size for file in left.rglob("*") if file.is_file())
    return Run(name, wall, processor, size)


def notmuch(mail: Path, work: Path) -> Run:
    """`notmuch new`, without hooks."""
    (work / "mail").symlink_to(mail)
    config = work / "config"
    config.write_text(
        f"[database]\npath={work}/index\nmail_root={mail}\nhook_dir={work}/hooks\n"
        f"[user]\nprimary_email={ACCOUNT}\n[new]\ntags=unread\n"
    )
    (work / "index").mkdir()
    return timed("notmuch new", ["notmuch", "new"], work / "index", {"NOTMUCH_CONFIG": str(config)})


def mu(mail: Path, work: Path) -> Run:
    """`mu init` and `mu index`."""
    home = [f"--muhome={work}"]
    subprocess.run(
        ["mu", "init", *home, f"--maildir={mail}", f"--my-address={ACCOUNT}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return timed("mu index", ["mu", "index", *home, "--quiet"], work, {})


def ours(mail: Path, erp: Path, work: Path, url: str, name: str) -> Run:
    """`tui-mail import` into a new home that knows the company's records."""
    program = [_PROGRAM, "--home", str(work), "--as", "bench"]
    environment = {"TUI_MAIL_DATABASE": url} if url else {}
    for arguments in (
        ["init"],
        ["erp", "import", str(erp)],
        ["account", "add", ACCOUNT, "--local"],
    ):
        subprocess.run(
            [*program, *arguments],
            check=True,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    command = [*program, "--json", "import", str(mail), "--account", ACCOUNT]
    run = timed(name, command, work, environment)
    counted = subprocess.run(
        [*program, "--json", "search", "--count", f"account:{ACCOUNT}"],
        check=True,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
    )
    print(f"  {name} holds {json.loads(counted.stdout)['count']} messages")
    return run


@contextmanager
def beneath(folder: Path) -> Iterator[Path]:
    """A folder of its own, gone afterwards."""
    work = Path(tempfile.mkdtemp(dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def runs(mail: Path, erp: Path, folder: Path, databases: list[str]) -> Iterator[Run]:
    """One after the other, the rivals first."""
    for name, rival in (("notmuch", notmuch), ("mu", mu)):
        if shutil.which(name) is None:
            print(f"{name} is not installed")
            continue
        with beneath(folder) as work:
            yield rival(mail, work)
    if "sqlite" in databases:
        with beneath(folder) as work:
            yield ours(mail, erp, work, "", "tui-mail, SQLite")
    if "postgresql" in databases:
        with server(durable=True) as url, beneath(folder) as work:
            if url is None:
                print("PostgreSQL is not installed")
                return
            yield ours(mail, erp, work, url, "tui-mail, PostgreSQL")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--mail", type=Path, help="made by mail.py before")
    options.add_argument("--on", default="sqlite,postgresql")
    asked = options.parse_args()
    with beneath(Path(tempfile.gettempdir())) as folder:
        made = asked.mail or folder / "made"
        if asked.mail is None:
            generator = [sys.executable, str(_HERE / "mail.py"), str(made)]
            subprocess.run([*generator, "--messages", str(asked.messages)], check=True)
        mail = (made / "mail").resolve()
        files = [entry.stat().st_size for entry in os.scandir(mail / "cur")]
        count, size = len(files), sum(files)
        for file in (mail / "cur").iterdir():  # into memory, for all alike
            file.read_bytes()
        print(f"{count} messages, {size / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}")
        rival = 0.0
        for run in runs(mail, made / "erp", folder, asked.on.split(",")):
            rate = count / run.wall
            rival = rate if run.name.startswith("notmuch") else rival
            times = f", {rate / rival:.2f} x notmuch" if rival else ""
            print(
                f"{run.name}: {run.wall:.1f} s, {rate:.0f} messages/s, {size / run.wall / 1e6:.1f} MB/s,"
                f" {run.processor:.1f} s of processors, {run.stored / 1e6:.0f} MB kept{times};"
                f" load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
