"""Conversations in a list, and what is done to a whole one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from tui_stream.core.archive import Overview
from tui_stream.core.models import MessageStatus
from tui_stream.core.sanitize import repair
from tui_stream.store import accounts, drafts, index
from tui_stream.store.branches import Removal
from tui_stream.store.database import Connection
from tui_stream.store.reading import COST_COLUMNS, COSTS, cost_of, no_conversation, present, snapshot
from tui_stream.store.rows import moment
from tui_stream.store.words import tokens
from tui_stream.store.writing import entitle

SHOWN_TITLE = "CASE c.title WHEN '' THEN c.first_line ELSE c.title END"

_DAY = 24 * 60 * 60 * 1_000_000
_NEWEST_ANSWER = """
    SELECT {} FROM messages a WHERE a.conversation = c.key AND a.role = 'assistant' AND a.removed IS NULL
    ORDER BY a.place DESC LIMIT 1
"""
_LONG_GONE = """
    SELECT key FROM messages WHERE removed IS NOT NULL AND removed_at < ? AND coalesce(removed_in, 0) < ?
"""
_MESSAGES = "EXISTS (SELECT 1 FROM messages m WHERE m.conversation = c.key AND m.removed IS NULL)"
_PAGE = f"""
    SELECT c.key, c.id, {SHOWN_TITLE} AS shown, c.created_at, c.updated_at, c.pinned, c.archived,
        ({_NEWEST_ANSWER.format("a.model")}) AS model, ({_NEWEST_ANSWER.format("a.status")}) AS status
    FROM conversations c
    WHERE {{}} AND (c.title <> '' OR {_MESSAGES}) {{}}
    ORDER BY c.pinned DESC, c.used DESC, c.key DESC LIMIT ? OFFSET ?
"""  # noqa: S608 # constants alone


class Kind(Enum):
    """Which conversations are listed; the value is the condition for it, in SQL."""

    CURRENT = "c.deleted_at IS NULL AND NOT c.archived"
    ARCHIVED = "c.deleted_at IS NULL AND c.archived"
    DELETED = "c.deleted_at IS NOT NULL"


def conversations(connection: Connection, text: str, kind: Kind, limit: int, offset: int) -> list[Overview]:
    """A page of the list, filtered by beginnings of words."""
    conditions, values = _conditions(text)
    with snapshot(connection):
        page = connection.execute(_PAGE.format(kind.value, conditions), (*values, limit, offset)).fetchall()
        counts = {row["conversation"]: row for row in _counts(connection, [row["key"] for row in page])}
    return [_overview(row, counts.get(row["key"])) for row in page]


def _conditions(text: str) -> tuple[str, list[str]]:
    """What the title of a conversation has to fulfil, in SQL."""
    conditions, values = "", []
    for word in text.split():
        found = tokens(word)
        conditions += " AND instr(c.words, ?)" if found else " AND instr(shown, ?)"
        values.append(f" {' '.join(found)}" if found else repair(word))
    return conditions, values


def _counts(connection: Connection, keys: Sequence[int]) -> list[Any]:
    """Messages and costs by conversation; removed messages are not counted, but were paid for."""
    chosen = ", ".join(map(str, keys))
    sql = (
        f"SELECT conversation, sum(shown) AS messages, {COSTS} FROM ("  # noqa: S608 # numbers alone
        f"SELECT {COST_COLUMNS}, removed IS NULL AS shown FROM messages WHERE conversation IN ({chosen})"
        f" UNION ALL SELECT {COST_COLUMNS}, 0 FROM receipts WHERE conversation IN ({chosen}) AND message IS NULL)"
        " GROUP BY conversation"
    )
    return connection.execute(sql).fetchall()


def _overview(row: Any, counts: Any) -> Overview:
    return Overview(
        row["id"],
        row["shown"],
        moment(row["created_at"]),
        moment(row["updated_at"]),
        pinned=bool(row["pinned"]),
        archived=bool(row["archived"]),
        messages=0 if counts is None else counts["messages"],
        model=row["model"] or "",
        cost=None if counts is None else cost_of(counts),
        interrupted=row["status"] == MessageStatus.INTERRUPTED.value,
    )


def latest(connection: Connection) -> str | None:
    """The conversation used last, of those with a message."""
    row = connection.execute(
        f"SELECT c.id FROM conversations c WHERE c.deleted_at IS NULL AND {_MESSAGES}"  # noqa: S608 # a constant
        " ORDER BY c.used DESC, c.key DESC LIMIT 1"
    ).fetchone()
    return None if row is None else str(row[0])


def rename(connection: Connection, conversation_id: str, title: str) -> None:
    """Gives a conversation a title, or none."""
    key = present(connection, conversation_id)
    connection.execute("UPDATE conversations SET title = ? WHERE key = ?", (repair(title).strip(), key))
    entitle(connection, key)


def mark(connection: Connection, conversation_id: str, column: str, value: object) -> None:
    """Sets a mark of a conversation: pinned, archived."""
    key = present(connection, conversation_id)
    connection.execute(f"UPDATE conversations SET {column} = ? WHERE key = ?", (value, key))  # noqa: S608 # a name of ours


def set_deleted(connection: Connection, conversation_id: str, by: Removal | None) -> None:
    """Deletes a conversation, or brings it back.

    Raises:
        StoreError: there is none.
    """
    sql = "UPDATE conversations SET deleted_at = ?, deleted_in = ? WHERE id = ?"
    when = (None, None) if by is None else (by.moment, by.opening)
    if not connection.execute(sql, (*when, conversation_id)).rowcount:
        raise no_conversation(conversation_id)


def purge(connection: Connection, now: int, opening: int) -> int:
    """Removes for good what was deleted long ago; how many conversations and single messages.

    That is more than a day ago, and before this program opened the history: a clock that is put right makes a day of a
    moment. Of a single message the row stays, without a word of it: its place in the tree, and what it cost.
    """
    before = now - _DAY, opening
    rows = connection.execute(
        "SELECT key, id FROM conversations WHERE deleted_at < ? AND coalesce(deleted_in, 0) < ?", before
    ).fetchall()
    for key, conversation_id in rows:
        _forget(connection, key, conversation_id)
    single = connection.execute(f"DELETE FROM bodies WHERE message IN ({_LONG_GONE})", before).rowcount  # noqa: S608 # a constant
    connection.execute(f"DELETE FROM pieces WHERE message IN ({_LONG_GONE})", before)  # noqa: S608 # a constant
    return len(rows) + single


def _forget(connection: Connection, key: int, conversation_id: str) -> None:
    keys = [row[0] for row in connection.execute("SELECT key FROM messages WHERE conversation = ?", (key,))]
    accounts.keep_receipts(connection, key)
    with index.reindexed(connection, keys):
        drafts.forget(connection, conversation_id)
        connection.execute("DELETE FROM conversations WHERE key = ?", (key,))
