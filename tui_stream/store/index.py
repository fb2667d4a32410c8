"""The full-text index, and when a message stands in it: once it is finished, and until it is removed.

The index holds no text of its own, so that a message has to be taken out of it by the text that it went in with.
"""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from tui_stream.store.database import Connection, transaction
from tui_stream.store.faults import is_of_the_index, may_be_the_index
from tui_stream.store.schema import FOUND
from tui_stream.store.words import indexable

_MADE_BY = "index"
_RULES = 1  # of `tui_stream.store.words`; to be raised whenever it takes a text apart differently

LISTED = "m.removed IS NULL AND m.status NOT IN ('streaming', 'queued')"
"""What is true of a row ``m`` of messages that stands in the index."""

_TEXT = f"SELECT b.text FROM messages m JOIN bodies b ON b.message = m.key WHERE m.key = ? AND {LISTED}"  # noqa: S608 # a constant
_ALL = f"SELECT m.key, b.text FROM messages m JOIN bodies b ON b.message = m.key WHERE {LISTED}"  # noqa: S608 # a constant


@contextmanager
def reindexed(connection: Connection, keys: Iterable[int]) -> Iterator[None]:
    """Keeps the index right while these messages are changed."""
    known = list(keys)
    for key, text in _listed(connection, known):
        connection.execute("INSERT INTO found (found, rowid, text) VALUES ('delete', ?, ?)", (key, indexable(text)))
    yield
    enter(connection, known)


def enter(connection: Connection, keys: Iterable[int]) -> None:
    """Takes in messages that are new, those of them that are to stand in the index."""
    for key, text in _listed(connection, keys):
        connection.execute("INSERT INTO found (rowid, text) VALUES (?, ?)", (key, indexable(text)))


def refresh(connection: Connection) -> None:
    """Makes the index anew where other rules made it: another version of this program, or of Unicode."""
    rules = f"{_RULES}/{unicodedata.unidata_version}"
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (_MADE_BY,)).fetchone()
    if row is None or row[0] != rules:
        rebuild(connection)
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_MADE_BY, rules))


def rebuild(connection: Connection) -> None:
    """Makes the index anew from the messages."""
    connection.execute("INSERT INTO found (found) VALUES ('delete-all')")
    texts = ((row[0], indexable(row[1])) for row in connection.execute(_ALL))
    connection.executemany("INSERT INTO found (rowid, text) VALUES (?, ?)", texts)


def mended(connection: Connection, error: sqlite3.Error) -> bool:
    """Makes the index anew if its damage caused the error; whether it did. Not to be called within a transaction.

    Raises:
        sqlite3.Error: it cannot be made anew.
    """
    if not is_of_the_index(error) and (not may_be_the_index(error) or _sound(connection)):
        return False
    replace(connection)
    return True


def replace(connection: Connection) -> None:
    """Throws the index away, in whatever state it is, and makes another one. Not to be called within a transaction."""
    with transaction(connection):
        connection.execute("DROP TABLE found")
        connection.execute(FOUND)
        rebuild(connection)


def _sound(connection: Connection) -> bool:
    try:
        with transaction(connection, durable=False):
            connection.execute("INSERT INTO found (found) VALUES ('integrity-check')")
    except sqlite3.Error as error:
        if not may_be_the_index(error):
            raise
        return False
    return True


def _listed(connection: Connection, keys: Iterable[int]) -> Iterator[tuple[int, str]]:
    for key in keys:
        row = connection.execute(_TEXT, (key,)).fetchone()
        if row is not None:
            yield key, row[0]
