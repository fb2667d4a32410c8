"""A connection for reading that stays the right one, whatever becomes of the file."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from tui_stream.store.database import Connection, Identity, connect
from tui_stream.store.faults import GoneError, unwritable
from tui_stream.store.unwritable import Stamp, open_unwritable, stamp


class Reader:
    """A connection for reading; it belongs to one thread, and is opened again where the file was replaced."""

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._identity: Identity | None = None
        self._stamp: Stamp | None = None
        self._undo = ExitStack()
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """The connection.

        Raises:
            GoneError: there is no database any more.
            sqlite3.Error: it cannot be opened.
            OSError: it cannot be read.
        """
        present = Identity.of(self._path)
        if self._connection is not None and present == self._identity and self._is_new_enough:
            return self._connection
        self.close()
        if present is None:
            raise GoneError
        self._connection = self._opened()
        self._identity = present
        return self._connection

    @property
    def _is_new_enough(self) -> bool:
        """Whether what is read follows what is written, or nothing has been written since."""
        return self._stamp is None or self._stamp == stamp(self._path)

    def _opened(self) -> Connection:
        with ExitStack() as undo:
            before, self._stamp = stamp(self._path), None
            try:
                connection = undo.enter_context(closing(connect(self._path, self._patience)))
                connection.execute("PRAGMA query_only = ON")
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            except sqlite3.OperationalError as error:
                if not unwritable(error):
                    raise
                connection = open_unwritable(self._path, self._patience, undo)
                self._stamp = before
            self._undo = undo.pop_all()
        return connection

    def interrupt(self) -> None:
        """Ends what is being read; may be called from any thread."""
        if self._connection is not None:
            self._connection.interrupt()

    def close(self) -> None:
        """Closes the connection."""
        self._connection = None
        self._undo.close()
