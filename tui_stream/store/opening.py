"""Opens the history: makes it, repairs it, brings it up to date, and settles what a dead program left behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tui_stream.core.private_files import FILE_MODE
from tui_stream.errors import StoreError
from tui_stream.store import files, index, recovery, salvage
from tui_stream.store.database import Connection, Identity, connect, transaction
from tui_stream.store.faults import damaged, explained
from tui_stream.store.migrations import check, migrate, version_of
from tui_stream.store.owners import Owner, alone
from tui_stream.store.schema import APPLICATION_ID, STEPS, Step

NAME = "history.db"
_SUSPECT = "history.suspect"
"""Lies beside the database once it has proved damaged while it was in use."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How the history is opened.

    Attributes:
        patience: seconds to wait for other programs.
        steps: what leads to the present version; see `tui_stream.store.migrations`.
    """

    folder: Path
    clock: Callable[[], datetime]
    patience: float
    steps: Sequence[Step] = STEPS

    @property
    def path(self) -> Path:
        """The database."""
        return self.folder / NAME

    def is_ours(self, connection: Connection) -> bool:
        """Whether the database is a history of this version."""
        made_by = connection.execute("PRAGMA application_id").fetchone()[0]
        return bool(made_by == APPLICATION_ID) and version_of(connection) == len(self.steps)

    def suspect(self) -> None:
        """Has the next opening look through the whole database."""
        (self.folder / _SUSPECT).touch(FILE_MODE)


@dataclass(frozen=True, slots=True)
class Opened:
    """The history, open for writing, for the thread that opened it.

    Attributes:
        number: how often it has been opened by now.
    """

    connection: Connection
    identity: Identity | None
    owner: Owner
    notices: tuple[str, ...]
    number: int

    def close(self) -> None:
        """Closes it; what streams in it no longer has an owner."""
        self.connection.close()
        self.owner.close()


def open_database(opening: Opening) -> Opened:
    """Opens the history for writing.

    Raises:
        StoreError: it cannot be opened, and why.
    """
    try:
        files.make_folder(opening.folder)
        with alone(opening.folder, opening.patience), ExitStack() as undo:
            owner = Owner(opening.folder)
            undo.callback(owner.close)
            opened = _opened(opening, owner)
            undo.pop_all()
            return opened
    except (sqlite3.Error, OSError) as error:
        raise explained(error, opening.path) from error


def _opened(opening: Opening, owner: Owner) -> Opened:
    suspect = opening.folder / _SUSPECT
    notices: list[str] = []
    try:
        connection, notices = _connected(opening, owner, thorough=suspect.exists())
    except sqlite3.Error as error:
        if not damaged(error):
            raise
        if owner.others():
            raise in_use(opening.path) from error
        aside = files.set_aside(opening.path, opening.clock())
        connection, notices = _connected(opening, owner)
        saved = salvage.salvage(aside, connection, len(opening.steps))
        notices.append(f"The history was damaged; it is kept as {aside}. {saved}")
        with transaction(connection):
            notices += recovery.interrupt(connection, owner)
    owner.others()
    suspect.unlink(missing_ok=True)
    return Opened(connection, Identity.of(opening.path), owner, tuple(notices), number_of_opening(connection))


def in_use(path: Path) -> StoreError:
    """It is damaged, and cannot be put aside."""
    return StoreError(
        f"The history in {path} is damaged, and another program has it open.",
        hint="End the other program and start this one again; what can be read of the history is then saved.",
    )


def _connected(opening: Opening, owner: Owner, *, thorough: bool = False) -> tuple[Connection, list[str]]:
    """A connection to a database that is up to date and settled, and what is to be told."""
    path, notices = opening.path, []
    files.make_file(path)
    check(path, len(opening.steps), opening.patience)
    with ExitStack() as undo:
        connection = undo.enter_context(closing(connect(path, opening.patience)))
        connection.execute("PRAGMA journal_mode = WAL")
        if thorough:
            _look_through(connection)
        copy = migrate(connection, path, opening.steps, opening.clock)
        if copy is not None:
            notices.append(f"The history was brought up to date; the old one is kept as {copy}.")
        if thorough:
            index.replace(connection)
        try:
            notices += _settle(connection, owner)
        except sqlite3.Error as error:
            if not index.mended(connection, error):
                raise
            notices += _settle(connection, owner)
        files.make_file(path)
        undo.pop_all()
    return connection, notices


def _settle(connection: Connection, owner: Owner) -> Sequence[str]:
    """Settles what a dead program left behind; what is to be told."""
    with transaction(connection):
        connection.execute(_COUNT, (_OPENINGS,))
        index.refresh(connection)
        return recovery.interrupt(connection, owner)


_OPENINGS = "openings"
_COUNT = (
    "INSERT INTO facts VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)"
)


def number_of_opening(connection: Connection) -> int:
    """How often the history has been opened for writing."""
    return int(connection.execute("SELECT value FROM facts WHERE name = ?", (_OPENINGS,)).fetchone()[0])


def _look_through(connection: Connection) -> None:
    """Raises `sqlite3.DatabaseError` where the database is damaged anywhere but in the index, which is made anew."""
    found = [row[0] for row in connection.execute("PRAGMA quick_check(9)")]
    wrong = [one for one in found if one != "ok" and "fts5" not in one.lower()]
    if wrong:
        error = sqlite3.DatabaseError(wrong[0])
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
