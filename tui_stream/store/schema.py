"""The tables of the history, and the steps that lead to them from every older version.

What is counted, sorted and summed stands in ``messages``, a narrow table; the texts stand beside it in ``bodies``, so
that a tree, a list or a bill reads a few pages. Moments are microseconds since 1970 in UTC, amounts of money decimal
numbers as text. A figure that nobody knows is NULL, never zero.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

APPLICATION_ID = 0x7475_6973
"""Marks a SQLite file as a history of this program ("tuis")."""

Step = Callable[[sqlite3.Connection], None]
"""Leads from one version to the next, inside a transaction that it neither begins nor ends."""

FOUND = "CREATE VIRTUAL TABLE found USING fts5 (text, content='', columnsize=0, tokenize='ascii')"
"""The full-text index.

`tui_stream.store.words` has taken the texts apart already; only letters and digits of ASCII and whatever is beyond it
are left, so that the plainest tokenizer is the right one.
"""

_FIRST = (
    # used: what lists are sorted by; it only ever grows, also where the clock jumps back
    # deleted_in: how often the history had been opened when it was deleted
    # head: the message through which the shown path was led last; NULL where that has to be found out anew
    # words: the shown title as `tui_stream.store.words` sees it
    """
    CREATE TABLE conversations (
        key INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL DEFAULT '',
        first_line TEXT NOT NULL DEFAULT '',
        words TEXT NOT NULL DEFAULT '',
        pinned INTEGER NOT NULL DEFAULT 0,
        archived INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        used INTEGER NOT NULL,
        head INTEGER,
        deleted_at INTEGER,
        deleted_in INTEGER
    )
    """,
    "CREATE INDEX conversations_used ON conversations (used)",
    "CREATE INDEX conversations_listed ON conversations (archived, pinned, used) WHERE deleted_at IS NULL",
    # place: the order among siblings; rank: the order in searches, which only ever grows
    # chosen: the sibling with the highest number is on the path through their parent
    # cost_pico: the amount in units of 10^-12 dollars, for sums; NULL where it is no whole number of them
    # owner: who writes it while it streams; writer: who wrote it last
    # removed: the number of its removal, the tables' rows stay; remover: who removed it; removed_in: as deleted_in
    """
    CREATE TABLE messages (
        key INTEGER PRIMARY KEY,
        conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
        id TEXT NOT NULL,
        parent INTEGER REFERENCES messages (key) DEFERRABLE INITIALLY DEFERRED,
        place INTEGER NOT NULL,
        chosen INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        removed INTEGER,
        removed_at INTEGER,
        removed_in INTEGER,
        remover TEXT,
        owner TEXT,
        writer TEXT,
        role TEXT NOT NULL,
        status TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        finished_at INTEGER,
        finish_reason TEXT,
        input_tokens INTEGER,
        output_tokens INTEGER,
        cached_input_tokens INTEGER,
        cache_write_tokens INTEGER,
        reasoning_tokens INTEGER,
        usage_cost TEXT,
        usage_source TEXT,
        cost_amount TEXT,
        cost_pico INTEGER,
        cost_source TEXT,
        cost_local INTEGER NOT NULL DEFAULT 0,
        elapsed REAL,
        first_token REAL,
        streaming REAL,
        attempts INTEGER,
        UNIQUE (conversation, id)
    )
    """,
    "CREATE INDEX messages_place ON messages (conversation, place)",
    "CREATE INDEX messages_parent ON messages (parent, conversation)",
    "CREATE INDEX messages_rank ON messages (rank)",
    "CREATE INDEX messages_created ON messages (created_at)",
    "CREATE INDEX messages_streaming ON messages (owner) WHERE status = 'streaming'",
    "CREATE INDEX messages_removed ON messages (removed_at) WHERE removed IS NOT NULL",
    "CREATE INDEX messages_prompts ON messages (rank) WHERE role = 'user' AND removed IS NULL",
    """
    CREATE TABLE bodies (
        message INTEGER PRIMARY KEY REFERENCES messages (key) ON DELETE CASCADE,
        text TEXT NOT NULL,
        reasoning TEXT NOT NULL,
        error TEXT NOT NULL,
        parameters TEXT,
        tool_calls TEXT,
        notes TEXT,
        price TEXT
    )
    """,
    # what arrived since the body was written, while the message streams; only what streams now has any, so that looking
    # through all of them takes no index, which would double what every piece writes
    """
    CREATE TABLE pieces (
        number INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES messages (key) ON DELETE CASCADE,
        text TEXT NOT NULL,
        reasoning TEXT NOT NULL,
        written_at INTEGER NOT NULL
    )
    """,
    "CREATE TABLE drafts (place TEXT PRIMARY KEY, text TEXT NOT NULL, saved_at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    FOUND,
)


def _first(connection: sqlite3.Connection) -> None:
    for statement in _FIRST:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


STEPS: Sequence[Step] = (_first,)
"""The step at place n leads from version n to n + 1; version 0 is an empty file."""
