"""A terminal at the end of a link: so many bytes a second, so many seconds away, and a buffer before it.

Keys and answers take the same way back, which is only slow by its length.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.terminal import Terminal
from tui_stream.ui.replies import QUESTION

ANSWER = "\x1b[?2026;2$y"
_PIECE = 512


@dataclass(frozen=True)
class Wire:
    """What lies between a program and its terminal.

    Attributes:
        rate: bytes a second.
        latency: seconds one way.
        buffer: bytes taken from the program before they are sent, as a shell server and TCP do.
        answer: what the terminal says to the question about synchronized output; nothing if empty.
    """

    rate: float = 1e9
    latency: float = 0.0
    buffer: int = _PIECE
    answer: str = ANSWER


class SlowTerminal(Terminal):
    """Shows what the program writes when the wire has carried it.

    Attributes:
        shown: called with each piece when it is shown.
        questions: how many were asked.
    """

    def __init__(
        self, command: Sequence[str], wire: Wire, *, environment: Mapping[str, str] | None = None, rows: int = 40
    ) -> None:
        super().__init__(command, environment=environment, rows=rows)
        self.wire = wire
        self.shown: Callable[[bytes], object] = lambda _: None
        self.questions = 0
        self._free_at = 0.0
        self._under_way = 0
        self._reading = True
        self._stopped = False
        self._ended = False

    def stop(self) -> None:
        """Takes nothing more."""
        self._stopped = True
        self._read_or_not()

    def go_on(self) -> None:
        """Takes what comes again."""
        self._stopped = False
        self._read_or_not()

    def type(self, text: str) -> None:
        """Presses keys, which arrive later."""
        asyncio.get_running_loop().call_later(self.wire.latency, self._arrive, text)

    async def __aexit__(self, *exception: object) -> None:
        self._ended = True
        await super().__aexit__(*exception)

    def _arrive(self, text: str) -> None:
        if not self._ended:
            os.write(self.master, text.encode())

    def _read_or_not(self) -> None:
        reading = not self._stopped and not self._ended and self._under_way < self.wire.buffer
        if reading != self._reading:
            self._reading = reading
            loop = asyncio.get_running_loop()
            if reading:
                loop.add_reader(self.master, self._read)
            else:
                loop.remove_reader(self.master)

    def _read(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            data = os.read(self.master, _PIECE)
        except OSError:
            data = b""
        if not data:
            self._stopped = True
            self._read_or_not()
            return
        self._free_at = max(self._free_at, loop.time()) + len(data) / self.wire.rate
        self._under_way += len(data)
        loop.call_at(self._free_at, self._leave, len(data))
        loop.call_at(self._free_at + self.wire.latency, self._show, data)
        self._read_or_not()

    def _leave(self, size: int) -> None:
        self._under_way -= size
        self._read_or_not()

    def _show(self, data: bytes) -> None:
        start = max(0, len(self.output) - len(QUESTION) + 1)
        self.output += data
        asked = self.output.count(QUESTION.encode(), start)
        self.questions += asked
        if asked and self.wire.answer:
            self.type(self.wire.answer * asked)
        self._news.set()
        self.shown(data)
