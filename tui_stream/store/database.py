"""Connections to the database, transactions, and whether the file is still the one that was opened."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from tui_stream.core.money import amount_of

_WAL_KEPT = 4 << 20  # bytes of the journal file that stay after a checkpoint

Connection = sqlite3.Connection


class _Sum:
    """Adds amounts of money that stand as text; what names none that can be added counts as nothing.

    `sound` tells these, so that whoever sums says that they are missing.
    """

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, amount: object) -> None:
        if (known := amount_of(str(amount))) is not None:
            self._sum += known

    def finalize(self) -> str:
        return str(self._sum)


def _sound(amount: object) -> bool:
    """Whether a column has an amount of money that can be added."""
    return amount is not None and amount_of(str(amount)) is not None


class _Median:
    """The number of which half of the others are smaller; NULL where there is none."""

    def __init__(self) -> None:
        self._numbers: list[float] = []

    def step(self, number: float | None) -> None:
        if number is not None:
            self._numbers.append(number)

    def finalize(self) -> float | None:
        ordered, middle = sorted(self._numbers), len(self._numbers) // 2
        if not ordered:
            return None
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def connect(path: Path, patience: float, *, mode: str = "rw") -> Connection:
    """A connection that waits for locks, for the thread that asks for it.

    Args:
        path: a database that is there.
        patience: seconds to wait for a lock.
        mode: SQLite's: ``rw``, or ``ro`` for one that leaves the file as it is.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    connection = sqlite3.connect(address, timeout=patience, isolation_level=None, uri=True)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT}")
    connection.create_aggregate("money", 1, _Sum)  # type: ignore[arg-type] # the stub knows numbers only, SQLite text too
    connection.create_aggregate("median", 1, _Median)  # type: ignore[arg-type] # as above: NULL too
    connection.create_function("sound", 1, _sound, deterministic=True)
    connection.create_function("small", 1, str.casefold, deterministic=True)
    return connection


@contextmanager
def transaction(connection: Connection, *, durable: bool = True) -> Iterator[None]:
    """A write that happens as a whole or not at all.

    It takes the lock at its beginning: a read that becomes a write while another program writes fails at once, however
    patient the connection is.

    One that is durable is on the disk when this ends; another one outlives the program's death, but maybe not the
    machine's.
    """
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which file a path led to."""

    device: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Identity | None:
        """The file's; None where there is none."""
        try:
            found = os.stat(path)  # noqa: PTH116 # asked before every write, and twice as fast as Path.stat
        except (FileNotFoundError, NotADirectoryError):
            return None
        return cls(found.st_dev, found.st_ino)


def back_up(connection: Connection, path: Path) -> None:
    """Copies the database as it stands, with what its journal holds, to a file that is there and empty."""
    with closing(sqlite3.connect(path, isolation_level=None)) as copy:
        connection.backup(copy)
