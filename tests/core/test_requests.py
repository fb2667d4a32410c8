"""Every request is a bill of its own: retries, fallbacks, and going on with an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.fakes import FakeClock, FlatPrices, Gate, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta, TurnState, UsageReport
from tui_stream.core.facts import facts
from tui_stream.core.models import FinishReason, Message, MessageStatus, Source, Usage
from tui_stream.core.pricing import Rate
from tui_stream.core.route import Answerer, Fallback
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.errors import BudgetError, ConnectionFailedError, RateLimitError, StreamBrokenError, TuiStreamError

STOP = StreamEnd(FinishReason.STOP)
LOST = ConnectionFailedError("Gone.")
OK: tuple[Step, ...] = (TextDelta("ok"), UsageReport(Usage(5, 1)), STOP)


class Fixture:
    """A session over a history in memory; a token costs a dollar."""

    def __init__(
        self, *scripts: Sequence[Step], fallback: ScriptedProvider | None = None, budgets: Budgets | None = None
    ) -> None:
        self.archive, self.clock = MemoryArchive(), FakeClock()
        self.provider = ScriptedProvider(scripts)
        self.books = Books(self.archive, budgets)
        self.session = ChatSession(
            self.provider,
            options=SessionOptions(frame=0, retry=RetryPolicy(attempts=3, jitter=0)),
            store=self.archive,
            prices=FlatPrices(),
            books=self.books,
            fallbacks=[Fallback("other/b", self._opening(fallback))] if fallback is not None else (),
            sleep=self.clock.sleep,
        )

    @staticmethod
    def _opening(provider: ScriptedProvider):  # type: ignore[no-untyped-def] # the fallback's own
        async def open_it() -> Answerer:
            return Answerer(provider, provider.model, {}, FlatPrices("2000000"))

        return open_it

    async def run(self, turn: Turn) -> Message:
        async with aclosing(self.session.run(turn)) as updates:
            async for _ in updates:
                pass
        return turn.message

    async def spent(self) -> dict[str, tuple[int, Decimal]]:
        """Requests and dollars by model, from the history alone."""
        return {one.model: (one.requests, one.dollars) for one in await self.archive.spent()}

    @property
    def kept(self) -> Message:
        """The newest answer as the history has it."""
        return list(self.archive.kept[self.session.conversation.id].messages.values())[-1]


async def test_an_accepted_request_that_is_made_again_is_billed_and_reported_apart() -> None:
    at = Fixture((ResponseStarted("m"), UsageReport(Usage(4000, 0)), LOST), (TextDelta("ok"), STOP))
    message = await at.run(at.session.begin("Hi"))
    assert message.usage == Usage(4005, 1, source=Source.ESTIMATED)
    first, second = message.receipts
    assert (first.usage, first.cost.amount) == (Usage(4000, 0), Decimal(4000))
    assert (first.status, first.id) == (MessageStatus.FAILED, message.id)
    assert second.usage == Usage(5, 1, source=Source.ESTIMATED), "the first one's report says nothing of it"
    assert second.status is MessageStatus.COMPLETE
    assert await at.spent() == {"m": (1, Decimal(4000)), "scripted-model": (1, Decimal(6))}
    assert at.kept.receipts == message.receipts
    assert at.session.cost().amount == 4006


async def test_a_request_that_was_refused_costs_nothing_and_leaves_no_bill() -> None:
    at = Fixture((LOST,), OK)
    message = await at.run(at.session.begin("Hi"))
    assert (message.usage, message.receipts) == (Usage(5, 1), ())
    assert await at.spent() == {"scripted-model": (1, Decimal(6))}


async def test_what_the_first_model_cost_counts_where_a_fallback_answers() -> None:
    broken: tuple[Step, ...] = (ResponseStarted("a"), UsageReport(Usage(4000, 0, cost=Decimal("0.5"))), LOST)
    at = Fixture(broken, fallback=ScriptedProvider([OK], name="other", model="b"))
    message = await at.run(at.session.begin("Hi"))
    assert await at.spent() == {"a": (3, Decimal("1.5")), "b": (1, Decimal(12))}
    assert message.cost is not None
    assert (message.cost.amount, message.cost.price) == (Decimal("13.5"), None)
    said = facts(message)
    assert ("of this, a", "$0.50; what the provider says it charged") in said
    assert ("of this, b", "$12.00; a million tokens: input $2,000,000.00, output $2,000,000.00 (a test)") in said
    assert "price" not in dict(said)


async def test_what_the_first_model_cost_counts_where_all_fail() -> None:
    broken: tuple[Step, ...] = (ResponseStarted("a"), UsageReport(Usage(40, 0)), LOST)
    at = Fixture(broken, fallback=ScriptedProvider([[LOST]], name="other", model="b"))
    with pytest.raises(TuiStreamError):
        await at.run(at.session.begin("Hi"))
    assert await at.spent() == {"a": (3, Decimal(120))}
    assert at.kept.cost is not None
    assert at.kept.cost.amount == 120


async def test_a_budget_counts_every_try() -> None:
    broken: tuple[Step, ...] = (ResponseStarted("a"), UsageReport(Usage(40, 0)), LOST)
    at = Fixture(broken, budgets=Budgets([Budget("turn", tokens=84)]))
    turn = at.session.begin("Hi")
    with pytest.raises(BudgetError, match="nothing was sent"):
        await at.run(turn)
    assert len(at.provider.requests) == 2
    assert turn.message.usage == Usage(80, 0)


async def test_cancelling_while_a_refused_request_waits_to_be_made_again_costs_nothing() -> None:
    at, waiting = Fixture((RateLimitError("Too many."),)), Gate()

    async def sleep(seconds: float) -> None:
        del seconds
        waiting.reached.set()
        await waiting.event.wait()

    at.session._sleep = sleep
    turn = at.session.begin("word " * 800)
    task = asyncio.create_task(at.run(turn))
    await waiting.reached.wait()
    assert turn.state is TurnState.RETRYING
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (turn.message.status, turn.message.usage, turn.message.cost) == (MessageStatus.CANCELLED, None, None)
    assert await at.spent() == {}


async def test_cancelling_between_two_tries_keeps_what_the_first_one_cost() -> None:
    gate = Gate()
    at = Fixture((ResponseStarted("m"), UsageReport(Usage(40, 0)), LOST), (gate, *OK))
    turn = at.session.begin("Hi")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await at.spent() == {"m": (1, Decimal(40)), "scripted-model": (1, Decimal(5))}, "the second one had left"


async def test_going_on_with_yesterdays_answer_is_spent_today() -> None:
    first: tuple[Step, ...] = (TextDelta("Apples"), UsageReport(Usage(10, 25)), StreamBrokenError("Cut."))
    at = Fixture(first, (TextDelta(" and pears"), UsageReport(Usage(35, 200)), STOP))
    turn = at.session.begin("Hi")
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    kept = at.archive.kept[at.session.conversation.id].messages.values()
    for message in (*at.session.conversation.messages, *kept):
        message.created_at -= timedelta(days=1)
    assert (await at.session.spending()).today.tokens == 0
    message = await at.run(at.session.resume(turn.message))
    today = (await at.session.spending()).today
    assert (today.requests, today.tokens, today.dollars) == (1, 235, Decimal(235))
    assert (message.usage, [one.usage for one in message.receipts]) == (Usage(45, 225), [Usage(10, 25), Usage(35, 200)])
    assert [one.status for one in message.receipts] == [MessageStatus.CUT_OFF, MessageStatus.COMPLETE]
    assert dict(facts(message))["price for a million tokens"].endswith("(a test)"), "both at the same price"


async def test_going_on_with_another_model_bills_each_for_its_own() -> None:
    first: tuple[Step, ...] = (
        TextDelta("Apples"),
        UsageReport(Usage(10, 25, cost=Decimal("0.5"))),
        StreamBrokenError("Cut."),
    )
    at = Fixture(first, (TextDelta(" and pears"), UsageReport(Usage(35, 25)), STOP))
    at.session.use_model("cheap")
    turn = at.session.begin("Hi")
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    at.session.use_model("dear")
    message = await at.run(at.session.resume(turn.message))
    assert await at.spent() == {"cheap": (1, Decimal("0.5")), "dear": (1, Decimal(60))}
    assert message.cost is not None
    assert (message.cost.amount, message.usage and message.usage.cost) == (Decimal("60.5"), None)
    said = dict(facts(message))
    assert said["of this, cheap"] == "$0.50; what the provider says it charged"
    assert said["of this, dear"].startswith("$60.00; a million tokens: input")
    assert message.receipts[1].cost.price == FlatPrices().price


async def test_what_is_shown_while_it_goes_on_is_the_sum() -> None:
    gate = Gate()
    first: tuple[Step, ...] = (TextDelta("Apples"), UsageReport(Usage(10, 25)), StreamBrokenError("Cut."))
    at = Fixture(first, (TextDelta(" and pears"), gate, STOP))
    turn = at.session.begin("Hi")
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    again = at.session.resume(turn.message)
    task = asyncio.create_task(at.run(again))
    await gate.reached.wait()
    while not again.has_token:
        await asyncio.sleep(0)
    assert again.stats.cost.amount == 35 + again.meter.usage.input_tokens + again.meter.usage.output_tokens  # type: ignore[operator] # both are estimated
    assert [one.status for one in again.snapshot().receipts] == [MessageStatus.CUT_OFF, MessageStatus.STREAMING]
    gate.open()
    await task


async def test_going_on_that_is_refused_changes_no_bill() -> None:
    first: tuple[Step, ...] = (TextDelta("Apples"), UsageReport(Usage(10, 25)), StreamBrokenError("Cut."))
    at = Fixture(first, (LOST,))
    turn = at.session.begin("Hi")
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    cost = turn.message.cost
    with pytest.raises(ConnectionFailedError):
        await at.run(at.session.resume(turn.message))
    assert (turn.message.cost, turn.message.receipts) == (cost, ())
    assert await at.spent() == {"scripted-model": (1, Decimal(35))}


async def test_an_answer_that_took_one_request_has_no_receipts_and_teaches() -> None:
    at = Fixture(OK)
    message = await at.run(at.session.begin("Hi"))
    assert message.receipts == ()
    assert message.estimate is not None


class Slow(FlatPrices):
    """Prices that are known only some time after they were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.ready = False

    async def load(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)
        self.ready = True

    def rate(self, *, provider: str, model: str) -> Rate | None:
        return super().rate(provider=provider, model=model) if self.ready else None


async def test_what_failed_fast_is_priced_too() -> None:
    at = Fixture((ResponseStarted("m"), UsageReport(Usage(40, 0)), LOST), OK)
    at.session.prices = Slow()
    await at.run(at.session.begin("Hi"))
    assert await at.spent() == {"m": (1, Decimal(40)), "scripted-model": (1, Decimal(6))}
