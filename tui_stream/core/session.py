"""The only turn loop: validate the history, stream, batch, meter, persist, finish.

A front end gets a `ChatSession` ready-made, begins a turn, and runs it::

    turn = session.begin("Hello")
    async with aclosing(session.run(turn)) as updates:
        async for update in updates:
            ...

Cancelling the task that reads ``updates`` closes the provider's connection and marks the message cancelled.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from tui_stream.core.batcher import batches
from tui_stream.core.events import Retrying, TurnState, TurnUpdate
from tui_stream.core.history import request_messages
from tui_stream.core.metering import NoPrices, PriceBook, TurnMeter, estimate_prompt, total
from tui_stream.core.models import ChatRequest, Conversation, Cost, Message, MessageStatus, Role
from tui_stream.core.provider import Provider
from tui_stream.core.sanitize import clean, repair
from tui_stream.core.stats import Clock, TurnTimer
from tui_stream.core.store import NoStore, Store
from tui_stream.core.turn import Turn
from tui_stream.core.watchdog import Limits
from tui_stream.errors import ProviderError, StreamBrokenError, TuiStreamError

JOURNAL_INTERVAL = 0.25
"""Seconds of streamed text that may be lost when the program is killed."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a request that failed before its first token is sent again.

    Attributes:
        attempts: tries in all.
        base_delay: seconds before the second try, doubled for each further one.
        max_delay: the longest wait in seconds, unless the provider asks for more.
    """

    attempts: int = 3
    base_delay: float = 1.0
    max_delay: float = 30.0

    def delay(self, attempt: int, error: ProviderError, chance: float) -> float:
        """Seconds to wait after try number ``attempt`` failed; ``chance`` is between 0 and 1."""
        wait: float = min(self.max_delay, self.base_delay * 2 ** (attempt - 1)) * (0.5 + chance / 2)
        return wait if error.retry_after is None else max(wait, error.retry_after)


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How a session asks.

    Attributes:
        model: the model's name, empty for the provider's default.
        system: a system prompt, or nothing.
        options: the provider's own parameters.
        frame: seconds from one update to the next.
        cleaner: what every piece of foreign text goes through on its way in.
    """

    model: str = ""
    system: str = ""
    options: dict[str, object] = field(default_factory=dict)
    frame: float = 1 / 30
    limits: Limits = field(default_factory=Limits)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    cleaner: Callable[[str], str] = clean


class ChatSession:
    """One conversation with one provider; any number of sessions may live side by side."""

    def __init__(
        self,
        provider: Provider,
        *,
        options: SessionOptions | None = None,
        store: Store | None = None,
        prices: PriceBook | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.provider = provider
        self.options = options or SessionOptions()
        self.conversation = Conversation()
        self.prices = prices or NoPrices()
        self._store = store or NoStore()
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._opened = False

    @property
    def model(self) -> str:
        """The model that the next request asks for."""
        return self.options.model or self.provider.model

    def cost(self, *under_way: Cost) -> Cost:
        """What the conversation has cost so far, with the costs of turns that are still under way."""
        ended = [message.cost for message in self.conversation.messages if message.cost is not None]
        return total([*ended, *under_way])

    def use_model(self, model: str) -> None:
        """Asks this model from the next turn on."""
        self.options = replace(self.options, model=model)

    def begin(self, text: str) -> Turn:
        """Opens a turn: the prompt and the still empty answer stand in the conversation."""
        messages = self.conversation.messages
        parent = messages[-1].id if messages else None
        prompt = Message(Role.USER, repair(text), parent_id=parent)
        answer = Message(
            Role.ASSISTANT,
            status=MessageStatus.STREAMING,
            parent_id=prompt.id,
            provider=self.provider.name,
            model=self.model,
        )
        messages += [prompt, answer]
        local = self.provider.capabilities.local
        meter = TurnMeter(self.prices, provider=self.provider.name, model=self.model, local=local)
        return Turn(prompt, answer, meter=meter, timer=TurnTimer(self._clock), cleaner=self.options.cleaner)

    async def run(self, turn: Turn) -> AsyncGenerator[TurnUpdate, None]:
        """Streams a turn to its end.

        Raises:
            TuiStreamError: what made the turn fail; its message says so too, and keeps its text.
        """
        status, error = MessageStatus.CANCELLED, ""
        try:
            await self._keep(turn)
            async with aclosing(self._attempts(turn)) as updates:
                async for update in updates:
                    yield update
            status = MessageStatus.COMPLETE
        except StreamBrokenError as broken:
            status, error = MessageStatus.CUT_OFF if turn.has_token else MessageStatus.FAILED, str(broken)
            raise
        except TuiStreamError as failure:
            status, error = MessageStatus.FAILED, str(failure)
            raise
        finally:
            last = turn.close(status, error)
            await self._store.update(self.conversation, turn.message)
        yield last

    async def _keep(self, turn: Turn) -> None:
        """Writes the prompt, and the answer's place, before the request leaves."""
        if not self._opened:
            await self._store.open(self.conversation)
            self._opened = True
        await self._store.add(self.conversation, turn.prompt)
        await self._store.add(self.conversation, turn.message)

    async def _attempts(self, turn: Turn) -> AsyncGenerator[TurnUpdate, None]:
        """Sends the request, again where it fails before its first token and that may help."""
        request = self._request(turn)
        while True:
            yield turn.request(estimate_prompt(request.messages))
            try:
                async with aclosing(self._stream(turn, request)) as updates:
                    async for update in updates:
                        yield update
            except ProviderError as error:
                if turn.has_token:
                    yield turn.settle()
                    raise
                if not error.retryable or turn.attempts >= self.options.retry.attempts:
                    raise
                failure = error
            else:
                return
            delay = self.options.retry.delay(turn.attempts, failure, self._chance())
            turn.state = TurnState.RETRYING
            retrying = Retrying(turn.attempts + 1, delay, failure.message)
            yield replace(turn.update(), retrying=retrying)
            await self._sleep(delay)

    def _request(self, turn: Turn) -> ChatRequest:
        messages = self.conversation.messages
        path = messages[: messages.index(turn.prompt) + 1]
        history = request_messages(path, system=self.options.system)
        return ChatRequest(self.options.model, history, self.options.options)

    async def _stream(self, turn: Turn, request: ChatRequest) -> AsyncGenerator[TurnUpdate, None]:
        """One request: batches into the message, and the message into the journal."""
        stream = batches(self.provider.stream(request), interval=self.options.frame, limits=self.options.limits)
        journalled = self._clock()
        async with aclosing(stream):
            async for batch in stream:
                yield turn.apply(batch)
                if self._clock() - journalled >= JOURNAL_INTERVAL:
                    await self._store.update(self.conversation, turn.message)
                    journalled = self._clock()
        if not turn.ended:
            raise StreamBrokenError(
                "The stream ended without its end marker; the answer may be cut off.",
                hint="Send the prompt again, or ask the model to go on.",
            )


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session as a front end is handed it.

    Attributes:
        reason: why this provider was chosen, in words.
        load_prices: to be awaited whenever there is time; costs of hosted models are unknown until then.
    """

    session: ChatSession
    reason: str
    load_prices: Callable[[], Awaitable[None]]


OpenSession = Callable[[], Awaitable[OpenedSession]]
"""Makes a session, choosing the provider; a front end calls it when it is ready to wait."""
