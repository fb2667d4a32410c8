"""Work that is done once, however many wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tui_stream.core.events import Progress
from tui_stream.errors import ProviderError


class SharedWork:
    """Runs a generator of progress in a task of its own, for any number of watchers.

    The work is cancelled when its last watcher leaves before it is done.

    Args:
        work: makes the generator; called when the first watcher comes.
        after: other work that must have ended first, in whatever way.
    """

    def __init__(self, work: Callable[[], AsyncGenerator[Progress, None]], after: SharedWork | None = None) -> None:
        self._work = work
        self._after = after
        self._task: asyncio.Task[None] | None = None
        self._watchers = 0
        self._latest: Progress | None = None
        self._news = asyncio.Event()

    def is_open(self) -> bool:
        """It can be watched: it is not over, nor being cancelled."""
        return self._task is None or not (self._task.done() or self._task.cancelling())

    async def watch(self) -> AsyncGenerator[Progress, None]:
        """Yields the latest progress whenever there is a new one, and returns when the work is done.

        Raises:
            TuiStreamError: whatever the work raises; every watcher gets it.
        """
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._done)
        self._watchers += 1
        seen: Progress | None = None
        try:
            while not self._task.done():
                if self._latest is not None and self._latest is not seen:
                    seen = self._latest
                    yield seen
                    continue
                await self._news.wait()
            if self._task.cancelled():
                raise ProviderError("The embedded model was closed while it was being prepared.")
            self._task.result()
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._task.cancel()

    async def aclose(self) -> None:
        """Cancels the work, and what it comes after, and waits until they have cleaned up."""
        if self._after is not None:
            await self._after.aclose()
        if self._task is not None:
            self._task.cancel()
        await self.over()

    async def over(self) -> None:
        """Waits until the work has ended, in whatever way."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        if self._after is not None:
            await self._after.over()
            self._after = None
        async with aclosing(self._work()) as steps:
            async for step in steps:
                self._latest = step
                self._announce()

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            task.exception()  # asyncio would else complain of one that nobody stayed to see
        self._announce()

    def _announce(self) -> None:
        """Wakes every watcher; each looks for itself what is new."""
        self._news.set()
        self._news = asyncio.Event()
