"""Keeps what is drawn in step with what the terminal takes.

While the terminal is behind, nothing is drawn: what changes meanwhile is drawn once, in one frame, when it has caught
up. So at most a frame or two are ever on their way, memory does not grow while a terminal takes nothing, and a key is
echoed behind one frame instead of behind all that came before it. Streaming text is handed to the screen no faster
than the `Pace` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from tui_stream.ui.pace import Pace

MOST_WAIT = 2.0
"""Seconds for which a terminal may take nothing before text is handed on to a screen that cannot show it."""

_HEAD_START = 0.02  # seconds in which what was typed is drawn before more text, which is a larger frame
_GRACE = 0.004  # seconds in which a terminal that keeps up has taken a frame


class Outlet(Protocol):
    """What writes to the terminal; see `Output`."""

    @property
    def unsent(self) -> int:
        """Bytes that the terminal has not taken."""

    def when_drained(self, tell: Callable[[], object]) -> bool:
        """Calls ``tell`` once all is taken, from any thread; False if all is taken already."""


class Link:
    """Tells when to draw. All methods belong to the event loop's thread.

    Without a terminal, as in tests, it lets everything pass.

    Args:
        pace: how often to draw.
        hold: stops drawing.
        release: draws what changed meanwhile, and goes on drawing.
    """

    def __init__(self, pace: Pace, *, hold: Callable[[], object], release: Callable[[], object]) -> None:
        self._pace = pace
        self._hold = hold
        self._release = release
        self._outlet: Outlet | None = None
        self._ask: Callable[[], object] = lambda: None
        self._held = False
        self._held_since = 0.0
        self._changed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._began: float | None = None
        self._due = 0.0

    @property
    def asking(self) -> bool:
        """Whether the terminal owes an answer that it will give."""
        return self._pace.asking

    @property
    def held(self) -> bool:
        """Whether nothing is drawn at present."""
        return self._held

    def attach(self, outlet: Outlet, ask: Callable[[], object]) -> None:
        """Begins to measure.

        Args:
            outlet: what writes to the terminal.
            ask: writes the question that the terminal answers at once.
        """
        self._outlet, self._ask = outlet, ask
        self._pace.restart()

    def detach(self) -> None:
        """Measures no more, and lets everything pass."""
        self._outlet = None
        self._began = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._pace.restart()
        self._changed.set()
        self._let_go()

    async def ready(self) -> None:
        """Waits until there is a use in showing more text: the pace says so, and the last frame has arrived.

        Not once the terminal has taken nothing for two seconds, so that an answer is read and kept all the same.
        Where all is well it does not wait.
        """
        clock = asyncio.get_running_loop().time
        latest = (self._held_since if self._held else clock()) + MOST_WAIT
        if not self._pace.quick and (early := self._due - clock()) > 0:
            await asyncio.sleep(early)
        if self._full:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(latest):
                    await self._room()
        if clock() >= self._due:
            self._due = clock() + self._pace.interval

    @property
    def _full(self) -> bool:
        return self._held or self._pace.crowded

    async def _room(self) -> None:
        """Waits until the last large frame has arrived."""
        while self._full:
            held = self._held
            self._changed.clear()
            await self._changed.wait()
            if held:
                await asyncio.sleep(_HEAD_START)

    # -- what happens -------------------------------------------------------------------------------

    def asked(self) -> None:
        """Somebody else asked the terminal."""
        self._pace.asked()

    def sent(self, size: int) -> None:
        """A frame of so many bytes was handed to the outlet."""
        if self._outlet is None or not size:
            return
        if self._pace.sent(size):
            self._question()
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._began is None:
            self._began = now
        if self._timer is None or self._timer.when() > now + _GRACE:
            self._look_in(_GRACE)

    def answered(self, at: float) -> None:
        """The terminal's answer came in at this time of the loop's clock."""
        if self._outlet is None:
            return
        if self._pace.answered(at):
            self._question()
        self._changed.set()
        if self._held or self._pace.overdue:
            self._look()

    def _drained(self) -> None:
        if self._began is not None:
            self._pace.drained(asyncio.get_running_loop().time() - self._began)
            self._began = None
        self._look()

    def _question(self) -> None:
        self._ask()
        self._pace.asked()

    # -- holding ------------------------------------------------------------------------------------

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        """Stops drawing while the last frame is under way, and lets it go on when it has arrived."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outlet is None:
            return
        loop = asyncio.get_running_loop()
        if self._outlet.when_drained(partial(loop.call_soon_threadsafe, self._drained)):
            self._stop()
            return
        if self._began is not None:
            self._began = None
            self._pace.drained(0.0)
        self._look_at_answer()

    def _look_at_answer(self) -> None:
        pace = self._pace
        if pace.asking and pace.remaining <= 0:
            pace.expire()
        if pace.overdue:
            self._stop()
            self._look_in(pace.remaining)
            return
        if pace.asking:
            self._look_in(pace.patience)
        self._let_go()

    def _stop(self) -> None:
        if not self._held:
            self._held = True
            self._held_since = asyncio.get_running_loop().time()
            self._hold()

    def _let_go(self) -> None:
        if self._held:
            self._held = False
            self._changed.set()
            self._release()
