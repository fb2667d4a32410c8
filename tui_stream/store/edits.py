"""What a person does to the branches of a conversation; every function here runs inside a transaction of its caller.

They are given what the program has seen of the messages: another one may have gone on with them since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tui_stream.core.models import Message
from tui_stream.store import branches, versions
from tui_stream.store.database import Connection
from tui_stream.store.opening import number_of_opening
from tui_stream.store.owners import Owner
from tui_stream.store.reading import present
from tui_stream.store.writing import entitle


def removal(connection: Connection, owner: Owner, now: int) -> branches.Removal:
    """That this program removes something now."""
    return branches.Removal(owner.id, now, number_of_opening(connection))


def choose(connection: Connection, conversation_id: str, head: str | None, seen: Message | None, owner: Owner) -> None:
    """Leads the shown path to a message, if there is such a one."""
    conversation = present(connection, conversation_id)
    key = None if head is None else versions.meant(connection, conversation, head, seen, owner.id)
    if key is not None:
        branches.lead_through(connection, conversation, key)


def remove(
    connection: Connection, conversation_id: str, seen: Mapping[str, Message | None], owner: Owner, now: int
) -> None:
    """Removes the messages of these ids but those that `versions.removable` holds back."""
    conversation = present(connection, conversation_id)
    keys = []
    for message_id, message in seen.items():
        key = versions.meant(connection, conversation, message_id, message, owner.id)
        if key is not None and versions.removable(connection, key, message, owner):
            keys.append(key)
    branches.remove(connection, conversation, keys, removal(connection, owner, now))
    entitle(connection, conversation)


def put_back(connection: Connection, conversation_id: str, ids: Sequence[str], owner: Owner) -> None:
    """Brings back what was removed by these ids."""
    conversation = present(connection, conversation_id)
    keys = [versions.removed(connection, conversation, one, owner.id) for one in ids]
    branches.put_back(connection, conversation, [key for key in keys if key is not None])
    entitle(connection, conversation)
