"""The terminal driver, with an Escape key that is quick and an output that never makes the app wait.

A terminal sends one byte for Esc, and the same byte first for every arrow key. Textual waits a tenth of a
second and more to tell them apart. The bytes of one key arrive together, so a few milliseconds are enough;
over SSH they may be torn apart, and it waits longer. The variable ESCDELAY (milliseconds) overrules both.

What is drawn goes through an `Output`, and the app's `Link` learns how fast the terminal takes it.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual import constants
from textual._ansi_sequences import SYNC_END
from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Resize
from textual.geometry import Size
from textual.message import Message

from tui_stream.ui.output import Output, forget_output
from tui_stream.ui.pastes import Pastes
from tui_stream.ui.replies import QUESTION, Replies

if TYPE_CHECKING:
    from tui_stream.ui.terminal_app import TerminalApp

LOCAL_DELAY = 0.004
REMOTE_DELAY = 0.05
_ALT_DIGIT = re.compile(r"\x1b([1-9])")
_IDLE = 0.1  # seconds between looks at whether the program ends
_CHUNK = 4096
_UNKNOWN = (80, 24)  # columns and rows of a terminal that does not know its own: a serial line, a container's
_LARGEST = (1000, 500)  # of what is drawn at most; twice what the largest screens show in the smallest letters
_TERMINAL = 2  # standard error, where Textual draws
_GONE = 129  # the exit code of a program whose terminal hung up
_LEAVING = 1.0  # seconds in which a terminal is put right, as far as it takes anything
_ANSWERING = 0.7  # of them, those for an answer that the shell should not get as if it were typed
_LAST = 0.2  # seconds more for one that took nothing until what it had not shown was thrown away


def _spelt_out(match: re.Match[str]) -> str:
    """Alt and a digit as newer terminals send it (CSI u); the older way is taken for a letter of the Mac's keyboard."""
    return f"\x1b[{ord(match[1])};3u"


def escape_delay() -> float:
    """Seconds after which a lone escape byte is the Esc key."""
    if "ESCDELAY" in os.environ:
        return constants.ESCAPE_DELAY
    return REMOTE_DELAY if "SSH_CONNECTION" in os.environ else LOCAL_DELAY


def usable_size(width: int, height: int) -> tuple[int, int]:
    """The columns and rows to draw for a terminal that says it has so many."""
    return min(width if width > 0 else _UNKNOWN[0], _LARGEST[0]), min(
        height if height > 0 else _UNKNOWN[1], _LARGEST[1]
    )


class _Told:
    """Tells of what ends a block that must not end otherwise than at its end."""

    def __init__(self, tell: Callable[[BaseException], object]) -> None:
        self._tell = tell

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        """Tells of an error, and takes it for dealt with."""
        if error is not None:
            with suppress(RuntimeError):  # the event loop is closed
                self._tell(error)
        return True


