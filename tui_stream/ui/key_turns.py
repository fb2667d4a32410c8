"""Hands out keys one at a time, so that each reaches what the one before it led to.

Textual hands a key to whatever has the focus when the key arrives. Keys that arrive in one burst, from a paste without
brackets, a macro or a slow line, therefore all go to what had the focus before the first of them: what was to be typed
into a filter would run as commands of the list beside it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Event
    from textual.message_pump import MessagePump
    from textual.screen import Screen

_LONGEST = 0.2  # seconds that a key may keep those behind it waiting
_DEEPEST = 64  # widgets within each other, more than there are


class KeyTurns:
    """The keys and pastes of an app, each handled to its end before the next one begins.

    Args:
        app: whose they are.
        hand_on: gives one to whatever has the focus now.
        drops: whether keys that were typed before this screen closed are not meant for what stood below it.
    """

    def __init__(
        self,
        app: App[None],
        hand_on: Callable[[Event], Awaitable[None]],
        drops: Callable[[Screen[object]], bool] = lambda _: False,
    ) -> None:
        self._app = app
        self._hand_on = hand_on
        self._drops = drops
        self._waiting: deque[Event] = deque()
        self._screen: Screen[object] | None = None
        self._limit: asyncio.TimerHandle | None = None
        self._number = 0

    @property
    def busy(self) -> bool:
        """A key is being handled."""
        return self._limit is not None

    async def take(self, event: Event) -> None:
        """Handles a key now, or after those that came before it."""
        self._waiting.append(event)
        if not self.busy:
            await self._next()

    async def _next(self) -> None:
        """Handles the next key, and sees to it that the one behind it comes then."""
        self._number += 1
        self._limit = asyncio.get_running_loop().call_later(_LONGEST, self._force, self._number)
        app = self._app
        self._screen = app.screen if app.screen_stack else None
        target = app.focused or self._screen
        try:
            await self._hand_on(self._waiting.popleft())
        finally:
            self._follow([] if target is None else [*target.ancestors_with_self, app][:_DEEPEST], self._number)

    def _follow(self, pumps: Iterable[MessagePump], number: int) -> None:
        """Goes the way of the key, behind it: from the widget that was given it up to the app."""
        left = list(pumps)
        while left:
            if left.pop(0).call_later(self._follow, left, number):
                return
        self._app.call_later(self._handled, number)

    def _handled(self, number: int) -> None:
        """The key is handled, and what it asked for is under way; a screen that it opened has to stand first."""
        if number != self._number:
            return
        screen = self._app.screen if self._app.screen_stack else None
        if screen is not None and screen is not self._screen:
            if self._screen is not None and self._screen not in self._app.screen_stack and self._drops(self._screen):
                self._waiting.clear()
            screen.call_after_refresh(self._app.call_later, self._done, number)
        else:
            self._app.call_later(self._done, number)

    async def _done(self, number: int) -> None:
        if number == self._number and self._limit is not None:
            self._limit.cancel()
            self._limit = None
            if self._waiting:
                await self._next()

    def _force(self, number: int) -> None:
        """Goes on although the key is not done; what was to handle it may be gone."""
        self._app.call_later(self._done, number)
