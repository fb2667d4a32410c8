"""Runs the turns of one session, one after the other, for whatever shows them.

Knows no widget: several of these can run side by side on one screen.
"""

from __future__ import annotations

from collections import deque
from contextlib import aclosing
from typing import Protocol

from tui_stream.core.events import TurnUpdate
from tui_stream.core.session import ChatSession
from tui_stream.core.turn import Turn
from tui_stream.errors import TuiStreamError


class TurnView(Protocol):
    """What shows a turn."""

    async def turn_began(self, turn: Turn) -> None:
        """The turn's request is about to leave."""

    async def turn_updated(self, turn: Turn, update: TurnUpdate) -> None:
        """Something new arrived; the next update waits until this returns."""

    def turn_ended(self, turn: Turn, error: TuiStreamError | None) -> None:
        """The turn is over; its message says how. ``error`` is what made it fail."""


class TurnQueue:
    """The turn under way, and the prompts that wait behind it."""

    def __init__(self, session: ChatSession, view: TurnView) -> None:
        self.session = session
        self.turn: Turn | None = None
        self.waiting: deque[str] = deque()
        self._view = view

    def take_back(self) -> str:
        """Empties the queue and returns its prompts as one text."""
        text = "\n\n".join(self.waiting)
        self.waiting.clear()
        return text

    async def run_next(self) -> None:
        """Runs the first waiting prompt to its end; cancelling the task stops the answer."""
        turn = self.turn = self.session.begin(self.waiting.popleft())
        failure: TuiStreamError | None = None
        try:
            await self._view.turn_began(turn)
            async with aclosing(self.session.run(turn)) as updates:
                async for update in updates:
                    await self._view.turn_updated(turn, update)
        except TuiStreamError as error:
            failure = error
        finally:
            self.turn = None
            self._view.turn_ended(turn, failure)
