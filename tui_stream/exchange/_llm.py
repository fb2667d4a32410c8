"""Reads the database of the command line tool ``llm``, ``logs.db``, of any version since its first.

It has kept its requests in three shapes: one table ``log`` or ``logs``; ``conversations`` with ``responses``; and, of
late, ``threads`` with ``turns`` whose ``messages`` are linked by hashes. A database may hold all of them.
It is a stranger's file: opened for reading only, only its ordinary tables are read, and nothing in its schema runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tui_stream.core.models import Conversation
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import StoreError
from tui_stream.exchange import foreign, llm_rows
from tui_stream.exchange._llm_threads import threads
from tui_stream.exchange.json_stream import MOST_BYTES

if TYPE_CHECKING:
    import sqlite3

_OLD: Final = ("logs", "log")
_WHOSE: Final = ("thread_id", "conversation_id", "chat_id", "id")
_WHEN: Final = ("datetime_utc", "timestamp_utc", "timestamp", "id")


def read_database(path: Path) -> Iterator[Conversation]:
    """The conversations in a database, one at a time; may be taken from any thread.

    Raises:
        StoreError: it cannot be read, or is none of ``llm``.
    """
    import sqlite3

    shown = clean_line(str(path), 200)
    try:
        with closing(_opened(path)) as connection:
            tables = _tables(connection)
            if not tables & {"responses", "turns", *_OLD}:
                raise StoreError(
                    f"{shown} is an SQLite database, but not one of llm.", hint="`llm logs path` says where that is."
                )
            yield from _conversations(connection, tables)
    except sqlite3.Error as error:
        reason = clean_line(str(error), 100)
        raise StoreError(f"{shown} cannot be read: {reason}.", hint="Close llm and try again, or copy it.") from error


def _opened(path: Path) -> sqlite3.Connection:
    import sqlite3

    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
    connection.row_factory = sqlite3.Row
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    for setting in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _tables(connection: sqlite3.Connection) -> set[str]:
    """The ordinary tables: a view or a virtual table could run what a stranger wrote."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    return {row["name"] for row in rows if row["sql"] and not row["sql"].lstrip().upper().startswith("CREATE VIRTUAL")}


def _conversations(connection: sqlite3.Connection, tables: set[str]) -> Iterator[Conversation]:
    for table in _OLD:
        if table in tables:
            for name, rows in groupby(_ordered(connection, table), llm_rows.conversation_of):
                yield llm_rows.conversation(name, list(rows), suffix="/log")
    carried_on: dict[str, str] = {}
    if {"threads", "turns", "messages", "parts"} <= tables:
        both = _in_both(connection, tables)
        for thread in threads(connection, _ordered(connection, "turns"), fragments="fragments" in tables):
            if thread.id in both:
                carried_on[thread.id] = "\n".join(each.text for each in (*thread.messages, *thread.others))
            yield thread
    if "responses" in tables:
        yield from _responses(connection, tables, carried_on)


def _in_both(connection: sqlite3.Connection, tables: set[str]) -> set[str]:
    """The ids of conversations that began as responses and were carried on as threads."""
    if "responses" not in tables:
        return set()
    rows = connection.execute("SELECT id FROM threads WHERE id IN (SELECT conversation_id FROM responses)")
    return {foreign.identifier(llm_rows.PROVIDER, str(row["id"])) for row in rows}


def _ordered(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table, those of one conversation together and in the order of time."""
    columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
    whose = ", ".join(name for name in _WHOSE if name in columns)
    keys = [f"coalesce({whose}, '')"] if "," in whose else [whose] if whose else []
    keys += [name for name in _WHEN if name in columns]
    order = f" ORDER BY {', '.join(keys)}" if keys else ""
    for row in connection.execute(f"SELECT * FROM {table}{order}"):  # noqa: S608 - names of ours alone
        yield dict(row)


# -- responses --------------------------------------------------------------------------------------


def _responses(connection: sqlite3.Connection, tables: set[str], carried_on: dict[str, str]) -> Iterator[Conversation]:
    """The conversations of the table, but for those of which all stands in a thread.

    ``carried_on`` is what is said in the threads that have the name of a conversation, by its id.
    """
    about = _About(connection, tables)
    for name, group in groupby(_ordered(connection, "responses"), llm_rows.conversation_of):
        rows = [about.completed(row) for row in group]
        said = carried_on.get(foreign.identifier(llm_rows.PROVIDER, name))
        if said is None:
            yield llm_rows.conversation(name, rows)
        elif not all(foreign.text(row.get("response")).strip() in said for row in rows):
            yield llm_rows.conversation(name, rows, suffix="/responses")


class _About:
    """What other tables know about a response."""

    def __init__(self, connection: sqlite3.Connection, tables: set[str]) -> None:
        self._connection = connection
        self._names: dict[str, str] = {}
        if "conversations" in tables:
            self._names = {row["id"]: row["name"] for row in connection.execute("SELECT id, name FROM conversations")}
        self._queries = {name: sql for name, (sql, *needed) in _JOINED.items() if tables.issuperset(needed)}
        self._numbers = {name: self._places(name) for name in _BY_RESPONSE if name in tables}

    def _places(self, table: str) -> dict[str, list[int]]:
        """Which rows belong to which response: the table has no index for that."""
        places: dict[str, list[int]] = {}
        for row in self._connection.execute(f"SELECT response_id, id FROM {table} ORDER BY id"):  # noqa: S608 - ours
            places.setdefault(row["response_id"], []).append(row["id"])
        return places

    def completed(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row, with the columns that `llm logs --json` adds to it."""
        known = row.get("id")
        if known is None:
            return row
        for name, sql in self._queries.items():
            row[name] = [dict(each) for each in self._connection.execute(sql, (known,))]
        for table, places in self._numbers.items():
            row[table] = [self._row(table, number) for number in places.get(known, ())]
        row["conversation_name"] = self._names.get(str(row.get("conversation_id")))
        return row

    def _row(self, table: str, number: int) -> dict[str, Any]:
        found = self._connection.execute(f"SELECT * FROM {table} WHERE id = ?", (number,)).fetchone()  # noqa: S608 - ours
        return dict(found) if found else {}


_BY_RESPONSE: Final = ("tool_calls", "tool_results")
_FRAGMENTS: Final = (
    'SELECT f.content FROM {0} p JOIN fragments f ON f.id = p.fragment_id WHERE p.response_id = ? ORDER BY p."order"'
)
_JOINED: Final = {
    "prompt_fragments": (_FRAGMENTS.format("prompt_fragments"), "prompt_fragments", "fragments"),
    "system_fragments": (_FRAGMENTS.format("system_fragments"), "system_fragments", "fragments"),
    "attachments": (
        "SELECT a.type, a.path, a.url FROM prompt_attachments p JOIN attachments a ON a.id = p.attachment_id "
        'WHERE p.response_id = ? ORDER BY p."order"',
        "prompt_attachments",
        "attachments",
    ),
}
"""By column, a query about one response, and the tables that it needs."""
