"""The shape of a conversation: which message follows which, without the messages themselves.

A conversation branches wherever something is asked or answered again. Its shape is small enough to be held whole, also
where its texts are not.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence


class Tree:
    """Knows every message of a conversation by its id; siblings stand in the order in which they were added.

    Args:
        links: ids with the ids of their parents, in an order in which no child comes before its parent.
        head: the leaf of the path that is shown, or a message on the way there; without it the last one leads there.
    """

    def __init__(self, links: Iterable[tuple[str, str | None]] = (), head: str | None = None) -> None:
        self._numbers: dict[str, int] = {}
        self._parents: dict[str, str | None] = {}
        self._children: dict[str | None, list[str]] = {None: []}
        self._chosen: dict[str | None, str] = {}
        self._gone: dict[str, str | None] = {}
        self._origins: dict[str, str | None] = {}
        newest = head
        for message_id, parent in links:
            self._attach(message_id, parent)
            newest = head or message_id
        if newest is not None:
            self.choose(newest)

    def __len__(self) -> int:
        return len(self._parents)

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._parents

    def __iter__(self) -> Iterator[str]:
        """All ids, in no particular order."""
        return iter(self._parents)

    @property
    def head(self) -> str | None:
        """The leaf of the path that is shown; None in an empty conversation."""
        return self.leaf(None)

    def add(self, message_id: str, parent: str | None) -> None:
        """Adds a message behind its parent; the shown path leads through it from now on.

        Raises:
            KeyError: there is no such parent.
            ValueError: the message is there already, or was and can be restored.
        """
        self._attach(message_id, parent)
        self.choose(message_id)

    def learn(self, other: Tree) -> list[str]:
        """Adds what another tree of the same conversation has and this one never had; the shown path stays as it is.

        What comes behind the end of the shown path is left out: the path would lead there.

        Returns:
            The ids that are new, parents before their children.
        """
        head = self.head
        learnt: list[str] = []
        left = list(reversed(other.children(None)))
        while left:
            message_id = left.pop()
            if message_id not in self._numbers:
                parent = other.parent(message_id)
                chosen = self._chosen.get(parent)
                self._attach(message_id, parent)
                if chosen is not None:
                    self._chosen[parent] = chosen
                learnt.append(message_id)
            if message_id in self and message_id != head:
                left += reversed(other.children(message_id))
        return learnt

    def _attach(self, message_id: str, parent: str | None) -> None:
        """Adds a message; the path through its parent leads to it."""
        if message_id in self._numbers:
            raise ValueError(f"{message_id} is in the tree already")
        self._children[parent].append(message_id)
        self._children[message_id] = []
        self._parents[message_id] = parent
        self._chosen[parent] = message_id
        self._numbers[message_id] = len(self._numbers)

    def insert(self, message_id: str, before: str) -> None:
        """Adds a message between another one and its parent, in the other one's place among its siblings.

        Raises:
            KeyError: there is no such other message.
            ValueError: the message is there already, or was and can be restored.
        """
        parent = self._parents[before]
        chosen = self._chosen[parent]
        self._attach(message_id, parent)
        numbers, siblings = self._numbers, self._children[parent]
        siblings.pop()
        siblings[siblings.index(before)] = message_id
        numbers[message_id], numbers[before] = numbers[before], numbers[message_id]
        self._children[message_id] = [before]
        self._chosen[message_id] = before
        self._chosen[parent] = message_id if chosen == before else chosen
        self._parents[before] = message_id
        if before in self._origins:
            self._origins[message_id] = self._origins.pop(before)

    def parent(self, message_id: str) -> str | None:
        """The message before it; None for one that begins the conversation."""
        return self._parents[message_id]

    def children(self, message_id: str | None) -> Sequence[str]:
        """What follows a message, or what begins the conversation, oldest first."""
        return tuple(self._children[message_id])

    def siblings(self, message_id: str) -> Sequence[str]:
        """The message and those that follow the same one, oldest first."""
        return self.children(self._parents[message_id])

    def path(self, message_id: str | None) -> list[str]:
        """The ids from the beginning of the conversation up to this message."""
        found = []
        while message_id is not None:
            found.append(message_id)
            message_id = self._parents[message_id]
        found.reverse()
        return found

    def leaf(self, message_id: str | None) -> str | None:
        """Where the path through this message ends, by the branches that were chosen last."""
        while self._children[message_id]:
            message_id = self._chosen[message_id]
        return message_id

    def choose(self, message_id: str) -> None:
        """Leads the shown path through this message."""
        parent: str | None = self._parents[message_id]
        child = message_id
        while True:
            self._chosen[parent] = child
            if parent is None:
                return
            child, parent = parent, self._parents[parent]

    def prefer(self, message_id: str) -> None:
        """Leads a path that comes to the message's parent on through it, whether or not that path is the shown one."""
        self._chosen[self._parents[message_id]] = message_id

    def below(self, message_id: str) -> list[str]:
        """The message and everything that follows it on any branch, parents before their children."""
        found = [message_id]
        for known in found:
            found.extend(self._children[known])
        return found

    def remove(self, message_id: str) -> None:
        """Takes a message out; what followed it follows its parent, among the siblings by age.

        Where the shown path led through it, it leads through what followed it on that path, or, where nothing did,
        through the sibling beside it.

        Raises:
            KeyError: there is no such message.
        """
        parent, children = self._parents.pop(message_id), self._children.pop(message_id)
        chosen = self._chosen.pop(message_id, None)
        self._gone[message_id] = self._origins.pop(message_id, parent)
        siblings = self._children[parent]
        place = siblings.index(message_id)
        siblings.remove(message_id)
        for child in children:
            self._parents[child] = parent
            self._origins.setdefault(child, message_id)
            insort(siblings, child, key=self._numbers.__getitem__)
        if not siblings:
            del self._chosen[parent]
        elif self._chosen[parent] == message_id:
            self._chosen[parent] = chosen or siblings[min(place, len(siblings) - 1)]

    def was_removed(self, message_id: str) -> bool:
        """Whether the message was taken out, and can be put back."""
        return message_id in self._gone

    def restore(self, message_id: str) -> None:
        """Puts a message that was removed back to where it was, and what followed it behind it again.

        The shown path leads through it. Several can be put back in any order.

        Raises:
            KeyError: no such message was removed.
        """
        followed = self._gone.pop(message_id)
        parent = self._standing(followed)
        if followed != parent:
            self._origins[message_id] = followed
        siblings = self._children[parent]
        children = [child for child in siblings if self._standing(self._origins.get(child, parent)) == message_id]
        chosen = self._chosen.get(parent)
        for child in children:
            siblings.remove(child)
            self._parents[child] = message_id
            if self._origins[child] == message_id:
                del self._origins[child]
        insort(siblings, message_id, key=self._numbers.__getitem__)
        self._parents[message_id] = parent
        self._children[message_id] = children
        if children:
            self._chosen[message_id] = chosen if chosen in children else children[-1]
        self.choose(message_id)

    def _standing(self, message_id: str | None) -> str | None:
        """The message, or where it is gone the nearest one before it that is not."""
        while message_id in self._gone:
            message_id = self._gone[message_id]
        return message_id
