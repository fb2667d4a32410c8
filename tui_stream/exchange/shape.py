"""The tree of a conversation as a list, and back: siblings keep their order and every branch its choice.

It exists because files hold lists while `Tree` holds a shape, and foreign files hold lists that are no trees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tui_stream.core.models import Conversation, Message
from tui_stream.core.tree import Tree


def in_order(tree: Tree) -> list[str]:
    """All messages, each branch in one piece: parents before their children, siblings oldest first."""
    order: list[str] = []
    waiting = list(reversed(tree.children(None)))
    while waiting:
        message_id = waiting.pop()
        order.append(message_id)
        waiting.extend(reversed(tree.children(message_id)))
    return order


def chosen(tree: Tree) -> set[str]:
    """The messages that a path through their parents goes on with."""
    found: set[str] = set()
    starts: list[str | None] = [None]
    for start in starts:
        at = tree.leaf(start)
        while at is not None and at != start:
            found.add(at)
            starts += [sibling for sibling in tree.siblings(at) if sibling != at]
            at = tree.parent(at)
    return found


def versions(tree: Tree, message_id: str) -> tuple[int, int]:
    """Which of its siblings a message is, from 1 on, and how many they are."""
    siblings = tree.siblings(message_id)
    return siblings.index(message_id) + 1, len(siblings)


def followers(parents: Mapping[str, str | None]) -> dict[str | None, list[str]]:
    """What follows each message; keys without an entry of their own are parents that are missing."""
    children: dict[str | None, list[str]] = {None: []}
    for message_id, parent in parents.items():
        children.setdefault(parent, []).append(message_id)
    return children


def reachable(children: Mapping[str | None, Sequence[str]], start: str | None = None) -> list[str]:
    """What follows from a message or, without one, from the beginning: parents first, each branch in one piece.

    Nothing is named twice, even where the links run in circles.
    """
    found: dict[str, None] = {}
    waiting = list(reversed(children.get(start, ())))
    while waiting:
        message_id = waiting.pop()
        if message_id in found:
            continue
        found[message_id] = None
        waiting.extend(reversed(children.get(message_id, ())))
    return list(found)


def arrange(conversation: Conversation, messages: Mapping[str, Message], preferred: Iterable[str]) -> None:
    """Gives an empty conversation its tree and its messages.

    Args:
        conversation: has neither yet.
        messages: by id, each branch in one piece, parents before their children; ``parent_id`` names one of them.
        preferred: of siblings, the one to go on with; without one it is the last.
    """
    links = ((message.id, message.parent_id) for message in messages.values())
    tree = conversation.tree = Tree(links)
    for message_id in preferred:
        tree.prefer(message_id)
    path = tree.path(tree.head)
    shown = set(path)
    conversation.messages = [messages[message_id] for message_id in path]
    conversation.others = [message for message in messages.values() if message.id not in shown]
