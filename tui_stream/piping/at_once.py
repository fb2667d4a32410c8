"""Several answers that are received at once and written one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from tui_stream.core.events import TurnUpdate
from tui_stream.core.session import ChatSession
from tui_stream.core.turn import Turn

AT_ONCE = 4
"""Answers that are asked for at the same time; more of them soon meet a provider's limits."""


class UnderWay:
    """An answer that is received, whether or not anybody has time for it yet.

    Args:
        open_turn: opens its turn, once it may be asked for.
        room: lets so many in as may be asked for at once.
    """

    def __init__(self, session: ChatSession, open_turn: Callable[[], Turn], room: asyncio.Semaphore) -> None:
        self._session = session
        self._open_turn = open_turn
        self._room = room
        self._updates: deque[tuple[Turn, TurnUpdate]] = deque()
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._receive())

    async def _receive(self) -> None:
        try:
            async with self._room:
                turn = self._open_turn()
                async with aclosing(self._session.run(turn)) as updates:
                    async for update in updates:
                        self._updates.append((turn, update))
                        self._news.set()
        finally:
            self._news.set()

    async def updates(self) -> AsyncGenerator[tuple[Turn, TurnUpdate], None]:
        """What is new, from its beginning on, each with the turn.

        Raises:
            TuiStreamError: what made the turn fail.
        """
        while True:
            await self._news.wait()
            self._news.clear()
            while self._updates:
                yield self._updates.popleft()
            if self._task.done() and not self._updates:
                break
        await self._task

    async def aclose(self) -> None:
        """Stops it, if it is not over; its message is marked as cancelled."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # looked at, so that asyncio does not report it as lost
