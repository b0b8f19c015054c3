"""What stands above and below the text of a message: who, when, its records, warnings, files.

Warnings lie between header and text, in lines that mail cannot draw in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tui_mail.db.rows import AttachmentRow, Doubts, LinkRow, MessageRow
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.kinds import account_name, is_party
from tui_mail.ui.widgets.text import Line, Piece, fit, plain, width_of
from tui_mail.ui.wrap import wrapped
from tui_mail.values import (
    Authentication,
    CertifiedState,
    Gathered,
    Mailbox,
    Mismatch,
    ParsedMessage,
)

if TYPE_CHECKING:
    from tui_mail.mail.render import Rendered


_UNKNOWN = Authentication()
_NO_DOUBTS = Doubts()
_NEAR = timedelta(hours=24)  # a date of the sender's that far from the day it came is no wonder
_SENTENCE_LINES = 5  # each: an address may be as long as its sender likes
_RECEIPTS = 8
_RECEIPT_STYLES = {"refused": "error", "late": "warning"}  # of the others: dim
_AIM = 14  # cells in which it makes sense to name recipients
_WARNED_LINKS = 2  # each; more are counted
_MOST_RECORDS = 4  # in one line
_SHORTEST_REASON = 12  # cells
_PEC_SENDER = "posta-certificata@"
# What keeps a provider's word from counting; the rest is only said.
_NOT_VOUCHED = frozenset(
    {"pec_unsigned", "pec_broken", "pec_other_signer", "pec_expired", "pec_untrusted", "pec_sender",
     "pec_anomaly"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What is known about the message that is being read."""

    row: MessageRow
    parsed: ParsedMessage
    links: Sequence[LinkRow]
    lost: str = ""  # why attachments' bytes could not be had
    authentication: Authentication = _UNKNOWN
    mismatches: Sequence[Mismatch] = ()  # links that name another host than they lead to
    gathered: Gathered | None = None  # what became of the pieces that it was sent in
    tags: tuple[str, ...] = ()
    doubts: Doubts = _NO_DOUBTS
    receipts: Sequence[CertifiedState] = ()  # what became of a certified letter of ours
    foreign: bool = False  # a receipt of no letter of ours
    authorities: bool = False  # whether it is known whom to trust with certified mail
    envelope: str = ""  # what the provider wrote around a certified letter


def mailbox(box: Mailbox | None) -> SafeText:
    """A sender or recipient: the address always shows, whatever the name claims."""
    if box is None:
        return safe(_("(no sender)"))
    return safe(f"{box.name} <{box.address}>" if box.name else box.address)


def warnings(head: Letterhead) -> list[SafeText]:
    """What to doubt about the message, one sentence each."""
    parsed, found = head.parsed, []
    for slug in parsed.warnings:
        if slug == "several_senders":
            found.append(_("it names several senders"))
        elif slug == "name_shows_other_address":
            address = parsed.sender.address if parsed.sender else ""
            found.append(_("the name shows another address; it comes from {0}").format(address))
        elif slug == "reply_to_other_domain":
            address = parsed.reply_to[0].address if parsed.reply_to else ""
            found.append(_("a reply goes to another address: {0}").format(address))
        elif slug == "encrypted":
            found.append(_("it is encrypted: only the program that has the key can read it"))
        elif slug == "partial_message":
            found.append(_piece(head.gathered))
        elif slug == "external_body":
            found.append(_("part of it is not in the message but elsewhere: nothing is fetched"))
    if parsed.certified is not None:
        from tui_mail.mail.certified_words import doubt_in_words  # for certified mail only

        found += [doubt_in_words(slug, parsed.certified) for slug in parsed.certified.doubts]
    if head.authentication.failed:
        found.append(_("the sender's domain says that this is not from it"))
    found += _by_other_mail(head)
    found += link_warnings(head.mismatches)
    if parsed.damage:
        found.append(_("part of the message could not be read (h for details)"))
    if head.lost:
        found.append(head.lost)
    return [safe(text) for text in found]


