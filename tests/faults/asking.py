"""Asking a misbehaving server as the pipe does, and taking down everything that came of it."""

from __future__ import annotations

import asyncio
import gc
import io
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from tests.faults.wires import KEY, VARIABLE
from tui_stream import pipe, providers
from tui_stream.config import Settings
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.models import Message
from tui_stream.core.provider import Provider
from tui_stream.core.session import ChatSession, OpenedSession, SessionOptions
from tui_stream.core.watchdog import Limits
from tui_stream.errors import TuiStreamError

PATIENT = Limits(20.0, 20.0, 30.0)
"""Limits that no fault but a hang reaches."""

ENVIRONMENT = {VARIABLE: KEY, "OLLAMA_API_KEY": KEY}


@dataclass
class Outcome:
    """What came of a question.

    Attributes:
        printed: what was written to stdout.
        said: what was written to stderr, the last line as the program itself writes it.
        code: the exit code.
        message: the answer as the conversation holds it.
        delays: the waits before further tries, in seconds.
        error: what was raised, if anything was.
    """

    printed: str = ""
    said: str = ""
    code: int = 0
    message: Message | None = None
    delays: list[float] = field(default_factory=list)
    error: TuiStreamError | None = None


class _Output:
    """Collects what is written."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def write_last(self, text: str) -> None:
        self.write(text)

    def step_aside(self) -> None:
        pass

    def between(self, *, last: bool = False) -> None:
        pass

    def end(self) -> None:
        pass


def provider_for(settings: Settings) -> Provider:
    """The provider of these settings."""
    return providers.create(settings.provider, settings)


async def in_pipe(settings: Settings, *, limits: Limits = PATIENT, attempts: int = 3) -> Outcome:
    """Asks as ``tui-stream pipe`` does; waits before further tries take no time."""
    outcome, output, notes = Outcome(), _Output(), io.StringIO()

    async def sleep(seconds: float) -> None:
        outcome.delays.append(seconds)
        await asyncio.sleep(0)

    options = SessionOptions(frame=0, limits=limits, retry=RetryPolicy(attempts=attempts, jitter=0))
    provider = provider_for(settings)
    async with aclosing(provider.prepare()) as steps:  # what it imports is no part of the time that a server takes
        async for _ in steps:
            pass
    session = ChatSession(provider, options=options, sleep=sleep)

    async def opened() -> OpenedSession:
        return OpenedSession(session, "for a test", _nothing)

    try:
        outcome.code = await pipe.run(opened, "Hi", output=output, notes=pipe.Notes(notes))
    except TuiStreamError as error:
        outcome.error, outcome.code = error, error.exit_code
        notes.write(f"tui-stream: {error}\n")  # as tui_stream.__main__ does
    outcome.printed, outcome.said = output.text, notes.getvalue()
    outcome.message = session.conversation.messages[-1]
    return outcome


async def _nothing() -> None:
    return None


@asynccontextmanager
async def nothing_left_behind() -> AsyncGenerator[None, None]:
    """Sees to it that no task outlives the block, and that asyncio has nothing to complain of."""
    loop, complaints = asyncio.get_running_loop(), list[Mapping[str, object]]()
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    before = asyncio.all_tasks()
    try:
        yield
        assert asyncio.all_tasks() == before, "a task was left behind"
        gc.collect()
        await asyncio.sleep(0)
        assert not complaints
    finally:
        loop.set_exception_handler(None)
