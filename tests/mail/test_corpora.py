"""Real and malformed messages of many origins: read, laid out, taken apart and put back."""

import os

import pytest

from tests.data import data_folder, messages
from tui_mail.mail.parse import parse
from tui_mail.mail.render import plain, render
from tui_mail.mail.source import dismantle, restore
from tui_mail.safetext import safe

FULL = os.environ.get("TUI_MAIL_TEST_FULL") == "1"  # every message of every set
SETS = {
    "mime4j": 1,
    "zbateson": 1,
    "stalwart-mail-parser": 1,
    "mikel-mail": 1,
    "cpython-email": 1,
    "mailman": 1,
    "notmuch": 1,
    "sisimai": 1,
    "mailsploit-derived": 1,
    "talon": 1,
    "oca-l10n-italy-12": 1,
    "pec-java-parser": 1,
    "spamassassin": 5,
}


@pytest.mark.parametrize("name", SETS)
def test_every_message_is_read_and_shown_without_a_control_character(name: str) -> None:
    for path, raw in messages(name, 1 if FULL else SETS[name]):
        parsed = parse(raw)
        rendered = render(parsed, 80)
        for line in rendered.lines:
            for span in line:
                assert span.text == safe(span.text), path
        assert parsed.size == len(raw)
        assert len(plain(rendered)) == len(rendered.lines)


@pytest.mark.parametrize("name", SETS)
def test_every_message_is_restored_byte_for_byte(name: str) -> None:
    for path, raw in messages(name, 1 if FULL else SETS[name]):
        source = dismantle(raw)
        blobs = {f"blob{each.number}": each.attachment.content for each in source.attachments}
        assert restore(source.skeleton(list(blobs)), blobs.__getitem__) == raw, path


def test_almost_all_bounces_are_known_as_bounces() -> None:
    kinds = [parse(raw).kind for path, raw in messages("sisimai") if path.endswith(".eml")]
    assert kinds.count("bounce") / len(kinds) > 0.95


def test_forged_senders_show_the_address_that_wrote() -> None:
    for path, raw in messages("mailsploit-derived"):
        sender = parse(raw).sender
        assert sender is not None, path
        assert sender.address.endswith("@evil.example"), path
        if "<attacker@evil.example>" in raw.decode("utf-8", "replace"):
            assert sender.address == "attacker@evil.example", path


def test_a_name_that_is_another_address_is_a_warning() -> None:
    path = data_folder("mailsploit-derived") / "13-display-is-addr.eml"
    assert "name_shows_other_address" in parse(path.read_bytes()).warnings


def test_certified_mail_is_told_from_its_receipts() -> None:
    kinds = {parse(raw).kind for path, raw in messages("oca-l10n-italy-12") if "CONSEGNA" in path}
    assert kinds == {"pec_receipt"}


def test_naughty_strings_are_safe_wherever_they_stand() -> None:
    for text in (data_folder("blns") / "blns.txt").read_text("utf-8").splitlines():
        raw = b"Subject: " + text.encode() + b"\nContent-Type: text/html; charset=utf-8\n\n"
        for body in (text, f"<p title='{text}'>{text}<a href='http://x.it/{text}'>{text}</a>"):
            rendered = render(parse(raw + body.encode()), 40)
            for line in rendered.lines:
                for span in line:
                    assert span.text == safe(span.text)