def _piece(found: Gathered | None) -> str:
    if found is None or found.message_ids:
        return _("it is one piece of a message that was sent in several")
    return _in_words(found)


def _in_words(found: Gathered) -> str:
    from tui_mail.mail.pieces import pieces_in_words  # the first list does not wait for it

    return pieces_in_words(found)


def _by_other_mail(head: Letterhead) -> list[str]:
    """What to doubt by what is stored beside the message, and by when it came."""
    found = []
    if head.doubts.another:
        found.append(_("another message has the same identifier and says something else"))
    if head.doubts.new_sender:
        address = head.parsed.sender.address if head.parsed.sender else ""
        found.append(_("new sender: {0} was not in this conversation before").format(address))
    if head.foreign:
        found.append(
            _("no letter of ours went to whom this receipt names: it counts for nothing here")
        )
    written, came = head.parsed.date, head.row.received_at
    if written is not None and abs(written - came) > _NEAR and not head.row.outgoing:
        words = _("it is dated {written}, but it came on {came}")
        found.append(
            words.format(written=formats.moment_in_full(written), came=formats.moment_in_full(came))
        )
    return found


def link_warnings(mismatches: Sequence[Mismatch]) -> list[str]:
    """What to doubt about links, the first ones in words."""
    found = [
        _("link {number} leads to {real}, not to {shown}").format(
            number=one.number, shown=one.shown, real=one.real
        )
        for one in mismatches[:_WARNED_LINKS]
    ]
    more = len(mismatches) - _WARNED_LINKS
    if more > 0:
        words = ngettext(
            "{count} more link leads elsewhere than it shows",
            "{count} more links lead elsewhere than they show",
            more,
        )
        found.append(words.format(count=more))
    return found


def vouched(head: Letterhead) -> SafeText:
    """Who vouches for the sender, in a word: the certified mail's provider, or the checks that held."""
    certified = head.parsed.certified
    if certified is not None:
        provider = certified.provider.address
        if _NOT_VOUCHED.intersection(certified.doubts) or not provider.startswith(_PEC_SENDER):
            return SafeText("")
        return safe(f"✓ PEC {provider[len(_PEC_SENDER) :]}")
    passed = head.authentication.passed
    return safe("✓ " + " ".join(name.upper() for name in passed)) if passed else SafeText("")


def head_lines(head: Letterhead, width: int, now: datetime, *, records: bool) -> list[Line]:
    """The lines above the text. `records`: also the linked records, in one line."""
    subject = safe(head.row.subject) or safe(_("(no subject)"))
    word = vouched(head)
    if width <= width_of(word) * 3:
        word = SafeText(" ".join(word.split()[:2]))  # without the provider's name
    beside = width_of(word) + 2 if word and width > width_of(word) * 3 else 0
    lines: list[Line] = [
        (
            Piece(fit(SafeText(f" {subject}"), width - beside), "bold"),
            *((Piece(SafeText(f" {word} "), "dim"),) if beside else ()),
        ),
        *_people(head, width, now),
    ]
    if head.tags:
        tags = SafeText("  ".join(f"#{safe(tag)}" for tag in head.tags))
        lines.append(plain(fit(SafeText(f" {tags}"), width), "accent"))
    if records:
        lines.append(records_line(head.links, width, now))
    for text in warnings(head):
        lines.extend(plain(row, "warning bold") for row in _marked(" ⚠ ", text, width))
    lines.extend(_receipts(head, width))
    if head.gathered is not None and head.gathered.message_ids:
        lines.append(plain(fit(safe(f" ▪ {_in_words(head.gathered)}"), width), "dim"))
    lines.append(plain(SafeText("─" * width), "rule"))
    return lines


