"""Runs a turn for whatever shows it. Knows no widget: several can run side by side on one screen."""

from __future__ import annotations

from contextlib import aclosing
from typing import Protocol

from tui_stream.core.events import TurnUpdate
from tui_stream.core.session import ChatSession
from tui_stream.core.turn import Turn
from tui_stream.errors import TuiStreamError


class TurnView(Protocol):
    """What shows a turn."""

    def turn_began(self, turn: Turn) -> None:
        """The turn's request is about to leave."""

    async def turn_updated(self, turn: Turn, update: TurnUpdate) -> None:
        """Something new arrived; the next update waits until this returns."""

    def turn_ended(self, turn: Turn, error: TuiStreamError | None) -> None:
        """The turn is over; its message says how. ``error`` is what made it fail."""


async def run_turn(session: ChatSession, turn: Turn, view: TurnView) -> None:
    """Runs a turn to its end; cancelling the task stops the answer."""
    failure: TuiStreamError | None = None
    view.turn_began(turn)
    try:
        async with aclosing(session.run(turn)) as updates:
            async for update in updates:
                await view.turn_updated(turn, update)
    except TuiStreamError as error:
        failure = error
    finally:
        view.turn_ended(turn, failure)
