"""How calls reach the history: every one goes to a thread, so that nothing here keeps an event loop waiting.

One thread writes; another one reads, and a third one searches, so that a long search delays nothing else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from tui_stream.errors import StoreError
from tui_stream.store import imports
from tui_stream.store.database import Connection
from tui_stream.store.faults import GoneError, damaged, explained, unwritable
from tui_stream.store.journal import Journal
from tui_stream.store.opening import Opening
from tui_stream.store.threads import ReadingThread, Worker
from tui_stream.store.writing import UnknownParentError, Write

T = TypeVar("T")


class Calls:
    """Opens the history, mends it where a call finds it damaged, and closes it.

    Args:
        folder: where it is.
        clock: the present moment.
        patience: seconds that a call waits for another program's.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], datetime], patience: float) -> None:
        self._opening = Opening(folder, clock, patience)
        self._journal = Journal(self._opening)
        self._only_read = False
        self._writer = Worker("history-writer")
        self._reading = ReadingThread("history-reader", self._opening.path, patience)
        self._searching = ReadingThread("history-search", self._opening.path, patience)

    async def start(self) -> tuple[str, ...]:
        """Opens the history; what the person has to be told.

        One that can be read but not written is open for that: what writes then raises `StoreError`.

        Raises:
            StoreError: it cannot be opened.
        """
        opened = False
        try:
            await self._open_for_writing()
            opened = True
        finally:
            if not opened:
                await self._shut()
        return self.take_notices()

    async def _open_for_writing(self) -> None:
        try:
            await self._write(self._journal.connection)
        except StoreError as error:
            if not unwritable(error.__cause__) or not await self._legible():
                raise
            self._only_read = True

    async def _legible(self) -> bool:
        """Whether there is a history of this version that can be read."""
        try:
            return await self._reading.run(self._opening.is_ours)
        except (GoneError, sqlite3.Error, OSError):
            return False

    @property
    def writable(self) -> bool:
        """Whether what is said now is kept; where not, whatever writes says why."""
        return self._journal.is_open or not self._only_read

    def take_notices(self) -> tuple[str, ...]:
        """What happened to the history since this was asked last, and has to be told: sentences."""
        notices = tuple(self._journal.notices)
        del self._journal.notices[: len(notices)]
        return notices

    async def aclose(self) -> None:
        """Writes what is still to be written and closes; later calls fail."""
        try:
            await self._settled(self._journal.close)
        finally:
            await self._shut()

    async def _shut(self) -> None:
        with suppress(StoreError):
            self._writer.submit(self._journal.abandon)
        for reading_thread in (self._reading, self._searching):
            await reading_thread.aclose()
        await self._writer.aclose()

    # -- how a call reaches its thread --------------------------------------------------------------

    async def _write(self, job: Callable[[], T]) -> T:
        try:
            try:
                return await self._writer.run(job)
            except sqlite3.Error as error:
                if not damaged(error):
                    raise
                await self._writer.run(partial(self._journal.repair, error))
                return await self._writer.run(job)
        except (sqlite3.Error, OSError) as error:
            raise self._explained(error) from error

    async def _change(self, job: Callable[[Connection, int], T], *, durable: bool = True) -> T:
        """Runs a job in a transaction of its own, with the present moment."""
        return await self._settled(lambda: self._journal.run(job, durable=durable))

    async def _settled(self, job: Callable[[], T]) -> T:
        """Runs a job that writes, once whatever it lacks is written: what other programs or a lost file took away."""
        while True:
            try:
                return await self._write(job)
            except UnknownParentError as unknown:
                lost = unknown.write
                missing = [one for one in imports.again(lost.source) if one.name != lost.name]
                behind = replace(lost, ancestors=imports.ancestors(lost.source, lost.message))
                await self._write(lambda: self._keep_all([*missing, behind]))  # noqa: B023 # awaited here

    async def _read(self, job: Callable[[Connection], T], *, searching: bool = False) -> T:
        thread = self._searching if searching else self._reading
        try:
            try:
                return await thread.run(job)
            except GoneError:
                await self._writer.run(self._journal.connection)
            except sqlite3.Error as error:
                if not damaged(error):
                    raise
                await self._writer.run(partial(self._journal.repair, error))
            return await thread.run(job)
        except GoneError as error:
            raise self._explained(FileNotFoundError("it was taken away")) from error
        except (sqlite3.Error, OSError) as error:
            raise self._explained(error) from error

    def _explained(self, error: sqlite3.Error | OSError) -> Exception:
        if damaged(error):
            with suppress(OSError):
                self._opening.suspect()
        return explained(error, self._opening.path)

    def _keep_all(self, writes: Sequence[Write]) -> None:
        for write in writes:
            self._journal.keep(write)
