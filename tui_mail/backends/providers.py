"""Providers whose servers are known, by the domain of an address and by where its mail goes."""

from dataclasses import dataclass

from tui_mail.values import Endpoint, Tls


@dataclass(frozen=True, slots=True)
class Provider:
    """Servers of a provider. `exchangers`: suffixes of the MX of domains that it hosts."""

    name: str
    domains: tuple[str, ...]
    exchangers: tuple[str, ...]
    imap: Endpoint
    smtp: Endpoint


def _provider(
    name: str,
    domains: str,
    exchangers: str,
    imap: str,
    smtp: str,
    *,
    submission: bool = False,
) -> Provider:
    """`submission`: port 587 with STARTTLS in place of 465."""
    sending = Endpoint(smtp, 587, Tls.STARTTLS) if submission else Endpoint(smtp, 465)
    return Provider(
        name, tuple(domains.split()), tuple(exchangers.split()), Endpoint(imap, 993), sending
    )


# The more particular exchanger comes first: pec.aruba.it before aruba.it.
PROVIDERS = (
    _provider(
        "Gmail", "gmail.com googlemail.com", "google.com googlemail.com",
        "imap.gmail.com", "smtp.gmail.com",
    ),
    _provider(
        "Outlook.com",
        "outlook.com outlook.it hotmail.com hotmail.it live.com live.it msn.com",
        "olc.protection.outlook.com",
        "outlook.office365.com", "smtp-mail.outlook.com", submission=True,
    ),
    _provider(
        "Microsoft 365", "", "mail.protection.outlook.com mx.microsoft",
        "outlook.office365.com", "smtp.office365.com", submission=True,
    ),
    _provider(
        "Yahoo", "yahoo.com yahoo.it ymail.com rocketmail.com myyahoo.com", "yahoodns.net",
        "imap.mail.yahoo.com", "smtp.mail.yahoo.com",
    ),
    _provider(
        "iCloud", "icloud.com me.com mac.com", "mail.icloud.com",
        "imap.mail.me.com", "smtp.mail.me.com", submission=True,
    ),
    _provider(
        "Aruba PEC", "pec.it arubapec.it pec.aruba.it mypec.eu gigapec.it ingpec.eu",
        "pec.aruba.it", "imaps.pec.aruba.it", "smtps.pec.aruba.it",
    ),
    _provider(
        "Aruba", "aruba.it technet.it", "aruba.it", "imaps.aruba.it", "smtps.aruba.it"
    ),
    _provider(
        "Legalmail", "legalmail.it cert.legalmail.it", "legalmail.it infocert.it",
        "mbox.cert.legalmail.it", "sendm.cert.legalmail.it",
    ),
    _provider(
        "Namirial PEC", "sicurezzapostale.it", "sicurezzapostale.it",
        "imaps.sicurezzapostale.it", "smtps.sicurezzapostale.it",
    ),
    _provider(
        "Register.it PEC", "pec-email.com pec-mail.it", "pec-email.com",
        "server.pec-email.com", "server.pec-email.com",
    ),
    _provider(
        "Register.it", "register.it", "register.it securemail.pro",
        "imap.securemail.pro", "authsmtp.securemail.pro",
    ),
    _provider(
        "Postecert", "postecert.it", "postecert.it",
        "mail.postecert.it", "mail.postecert.it",
    ),
    _provider(
        "Libero", "libero.it inwind.it iol.it blu.it giallo.it", "libero.it",
        "imapmail.libero.it", "smtp.libero.it",
    ),
    _provider("Virgilio", "virgilio.it", "virgilio.it", "in.virgilio.it", "out.virgilio.it"),
    _provider("Alice", "alice.it tin.it", "alice.it", "in.alice.it", "out.alice.it"),
    _provider("TIM", "tim.it telecomitalia.it", "tim.it", "imap.tim.it", "smtp.tim.it"),
    _provider("Tiscali", "tiscali.it", "tiscali.it", "imap.tiscali.it", "smtp.tiscali.it"),
    _provider("GMX", "gmx.net gmx.de gmx.at gmx.ch", "gmx.net", "imap.gmx.net", "mail.gmx.net"),
    _provider("GMX", "gmx.com gmx.us gmx.fr gmx.it", "gmx.com", "imap.gmx.com", "mail.gmx.com"),
    _provider(
        "Fastmail", "fastmail.com fastmail.fm", "messagingengine.com",
        "imap.fastmail.com", "smtp.fastmail.com",
    ),
    _provider("Zoho", "zoho.com zohomail.com", "zoho.com", "imap.zoho.com", "smtp.zoho.com"),
    _provider("Zoho", "zoho.eu zohomail.eu", "zoho.eu", "imap.zoho.eu", "smtp.zoho.eu"),
)  # fmt: skip

_BY_DOMAIN = {domain: provider for provider in PROVIDERS for domain in provider.domains}


def by_domain(domain: str) -> Provider | None:
    """The provider whose own domain this is."""
    return _BY_DOMAIN.get(domain.lower())


def by_exchanger(exchanger: str) -> Provider | None:
    """The provider that a mail exchanger belongs to."""
    host = "." + exchanger.rstrip(".").lower()
    for provider in PROVIDERS:
        if any(host.endswith("." + suffix) for suffix in provider.exchangers):
            return provider
    return None
