"""Writes to the terminal without ever making the writer wait.

A terminal may take nothing for as long as it likes: a link that stands still, a window whose program is stopped.
The event loop must not stand still with it, since it reads the answer that is paid for. So a thread writes, in
order, and tells how much has not been taken yet; who draws waits for that before drawing more.
"""

from __future__ import annotations

import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

_CHUNK = 4096  # bytes written at once, so that it is known how far a slow terminal is
_LOOK = 1.0  # seconds between looks at a terminal that others have set to refuse instead of to wait


def whole(data: bytes, most: int) -> int:
    """How many of the first `most` bytes to write at once, so that they end with no part of a sequence or a character.

    What follows may be dropped then. All of `most` where they hold nothing but a part of one.
    """
    if len(data) <= most:
        return len(data)
    cut = data.rfind(b"\x1b", 1, most + 1)
    while cut > 0 and data[cut : cut + 2] == b"\x1b\\":  # the end of a string, and not the beginning of anything
        cut = data.rfind(b"\x1b", 1, cut)
    if cut > 0:
        return cut
    cut = most
    while cut > 0 and data[cut] & 0xC0 == 0x80:  # noqa: PLR2004 - within a character of UTF-8
        cut -= 1
    return cut or most


class Output:
    """A thread that writes to a terminal; every method may be called from any thread.

    Args:
        fileno: the terminal. It is not closed here.
    """

    def __init__(self, fileno: int) -> None:
        self._fileno = fileno
        self._pieces: deque[memoryview] = deque()
        self._unsent = 0
        self._closed = False
        self._tell: Callable[[], object] | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="terminal-output", daemon=True)
        self._thread.start()

    @property
    def unsent(self) -> int:
        """Bytes that the terminal has not taken."""
        return self._unsent

    def write(self, data: bytes) -> None:
        """Queues data; nothing once this is closed or the terminal is gone."""
        if not data:
            return
        with self._changed:
            if self._closed:
                return
            self._pieces.append(memoryview(data))
            self._unsent += len(data)
            if self._unsent == len(data):
                self._changed.notify_all()

    def when_drained(self, tell: Callable[[], object]) -> bool:
        """Calls ``tell`` once, from the thread, when all is taken; False, and no call, if all is taken already."""
        with self._changed:
            self._tell = tell if self._unsent else None
            return bool(self._unsent)

    def wait(self, seconds: float) -> bool:
        """Waits at most so long until all is taken; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._unsent, seconds)

    def drop(self) -> bytes:
        """Forgets what has not been begun, and returns it; of a long sequence or text a part may have been begun."""
        with self._changed:
            dropped = b"".join(self._pieces)
            self._pieces.clear()
            self._count(-len(dropped))
        return dropped

    def close(self) -> None:
        """Takes no more; the thread ends once all is taken. It does not hold up the end of the program."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    # -- the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while chunk := self._next():
                while chunk:
                    taken = self._put(chunk)
                    chunk = chunk[taken:]
                    with self._changed:
                        self._count(-taken)
        except OSError:  # the terminal is gone, which its reader notices too
            self.close()
            with self._changed:
                self._pieces.clear()
                self._count(-self._unsent)

    def _next(self) -> memoryview | None:
        """What to write next; waits for it. None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._closed)
            if not self._pieces:
                return None
            first = self._pieces.popleft()
            if self._pieces and len(first) < _CHUNK:
                first = memoryview(b"".join((first, *self._pieces)))
                self._pieces.clear()
            size = whole(bytes(first[: _CHUNK + 2]), _CHUNK)
            if len(first) > size:
                self._pieces.appendleft(first[size:])
            return first[:size]

    def _put(self, chunk: memoryview) -> int:
        try:
            return os.write(self._fileno, chunk)
        except BlockingIOError:
            select.select([], [self._fileno], [], _LOOK)
            return 0

    def _count(self, change: int) -> None:
        self._unsent += change
        if self._unsent or not change:
            return
        self._changed.notify_all()
        tell, self._tell = self._tell, None
        if tell is not None:
            with suppress(RuntimeError):  # the event loop to be told is closed
                tell()


def forget_output(fileno: int) -> None:
    """Throws away what a terminal has been given and not taken, and wakes who waits to write to it.

    Nothing where this is no terminal. The flush alone leaves a writer asleep; stopping and starting the output
    wakes it (tcflow(3)).
    """
    if sys.platform == "win32":
        return
    import termios

    with suppress(termios.error):
        termios.tcflush(fileno, termios.TCOFLUSH)
        termios.tcflow(fileno, termios.TCOOFF)
        termios.tcflow(fileno, termios.TCOON)
