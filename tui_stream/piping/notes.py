"""What is said besides the answer, on stderr."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import IO

from tui_stream.core import figures
from tui_stream.core.events import Progress
from tui_stream.core.sanitize import clean, clean_line
from tui_stream.piping.output import Output

_NOTICED = 50
"""Characters after which it is said again how many have come."""
_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class Notes:
    """What is said besides the answer: errors always, progress only to a terminal that can take it away again."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self._terminal = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._open = False
        self._thinking = ""  # the last character of what is being thought
        self._received = 0  # characters, when it was said last how many have come
        self._output: Output | None = None

    def share_terminal(self, output: Output) -> None:
        """Lets the output step aside before anything is said on a terminal."""
        self._output = output if self._terminal else None

    def say(self, text: str) -> None:
        """A line."""
        self.clear()
        self._write(f"{clean(text)}\n")

    def think(self, text: str) -> None:
        """A piece of what the model thinks, dim where that can be; `clear` ends it."""
        if not text:
            return
        if not self._thinking:
            self.clear()
        dim = self._terminal and not os.environ.get("NO_COLOR")
        shown = clean(text) if self._terminal else text
        self._write(f"{_DIM}{shown}{_PLAIN}" if dim else shown)
        self._thinking = text[-1]

    def progress(self, progress: Progress) -> None:
        """A line that the next one replaces."""
        if self._terminal:
            share = f" {progress.done / progress.total:.0%}" if progress.total else ""
            size = f" of {figures.size_text(progress.total)}" if progress.total else ""
            self._write(f"\r\x1b[2K{clean_line(progress.label)}{share}{size}")
            self._open = True

    def receiving(self, text: int, reasoning: int) -> None:
        """That an answer comes which is not shown yet: a line that the next one replaces.

        Args:
            text: characters of it so far.
            reasoning: characters of what was thought for it.
        """
        if text + reasoning >= self._received + _NOTICED or text + reasoning < self._received:
            self._received = text + reasoning
            self.progress(Progress(f"{text:,} characters" if text else f"Thinking: {reasoning:,} characters"))

    def clear(self) -> None:
        """Takes the progress away, and ends the last line of what was thought."""
        if self._thinking:
            self._write("" if self._thinking == "\n" else "\n")
            self._thinking = ""
        if self._open:
            self._write("\r\x1b[2K")
            self._open = False

    def _write(self, text: str) -> None:
        """Writes, unless nobody can read it: what is said besides must not end the answer."""
        with suppress(OSError, ValueError):
            if self._output is not None:
                self._output.step_aside()
            if self._stream is not None:
                self._stream.write(text)
                self._stream.flush()
