"""Finds messages by their words."""

from __future__ import annotations

from typing import Any

from tui_stream.core.archive import Hit
from tui_stream.core.models import Role
from tui_stream.store.database import Connection
from tui_stream.store.index import LISTED
from tui_stream.store.lists import SHOWN_TITLE
from tui_stream.store.rows import moment
from tui_stream.store.words import Query, query

_BEFORE, _LONGEST = 40, 160  # characters of an excerpt: before what was found, and in all
_ELLIPSIS = "…"


def search(connection: Connection, text: str, conversation_id: str | None, limit: int) -> list[Hit]:
    """The messages with all of these words, the newest first."""
    asked = query(text)
    if not asked:
        return []
    sql, values = _statement(asked, conversation_id)
    keys = [row[0] for row in connection.execute(sql, (*values, limit))]
    return [hit for key in keys if (hit := _hit(connection, key, asked)) is not None]


def _statement(asked: Query, conversation_id: str | None) -> tuple[str, list[str]]:
    """The keys of what is found. The texts are read of those alone that are shown."""
    tables, conditions, values = (
        ["messages m", "conversations c"],
        ["c.key = m.conversation", "c.deleted_at IS NULL"],
        [],
    )
    if asked.match:
        tables.insert(0, "found")
        conditions += ["m.key = found.rowid", "found MATCH ?"]
        values.append(asked.match)
    else:
        conditions.append(LISTED)
    if asked.signs:
        tables.append("bodies b")
        conditions += ["b.message = m.key", *("instr(lower(b.text), ?)" for _ in asked.signs)]
        values += asked.signs
    if conversation_id is not None:
        conditions.append("c.id = ?")
        values.append(conversation_id)
    return (
        f"SELECT m.key FROM {', '.join(tables)} WHERE {' AND '.join(conditions)} ORDER BY m.rank DESC LIMIT ?",  # noqa: S608 # names of ours alone
        values,
    )


def _hit(connection: Connection, key: int, asked: Query) -> Hit | None:
    row = connection.execute(
        f"SELECT c.id AS conversation_id, m.id, {SHOWN_TITLE} AS title, m.role, m.created_at, b.text"  # noqa: S608 # a constant
        " FROM messages m JOIN conversations c ON c.key = m.conversation JOIN bodies b ON b.message = m.key"
        " WHERE m.key = ?",
        (key,),
    ).fetchone()
    return None if row is None else _shown(row, asked)


def _shown(row: Any, asked: Query) -> Hit:
    excerpt, spans = excerpt_of(row["text"], asked)
    return Hit(
        row["conversation_id"],
        row["id"],
        row["title"],
        Role(row["role"]),
        moment(row["created_at"]),
        excerpt,
        spans,
    )


def excerpt_of(text: str, asked: Query) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A part of the text, on one line, around the first of the words; and where in it the words stand."""
    line = " ".join(text.split())
    spans = asked.spans(line)
    first = spans[0][0] if spans else 0
    start = 0 if first <= _BEFORE else line.find(" ", first - _BEFORE, first) + 1 or first - _BEFORE
    end = min(len(line), start + _LONGEST)
    head, tail = _ELLIPSIS if start else "", _ELLIPSIS if end < len(line) else ""
    shift = len(head) - start
    shown = tuple((a + shift, b + shift) for a, b in spans if a >= start and b <= end)
    return f"{head}{line[start:end]}{tail}", shown