def _people(head: Letterhead, width: int, now: datetime) -> list[Line]:
    """Who wrote, to whom, and when; recipients that find no room there have a line of their own."""
    row, parsed = head.row, head.parsed
    when = formats.when_in_full(parsed.date or row.received_at, now)
    sender = mailbox(parsed.sender)
    if width_of(sender) + 1 > width - width_of(when) - 2:
        when = formats.when(parsed.date or row.received_at, now)
    room = width - width_of(when) - 2
    to = _to(box.name or box.address for box in parsed.to) or _to(filter(None, [row.recipients]))
    aim = to or safe(account_name(row.account) if row.account else "")
    # Of a letter of ours it matters most to whom it went: no recipient is cut off beside its sender.
    needed = width_of(aim) if row.outgoing else min(_AIM, width_of(aim))
    fits = room - width_of(sender) - 3 >= needed
    first = SafeText(f" {sender}  {aim}" if aim and fits else f" {sender}")
    lines: list[Line] = [(Piece(fit(first, room)), Piece(SafeText(f" {when} "), "dim"))]
    if to and not fits:
        whole = _to(map(mailbox, parsed.to))
        below = whole if whole and width_of(whole) + 2 <= width else to
        lines.append(plain(fit(SafeText(f" {below}"), width), "" if row.outgoing else "dim"))
    return lines


def _to(people: Iterable[str]) -> SafeText:
    names = ", ".join(people)
    return safe(_("to {recipients}").format(recipients=names)) if names else SafeText("")


def _marked(mark: str, text: str, width: int) -> list[SafeText]:
    """A sentence behind its mark, in as many lines as it may take."""
    rows = wrapped(safe(text), width - 1, " " * len(mark))
    shown = rows[:_SENTENCE_LINES]
    shown[0] = SafeText(f"{mark}{shown[0].lstrip()}")
    if len(rows) > len(shown):
        shown[-1] = SafeText(f"{shown[-1]}…")
    return [fit(row, width) for row in shown]


def _receipts(head: Letterhead, width: int) -> list[Line]:
    """What became of a certified letter for each recipient, or what a receipt says of one."""
    certified = head.parsed.certified
    if not head.receipts and certified is None:
        return []
    from tui_mail.mail import certified_words as words  # for certified mail only

    told = [(one.state, f"{one.address}: {words.state_in_words(one)}") for one in head.receipts]
    told.sort(key=lambda one: one[0] not in _RECEIPT_STYLES)  # what went wrong is not left out
    if certified is not None:
        told += words.receipt_in_words(certified)
    shown = told[:_RECEIPTS]
    lines = [
        plain(row, _RECEIPT_STYLES.get(state, "dim"))
        for state, text in shown
        for row in _marked(" PEC ", text, width)
    ]
    if more := len(told) - len(shown):
        text = ngettext("{n} more", "{n} more", more).format(n=more)
        lines.append(plain(safe(f" PEC {text}"), "dim"))
    return lines


def records_line(links: Sequence[LinkRow], width: int, now: datetime) -> Line:
    """The records of a message in one line, each with the sign of its link; the keys end it.

    Where there is no room for all, reasons are shortened first, then the last records only counted.
    """
    shown = [link for link in links if link.state != "rejected"]
    if not shown:
        return plain(safe(_(" – no record linked  ·  L link")), "dim")
    shown.sort(key=lambda link: is_party(link.kind))
    today = now.astimezone().date()
    keys = safe(_("·  L change  i records"))
    named = [_linked(link, today) for link in shown]
    for count in range(min(len(named), _MOST_RECORDS), 0, -1):
        more = f"+{len(named) - count}  " if len(named) > count else ""
        end = safe(f"{more}{keys}")
        room = width - 2 - width_of(end) - sum(width_of(name) + 2 for name, _style in named[:count])
        if room >= 0 or count == 1:
            break
    pieces = [Piece(SafeText(" "))]
    for link, (name, style) in zip(shown[:count], named, strict=False):
        why = _reason(link, room)
        called = name if room >= 0 else fit(name, max(1, width_of(name) + room))
        room -= width_of(why)
        pieces += [Piece(called, style), Piece(SafeText(f"{why}  "), "dim")]
    return (*pieces, Piece(end, "dim"))


def _linked(link: LinkRow, today: Day) -> tuple[SafeText, str]:
    sign = {"confirmed": "✓ ", "proposed": "? "}.get(link.state, "")
    name = formats.record(link.kind, link.code, link.title, today)
    return safe(f"{sign}{name}"), "warning" if link.state == "proposed" else "accent"


