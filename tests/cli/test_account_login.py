"""account login: at a provider, into a Dovecot that asks that provider about its tokens."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pexpect
import pytest

from tests.cli.conftest import PASSWORD, Servers
from tests.cli.program import Program, command_line, letter
from tests.servers.dovecot import missing
from tests.servers.openid import CLIENT, Provider
from tests.servers.token_dovecot import TokenDovecot

_EMAIL = "anna@rossi.example"


@dataclass
class Office:
    """A provider, a Dovecot, and an account there that nobody has signed in to."""

    provider: Provider
    dovecot: TokenDovecot
    program: Program

    @property
    def first(self) -> list[str]:
        """For the first `account login`."""
        return ["account", "login", _EMAIL, "--client-id", CLIENT]

    def nothing_shows(self) -> None:
        """No token, nor a secret, is to be read in any file of the installation."""
        secrets = [*self.provider.issued, self.provider.secret or self.provider.issued[0]]
        for file in self.program.home.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            assert not any(secret.encode() in content for secret in secrets), file


@pytest.fixture
def office(program: Program, tmp_path: Path) -> Iterator[Office]:
    if missing():
        pytest.skip(missing())
    provider = Provider(tmp_path, user=_EMAIL)
    provider.start()
    dovecot = TokenDovecot(provider, "xoauth2 oauthbearer")
    dovecot.start({"probe": "probe"})
    both = tmp_path / "both.pem"
    both.write_text(Path(provider.ca_file).read_text() + Path(dovecot.ca_file).read_text())
    added = program(
        *("account", "add", _EMAIL, "--oauth", provider.issuer, "--ca", both),
        *("--imap", f"{dovecot.host}:{dovecot.port_imaps}"),
    )
    assert (added.code, added.record["oauth_issuer"]) == (0, provider.issuer), added
    yield Office(provider, dovecot, program)
    dovecot.stop()
    provider.stop()


def test_signing_in_fetches_mail_until_it_ends_and_then_again(office: Office) -> None:
    program, provider = office.program, office.provider
    provider.polls.append("authorization_pending")
    result = program(*office.first)
    assert (result.code, result.err.count("WDJB-MJHT")) == (0, 1), result
    code, done = result.records
    assert code == {
        "verification_uri": "https://provider.example/device",
        "user_code": "WDJB-MJHT",
        "expires_in": 60,
    }
    assert done == {"email": _EMAIL, "signed_in": True, "issuer": provider.issuer}
    assert program("account", "test", _EMAIL).code == 0
    office.dovecot.deliver(_EMAIL, letter(1))
    assert program("worker", "--once").record == {"account": _EMAIL, "ok": True}
    assert program("search", "in:INBOX", "--count").record == {"count": 1}

    provider.end_sign_in()
    ended = program("worker", "--once")
    assert (ended.code, ended.record["error"]) == (77, "sign_in_again")
    assert f"tui-mail account login {_EMAIL}" in ended.record["message"]
    status = program("worker", "status").record
    assert f"tui-mail account login {_EMAIL}" in json.dumps(status)

    assert program("account", "login", _EMAIL).code == 0  # what is not given stays
    assert program("worker", "--once").code == 0
    office.nothing_shows()


def test_a_token_that_the_mail_server_refuses_is_renewed_at_once(office: Office) -> None:
    office.program(*office.first)
    office.provider.active.clear()  # the provider restarted, and knows its tokens no more
    assert office.program("worker", "--once").code == 0
    assert (office.provider.refreshes, office.provider.burned) == (1, 0)


def test_a_program_with_a_secret_keeps_it_sealed_and_uses_it_again(office: Office) -> None:
    office.provider.secret = "geheim"
    office.program.fails(78, "settings", *office.first)
    result = office.program(*office.first, "--client-secret-stdin", stdin="geheim\n")
    assert result.code == 0, result
    office.provider.active.clear()
    assert office.program("worker", "--once").code == 0
    assert office.program("account", "login", _EMAIL).code == 0
    office.nothing_shows()


def test_who_declines_is_not_signed_in(office: Office) -> None:
    office.provider.polls.append("access_denied")
    result = office.program(*office.first)
    assert (result.code, result.records[-1]["error"]) == (77, "not_allowed")
    assert office.program("worker", "--once").record["error"] == "sign_in_again"


def test_ctrl_c_gives_up_waiting(office: Office) -> None:
    office.provider.polls.extend(["authorization_pending"] * 60)
    process = office.program.start(*office.first, "--json")
    assert process.stdout is not None
    assert "user_code" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_provider_without_device_codes_sends_a_browser_back_to_us(office: Office) -> None:
    office.provider.devices = False
    process = office.program.start(*office.first, "--json")
    assert process.stdout is not None
    there = json.loads(process.stdout.readline())
    with urlopen(office.provider.agree(there["authorization_uri"]), timeout=10) as page:
        assert page.status == 200
    out, err = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["signed_in"]) == (0, True), err


def test_the_address_that_a_browser_elsewhere_ends_at_is_pasted(office: Office) -> None:
    office.provider.devices = False
    words = command_line("--home", office.program.home, *office.first)
    terminal = pexpect.spawn(
        words[0], words[1:], encoding="utf-8", timeout=60, dimensions=(40, 1000)
    )
    terminal.expect("agree there:")
    terminal.expect(r"https://localhost:\S+")
    address = office.provider.agree(str(terminal.after))
    terminal.expect("paste the address")
    terminal.sendline("https://localhost/?code=x&state=y")
    terminal.expect("copy all of it")
    terminal.sendline(address)
    terminal.expect(f"{_EMAIL} is signed in to")
    terminal.expect(pexpect.EOF)
    assert terminal.wait() == 0


def test_another_server_is_not_let_in_by_an_old_sign_in(office: Office) -> None:
    office.program(*office.first)
    changed = office.program("account", "set", _EMAIL, "--imap", "127.0.0.1:1")
    assert (changed.code, "sign in again" in changed.err) == (0, True), changed
    asked = len(office.provider.questions)
    assert office.program("worker", "--once").record["error"] == "sign_in_again"
    assert len(office.provider.questions) == asked


def test_what_is_missing_is_said(program: Program, servers: Servers) -> None:
    program("account", "add", _EMAIL, *servers.options, stdin=PASSWORD)
    login = ("account", "login", _EMAIL)
    assert "--issuer" in program.fails(64, "wrong_use", *login)
    assert "--client-id" in program.fails(64, "wrong_use", *login, "--microsoft")
    program.fails(64, "wrong_use", *login, "--google", "--microsoft")
    program.fails(78, "settings", *login, "--issuer", "http://x.example", "--client-id", "x")
    program.fails(69, "unreachable", *login, "--issuer", "https://127.0.0.1:1", "--client-id", "x")
    program.fails(64, "wrong_use", "account", "add", "x@y.example", "--oauth", "facebook")
    assert program("account", "test", _EMAIL).code == 0  # the password is still good
