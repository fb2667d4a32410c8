"""Reads text from a descriptor as it arrives, and shows it, with a loop of its own.

It exists because a filter needs no event loop: it waits for its input, for the next drawing and for signals.
"""

from __future__ import annotations

import codecs
import os
import select
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Final, Protocol, Self

from tui_stream.scrollback.printer import Printing
from tui_stream.scrollback.show import WATCHED
from tui_stream.scrollback.terminal import write_all

_AT_ONCE: Final = 1 << 18
"""Bytes read at once, so that what a file says at its end is known when its beginning is shown."""
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_FAREWELL: Final = 1.0
"""Seconds that a terminal has to take the rest after a signal to stop."""


class Shown(Protocol):
    """What text is shown by: see `tui_stream.scrollback.show.Show`."""

    def feed(self, text: str) -> None:
        """Takes more text."""

    def due(self) -> float | None:
        """Seconds until there is something to draw; None if there is nothing."""

    def draw(self) -> None:
        """Draws what there is."""

    def attend(self, number: int) -> None:
        """A signal was received that does not stop the program."""

    def end(self) -> None:
        """The text is complete."""

    def cut(self) -> None:
        """The end could not be written as a whole."""

    def leave(self) -> None:
        """Nothing is written any more."""


class StoppedError(Exception):
    """A signal to stop was received.

    Attributes:
        number: the signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Signals:
    """Takes signals in, in the order in which they come, and wakes whoever selects `descriptor`.

    Signals that are ignored, as `nohup` has it, stay so.
    """

    def __init__(self, numbers: Iterable[int] = (*_STOPPING, *WATCHED)) -> None:
        self._numbers = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
        self._received: list[int] = []
        self._stops: list[int] = []
        self._until = 0.0

    def __enter__(self) -> Self:
        self.descriptor, self._waking = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(self._waking, False)
        self._woken_before = signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._note) for number in self._numbers}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._woken_before)
        os.close(self.descriptor)
        os.close(self._waking)

    def _note(self, number: int, frame: FrameType | None) -> None:
        del frame
        if number in _STOPPING:
            self._stops.append(number)
        else:
            self._received.append(number)

    def take(self) -> list[int]:
        """Those received since the last call, without those that stop."""
        with suppress(BlockingIOError):
            while os.read(self.descriptor, 512):
                pass
        received, self._received = self._received, []
        return list(dict.fromkeys(received))

    def proceed(self) -> None:
        """Return while nothing is to be stopped.

        Raises:
            StoppedError: a signal to stop was received; again, a second later or with the next such signal.
        """
        if not self._stops:
            return
        if not self._until:
            self._until = time.monotonic() + _FAREWELL
            raise StoppedError(self._stops[0])
        if len(self._stops) > 1 or time.monotonic() > self._until:
            raise StoppedError(self._stops[0])


class LineShow:
    """Shows text where there is no terminal, or none that can move its cursor: lines, when they are finished."""

    def __init__(self, descriptor: int, printing: Printing, signals: Signals, encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._printing = printing
        self._signals = signals
        self._waiting = False

    def feed(self, text: str) -> None:
        """Take more text."""
        self._printing.feed(text)
        self._waiting = True

    def due(self) -> float | None:
        """There is always time to write."""
        return 0.0 if self._waiting else None

    def draw(self) -> None:
        """Write the lines that are finished."""
        self._waiting = False
        self._write(self._printing.frame())

    def attend(self, number: int) -> None:
        """Stop and go on as other programs do."""
        if number == signal.SIGTSTP:
            os.kill(os.getpid(), signal.SIGSTOP)

    def end(self) -> None:
        """Write the rest."""
        self._printing.finish()
        self._write(self._printing.end())

    def cut(self) -> None:
        """The last line remains as it is."""

    def leave(self) -> None:
        """There is nothing to put in order."""

    def _write(self, text: str) -> None:
        write_all(self._descriptor, text, self._signals.proceed, self._encoding)


def follow(source: int, shown: Shown, signals: Signals, *, at_its_end: bool = False) -> int:
    """Show what is read until it ends or a signal ends it; the signal's number is returned, 0 for none.

    Args:
        source: a descriptor to read UTF-8 from; what is not is replaced.
        shown: by what.
        signals: those that are taken in meanwhile.
        at_its_end: whether to show nothing before.

    Raises:
        OSError: it cannot be read or written.
    """
    number = 0
    try:
        try:
            _read(source, shown, signals, at_its_end=at_its_end)
        except StoppedError as stopped:
            number = stopped.number
        shown.end()
    except StoppedError as stopped:
        number = stopped.number
        with suppress(StoppedError):
            shown.cut()
    finally:
        shown.leave()
    return number


def _read(source: int, shown: Shown, signals: Signals, *, at_its_end: bool) -> None:
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    while True:
        for number in signals.take():
            shown.attend(number)
        signals.proceed()
        wait = None if at_its_end else shown.due()
        if wait is not None and wait <= 0:
            shown.draw()
            continue
        if source not in select.select([source, signals.descriptor], [], [], wait)[0]:
            continue
        with suppress(BlockingIOError):
            data = os.read(source, _AT_ONCE)
            shown.feed(decoder.decode(data, final=not data))
            if not data:
                return
