"""What the reader shows beside a message's own text: records, its conversation, tags, doubts.

Hides that it is read from the database at once, off the event loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_mail.db.rows import Doubts, LinkRow, ThreadPlace
from tui_mail.values import CertifiedState

if TYPE_CHECKING:
    from tui_mail.db.session import Session


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a message by what is stored beside it."""

    links: Sequence[LinkRow]
    place: ThreadPlace
    tags: tuple[str, ...]
    doubts: Doubts
    receipts: Sequence[CertifiedState]  # of a letter of ours that went by certified mail
    foreign: bool  # a receipt that speaks of no letter of ours


def beside(session: "Session", operator_id: int, message_id: int) -> Beside:
    """Raises NotFound for a message that is not there, or not for the operator."""
    from tui_mail.db.certified import is_foreign, states_of_message
    from tui_mail.db.doubts import doubts
    from tui_mail.db.flags import tags_of
    from tui_mail.db.links import links_of
    from tui_mail.db.messages import message
    from tui_mail.db.whole_threads import place_in_thread

    return Beside(
        links_of(session, operator_id, message_id),
        place_in_thread(session, operator_id, message_id),
        tags_of(message(session, operator_id, message_id).flags),
        doubts(session, operator_id, message_id),
        states_of_message(session, message_id),
        is_foreign(session, message_id),
    )
