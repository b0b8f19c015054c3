"""A provider of certified mail for tests: envelopes and receipts (RFC 6109), signed for real."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

PROVIDER = "posta-certificata@gestore.example"
Identity = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


@dataclass(frozen=True)
class Posted:
    """A letter that the provider carries."""

    sender: str = "anna@pec.example"
    to: str = "vendite@rossi.it"
    subject: str = "Ordine 77"
    text: str = "vorrei dieci viti"
    letter: str = "l1@client.example"
    identifier: str = "opec1.310.1.63@gestore.example"
    head: str = ""  # more header lines of the letter


@cache
def identity(address: str = PROVIDER, authority: bool = True, first: int = 2020) -> Identity:
    """A certificate for `address`, made by the authority of these tests or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Posta Certificata Prova")])
    maker, maker_key = certificate_authority() if authority else (None, key)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(maker.subject if maker else name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(first, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(first + 10, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
        .sign(maker_key, hashes.SHA256())
    )
    return certificate, key


@cache
def certificate_authority() -> Identity:
    """Who vouches for providers."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Autorità di prova")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2010, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def authority_pem() -> bytes:
    return certificate_authority()[0].public_bytes(serialization.Encoding.PEM)


def facts(
    posted: Posted,
    kind: str,
    *,
    error: str = "nessuno",
    recipients: Sequence[tuple[str, str]] = (),
    delivered_to: str = "",
    reason: str = "",
) -> str:
    told = recipients or ((posted.to, "certificato"),)
    lines = "".join(f'<destinatari tipo="{how}">{one}</destinatari>' for one, how in told)
    more = f"<consegna>{delivered_to}</consegna>" if delivered_to else ""
    more += f"<errore-esteso>{reason}</errore-esteso>" if reason else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><postacert tipo="{kind}" errore="{error}">'
        f"<intestazione><mittente>{posted.sender}</mittente>{lines}"
        f"<risposte>{posted.sender}</risposte><oggetto>{escape(posted.subject)}</oggetto>"
        "</intestazione><dati><gestore-emittente>Gestore</gestore-emittente>"
        '<data zona="+0100"><giorno>12/11/2026</giorno><ora>10:00:00</ora></data>'
        f"<identificativo>{posted.identifier}</identificativo>"
        f"<msgid>&lt;{posted.letter}&gt;</msgid>{more}</dati></postacert>"
    )


def envelope(
    posted: Posted,
    *,
    signed: bool = True,
    by: Identity | None = None,
    said: str | None = None,
    kind: str = "posta-certificata",
    head: str = "",
) -> bytes:
    """A transport envelope. `said`: daticert.xml instead of the true one; `head`: more headers."""
    letter = (
        f"From: Anna Rossi <{posted.sender}>\r\nTo: {posted.to}\r\nSubject: {posted.subject}\r\n"
        f"Date: Thu, 12 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{posted.identifier}>\r\n"
        f"{posted.head}\r\n{posted.text}\r\n"
    )
    top = (
        f'From: "Per conto di: {posted.sender}" <{PROVIDER}>\r\nReply-To: {posted.sender}\r\n'
        f"To: {posted.to}\r\nSubject: POSTA CERTIFICATA: {posted.subject}\r\n"
        f"Message-ID: <{posted.identifier}>\r\nX-Trasporto: {kind}\r\n"
        f"X-Riferimento-Message-ID: <{posted.letter}>\r\n{head}"
    )
    told = facts(posted, "posta-certificata") if said is None else said
    return _message(top, told, letter, by or identity(), signed=signed)


def receipt(
    posted: Posted,
    kind: str,
    said: str,
    *,
    number: str = "r1",
    by: Identity | None = None,
    signed: bool = True,
    field: str = "X-Ricevuta",
) -> bytes:
    """A receipt that the provider writes to the sender; `said`: daticert.xml, "" for none."""
    top = (
        f"From: {PROVIDER}\r\nTo: {posted.sender}\r\nSubject: {kind.upper()}: {posted.subject}\r\n"
        f"Message-ID: <{number}.{posted.identifier}>\r\n{field}: {kind}\r\n"
        f"X-Riferimento-Message-ID: <{posted.letter}>\r\n"
    )
    return _message(top, said, "", by or identity(), signed=signed)


def _message(head: str, said: str, letter: str, by: Identity, *, signed: bool) -> bytes:
    parts = ["Content-Type: text/plain\r\n\r\nMessaggio di posta certificata\r\n"]
    if said:
        parts.append(
            "Content-Type: application/xml; name=daticert.xml\r\n"
            f"Content-Disposition: inline; filename=daticert.xml\r\n\r\n{said}\r\n"
        )
    if letter:
        parts.append(
            "Content-Type: message/rfc822; name=postacert.eml\r\n"
            f"Content-Disposition: inline; filename=postacert.eml\r\n\r\n{letter}"
        )
    body = "".join(f"--y\r\n{part}" for part in parts) + "--y--\r\n"
    content = f"Content-Type: multipart/mixed; boundary=y\r\n\r\n{body}".encode()
    top = f"{head}Date: Thu, 12 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n".encode()
    if not signed:
        return top + content
    certificate, key = by
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    seal = builder.add_signer(certificate, key, hashes.SHA256()).sign(
        serialization.Encoding.PEM,
        [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary],
    )
    lines = b"\r\n".join(seal.splitlines()[1:-1])
    return (
        top
        + b'Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; boundary=x\r\n'
        + b"\r\n--x\r\n"
        + content
        + b"\r\n--x\r\nContent-Type: application/x-pkcs7-signature; name=smime.p7s\r\n"
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + lines
        + b"\r\n--x--\r\n"
    )
