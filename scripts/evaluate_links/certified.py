"""Certified mail as its providers carry it (RFC 6109): envelopes, receipts, and answers to them.

The provider signs what it carries with a key of its own, made when first needed. It gives every
letter an identifier in place of its Message-ID, which only the receipts tell. Hides the structure.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from functools import cache
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from scripts.evaluate_links.clients import GMAIL, OUTLOOK
from scripts.evaluate_links.conversations import Opening
from scripts.evaluate_links.letter import Event, Sheet, Truth, write
from scripts.evaluate_links.pen import Pen, kinds_of
from scripts.evaluate_links.world import CUSTOMER, Document, House, Party, Person

PROVIDER = "posta-certificata@pec.aruba.it"
_WRITING = policy.SMTP.clone(max_line_length=998)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a provider says of a letter that it carries."""

    identifier: str
    message_id: str
    sender: str
    receiver: str
    subject: str
    at: datetime


def letters(pen: Pen) -> None:
    """A customer writes by certified mail; or we do, and the answer knows the provider's id only.

    A relay between us and the provider may have put another Message-ID into our letter: then not
    even the receipts name it; and of two letters of one subject they do not tell which.
    """
    party = pen.party(CUSTOMER)
    while not party.pec:
        party = pen.party(CUSTOMER)
    if pen.chance.random() < 0.4:
        _of_customer(pen, party)
        return
    renamed = pen.chance.random() < 0.35
    start = _ours(pen, party)
    twin = _ours(pen, party, like=start) if renamed and pen.chance.random() < 0.4 else None
    identifier = _identifier(pen)
    person = start.person
    carried = Carried(
        identifier,
        pen.identifier("relay.example") if renamed else start.letter.message_id,
        start.letter.sender.address,
        person.address,
        start.letter.subject,
        start.letter.at,
    )
    about = {one.document.reference for one in (start, twin) if one is not None}
    truth = Truth(parties=frozenset({party.reference}), tolerated=frozenset(about))
    for kind, after in (("accettazione", 20), ("avvenuta-consegna", 50)):
        _receipt(pen, pen.house(party), carried, kind, truth, after=after)
    quote = pen.chance.random() < 0.5
    language = party.language
    new = pen.letter(pen.phrases.say(language, "answer"), language, person, party)
    client = pen.chance.choice((OUTLOOK, GMAIL))
    inner = Sheet(
        person,
        [start.letter.sender],
        client.subject(start.letter.subject, language),
        client.text(new, start.letter if quote else None, language),
        _identifier(pen),
        pen.later(start.letter),
        answers=identifier,
        references=(identifier,),
    )
    _envelope(
        pen,
        pen.house(party),
        inner,
        pen.truth(
            party,
            [start.document],
            known=[start.document] if quote or twin is None else [],
            person=person,
        ),
        f"PEC answer, {'quoted' if quote else 'quote removed'}{', renamed' if renamed else ''}",
    )


def _of_customer(pen: Pen, party: Party) -> None:
    person = Person(party.name, party.pec)
    document = pen.document(party, *kinds_of(party))
    said = pen.full(document, party.language)
    in_subject = pen.chance.random() < 0.5
    language = party.language
    text = "vague" if in_subject else "ask"
    inner = Sheet(
        person,
        [Person(pen.house(party).name, pen.house(party).pec)],
        pen.phrases.say(language, "about", d=said.words)
        if in_subject
        else pen.phrases.say(language, "vague_about"),
        pen.letter(pen.phrases.say(language, text, d=said.words), language, person, party),
        _identifier(pen),
        pen.after(document),
    )
    _envelope(
        pen,
        pen.house(party),
        inner,
        pen.truth(party, [document], known=[document], person=person),
        f"PEC letter, number in {'subject' if in_subject else 'text'}",
    )


def _ours(pen: Pen, party: Party, like: Opening | None = None) -> Opening:
    """`like`: a few minutes after another letter, which had the same subject."""
    person = Person(party.name, party.pec)
    document: Document = pen.document(party, *kinds_of(party))
    letter = pen.ours(
        person,
        party,
        [document],
        at=like.letter.at + timedelta(minutes=6) if like else pen.after(document, most=5),
        subject=like.letter.subject if like else pen.phrases.say(party.language, "ours_bare"),
        text=pen.phrases.say(party.language, "ours_bare_text"),
        variant="our PEC letter",
        box=pen.house(party).pec,
    )
    return Opening(letter, party, person, document)


def _identifier(pen: Pen) -> str:
    return f"opec288.{pen.chance.getrandbits(40):013}.310.1.63@pec.aruba.it"


# -- what the provider writes ----------------------------------------------------------------------


