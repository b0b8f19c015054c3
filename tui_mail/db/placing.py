"""Where messages that come in are put: by what is in their folder, and what is on its way."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_numbered
from tui_mail.db.counters import add
from tui_mail.db.flags import columns_of
from tui_mail.db.journeys import keep_key
from tui_mail.db.many import chunks
from tui_mail.db.operations import settle
from tui_mail.db.placements import remove, renew_keys, set_flags, update_flags, with_pending
from tui_mail.db.prepared import Arrival, Content
from tui_mail.db.renumbering import STALE
from tui_mail.db.tables import Operation, Placement
from tui_mail.values import OperationResult, Verb


class Placing:
    """Puts the messages of a batch into their folder, by what is there and what is on its way.

    `unsure`: threads whose conversations the caller is to refresh; all others are right.
    """

    def __init__(self, session: Session, folder_id: int, now: datetime) -> None:
        self._session = session
        self._folder_id = folder_id
        self._now = now
        self.unsure: set[int] = set()

    def place(self, arrivals: Sequence[tuple[Arrival, Content]]) -> list[int | None]:
        """The placement of each arrival, made where there is none."""
        self._look([arrival.remote for arrival, _content in arrivals if arrival.remote])
        self._look_for_local({content.message_id for _arrival, content in arrivals})
        self._replace([(a, c) for a, c in arrivals if a.remote])
        self._taken: dict[int, Arrival] = {}
        self._renewed: dict[str, str] = {}
        self._known: dict[str, frozenset[str]] = {}
        rows: list[dict[str, Any]] = []
        found = [self._find(arrival, content, rows) for arrival, content in arrivals]
        made = insert_numbered(self._session, Placement, rows)
        add(self._session, self._folder_id, dict(zip(made, rows, strict=True)))
        renew_keys(self._session, self._folder_id, self._renewed)
        self._take_over()
        update_flags(self._session, self._folder_id, self._known)
        return [made[-key - 1] if key is not None and key < 0 else key for key in found]

    def _look(self, remotes: Sequence[str]) -> None:
        """What is known of the keys: placements here, and messages that are leaving."""
        self._here: dict[str, tuple[int, int]] = {}
        self._leaving: set[str] = set()
        placements = select(col(Placement.remote), col(Placement.id), col(Placement.message_id))
        leaving = select(col(Operation.remote)).where(col(Operation.verb) != str(Verb.FLAGS))
        for part in chunks(remotes):
            here = (col(Placement.folder_id) == self._folder_id, col(Placement.remote).in_(part))
            for remote, identifier, message_id in self._session.execute(placements.where(*here)):
                if identifier is not None:
                    self._here[remote] = (identifier, message_id)
            mine = (col(Operation.folder_id) == self._folder_id, col(Operation.remote).in_(part))
            self._leaving.update(self._session.scalars(leaving.where(*mine)))

    def _look_for_local(self, message_ids: Iterable[int]) -> None:
        """Placements of the messages in this folder, and operations here that lack their key."""
        self._nameless: dict[int, list[int]] = defaultdict(list)
        self._anyhow: dict[int, int] = {}
        self._passing: dict[int, list[int]] = defaultdict(list)
        # Old keys of messages whose folder was numbered anew, with the placement or 0: it left.
        self._stale: dict[int, dict[str, int]] = defaultdict(dict)
        placements = select(col(Placement.message_id), col(Placement.id), col(Placement.remote))
        passing = select(
            col(Operation.message_id), col(Operation.placement_id), col(Operation.remote)
        ).distinct()
        for part in chunks(sorted(message_ids)):
            waiting = (
                col(Operation.folder_id) == self._folder_id,
                or_(
                    (col(Operation.remote) == "")
                    & col(Operation.placement_id).is_not(None)
                    & (col(Operation.verb) != str(Verb.FLAGS)),
                    col(Operation.remote).startswith(STALE, autoescape=True),
                ),
                col(Operation.message_id).in_(part),
            )
            for owner, passed, remote in self._session.execute(passing.where(*waiting)):
                if remote:
                    self._stale[owner].setdefault(remote, 0)
                else:
                    self._passing[owner].append(passed)
            here = (
                col(Placement.folder_id) == self._folder_id,
                col(Placement.message_id).in_(part),
            )
            for message_id, identifier, remote in self._session.execute(placements.where(*here)):
                if identifier is None:
                    continue
                self._anyhow[message_id] = identifier
                if remote.startswith(STALE):
                    self._stale[message_id][remote] = identifier
                elif not remote and identifier not in self._passing[message_id]:
                    self._nameless[message_id].append(identifier)

    def _replace(self, arrivals: Sequence[tuple[Arrival, Content]]) -> None:
        """A key that stands for another message now: the server is right."""
        wrong = [
            arrival.remote
            for arrival, content in arrivals
            if self._here.get(arrival.remote, (0, content.message_id))[1] != content.message_id
        ]
        if wrong:
            remove(self._session, self._folder_id, wrong)
            for remote in wrong:
                self._here.pop(remote, None)

    def _find(self, arrival: Arrival, content: Content, rows: list[dict[str, Any]]) -> int | None:
        """The placement's id, or -1 - its place in `rows`, which it is added to; None: it left."""
        message_id = content.message_id
        if not arrival.remote and message_id in self._anyhow:
            return self._anyhow[message_id]
        if arrival.remote in self._here:
            self._known[arrival.remote] = arrival.flags
            return self._here[arrival.remote][0]
        if arrival.remote in self._leaving:
            return None
        if arrival.remote and self._stale[message_id]:
            old = next(iter(self._stale[message_id]))
            self._renewed[old] = arrival.remote
            stayed = self._stale[message_id].pop(old)
            if stayed:
                return self._take(stayed, arrival, content)
            self._leaving.add(arrival.remote)
            return None
        if arrival.remote and self._nameless[message_id]:
            return self._take(self._nameless[message_id].pop(), arrival, content)
        if arrival.remote and self._passing[message_id]:
            keep_key(
                self._session, {self._passing[message_id].pop(): arrival.remote}, self._folder_id
            )
            self._leaving.add(arrival.remote)
            return None
        rows.append(
            {
                "message_id": message_id,
                "folder_id": self._folder_id,
                "thread_id": content.thread_id,
                "remote": arrival.remote,
                "received_at": min(arrival.received_at, self._now),
                "sender_key": content.sender_key,
                "subject_key": content.subject_key,
                "size": content.size,
                "position": content.position,
                **columns_of(arrival.flags),
            }
        )
        place = -len(rows)
        self._anyhow[message_id] = place
        if arrival.remote:
            self._here[arrival.remote] = (place, message_id)
        return place

    def _take(self, placement: int, arrival: Arrival, content: Content) -> int:
        """The arrival is a placement that is here already."""
        self._taken[placement] = arrival
        self.unsure.add(content.thread_id)
        self._here[arrival.remote] = (placement, content.message_id)
        return placement

    def _take_over(self) -> None:
        """Placements made here first learn their keys; what was to bring them there is done."""
        if not self._taken:
            return
        keys = {placement: arrival.remote for placement, arrival in self._taken.items()}
        keep_key(self._session, keys, self._folder_id)
        for part in chunks(keys):
            appends = select(col(Operation.id), col(Operation.placement_id)).where(
                col(Operation.placement_id).in_(part),
                col(Operation.verb) == str(Verb.APPEND),
                col(Operation.target_id) == self._folder_id,
            )
            for identifier, placement_id in self._session.execute(appends).all():
                if identifier is not None and placement_id is not None:
                    done = OperationResult(keys={"": keys[placement_id]})
                    settle(self._session, (identifier,), done, self._now)
        flags = {placement: arrival.flags for placement, arrival in self._taken.items()}
        set_flags(self._session, with_pending(self._session, flags))