def _reason(link: LinkRow, room: int) -> SafeText:
    """Why a link is proposed, in `room` cells; nothing where that would be no more than a word's."""
    if link.state != "proposed" or not link.why:
        return SafeText("")
    why = safe(link.why)
    most = room - width_of(SafeText(" ()"))
    if width_of(why) <= most:
        return SafeText(f" ({why})")
    return SafeText(f" ({fit(why, most).rstrip()})") if most >= _SHORTEST_REASON else SafeText("")


def header_lines(head: Letterhead, width: int) -> list[Line]:
    """Who checked the sender, every header as it was decoded, what could not be read, and what a
    provider wrote around a certified letter."""
    lines: list[Line] = [
        plain(row) for told in _checked(head) for row in wrapped(safe(told), width - 1, " ")
    ]
    for name, value in head.parsed.headers:
        lines.append(
            (
                Piece(safe(f" {name}: "), "accent"),
                Piece(fit(safe(value), max(0, width - width_of(safe(name)) - 3)), "dim"),
            )
        )
    if head.parsed.damage:
        from tui_mail.mail.damages import damage_in_words  # the first list does not wait for it

        text = _("could not be read: {0}").format(
            "; ".join(map(damage_in_words, head.parsed.damage))
        )
        lines.extend(plain(row, "warning") for row in wrapped(safe(text), width - 1, " "))
    rule = plain(SafeText("─" * width), "rule")
    if head.envelope:
        told = (wrapped(safe(one), width - 1, " ") for one in head.envelope.splitlines())
        lines += [rule, *(plain(row, "dim") for rows in told for row in rows)]
    lines.append(rule)
    return lines


def _checked(head: Letterhead) -> list[str]:
    found = head.authentication
    if head.parsed.certified is not None:
        from tui_mail.mail.certified_words import signature_in_words

        return [signature_in_words(head.parsed.certified, checked=head.authorities)]
    if not found.by:
        return [_("no server of yours says whether the sender is who it seems")]
    if found.failed:
        return [_("{server}: the sender's domain does not vouch for this").format(server=found.by)]
    if not found.passed:
        return [_("{server}: nobody vouches for the sender").format(server=found.by)]
    methods = ", ".join(name.upper() for name in found.passed)
    domain = head.parsed.sender.address.rpartition("@")[2] if head.parsed.sender else ""
    return [
        _("{server}: {domain} vouches for this ({methods})").format(
            server=found.by, domain=domain, methods=methods
        )
    ]


def attachment_lines(files: Sequence[AttachmentRow], width: int) -> list[Line]:
    """The files of a message, as many in a line as fit."""
    lines: list[Line] = []
    current: list[Piece] = []
    taken = 0
    for file in files:
        name = safe(file.name) or safe(file.media_type)
        size = formats.size(file.size)
        if file.away:
            size = safe(_("{size}, on the server").format(size=size))
        room = max(8, width - width_of(size) - 9)
        shown = name if width_of(name) <= room else fit(name, room)
        cells = width_of(shown) + width_of(size) + 8
        if current and taken + cells > width:
            lines.append(tuple(current))
            current, taken = [], 0
        current += [
            Piece(SafeText(" ▪ "), "accent"),
            Piece(shown),
            Piece(SafeText(f"  {size}  "), "dim"),
        ]
        taken += cells
    if current:
        lines.append(tuple(current))
    return lines


def hidden_line(rendered: "Rendered") -> list[Line]:
    """What was left out, in one line; none when nothing was."""
    hidden, images = rendered.hidden, rendered.images
    parts = []
    if hidden:
        parts.append(ngettext("{0} hidden piece", "{0} hidden pieces", hidden).format(hidden))
    if images:
        parts.append(ngettext("{0} image", "{0} images", images).format(images))
    told = [_("not shown: {0}").format(", ".join(parts))] if parts else []
    if rendered.partial:
        told.append(_("shown in part: the rest is too much (Ctrl+U for the source)"))
    return [plain(safe(f" {text}"), "dim") for text in told]
