"""Conversations: which messages belong together, and in what order a person reads them.

A thread is a connected component of message identifiers, so it is the same whatever the order of
arrival; a subject never joins anything. Of those that a message names only a few count: what it
answers, a few before that, and where the conversation began. More of them would let one stranger's
message, by a list of identifiers taken from elsewhere, make one of any number of conversations;
which of them it may join cannot depend on what is here already, or the order of arrival would
count. The order within a thread is that of Zawinski's algorithm, without recursion and without its
quadratic search for loops.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from tui_mail.values import ParsedMessage

MAX_ANCESTORS = 5  # and so the most conversations that one message makes one
_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Node:
    """A message as far as its place in a conversation goes. Identifiers are without brackets."""

    id: int
    message_id: str
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: datetime | None = None


def own_key(message_id: str, content_hash: str) -> str:
    """The message's identifier, or one made from its bytes when it came without."""
    return message_id or f"sha256:{content_hash}"


def thread_keys(parsed: ParsedMessage, content_hash: str) -> tuple[str, ...]:
    """The identifiers that put a message into its thread, its own first, each once."""
    own = own_key(parsed.message_id, content_hash)
    keys = dict.fromkeys([own, *_piece_keys(parsed), *_ancestors(parsed)])
    return tuple(keys)[: 1 + MAX_ANCESTORS]


def _ancestors(parsed: ParsedMessage) -> list[str]:
    """The nearest ancestors that a message names, its parent first, and the first of all."""
    answered, references = parsed.in_reply_to, parsed.references
    parent = answered if len(answered) == 1 else ()
    named = dict.fromkeys([*parent, *reversed(references), *answered])
    named.pop(parsed.message_id, None)
    nearest = [*named][:MAX_ANCESTORS]
    root = next((key for key in references if key in named), "")
    if len(named) > MAX_ANCESTORS and root and root not in nearest:
        nearest[-1] = root
    return nearest


def _piece_keys(parsed: ParsedMessage) -> tuple[str, ...]:
    """What puts the pieces of one message into one conversation, and the answers to it.

    Of its name and its sender, so that a stranger who knows the one has no part in it; with a space
    in it, which no message identifier has.
    """
    piece, sender = parsed.piece, parsed.sender
    if piece is None or sender is None or not sender.address:
        return ()
    told = f"{sender.address}\0{piece.id}".encode("utf-8", "surrogatepass")
    own = f"partial {hashlib.sha256(told).hexdigest()}"
    return (own, piece.message_id) if piece.message_id else (own,)


@dataclass(frozen=True, slots=True)
class Sides:
    """On which side of the splits made by hand things are: the identifier that begins the split
    conversation, "" for what no split took away."""

    of_messages: dict[int, str]
    _forest: "_Forest"
    _splits: Collection[str]

    def of_key(self, key: str) -> str:
        """The side of an identifier, whether its message has come or not."""
        return _side(self._forest, self._splits, key)


def sides(messages: Sequence[Node], splits: Collection[str]) -> Sides:
    """Where each of the messages goes when those named by `splits` begin conversations of their own.

    A message goes with the nearest one above it in reading order that was split off. The same for
    any order of `messages`.
    """
    forest, holders = _grown(messages)
    found: dict[int, str] = {}
    for key, node in holders.items():
        own = node.message_id
        found[node.id] = own if own in splits else _side(forest, splits, key)
    return Sides(found, forest, splits)


def _side(forest: "_Forest", splits: Collection[str], key: str) -> str:
    above: str | None = key
    while above is not None and above not in splits:
        above = forest.parents.get(above)
    return above or ""


def arrange(messages: Sequence[Node]) -> list[tuple[Node, int]]:
    """The messages of a thread in reading order, each with its depth (0 for a beginning).

    Answers stand under what they answer, siblings by date; a message that is not there is passed
    over: its answers stand where it would. The claim that would close a loop is not believed, the
    earliest messages being believed first. The same for any order of `messages`.
    """
    return _in_order(*_grown(messages))


def _grown(messages: Sequence[Node]) -> tuple["_Forest", dict[str, Node]]:
    """What answers what, and the message that is held under each key."""
    ordered = sorted(messages, key=lambda node: (node.date or _LATEST, node.message_id, node.id))
    forest = _Forest()
    chains = [(node, _chain(node)) for node in ordered]
    holders: dict[str, Node] = {}
    for node, chain in chains:
        key = node.message_id or f"\0{node.id}"
        if key in holders:
            # A second message under the same identifier: it stands beside the first.
            key = f"\0{key}\0{node.id}"
        holders[key] = node
        if chain:
            forest.put_under(key, chain[-1])
    for _node, chain in chains:
        for parent, child in pairwise(chain):
            if child not in holders:
                forest.put_under(child, parent)
    return forest, holders


def _chain(node: Node) -> list[str]:
    """The ancestors that a message claims, oldest first, without itself."""
    claimed = dict.fromkeys(node.references)
    if len(node.in_reply_to) == 1:
        # A single In-Reply-To names the parent; References only where it stands.
        claimed.pop(node.in_reply_to[0], None)
        claimed[node.in_reply_to[0]] = None
    elif not claimed:
        claimed = dict.fromkeys(node.in_reply_to)
    return [key for key in claimed if key != node.message_id]


class _Forest:
    """Parents by key; refuses a loop at once (union-find over the trees built so far)."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}
        self._roots: dict[str, str] = {}

    def _root(self, key: str) -> str:
        path = []
        while (above := self._roots.get(key, key)) != key:
            path.append(key)
            key = above
        for passed in path:
            self._roots[passed] = key
        return key

    def put_under(self, child: str, parent: str) -> None:
        """Make `parent` the parent of `child`, unless it has one or is above `parent` already."""
        if child in self.parents or self._root(parent) == child:
            return
        self.parents[child] = parent
        self._roots[child] = self._root(parent)


def _in_order(forest: _Forest, holders: dict[str, Node]) -> list[tuple[Node, int]]:
    children: dict[str, list[str]] = {}
    begins: list[str] = []
    for key in dict.fromkeys([*holders, *forest.parents, *forest.parents.values()]):
        parent = forest.parents.get(key)
        if parent is None:
            begins.append(key)
        else:
            children.setdefault(parent, []).append(key)
    earliest = _earliest(forest, holders)

    def by_date(keys: Iterable[str]) -> list[str]:
        return sorted(keys, key=lambda key: (earliest.get(key, _LATEST), key), reverse=True)

    arranged: list[tuple[Node, int]] = []
    waiting = [(key, 0) for key in by_date(begins)]
    while waiting:
        key, depth = waiting.pop()
        node = holders.get(key)
        if node is not None:
            arranged.append((node, depth))
        below = depth if node is None else depth + 1
        waiting.extend((child, below) for child in by_date(children.get(key, ())))
    return arranged


def _earliest(forest: _Forest, holders: dict[str, Node]) -> dict[str, datetime]:
    """The date of each message; of one that is not there, the earliest below it."""
    dates = {key: node.date or _LATEST for key, node in holders.items()}
    for key in sorted(holders, key=lambda each: (dates[each], each)):
        parent = forest.parents.get(key)
        while parent is not None and parent not in dates:
            dates[parent] = dates[key]
            parent = forest.parents.get(parent)
    return dates
