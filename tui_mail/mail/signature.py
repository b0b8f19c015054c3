"""Who signed a part of a message (S/MIME, RFC 8551), and whether its bytes are what was signed.

Hides CMS (RFC 5652) and certificates. What is judged is the bytes, the signer's own certificate
and its validity when the message was written; whom to trust is the administrator's business, who
gives the authorities. Never raises.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tui_mail.mail.cms import der_of
from tui_mail.mail.headers import one_line
from tui_mail.mail.structure import Part, Structure
from tui_mail.mail.transfer import undo
from tui_mail.values import Signature

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_TYPES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_MOST_CERTIFICATES = 20
_LONGEST_CHAIN = 6
_LARGEST = 256 * 1024


def signature_of(structure: Structure) -> Signature:
    """The signature over the whole of a multipart/signed message (RFC 1847 §2.1).

    Its state is: none (there is no such signature), broken (the bytes are not what was signed, or
    it makes no sense), or sound.
    """
    root = structure.root
    if root.media_type != "multipart/signed" or len(root.children) != 2:
        return Signature()
    signed, seal = root.children
    if seal.media_type not in _TYPES or seal.end - seal.start > _LARGEST:
        return Signature()
    der, _sound = undo(
        structure.raw[seal.start : seal.end], seal.header("content-transfer-encoding").lower()
    )
    try:
        return _judged(der, _forms(structure.raw, signed))
    except _senseless():
        return Signature("broken")


def signature_within(data: bytes, content: bytes) -> Signature:
    """The signature of an envelope (RFC 5652, CAdES) that has what is signed, `content`, in it."""
    try:
        return _judged(der_of(data) or b"", (content,))
    except _senseless():
        return Signature("broken")


def _senseless() -> tuple[type[Exception], ...]:
    """What two libraries raise for bytes that make no sense."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    return (
        ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError,
        UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    )  # fmt: skip


def _forms(raw: bytes, part: Part) -> Iterable[bytes]:
    """The bytes of a part as they were signed: as they stand, or with the line ends of the wire."""
    stands = raw[part.head : part.end]
    yield stands
    if b"\r\n" not in stands:
        yield stands.replace(b"\n", b"\r\n")


def _judged(der: bytes, forms: Iterable[bytes]) -> Signature:
    from asn1crypto.cms import ContentInfo  # for certified mail only
    from cryptography.x509 import load_der_x509_certificate

    data = ContentInfo.load(der)["content"]
    infos = data["signer_infos"]
    held = [one.chosen.dump() for one in data["certificates"] or () if one.name == "certificate"][
        :_MOST_CERTIFICATES
    ]
    if len(infos) != 1:
        return Signature("broken")
    info = infos[0]
    signer = next((one for one in held if _is_of(info["sid"], one)), None)
    if signer is None:
        return Signature("broken")
    certificate = load_der_x509_certificate(signer)
    told = Signature(
        "broken",
        addresses=_addresses(certificate),
        signer=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        begins=certificate.not_valid_before_utc,
        ends=certificate.not_valid_after_utc,
        certificates=(signer, *(one for one in held if one != signer)),
    )
    sound = any(_holds(info, certificate, form) for form in forms)
    return replace(told, state="sound") if sound else told


def _is_of(identifier: Any, der: bytes) -> bool:
    from asn1crypto.x509 import Certificate as Asn1Certificate

    found = Asn1Certificate.load(der)
    if identifier.name == "issuer_and_serial_number":
        named = identifier.chosen
        return bool(
            named["serial_number"].native == found.serial_number
            and named["issuer"].dump() == found.issuer.dump()
        )
    return bool(identifier.chosen.native == found.key_identifier)


def _holds(info: Any, certificate: "Certificate", content: bytes) -> bool:
    """Whether a signer's signature is of these bytes (RFC 5652 §5.4, §5.6)."""
    import hashlib

    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in {"sha1", "sha224", "sha256", "sha384", "sha512"}:
        return False
    attributes = info["signed_attrs"]
    if not attributes:
        return _verifies(certificate, info["signature"].native, content, digest)
    by_name: dict[str, Any] = {}
    for one in attributes:
        by_name.setdefault(one["type"].native, one["values"])
    told = by_name.get("message_digest")
    if told is None or len(told) != 1:
        return False
    if told[0].native != hashlib.new(digest, content).digest():
        return False
    # Signed as a SET, though it stands there under an implicit tag.
    signed = b"\x31" + attributes.dump()[1:]
    return _verifies(certificate, info["signature"].native, signed, digest)


def _verifies(certificate: "Certificate", signature: bytes, signed: bytes, digest: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    kinds: dict[str, hashes.HashAlgorithm] = {
        "sha1": hashes.SHA1(),  # noqa: S303 — what providers sign with, to this day
        "sha224": hashes.SHA224(),
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), kinds[digest])
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(kinds[digest]))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _addresses(certificate: "Certificate") -> tuple[str, ...]:
    """The e-mail addresses that a certificate is for, lower case."""
    from cryptography import x509

    names = [
        str(one.value)
        for one in certificate.subject.get_attributes_for_oid(x509.NameOID.EMAIL_ADDRESS)
    ]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names += extension.value.get_values_for_type(x509.RFC822Name)
    except (x509.ExtensionNotFound, ValueError):
        pass
    return tuple(dict.fromkeys(name.lower() for name in names))


def _name(name: Any) -> str:
    from cryptography import x509

    for kind in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        for one in name.get_attributes_for_oid(kind):
            return one_line(str(one.value))[:200]
    return ""


def is_trusted(signature: Signature, authorities: Sequence[bytes], when: datetime) -> bool:
    """Whether an authority (DER), or one that it vouches for, made the signer's certificate.

    Certificates count if they were valid at `when`.
    """
    from cryptography.x509 import load_der_x509_certificate

    try:
        given = [load_der_x509_certificate(one) for one in authorities]
        held = [load_der_x509_certificate(one) for one in signature.certificates]
    except ValueError:
        return False
    if not held:
        return False
    certificate = held[0]
    for _step in range(_LONGEST_CHAIN):
        if not _valid(certificate, when):
            return False
        if any(
            certificate == one or (_valid(one, when) and _issued(certificate, one)) for one in given
        ):
            return True
        above = next(
            (one for one in held[1:] if one != certificate and _issued(certificate, one)), None
        )
        if above is None:
            return False
        certificate = above
    return False


def _valid(certificate: "Certificate", when: datetime) -> bool:
    return certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc


def _issued(certificate: "Certificate", by: "Certificate") -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        basic = by.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(by)
    except (x509.ExtensionNotFound, InvalidSignature, ValueError, TypeError):
        return False
    return basic.ca
