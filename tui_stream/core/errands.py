"""Asks a model for a text beside the conversation: a title, or a summary.

Such a request is counted and limited like any other one, and what it came to is kept however it ended.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from tui_stream.core.accounts import Receipt, Spent
from tui_stream.core.admission import Admission, Permit, expected_cost, names_of
from tui_stream.core.batcher import Batch, batches
from tui_stream.core.books import Books
from tui_stream.core.budgets import Standing
from tui_stream.core.events import ResponseStarted, StreamEnd, UsageReport
from tui_stream.core.journal import to_the_end
from tui_stream.core.ledger import spent_on
from tui_stream.core.metering import TurnMeter
from tui_stream.core.models import ChatMessage, ChatRequest, Cost, MessageStatus, new_id, utc_now
from tui_stream.core.route import Answerer
from tui_stream.core.sanitize import clean, clean_line
from tui_stream.core.thinking import Piece, ThinkingSplitter
from tui_stream.core.watchdog import Limits
from tui_stream.errors import BudgetError, StoreError, TuiStreamError


class Errand:
    """One request.

    Args:
        books: where it is counted.
        answerer: whom to ask.
        conversation_id: which conversation it is for.
        limits: how long the model may keep silent or take.
        permit: asks a person where the budgets do not allow it.
        overridden: a person said to send it whatever the budgets say.
    """

    def __init__(
        self,
        books: Books,
        answerer: Answerer,
        conversation_id: str = "",
        *,
        limits: Limits | None = None,
        permit: Permit | None = None,
        overridden: bool = False,
    ) -> None:
        self._books = books
        self._answerer = answerer
        self._conversation_id = conversation_id
        self._limits = limits
        self._permit = permit
        self._agreed = overridden
        self._id, self._moment = new_id(), utc_now()
        self._entry = books.ledger.enter({self._id}, conversation_id)
        self._admission = Admission(books.budgets, books.ledger, self._entry)
        self._meter: TurnMeter = answerer.meter()
        self._status = MessageStatus.CANCELLED
        self._accepted = False

    @property
    def receipt(self) -> Receipt | None:
        """What it came to so far; None where nothing was sent, or the provider refused it."""
        meter, refused = self._meter, self._status is MessageStatus.FAILED and not self._accepted
        if meter.prompt_tokens is None or refused:
            return None
        return Receipt(
            meter.provider,
            meter.model,
            meter.usage,
            meter.cost,
            self._answerer.model_name,
            self._id,
            self._moment,
            self._status,
            estimate=meter.estimate,
        )

    async def ask(self, messages: Sequence[ChatMessage]) -> AsyncGenerator[list[Piece], None]:
        """Text and reasoning as they come. May be called once, and has to be closed.

        Raises:
            BudgetError: a budget does not allow it, or no more of it.
            TuiStreamError: the model could not be asked.
        """
        splitter = ThinkingSplitter()
        try:
            await self._admit(messages)
            answerer = self._answerer
            request = ChatRequest(answerer.model, tuple(messages), answerer.options)
            async with aclosing(batches(answerer.provider.stream(request), interval=0, limits=self._limits)) as stream:
                async for batch in stream:
                    stopped = self._take_in(batch)
                    yield [(True, batch.reasoning), *splitter.feed(clean(batch.text))]
                    if stopped is not None:
                        raise stopped
            yield splitter.flush()
            self._status = MessageStatus.COMPLETE
        except TuiStreamError:
            self._status = MessageStatus.FAILED
            raise
        finally:
            await to_the_end(self._settle())

    async def _admit(self, messages: Sequence[ChatMessage]) -> None:
        answerer, meter = self._answerer, self._meter
        if not meter.local:
            await answerer.prices.load()
        meter.estimator = await self._books.estimator(answerer)
        await self._admission.open()
        tokens = meter.send(messages)
        self._count()
        cost = expected_cost(tokens, meter.estimator.usual_answer, answerer)
        if self._agreed:
            self._admission.agree(self._standings(), cost)
        refused = None if self._books.budgets.overridden else self._refusal(cost)
        if refused is None:
            return
        meter.prompt_tokens = None
        self._count()
        if self._permit is None or not await self._permit(refused):
            raise refused
        meter.send(messages)
        self._count()
        self._admission.agree(self._standings(), cost)

    def _refusal(self, cost: Cost) -> BudgetError | None:
        return self._admission.refusal(self._standings(), cost)

    def _standings(self) -> list[Standing]:
        return self._admission.standings(self._names, free=self._meter.free)

    def _take_in(self, batch: Batch) -> BudgetError | None:
        """Counts what came; why nothing more may come, if that is so."""
        meter = self._meter
        text, reasoning = batch.counted
        meter.count(batch.text[:text], batch.reasoning[:reasoning])
        for event in batch.events:
            match event:
                case ResponseStarted(model):
                    self._accepted = True
                    meter.model = clean_line(model) or meter.model
                case UsageReport(usage):
                    self._accepted = True
                    meter.report(usage)
                case StreamEnd():
                    meter.ended = True
                case _:
                    pass
        meter.count(batch.text[text:], batch.reasoning[reasoning:])
        self._accepted = self._accepted or bool(batch.text or batch.reasoning)
        self._count()
        if self._books.budgets.overridden or meter.ended:
            return None
        return self._admission.stop(self._standings())

    @property
    def _names(self) -> Spent:
        return names_of(self._meter, self._answerer, self._books.name(self._answerer))

    def _count(self) -> None:
        meter, names = self._meter, self._names
        spent = spent_on(names.model, meter.usage, meter.cost, names.asked)
        self._entry.spent = [] if meter.prompt_tokens is None else [spent]

    async def _settle(self) -> None:
        """Keeps what it came to."""
        receipt, kept = self.receipt, True
        if receipt is None:
            self._entry.spent = []
        elif self._books.accounts is not None:
            try:
                await self._books.accounts.record(self._conversation_id, receipt)
            except StoreError:  # told with the next turn, which fails alike
                kept = False
        self._books.ledger.leave(self._entry, kept=kept)
