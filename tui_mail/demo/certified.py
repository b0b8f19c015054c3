"""Mail with machinery around it: certified mail (PEC) in its envelope, and bounces.

The envelope has the shape of RFC 6109, signed with a key that everybody can read: the same seed gives
the same bytes.
"""

import html
from base64 import encodebytes
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tui_mail.demo.clients import Written, local
from tui_mail.demo.envelope import (
    Attachment,
    Coding,
    Letter,
    Mailbox,
    boundary,
    file_part,
    header_text,
    multipart,
    text_part,
    write_headers,
    write_letter,
)
from tui_mail.demo.mailroom import ACCOUNT_NAMES, SALES, SERVER, Item, Mailroom, trace

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

PROVIDER = "gestore-pec.example"
PEC_SUBJECTS = (
    ("Invio ordine di acquisto", "Si trasmette l'ordine di acquisto relativo alla fornitura in oggetto."),
    ("Richiesta documentazione antimafia", "Si chiede di trasmettere la documentazione prevista entro dieci giorni."),
    ("Liquidazione fattura", "Si comunica che la fattura è stata liquidata con determina del dirigente."),
    ("Convocazione sopralluogo", "Si convoca l'impresa per il sopralluogo presso il cantiere."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certified message says and who sends it; `pec` is the sender's certified address."""

    pec: str
    name: str
    subject: str
    text: str
    moment: datetime
    attachments: tuple[Attachment, ...] = ()


def post_certified(room: Mailroom, account: str, letter: Certified, *, seen: bool) -> None:
    """Post a transport envelope with its facts and the original inside."""
    number = room.source.getrandbits(40)
    identifier = f"opec{number:012x}@pec.{PROVIDER}"
    when, to = local(letter.moment), Mailbox("", account)
    original = write_letter(
        Letter(
            Mailbox(letter.name, letter.pec), (to,), letter.subject, when, f"<{identifier}>",
            f"{letter.text}\n", attachments=letter.attachments, coding=Coding("iso-8859-1"),
        )
    )  # fmt: skip
    body = _envelope(letter, account, identifier, original)
    provider = f"posta-certificata@pec.{PROVIDER}"
    head = [
        *trace(provider, f"pec.{PROVIDER}", letter.moment),
        ("Date", format_datetime(when)),
        ("From", f'"Per conto di: {letter.pec}" <{provider}>'),
        ("Reply-To", letter.pec),
        ("To", account),
        ("Subject", header_text(f"POSTA CERTIFICATA: {letter.subject}")),
        ("Message-ID", f"<t.{identifier}>"),
        ("X-Trasporto", "posta-certificata"),
        ("X-Riferimento-Message-ID", f"<{number:x}@{letter.pec.partition('@')[2]}>"),
        ("MIME-Version", "1.0"),
    ]
    flags = frozenset({"\\Seen"}) if seen else frozenset()
    raw = write_headers(head) + body
    folder = "" if seen else "INBOX"
    room.items.append(Item(account, False, raw, letter.moment, "pec", folder, flags=flags))


def post_year_of_certified(room: Mailroom) -> None:
    """Post a dozen certified messages of customers over the last year."""
    source = room.source
    parties = [party for party in room.company.parties if party.kind == "customer" and party.pec]
    public = [
        party for party in parties if party.name.split()[0] in {"Comune", "Consorzio", "Azienda"}
    ]
    for place in range(12):
        party = source.choice(public if place % 3 else parties)
        subject, text = PEC_SUBJECTS[place % len(PEC_SUBJECTS)]
        moment = room.company.now - timedelta(days=12 + place * 28, minutes=source.randrange(300))
        account = source.choice(tuple(ACCOUNT_NAMES))
        letter = Certified(
            party.pec, party.name, f"{subject} n. {source.randrange(20, 900)}", text, moment
        )
        post_certified(room, account, letter, seen=True)


def post_bounces(room: Mailroom) -> None:
    """Post letters to addresses that do not exist, and what came back."""
    source = room.source
    for days in (3, 47, 110, 190, 260):
        moment = room.company.now - timedelta(days=days, hours=2)
        party = source.choice([one for one in room.company.parties if one.language == "it"])
        voice, there = room.own_voice(SALES, "it"), room.voice_of(party)
        wrong = there.mailbox.address.replace("@", f"{source.randrange(9)}@", 1)
        to = replace(there.mailbox, address=wrong)
        written, raw = room.write(
            voice, (to,), moment, "Nuovo listino e condizioni", ("vi mando il listino aggiornato.",),
            reader=there.first_name,
        )  # fmt: skip
        room.items.append(Item(SALES, True, raw, moment, "bounce"))
        _bounce(room, written, wrong, moment + timedelta(minutes=1))


def _bounce(room: Mailroom, written: Written, wrong: str, moment: datetime) -> None:
    """Post a delivery status notification (RFC 3464) for one refused recipient."""
    domain = wrong.partition("@")[2]
    message_id = room.new_id(SERVER, moment)
    mark = boundary(message_id)
    notice = f"Il messaggio non è stato consegnato a <{wrong}>:\n550 5.1.1 User unknown\n"
    status = (
        "Content-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; {SERVER}\r\n\r\nFinal-Recipient: rfc822; {wrong}\r\nAction: failed\r\n"
        f"Status: 5.1.1\r\nRemote-MTA: dns; mail.{domain}\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\r\n"
    ).encode()
    original = write_headers(
        [("Message-ID", written.message_id), ("From", SALES), ("To", wrong),
         ("Subject", header_text(written.subject))]
    )  # fmt: skip
    parts = [
        text_part(notice, "plain", Coding()), status,
        b"Content-Type: text/rfc822-headers\r\n\r\n" + original,
    ]  # fmt: skip
    body = multipart("report", parts, mark, "; report-type=delivery-status")
    head = [
        ("Return-Path", "<>"),
        ("Date", format_datetime(local(moment))),
        ("From", f"Mail Delivery System <mailer-daemon@{SERVER}>"),
        ("To", SALES),
        ("Subject", "Undelivered Mail Returned to Sender"),
        ("Message-ID", message_id),
        ("In-Reply-To", written.message_id),
        ("References", written.message_id),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
    ]
    raw = write_headers(head) + body
    room.items.append(Item(SALES, False, raw, moment, "bounce"))


def _envelope(letter: Certified, account: str, identifier: str, original: bytes) -> bytes:
    """Return the signed multipart: a notice for people, the facts, the original, the seal."""
    when, mark = local(letter.moment), boundary(identifier)
    notice = (
        f"Messaggio di posta certificata\n\nIl giorno {when:%d/%m/%Y} alle ore {when:%H:%M:%S}"
        f' il messaggio "{letter.subject}"\nè stato inviato da "{letter.pec}" e indirizzato a:\n'
        f"{account}\nIl messaggio originale è incluso in allegato.\n"
    )
    facts = Attachment("daticert.xml", "application/xml", _facts(letter, account, identifier))
    enclosed = (
        b'Content-Type: message/rfc822; name="postacert.eml"\r\n'
        b'Content-Disposition: inline; filename="postacert.eml"\r\n\r\n'
    )
    parts = [
        text_part(notice, "plain", Coding("iso-8859-1")),
        file_part(facts),
        enclosed + original,
    ]
    content = multipart("mixed", parts, f"{mark}.m")
    seal = (
        b"Content-Type: application/x-pkcs7-signature; name=smime.p7s\r\n"
        b"Content-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=smime.p7s\r\n\r\n"
        + encodebytes(_seal(content)).replace(b"\n", b"\r\n")
    )
    return multipart(
        "signed",
        [content, seal],
        f"{mark}.s",
        '; protocol="application/x-pkcs7-signature"; micalg=sha-256',
    )


def _seal(content: bytes) -> bytes:
    """The provider's signature (CMS); without attributes, which would tell the time of signing."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    certificate, key = _provider()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    return builder.add_signer(certificate, key, hashes.SHA256()).sign(
        Encoding.DER,
        [
            pkcs7.PKCS7Options.DetachedSignature,
            pkcs7.PKCS7Options.Binary,
            pkcs7.PKCS7Options.NoAttributes,
        ],
    )


@cache
def _provider() -> "tuple[Certificate, RSAPrivateKey]":
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificate

    pem = files("tui_mail.demo").joinpath("provider.pem").read_bytes()
    key = load_pem_private_key(pem[pem.index(b"-----BEGIN PRIVATE") :], None)
    assert isinstance(key, RSAPrivateKey)
    return load_pem_x509_certificate(pem), key


def _facts(letter: Certified, account: str, identifier: str) -> bytes:
    """Return daticert.xml as a provider writes it."""
    when, subject = local(letter.moment), html.escape(letter.subject)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<postacert tipo="posta-certificata" errore="nessuno">\n'
        f"<intestazione><mittente>{letter.pec}</mittente>"
        f'<destinatari tipo="certificato">{account}</destinatari>'
        f"<risposte>{letter.pec}</risposte><oggetto>{subject}</oggetto></intestazione>\n"
        f"<dati><gestore-emittente>Gestore PEC</gestore-emittente>"
        f'<data zona="{when:%z}"><giorno>{when:%d/%m/%Y}</giorno><ora>{when:%H:%M:%S}</ora></data>'
        f"<identificativo>{identifier}</identificativo></dati>\n</postacert>\n"
    ).encode()
