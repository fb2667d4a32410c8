"""Stand-ins that behave: a provider that follows a script, and a clock that is set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tui_stream.core.events import Event, Progress
from tui_stream.core.models import ChatRequest, Conversation, Message, ModelInfo, Price
from tui_stream.core.pricing import NoPrices, Rate
from tui_stream.core.provider import Capabilities


@dataclass
class Gate:
    """A step of a script that waits until the test opens it."""

    event: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self) -> None:
        """Lets the provider go on."""
        self.event.set()


@dataclass
class Passing:
    """A step of a script that lets time pass on the test's clock, once what came before it was taken in."""

    seconds: float


Step = Event | Exception | Gate | Passing


@dataclass
class ScriptedProvider:
    """Plays one script for each request, the last one again when they run out."""

    scripts: Sequence[Sequence[Step]]
    preparation: Sequence[Progress | Exception | Gate] = ()
    name: str = "scripted"
    model: str = "scripted-model"
    capabilities: Capabilities = field(default_factory=Capabilities)
    requests: list[ChatRequest] = field(default_factory=list)
    open_streams: int = 0
    closed: bool = False
    clock: FakeClock | None = None

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        for step in self.preparation:
            if isinstance(step, Gate):
                step.reached.set()
                await step.event.wait()
            elif isinstance(step, Exception):
                raise step
            else:
                yield step

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.requests.append(request)
        self.open_streams += 1
        try:
            for step in script:
                if isinstance(step, Gate):
                    step.reached.set()
                    await step.event.wait()
                elif isinstance(step, Exception):
                    raise step
                elif isinstance(step, Passing):
                    await self._pass(step.seconds)
                else:
                    yield step
        finally:
            self.open_streams -= 1

    async def _pass(self, seconds: float) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        if self.clock is not None:
            self.clock.now += seconds

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo(self.model)]

    async def aclose(self) -> None:
        self.closed = True


class FlatPrices(NoPrices):
    """Every token costs the same.

    Args:
        million: US dollars for a million tokens; a million makes a dollar a token.
        model: the only model whose price is known; empty for all.
    """

    def __init__(self, million: str = "1000000", model: str = "") -> None:
        self.price = Price(Decimal(million), Decimal(million), source="a test")
        self.known = model
        self.loads = 0

    async def load(self) -> None:
        self.loads += 1

    def rate(self, *, provider: str, model: str) -> Rate | None:
        del provider
        return Rate(self.price) if self.known in {"", model} else None


@dataclass
class FakeClock:
    """Seconds that pass when a test says so, or while somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class RecordingStore:
    """Remembers every write, with the text as it was then."""

    writes: list[tuple[str, str, str]] = field(default_factory=list)

    async def open(self, conversation: Conversation) -> None:
        del conversation
        self.writes.append(("open", "", ""))

    async def add(self, conversation: Conversation, message: Message) -> None:
        del conversation
        self.writes.append(("add", message.role, message.text))

    async def update(self, conversation: Conversation, message: Message) -> None:
        del conversation
        self.writes.append(("update", message.status, message.text))

    async def messages(self, conversation_id: str, ids: Sequence[str]) -> list[Message]:
        del conversation_id, ids
        return []

    async def choose(self, conversation: Conversation) -> None:
        self.writes.append(("choose", conversation.tree.head or "", ""))

    async def remove(self, conversation: Conversation, ids: Sequence[str]) -> None:
        del conversation
        self.writes.append(("remove", " ".join(ids), ""))

    async def put_back(self, conversation_id: str, ids: Sequence[str]) -> None:
        del conversation_id
        self.writes.append(("put back", " ".join(ids), ""))

    async def import_conversation(self, conversation: Conversation) -> bool:
        self.writes.append(("import", conversation.title, ""))
        return True
