"""Which message each of a batch answers, in the batch or stored before, and an order to go in.

Hides identifiers that are missing or repeated, and messages that claim to answer each other.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlmodel import Session

from tui_mail.db import letter_names
from tui_mail.db.certified import carried
from tui_mail.db.knowledge import Answered, Described, answered, with_identifiers

# Of a long chain of references those near the end are the ones that are here, if any is.
_MOST_ANSWERED = 32

_Places = dict[tuple[str, int], int]


class Answering:
    """`messages`: oldest first. `named`: letters of ours that a message names by a signed
    identifier, whatever conversation they are in.
    """

    def __init__(
        self,
        session: Session,
        messages: Sequence[Described],
        named: Mapping[int, Sequence[str]],
    ) -> None:
        self._messages = messages
        # Of several that have an identifier the oldest is meant.
        here = {(one.header, one.thread_id): one.message_id for one in reversed(messages)}
        wanted = _elsewhere(messages, here).union(*named.values())
        by_provider = carried(session, wanted) | letter_names.named(session, wanted)
        places = by_provider | with_identifiers(session, wanted) | here
        anywhere = {header: message_id for (header, _thread), message_id in places.items()}
        # A provider gives a name once: it tells the letter also where the conversation was torn.
        carriers = {header: letter for (header, _thread), letter in by_provider.items()}
        answers = {
            one.message_id: _answered(one, places)
            or _named(one, named.get(one.message_id, ()), anywhere)
            or _named(one, one.answers[:_MOST_ANSWERED], carriers)
            for one in messages
        }
        batch = {one.message_id: one for one in messages}
        before = {one for one in answers.values() if one is not None} - batch.keys()
        self._stored = {one.message_id: one for one in answered(session, before)}
        self._answers = {**answers, **dict.fromkeys(_heads_of_circles(batch, answers))}
        self._batch = batch
        self.stored: Collection[int] = before

    def parent(self, message: Described) -> Answered | None:
        """What a message answers, or else the nearest that is here of those it refers to."""
        key = self._answers[message.message_id]
        if key is None:
            return None
        return self._batch.get(key) or self._stored[key]

    def in_order(self) -> Iterator[Described]:
        """All of the batch, each after what it answers."""
        done: set[int] = set()
        for message in self._messages:
            waiting: list[Described] = []
            one: Described | None = message
            while one and one.message_id not in done:
                waiting.append(one)
                done.add(one.message_id)
                one = self._batch.get(self._answers[one.message_id] or 0)
            yield from reversed(waiting)


def _elsewhere(messages: Sequence[Described], here: _Places) -> set[str]:
    """Identifiers that are nearer to a message than any of the batch that it answers."""
    wanted: set[str] = set()
    for one in messages:
        for header in one.answers[:_MOST_ANSWERED]:
            if (header, one.thread_id) in here:
                break
            wanted.add(header)
    return wanted


def _answered(message: Described, places: _Places) -> int | None:
    for header in message.answers[:_MOST_ANSWERED]:
        found = places.get((header, message.thread_id))
        if found is not None and found != message.message_id:
            return found
    return None


def _named(message: Described, headers: Sequence[str], anywhere: dict[str, int]) -> int | None:
    for header in headers:
        found = anywhere.get(header)
        if found is not None and found != message.message_id:
            return found
    return None


def _heads_of_circles(
    batch: Mapping[int, Described], answers: Mapping[int, int | None]
) -> Iterator[int]:
    """Of messages that answer each other the oldest, which answers nothing then."""
    seen: set[int] = set()
    for first in batch:
        path: list[int] = []
        one: int | None = first
        while one is not None and one in batch and one not in seen:
            seen.add(one)
            path.append(one)
            one = answers[one]
        if one is not None and one in path:
            circle = path[path.index(one) :]
            yield min(circle, key=lambda key: (batch[key].received_at, key))
