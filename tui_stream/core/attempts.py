"""Gets a turn answered: asks again what failed before its first token, and asks another model where that is of no use.

After the first token nothing is asked again by itself: the text stays, and the person decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from tui_stream.core.backoff import Backoff, RetryPolicy
from tui_stream.core.batcher import MOST_A_FRAME, MOST_PENDING, Batch, Waiting, batches
from tui_stream.core.books import Account
from tui_stream.core.eventlog import EventLog
from tui_stream.core.events import Rerouted, ResponseStarted, Retrying, TurnState, TurnUpdate
from tui_stream.core.models import ChatMessage, ChatRequest
from tui_stream.core.route import Answerer, Route
from tui_stream.core.turn import Turn
from tui_stream.core.wanted import fitted
from tui_stream.core.watchdog import Limits, TimeUsed, too_late
from tui_stream.errors import (
    BudgetError,
    ConfigError,
    ModelNotFoundError,
    ProviderError,
    RequestError,
    StreamBrokenError,
    TuiStreamError,
    UsageError,
    WeightsError,
)

MOST_CHARACTERS = 4 * 1024 * 1024
"""Characters that an answer may have, thoughts and tool calls included: about a million tokens, more than any model
writes in one go."""

_UNANSWERED = (ProviderError, WeightsError, ConfigError, UsageError)
"""What may be wrong with one model and right with the next."""


class Keeper(Protocol):
    """Keeps the answer while it grows; neither call waits."""

    def arrived(self, waiting: Waiting) -> None:
        """Something came that the turn will take in when its reader has time."""

    def note(self) -> None:
        """The turn took something in."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How requests are sent.

    Attributes:
        frame: seconds from one update to the next.
        limits: how long a stream may keep silent or last.
        retry: when a failed request is sent again.
        sleep: waits so many seconds.
        journal: told of all that arrives.
        log: takes note of what happens.
        account: counts what the turn takes, and knows when to stop it.
        schema: a JSON Schema that the answer has to be valid by.
    """

    frame: float
    limits: Limits
    retry: RetryPolicy
    sleep: Callable[[float], Awaitable[None]]
    journal: Keeper
    log: EventLog
    account: Account
    schema: Mapping[str, object] | None = None


class Attempts:
    """The requests of one turn.

    Args:
        route: who may answer.
        messages: what is to be sent; asked anew for each request, since notes may have come in.
    """

    def __init__(
        self, turn: Turn, route: Route, messages: Callable[[], tuple[ChatMessage, ...]], manner: Manner
    ) -> None:
        self._turn = turn
        self._route = route
        self._messages = messages
        self._manner = manner
        self._used = TimeUsed()

    async def run(self) -> AsyncGenerator[TurnUpdate, None]:
        """Asks one model after the other until one answers.

        Raises:
            TuiStreamError: none did, or the answer broke off.
        """
        failures: list[tuple[str, TuiStreamError]] = []
        for number in self._route.order:
            label = self._route.label(number)
            self._explain(number, label, failures)
            try:
                async with aclosing(self._ask(number)) as updates:
                    async for update in updates:
                        yield update
                await self._manner.account.ended()
            except (asyncio.CancelledError, GeneratorExit):
                self._manner.account.load()  # what was sent may be billed; what was refused is not
                raise
            except _UNANSWERED as error:
                if self._turn.has_token:
                    raise
                if not _is_of_the_request(error):
                    self._route.failed(number)
                failures.append((label, error))
                if not self._used.leaves(self._manner.limits):
                    break
            else:
                self._route.answered(number)
                return
            finally:
                await self._manner.account.close()
        raise _all(failures)

    def _explain(self, number: int, label: str, failures: Sequence[tuple[str, TuiStreamError]]) -> None:
        """Says why it is not the chosen model that is asked."""
        if failures:
            failed, error = failures[-1]
            said = f"failed ({error.message.rstrip('.')})"
        elif number:
            failed, said = self._route.label(0), "rests after a failure"
        else:
            return
        self._turn.note(f"{failed} {said}; {label} was asked instead.")
        self._manner.log.write("fallback", model=label, instead_of=failed)

    async def _ask(self, number: int) -> AsyncGenerator[TurnUpdate, None]:
        """Asks one model, again where a try failed before its first token and another may help."""
        turn, backoff = self._turn, Backoff(self._manner.retry)
        answerer = await self._route.answerer(number)
        turn.ask(answerer)
        await self._manner.account.open(answerer)
        while True:
            wanted = ChatRequest(answerer.model, self._messages(), answerer.options, self._manner.schema)
            request = fitted(wanted, answerer.provider.capabilities, answerer.label)
            await self._admit(request)
            yield turn.request()
            try:
                async with aclosing(self._stream(answerer, request)) as updates:
                    async for update in updates:
                        yield update
            except TuiStreamError as error:
                self._log_failure(error)
                if turn.has_token:
                    yield turn.settle()
                    raise
                await self._manner.account.close()
                turn.failed()
                self._manner.journal.note()
                delay = backoff.failed(error)
                if delay is None:
                    raise
                if not self._used.leaves(self._manner.limits, delay):
                    raise too_late(error, self._manner.limits) from error
                failure = error
            else:
                return
            turn.hurried.clear()
            turn.state = TurnState.RETRYING
            self._manner.log.write("retry", turn=turn.id, attempt=turn.attempts + 1, delay=round(delay, 3))
            yield replace(turn.update(), retrying=Retrying(turn.attempts + 1, delay, failure.message))
            await self._pause(delay)

    async def _admit(self, request: ChatRequest) -> None:
        """Sees to it that the budgets allow the request, or a person does.

        Raises:
            BudgetError: neither is so.
        """
        turn, account = self._turn, self._manner.account
        try:
            account.admit(request.messages)
        except BudgetError as refusal:
            if turn.permit is None or not await turn.permit(refusal):
                raise
            turn.permitted()
            account.admit(request.messages)

    async def _stream(self, answerer: Answerer, request: ChatRequest) -> AsyncGenerator[TurnUpdate, None]:
        """One request: batches into the message, and the message into the journal."""
        turn, manner = self._turn, self._manner
        self._log_request(answerer, request)
        source, arrived = answerer.provider.stream(request), manner.journal.arrived
        most = MOST_A_FRAME if manner.frame else MOST_PENDING
        limits, used = manner.limits, self._used
        stream = batches(source, interval=manner.frame, limits=limits, used=used, most_pending=most, arrived=arrived)
        spent: BudgetError | None = None
        async with aclosing(stream):
            async for batch in stream:
                begun = turn.has_token or turn.state is not TurnState.CONNECTING
                waiting = not turn.has_token
                update = turn.apply(batch)
                if waiting:
                    self._log_beginning(batch, begun=begun)
                manner.journal.note()
                if spent := manner.account.check():
                    break  # nothing more is read: the connection is closed before anybody looks at this batch
                yield update
                if turn.size > MOST_CHARACTERS:
                    raise _endless()
        if spent is not None:
            yield update
            raise spent
        if not turn.ended:
            raise StreamBrokenError("The stream ended without its end marker; the answer may be cut off.")

    async def _pause(self, delay: float) -> None:
        """Waits, unless the person does not want to."""
        hurried, began = self._turn.hurried.wait(), self._turn.stats.elapsed
        waits = [asyncio.ensure_future(self._manner.sleep(delay)), asyncio.ensure_future(hurried)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        self._used.seconds += self._turn.stats.elapsed - began

    # -- the log ------------------------------------------------------------------------------------

    def _log_request(self, answerer: Answerer, request: ChatRequest) -> None:
        characters = sum(len(message.content) for message in request.messages)
        sent = {"messages": len(request.messages), "characters": characters}
        self._manner.log.write("request", turn=self._turn.id, model=answerer.label, attempt=self._turn.attempts, **sent)

    def _log_beginning(self, batch: Batch, *, begun: bool) -> None:
        stats = self._turn.stats
        for event in batch.events:
            if isinstance(event, Rerouted):
                self._manner.log.write("endpoint", turn=self._turn.id, address=event.chosen, instead_of=event.failed)
        if not begun and any(isinstance(event, ResponseStarted) for event in batch.events):
            self._manner.log.write("response", turn=self._turn.id, seconds=round(stats.elapsed, 3))
        if stats.first_token is not None:
            self._manner.log.write("first-token", turn=self._turn.id, seconds=round(stats.first_token, 3))

    def _log_failure(self, error: TuiStreamError) -> None:
        """What failed, in names; the sentence may hold words of the server's, and so of a message."""
        cause = "" if error.__cause__ is None else type(error.__cause__).__name__
        names = {"error": type(error).__name__, "cause": cause, "code": error.exit_code}
        seconds = round(self._turn.stats.elapsed, 3)
        self._manner.log.write("failure", turn=self._turn.id, **names, seconds=seconds, text=error.message)


def _endless() -> StreamBrokenError:
    return StreamBrokenError(
        f"The answer was cut off: it has more than {MOST_CHARACTERS:,} characters, and no end was in sight.",
        hint="What had arrived is kept.",
    )


def _is_of_the_request(error: TuiStreamError) -> bool:
    """Whether the fault is in what was sent this time, and not in the model."""
    return isinstance(error, RequestError | UsageError) and not isinstance(error, ModelNotFoundError)


def _all(failures: Sequence[tuple[str, TuiStreamError]]) -> TuiStreamError:
    """The first failure, with the others in its hint."""
    (_, first), *others = failures
    said = (f"{label} failed too: {error.message}" for label, error in others)
    first.hint = " ".join((first.hint, *said)).strip()
    return first
