"""Certified mail (RFC 6109, the Italian PEC): who really wrote, what a receipt says, who vouches for it.

The provider writes every envelope and every receipt; the writer, the letter and its name are in
daticert.xml, in the letter inside and in headers that anybody can write. What they agree on is
taken; what they do not agree on is said and not believed. Hides the XML and the words of providers.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from xml.etree.ElementTree import Element

from msgspec.structs import replace

from tui_mail.mail.headers import one_line
from tui_mail.mail.signature import is_trusted, signature_of
from tui_mail.mail.structure import Structure
from tui_mail.mail.xmltree import local, read_tree
from tui_mail.values import Certified, CertifiedState, Mailbox, ParsedAttachment, ParsedMessage

MAX_RECIPIENTS = 1_000
_LARGEST = 1024 * 1024
_LONGEST = 600
_PROVIDER = "posta-certificata@"
EXCHANGE = "pec.fatturapa.it"  # the exchange of electronic invoices (SdI)
_FOR = "per conto di:"
_LETTER = "POSTA CERTIFICATA:"
_RECEIPTS = frozenset(
    {
        "accettazione",
        "non-accettazione",
        "presa-in-carico",
        "avvenuta-consegna",
        "errore-consegna",
        "preavviso-errore-consegna",
        "rilevazione-virus",
    }
)
_ENVELOPES = frozenset({"posta-certificata", "errore"})
_FACTS = "daticert.xml"
# The first notice comes after twelve hours; that after a day is the end of it.
_A_DAY = re.compile(r"\b(?:24|ventiquattro)\s*ore\b", re.IGNORECASE)
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)")
_DISBELIEVED = frozenset(
    {
        "pec_unsigned",
        "pec_broken",
        "pec_other_signer",
        "pec_expired",
        "pec_untrusted",
        "pec_unknown",
    }
)
_DOUBTS_OF_ORDINARY_MAIL = frozenset({"name_shows_other_address", "reply_to_other_domain"})


@dataclass(frozen=True, slots=True)
class _Facts:
    """daticert.xml, as far as it could be read."""

    kind: str = ""
    error: str = ""
    sender: str = ""
    replies: str = ""
    recipients: tuple[tuple[str, bool], ...] = ()
    identifier: str = ""
    letter: str = ""
    receipt: str = ""
    delivered_to: tuple[str, ...] = ()
    reason: str = ""
    at: datetime | None = None


def as_certified(
    message: ParsedMessage,
    structure: Structure,
    headers: Mapping[str, str],
    letter: ParsedMessage | None,
) -> ParsedMessage:
    """A provider's message with what it says; of an envelope in order, as the letter that it carries.

    `headers`: the first value by lower-case name. `letter`: what an envelope holds. Doubts, also as
    warnings: pec_unsigned, pec_broken (its signature), pec_other_signer, pec_expired,
    pec_untrusted (see `judged`), pec_sender
    (it is not certain who wrote), pec_anomaly (ordinary mail), pec_unknown, pec_facts (daticert.xml
    is not there or makes no sense).
    """
    facts = _facts(message.attachments)
    kind = headers.get("x-ricevuta", headers.get("x-trasporto", "")).strip().lower()[:_LONGEST]
    provider = message.sender or Mailbox("")
    found = Certified(
        kind=kind,
        provider=provider,
        identifier=facts.identifier if facts else "",
        letter=(facts.letter if facts else "")
        or _identifier(headers.get("x-riferimento-message-id", "")),
        sender=facts.sender if facts else "",
        receipt=facts.receipt if facts else "",
        at=(facts.at if facts else None) or message.date,
        signature=signature_of(structure),
    )
    doubts = _doubts_of_signature(found)
    if facts is None:
        doubts.append("pec_facts")
    if message.kind == "pec_receipt":
        return _as_receipt(message, found, facts or _Facts(), doubts)
    return _as_letter(message, found, facts or _Facts(), doubts, letter)


def _doubts_of_signature(found: Certified) -> list[str]:
    signature, at = found.signature, found.at
    if signature.state != "sound":
        return ["pec_unsigned" if signature.state == "none" else "pec_broken"]
    doubts = []
    if found.provider.address.lower() not in signature.addresses:
        doubts.append("pec_other_signer")
    if (
        at and signature.begins and signature.ends
    ) and not signature.begins <= at <= signature.ends:
        doubts.append("pec_expired")
    return doubts


def judged(message: ParsedMessage, authorities: Sequence[bytes]) -> ParsedMessage:
    """The message with the doubt pec_untrusted where no authority (DER) vouches for its provider.

    Without authorities nobody has said whom to trust: it stays as it is.
    """
    found = message.certified
    if not authorities or found is None or found.signature.state != "sound":
        return message
    if found.at is not None and is_trusted(found.signature, authorities, found.at):
        return message
    joined = message.kind == "pec_receipt" and is_believed(found)
    return replace(
        message,
        kind="human" if _is_of_exchange(message) else message.kind,
        certified=replace(found, doubts=(*found.doubts, "pec_untrusted")),
        warnings=(*message.warnings, "pec_untrusted"),
        references=() if joined else message.references,
    )


# -- envelopes -------------------------------------------------------------------------------------


def _as_letter(
    message: ParsedMessage,
    found: Certified,
    facts: _Facts,
    doubts: list[str],
    letter: ParsedMessage | None,
) -> ParsedMessage:
    if found.kind == "errore":
        doubts.append("pec_anomaly")
    elif found.kind not in _ENVELOPES:
        doubts.append("pec_unknown")
    author = _author(message, facts, letter)
    if author is None:
        doubts.append("pec_sender")
        warnings = (*message.warnings, *doubts)
        told = replace(found, doubts=tuple(doubts))
        return _kept_apart(replace(message, certified=told, warnings=warnings))
    inner = letter.warnings if letter else ()
    own = (one for one in message.warnings if one not in _DOUBTS_OF_ORDINARY_MAIL)
    as_written = replace(
        message,
        sender=author,
        senders=(author,),
        subject=(letter.subject if letter else "") or _subject(message.subject),
        in_reply_to=tuple(
            dict.fromkeys([*(letter.in_reply_to if letter else ()), *message.in_reply_to])
        ),
        references=tuple(
            dict.fromkeys([*(letter.references if letter else ()), *message.references])
        ),
        certified=replace(found, sender=author.address, doubts=tuple(doubts)),
        warnings=tuple(dict.fromkeys([*own, *inner, *doubts])),
    )
    return _kept_apart(as_written)


def _kept_apart(message: ParsedMessage) -> ParsedMessage:
    """Notices of the exchange of invoices are acted on: in its name, what is doubtful is no PEC."""
    found = message.certified
    if found is None or not _is_of_exchange(message):
        return message
    sure = is_believed(found) and not {"pec_sender", "pec_anomaly"} & {*found.doubts}
    return message if sure else replace(message, kind="human")


def _is_of_exchange(message: ParsedMessage) -> bool:
    return any(one.address.lower().endswith(f"@{EXCHANGE}") for one in message.senders)


def _author(message: ParsedMessage, facts: _Facts, letter: ParsedMessage | None) -> Mailbox | None:
    """Who wrote, where envelope, facts and letter agree on it; None where they do not."""
    provider = message.sender
    if provider is None or not provider.address.lower().startswith(_PROVIDER):
        return None
    if len({one.address.lower() for one in message.senders}) != 1:
        return None
    name = provider.name.strip().lower()
    named = name.removeprefix(_FOR).strip(" \"<>'") if name.startswith(_FOR) else name
    written = letter.sender if letter else None
    claims = [named, facts.sender, written.address if written else ""]
    authors = {one.lower() for one in claims if "@" in one}
    if len(authors) != 1 or (letter and len({one.address.lower() for one in letter.senders}) > 1):
        return None
    author = authors.pop()
    replies = {author, facts.replies.lower()}
    replies |= {one.address.lower() for one in letter.reply_to} if letter else set()
    if any(one.address.lower() not in replies for one in message.reply_to):
        return None
    return written or Mailbox(author)


def _subject(subject: str) -> str:
    bare = subject[len(_LETTER) :].strip() if subject.upper().startswith(_LETTER) else subject
    return bare or subject


# -- receipts --------------------------------------------------------------------------------------


def _as_receipt(
    message: ParsedMessage, found: Certified, facts: _Facts, doubts: list[str]
) -> ParsedMessage:
    if found.kind not in _RECEIPTS:
        doubts.append("pec_unknown")
    elif facts.kind and facts.kind != found.kind:
        doubts.append("pec_facts")
    told = replace(
        found, states=tuple(_states(found.kind, facts, message.text)), doubts=tuple(doubts)
    )
    message = replace(message, certified=told, warnings=(*message.warnings, *doubts))
    if not is_believed(told):
        return message
    # It belongs to the letter that it speaks of; answers to that know the provider's name of it.
    named = [told.letter, told.identifier, *message.references]
    return replace(
        message, in_reply_to=(), references=tuple(dict.fromkeys(one for one in named if one))
    )


def is_believed(certified: Certified) -> bool:
    """Whether a receipt counts: soundly signed by the provider that it says it is from."""
    return not _DISBELIEVED.intersection(certified.doubts)


def _states(kind: str, facts: _Facts, text: str) -> list[CertifiedState]:
    if kind == "accettazione":
        return [
            CertifiedState(address, "accepted" if certified else "uncertified")
            for address, certified in facts.recipients
        ]
    state = {
        "non-accettazione": "refused",
        "rilevazione-virus": "refused",
        "errore-consegna": "refused",
        "presa-in-carico": "taken",
        "avvenuta-consegna": "delivered",
        "preavviso-errore-consegna": "late",
    }.get(kind, "")
    if state == "late" and _A_DAY.search(f"{facts.reason} {text[:4000]}"):
        state = "refused"
    if not state:
        return []
    of_one = facts.delivered_to if kind not in {"non-accettazione", "presa-in-carico"} else ()
    addresses = of_one or tuple(address for address, _certified in facts.recipients)
    if len(addresses) != 1 and state == "delivered":
        return []  # a delivery is of one recipient, and it must say of which
    reason = facts.reason or ("virus" if kind == "rilevazione-virus" else _reason(facts.error))
    return [
        CertifiedState(one, state, reason if state in {"refused", "late"} else "")
        for one in addresses
    ]


def _reason(error: str) -> str:
    return "" if error in {"", "nessuno"} else error


# -- daticert.xml ----------------------------------------------------------------------------------


def _facts(attachments: Sequence[ParsedAttachment]) -> _Facts | None:
    content = next(
        (one.content for one in attachments if one.name.lower() == _FACTS and one.end), b""
    )
    root = read_tree(content, _LARGEST)
    return _read(root) if root is not None and local(root).lower() == "postacert" else None


def _read(root: Element) -> _Facts:
    by_name: dict[str, list[Element]] = {}
    for one in root.iter():
        by_name.setdefault(local(one).lower(), []).append(one)

    def text(name: str) -> str:
        found = by_name.get(name)
        return one_line(found[0].text or "")[:_LONGEST] if found else ""

    recipients: dict[str, bool] = {}
    for one in by_name.get("destinatari", ())[:MAX_RECIPIENTS]:
        address = one_line(one.text or "").lower()[:_LONGEST]
        if "@" in address:
            recipients.setdefault(address, one.get("tipo", "").strip().lower() != "esterno")
    consigned = (one_line(one.text or "").lower()[:_LONGEST] for one in by_name.get("consegna", ()))
    kinds = by_name.get("ricevuta")
    return _Facts(
        kind=root.get("tipo", "").strip().lower()[:_LONGEST],
        error=one_line(root.get("errore", ""))[:_LONGEST].lower(),
        sender=text("mittente").lower(),
        replies=text("risposte").lower(),
        recipients=tuple(recipients.items()),
        identifier=_identifier(text("identificativo")),
        letter=_identifier(text("msgid")),
        receipt=kinds[0].get("tipo", "").strip().lower()[:_LONGEST] if kinds else "",
        delivered_to=tuple(dict.fromkeys(one for one in consigned if "@" in one)),
        reason=text("errore-esteso"),
        at=_moment(text("giorno"), text("ora"), by_name.get("data")),
    )


def _moment(day: str, time: str, marks: list[Element] | None) -> datetime | None:
    zone = _ZONE.fullmatch(marks[0].get("zona", "").strip()) if marks else None
    if zone is None:
        return None
    offset = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (1 if zone[1] == "+" else -1)
    try:
        found = datetime.strptime(f"{day} {time}", "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007 — its zone follows
        return found.replace(tzinfo=timezone(offset))
    except ValueError:
        return None


def _identifier(text: str) -> str:
    """A Message-ID without brackets; nothing that could be taken for two."""
    bare = text.strip().removeprefix("<").removesuffix(">").strip()
    return bare[:_LONGEST] if bare.isprintable() and " " not in bare else ""
