"""Why a message is linked to a record: kept as data, worded in the language of whoever looks.

A reason is a name and what goes into its sentence; the database holds them as JSON, so that a
clerk reads Italian though the worker that made the link spoke English.
"""

import json
from collections.abc import Collection, Iterable
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from msgspec import Struct

from tui_mail.i18n import _, money, msgid

_LONGEST_SHOWN = 80
_WRITER = json.JSONEncoder(ensure_ascii=False)
_SENTENCES = {
    "hand": msgid("linked by hand"),
    "composed": msgid("named by who wrote the letter"),
    "address": msgid("{address} is one of its addresses"),
    "shared_address": msgid("{address} is one of its addresses, and of others ({count} in all)"),
    "learned": msgid("letters from {address} were linked to it by hand in {count} conversations"),
    "folder": msgid("it lies in the folder “{folder}”, which stands for it"),
    "folder_of_other": msgid(
        "it lies in the folder “{folder}”, which stands for it, but {party} is not on this message"
    ),
    "hidden_folder": msgid("it lies in a folder that stands for it"),
    "contact": msgid("{address} is {contact}"),
    "vat": msgid("the invoice names its VAT number {vat}"),
    "vat_said": msgid("its writer gives its VAT number {vat}"),
    "sdi_file": msgid("it is about the invoice's file {file}"),
    "amount": msgid("the invoice comes to its total, {amount}"),
    "receipt_of": msgid("it is the provider's receipt of a letter about it"),
    "receipt": msgid("it is a receipt of one of several letters with this subject and recipient"),
    "exchange": msgid("it is about the invoice that the exchange calls {number}"),
    "paid_dated": msgid("it tells of a payment of {amount} and of its day"),
    "paid": msgid("it tells of a payment of {amount}, which is its amount"),
    "summed": msgid("it tells of a payment of {amount}, to which it comes with others"),
    "format": msgid(
        "it says “{words}”: so its number was written in {count} conversations that people linked"
    ),
    "format_once": msgid(
        "it says “{words}”: so its number was written in one conversation that people linked"
    ),
    "domain": msgid("{address} is in its domain"),
    "thread": msgid("it answers a message about it"),
    "stranger_in_thread": msgid(
        "it answers a message about it, but its writer was not in that conversation"
    ),
    "subject": msgid("the subject says “{words}”"),
    "text": msgid("the text says “{words}”"),
    "quoted": msgid("what it quotes says “{words}”"),
    "name": msgid("the name of a file says “{words}”"),
    "file": msgid("a file says “{words}”"),
    "reference": msgid("it says “{words}”, which is their own reference"),
    "passed_on": msgid("{address}, who wrote what a colleague passes on, is one of its addresses"),
    "late": msgid("it answers a message about it, but after a long silence"),
    "text_of_other": msgid(
        "the text says “{words}”, but it is of {party}, who is not on this message"
    ),
    "text_of_nobody": msgid("the text says “{words}”, but nobody on this message is known"),
    "subject_of_other": msgid(
        "the subject says “{words}”, but it is of {party}, who is not on this message"
    ),
    "subject_of_nobody": msgid("the subject says “{words}”, but nobody on this message is known"),
}


class Reason(Struct, frozen=True, order=True):
    """One reason to link: the name of its sentence, and the (slot, text) that go into it."""

    name: str
    slots: tuple[tuple[str, str], ...] = ()


def reason(name: str, **slots: str) -> Reason:
    """A reason; foreign text in a slot is cut to what fits a sentence."""
    return Reason(name, tuple((slot, _shown(text)) for slot, text in slots.items()))


def in_folder(folder_id: int, name: str, *, not_of: str | None = None) -> Reason:
    """It lies in a folder that stands for the record; `not_of`: whose record it is, who is not on it.

    The folder is kept too: its name is not for everybody who may read the message.
    """
    slots = {"folder": name, "id": str(folder_id)}
    if not_of is None:
        return reason("folder", **slots)
    return reason("folder_of_other", party=not_of or "–", **slots)


def folders_in(text: str) -> frozenset[int]:
    """The folders that a reason as `kept` made it names."""
    if '"folder' not in text:
        return frozenset()
    return frozenset(int(slots["id"]) for _name, slots in _read(text) if "id" in slots)


def without_folders(text: str, hidden: Collection[int]) -> str:
    """A reason as `kept` made it, without the names of folders that are not for who looks."""
    return _WRITER.encode(
        [
            ["hidden_folder", {}] if int(slots.get("id", 0)) in hidden else [name, slots]
            for name, slots in _read(text)
        ]
    )


def _read(text: str) -> list[tuple[str, dict[str, str]]]:
    try:
        return [(name, dict(slots)) for name, slots in json.loads(text)]
    except (ValueError, TypeError):  # a sentence already
        return []


def kept(*reasons: Reason) -> str:
    """Reasons as the database holds them."""
    return f"[{', '.join(map(_kept, reasons))}]"


@lru_cache(maxsize=4096)  # a conversation says the same again and again
def _kept(one: Reason) -> str:
    return _WRITER.encode([one.name, dict(one.slots)])


def worded(text: str) -> str:
    """What `kept` made, as a sentence in the language set; any other text is a sentence already."""
    try:
        return "; ".join(_sentences(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError):
        return text


def _sentences(reasons: Iterable[tuple[str, dict[str, str]]]) -> list[str]:
    return [_(_SENTENCES[name]).format(**_in_words(slots)) for name, slots in reasons]


def _in_words(slots: dict[str, str]) -> dict[str, str]:
    """What goes into a sentence; an amount as the language set writes it."""
    if "amount" not in slots:
        return slots
    try:
        return {**slots, "amount": money(Decimal(slots["amount"]))}
    except InvalidOperation:
        return slots


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 1] + "…"
