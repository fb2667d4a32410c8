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
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from tui_stream.core.attempts import Attempts, Manner
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.eventlog import EventLog, NoLog
from tui_stream.core.events import TurnUpdate
from tui_stream.core.history import request_messages, unanswered
from tui_stream.core.metering import NoPrices, PriceBook, total
from tui_stream.core.models import ChatMessage, Conversation, Cost, Message, MessageStatus, Role
from tui_stream.core.provider import Provider, TakesContext
from tui_stream.core.route import Answerer, Fallback, Route
from tui_stream.core.sanitize import clean, repair
from tui_stream.core.stats import Clock, TurnTimer
from tui_stream.core.store import NoStore, Store
from tui_stream.core.turn import Turn
from tui_stream.core.watchdog import Limits
from tui_stream.errors import StreamBrokenError, TuiStreamError

JOURNAL_INTERVAL = 0.25
"""Seconds of streamed text that may be lost when the program is killed."""


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
    """One conversation with one provider; any number of sessions may live side by side.

    Args:
        fallbacks: who answers where the provider cannot, in order.
        prices: what the provider's models cost.
        log: takes note of what happens.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        options: SessionOptions | None = None,
        fallbacks: Sequence[Fallback] = (),
        store: Store | None = None,
        prices: PriceBook | None = None,
        log: EventLog | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.provider = provider
        self.options = options or SessionOptions()
        self.conversation = Conversation()
        self.prices = prices or NoPrices()
        self._store = store or NoStore()
        self._log = log or NoLog()
        self._clock = clock
        self._sleep = sleep
        self._route = Route(self._chosen, fallbacks, clock)
        self._kept: set[str] = set()
        self._journalled = 0.0

    def _chosen(self) -> Answerer:
        return Answerer(self.provider, self.options.model, self.options.options, self.prices)

    @property
    def model(self) -> str:
        """The model that the next request asks for."""
        return self._chosen().model_name

    def cost(self, *under_way: Cost) -> Cost:
        """What the conversation has cost so far, with the costs of turns that are still under way."""
        messages = (*self.conversation.messages, *self.conversation.replaced)
        return total([*(message.cost for message in messages if message.cost is not None), *under_way])

    def use_model(self, model: str) -> None:
        """Asks this model from the next turn on."""
        self.options = replace(self.options, model=model)
        self._route.wake()

    async def aclose(self) -> None:
        """Closes the provider, and those that answered in its place."""
        try:
            await self._route.aclose()
        finally:
            await self.provider.aclose()

    # -- turns --------------------------------------------------------------------------------------

    def begin(self, text: str) -> Turn:
        """Opens a turn: the prompt and the still empty answer stand in the conversation."""
        messages = self.conversation.messages
        prompt = Message(Role.USER, repair(text), parent_id=messages[-1].id if messages else None)
        messages.append(prompt)
        return self._answering(prompt)

    def resume(self, answer: Message) -> Turn:
        """Opens a turn that goes on with the newest answer, where it was broken off.

        Its text so far is sent as the assistant's; most servers then go on behind it.

        Raises:
            ValueError: there is nothing to go on with, or it is not the newest answer.
        """
        if answer.empty or not self._is_newest(answer):
            raise ValueError("only the newest answer can be resumed, and one with text")
        return self._turn(self._prompt_of(answer), answer, resume=True)

    def retry(self, answer: Message) -> Turn:
        """Opens a turn that answers the prompt of the newest answer again; the old answer is put aside.

        If nothing comes, the old answer stands in the conversation again, and says why.

        Raises:
            ValueError: it is not the newest answer.
        """
        self._put_aside(answer)
        turn = self._answering(self._prompt_of(answer))
        turn.instead_of = None if answer.empty else answer
        return turn

    def follow_up(self, answer: Message, text: str) -> Turn:
        """Opens a turn with what was to be added to the newest answer, which was stopped for that.

        If nothing of it had arrived, the text is added to its prompt instead.

        Raises:
            ValueError: it is not the newest answer.
        """
        if not self._is_newest(answer):
            raise ValueError("only the newest answer can be followed up")
        if answer.empty:
            self._put_aside(answer)
        return self.begin(text)

    async def add_context(self, turn: Turn, text: str) -> Message | None:
        """Hands a note to the model while it answers, where its provider can.

        Returns:
            The note, which now stands before the answer; None where nothing was sent.
        """
        taker = _context_taker(turn)
        note = Message(Role.USER, repair(text), parent_id=turn.message.parent_id)
        if taker is None or not await taker.add_context(note.text):
            return None
        messages = self.conversation.messages
        messages.insert(messages.index(turn.message), note)
        turn.message.parent_id = note.id
        await self._keep(note)
        await self._store.update(self.conversation, turn.message)
        return note

    def unanswered(self, answer: Message) -> list[Message]:
        """What the person said to get this answer, where it did not begin: no later request carries that."""
        return unanswered(self.conversation.messages, answer)

    def _answering(self, prompt: Message) -> Turn:
        chosen = self._chosen()
        answer = Message(
            Role.ASSISTANT,
            status=MessageStatus.STREAMING,
            parent_id=prompt.id,
            provider=chosen.provider.name,
            model=chosen.model_name,
        )
        self.conversation.messages.append(answer)
        return self._turn(prompt, answer)

    def _turn(self, prompt: Message, answer: Message, *, resume: bool = False) -> Turn:
        meter, timer = self._chosen().meter(), TurnTimer(self._clock)
        return Turn(prompt, answer, meter=meter, timer=timer, cleaner=self.options.cleaner, resume=resume)

    def _is_newest(self, answer: Message) -> bool:
        messages = self.conversation.messages
        return bool(messages) and messages[-1] is answer and answer.role is Role.ASSISTANT

    def _prompt_of(self, answer: Message) -> Message:
        messages = self.conversation.messages
        return next(message for message in reversed(messages) if message.id == answer.parent_id)

    def _put_aside(self, answer: Message) -> None:
        if not self._is_newest(answer):
            raise ValueError("only the newest answer can be replaced")
        self.conversation.messages.remove(answer)
        self.conversation.replaced.append(answer)

    def _recall(self, turn: Turn) -> None:
        """Puts the answer back in its place for which was asked again, where nothing came."""
        old, new = turn.instead_of, turn.message
        if old is None or turn.has_token or new.status is MessageStatus.COMPLETE:
            return
        messages, others = self.conversation.messages, self.conversation.replaced
        messages[messages.index(new)] = old
        others[others.index(old)] = new
        old.error = new.error or old.error
        turn.recalled = True

    # -- running ------------------------------------------------------------------------------------

    async def run(self, turn: Turn) -> AsyncGenerator[TurnUpdate, None]:
        """Streams a turn to its end.

        Raises:
            TuiStreamError: what made the turn fail; its message says so too, and keeps its text.
        """
        status, error = MessageStatus.CANCELLED, ""
        try:
            await self._keep(turn.prompt, turn.message)
            async with aclosing(self._attempts(turn).run()) as updates:
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
            self._recall(turn)
            self._log_end(turn)
            await self._store.update(self.conversation, turn.message)
        yield last

    def _attempts(self, turn: Turn) -> Attempts:
        """What asks for the answer: the conversation up to it, and of one that is resumed its text so far."""
        options = self.options
        messages = self.conversation.messages

        def history() -> tuple[ChatMessage, ...]:
            path = messages[: messages.index(turn.message) + turn.resumed]
            return request_messages(path, system=options.system)

        manner = Manner(options.frame, options.limits, options.retry, self._sleep, self._journal, self._log)
        return Attempts(turn, self._route, history, manner)

    async def _keep(self, *messages: Message) -> None:
        """Writes the prompt, and the answer's place, before the request leaves."""
        if not self._kept:
            await self._store.open(self.conversation)
        for message in messages:
            if message.id in self._kept:
                await self._store.update(self.conversation, message)
            else:
                await self._store.add(self.conversation, message)
                self._kept.add(message.id)

    async def _journal(self, turn: Turn) -> None:
        if self._clock() - self._journalled >= JOURNAL_INTERVAL:
            await self._store.update(self.conversation, turn.message)
            self._journalled = self._clock()

    def _log_end(self, turn: Turn) -> None:
        message, stats = turn.message, turn.stats
        self._log.write(
            "end",
            turn=turn.id,
            status=str(message.status),
            finish_reason=str(message.finish_reason or ""),
            seconds=round(stats.elapsed, 3),
            input_tokens=stats.usage.input_tokens,
            output_tokens=stats.usage.output_tokens,
            text=message.text,
        )


def _context_taker(turn: Turn) -> TakesContext | None:
    """The provider that answers, if it can be told more meanwhile."""
    if turn.answerer is None or not turn.answerer.provider.capabilities.context:
        return None
    provider: object = turn.answerer.provider
    return provider if isinstance(provider, TakesContext) else None


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
