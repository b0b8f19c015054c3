"""The people outside who answer what the demo sends them, and the post office between all.

Hides how an answer is worded, addressed and kept from answering automata.
"""

import asyncio
import hashlib
import quopri
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime, formataddr

from tui_mail.demo.imap_mime import Part, parse_message
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.demo.imap_text import header_text, plain_text
from tui_mail.demo.records import Person
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail

MAX_QUOTED_LINES = 200
MAX_REFERENCES = 20
MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
ANSWERED_ALREADY = re.compile(r"(?:re|r|aw|sv)\s*:", re.IGNORECASE)

WORDINGS: Mapping[str, tuple[str, ...]] = {
    "it": (
        "grazie per la pronta risposta, per noi va bene così.\nProcedete pure.",
        "ricevuto, grazie. Verifico con il magazzino e vi confermo entro domani mattina.",
        "perfetto, confermiamo quanto sotto.\nAttendiamo i documenti aggiornati.",
        "grazie, ho girato il tutto all'ufficio acquisti.\nSe serve altro vi chiamo oggi.",
        "va bene. Potete solo confermarmi la data di consegna? Abbiamo il cantiere fermo.",
        "grazie mille. Segnalo che il referente per le fatture resta l'amministrazione.",
    ),
    "en": (
        "thank you for the quick reply, that works for us.\nPlease go ahead.",
        "received, thanks. I will check with the warehouse and confirm by tomorrow morning.",
        "perfect, we confirm the below.\nWe look forward to the updated documents.",
        "thanks, I have passed this on to our purchasing department.\nI will call you today.",
        "fine with us. Could you just confirm the delivery date? Our site is waiting for it.",
        "many thanks. Please note that invoices still go to our accounts department.",
    ),
}


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """Where mail to an address of the company goes."""

    user: str
    folder: str = "INBOX"


class Correspondents:
    """Delivers what is sent: to colleagues at once, to people outside, who answer in a while."""

    def __init__(
        self,
        mailboxes: Mapping[str, UserMailbox],
        people: Mapping[str, Person],
        own: Mapping[str, OwnAddress],
        *,
        delay: float | Callable[[str], float] = 3.0,
    ) -> None:
        """Know people and own addresses by address; `delay` is in seconds, or by address."""
        self._mailboxes = mailboxes
        self._people = {address.lower(): person for address, person in people.items()}
        self._own = {address.lower(): own_address for address, own_address in own.items()}
        self._delay = delay
        self._answers: set[asyncio.Task[None]] = set()

    @property
    def pending(self) -> int:
        """How many answers are still to come."""
        return len(self._answers)

    def refuse(self, address: str) -> str | None:
        """Return the refusal of a recipient who cannot exist (RFC 2606), or None."""
        lowered = address.lower()
        known = lowered in self._people or lowered in self._own
        if lowered.endswith(".invalid") and not known:
            return "550 5.1.1 No such user"
        return None

    def deliver(self, mail: ReceivedMail) -> list[str]:
        """Take a message for all its recipients, and let those who answer do so later."""
        message = parse_message(mail.raw)
        sender = self._sender(mail, message)
        for recipient in dict.fromkeys(address.lower() for address in mail.recipients):
            own = self._own.get(recipient)
            if own is not None:
                trace = f"Return-Path: <{mail.sender}>\r\n".encode("ascii", "replace")
                self._mailboxes[own.user].deliver(own.folder, trace + mail.raw)
            person = self._people.get(recipient)
            if person is not None and sender and _may_be_answered(mail, message):
                self._answer_later(person, recipient, sender, message)
        return [ACCEPTED] * len(mail.recipients)

    async def stop(self) -> None:
        """Forget the answers that have not been given."""
        answers = list(self._answers)
        for answer in answers:
            answer.cancel()
        await asyncio.gather(*answers, return_exceptions=True)

    def _sender(self, mail: ReceivedMail, message: Part) -> str:
        """Return which of the own addresses an answer goes to, or nothing."""
        headers = (header_text(message.field(name) or b"") for name in ("reply-to", "from"))
        candidates = [*(_address(header) for header in headers), mail.sender]
        return next((one.lower() for one in candidates if one.lower() in self._own), "")

    def _answer_later(self, person: Person, address: str, sender: str, message: Part) -> None:
        delay = self._delay(address) if callable(self._delay) else self._delay
        task = asyncio.get_running_loop().create_task(
            self._answer(delay, person, (address, sender), message)
        )
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(
        self, delay: float, person: Person, addresses: tuple[str, str], message: Part
    ) -> None:
        await asyncio.sleep(delay)
        now = datetime.now(UTC).astimezone()
        own = self._own[addresses[1]]
        raw = write_answer(person, addresses, message, now)
        self._mailboxes[own.user].deliver(own.folder, raw, when=now)


