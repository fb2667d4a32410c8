"""Takes over what can still be read of a damaged history."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tui_stream.core.models import MessageStatus, Role
from tui_stream.store import index
from tui_stream.store.database import Connection, connect, transaction
from tui_stream.store.migrations import version_of
from tui_stream.store.writing import entitle

_TABLES = {
    "conversations": "key",
    "messages": "key",
    "bodies": "message",
    "pieces": "number",
    "receipts": "number",
    "drafts": "place",
}
_LOST = "the text was lost when the history was damaged"
_MENDS = (
    "INSERT INTO conversations (key, id, created_at, updated_at, used)"
    " SELECT conversation, lower(hex(randomblob(16))), min(created_at), max(created_at), max(created_at) FROM messages"
    " WHERE conversation NOT IN (SELECT key FROM conversations) GROUP BY conversation",
    "UPDATE messages SET parent = NULL WHERE parent NOT IN (SELECT key FROM messages)",
    "UPDATE receipts SET conversation = NULL WHERE conversation NOT IN (SELECT key FROM conversations)",
    "UPDATE receipts SET message = NULL WHERE message NOT IN (SELECT key FROM messages)",
    "UPDATE conversations SET head = NULL",
    "UPDATE conversations SET deleted_in = 1 WHERE deleted_at IS NOT NULL",
    "UPDATE messages SET removed_in = 1 WHERE removed IS NOT NULL",
    "DELETE FROM bodies WHERE message NOT IN (SELECT key FROM messages)",
    "DELETE FROM pieces WHERE message NOT IN (SELECT key FROM messages)",
)


def salvage(damaged: Path, connection: Connection, version: int) -> str:
    """Copies what can be read into a new history that is empty, and says how much that was, in a sentence.

    Of one of an older version that is taken over which the new one has a column for; one of a newer version is left.
    """
    connection.execute("PRAGMA foreign_keys = OFF")
    with transaction(connection):
        for table, key in _TABLES.items():
            _take_over(damaged, connection, table, key, version)
        _mend(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    return _account(connection)


def _account(connection: Connection) -> str:
    """How much was saved, and what is known to be missing: places in a conversation that nobody has, and texts."""
    conversations, messages, places, texts = connection.execute(
        "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages),"
        " (SELECT sum(newest) FROM (SELECT max(place) AS newest FROM messages GROUP BY conversation)),"
        " (SELECT count(*) FROM bodies WHERE error = ?)",
        (_LOST,),
    ).fetchone()
    if not messages:
        return "Nothing of it could be read; a new one was started."
    said = (
        "A new one was started with what could be read: "
        f"{_counted(messages, 'message')} in {_counted(conversations, 'conversation')}."
    )
    missing, lost = max(0, places - messages), _counted(texts, "text")
    if missing:
        said += f" At least {_counted(missing, 'message')} {'is' if missing == 1 else 'are'} missing"
        return f"{said}, and of the others {lost}." if texts else f"{said}."
    return f"{said} Of these, {lost} {'is' if texts == 1 else 'are'} missing." if texts else said


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _take_over(damaged: Path, connection: Connection, table: str, key: str, version: int) -> None:
    known = _columns(damaged, connection, table)
    if key not in known:
        return
    marks = ", ".join("?" * len(known))
    sql = f"INSERT OR IGNORE INTO {table} ({', '.join(known)}) VALUES ({marks})"  # noqa: S608 # names of ours alone
    for order in ("ASC", "DESC"):
        for row in _readable(damaged, f"SELECT {', '.join(known)} FROM {table} ORDER BY {key} {order}", version):  # noqa: S608 # as above
            connection.execute(sql, row)


def _columns(damaged: Path, connection: Connection, table: str) -> list[str]:
    """The columns of a table that both histories have."""
    asked = f"PRAGMA table_info({table})"
    try:
        with closing(connect(damaged, 0, mode="ro")) as source:
            had = {row[1] for row in source.execute(asked)}
    except sqlite3.Error:
        return []
    return [row[1] for row in connection.execute(asked) if row[1] in had]


def _readable(damaged: Path, sql: str, version: int) -> Iterator[Sequence[Any]]:
    """The rows up to the first that cannot be read."""
    try:
        with closing(connect(damaged, 0, mode="ro")) as source:
            source.text_factory = lambda text: text.decode(errors="replace")
            if version_of(source) <= version:
                for row in source.execute(sql):
                    yield tuple(row)
    except sqlite3.Error:
        return


def _mend(connection: Connection) -> None:
    """Makes a sound history of what was taken over."""
    for statement in _MENDS:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO bodies (message, text, reasoning, error)"
        " SELECT key, '', '', ? FROM messages WHERE removed IS NULL AND key NOT IN (SELECT message FROM bodies)",
        (_LOST,),
    )
    connection.execute(
        "UPDATE messages SET status = ? WHERE role = ? AND key IN (SELECT message FROM bodies WHERE error = ?)",
        (MessageStatus.CUT_OFF.value, Role.ASSISTANT.value, _LOST),
    )
    connection.execute(
        "UPDATE bodies SET notes = ? WHERE error = ? AND message IN (SELECT key FROM messages WHERE role <> ?)",
        (json.dumps([_LOST]), _LOST, Role.ASSISTANT.value),
    )
    for column, kinds, instead in (("role", Role, Role.ASSISTANT), ("status", MessageStatus, MessageStatus.CUT_OFF)):
        marks = ", ".join("?" * len(kinds))
        sql = f"UPDATE messages SET {column} = ? WHERE {column} NOT IN ({marks})"  # noqa: S608 # names of ours alone
        connection.execute(sql, (instead.value, *(kind.value for kind in kinds)))
    index.rebuild(connection)
    for (key,) in connection.execute("SELECT key FROM conversations").fetchall():
        entitle(connection, key)
