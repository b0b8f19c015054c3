"""What a server or a reader's program reports of a letter: delivery (RFC 3464) and reading (RFC 8098).

The fields only, as they stand; who is believed, and what is done about it, is decided elsewhere.
"""

import re

from tui_mail.mail.headers import decode_words, identifiers, one_line, raw_text
from tui_mail.values import MailReport

MAX_RECIPIENTS = 1_000
MAX_REPORT = 256 * 1024

DELIVERY_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
READING_TYPES = frozenset(
    {"message/disposition-notification", "message/global-disposition-notification"}
)

_BLOCKS = re.compile(rb"(?>\r\n|\r|\n)[ \t]*(?>\r\n|\r|\n)[\r\n]*")
_FIELD = re.compile(
    rb"^([A-Za-z][A-Za-z0-9-]{0,60})[ \t]*:[ \t]*([^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*)",
    re.MULTILINE,
)
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_REPLY = re.compile(r"^\s*(?:[^:;]{0,80}[:;]\s*)?([245]\d\d)(?=[ \-,#]|$)")
_REPLY_IN_TEXT = re.compile(r"(?<![\d.\[])([45]\d\d)(?=[ -]\D|[ -][45]\.\d|$)")
_SAID = 600
_DIAGNOSTIC = 300
# The address or its domain does not exist (RFC 3463 §3.2): it will never take mail.
_NO_SUCH_ADDRESS = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.7.27"})
_NOBODY = re.compile(
    r"user unknown|unknown user|no such (?:user|person|mailbox|recipient)|invalid recipient"
    r"|does(?:n't| not) (?:exist|have an?)|user not found|recipient unknown|unknown recipient|mailbox not found"
    r"|host or domain name not found|utente sconosciuto|casella inesistente",
    re.IGNORECASE,
)
_ADDRESS_TYPE = re.compile(
    r"^\s*(?:rfc822|dns|smtp|utf-8|x-[a-z0-9-]+|unknown)\s*;\s*", re.IGNORECASE
)


def delivery_reports(content: bytes) -> tuple[MailReport, ...]:
    """The recipients that a delivery status tells of, in its order, at most 1,000."""
    reports: list[MailReport] = []
    blocks = [_fields(block) for block in _BLOCKS.split(content[:MAX_REPORT])]
    blocks = [block for block in blocks if block]
    shared = blocks[0] if blocks and "final-recipient" not in blocks[0] else {}
    for block in blocks:
        if "final-recipient" not in block and "original-recipient" not in block:
            continue
        if len(reports) >= MAX_RECIPIENTS:
            break
        diagnostic = one_line(block.get("diagnostic-code", "").partition(";")[2])
        diagnostic = diagnostic or one_line(block.get("diagnostic-code", ""))
        status = _status(block.get("status", ""), diagnostic)
        reply = _reply(diagnostic)
        reports.append(
            MailReport(
                recipient=_address(
                    block.get("final-recipient", "") or block.get("original-recipient", "")
                ),
                original_recipient=_address(block.get("original-recipient", "")),
                action=_word(block.get("action", "")),
                status=status,
                diagnostic=diagnostic,
                reply=reply,
                remote=_address(block.get("remote-mta", "") or shared.get("reporting-mta", "")),
                permanent=_permanent(status, reply, diagnostic),
            )
        )
    return tuple(reports)


def failed_recipients(header: str, text: str) -> tuple[MailReport, ...]:
    """The recipients of a bounce that names them in a header only, as Exim does (X-Failed-Recipients).

    What the far server said is in `text`, after the address.
    """
    reports = []
    for address in dict.fromkeys(part.strip("<> ") for part in header.split(",")[:MAX_RECIPIENTS]):
        if not address:
            continue
        said = (
            one_line(text[text.find(address) + len(address) :][:_SAID]) if address in text else ""
        )
        found = _REPLY_IN_TEXT.search(said)
        reply = found[1] if found else ""
        status = _status("", said)
        reports.append(
            MailReport(
                recipient=address,
                action="failed",
                status=status,
                reply=reply,
                diagnostic=said[found.start() :][:_DIAGNOSTIC] if found else said[:_DIAGNOSTIC],
                permanent=_permanent(status, reply, said[:_DIAGNOSTIC]),
            )
        )
    return tuple(reports)


def reading_report(content: bytes) -> tuple[MailReport, ...]:
    """The one recipient that a disposition notification tells of; none when it names nobody."""
    fields = _fields(content[:MAX_REPORT])
    recipient = _address(fields.get("final-recipient", "") or fields.get("original-recipient", ""))
    disposition = fields.get("disposition", "")
    if not recipient and not disposition:
        return ()
    return (
        MailReport(
            recipient=recipient,
            original_recipient=_address(fields.get("original-recipient", "")),
            action=_word(disposition.partition(";")[2].partition("/")[0]),
            diagnostic=one_line(disposition),
            message_id=next(iter(identifiers(fields.get("original-message-id", ""))), ""),
        ),
    )


def _fields(block: bytes) -> dict[str, str]:
    """The first value of each field of a block, by its lower-case name."""
    found: dict[str, str] = {}
    for match in _FIELD.finditer(block):
        value = decode_words(raw_text(match[2])[0])[0]
        found.setdefault(match[1].decode("ascii").lower(), value)
    return found


def _address(value: str) -> str:
    """The part after the type; without brackets, as programs write them that know no better."""
    return one_line(_ADDRESS_TYPE.sub("", value)).strip("<> ")


def _word(value: str) -> str:
    words = value.split()
    return words[0].strip("();,").lower() if words else ""


def _status(value: str, diagnostic: str) -> str:
    """The enhanced status (RFC 3463): the one in the far server's own words, else of the field.

    Relays put 5.0.0, 5.5.0 or 4.4.7 where the far server had said what it meant.
    """
    own, far = _STATUS.search(value), _STATUS.search(diagnostic)
    if far and (own is None or own[1] == far[1]):
        return far[0]
    return own[0] if own else ""


def _permanent(status: str, reply: str, diagnostic: str) -> bool:
    """Whether there is no such address: by its status, or by what is said with a final refusal."""
    if status in _NO_SUCH_ADDRESS:
        return True
    if (status or reply).startswith(("4", "5.1.7", "5.1.8", "5.7.")):
        return False  # for now only, or about the sender
    return bool(_NOBODY.search(diagnostic))


def _reply(diagnostic: str) -> str:
    match = _REPLY.match(diagnostic)
    return match[1] if match else ""
