"""Reads a history in a place where nothing can be written.

SQLite wants to keep files beside a database while somebody reads it. Where it cannot, the database is taken for one
that nobody changes, or, where its journal still holds what was written last, read from a copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from tui_stream.core.private_files import FILE_MODE, FOLDER_MODE
from tui_stream.store.database import Connection, connect

Stamp = tuple[tuple[int, int] | None, ...]


def stamp(path: Path) -> Stamp:
    """What changes whenever the database is written to."""
    return tuple(map(_changed, (path, Path(f"{path}-wal"))))


def _changed(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def open_unwritable(path: Path, patience: float, undo: ExitStack) -> Connection:
    """A connection for reading what the database holds at this moment.

    Args:
        path: the database.
        patience: seconds to wait for a lock.
        undo: closes the connection, and takes a copy away.

    Raises:
        sqlite3.Error: it cannot be read.
        OSError: it cannot be copied.
    """
    try:
        return _readable(connect(path, patience, mode="ro"), undo)
    except sqlite3.OperationalError:
        journal = Path(f"{path}-wal")
        if not journal.exists() or not journal.stat().st_size:
            return _readable(connect(path, patience, mode="ro&immutable=1"), undo)
    folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="tui-stream-")))
    folder.chmod(FOLDER_MODE)
    for name in (path.name, journal.name):
        shutil.copyfile(path.with_name(name), folder / name)
        (folder / name).chmod(FILE_MODE)
    return _readable(connect(folder / path.name, patience), undo)


def _readable(connection: Connection, undo: ExitStack) -> Connection:
    """The connection, once it has read something."""
    with ExitStack() as failed:
        failed.enter_context(closing(connection))
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        failed.pop_all()
    undo.enter_context(closing(connection))
    return connection
