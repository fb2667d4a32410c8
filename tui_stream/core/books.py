"""Keeps the books of turns: estimates that learn, prices, budgets, and what went wrong with a prompt's length."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from tui_stream.core.accounts import Accounts, Spent
from tui_stream.core.admission import Admission, expected_cost, names_of
from tui_stream.core.budgets import Budgets, Standing, nearest
from tui_stream.core.estimates import MOST_SAMPLES, Estimator, earlier_sample, sample_of
from tui_stream.core.journal import to_the_end
from tui_stream.core.ledger import Entry, Ledger, spent_by, spent_on
from tui_stream.core.models import ChatMessage, Cost, FinishReason, Message, Source
from tui_stream.core.route import Answerer
from tui_stream.core.turn import Turn
from tui_stream.core.windows import Windows
from tui_stream.errors import BudgetError, StoreError

_SHORT, _SHORTFALL = 0.75, 256  # a prompt that was counted so much smaller than it was sent may have been cut
_LEARNED = 3  # reports after which an estimate alone is believed


class Books:
    """What is known between turns; sessions of one program share it.

    Attributes:
        accounts: the history's; None where nothing is kept.
        budgets: the limits that the person set.
        ledger: what was spent.
        windows: how much the models take.
    """

    def __init__(
        self,
        accounts: Accounts | None = None,
        budgets: Budgets | None = None,
        *,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.accounts = accounts
        self.budgets = budgets or Budgets()
        self.ledger = Ledger(accounts, now)
        self.windows = Windows()
        self._estimators: dict[tuple[str, str], Estimator] = {}
        self._names: dict[tuple[str, str], str] = {}

    def name(self, answerer: Answerer) -> str:
        """Under which name the model answers, as far as that is known: some have another than they are asked by."""
        return self._names.get((answerer.provider.name, answerer.model_name), answerer.model_name)

    async def estimator(self, answerer: Answerer) -> Estimator:
        """What is known of the model's tokens; the history is asked once."""
        key = answerer.provider.name, self.name(answerer)
        if key not in self._estimators:
            try:
                samples = [] if self.accounts is None else await self.accounts.samples(*key, MOST_SAMPLES)
            except StoreError:
                samples = []
            self._estimators.setdefault(key, Estimator(samples))
        return self._estimators[key]

    def learn(self, message: Message, answerer: Answerer) -> None:
        """Takes in what the provider counted for a finished answer.

        Args:
            message: the answer.
            answerer: who was asked for it.
        """
        asked, answered = (message.provider, answerer.model_name), (message.provider, message.model)
        if asked != answered:
            self._names[asked] = message.model
            if known := self._estimators.get(asked):
                self._estimators.setdefault(answered, known)
        sample = sample_of(message.estimate, message.usage)
        if sample is not None:
            self._estimators.setdefault(answered, Estimator()).learn(sample)

    def account(self, turn: Turn, conversation_id: str, path: Callable[[], Sequence[Message]]) -> Account:
        """An account for a turn; `leave` when the history has all of it.

        Args:
            turn: the turn.
            conversation_id: of the conversation that it is a part of.
            path: the messages of the conversation up to its answer, as far as they are loaded.
        """
        entry = self.ledger.enter(turn.bills.ids, conversation_id)
        entry.before = tuple(map(spent_by, turn.bills.before))
        return Account(self, turn, entry, path)


