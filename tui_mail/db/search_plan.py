"""A query as the clauses that its answer is the union of: what the index of words answers in one
go, and what must hold beside it.

Hides how words and conditions that are mixed in any way are brought into that form.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import TypeAlias, TypeVar

from tui_mail.db.search_conditions import denies_state, is_of_copy, is_state
from tui_mail.db.search_words import Either, Marked, TextTree, Without, both
from tui_mail.db.word_index import ANY_MESSAGE, ATTACHED, OUTGOING, kind_mark, size_mark
from tui_mail.search import tree
from tui_mail.search.tree import Is, Mark, Tree, Words

_T = TypeVar("_T")

# A query of more clauses is answered message by message.
_MOST_CLAUSES = 24
_LARGEST = 40  # bits of a size


@dataclass(frozen=True, slots=True)
class OfText:
    """What the index of words answers by itself."""

    asked: TextTree


@dataclass(frozen=True, slots=True)
class OfCopy:
    """What one copy of the message answers."""

    asked: Tree


@dataclass(frozen=True, slots=True)
class OfMessage:
    """A condition on the message that its row or its links answer."""

    asked: Tree


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class OneOf:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class NotOf:
    part: "Node"


Atom: TypeAlias = OfText | OfCopy | OfMessage
Node: TypeAlias = Atom | AllOf | OneOf | NotOf


@dataclass(frozen=True, slots=True)
class Clause:
    """All of it holds: the text, the conditions as they stand, and those that are denied."""

    text: TextTree | None
    asserted: tuple[Node, ...]
    denied: tuple[Node, ...]

    @property
    def copies(self) -> tuple[Tree, ...]:
        """What one copy each is asked for."""
        return tuple(one.asked for one in self.asserted if isinstance(one, OfCopy))


def clauses_of(asked: Tree) -> list[Clause]:
    """The clauses whose answers together are the query's; none for one that asks for nothing."""
    if isinstance(asked, tree.Nothing):
        return []
    node = _lowered(asked)
    found = list(_clauses(node, holds=True))
    if len(found) > _MOST_CLAUSES:
        return [Clause(None, (node,), ())]
    return [_clause(literals) for literals in found]


def _lowered(asked: Tree) -> Node:
    match asked:
        case Words():
            return OfText(asked)
        case tree.All(parts):
            return _all(parts)
        case tree.Any(parts):
            if is_of_copy(asked):
                return OfCopy(asked)
            return _one(_lowered(part) for part in parts)
        case tree.Not(part):
            inner = _lowered(part)
            return OfText(Without(inner.asked)) if isinstance(inner, OfText) else NotOf(inner)
        case _:
            return _condition(asked)


def _condition(asked: Tree) -> Node:
    match asked:
        case tree.Anywhere():
            return OfText(Marked((ANY_MESSAGE,)))
        case tree.HasAttachment():
            return OfText(Marked((ATTACHED,)))
        case Is(Mark.SENT):
            return OfText(Marked((OUTGOING,)))
        case tree.OfKind(kinds):
            return OfText(Marked(tuple(kind_mark(kind) for kind in kinds)))
        case tree.InFolder() | tree.OfAccount():
            return OfCopy(asked)
        case _:
            return OfCopy(asked) if is_state(asked) else OfMessage(asked)


def _all(parts: Iterable[Tree]) -> Node:
    """One copy is to answer all that is asked of copies side by side."""
    given = list(parts)
    of_copy = [part for part in given if is_of_copy(part)]
    if of_copy:
        of_copy += [part for part in given if denies_state(part)]
    rest = [_lowered(part) for part in given if part not in of_copy]
    texts = [node.asked for node in rest if isinstance(node, OfText)]
    nodes: list[Node] = []
    nodes += [node for node in rest if not isinstance(node, OfText)]
    if texts:
        nodes.append(OfText(both(texts)))
    if of_copy:
        nodes.append(OfCopy(of_copy[0] if len(of_copy) == 1 else tree.All(tuple(of_copy))))
    return nodes[0] if len(nodes) == 1 else AllOf(tuple(nodes))


def _one(parts: Iterable[Node]) -> Node:
    given = list(parts)
    texts = tuple(node.asked for node in given if isinstance(node, OfText))
    nodes: list[Node] = []
    nodes += [node for node in given if not isinstance(node, OfText)]
    if texts:
        nodes.append(OfText(texts[0] if len(texts) == 1 else Either(texts)))
    return nodes[0] if len(nodes) == 1 else OneOf(tuple(nodes))


# -- clauses ---------------------------------------------------------------------------------------

_Literals: TypeAlias = tuple[tuple[Atom, bool], ...]


def _clauses(node: Node, *, holds: bool) -> Iterator[_Literals]:
    """The disjunctive normal form of `node`, or of its opposite; a few more than can be used."""
    match node:
        case NotOf(part):
            yield from _clauses(part, holds=not holds)
        case AllOf(parts) | OneOf(parts):
            inner = [list(_first(_clauses(part, holds=holds))) for part in parts]
            if isinstance(node, AllOf) == holds:
                for chosen in _first(product(*inner)):
                    yield tuple(literal for literals in chosen for literal in literals)
            else:
                for some in inner:
                    yield from some
        case _:
            yield ((node, holds),)


def _first(many: Iterable[_T]) -> Iterator[_T]:
    return islice(many, _MOST_CLAUSES + 1)


def _clause(literals: _Literals) -> Clause:
    texts: list[TextTree] = []
    asserted: list[Node] = []
    denied: list[Node] = []
    for atom, holds in dict.fromkeys(literals):
        if isinstance(atom, OfText):
            texts.append(atom.asked if holds else Without(atom.asked))
        elif holds:
            asserted.append(atom)
            texts += _implied(atom)
        else:
            denied.append(atom)
    return Clause(both(texts) if texts else None, tuple(asserted), tuple(denied))


def _implied(atom: Atom) -> list[TextTree]:
    """Marks that a message that fits must have, though they do not say all."""
    if not (isinstance(atom, OfMessage) and isinstance(atom.asked, tree.Size)):
        return []
    least = atom.asked.at_least or 0
    most = atom.asked.at_most
    last = _LARGEST if most is None else most.bit_length()
    bits = range(max(least, 0).bit_length(), min(last, _LARGEST) + 1)
    return [Marked(tuple(size_mark((1 << bit) - 1) for bit in bits))] if bits else []
