"""How the writing of a letter ends, and how it is begun again after all."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_mail.db.rows import DraftRow
from tui_mail.safetext import SafeText
from tui_mail.worker.drafting import call_back

if TYPE_CHECKING:
    from tui_mail.ui.parts import Parts


@dataclass(frozen=True, slots=True)
class Closed:
    """How the writing ended: what to say of it, and the letter that can be called back for some
    seconds."""

    said: SafeText
    outgoing_id: int | None = None
    seconds: int = 0


async def undo_send(parts: "Parts", outgoing_id: int) -> DraftRow | None:
    """Call a held letter back: its draft, to be opened again; None when it has gone already."""
    return await parts.database.write(call_back, parts.operator_id, outgoing_id, datetime.now(UTC))
