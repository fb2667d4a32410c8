"""Brings an older history up to date, step by step, after a copy of it was made; never back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from tui_stream.errors import StoreError
from tui_stream.store.database import back_up, connect, transaction
from tui_stream.store.files import free_name, make_file
from tui_stream.store.schema import APPLICATION_ID, Step


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the tables; 0 for a database without any."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check(path: Path, newest: int, patience: float) -> int:
    """Which version the database has, without changing it; 0 for one that is empty.

    Raises:
        StoreError: another program made it, or a newer version of this one.
        sqlite3.Error: it cannot be read.
    """
    if path.stat().st_size == 0:
        return 0
    with closing(connect(path, patience, mode="ro")) as connection:
        version = version_of(connection)
        made_by = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and made_by != APPLICATION_ID:
        raise StoreError(f"{path} is a database of another program.", hint="Move it away; nothing of it was changed.")
    if version > newest:
        raise StoreError(
            f"The history in {path} was written by a newer version of this program (format {version}; this one knows "
            f"{newest}).",
            hint="Use the newer version; nothing of the history was changed.",
        )
    return version


def migrate(
    connection: sqlite3.Connection, path: Path, steps: Sequence[Step], clock: Callable[[], datetime]
) -> Path | None:
    """Takes all steps that the database still has before it, each as a whole or not at all.

    The step at place n leads from version n to n + 1. The clock says which day the copy is named after.

    Returns:
        The copy of the older database; None where there was nothing to copy.

    Raises:
        sqlite3.Error: a step failed, or the copy did; the database is what it was before that step.
        OSError: the copy cannot be made.
    """
    version = version_of(connection)
    if version >= len(steps):
        return None
    copy = _copy(connection, path, version, clock()) if version else None
    connection.execute("PRAGMA foreign_keys = OFF")  # has no effect inside of a transaction
    for number in range(version, len(steps)):
        with transaction(connection):
            steps[number](connection)
            if broken := connection.execute("PRAGMA foreign_key_check").fetchone():
                raise sqlite3.IntegrityError(f"step {number + 1} left a row of {broken[0]} without what it refers to")
            connection.execute(f"PRAGMA user_version = {number + 1}")
    connection.execute("PRAGMA foreign_keys = ON")
    return copy


def _copy(connection: sqlite3.Connection, path: Path, version: int, day: datetime) -> Path:
    copy = free_name(path, f"v{version}", day)
    make_file(copy)
    back_up(connection, copy)
    return copy
