"""The headless front end: the answer, and only the answer, on stdout; everything else on stderr.

Exit codes: 0 the answer is complete, 6 it was cut off by its length limit, 7 it was refused or filtered, 130
interrupted, 141 the reader of stdout went away, 129 and 143 the program was told to end; errors carry their own
(`tui_stream.errors`).
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import select
import signal
from collections.abc import Coroutine
from contextlib import aclosing, suppress
from typing import IO, Protocol

from tui_stream.core import figures
from tui_stream.core.events import Progress, TurnUpdate
from tui_stream.core.models import FinishReason
from tui_stream.core.sanitize import clean, clean_line
from tui_stream.core.session import OpenedSession, OpenSession
from tui_stream.core.turn import Turn
from tui_stream.errors import BudgetError, TuiStreamError, UsageError

EXIT_LENGTH = 6
EXIT_FILTERED = 7
EXIT_INTERRUPTED = 130
EXIT_READER_GONE = 141
_SIGNALLED = 128  # plus the signal's number
_PIECE = 4096  # bytes that a pipe with any room takes without blocking
_PATIENCE = 0.05  # seconds of waiting for a reader between looks at whether to go on

_FINISHED = {FinishReason.LENGTH: EXIT_LENGTH, FinishReason.CONTENT_FILTER: EXIT_FILTERED}
_SAID = {
    FinishReason.LENGTH: "The answer was cut off: it reached its length limit.",
    FinishReason.CONTENT_FILTER: "The answer was cut off by the provider's content filter.",
}


class Output(Protocol):
    """Where the answer goes."""

    def write(self, text: str) -> None:
        """Writes a piece at once.

        Raises:
            BrokenPipeError: nobody reads any more.
            OSError: it cannot be written.
        """

    def end(self) -> None:
        """The answer is over; where a terminal shows it, its last line ends."""


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

    def write(self, text: str) -> None:
        """Writes a piece at once, all of it; while the reader is slow, an interrupt still gets through.

        Raises:
            CancelledError: the task was cancelled while it waited for the reader.
        """
        left = memoryview(text.encode(self._encoding, "replace"))
        while left:
            if not self._writable():
                continue
            try:
                left = left[os.write(self._descriptor, left[:_PIECE]) :]
            except BlockingIOError:
                continue
        self._last = text[-1:] or self._last

    def _writable(self) -> bool:
        """Whether the reader has room, after waiting a little for it."""
        task = _current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        return bool(select.select([], [self._descriptor], [], _PATIENCE)[1])

    def end(self) -> None:
        """Ends the last line on a terminal, where the shell's prompt follows."""
        if os.isatty(self._descriptor) and self._last not in {"", "\n"}:
            self.write("\n")


def _current_task() -> asyncio.Task[object] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


class Notes:
    """What is said besides the answer: errors always, progress only to a terminal that can take it away again."""

    def __init__(self, stream: IO[str] | None) -> None:
        self._stream = stream
        self._terminal = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._open = False

    def say(self, text: str) -> None:
        """A line."""
        self.clear()
        self._write(f"{clean(text)}\n")

    def progress(self, progress: Progress) -> None:
        """A line that the next one replaces."""
        if self._terminal:
            share = f" {progress.done / progress.total:.0%}" if progress.total else ""
            size = f" of {figures.size_text(progress.total)}" if progress.total else ""
            self._write(f"\r\x1b[2K{clean_line(progress.label)}{share}{size}")
            self._open = True

    def clear(self) -> None:
        """Takes the progress away."""
        if self._open:
            self._write("\r\x1b[2K")
            self._open = False

    def _write(self, text: str) -> None:
        """Writes, unless nobody can read it: what is said besides must not end the answer."""
        with suppress(OSError, ValueError):
            if self._stream is not None:
                self._stream.write(text)
                self._stream.flush()


async def run(open_session: OpenSession, prompt: str, *, output: Output, notes: Notes) -> int:
    """Asks once and streams the answer to ``output``; returns the exit code.

    Raises:
        TuiStreamError: what made it fail; what had arrived is written.
    """
    opened = await open_session()
    session = opened.session
    try:
        _tell(opened, notes)
        turn = session.begin(prompt)
        try:
            async with aclosing(session.run(turn)) as updates:
                async for update in updates:
                    _pass_on(update, output, notes)
        except BudgetError as error:
            error.hint = f"{error.hint.rstrip('.')}, or go past it for this once (--over-budget)."
            raise
        except BrokenPipeError:
            return EXIT_READER_GONE
        except OSError as error:
            raise _unwritable(error) from error
        finally:
            notes.clear()
        output.end()
        return _finish(turn, notes)
    finally:
        _tell(opened, notes)
        await session.aclose()


def _tell(opened: OpenedSession, notes: Notes) -> None:
    for notice in opened.notices():
        notes.say(notice)


def _pass_on(update: TurnUpdate, output: Output, notes: Notes) -> None:
    if update.progress is not None:
        notes.progress(update.progress)
    elif update.retrying is not None:
        notes.say(f"{update.retrying.reason} Trying again in {update.retrying.delay:.0f} s.")
    for note in update.notes:
        notes.say(note)
    if update.text:
        notes.clear()
        output.write(update.text)


def _finish(turn: Turn, notes: Notes) -> int:
    message = turn.message
    for call in message.tool_calls:
        notes.say(f"The model asks for a tool, which is not run: {call.name}({call.arguments})")
    reason = message.finish_reason or FinishReason.OTHER
    if reason in _SAID:
        notes.say(_SAID[reason])
    elif message.empty and not message.tool_calls:
        notes.say("The model answered with nothing.")
    return _FINISHED.get(reason, 0)


def _unwritable(error: OSError) -> TuiStreamError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return TuiStreamError("The answer cannot be written: no space is left.", hint="Free some and ask again.")
    return TuiStreamError(f"The answer cannot be written: {error.strerror}.")


def read_prompt(argument: str, stdin: IO[bytes], *, interactive: bool, notes: Notes) -> str:
    """The prompt out of the argument and what is piped in: the argument first, then the text.

    Raises:
        UsageError: there is neither.
    """
    if interactive and argument:
        return argument
    if interactive:
        notes.say("Type the prompt, then Ctrl+D.")
    piped = stdin.read().decode("utf-8", "replace").removeprefix("\ufeff")
    parts = [part for part in (argument, piped) if part.strip()]
    if not parts:
        raise UsageError("There is no prompt.", hint='Give one: tui-stream pipe "Name three fruits."')
    return "\n\n".join(parts)


def main(open_session: OpenSession, prompt: str, *, output: FileOutput, notes: Notes) -> int:
    """Runs to the end in an event loop of its own; Ctrl+C stops the answer and keeps what was printed.

    Raises:
        TuiStreamError: as `run`.
    """
    gc.freeze()
    gc.enable()
    code = 0
    try:
        code = asyncio.run(_until_signal(run(open_session, prompt, output=output, notes=notes)))
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    finally:
        if code != EXIT_READER_GONE:
            with suppress(OSError):
                output.end()
    return code


async def _until_signal(work: Coroutine[None, None, int]) -> int:
    """Runs until it is done or the program is told to end; then what was begun is closed as after Ctrl+C."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    received: list[int] = []

    def stop(number: int) -> None:
        received.append(number)
        task.cancel()

    for name in ("SIGTERM", "SIGHUP"):
        with suppress(AttributeError, NotImplementedError):
            number = getattr(signal, name)
            loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not received:
            task.cancel()
            await asyncio.wait([task])
            raise
        return _SIGNALLED + received[0]
