"""Whether the servers that took a message in say that it comes from whom it names (RFC 8601).

Only a server of the reader's own provider is believed: any sender can write such a header. It is
believed where it stands above every trace of the way here, or where the provider is known to
remove what strangers wrote in its name (RFC 8601 §5).
"""

import re
from collections.abc import Iterable, Sequence

from tui_mail.mail.links import owned
from tui_mail.values import Authentication, ParsedMessage

_MAX = 4_000
_COMMENT = re.compile(r"\([^()]{0,500}\)")
_RESULT = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]{2,12})\b", re.IGNORECASE)
_DOMAIN = re.compile(
    r"\b(?:header\.(?:d|i|from)|smtp\.(?:mailfrom|mail))\s*=\s*\"?(?:[^\s;@\"]{0,64}@)?([^\s;@\"]{1,255})",
    re.IGNORECASE,
)
# Whose servers remove forged results, by whose accounts read their mail there.
_STRIPPING = {
    "gmail.com": "google.com",
    "googlemail.com": "google.com",
    "google.com": "google.com",
    "yahoo.com": "yahoo.com",
    "fastmail.com": "messagingengine.com",
}


def authentication_of(parsed: ParsedMessage, own_hosts: Iterable[str]) -> Authentication:
    """What the reader's own servers found; `own_hosts`: the account's server and mail domain."""
    if parsed.sender is None or len({box.address.lower() for box in parsed.senders}) > 1:
        return Authentication()
    owners = {owned(host.lower()) for host in own_hosts if host[-1:].isalpha()}
    names = [name.lower() for name, _value in parsed.headers]
    if "authentication-results" not in names:
        return Authentication()
    place = names.index("authentication-results")
    value = _COMMENT.sub(" ", parsed.headers[place][1][:_MAX])
    server = next(iter(value.partition(";")[0].split()), "").lower()
    if not _is_believed(owned(server), owners, names[:place]):
        return Authentication()
    domain = owned(parsed.sender.address.rpartition("@")[2].lower())
    return _judged(value.partition(";")[2].split(";"), domain, server)


def weakest(found: Sequence[Authentication]) -> Authentication:
    """What is known of the sender of several messages that are one: what holds for all of them."""
    passed = (
        method for method in found[0].passed if all(method in one.passed for one in found[1:])
    )
    failed = next((one for one in found if one.failed), None)
    if failed is not None:
        return failed
    by = found[0].by if all(one.by for one in found) else ""
    return Authentication(tuple(passed) if by else (), by=by)


def _is_believed(owner: str, owners: set[str], above: Sequence[str]) -> bool:
    if any(_STRIPPING.get(own) == owner for own in owners):
        return True
    return owner in owners and "received" not in above


def _judged(results: Sequence[str], domain: str, server: str) -> Authentication:
    passed: list[str] = []
    verdicts: dict[str, str] = {}
    for result in results:
        found = _RESULT.match(result)
        if found is None:
            continue
        method, verdict = found[1].lower(), found[2].lower()
        told = [owned(name.strip(".").lower()) for name in _DOMAIN.findall(result)]
        if verdict == "pass" and (domain in told or (method == "dmarc" and not told)):
            passed.append(method)
        verdicts.setdefault(method, verdict)
    failed = verdicts.get("dmarc") == "fail" or (not passed and verdicts.get("spf") == "fail")
    return Authentication(tuple(dict.fromkeys(passed)), failed, server)
