"""What a second pair of eyes would say of a letter before it goes: pure, for the review line."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tui_mail.db.address_book import Acquaintance
from tui_mail.db.draft_content import DraftContent
from tui_mail.db.rows import EntityRow
from tui_mail.errors import WrongData
from tui_mail.i18n import _, ngettext
from tui_mail.mail.compose import parse_mailboxes
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.kinds import is_party
from tui_mail.ui.writing.markdown import own_words
from tui_mail.values import Mailbox

LARGE = 20_000_000  # bytes of files beyond which many servers refuse a letter
_MENTIONS = re.compile(
    r"\b(?:allego|alleghiamo|allegat[oaie]|in allegato|attached|attachments?|enclosed|"
    r"(?:i|we) attach|i have attached)\b",
    re.IGNORECASE,
)


class Weight(StrEnum):
    """How much a remark weighs: what stops the letter, what to look at, what is well."""

    STOP = "stop"
    LOOK = "look"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was found."""

    weight: Weight
    text: SafeText


@dataclass(frozen=True, slots=True)
class Answered:
    """A colleague answers the same message: who, and when (`10:43`); `sent`: has answered."""

    who: str
    when: str
    sent: bool = True


def recipients_of(content: DraftContent) -> tuple[tuple[Mailbox, ...], SafeText]:
    """Everyone that the letter goes to, and the sentence about what is no address ("" if all are)."""
    found: list[Mailbox] = []
    wrong = SafeText("")
    for text in (content.to, content.cc, content.bcc):
        try:
            found += parse_mailboxes(text)
        except WrongData as error:
            wrong = wrong or safe(error.message)
    return tuple(found), wrong


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a letter cannot go as it is, and the field to put right."""

    field: str
    text: SafeText


def obstacle(content: DraftContent) -> Obstacle | None:
    """What stops the letter: an address that is none, or nobody to send it to."""
    for name in ("to", "cc", "bcc"):
        _boxes, wrong = recipients_of(DraftContent(to=str(getattr(content, name))))
        if wrong:
            return Obstacle(name, wrong)
    boxes, _wrong = recipients_of(content)
    if not boxes:
        return Obstacle("to", safe(_("Say who gets the letter, then send it.")))
    return None


def review(
    content: DraftContent,
    records: Collection[EntityRow],
    people: Mapping[str, Acquaintance],
    answered: Answered | None = None,
    *,
    sends: bool = True,
) -> list[Remark]:
    """Remarks on a letter, the gravest first; `people` by address in lower case, `sends`: its
    account has a sending server."""
    found = [
        *_sender(sends=sends),
        *_answers(answered),
        *_people(content, records, people),
        *_words(content),
        *_files(content),
    ]
    if records:
        count = len(records)
        text = ngettext("{count} record", "{count} records", count).format(count=count)
        found.append(Remark(Weight.WELL, safe(text)))
    order = list(Weight)
    return sorted(found, key=lambda one: order.index(one.weight))


def _sender(*, sends: bool) -> Iterator[Remark]:
    if not sends:
        text = _("this account has no sending server: the letter will wait")
        yield Remark(Weight.LOOK, safe(text))


def _answers(answered: Answered | None) -> Iterator[Remark]:
    if answered is not None:
        text = _("{name} answered at {time}") if answered.sent else _("{name} is answering, too")
        text = text.format(name=answered.who, time=answered.when)
        yield Remark(Weight.LOOK, safe(text))


def _people(
    content: DraftContent,
    records: Collection[EntityRow],
    people: Mapping[str, Acquaintance],
) -> Iterator[Remark]:
    boxes, wrong = recipients_of(content)
    if wrong:
        yield Remark(Weight.STOP, wrong)
    if not boxes and not wrong:
        yield Remark(Weight.LOOK, safe(_("nobody to send it to")))
    met = [people[box.address.lower()] for box in boxes if box.address.lower() in people]
    strangers = [one.address for one in met if not one.known]
    if strangers:
        more = f" +{len(strangers) - 1}" if len(strangers) > 1 else ""
        text = _("unknown address: {address}").format(address=strangers[0])
        yield Remark(Weight.LOOK, safe(text + more))
    yield from _parties(records, [one for one in met if one.party_ids])


def _parties(records: Collection[EntityRow], met: Collection[Acquaintance]) -> Iterator[Remark]:
    """Whether the letter goes to those whose records it is about."""
    theirs = {row.id if is_party(row.kind) else row.party_id for row in records} - {None}
    others = [one for one in met if theirs and not one.party_ids & theirs]
    if others:
        text = _("{address} is of {party}, not of the records' party").format(
            address=others[0].address, party=others[0].party
        )
        yield Remark(Weight.LOOK, safe(text))
    elif met:
        text = _("recipient of {party}").format(party=next(iter(met)).party)
        yield Remark(Weight.WELL, safe(text))


def _words(content: DraftContent) -> Iterator[Remark]:
    if not content.subject.strip():
        yield Remark(Weight.LOOK, safe(_("no subject")))
    carries_other = ">" in content.body or "-------- " in content.body
    if not own_words(content.body).strip() and not carries_other:
        yield Remark(Weight.LOOK, safe(_("nothing is written")))


def _files(content: DraftContent) -> Iterator[Remark]:
    size = sum(one.size for one in content.attachments)
    if size > LARGE:
        yield Remark(Weight.LOOK, safe(_("more than 20 MB: some servers will refuse it")))
    if content.attachments:
        count = len(content.attachments)
        text = ngettext("{count} attachment", "{count} attachments", count).format(count=count)
        yield Remark(Weight.WELL, safe(text))
    elif _MENTIONS.search(f"{content.subject}\n{own_words(content.body)}"):
        yield Remark(Weight.LOOK, safe(_("an attachment is mentioned, but there is none")))
