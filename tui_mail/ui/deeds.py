"""What the verbs of mail do: one transaction each, and the sentence that says what was done."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.db.rows import AttachmentRow, Marked
from tui_mail.errors import NotFound
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.mailkeys import Target

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts
    from tui_mail.worker.reading import OpenedMessage

_LONGEST = 40

Aim = Target | Marked  # what a verb is about: what is in hand, or all rows that are marked


def named(subject: str) -> SafeText:
    """A subject as it is quoted in a sentence: short."""
    text = safe(subject) or safe(_("(no subject)"))
    return text if len(text) <= _LONGEST else SafeText(text[: _LONGEST - 1] + "…")


def _placements(session: "Session", operator_id: int, target: Aim) -> list[int]:
    from tui_mail.db.actions import placements_of, whole_conversation
    from tui_mail.db.marking import placements_in

    if isinstance(target, Marked):
        return placements_in(session, operator_id, target)
    if target.whole and target.folder_id is not None:
        return whole_conversation(session, operator_id, target.thread_id, target.folder_id)
    if target.placement_id is not None:
        return [target.placement_id]
    return placements_of(session, operator_id, [target.message_id])


def _do(session: "Session", operator_id: int, verb: str, target: Target, now: datetime) -> None:
    from tui_mail.db import actions

    ids = _placements(session, operator_id, target)
    match verb:
        case "archive":
            actions.archive(session, operator_id, ids, now)
        case "delete":
            actions.delete(session, operator_id, ids, now)
        case "spam":
            actions.spam(session, operator_id, ids, now)
        case "read":
            actions.mark(session, operator_id, ids, add=frozenset({"seen"}), now=now)
        case "unread":
            actions.mark(session, operator_id, ids, remove=frozenset({"seen"}), now=now)
        case "split":
            actions.split(session, operator_id, target.message_id, now)
        case "star" if target.starred:
            actions.mark(session, operator_id, ids, remove=frozenset({"flagged"}), now=now)
        case "star":
            actions.mark(session, operator_id, ids, add=frozenset({"flagged"}), now=now)


def _sentence(verb: str, target: Target) -> SafeText:
    sentences = {
        "archive": _("Archived “{subject}”"),
        "delete": _("Deleted “{subject}”"),
        "spam": _("Marked as spam “{subject}”"),
        "split": _("A conversation of its own: “{subject}”"),
        "read": _("Marked read “{subject}”"),
        "unread": _("Marked unread “{subject}”"),
        "star": _("Unstarred “{subject}”") if target.starred else _("Starred “{subject}”"),
    }
    return safe(sentences[verb].format(subject=named(target.subject)))


async def carry_out(verb: str, parts: "Parts", aim: Aim) -> SafeText:
    """Do what a key asked for, in one transaction; returns the sentence for the status line.

    Raises what the database's verbs raise.
    """
    now = datetime.now(UTC)
    if isinstance(aim, Marked):
        await parts.database.write(_do_all, parts.operator_id, verb, aim, now)
        return _sentence_of_many(verb, len(aim))
    await parts.database.write(_do, parts.operator_id, verb, aim, now)
    return _sentence(verb, aim)


OF_MANY = frozenset({"archive", "delete", "spam", "read", "unread", "star", "join"})
TAKES_AWAY = frozenset({"archive", "delete", "spam", "join"})


def _do_all(session: "Session", operator_id: int, verb: str, marked: Marked, now: datetime) -> None:
    from tui_mail.db import actions
    from tui_mail.db.marking import all_starred, messages_in, placements_in

    if verb == "join":
        actions.join(session, operator_id, messages_in(session, marked), now)
        return
    ids = placements_in(session, operator_id, marked)
    seen, flagged, nothing = frozenset({"seen"}), frozenset({"flagged"}), frozenset[str]()
    if verb in {"read", "unread", "star"}:
        unstar = verb == "star" and all_starred(session, ids)
        add = {"read": seen, "star": nothing if unstar else flagged}.get(verb, nothing)
        remove = {"unread": seen, "star": flagged if unstar else nothing}.get(verb, nothing)
        actions.mark(session, operator_id, ids, add=add, remove=remove, now=now)
    else:
        do = {"archive": actions.archive, "delete": actions.delete, "spam": actions.spam}[verb]
        do(session, operator_id, ids, now)


def _sentence_of_many(verb: str, number: int) -> SafeText:
    sentences = {
        "archive": _("Archived {number} marked"),
        "delete": _("Deleted {number} marked"),
        "spam": _("Marked as spam {number} marked"),
        "read": _("Marked read {number} marked"),
        "unread": _("Marked unread {number} marked"),
        "star": _("Changed the stars of {number} marked"),
        "join": _("Joined {number} marked"),
    }
    return safe(sentences[verb].format(number=number))


def _redo(session: "Session", operator_id: int, now: datetime) -> str | None:
    from tui_mail.db.undoing import redo

    return redo(session, operator_id, now)


async def redo(parts: "Parts") -> SafeText:
    """Do again what this operator took back last; returns the sentence."""
    done = await parts.database.write(_redo, parts.operator_id, datetime.now(UTC))
    return safe(_("Done again.")) if done else safe(_("There is nothing to do again."))


def _put(
    session: "Session", operator_id: int, verb: str, aim: Aim, folder_id: int, now: datetime
) -> None:
    from tui_mail.db.actions import copy, move

    do = {"move": move, "copy": copy}[verb]
    do(session, operator_id, _placements(session, operator_id, aim), folder_id, now)


async def put_into(
    verb: str, folder_id: int, folder: SafeText, parts: "Parts", aim: Aim
) -> SafeText:
    """Move or copy to a folder; returns the sentence."""
    await parts.database.write(_put, parts.operator_id, verb, aim, folder_id, datetime.now(UTC))
    sentences = {
        "move": (_("Moved “{subject}” to {folder}"), _("Moved {number} marked to {folder}")),
        "copy": (_("Copied “{subject}” to {folder}"), _("Copied {number} marked to {folder}")),
    }
    return about(aim, *sentences[verb], folder=folder)


def about(aim: Aim, one: str, many: str, **words: str) -> SafeText:
    """A sentence about what is in hand, or about the marked rows."""
    if isinstance(aim, Marked):
        return safe(many.format(number=len(aim), **words))
    return safe(one.format(subject=named(aim.subject), **words))


def _tag(
    session: "Session", operator_id: int, aim: Aim, name: str, off: bool, now: datetime
) -> None:
    from tui_mail.db.tags import tag

    tag(session, operator_id, _placements(session, operator_id, aim), name, now, off=off)


async def tag(name: str, off: bool, parts: "Parts", aim: Aim) -> SafeText:
    """Put a tag on, or take it off; returns the sentence. Raises WrongData for what can be none."""
    await parts.database.write(_tag, parts.operator_id, aim, name, off, datetime.now(UTC))
    if off:
        one, many = _("{tag} taken off “{subject}”"), _("{tag} taken off {number} marked")
    else:
        one, many = _("“{subject}” tagged {tag}"), _("{number} marked tagged {tag}")
    return about(aim, one, many, tag=safe(name))


def _tags(session: "Session", operator_id: int, aim: Aim) -> tuple[list[str], frozenset[str]]:
    from tui_mail.db.tags import tags, tags_on

    return tags(session, operator_id), tags_on(session, _placements(session, operator_id, aim))


async def tags_for(parts: "Parts", aim: Aim) -> tuple[list[str], frozenset[str]]:
    """All tags that there are, and those that all of what a verb is about has."""
    return await parts.database.read(_tags, parts.operator_id, aim)


def _mark_read(session: "Session", operator_id: int, placement_id: int, now: datetime) -> None:
    from tui_mail.db.actions import mark

    mark(session, operator_id, [placement_id], add=frozenset({"seen"}), now=now, by_itself=True)


async def mark_read(parts: "Parts", placement_id: int) -> None:
    """A message that was opened counts as read."""
    await parts.database.write(_mark_read, parts.operator_id, placement_id, datetime.now(UTC))


def _undo(session: "Session", operator_id: int, now: datetime) -> str | None:
    from tui_mail.db.undoing import undo

    return undo(session, operator_id, now)


async def undo(parts: "Parts") -> SafeText:
    """Take back what this operator did last; returns the sentence."""
    done = await parts.database.write(_undo, parts.operator_id, datetime.now(UTC))
    return safe(done) if done else safe(_("There is nothing to undo."))


def _decide(
    session: "Session", operator_id: int, verb: str, link: tuple[int, int], thread: bool
) -> None:
    from tui_mail.db import links

    verbs = {"confirm": links.confirm, "reject": links.reject, "add": links.add}
    message_id, entity_id = link
    verbs[verb](session, operator_id, message_id, entity_id, thread=thread, now=datetime.now(UTC))


async def decide(
    parts: "Parts", verb: str, link: tuple[int, int], record: SafeText, *, thread: bool = False
) -> SafeText:
    """Confirm, reject or add the link of (message, entity); `record` is what it is called."""
    await parts.database.write(_decide, parts.operator_id, verb, link, thread)
    sentences = {
        "confirm": _("Confirmed {record}"),
        "reject": _("Rejected {record}"),
        "add": _("Linked {record}"),
    }
    return safe(sentences[verb].format(record=record))


async def with_files(parts: "Parts", opened: "OpenedMessage") -> "OpenedMessage":
    """The message with its files, which are fetched where they are with its server only.

    Raises Away, which says why they do not come now, NotFound.
    """
    from tui_mail.worker.waiting import files_of

    await files_of(parts.database, parts.operator_id, opened.row.id)
    return await parts.reader.open(opened.row.id)


async def ask_for_files(parts: "Parts", message_id: int) -> None:
    """A message was opened whose files are with its server only: they come when they can."""
    await parts.database.write(_ask, parts.operator_id, message_id, datetime.now(UTC))


def _ask(session: "Session", operator_id: int, message_id: int, now: datetime) -> None:
    from tui_mail.db.wanted import ask

    ask(session, operator_id, [message_id], now)


async def save_files(
    opened: "OpenedMessage", files: Sequence[AttachmentRow], folder: Path
) -> SafeText:
    """Write attachments into a folder, under names that lead nowhere else.

    Raises NotFound when the bytes of all are lost, CannotWrite.
    """
    from tui_mail.worker.reading import attachment_of
    from tui_mail.worker.saving import save_into

    def write() -> tuple[list[Path], list[tuple[str, NotFound]]]:
        found, lost = [], []
        for file in files:
            try:
                found.append(attachment_of(opened, file.number))
            except NotFound as error:
                lost.append((file.name or file.media_type, error))
        return [save_into(folder, one.name, one.content) for one in found], lost

    paths, lost = await asyncio.to_thread(write)
    if lost and not paths:
        raise lost[0][1]
    if len(paths) == 1:
        saved = _("Saved {file}").format(file=paths[0])
    else:
        saved = _("Saved {count} files in {folder}").format(count=len(paths), folder=folder)
    if lost:
        names = ", ".join(_("“{name}”").format(name=name) for name, _error in lost)
        saved = _("{saved}, but not {names}: the message says why").format(saved=saved, names=names)
    return safe(saved)
