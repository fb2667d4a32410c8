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

REQUEST = (
    "status",
    "provider",
    "model",
    "created_at",
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "usage_source",
    "cost_amount",
    "cost_pico",
    "cost_source",
    "cost_local",
    "first_token",
    "streaming",
    "guessed_input",
    "guessed_output",
    "asked",
    "unseen_tokens",
)
"""The columns of a request that bills and statistics are made of; messages have them, and receipts."""

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


_SECOND = (
    # guessed_...: what the request was estimated at, see `tui_stream.core.models.Estimate`
    *(
        f"ALTER TABLE messages ADD COLUMN guessed_{of} INTEGER"
        for of in ("messages", "sent", "sent_marks", "made", "made_marks", "input", "output")
    ),
    # the name by which the model was asked for
    "ALTER TABLE messages ADD COLUMN asked TEXT NOT NULL DEFAULT ''",
    # whether it came with a conversation from elsewhere: what it cost is shown, but was not spent here and now
    "ALTER TABLE messages ADD COLUMN imported INTEGER NOT NULL DEFAULT 0",
    # of the reasoning, what was counted and not shown, see `tui_stream.core.stats.unseen_tokens`
    "ALTER TABLE messages ADD COLUMN unseen_tokens INTEGER",
    # what is left out of requests from a prompt on, see `tui_stream.core.models.Cut`
    "ALTER TABLE bodies ADD COLUMN cut TEXT",
    # the requests of messages that took several, or one that is younger than they are, and requests that no message
    # stands for: a title or a summary that was asked for, and what conversations that are gone for good have cost; it
    # has nothing of what was said
    """
    CREATE TABLE receipts (
        number INTEGER PRIMARY KEY,
        conversation INTEGER REFERENCES conversations (key) ON DELETE SET NULL,
        message INTEGER REFERENCES messages (key) ON DELETE SET NULL,
        id TEXT NOT NULL,
        status TEXT NOT NULL,
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        asked TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL,
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
        price TEXT,
        first_token REAL,
        streaming REAL,
        guessed_input INTEGER,
        guessed_output INTEGER,
        unseen_tokens INTEGER,
        imported INTEGER NOT NULL DEFAULT 0,
        UNIQUE (conversation, id)
    )
    """,
    "CREATE INDEX receipts_created ON receipts (created_at)",
    "CREATE INDEX receipts_message ON receipts (message) WHERE message IS NOT NULL",
    # every request that was made here, whatever became of its message; a message stands for itself where it has no
    # receipts
    """
    CREATE VIEW requests AS
        SELECT conversation, id,
            status, provider, model, asked, created_at, input_tokens, output_tokens, cached_input_tokens,
            cache_write_tokens, reasoning_tokens, usage_source, cost_amount, cost_pico, cost_source, cost_local,
            first_token, streaming, guessed_input, guessed_output, unseen_tokens
        FROM messages
        WHERE cost_source IS NOT NULL AND NOT imported
            AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.message = messages.key)
        UNION ALL SELECT conversation, id,
            status, provider, model, asked, created_at, input_tokens, output_tokens, cached_input_tokens,
            cache_write_tokens, reasoning_tokens, usage_source, cost_amount, cost_pico, cost_source, cost_local,
            first_token, streaming, guessed_input, guessed_output, unseen_tokens
        FROM receipts WHERE NOT imported
    """,
    # what estimates are learned from
    """
    CREATE INDEX messages_learned ON messages (model, provider, created_at)
        WHERE usage_source = 'reported' AND guessed_messages IS NOT NULL
    """,
)


def _second(connection: sqlite3.Connection) -> None:
    """Adds what tokens and money are counted with; of earlier requests everything stays as it was."""
    for statement in _SECOND:
        connection.execute(statement)


STEPS: Sequence[Step] = (_first, _second)
"""The step at place n leads from version n to n + 1; version 0 is an empty file."""
