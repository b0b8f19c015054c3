"""Link targets as a person should see them, whatever they were made to look like."""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

from tui_mail.values import Mismatch

_MAX_SHOWN = 300
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'*_"
_HOST = re.compile(
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,24}|xn--[a-z0-9-]{1,59})", re.IGNORECASE
)
_ADDRESS = re.compile(r"[\w.+%-]{1,64}@(" + _HOST.pattern + r")", re.IGNORECASE)
_FILE_ENDINGS = frozenset(
    [
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "ppt",
        "pptx",
        "odt",
        "ods",
        "zip",
        "rar",
        "txt",
        "csv",
        "xml",
        "eml",
        "msg",
        "html",
        "htm",
        "js",
        "css",
        "md",
        "jpg",
        "jpeg",
        "png",
        "gif",
        "svg",
        "ics",
        "vcf",
        "asp",
        "aspx",
        "php",
        "jsp",
        "exe",
    ]
)
_SECOND_LEVELS = frozenset(
    ["co", "com", "net", "org", "gov", "edu", "ac", "or", "ne", "go", "gob", "gouv", "govt"]
)


def link_label(url: str) -> str:
    """A link's target as a person should see it: its real host first, no scheme, no user."""
    if url[:7].lower() == "mailto:":
        return url[7:]
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return url
    if not host:
        return url
    path = parts.path if parts.path != "/" else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{plain_host(host)}{port}{path}{query}"


def plain_host(host: str) -> str:
    """A host name; one with letters of another script than Latin as it goes over the wire.

    So `аpple.com` with a Cyrillic first letter does not look like what it imitates.
    """
    if host.isascii() or all(
        unicodedata.name(c, "").startswith("LATIN") for c in host if not c.isascii()
    ):
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")


def has_url(text: str) -> bool:
    """Whether there may be an address in `text`: cheap."""
    return "://" in text or "www." in text or "WWW." in text


def urls_in(text: str) -> Iterator[tuple[int, str, str]]:
    """The web addresses that stand in a text: where, as they are written, and where they lead."""
    for match in _URL.finditer(text):
        url = match[0].rstrip(_TRAILING)
        if "." in url and url.lower() != "www":
            yield match.start(), url, url if "://" in url else f"http://{url}"


def mismatch(number: int, shown: str, target: str) -> Mismatch | None:
    """What to warn of when a link's visible text names another host than it leads to."""
    named = _named_host(shown.strip()[:_MAX_SHOWN], mail=target[:7].lower() == "mailto:")
    real = host_of(target)
    if not named or not real or _are_one(named.lower(), real.lower()):
        return None
    return Mismatch(number, plain_host(named), plain_host(real))


def _named_host(shown: str, *, mail: bool) -> str:
    """The host that a text claims to lead to: it is an address, or begins with one."""
    if mail:
        address = _ADDRESS.fullmatch(shown)
        return address[1] if address else ""
    lower = shown.lower()
    for scheme in ("https://", "http://"):
        if lower.startswith(scheme):
            return host_of(shown.split(maxsplit=1)[0])
    if not shown or len(shown.split()) > 1:
        return ""
    found = _HOST.match(shown)
    if found is None or (found.end() < len(shown) and shown[found.end()] not in "/:?#"):
        return ""
    ending = found[0].rpartition(".")[2].lower()
    is_file = ending in _FILE_ENDINGS and not lower.startswith("www.")
    return "" if is_file else found[0]


def host_of(target: str) -> str:
    """The host that a link leads to, "" when it cannot be told."""
    if target[:7].lower() == "mailto:":
        return target[7:].partition("?")[0].partition(",")[0].rpartition("@")[2]
    try:
        return (urlsplit(target).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _are_one(one: str, other: str) -> bool:
    """Whether two hosts belong to the same owner, as far as their names tell."""
    return owned(one) == owned(other)


def owned(host: str) -> str:
    """The part of a host name that somebody registered, without a list of all registries."""
    with suppress(UnicodeError):
        host = host.encode("idna").decode("ascii")
    labels = host.strip(".").split(".")
    size = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS else 2
    return ".".join(labels[-size:])
