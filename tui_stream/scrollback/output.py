"""Where an event loop's answer goes that a terminal shows as rendered Markdown.

It exists because the loop has other things to do between one piece of the answer and the next drawing.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from tui_stream.scrollback.printer import Printer, Size
from tui_stream.scrollback.show import WATCHED, Show
from tui_stream.scrollback.terminal import Terminal

_FAREWELL: Final = 1.0
"""Seconds that a terminal has to take the rest after an interrupt."""
_LAST_TRY: Final = 0.1
"""Seconds that one has which did not take it."""
_RULE: Final = "---\n\n"
"""What stands between two answers."""


class _InterruptedDrawingError(Exception):
    """The terminal takes nothing, and the task that writes to it was cancelled."""


class LiveOutput:
    """Markdown on a terminal, drawn by the event loop that it is first written to in.

    Args:
        terminal: where.
        make_printer: makes what sets one text for a terminal of this size.
    """

    def __init__(self, terminal: Terminal, make_printer: Callable[[Size], Printer]) -> None:
        self._terminal = terminal
        self._make_printer = make_printer
        self._show = self._another()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._failed: OSError | None = None
        self._until: float | None = None
        """When to give a terminal up that takes nothing, once the task is cancelled."""
        self._stuck = False
        """Whether it was given up."""
        self._before: dict[int, object] = {}

    def write(self, text: str) -> None:
        """Take a piece, which is drawn at once or, where one has just been, a moment later.

        Raises:
            OSError: the terminal cannot be written to, now or when it was drawn to last.
        """
        self._begin()
        if self._failed is not None:
            raise self._failed
        self._show.feed(text)
        self._plan()

    def write_last(self, text: str) -> None:
        """Take a piece though the task was cancelled; `end` draws it.

        Raises:
            OSError: as `write`.
        """
        self.write(text)

    def step_aside(self) -> None:
        """Something else is about to write a line to the terminal."""
        with self._drawing():
            self._show.step_aside()

    def between(self, *, last: bool = False) -> None:
        """Another answer follows, under a rule, as a text of its own: what one leaves open does not go on there.

        Args:
            last: makes no difference; what the terminal does not take is given up in any case.

        Raises:
            OSError: as `write`.
        """
        del last
        self.end()
        self._show = self._another()
        with self._drawing():
            self._terminal.write("\r\n", self._proceed)
        self.write(_RULE)

    def end(self) -> None:
        """All that was written is drawn, and the terminal as it was; `between` begins anew."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop = None
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # it is what signal.signal returned
        self._before.clear()
        try:
            with self._drawing():
                self._show.end()
        finally:
            self._show.leave()

    # How

    def _another(self) -> Show:
        return Show(self._terminal, self._make_printer(self._terminal.size), proceed=self._proceed)

    def _begin(self) -> None:
        if self._loop is not None:
            return
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if threading.current_thread() is threading.main_thread():
            wanted = [number for number in WATCHED if signal.getsignal(number) is not signal.SIG_IGN]
            self._before = {number: signal.signal(number, self._note) for number in wanted}

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._attend, number)

    def _attend(self, number: int) -> None:
        try:
            with self._drawing():
                self._show.attend(number)
        except OSError as error:
            self._failed = error
        else:
            self._plan()

    def _plan(self) -> None:
        """Draw when it is time for that."""
        due = self._show.due()
        if due is None or self._loop is None:
            return
        when = self._loop.time() + max(0.0, due)
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._draw)

    def _draw(self) -> None:
        self._timer = None
        try:
            with self._drawing():
                self._show.draw()
        except OSError as error:
            self._failed = error
        else:
            self._plan()

    def _is_cancelled(self) -> bool:
        return self._task is not None and self._task.cancelling() > 0

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        """What is written to the terminal in here is given up where that takes nothing after an interrupt."""
        self._until = None
        try:
            yield
        except _InterruptedDrawingError:
            self._stuck = True

    def _proceed(self) -> None:
        if not self._is_cancelled():
            return
        now = time.monotonic()
        if self._until is None:
            self._until = now + (_LAST_TRY if self._stuck else _FAREWELL)
        elif now > self._until:
            raise _InterruptedDrawingError
