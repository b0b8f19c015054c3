"""What hangs together with what: union-find over anything hashable."""

from collections.abc import Hashable


class Components:
    """Sets that grow together; a thing nobody joined is alone in its own."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, node: Hashable) -> Hashable:
        """What stands for the set of `node` until the next `join`."""
        path = []
        while (parent := self._parent.setdefault(node, node)) != node:
            path.append(node)
            node = parent
        for passed in path:
            self._parent[passed] = node
        return node

    def join(self, one: Hashable, other: Hashable) -> None:
        """Make the sets of both one."""
        self._parent[self.find(one)] = self.find(other)
