"""The only turn loop: validate the history, stream, batch, meter, persist, finish.

A front end gets a `ChatSession` ready-made, begins a turn, and runs it::

    turn = session.begin("Hello")
    async with aclosing(session.run(turn)) as updates:
        async for update in updates:
            ...

Cancelling the task that reads ``updates`` closes the provider's connection and marks the message cancelled.

How turns are opened stands in `TurnOpener`, what moves about in the conversation in `ConversationHolder`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal

from tui_stream.core.admission import Permit
from tui_stream.core.attempts import Attempts, Manner
from tui_stream.core.books import Account, Books
from tui_stream.core.errands import Errand
from tui_stream.core.eventlog import EventLog, NoLog
from tui_stream.core.events import TurnUpdate
from tui_stream.core.follower import Follower, keep
from tui_stream.core.foresight import Foresight, charge
from tui_stream.core.history import request_messages
from tui_stream.core.metering import total
from tui_stream.core.models import ChatMessage, Conversation, Cost, Message, MessageStatus, Role, Source
from tui_stream.core.options import SessionOptions
from tui_stream.core.pricing import NoPrices, PriceBook
from tui_stream.core.provider import Provider
from tui_stream.core.route import Answerer, Fallback, Route
from tui_stream.core.stats import Clock
from tui_stream.core.store import NoStore, Store
from tui_stream.core.titles import SuggestedTitle, suggest_title
from tui_stream.core.turn import Turn
from tui_stream.errors import BudgetError, StreamBrokenError, TuiStreamError

__all__ = ["ChatSession", "OpenSession", "OpenedSession", "SessionOptions"]


class ChatSession(Foresight):
    """One conversation with one provider; any number of sessions may live side by side.

    Args:
        conversation: one that goes on, as a store loaded it; without it a new one.
        fallbacks: who answers where the provider cannot, in order.
        prices: what the provider's models cost.
        books: keeps count of tokens and money, and the budgets; sessions of one program share them.
        log: takes note of what happens.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        options: SessionOptions | None = None,
        conversation: Conversation | None = None,
        fallbacks: Sequence[Fallback] = (),
        store: Store | None = None,
        prices: PriceBook | None = None,
        books: Books | None = None,
        log: EventLog | None = None,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(conversation, store or NoStore(), clock)
        self.provider = provider
        self.options = options or SessionOptions()
        self.prices = prices or NoPrices()
        self.books = books or Books()
        self._log = log or NoLog()
        self._sleep = sleep
        self._route = Route(self._chosen, fallbacks, clock)

    def _chosen(self, model: str = "") -> Answerer:
        return Answerer(self.provider, model or self.options.model, self.options.options, self.prices)

    @property
    def model(self) -> str:
        """The model that the next request asks for."""
        return self._chosen().model_name

    def cost(self, *under_way: Cost) -> Cost:
        """What the conversation has cost so far, with the costs of turns that are still under way."""
        conversation = self.conversation
        messages = (*conversation.messages, *conversation.others)
        unloaded = [conversation.unloaded] if conversation.unloaded != Cost(Decimal(0), Source.REPORTED) else []
        return total([*(message.cost for message in messages if message.cost is not None), *unloaded, *under_way])

    def use_model(self, model: str) -> None:
        """Asks this model from the next turn on."""
        self.options = replace(self.options, model=model)
        self._route.wake()

    async def aclose(self) -> None:
        """Closes the provider, and those that answered in its place; offers to the store what it did not take."""
        try:
            await self._route.aclose()
        finally:
            try:
                await self.provider.aclose()
            finally:
                await self.settle(everything=True)

    async def keep_now(self) -> None:
        """Writes at once what has arrived of the answers under way, as before a stop that may last.

        What the store refuses is told, and written with the turn's end.
        """
        for follower in tuple(self._running.values()):
            await follower.now()

    async def suggest_title(self, other: Conversation | None = None, *, permit: Permit | None = None) -> SuggestedTitle:
        """Asks the present model for a title made from the first prompt and its answer; nothing is renamed.

        What that cost counts for the conversation, also where no title comes of it.

        Args:
            other: a conversation loaded from its beginning, to be named in place of this one.
            permit: asks a person where the budgets do not allow it.

        Raises:
            ValueError: there is nothing to name yet, or an answer streams.
            TuiStreamError: the model cannot be asked, or named none.
        """
        self._refuse_while_running()
        beginning = await self._branches.beginning(3) if other is None else other.messages[:3]
        exchange = [message for message in beginning if not message.empty and message.role is not Role.SYSTEM][:2]
        if not exchange:
            raise ValueError("there is nothing to name yet")
        named = other or self.conversation
        errand = Errand(self.books, self._chosen(), named.id, limits=self.options.limits, permit=permit)
        try:
            return await suggest_title(errand, exchange)
        finally:
            charge(named, errand)

    # -- running ------------------------------------------------------------------------------------

    async def run(self, turn: Turn) -> AsyncGenerator[TurnUpdate, None]:
        """Streams a turn to its end.

        The prompt is in the store before the request leaves, and the answer follows while it streams; where the store
        fails, a note of the turn says so, and the turn goes on.

        Raises:
            TuiStreamError: what made the turn fail; its message says so too, and keeps its text.
        """
        status, error = MessageStatus.CANCELLED, ""
        follower = Follower(self._journal, turn)
        account = self.books.account(turn, self.conversation.id, lambda: self._up_to(turn.message))
        self._running[turn] = follower
        try:
            await keep(self._journal, turn)
            async with aclosing((await self._attempts(turn, follower, account)).run()) as updates:
                async for update in updates:
                    yield update
            status = MessageStatus.COMPLETE
        except (StreamBrokenError, BudgetError) as broken:
            status, error = MessageStatus.CUT_OFF if turn.has_token else MessageStatus.FAILED, str(broken)
            raise
        except TuiStreamError as failure:
            status, error = MessageStatus.FAILED, str(failure)
            raise
        finally:
            self._running.pop(turn, None)
            last = turn.close(status, error)
            self._recall(turn)
            self._log_end(turn)
            try:
                await follower.finish()
                if await self.settle():
                    turn.note("What could not be kept before is in the history now.")
            finally:
                account.leave(kept=not self._journal.owes)
        yield replace(last, notes=(*last.notes, *turn.update().notes))

    async def _attempts(self, turn: Turn, follower: Follower, account: Account) -> Attempts:
        """What asks for the answer: the conversation up to it, and of one that is resumed its text so far."""
        options = self.options
        earlier = await self._branches.before()

        def history() -> tuple[ChatMessage, ...]:
            messages = self.conversation.messages
            if turn.message in messages:
                path = messages[: self._branches.place(turn.message) + turn.resumed]
            else:  # another answer to the prompt is shown
                path = messages[: self._branches.place(turn.prompt) + 1]
            return request_messages([*earlier, *path], system=options.system)

        manner = Manner(
            options.frame,
            options.limits,
            options.retry,
            self._sleep,
            follower,
            self._log,
            account,
            options.schema,
        )
        route = self._route.led_by(turn.instead) if turn.instead else self._route
        return Attempts(turn, route, history, manner)

    def _up_to(self, answer: Message) -> Sequence[Message]:
        """What is loaded of the path up to an answer, with it."""
        messages = self.conversation.messages
        return messages[: messages.index(answer) + 1] if answer in messages else messages

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


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session as a front end is handed it.

    Attributes:
        reason: why this provider was chosen, in words.
        load_prices: to be awaited whenever there is time; costs of hosted models are unknown until then.
        notices: what the person has to be told, of the history or before anything is sent, since this was asked last:
            sentences.
    """

    session: ChatSession
    reason: str
    load_prices: Callable[[], Awaitable[None]]
    notices: Callable[[], Sequence[str]] = tuple


OpenSession = Callable[[], Awaitable[OpenedSession]]
"""Makes a session, choosing the provider; a front end calls it when it is ready to wait."""
