"""Where two programs wrote the same message: what each of them wrote is kept, as branches beside each other.

A program writes over what it wrote itself, and over what its own words go on from. Anything else that stands there is
another program's, and gets an id of its own before it would be written over. That id follows from who wrote it, so that
the other program, which knows nothing of this, still finds its message when it goes on with it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from tui_stream.core.models import Message, MessageStatus, Role
from tui_stream.core.sanitize import repair
from tui_stream.store.database import Connection
from tui_stream.store.owners import Owner
from tui_stream.store.recovery import whole

_NAMESPACE = uuid.UUID("0b8a9a52-2c40-5c55-8f6e-6a3c1d0e7f42")

Calls = Sequence[Sequence[str]]


def message_key(connection: Connection, conversation: int, message_id: str) -> int | None:
    """The key of a message, removed or not; None where there is none."""
    sql = "SELECT key FROM messages WHERE conversation = ? AND id = ?"
    row = connection.execute(sql, (conversation, message_id)).fetchone()
    return None if row is None else int(row[0])


def meant(connection: Connection, conversation: int, message_id: str, seen: Message | None, program: str) -> int | None:
    """The key of the message that a program means by an id; None where there is none.

    Args:
        connection: within a transaction.
        conversation: the key of the conversation.
        message_id: the id.
        seen: the message as the program has it; None where it is not loaded there.
        program: the id of the program's `Owner`.
    """
    key = message_key(connection, conversation, message_id)
    if key is None or seen is None or _writer(connection, key) == program or not loses(connection, key, seen):
        return key
    own = message_key(connection, conversation, _moved_id(conversation, message_id, program))
    return key if own is None else own


def room_for(connection: Connection, conversation: int, message: Message, program: str) -> tuple[int | None, bool]:
    """The key of what a message may be written over, None where it is new, and whether something had to make room."""
    key = meant(connection, conversation, message.id, message, program)
    if key is None:
        return None, False
    writer = _writer(connection, key)
    if writer == program or not loses(connection, key, message):
        return key, False
    moved = _moved_id(conversation, message.id, writer)
    if not writer or message_key(connection, conversation, moved) is not None:
        moved = uuid.uuid4().hex
    connection.execute("UPDATE messages SET id = ?, removed = NULL, removed_at = NULL WHERE key = ?", (moved, key))
    return None, True


def loses(connection: Connection, key: int, message: Message) -> bool:
    """Whether something of what stands there is not in this message."""
    row = connection.execute("SELECT tool_calls FROM bodies WHERE message = ?", (key,)).fetchone()
    if row is None:
        return False
    text, reasoning, _ = whole(connection, key)
    calls = [(call.id, call.name, call.arguments) for call in message.tool_calls]
    return not (
        repair(message.text).startswith(text)
        and repair(message.reasoning).startswith(reasoning)
        and _go_on(calls, json.loads(row["tool_calls"] or "[]"))
    )


def _go_on(calls: Calls, kept: Calls) -> bool:
    """Whether the calls begin with those that are kept, the parts of each longer at most."""
    if len(calls) < len(kept):
        return False
    pairs = zip(calls, kept, strict=False)
    return all(part.startswith(before) for call, old in pairs for part, before in zip(call, old, strict=True))


def removed(connection: Connection, conversation: int, message_id: str, program: str) -> int | None:
    """The key of the message that a program removed by an id; None where there is none."""
    moved = message_key(connection, conversation, _moved_id(conversation, message_id, program))
    for key in (message_key(connection, conversation, message_id), moved):
        if key is not None:
            row = connection.execute("SELECT removed FROM messages WHERE key = ?", (key,)).fetchone()
            if row["removed"] is not None:
                return key
    return None


def removable(connection: Connection, key: int, seen: Message | None, owner: Owner) -> bool:
    """Whether a program may remove a message: not while another one writes it, and not what it has never seen.

    Args:
        connection: within a transaction.
        key: the message.
        seen: the message as the program has it; None where it is not loaded there, as one without a word never is.
        owner: the program.
    """
    status, writes, writer = connection.execute(
        "SELECT status, owner, writer FROM messages WHERE key = ?", (key,)
    ).fetchone()
    if writer == owner.id:
        return True
    if status == MessageStatus.STREAMING.value and writes is not None and not owner.gone(writes):
        return False
    return not loses(connection, key, seen or Message(Role.ASSISTANT))


def bring_back(connection: Connection, key: int, program: str) -> bool:
    """Takes back that another program removed a message with which this one goes on; whether it had."""
    removed = connection.execute(
        "UPDATE messages SET removed = NULL, removed_at = NULL WHERE key = ? AND removed IS NOT NULL"
        " AND remover IS NOT ?",
        (key, program),
    ).rowcount
    if removed:
        connection.execute(
            "INSERT OR IGNORE INTO bodies (message, text, reasoning, error) VALUES (?, '', '', '')", (key,)
        )
    return bool(removed)


def _writer(connection: Connection, key: int) -> str:
    row = connection.execute("SELECT writer FROM messages WHERE key = ?", (key,)).fetchone()
    return row[0] or ""


def _moved_id(conversation: int, message_id: str, program: str) -> str:
    """The id that a program's message gets where it makes room for another one's."""
    return uuid.uuid5(_NAMESPACE, f"{conversation}/{message_id}/{program}").hex
