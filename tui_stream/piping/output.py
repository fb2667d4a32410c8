"""Where the answer goes."""

from __future__ import annotations

import asyncio
import os
import select
from contextlib import suppress
from typing import Protocol

_PIECE = 4096  # bytes that a pipe with any room takes without blocking
_FAREWELL = 1.0  # seconds that a reader has to take the next part of what is written last
_PATIENCE = 0.05  # seconds of waiting for a reader between looks at whether to go on
_BETWEEN = "\n\n---\n\n"
"""Between two answers to one prompt."""


class Output(Protocol):
    """Where the answer goes."""

    def write(self, text: str) -> None:
        """Writes a piece at once.

        Raises:
            BrokenPipeError: nobody reads any more.
            OSError: it cannot be written.
        """

    def write_last(self, text: str) -> None:
        """Writes a piece though the task was cancelled or is over, and before it what is left of one that was begun.

        A reader that takes nothing for a second is given up.

        Raises:
            OSError: it cannot be written.
        """

    def step_aside(self) -> None:
        """Something else is about to be written to the terminal, if this is one."""

    def between(self, *, last: bool = False) -> None:
        """Another answer follows.

        Args:
            last: it is written by `write_last`.

        Raises:
            OSError: as `write`.
        """

    def end(self) -> None:
        """The answer is over; where a terminal shows it, its last line ends. Another one may follow, see `between`."""


class FileOutput:
    """Writes to a file descriptor, unbuffered; to a pipe or a file byte for byte.

    Args:
        descriptor: what to write to.
        encoding: what it reads; a character that this does not have becomes a question mark.
    """

    def __init__(self, descriptor: int, encoding: str = "utf-8") -> None:
        self._descriptor = descriptor
        self._encoding = encoding
        self._last = ""
        self._left = memoryview(b"")  # of a piece that was begun: nothing else is written before
        self._stuck = False  # the reader was given up

    def write(self, text: str) -> None:
        """Writes a piece at once, all of it; while the reader is slow, an interrupt still gets through.

        Raises:
            CancelledError: the task was cancelled while it waited for the reader.
        """
        self._take(text)
        while self._left:
            if self._writable():
                self._hand_over()

    def _take(self, text: str) -> None:
        data = text.encode(self._encoding, "replace")
        self._left = memoryview(bytes(self._left) + data if self._left else data)
        self._last = text[-1:] or self._last

    def _hand_over(self) -> None:
        with suppress(BlockingIOError):
            self._left = self._left[os.write(self._descriptor, self._left[:_PIECE]) :]

    def _writable(self) -> bool:
        """Whether the reader has room, after waiting a little for it."""
        task = _current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return bool(select.select([], [self._descriptor], [], _PATIENCE)[1])

    def write_last(self, text: str) -> None:
        """Writes a piece though the task was cancelled or is over, and before it what is left of one that was begun.

        A reader that takes nothing for a second is given up.

        Raises:
            OSError: it cannot be written.
        """
        self._take(text)
        while self._left and select.select([], [self._descriptor], [], 0 if self._stuck else _FAREWELL)[1]:
            self._hand_over()
        self._stuck = bool(self._left)

    def step_aside(self) -> None:
        """What else is written stands in the middle of the answer."""

    def between(self, *, last: bool = False) -> None:
        """Another answer follows, below a line of dashes; on a terminal `end` has ended the line before.

        Raises:
            OSError: as `write`.
        """
        ended = self._last == "\n" and os.isatty(self._descriptor)
        write = self.write_last if last else self.write
        write(_BETWEEN[1:] if ended else _BETWEEN)

    def end(self) -> None:
        """Ends the last line on a terminal, where the shell's prompt follows; one that takes nothing is given up."""
        if not os.isatty(self._descriptor) or self._last in {"", "\n"}:
            return
        if select.select([], [self._descriptor], [], _FAREWELL)[1]:
            os.write(self._descriptor, b"\n")
            self._last = "\n"


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


class PartedOutput:
    """Marks answers off from each other, once there is something to be marked off."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._written = False
        self._due = False

    def another(self) -> None:
        """Another answer begins, perhaps one without a word."""
        self._due = self._written

    def write(self, text: str) -> None:
        """Writes a piece at once.

        Raises:
            OSError: it cannot be written.
        """
        if text:
            self._mark(last=False)
            self._output.write(text)

    def write_last(self, text: str) -> None:
        """Writes a piece as `Output.write_last` does.

        Raises:
            OSError: it cannot be written.
        """
        if text:
            self._mark(last=True)
            self._output.write_last(text)

    def _mark(self, *, last: bool) -> None:
        if self._due:
            self._output.between(last=last)
        self._written, self._due = True, False

    def step_aside(self) -> None:
        """Something else is about to be written to the terminal, if this is one."""
        self._output.step_aside()

    def between(self, *, last: bool = False) -> None:
        """Another answer follows."""
        self._output.between(last=last)

    def end(self) -> None:
        """The answer is over."""
        self._output.end()


class HeldOutput:
    """Keeps the answer until it is whole, and passes it on in one piece.

    What was not released is never written.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._pieces: list[str] = []

    def write(self, text: str) -> None:
        """Takes a piece."""
        self._pieces.append(text)

    @property
    def text(self) -> str:
        """What was taken so far."""
        return "".join(self._pieces)

    def release(self, text: str) -> None:
        """Writes this in place of what was taken.

        Raises:
            OSError: it cannot be written.
        """
        self._pieces.clear()
        self._output.write(text)

    def write_last(self, text: str) -> None:
        """Takes a piece."""
        self.write(text)

    def step_aside(self) -> None:
        """Something else is about to be written to the terminal, if this is one."""
        self._output.step_aside()

    def between(self, *, last: bool = False) -> None:
        """Another answer follows."""
        self._output.between(last=last)

    def end(self) -> None:
        """The answer is over."""
        self._output.end()
