"""The headless front end: the answer, and only the answer, on stdout; everything else on stderr.

Exit codes: 0 the answer is complete, 6 it was cut off by its length limit, 7 it was refused or filtered, 130
interrupted, 141 the reader of stdout went away, 129, 131 and 143 the program was told to end; errors carry their own
(`tui_stream.errors`).
"""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack, aclosing, closing, suppress
from types import FrameType

from tui_stream.core.session import ChatSession, OpenedSession, OpenSession
from tui_stream.core.turn import Turn
from tui_stream.errors import (
    AuthenticationError,
    BudgetError,
    ConfigError,
    ConnectionFailedError,
    ModelNotFoundError,
    OutOfCreditError,
    TimedOutError,
    TuiStreamError,
    UsageError,
    WeightsError,
)
from tui_stream.piping.answers import Asking, Updates, Writer
from tui_stream.piping.at_once import AT_ONCE, UnderWay
from tui_stream.piping.notes import Notes
from tui_stream.piping.output import FileOutput, Output
from tui_stream.piping.reader import Reader

__all__ = ["Asking", "FileOutput", "Notes", "Output", "main", "run"]

EXIT_INTERRUPTED = 130
EXIT_READER_GONE = 141
_SIGNALLED = 128  # plus the signal's number
_ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
_CLOSING = 2.0
"""Seconds after a signal in which another one is taken for the same wish."""
_FOR_ALL = (
    AuthenticationError,
    ConfigError,
    ConnectionFailedError,
    ModelNotFoundError,
    OutOfCreditError,
    UsageError,
    WeightsError,
)
"""What is as wrong with the next of several answers; but not `TimedOutError`, which is of one request."""


async def run(
    open_session: OpenSession,
    prompt: str,
    *,
    output: Output,
    notes: Notes,
    asking: Asking | None = None,
    descriptor: int | None = None,
) -> int:
    """Asks and streams the answer to ``output``; returns the exit code, of several answers the first that is not 0.

    What makes one of several answers fail is said, and the others go on, unless it would make all of them fail.

    Args:
        open_session: makes the session.
        prompt: what is asked.
        output: where the answer goes.
        notes: what else is said.
        asking: how it is asked, and how the answer is written.
        descriptor: what `output` writes to; where its reader goes away, what is asked is cancelled at once.

    Raises:
        TuiStreamError: what made it fail; what had arrived is written.
    """
    asking = asking or Asking()
    opened = await open_session()
    session = opened.session
    notes.share_terminal(output)
    try:
        _tell(opened, notes)
        with Reader(descriptor):
            return await _write_all(session, prompt, output, notes, asking)
    except BrokenPipeError:
        return EXIT_READER_GONE
    except OSError as error:
        raise unwritable(error) from error
    finally:
        _tell(opened, notes)
        await session.aclose()


async def _write_all(session: ChatSession, prompt: str, output: Output, notes: Notes, asking: Asking) -> int:
    """Asks for all answers and writes them in order; a hosted model is asked for several at once.

    A model on this machine would take as long for each of several as for all in turn, and more memory. Where a budget
    stops one of several, the others are written as far as they come: each budget decides about each.

    Raises:
        BudgetError: when all are written, if that is what the first to fail failed of.
        TuiStreamError: the one asked for failed, or all the others would as well.
    """
    writer = Writer(output, notes, asking)
    if asking.answers == 1:
        turn = session.begin(prompt, images=asking.images)
        return await writer.write(1, session.conversation.id, _updates(session, turn))
    turns: list[Turn] = []
    codes: list[int] = []
    stopped: list[BudgetError] = []

    def open_turn() -> Turn:
        turns.append(session.beside(turns[-1].message) if turns else session.begin(prompt, images=asking.images))
        return turns[-1]

    room = asyncio.Semaphore(1 if session.provider.capabilities.local else AT_ONCE)
    async with AsyncExitStack() as stack:
        answers = [UnderWay(session, open_turn, room) for _ in range(asking.answers)]
        for answer in answers:
            stack.push_async_callback(answer.aclose)
        for number, answer in enumerate(answers, 1):
            try:
                codes.append(await writer.write(number, session.conversation.id, answer.updates()))
            except BudgetError as error:
                codes.append(error.exit_code)
                stopped.append(error)
            except TuiStreamError as error:
                if isinstance(error, _FOR_ALL) and not isinstance(error, TimedOutError):
                    writer.failed_all(number, error)
                    raise
                codes.append(error.exit_code)
                writer.failed(number, error)
    return _outcome(codes, stopped, notes)


