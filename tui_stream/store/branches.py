"""Which message follows which, which branch is shown, and what was removed.

A removed message keeps its row, and with it its place in the tree; what followed it follows the nearest message before
it that is left. Putting it back is therefore nothing but taking the mark away.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tui_stream.core.tree import Tree
from tui_stream.store import index
from tui_stream.store.database import Connection

_NOT_CHOSEN = """
    WITH RECURSIVE up (key, parent, chosen) AS (
        SELECT key, parent, chosen FROM messages WHERE key = :key
        UNION ALL
        SELECT m.key, m.parent, m.chosen FROM up JOIN messages m ON m.key = up.parent
    )
    SELECT up.key FROM up WHERE EXISTS (
        SELECT 1 FROM messages s
        WHERE s.parent IS up.parent AND s.conversation = :conversation AND s.chosen > up.chosen
    )
"""


def lead_through(connection: Connection, conversation: int, key: int) -> None:
    """Has the shown path lead through a message."""
    head = connection.execute("SELECT head FROM conversations WHERE key = ?", (conversation,)).fetchone()[0]
    parent = connection.execute("SELECT parent FROM messages WHERE key = ?", (key,)).fetchone()[0]
    if head is None or head != parent:
        _prefer_path(connection, conversation, key)
    connection.execute("UPDATE conversations SET head = ? WHERE key = ?", (key, conversation))


def _prefer_path(connection: Connection, conversation: int, key: int) -> None:
    for (one,) in connection.execute(_NOT_CHOSEN, {"key": key, "conversation": conversation}).fetchall():
        prefer(connection, one)


def prefer(connection: Connection, key: int) -> None:
    """Has a path that comes to the message's parent lead on to it."""
    connection.execute(
        "UPDATE messages SET chosen = 1 + (SELECT max(s.chosen) FROM messages s WHERE s.parent IS messages.parent"
        " AND s.conversation = messages.conversation) WHERE key = ?",
        (key,),
    )


def ancestors(connection: Connection, key: int | None) -> list[int]:
    """The message and those before it, removed ones too, the nearest first."""
    sql = "WITH RECURSIVE up (key) AS (VALUES (?) UNION SELECT m.parent FROM up JOIN messages m ON m.key = up.key)"
    return [row[0] for row in connection.execute(f"{sql} SELECT key FROM up", (key,))]  # noqa: S608 # a constant


def standing(connection: Connection, key: int | None) -> int | None:
    """The message, or where it was removed the nearest one before it that was not."""
    while key is not None:
        parent, removed = connection.execute("SELECT parent, removed FROM messages WHERE key = ?", (key,)).fetchone()
        if removed is None:
            return key
        key = parent
    return None


@dataclass(frozen=True, slots=True)
class Removal:
    """Who removes something, and when: by the clock, and by how often the history was opened."""

    program: str
    moment: int
    opening: int


def remove(connection: Connection, conversation: int, keys: Sequence[int], by: Removal) -> None:
    """Marks messages as removed."""
    with index.reindexed(connection, keys):
        for key in keys:
            connection.execute(
                "UPDATE messages SET removed_at = ?, removed_in = ?, remover = ?, removed ="
                " (SELECT coalesce(max(removed), 0) + 1 FROM messages WHERE conversation = ?)"
                " WHERE key = ? AND removed IS NULL",
                (by.moment, by.opening, by.program, conversation, key),
            )
    connection.execute("UPDATE conversations SET head = NULL WHERE key = ?", (conversation,))


def put_back(connection: Connection, conversation: int, keys: Sequence[int]) -> None:
    """Takes the marks away, of those whose texts are still there; the shown path leads through them."""
    with index.reindexed(connection, keys):
        for key in keys:
            connection.execute(
                "UPDATE messages SET removed = NULL, removed_at = NULL"
                " WHERE key = ? AND key IN (SELECT message FROM bodies)",
                (key,),
            )
    for key in keys:
        _prefer_path(connection, conversation, key)
    connection.execute("UPDATE conversations SET head = NULL WHERE key = ?", (conversation,))


class Link(NamedTuple):
    """A row of a conversation's shape."""

    key: int
    id: str
    parent: int | None
    place: int
    chosen: int
    removed: int | None


@dataclass(frozen=True, slots=True)
class Shape:
    """A conversation's tree, and the keys of its messages."""

    tree: Tree
    keys: dict[str, int]


def shape(connection: Connection, conversation: int) -> Shape:
    """The tree of a conversation as it is shown."""
    rows = connection.execute(
        "SELECT key, id, parent, place, chosen, removed FROM messages WHERE conversation = ? ORDER BY place",
        (conversation,),
    )
    links = _parents_first(list(map(Link._make, rows)))
    ids = {link.key: link.id for link in links}
    tree = Tree((link.id, None if link.parent is None else ids[link.parent]) for link in links)
    chosen: dict[int | None, Link] = {}
    for link in links:
        if link.parent not in chosen or chosen[link.parent].chosen < link.chosen:
            chosen[link.parent] = link
    for link in chosen.values():
        tree.prefer(link.id)
    for link in sorted((link for link in links if link.removed is not None), key=lambda one: one.removed or 0):
        tree.remove(link.id)
    return Shape(tree, {link.id: link.key for link in links})


def _parents_first(links: Sequence[Link]) -> list[Link]:
    """The links by age, but none before that of its parent."""
    seen: set[int | None] = {None}
    for link in links:
        if link.parent not in seen:
            return _sorted(links)
        seen.add(link.key)
    return list(links)


def _sorted(links: Iterable[Link]) -> list[Link]:
    children: dict[int | None, list[Link]] = {}
    for link in links:
        children.setdefault(link.parent, []).append(link)
    ordered: list[Link] = []
    ready = [(link.place, link.key, link) for link in children.get(None, ())]
    heapq.heapify(ready)
    while ready:
        link = heapq.heappop(ready)[2]
        ordered.append(link)
        for child in children.get(link.key, ()):
            heapq.heappush(ready, (child.place, child.key, child))
    return ordered
