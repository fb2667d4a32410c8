"""Markdown shown on a terminal while it arrives: when to draw, and what to do when the terminal is taken away.

It exists to be driven by whatever waits for the text, an event loop or a program that does nothing else: either tells
it of text, of time that has passed and of signals.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Final

from tui_stream.scrollback.printer import Printer
from tui_stream.scrollback.terminal import Terminal

FRAME: Final = 0.008
"""Seconds from one drawing to the next, at least."""
_CALM: Final = "\x18\x1b[m\x1b]8;;\x1b\\\x1b[?7h\x1b[?2026l\r\n"
"""Ends whatever a terminal may be in the middle of; CAN cancels a sequence (ECMA-48, 8.3.6)."""
PATIENCE: Final = 1.0
"""Seconds after the last text in which what was put off, so as not to write too much, is drawn."""
_GATHERING: Final = 0.001
"""Seconds in which what belongs together may arrive together."""
WATCHED: Final = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT)
"""The signals to be told of."""


def _proceed() -> None:
    """Wait on."""


class Show:
    """Text on a terminal.

    Args:
        proceed: is called while a slow terminal is waited for; what it raises ends that.
    """

    def __init__(
        self,
        terminal: Terminal,
        printer: Printer,
        *,
        proceed: Callable[[], None] = _proceed,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terminal = terminal
        self._printer = printer
        self._proceed = proceed
        self._clock = clock
        self._last = clock() - FRAME
        self._wanted: float | None = None
        """Since when there has been something to draw."""
        self._fed = self._last
        """When text came last."""
        self._begun = self._ended = False
        self._torn = False
        """Whether only a part of what was to be written has been."""

    def feed(self, text: str) -> None:
        """Take more text; `due` says when it is to be drawn."""
        if text:
            self._printer.feed(text)
            self._fed = self._clock()
            self._want()

    def due(self) -> float | None:
        """Seconds until there is something to draw, negative if it is late; None if there is nothing."""
        if self._wanted is None:
            waiting = self._printer.behind and not self._ended
            return self._fed + PATIENCE - self._clock() if waiting else None
        return max(self._last + FRAME, self._wanted + _GATHERING) - self._clock()

    def draw(self) -> None:
        """Draw what there is.

        Raises:
            OSError: the terminal cannot be written to.
        """
        patient = self._clock() < self._fed + PATIENCE
        self._wanted = None
        self._begin()
        if self._printer.steady and self._terminal.in_front:  # a shell's `fg` says nothing to a program that runs
            self._go_on()
        self._write(self._printer.frame(complete=not patient))
        self._last = self._clock()

    def step_aside(self) -> None:
        """Something else is about to write to the terminal, and leaves the cursor at the beginning of a line."""
        if self._begun:
            self._write(self._printer.withdraw())
            self._want()

    def end(self) -> None:
        """The text is complete: draw all of it, and leave the terminal as it was. May be called again.

        Raises:
            OSError: the terminal cannot be written to.
        """
        if self._ended:
            return
        self._ended = True
        if self._torn:
            self.cut()
        else:
            self._begin()
            self._printer.finish()
            self._write(self._printer.end())
        self.leave()

    def cut(self) -> None:
        """Leave the terminal in order although what was drawn last is not complete.

        Raises:
            OSError: the terminal cannot be written to.
        """
        if self._torn:
            self._write(_CALM)

    def leave(self) -> None:
        """Let the terminal echo again; nothing is drawn any more."""
        self._ended = True
        self._terminal.restore()

    # Signals

    def attend(self, number: int) -> None:
        """One of the signals `WATCHED` was received."""
        if self._ended:
            return
        if number == signal.SIGWINCH:
            self._write(self._printer.resize(self._terminal.size))
        elif number == signal.SIGTSTP:
            self._stop()
        elif self._begun:
            self._go_on()
        self._want()

    def _stop(self) -> None:
        """Stop as the person wishes; what may change is taken away, and drawn again when it goes on."""
        if self._begun:
            self._write(self._printer.withdraw())
        self._terminal.restore()
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
        self._go_on()

    def _go_on(self) -> None:
        """Go on after a stop, in the background perhaps, where nothing is drawn that may change."""
        if self._printer.withdraw():  # it was stopped without a warning: what it had drawn stands somewhere above
            self._write(_CALM)
        self._printer.resize(self._terminal.size)
        self._printer.steady = not self._terminal.in_front
        self._terminal.hush()

    # How

    def _want(self) -> None:
        if self._wanted is None:
            self._wanted = self._clock()

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._printer.steady = not self._terminal.in_front
            self._terminal.hush()

    def _write(self, text: str) -> None:
        self._torn = True
        self._terminal.write(text, self._proceed)
        self._torn = False