def envelope(inner: Sheet, box: str, foreign: str) -> bytes:
    """A letter as it comes to `box`; `foreign`: the Message-ID that its writer's program gave."""
    sender = inner.sender.address
    carried = Carried(inner.message_id, foreign, sender, box, inner.subject, inner.at)
    notice = f"Il giorno {inner.at:%d/%m/%Y} il messaggio è stato inviato da {sender}.\n"
    return _signed(
        [
            ("From", f'"Per conto di: {sender}" <{PROVIDER}>'),
            ("Reply-To", sender),
            ("To", box),
            ("Subject", f"POSTA CERTIFICATA: {inner.subject}"),
            ("Date", format_datetime(inner.at)),
            ("Message-ID", f"<t.{inner.message_id}>"),
            ("X-Trasporto", "posta-certificata"),
            ("X-Riferimento-Message-ID", f"<{foreign}>"),
        ],
        notice,
        _facts(carried, "posta-certificata"),
        write(inner),
    )


def _envelope(pen: Pen, house: House, inner: Sheet, truth: Truth, variant: str) -> Event:
    raw = envelope(inner, house.pec, pen.identifier("client.example"))
    return _put(pen, house, inner, raw, truth, variant)


def _receipt(
    pen: Pen, house: House, carried: Carried, kind: str, truth: Truth, *, after: int
) -> None:
    title = {"accettazione": "ACCETTAZIONE", "avvenuta-consegna": "CONSEGNA"}[kind]
    at = carried.at + timedelta(seconds=after)
    identifier = carried.identifier.replace("310.1.63", f"310.1.{300 + after}")
    sheet = Sheet(
        Person("Posta Certificata", PROVIDER),
        [Person("", carried.sender)],
        f"{title}: {carried.subject}",
        "",
        identifier,
        at,
    )
    raw = _signed(
        [
            ("From", f'"Posta Certificata" <{PROVIDER}>'),
            ("To", carried.sender),
            ("Subject", sheet.subject),
            ("Date", format_datetime(at)),
            ("Message-ID", f"<{identifier}>"),
            ("X-Ricevuta", kind),
            ("X-Riferimento-Message-ID", f"<{carried.message_id}>"),
        ],
        f"Ricevuta di {kind}.\n",
        _facts(replace(carried, at=at), kind),
        b"",
    )
    _put(pen, house, sheet, raw, truth, f"PEC {kind}")


def _put(pen: Pen, house: House, sheet: Sheet, raw: bytes, truth: Truth, variant: str) -> Event:
    event = replace(pen.post(sheet, (house.pec,), truth, variant), raw=raw)
    pen.events[-1] = event
    return event


def _facts(carried: Carried, kind: str) -> str:
    """daticert.xml, as providers write it."""
    delivered = f"<consegna>{carried.receiver}</consegna>" if kind == "avvenuta-consegna" else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<postacert tipo="{kind}" errore="nessuno"><intestazione>'
        f"<mittente>{carried.sender}</mittente>"
        f'<destinatari tipo="certificato">{carried.receiver}</destinatari>'
        f"<risposte>{carried.sender}</risposte>"
        f"<oggetto>{escape(carried.subject)}</oggetto></intestazione>"
        f"<dati><gestore-emittente>ARUBA PEC S.p.A.</gestore-emittente>"
        f'<data zona="+0000"><giorno>{carried.at:%d/%m/%Y}</giorno>'
        f"<ora>{carried.at:%H:%M:%S}</ora></data>"
        f"<identificativo>{carried.identifier}</identificativo>"
        f"<msgid>&lt;{carried.message_id}&gt;</msgid>"
        f'<ricevuta tipo="completa" />{delivered}</dati></postacert>\n'
    )


def _signed(head: list[tuple[str, str]], notice: str, facts: str, original: bytes) -> bytes:
    """multipart/signed with the provider's signature."""
    content = EmailMessage(policy=_WRITING)
    content.set_content(notice)
    content.add_attachment(
        facts.encode(), maintype="application", subtype="xml", filename="daticert.xml"
    )
    if original:
        letter = BytesParser(policy=_WRITING).parsebytes(original)
        content.add_attachment(letter, filename="postacert.eml")
    del content["MIME-Version"]
    content.set_boundary("=_content")
    inner = content.as_bytes()
    certificate, key = _provider()
    signature = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(inner)
        .add_signer(certificate, key, hashes.SHA256())
        .sign(
            serialization.Encoding.DER,
            [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary],
        )
    )
    file = EmailMessage(policy=_WRITING)
    file.set_content(
        signature, maintype="application", subtype="x-pkcs7-signature", filename="smime.p7s"
    )
    del file["MIME-Version"]
    message = EmailMessage(policy=_WRITING)
    for name, value in head:
        message[name] = value
    kind = (
        'multipart/signed; protocol="application/x-pkcs7-signature"; micalg="sha-256";'
        ' boundary="=_signed"'
    )
    lines = message.as_bytes().rstrip(b"\r\n")
    lines += f"\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n".encode()
    edge = b"--=_signed"
    return b"\r\n".join((lines, b"", edge, inner, edge, file.as_bytes(), edge + b"--", b""))


@cache
def _provider() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Posta Certificata")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(PROVIDER)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key