class Account:
    """The books of one turn. To be opened for each model that is asked, and closed when it was."""

    def __init__(self, books: Books, turn: Turn, entry: Entry, path: Callable[[], Sequence[Message]]) -> None:
        self._books = books
        self._turn = turn
        self._entry = entry
        self._path = path
        self._admission = Admission(books.budgets, books.ledger, entry)
        self._answerer: Answerer | None = None
        self._priced: Answerer | None = None
        self._loading: asyncio.Task[None] | None = None
        self._agreements = 0

    async def open(self, answerer: Answerer) -> None:
        """This one is asked from now on. Its prices are loaded before that only where a budget needs them."""
        books, turn = self._books, self._turn
        self._answerer = answerer
        turn.meter.estimator = await books.estimator(answerer)
        if books.budgets.need_prices:
            self.load()
            await self.close()
        if not await self._admission.open():
            turn.note("The history cannot be read; budgets count only what was spent since the program began.")

    def load(self) -> None:
        """Loads the prices beside everything else: the turn will cost something, and the request has left."""
        answerer = self._answerer
        if answerer is not None and answerer is not self._priced and not answerer.provider.capabilities.local:
            self._priced, self._loading = answerer, asyncio.create_task(answerer.prices.load())

    async def close(self) -> None:
        """Waits for the prices, also where it is cancelled meanwhile: what the turn cost is known only with them."""
        loading, self._loading = self._loading, None
        if loading is not None:
            await to_the_end(_done(loading))

    def admit(self, messages: Sequence[ChatMessage]) -> int:
        """A request with these messages is to be sent; about how many tokens they are.

        Raises:
            BudgetError: a budget does not allow it, and nobody agreed to go past that one.
        """
        turn, meter = self._turn, self._turn.meter
        tokens = turn.bills.send(messages, earlier_sample(self._path(), self._names.model))
        self._count()
        standings, usual = self._standings(), meter.estimator.usual_answer
        if not self._books.budgets.overridden:
            cost = Cost() if self._answerer is None else expected_cost(tokens, usual, self._answerer)
            if turn.agreements > self._agreements:
                self._agreements = turn.agreements
                self._admission.agree(standings, cost)
            if refused := self._admission.refusal(standings, cost):
                turn.bills.keep_back()
                self._count()
                raise refused
        self._tell(standings)
        return tokens

    def check(self) -> BudgetError | None:
        """To be asked after each batch: why the stream has to be stopped now, if it has to."""
        self.load()
        self._count()
        if not self._books.budgets.limits:
            return None
        turn, standings = self._turn, self._standings()
        turn.near = nearest(standings)
        self._tell(standings)
        stopped = None if self._books.budgets.overridden or turn.ended else self._admission.stop(standings)
        if stopped is not None:
            turn.message.finish_reason = FinishReason.BUDGET
        return stopped

    @property
    def _names(self) -> Spent:
        meter, answerer = self._turn.meter, self._answerer
        if answerer is None:
            return Spent(meter.model, asked=meter.model)
        return names_of(meter, answerer, self._books.name(answerer))

    def _count(self) -> None:
        """Keeps the entry up to date: what is over, and what the request under way came to."""
        turn, meter = self._turn, self._turn.meter
        spent = [spent_by(receipt) for receipt in turn.bills.over]
        if meter.prompt_tokens is not None:
            names = self._names
            spent.append(spent_on(names.model, meter.usage, meter.cost, names.asked))
        self._entry.spent = spent

    def _standings(self) -> list[Standing]:
        return self._admission.standings(self._names, free=self._turn.meter.free)

    def _tell(self, standings: Sequence[Standing]) -> None:
        """Notes in the turn what a person should know of the budgets."""
        for said in self._admission.news(standings, self._turn.meter.model):
            self._turn.note(said)

    async def ended(self) -> None:
        """The answer is complete: says so where the provider cut the prompt, and else learns from what it counted."""
        turn = self._turn
        usage, guessed, answerer = turn.meter.usage, turn.meter.estimate, self._answerer
        if usage.source is not Source.REPORTED or usage.input_tokens is None or guessed is None or answerer is None:
            return
        counted, expected = usage.input_tokens, guessed.input_tokens
        if counted >= expected or counted < _SHORTFALL:
            return
        window = await self._books.windows.find(answerer)
        estimator = turn.meter.estimator
        said = truncation(answerer.label, counted, expected, window, estimator.samples, estimator.prompt_error)
        turn.truncated = bool(said) or (window is not None and expected > window > counted)
        if said:
            turn.note(said)

    def leave(self, *, kept: bool = True) -> None:
        """The turn is over.

        Args:
            kept: the history has it.
        """
        if self._answerer is not None:
            self._books.learn(self._turn.message, self._answerer)
            if self._turn.has_token:
                self._books.windows.answered(self._answerer)
        self._count()
        self._books.ledger.leave(self._entry, kept=kept)


async def _done(task: asyncio.Task[None]) -> None:
    await task


def truncation(label: str, counted: int, expected: int, window: int | None, samples: int, error: float = 1.0) -> str:
    """A sentence where a provider seems to have left out a part of the prompt; else nothing.

    Ollama drops the oldest messages of a prompt that is longer than ``num_ctx`` without a word
    (https://github.com/ollama/ollama/blob/main/docs/faq.md).

    Args:
        label: the model.
        counted: tokens of the prompt as the provider counted them.
        expected: as they were estimated.
        window: what the model takes, where that is known.
        samples: reports that the estimate was made with.
        error: the part of the prompt that the estimate may be off.
    """
    short = counted < _SHORT * expected and expected - counted > _SHORTFALL
    full = short or (window is not None and counted >= window - _SHORTFALL)
    if samples >= _LEARNED:  # whole messages are dropped, so that what was read may lie far below the window
        full = expected - counted > error * expected
    if window is not None and expected > window >= counted and full:
        limit = f"since its window is set to {window:,}"
        what = f"{label} read only {counted:,} of about ~{expected:,} tokens, {limit}"
    elif window is None and short and samples >= _LEARNED:
        what = f"{label} seems to have read only {counted:,} of about ~{expected:,} tokens"
    else:
        return ""
    return f"{what}: the beginning of the conversation was left out. Raise num_ctx in [options], or drop earlier turns."
