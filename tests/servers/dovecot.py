"""A private Dovecot for tests: own configuration, folder, certificate and ports; no root needed.

It listens on 127.0.0.1, and on 127.0.0.2 as a server that offers hardly any extension.
"""

import grp
import imaplib
import itertools
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import trustme

_CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
instance_name = {name}
listen = 127.0.0.1, 127.0.0.2
protocols = imap pop3
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_uid = {mail}
mail_gid = {mail_group}
mail_location = maildir:~/Maildir:LAYOUT=fs
mail_fsync = never
mail_max_userip_connections = 200
maildir_stat_dirs = no
mailbox_idle_check_interval = 1 secs
mail_max_keyword_length = 100
ssl = yes
ssl_cert = <{home}/server.pem
ssl_key = <{home}/server.key
auth_mechanisms = plain login
auth_failure_delay = 0 secs
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {home}/users/%u
}}
userdb {{
  driver = static
  args = uid={mail} gid={mail_group} home={home}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port_imap}
  }}
  inet_listener imaps {{
    port = {port_imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  service_count = 0
  inet_listener pop3 {{
    port = {port_pop3}
  }}
  inet_listener pop3s {{
    port = {port_pop3s}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
local 127.0.0.2 {{
  protocol imap {{
    imap_capability = IMAP4rev1 AUTH=PLAIN
  }}
}}
"""


_LIBRARIES = ("/usr/lib", "/usr/libexec", "/usr/local/libexec", "/usr/local/lib")


def missing() -> str:
    """Why there can be no private Dovecot on this machine; empty when there can."""
    program = _program()
    if program is None:
        return "Dovecot is not installed (Debian: dovecot-imapd, dovecot-pop3d)"
    if not any((Path(place) / "dovecot/pop3-login").exists() for place in _LIBRARIES):
        return "Dovecot has no POP3 (Debian: dovecot-pop3d)"
    version = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    return "" if version.startswith("2.3.") else f"Dovecot 2.3 is needed, there is {version}"


def _program() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


_TRIES = 3  # a port that was free may be taken by another program before the server has it


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dovecot:
    """One server with its users. `ca_file` is what a client must trust."""

    host = "127.0.0.1"
    plain_host = "127.0.0.2"
    """The same mailboxes without CONDSTORE, MOVE, UIDPLUS, SPECIAL-USE, ESEARCH and IDLE."""

    def __init__(self) -> None:
        # Not pytest's folder, which other users (the mail processes under root) may not enter,
        # and a short one: paths of sockets are limited to 108 bytes.
        self.home = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.home.chmod(0o755)
        self._choose_ports()
        self.ca_file = str(self.home / "ca.pem")
        self._users: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        account = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self._uid, self._gid = account.pw_uid, account.pw_gid

    def start(self, users: Mapping[str, str]) -> None:
        """Run with these users (name -> password) and wait until it listens."""
        self._users = dict(users)
        self._write_certificates()
        (self.home / "users").mkdir(mode=0o755)
        for user in users:
            self._write_user(user)
        (self.home / "mail").mkdir(mode=0o755)
        os.chown(self.home / "mail", self._uid, self._gid)
        for _try in range(_TRIES - 1):
            with suppress(RuntimeError):
                self._run()
                return
            self._choose_ports()
        self._run()

    def _run(self) -> None:
        configuration = self.home / "dovecot.conf"
        configuration.write_text(self._configuration())
        program = _program()
        assert program is not None
        self._process = subprocess.Popen(
            [program, "-F", "-c", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_it_listens()

    def _choose_ports(self) -> None:
        self.port_imap = _free_port()
        self.port_imaps = _free_port()
        self.port_pop3 = _free_port()
        self.port_pop3s = _free_port()

    def stop(self) -> None:
        """End the server and remove all it had."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
        shutil.rmtree(self.home, ignore_errors=True)

    def add_user(self, user: str, password: str) -> None:
        """One more user, with an empty mailbox."""
        self._users[user] = password
        self._write_user(user)

    def deliver(self, user: str, raw: bytes, folder: str = "INBOX") -> None:
        """Put a message into a folder as a delivery agent does: it is new there."""
        root = self.home / "mail" / user / "Maildir"
        place = root if folder == "INBOX" else root / folder
        self._make_maildir(place)
        name = f"{time.time():.6f}.N{next(self._numbers)}P{os.getpid()}.test"
        draft = place / "tmp" / name
        draft.write_bytes(raw)
        os.chown(draft, self._uid, self._gid)
        draft.rename(place / "new" / name)

    def second_client(self, user: str) -> imaplib.IMAP4_SSL:
        """Another program at the same mailbox, logged in; the caller logs it out."""
        context = ssl.create_default_context(cafile=self.ca_file)
        client = imaplib.IMAP4_SSL(self.host, self.port_imaps, ssl_context=context, timeout=20)
        # Not login(), which sends ASCII only.
        client.authenticate("PLAIN", lambda _: f"\0{user}\0{self._users[user]}".encode())
        return client

    def log(self) -> str:
        """What the server logged."""
        log = self.home / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def _make_maildir(self, place: Path) -> None:
        for folder in (place.parent, place, *(place / name for name in ("tmp", "new", "cur"))):
            if not folder.exists():
                folder.mkdir(parents=True)
                os.chown(folder, self._uid, self._gid)

    def _write_user(self, user: str) -> None:
        # A file a user: Dovecot looks for changes of a file that it has open once a second only.
        file = self.home / "users" / user
        file.write_text(f"{user}:{{PLAIN}}{self._users[user]}::::::\n")
        file.chmod(0o644)

    def _write_certificates(self) -> None:
        authority = trustme.CA()
        certificate = authority.issue_cert("localhost", "127.0.0.1", "127.0.0.2")
        authority.cert_pem.write_to_path(self.ca_file)
        certificate.private_key_pem.write_to_path(str(self.home / "server.key"))
        for blob in certificate.cert_chain_pems:
            blob.write_to_path(str(self.home / "server.pem"), append=True)

    def _configuration(self) -> str:
        me = pwd.getpwuid(os.getuid()).pw_name
        root = os.getuid() == 0
        group = grp.getgrgid(os.getgid()).gr_name
        return _CONFIGURATION.format(
            home=self.home,
            name=self.home.name,
            internal="dovecot" if root else me,
            group="dovecot" if root else group,
            login="dovenull" if root else me,
            mail=self._uid,
            mail_group=self._gid,
            port_imap=self.port_imap,
            port_imaps=self.port_imaps,
            port_pop3=self.port_pop3,
            port_pop3s=self.port_pop3s,
        )

    def _wait_until_it_listens(self) -> None:
        end = time.monotonic() + 20
        while True:
            assert self._process is not None
            if self._process.poll() is not None:
                raise RuntimeError(f"Dovecot did not start: {self.log()}")
            try:
                self.second_client(next(iter(self._users))).logout()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return
