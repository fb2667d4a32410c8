"""Threads that work through jobs one after the other, for any number of event loops."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tui_stream.errors import StoreError
from tui_stream.store.database import Connection
from tui_stream.store.reader import Reader

T = TypeVar("T")


class Worker:
    """One thread. A job that was handed to it is done, whatever becomes of the task that waits for it.

    The interpreter does not end before all jobs are done.
    """

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, job: Callable[[], T]) -> T:
        """What the job returns or raises.

        Raises:
            StoreError: the worker was closed.
        """
        future = self.submit(job)
        await self.wait(future)
        return future.result()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Hands over a job. Raises `StoreError` where the worker was closed."""
        try:
            return self._executor.submit(job)
        except RuntimeError as error:
            raise StoreError("The history is closed.", hint="Start the program again.") from error

    @staticmethod
    async def wait(future: Future[T]) -> None:
        """Returns when a job is done, however it went. Giving up on it leaves the job alone."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def tell(_: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(done.set)

        future.add_done_callback(tell)
        await done.wait()

    async def aclose(self) -> None:
        """Takes no more jobs, and returns when those it has are done."""
        last = None
        with suppress(StoreError):
            last = self.submit(lambda: None)
        self._executor.shutdown(wait=False)
        if last is not None:
            await self.wait(last)


class ReadingThread:
    """A thread that reads, with a connection of its own; what nobody waits for any more is not read to its end."""

    def __init__(self, name: str, path: Path, patience: float) -> None:
        self._worker = Worker(name)
        self._reader = Reader(path, patience)
        self._current: object = None
        self._lock = threading.Lock()

    async def run(self, job: Callable[[Connection], T]) -> T:
        """What the job returns or raises. Raises `GoneError` where there is no database any more."""
        token = object()
        future = self._worker.submit(lambda: self._run(token, job))
        try:
            await self._worker.wait(future)
        finally:
            if not future.done() and not future.cancel():
                self._interrupt(token)
        return future.result()

    def _run(self, token: object, job: Callable[[Connection], T]) -> T:
        connection = self._reader.connection()
        with self._lock:
            self._current = token
        try:
            return job(connection)
        finally:
            with self._lock:
                self._current = None

    def _interrupt(self, token: object) -> None:
        with self._lock:
            if self._current is token:
                self._reader.interrupt()

    async def aclose(self) -> None:
        """Closes the connection and ends the thread."""
        with suppress(StoreError):
            await self._worker.run(self._reader.close)
        await self._worker.aclose()
