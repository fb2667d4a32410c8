"""The terminal that stdout is: how large it is, whether it echoes, and how it is written to.

It exists because a terminal may be slow or stopped: what is written waits for it, and the person gets through
meanwhile.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from tui_stream.scrollback.printer import Size

_PIECE: Final = 4096
"""Bytes handed over at once."""
_PATIENCE: Final = 0.05
"""Seconds of waiting for room between looks at whether to go on."""
_USUAL: Final = Size(80, 24)
"""That of a terminal which does not know it."""
_LOCAL_MODES: Final = 3
"""Where they are in what `termios.tcgetattr` returns."""


def write_all(descriptor: int, text: str, proceed: Callable[[], None], encoding: str = "utf-8") -> None:
    """Write all of a text, as fast as it is taken.

    Args:
        descriptor: where to.
        text: what.
        proceed: is called again and again while it waits; what it raises ends that.
        encoding: what is read there; a character that this does not have becomes a question mark.

    Raises:
        OSError: it cannot be written.
    """
    left = memoryview(text.encode(encoding, "replace"))
    while left:
        proceed()
        if select.select([], [descriptor], [], _PATIENCE)[1]:
            with suppress(BlockingIOError):
                left = left[os.write(descriptor, left[:_PIECE]) :]


class Terminal:
    """A descriptor that is a terminal.

    What is typed is not shown between `hush` and `restore`: it would stand in the middle of the text, and the cursor be
    elsewhere than it is thought to be. Whoever reads from the terminal later still gets it.

    Args:
        most: columns that are used of it; all if None.
    """

    def __init__(self, descriptor: int, *, most: int | None = None) -> None:
        self._descriptor = descriptor
        self._most = most
        self._writing: int | None = None
        self._echoing: list[Any] | None = None

    @property
    def size(self) -> Size:
        """Its size now, as far as it is used."""
        try:
            columns, rows = os.get_terminal_size(self._descriptor)
        except OSError:
            columns, rows = _USUAL
        columns, rows = columns or _USUAL.columns, rows or _USUAL.rows
        return Size(min(columns, self._most or columns), rows)

    @property
    def in_front(self) -> bool:
        """Whether this program is one of those that the person sees at work, not put into the background."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError:  # it is another session's terminal, and nobody's background
            return True

    def write(self, text: str, proceed: Callable[[], None]) -> None:
        """Write all of a text; see `write_all`.

        A write that blocks would keep every signal waiting. Whether one does belongs to the open file, which is shared
        with other programs, so the terminal is opened once more where that is allowed.
        """
        if self._writing is None:
            self._writing = self._reopened()
        write_all(self._descriptor if self._writing < 0 else self._writing, text, proceed)

    def _reopened(self) -> int:
        """A descriptor that does not block, -1 if there is none to be had."""
        try:
            return os.open(os.ttyname(self._descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return -1

    def hush(self) -> None:
        """Do not show what is typed, unless in the background, where that would stop the program."""
        import termios

        if self._echoing is None and self.in_front:
            with suppress(termios.error):
                self._echoing = termios.tcgetattr(self._descriptor)
                quiet = [*self._echoing]
                quiet[_LOCAL_MODES] &= ~termios.ECHO
                termios.tcsetattr(self._descriptor, termios.TCSANOW, quiet)

    def restore(self) -> None:
        """Show what is typed again, if that is how it was."""
        import termios

        if self._writing is not None and self._writing >= 0:
            os.close(self._writing)
        self._writing = None

        echoing, self._echoing = self._echoing, None
        if echoing is not None and self.in_front:
            with suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSANOW, echoing)
