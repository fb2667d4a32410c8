"""How long an endpoint keeps its reader waiting; the time that the reader takes is not the endpoint's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from tui_stream.core.events import Event, Progress, ReasoningDelta, TextDelta, ToolCallDelta
from tui_stream.core.stats import Clock
from tui_stream.errors import OverrunError


class Watch:
    """Follows one request to one endpoint, which is listened to from the beginning.

    Attributes:
        waited: seconds from the sending of the request to the newest event before the first token, that one included;
            the work ahead of the request, which `Progress` tells of, does not count.
        answered: the first token has come.
        asked: the request was sent.
        notes: how many were sent along, which no other endpoint would know of.

    Args:
        patience: seconds that the first token, or a sign before it, may take; None for no limit.
    """

    def __init__(self, clock: Clock, patience: float | None = None) -> None:
        self._clock = clock
        self._patience = patience
        self._since = clock()
        self._listening = True
        self.waited = 0.0
        self.answered = False
        self.asked = False
        self.notes = 0

    @property
    def silence(self) -> float:
        """Seconds for which it has been listened to in vain."""
        return self._clock() - self._since if self._listening else 0.0

    def sends(self) -> None:
        """The request is sent now."""
        self.asked = True
        self.listens()

    async def next(self, events: AsyncGenerator[Event, None]) -> Event | None:
        """The next event, None at the end.

        Raises:
            OverrunError: it took too long; ``events`` have ended.
        """
        if self._patience is None or self.answered:
            return await anext(events, None)
        try:
            async with asyncio.timeout(self._patience) as limit:
                return await anext(events, None)
        except TimeoutError as error:
            if not limit.expired():
                raise
            said, hint = f"No answer began within {self._patience:g} s.", "Try again, or raise timeouts.first_token."
            raise OverrunError(said, hint=hint) from error

    def came(self, event: Event) -> bool:
        """An event came; returns whether it is the first token."""
        if not self.answered:
            self.waited = 0.0 if isinstance(event, Progress) else self.waited + self.silence
            self._listening = False
            self.answered = _is_token(event)
            return self.answered
        self._listening = False
        return False

    def listens(self) -> None:
        """The reader wants the next event."""
        self._since = self._clock()
        self._listening = True


def _is_token(event: Event) -> bool:
    match event:
        case TextDelta(text) | ReasoningDelta(text):
            return bool(text)
        case ToolCallDelta():
            return True
    return False
