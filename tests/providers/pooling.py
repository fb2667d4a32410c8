"""Pools of scripted providers, for tests."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.fakes import FakeClock, Passing, ScriptedProvider, Step
from tui_stream.core.events import Event, Progress, StreamEnd, TextDelta
from tui_stream.core.models import ChatRequest
from tui_stream.errors import ConnectionFailedError, TuiStreamError
from tui_stream.providers._pool_choice import Standing
from tui_stream.providers._pool_memory import Key
from tui_stream.providers.pool import Member, Memory, Pool, make

_E = TypeVar("_E")

REQUEST = ChatRequest("", ())
START = 1_700_000_000.0
"""The wall clock's time when the tests' clock stands at 0."""


def answer(seconds: float = 0.0, text: str = "hello") -> list[Step]:
    """An answer whose first token comes after so many seconds."""
    return [Passing(seconds), TextDelta(text), StreamEnd()]


def refused(name: str = "a") -> ConnectionFailedError:
    return ConnectionFailedError(f"Nothing answers at {name}.", hint="Start it.")


class Able(ScriptedProvider):
    """Pulls, takes notes and can be reached, unless it is told that it cannot."""

    wrong: Exception | None = None

    async def pull(self, model: str) -> AsyncGenerator[Progress, None]:
        if self.wrong:
            raise self.wrong
        yield Progress(model, 1, 2)

    async def add_context(self, text: str) -> bool:
        self.told = text
        return True

    async def reach(self) -> None:
        if self.wrong:
            raise self.wrong


@dataclass
class Bench:
    """A pool of scripted providers at ``http://a``, ``http://b`` and so on, with its clock and its memory.

    Attributes:
        wall: what the wall clock is ahead of its proper time.
        limit: the turn loop's on the first token, in seconds that truly pass.
    """

    path: Path
    scripts: Sequence[Sequence[Sequence[Step]]]
    clock: FakeClock = field(default_factory=FakeClock)
    wall: float = 0.0
    kind: type[ScriptedProvider] = ScriptedProvider
    limit: float = 0.0

    def __post_init__(self) -> None:
        self.providers = [self.kind(scripts, clock=self.clock) for scripts in self.scripts]
        self.pool = self.new_pool()

    def new_pool(self) -> Pool:
        """A pool that knows what the file tells it, as the next run of the program would."""
        members = [Member(f"http://{'abcdef'[number]}", made) for number, made in enumerate(self.providers)]
        memory = Memory(self.path, wall=lambda: START + self.clock() + self.wall, clock=self.clock)
        return make(members, clock=self.clock, memory=memory, limit=self.limit)

    def known(self, **seconds: float) -> None:
        """Writes into the file what an earlier run measured just now."""
        memory = Memory(self.path, wall=lambda: START + self.clock() + self.wall, clock=self.clock)
        for letter, ttft in seconds.items():
            key = Key("scripted", f"http://{letter}", "scripted-model")
            memory.keep({key: Standing(ttft, measured_at=self.clock())})
        memory.write()

    async def restart(self) -> None:
        """The program ends and begins again."""
        await self.pool.aclose()
        self.pool = self.new_pool()

    async def ask(self, model: str = "") -> tuple[list[Event], TuiStreamError | None]:
        """The events of an answer, and the error that ended it."""
        return await collect(self.pool.stream(ChatRequest(model, ())))

    async def asked(self, times: int = 1) -> str:
        """The letters of the endpoints that so many requests went to; those of one request in the alphabet's order."""
        letters = ""
        for _ in range(times):
            before = self.counts
            await self.ask()
            letters += "".join(
                "abcdef"[number] * (now - then)
                for number, (now, then) in enumerate(zip(self.counts, before, strict=True))
            )
        return letters

    @property
    def counts(self) -> list[int]:
        return [len(provider.requests) for provider in self.providers]

    @property
    def open_streams(self) -> int:
        return sum(provider.open_streams for provider in self.providers)


async def collect(stream: AsyncGenerator[_E, None]) -> tuple[list[_E], TuiStreamError | None]:
    seen: list[_E] = []
    try:
        async with aclosing(stream):
            async for event in stream:
                seen.append(event)  # noqa: PERF401 - what came before an error counts
    except TuiStreamError as error:
        return seen, error
    return seen, None


async def progress(steps: AsyncGenerator[Progress, None]) -> list[str]:
    async with aclosing(steps):
        return [step.label async for step in steps]