class QuickDriver(LinuxDriver):
    """Its parent, but for how it reads and writes."""

    def __init__(
        self, app: TerminalApp, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        if self._size is None:  # Textual would ask elsewhere for the first layout, and be told otherwise
            self._size = self._get_terminal_size()
        self._link = app.link
        self._fail = app.fail
        self._output: Output | None = None
        self._frame_size = 0
        self._farewell: list[bytes] | None = None
        self._leave_by = 0.0
        self._stopping = False
        self._delay = escape_delay()
        self._answered = threading.Event()

    # -- writing ------------------------------------------------------------------------------------

    def write(self, data: str) -> None:
        """Hands text to the output, at once; it is lost outside application mode."""
        if self._output is None:
            return
        encoded = data.encode(errors="backslashreplace")
        self._output.write(encoded)
        self._frame_size += len(encoded)
        if self._farewell is not None:
            self._farewell.append(encoded)
        if data == QUESTION:
            self._link.asked()

    def flush(self) -> None:
        """A frame is complete."""
        size, self._frame_size = self._frame_size, 0
        self._link.sent(size)

    def _ask(self) -> None:
        if self._output is not None:
            self._answered.clear()
            self._output.write(QUESTION.encode())

    def _get_terminal_size(self) -> tuple[int, int]:
        return usable_size(*super()._get_terminal_size())

    # -- being stopped ------------------------------------------------------------------------------

    def to_background(self) -> None:
        """Puts the terminal right, and stops the program with all that was started with it.

        In this order: a shell takes the terminal as soon as the first of them has stopped.
        """
        self._let_go()
        os.killpg(0, signal.SIGTSTP)

    def _sigtstp_application(self, *_: object) -> None:
        """Stops when the event loop is between two things, and not in the middle of one as signals come.

        However many came until it does, one signal is enough to go on.
        """
        if not self._stopping:
            self._stopping = True
            self._soon(self._stop)

    def _sigcont_application(self, *_: object) -> None:
        """As above."""
        self._soon(self._go_on)

    def _soon(self, do: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the event loop is closed: the program has put the terminal right, and ends
            self._loop.call_soon_threadsafe(do)

    def _stop(self) -> None:
        self._let_go()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._stopping = False

    def _go_on(self) -> None:
        """Takes the terminal over again, also after a stop that nobody foretold: it may be in any state by now."""
        self._let_go()
        super()._sigcont_application()

    def _let_go(self) -> None:
        """Puts the terminal right until the program goes on, unless that was done, or is another's task."""
        if self._auto_restart and not self._must_signal_resume:
            self.suspend_application_mode()
            self._must_signal_resume = True

    # -- beginning and ending -----------------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Takes the terminal over."""
        self._farewell = None
        if self._output is None:
            self._output = Output(_TERMINAL)
        self._link.attach(self._output, self._ask)
        super().start_application_mode()  # type: ignore[no-untyped-call] # Textual's own
        if self._writer_thread is not None:
            self._writer_thread.stop()
            self._writer_thread = None

    def stop_application_mode(self) -> None:
        """Puts the terminal right, behind nothing that it need not show any more."""
        self._leave_by = monotonic() + _LEAVING
        owes = self._link.asking
        self._link.detach()
        if self._output is not None:
            dropped = self._output.drop()
            if dropped:
                self.write(SYNC_END)
            if owes and QUESTION.encode() not in dropped:
                self._answered.wait(_ANSWERING)
        self._farewell = []
        super().stop_application_mode()

    def close(self) -> None:
        """Waits until the terminal has taken what puts it right, but not for long."""
        super().close()
        output, self._output = self._output, None
        if output is None:
            return
        if not output.wait(max(_LAST, self._leave_by - monotonic())):
            output.drop()
            forget_output(_TERMINAL)
            output.write(b"".join([SYNC_END.encode(), *(self._farewell or ())]))
            output.wait(_LAST)
        output.close()

    # -- reading ------------------------------------------------------------------------------------

    def _run_input_thread(self) -> None:
        """Reads in a thread; a fault in it ends the app."""
        with _Told(lambda error: self._loop.call_soon_threadsafe(self._fail, error)):
            self.run_input_thread()

    def run_input_thread(self) -> None:
        """Reads the terminal until the program ends or the terminal is gone; runs in a thread of its own."""
        parser = XTermParser(debug=self._debug)
        replies, pastes = Replies(), Pastes()
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                waiting = parser._timeout_time is not None  # noqa: SLF001 - nothing public tells
                if selector.select(self._escape_delay if waiting else _IDLE):
                    data = self._read()
                    if not data:
                        self._loop.call_soon_threadsafe(partial(self._app.exit, return_code=_GONE))
                        break
                    text, answers = replies.feed(pastes.feed(decode(data)), waiting=waiting)
                    text = _ALT_DIGIT.sub(_spelt_out, text)
                    if answers:
                        self._note_answer()
                    self._process(parser.feed(text) if text else ())
                elif waiting:
                    parser._timeout_time = 0.0  # noqa: SLF001 - its own clock is too slow
                    self._process(parser.tick())
        with suppress(EOFError, ParseError):
            list(parser.feed(""))

    @property
    def _escape_delay(self) -> float:
        """Longer while an answer may be on its way: its first byte must not be taken for the Esc key."""
        return max(self._delay, REMOTE_DELAY) if self._link.asking else self._delay

    def _read(self) -> bytes:
        """What was typed; nothing once the terminal is gone."""
        try:
            return os.read(self.fileno, _CHUNK)
        except OSError:
            return b""

    def _note_answer(self) -> None:
        at = monotonic()
        self._answered.set()
        self._loop.call_soon_threadsafe(self._link.answered, at)

    def _process(self, messages: Iterable[Message]) -> None:
        for message in messages:
            if isinstance(message, Resize):  # as the terminal says it, which may be anything
                size = Size(*usable_size(*message.size))
                message = Resize(size, size, size, message.pixel_size)  # noqa: PLW2901 - the same, within bounds
            self.process_message(message)
