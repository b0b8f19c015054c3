"""What the desk asks the database while a letter is written; each is one read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date as Day
from typing import TYPE_CHECKING

from tui_mail.db.address_book import Acquaintance, acquaintances
from tui_mail.db.answers import ColleagueAnswer, colleague_answer
from tui_mail.db.cards import card
from tui_mail.db.erp import find_entities
from tui_mail.db.rows import EntityRow

if TYPE_CHECKING:
    from tui_mail.db.session import Session

_PARTIES = 3


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the letter's recipients (by address in lower case), and who else answers."""

    people: dict[str, Acquaintance]
    colleague: ColleagueAnswer | None = None


def surroundings(
    session: "Session", operator_id: int, addresses: Collection[str], answered_id: int | None
) -> Surroundings:
    """What the review line tells beyond the letter itself."""
    return Surroundings(
        acquaintances(session, operator_id, addresses),
        colleague_answer(session, operator_id, answered_id) if answered_id is not None else None,
    )


def records_for(
    session: "Session", text: str, party_ids: Collection[int], today: Day
) -> list[EntityRow]:
    """Records that typed words mean; without words the parties and their open documents."""
    if text.strip():
        return find_entities(session, text, limit=40)
    found: list[EntityRow] = []
    for party_id in sorted(party_ids)[:_PARTIES]:
        theirs = card(session, party_id, today)
        found += [theirs.entity, *theirs.open_documents]
    return found
