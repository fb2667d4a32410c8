"""The terminal driver, with an Escape key that is quick.

A terminal sends one byte for Esc, and the same byte first for every arrow key. Textual waits a tenth of a
second and more to tell them apart. The bytes of one key arrive together, so a few milliseconds are enough;
over SSH they may be torn apart, and it waits longer. The variable ESCDELAY (milliseconds) overrules both.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress
from functools import partial

from textual import constants
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

LOCAL_DELAY = 0.004
REMOTE_DELAY = 0.05
_IDLE = 0.1  # seconds between looks at whether the program ends
_CHUNK = 4096
_GONE = 129  # the exit code of a program whose terminal hung up


def escape_delay() -> float:
    """Seconds after which a lone escape byte is the Esc key."""
    if "ESCDELAY" in os.environ:
        return constants.ESCAPE_DELAY
    return REMOTE_DELAY if "SSH_CONNECTION" in os.environ else LOCAL_DELAY


class QuickDriver(LinuxDriver):
    """Reads keys as its parent does, but looks again as soon as a lone escape byte may be a key."""

    def run_input_thread(self) -> None:
        """Reads the terminal until the program ends or the terminal is gone; runs in a thread of its own."""
        parser = XTermParser(debug=self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        delay = escape_delay()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                waiting = parser._timeout_time is not None  # noqa: SLF001 - nothing public tells
                if selector.select(delay if waiting else _IDLE):
                    data = self._read()
                    if not data:
                        self._loop.call_soon_threadsafe(partial(self._app.exit, return_code=_GONE))
                        break
                    self._process(parser.feed(text) if (text := decode(data)) else ())
                elif waiting:
                    parser._timeout_time = 0.0  # noqa: SLF001 - its own clock is too slow
                    self._process(parser.tick())
        with suppress(EOFError, ParseError):
            list(parser.feed(""))

    def _read(self) -> bytes:
        """What was typed; nothing once the terminal is gone."""
        try:
            return os.read(self.fileno, _CHUNK)
        except OSError:
            return b""

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)
