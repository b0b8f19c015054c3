"""Providers of sign-in that are known by name, and what is asked of them for mail.

An OpenID provider that is not here is used by its address alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """`scopes`: what is asked for, by protocol of the mailbox. `devices`: whether it lets mail be
    signed in by a code on another device. `hosts`: suffixes of its mail servers."""

    name: str
    issuer: str
    scopes: dict[str, str]
    devices: bool
    hosts: tuple[str, ...]

    def scope(self, protocol: str) -> str:
        """What a mailbox of that protocol needs."""
        return self.scopes.get(protocol, self.scopes["imap"])


_OFFICE = "https://outlook.office.com"
MICROSOFT = KnownProvider(
    "Microsoft",
    "https://login.microsoftonline.com/common/v2.0",
    {
        "imap": f"offline_access {_OFFICE}/IMAP.AccessAsUser.All {_OFFICE}/SMTP.Send",
        "pop3": f"offline_access {_OFFICE}/POP.AccessAsUser.All {_OFFICE}/SMTP.Send",
    },
    devices=True,
    hosts=("office365.com", "outlook.com"),
)
GOOGLE = KnownProvider(
    "Google",
    "https://accounts.google.com",
    {"imap": "https://mail.google.com/"},
    devices=False,  # its device flow covers neither IMAP nor SMTP
    hosts=("gmail.com", "googlemail.com"),
)
PROVIDERS = (MICROSOFT, GOOGLE)
USUAL_SCOPE = "openid email offline_access"
"""Of a provider that is not known: who signs in, for good."""


def by_host(host: str) -> KnownProvider | None:
    """The provider that a mail server belongs to."""
    for provider in PROVIDERS:
        if any(f".{host.lower()}".endswith("." + suffix) for suffix in provider.hosts):
            return provider
    return None


def by_issuer(issuer: str) -> KnownProvider | None:
    """The known provider at an address."""
    return next((one for one in PROVIDERS if one.issuer == issuer), None)
