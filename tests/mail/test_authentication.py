"""Whose word on a sender is believed: never a header that the sender wrote."""

import pytest

from tui_mail.mail.authentication import authentication_of
from tui_mail.mail.parse import parse
from tui_mail.values import Authentication

OURS = ("imap.rossi.it", "rossi.it")
GOOD = "mx.rossi.it; spf=pass smtp.mailfrom=a@ferri.it; dkim=pass header.d=ferri.it; dmarc=pass"


def found(
    head: str, sender: str = "Luca <l@ferri.it>", own: tuple[str, ...] = OURS
) -> Authentication:
    return authentication_of(parse(f"{head}\r\nFrom: {sender}\r\n\r\nx".encode()), own)


def test_the_word_of_ones_own_server_counts() -> None:
    told = found(f"Authentication-Results: {GOOD}\r\nReceived: from x by mx.rossi.it")
    assert told == Authentication(("spf", "dkim", "dmarc"), by="mx.rossi.it")


@pytest.mark.parametrize(
    "head",
    [
        f"Received: from x by mx.rossi.it\r\nAuthentication-Results: {GOOD}",
        "Authentication-Results: mx.evil.example; spf=pass smtp.mailfrom=ferri.it",
        f"Authentication-Results: mx.evil.example; none\r\nAuthentication-Results: {GOOD}",
        "Authentication-Results: mx.rossi.it.evil.example; dkim=pass header.d=ferri.it",
        "Authentication-Results:",
        "Authentication-Results: ;;;=",
        "X: y",
    ],
)
def test_a_word_that_anybody_could_have_written_does_not(head: str) -> None:
    assert found(head) == Authentication()


def test_several_senders_are_vouched_for_by_nobody() -> None:
    assert (
        found(f"Authentication-Results: {GOOD}", "a@ferri.it, b@evil.example") == Authentication()
    )


def test_a_check_of_another_domain_than_the_senders_does_not_vouch() -> None:
    told = found("Authentication-Results: mx.rossi.it; dkim=pass header.d=esp.example; spf=pass")
    assert told == Authentication(by="mx.rossi.it")


def test_a_domain_that_disowns_the_message_is_told() -> None:
    head = "Authentication-Results: mx.rossi.it (x; dmarc=pass); dmarc=fail header.from=ferri.it"
    assert found(head) == Authentication(failed=True, by="mx.rossi.it")


def test_providers_that_remove_forged_words_are_believed_below_their_traces() -> None:
    head = (
        "Received: by 2002:a05\r\n"
        "Authentication-Results: mx.google.com; dkim=pass header.i=@ferri.it header.s=x; spf=neutral"
    )
    assert found(head, own=("imap.gmail.com", "gmail.com")).passed == ("dkim",)
    assert found(head) == Authentication()


def test_an_address_in_figures_is_nobodys_name() -> None:
    head = "Authentication-Results: x.0.1; dkim=pass header.d=ferri.it"
    assert found(head, own=("127.0.0.1", "")) == Authentication()