def _outcome(codes: Sequence[int], stopped: Sequence[BudgetError], notes: Notes) -> int:
    """The exit code of several answers.

    Args:
        codes: of each.
        stopped: what budgets said, in order.
        notes: where the rest is said.

    Raises:
        BudgetError: one is the first failure.
    """
    code = next((code for code in codes if code), 0)
    if len(stopped) > 1:
        notes.say(f"A budget ended {len(stopped)} of {len(codes)} answers, or did not let them be asked for.")
    if stopped and code == BudgetError.exit_code:
        raise stopped[0]
    if stopped:
        notes.say(str(stopped[0]))
    return code


async def _updates(session: ChatSession, turn: Turn) -> Updates:
    async with aclosing(session.run(turn)) as updates:
        async for update in updates:
            yield turn, update


def _tell(opened: OpenedSession, notes: Notes) -> None:
    for notice in opened.notices():
        notes.say(notice)


def unwritable(error: OSError) -> TuiStreamError:
    """What is told when stdout cannot be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return TuiStreamError("The answer cannot be written: no space is left.", hint="Free some and ask again.")
    return TuiStreamError(f"The answer cannot be written: {error.strerror}.")


def main(
    open_session: OpenSession,
    prompt: str,
    *,
    output: Output,
    notes: Notes,
    asking: Asking | None = None,
    descriptor: int | None = None,
) -> int:
    """Runs to the end in an event loop of its own; Ctrl+C stops the answer and keeps what was printed. See `run`.

    Raises:
        TuiStreamError: as `run`.
    """
    gc.freeze()
    gc.enable()
    code = 0
    events = None if asking is None else asking.events
    try:
        work = run(open_session, prompt, output=output, notes=notes, asking=asking, descriptor=descriptor)
        with closing(work), closing(_until_signal(work)) as guarded:  # an interrupt may come before either is begun
            code = asyncio.run(guarded)
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except TuiStreamError as error:
        if events is not None:
            with suppress(OSError):
                events.fail(error, last=True)
                events.end(error.exit_code, last=True)
        raise
    finally:
        if code != EXIT_READER_GONE:
            with suppress(OSError):
                if events is not None:
                    events.end(code, last=True)
                output.end()
    return code


def _woken() -> None:
    """What there is to be done was done before the loop was woken."""


async def _until_signal(work: Coroutine[None, None, int]) -> int:
    """Runs until it is done or a signal ends it; what was begun is closed then, and a second signal changes nothing.

    One that comes when that takes too long is obeyed again.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    received: list[int] = []
    patience = 0.0

    def stop(number: int, frame: FrameType | None) -> None:
        """Cancels at once, since what runs in the loop may be waiting for whoever reads."""
        nonlocal patience
        del frame
        received.append(number)
        if len(received) == 1 or loop.time() > patience:
            patience = loop.time() + _CLOSING
            task.cancel()

    before = {}
    for name in _ENDING:
        number = getattr(signal, name, None)
        if number is not None and (handler := signal.getsignal(number)) is not signal.SIG_IGN:
            before[number] = handler
            loop.add_signal_handler(
                number, _woken
            )  # a signal wakes the loop then, also one that comes as it falls asleep
            signal.signal(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not received:
            task.cancel()
            await asyncio.wait([task])
            raise
        return _SIGNALLED + received[0]
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