def write_answer(person: Person, addresses: tuple[str, str], message: Part, now: datetime) -> bytes:
    """Return the answer of a person, from the first address to the second, to a message.

    The wording and the Message-ID depend on the message alone: the same letter gets the same
    answer.
    """
    address, sender = addresses
    original = MESSAGE_ID.search(_one_line(message.field("message-id")))
    seed = original[0].encode("utf-8") if original else message.raw
    digest = hashlib.sha256(seed + address.encode("utf-8")).hexdigest()
    headers = {
        "Return-Path": f"<{address}>",
        "Date": format_datetime(now),
        "From": formataddr((person.name, address)),
        "To": sender,
        "Subject": _subject(message),
        "Message-ID": f"<{digest[:24]}@{address.rpartition('@')[2]}>",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
    }
    if original:
        earlier = MESSAGE_ID.findall(_one_line(message.field("references")))
        headers["In-Reply-To"] = original[0]
        headers["References"] = "\r\n ".join([*earlier[-MAX_REFERENCES:], original[0]])
    body = _body(person, message, now, choice=int(digest[:8], 16))
    encoded = quopri.encodestring(body.encode("utf-8")).replace(b"\n", b"\r\n")
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("utf-8") + b"\r\n" + encoded


def _may_be_answered(mail: ReceivedMail, message: Part) -> bool:
    """Say whether a person may answer: never a bounce, a robot or a list (RFC 3834 section 2)."""
    if not mail.sender or message.field("list-id") is not None:
        return False
    submitted = (message.field("auto-submitted") or b"no").lower()
    precedence = (message.field("precedence") or b"").lower()
    return submitted.startswith(b"no") and precedence not in {b"bulk", b"list", b"junk"}


def _subject(message: Part) -> str:
    subject = _one_line(message.field("subject"))[:500]
    if not ANSWERED_ALREADY.match(subject):
        subject = f"Re: {subject}".strip()
    if subject.isascii():
        return subject
    return Header(subject, "utf-8", header_name="Subject").encode(linesep="\r\n")


def _body(person: Person, message: Part, now: datetime, *, choice: int) -> str:
    italian = person.language == "it"
    wordings = WORDINGS["it" if italian else "en"]
    writer = _display_name(_one_line(message.field("from")))
    intro = f"Il {now:%d/%m/%Y %H:%M}, {writer} ha scritto:"
    if not italian:
        intro = f"On {now:%Y-%m-%d %H:%M}, {writer} wrote:"
    lines = plain_text(message).splitlines()[:MAX_QUOTED_LINES]
    return "\n".join(
        [
            "Buongiorno," if italian else "Hello,",
            wordings[choice % len(wordings)],
            "",
            "Cordiali saluti" if italian else "Kind regards",
            person.name,
            person.company,
            "",
            intro,
            *(f">{'' if line.startswith('>') else ' '}{line}".rstrip() for line in lines),
            "",
        ]
    )


def _display_name(sender: str) -> str:
    name = sender.partition("<")[0].strip().strip('"')
    return name or _address(sender)


def _address(header: str) -> str:
    """Return the address in a header that holds one, or nothing."""
    found = ADDRESS.findall(header[:2000])
    return found[-1] if found else ""


def _one_line(value: bytes | None) -> str:
    text = header_text(value or b"")
    return "".join(character for character in text if character.isprintable())
