"""From what a person or a program says to a letter in the outbox, in one transaction.

The bytes and the Message-ID are made once, here, and stay the same over every try (domain of the
sender's address, RFC 5322 §3.6.4). The same idempotency key never makes a second letter.
"""

import hashlib
import json
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tui_mail.db import accounts, cards, drafts, erp, links, messages, outbox, rights, secrets
from tui_mail.db.engine import Database
from tui_mail.db.outbox import Enqueue, Enqueued
from tui_mail.db.session import Session
from tui_mail.db.tables import Account
from tui_mail.errors import InputOutput, NotFound, WrongData
from tui_mail.i18n import _
from tui_mail.mail.compose import build, parse_mailboxes, recipients
from tui_mail.mail.own_ids import new_message_id, with_reference
from tui_mail.values import BodyFormat, Letter, LetterAttachment, Mailbox


@dataclass(frozen=True, slots=True)
class Request:
    """A letter as a program asks for it (the contract's JSON), checked for shape already.

    `attachments`: path and name. `at`: not before then.
    """

    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""
    format: BodyFormat = BodyFormat.TEXT
    attachments: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    records: tuple[str, ...] = ()
    in_reply_to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    idempotency_key: str | None = None
    at: datetime | None = None
    draft: bool = False
    fingerprint: str = field(default="", compare=False)

    @staticmethod
    def of(letter: Mapping[str, Any], at: datetime | None) -> "Request":
        """The request of a letter in JSON."""
        form = next((one for one in BodyFormat if one.value in letter), BodyFormat.TEXT)
        reply_to = letter.get("reply_to", ())
        return Request(
            sender=letter.get("from", ""),
            to=tuple(letter.get("to", ())),
            cc=tuple(letter.get("cc", ())),
            bcc=tuple(letter.get("bcc", ())),
            reply_to=(reply_to,) if isinstance(reply_to, str) else tuple(reply_to),
            subject=letter.get("subject", ""),
            body=letter.get(form.value, ""),
            format=form,
            attachments=tuple(
                (one["path"], one.get("name", "")) for one in letter.get("attachments", ())
            ),
            links=tuple(letter.get("links", ())),
            records=tuple(letter.get("records", ())),
            in_reply_to=letter.get("in_reply_to", "").strip().strip("<>"),
            headers=tuple(letter.get("headers", {}).items()),
            idempotency_key=letter.get("idempotency_key") or None,
            at=at,
            draft=bool(letter.get("draft")),
            fingerprint=_fingerprint(letter),
        )


def _fingerprint(letter: Mapping[str, Any]) -> str:
    """SHA-256 of what was asked for; a file counts by its path, since it may have gone by then."""
    asked = {name: value for name, value in letter.items() if name != "idempotency_key"}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def submit_request(
    database: Database, operator_id: int, request: Request, now: datetime
) -> Enqueued:
    """Commit a program's letter to the outbox, or to the drafts.

    Raises WrongData (addresses, keys), NotFound (account, record, file), NotAllowed.
    """
    attachments = tuple(read_attachment(path, name) for path, name in request.attachments)
    return database.write_now(_submit, operator_id, request, attachments, now)


def read_attachment(path: str, name: str = "") -> LetterAttachment:
    """A file to be sent, by its own name or another.

    Raises NotFound, InputOutput.
    """
    file = Path(path).expanduser()
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(_("The file {file} is not there.").format(file=file)) from error
    except OSError as error:
        raise InputOutput(
            _("{file} cannot be read ({reason}).").format(file=file, reason=error.strerror)
        ) from error
    shown = name or file.name
    return LetterAttachment(shown, content, mimetypes.guess_type(shown)[0] or "")


