"""Records that folders stand for, as the tree of folders shows them: a sign, and the record's name."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_mail.db.rows import EntityRow
from tui_mail.safetext import SafeText
from tui_mail.ui import formats

if TYPE_CHECKING:
    from tui_mail.db.session import Session


@dataclass(frozen=True, slots=True)
class Standing:
    """A record that a folder stands for; `sure`: a person said so, else it is only called so."""

    record: EntityRow
    sure: bool

    @property
    def sign(self) -> SafeText:
        return SafeText(" →" if self.sure else " ?")

    @property
    def whole(self) -> SafeText:
        """With the record in words."""
        row = self.record
        today = datetime.now(UTC).astimezone().date()
        return SafeText(f"{self.sign} {formats.record(row.kind, row.code, row.title, today)}")


def standings(session: "Session", operator_id: int) -> dict[int, Standing]:
    """What each folder stands for, or may."""
    from tui_mail.db.folder_records import folder_records, proposed

    alike = {one.folder.folder_id: one.record for one in reversed(proposed(session, operator_id))}
    stands = folder_records(session, operator_id)
    return {
        **{key: Standing(row, sure=False) for key, row in alike.items()},
        **{key: Standing(row, sure=True) for key, row in stands.items()},
    }