def _submit(
    session: Session,
    operator_id: int,
    request: Request,
    attachments: Sequence[LetterAttachment],
    now: datetime,
) -> Enqueued:
    account = _account(session, operator_id, request.sender)
    rights.require(session, operator_id, account.id or 0, "send")
    entity_ids = _entities(session, (*request.links, *request.records))
    to = _people(request.to)
    if request.records:
        to += tuple(
            Mailbox(address)
            for record in request.records
            for address in cards.addresses_for(
                session, erp.entity(session, erp.parse_reference(record)).id
            )[:1]
            if address not in {one.address for one in to}
        )
    answered_id = (
        messages.message_by_header(session, operator_id, request.in_reply_to)
        if request.in_reply_to
        else None
    )
    letter = Letter(
        sender=Mailbox(account.email, account.name),
        to=to,
        cc=_people(request.cc),
        bcc=_people(request.bcc),
        reply_to=_people(request.reply_to),
        subject=request.subject,
        body=request.body,
        format=request.format,
        attachments=tuple(attachments),
        in_reply_to=request.in_reply_to,
        references=_references(session, operator_id, answered_id),
        headers=request.headers,
    )
    key = request.idempotency_key if request.draft else None
    if key:
        kept = drafts.kept_by_key(session, operator_id, key, request.fingerprint)
        if kept is not None:
            return Enqueued(kept, "", "draft", repeated=True)
    if request.draft:
        draft = drafts.save_letter(session, operator_id, account.id or 0, letter, entity_ids, now)
        if key:
            drafts.note_key(session, operator_id, draft, key, request.fingerprint, now)
        return Enqueued(draft, "", "draft", repeated=False)
    return enqueue_letter(
        session,
        Submission(
            account=account,
            operator_id=operator_id,
            letter=letter,
            entity_ids=tuple(entity_ids),
            in_reply_to_id=answered_id,
            idempotency_key=request.idempotency_key,
            fingerprint=request.fingerprint,
            not_before=request.at,
        ),
        now,
    )


@dataclass(frozen=True, slots=True)
class Submission:
    """A letter with everything the outbox wants to know. `hold_seconds`: it can be called back.

    `inherit`: it is also about what the answered message is about; a person has seen those links
    and decided already.
    """

    account: Account
    operator_id: int
    letter: Letter
    entity_ids: tuple[int, ...] = ()
    in_reply_to_id: int | None = None
    idempotency_key: str | None = None
    fingerprint: str = ""
    not_before: datetime | None = None
    hold_seconds: int = 0
    inherit: bool = True


def enqueue_letter(session: Session, submission: Submission, now: datetime) -> Enqueued:
    """Build the letter and put it into the outbox, with the links of what it answers.

    Raises WrongData when an address is wrong or there is nobody to send to.
    """
    letter, account = submission.letter, submission.account
    key = secrets.made_letter_key(session)
    message_id = new_message_id(account.email.partition("@")[2], key)
    inherited = (
        links.entities_of(session, submission.in_reply_to_id)
        if submission.inherit and submission.in_reply_to_id is not None
        else ()
    )
    about = tuple(dict.fromkeys((*submission.entity_ids, *inherited)))
    if about:  # so that the answer is about the same, whatever its program drops
        letter = with_reference(letter, message_id)
    return outbox.enqueue(
        session,
        Enqueue(
            account_id=account.id or 0,
            operator_id=submission.operator_id,
            raw=build(letter, message_id=message_id, date=now),
            message_id=message_id,
            envelope_sender=account.email,
            recipients=recipients(letter),
            entity_ids=about,
            idempotency_key=submission.idempotency_key,
            fingerprint=submission.fingerprint,
            not_before=submission.not_before or now + timedelta(seconds=submission.hold_seconds),
            hold=submission.hold_seconds > 0 or submission.not_before is not None,
            in_reply_to_id=submission.in_reply_to_id,
        ),
        now,
    )


def _account(session: Session, operator_id: int, sender: str) -> Account:
    if sender:
        boxes = _people((sender,))
        if len(boxes) == 1:
            return accounts.account_by_email(session, boxes[0].address, operator_id)
        raise WrongData(_("The sender is one address."))
    found = accounts.accounts(session, operator_id)
    if len(found) != 1:
        raise WrongData(_("Say which account sends it (from)."))
    return found[0]


def _people(texts: Sequence[str]) -> tuple[Mailbox, ...]:
    return tuple(one for text in texts for one in parse_mailboxes(text))


def _entities(session: Session, records: Sequence[str]) -> list[int]:
    return [
        erp.entity(session, erp.parse_reference(record)).id for record in dict.fromkeys(records)
    ]


def _references(session: Session, operator_id: int, answered_id: int | None) -> tuple[str, ...]:
    """The chain of what is answered, then itself (RFC 5322 §3.6.4)."""
    if answered_id is None:
        return ()
    row = messages.message(session, operator_id, answered_id)
    chain = row.references.split() or row.in_reply_to.split()
    return (*chain, row.message_id)[-50:]
