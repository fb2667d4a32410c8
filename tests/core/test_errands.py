"""Titles and summaries are counted and limited like any other request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.fakes import Gate, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import Message, MessageStatus, Price, Role, Source, Usage
from tui_stream.core.outlook import ContextPlan
from tui_stream.core.pricing import NoPrices, Rate
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.errors import AuthenticationError, BudgetError, ProtocolError, StoreError, StreamBrokenError

STOP = StreamEnd()


class ByModel(NoPrices):
    """Each model has a price of its own, once they are loaded."""

    def __init__(self) -> None:
        self.loaded = False

    async def load(self) -> None:
        await asyncio.sleep(0)
        self.loaded = True

    def rate(self, *, provider: str, model: str) -> Rate | None:
        del provider
        dollars = {"asked": 1, "answered": 5}.get(model)
        if not self.loaded or dollars is None:
            return None
        return Rate(Price(Decimal(dollars * 1_000_000), Decimal(dollars * 1_000_000), source="a test"))


class Fixture:
    """A session in the middle of a conversation."""

    def __init__(self, *scripts: Sequence[Step], history: bool = True, budgets: Budgets | None = None) -> None:
        self.archive = MemoryArchive()
        self.provider = ScriptedProvider(scripts, model="asked")
        self.books = Books(self.archive if history else None, budgets)
        self.session = ChatSession(
            self.provider, options=SessionOptions(frame=0), store=self.archive, prices=ByModel(), books=self.books
        )
        parent = None
        for number in range(4):
            message = Message(Role.USER, f"Question {number}", parent_id=parent)
            answer = Message(Role.ASSISTANT, "word " * 400, parent_id=message.id)
            parent = answer.id
            for one in (message, answer):
                self.session.conversation.messages.append(one)
                self.session.conversation.tree.add(one.id, one.parent_id)

    async def ask(self, what: str) -> None:
        if what == "title":
            await self.session.suggest_title()
        else:
            await self.session.summary(await self.plan())

    async def plan(self) -> ContextPlan:
        return await self.session.plan("next")


KINDS = pytest.mark.parametrize("what", ["title", "summary"])


@KINDS
async def test_the_model_that_answered_is_billed_with_prices_that_are_waited_for(what: str) -> None:
    at = Fixture([ResponseStarted("answered"), TextDelta("Fine"), UsageReport(Usage(100, 3)), STOP])
    await at.ask(what)
    ((_, receipt),) = at.archive.receipts
    assert receipt.cost is not None
    assert (receipt.model, receipt.asked, receipt.cost.amount) == ("answered", "asked", Decimal(515))
    assert receipt.cost.price is not None
    assert at.session.cost().amount == 515
    assert at.books.ledger.entries == 0


@KINDS
async def test_what_comes_to_nothing_is_kept_too(what: str) -> None:
    at = Fixture([ResponseStarted("asked"), TextDelta(" "), UsageReport(Usage(100, 3)), STOP])
    with pytest.raises(ProtocolError):
        await at.ask(what)
    ((_, receipt),) = at.archive.receipts
    assert (receipt.usage, receipt.status) == (Usage(100, 3), MessageStatus.COMPLETE)
    assert at.session.cost().amount == 103


@KINDS
async def test_what_breaks_off_is_kept_as_an_estimate(what: str) -> None:
    at = Fixture([ResponseStarted("asked"), TextDelta("Fine"), StreamBrokenError("Cut.")])
    with pytest.raises(StreamBrokenError):
        await at.ask(what)
    ((_, receipt),) = at.archive.receipts
    assert receipt.usage is not None
    assert (receipt.status, receipt.usage.source, receipt.usage.output_tokens) == (
        MessageStatus.FAILED,
        Source.ESTIMATED,
        1,
    )


@KINDS
async def test_what_is_stopped_is_kept_too(what: str) -> None:
    gate = Gate()
    at = Fixture([ResponseStarted("asked"), TextDelta("Fine"), gate, STOP])
    task = asyncio.create_task(at.ask(what))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ((_, receipt),) = at.archive.receipts
    assert receipt.status is MessageStatus.CANCELLED
    assert at.provider.open_streams == 0
    assert at.books.ledger.entries == 0


@KINDS
async def test_what_was_refused_cost_nothing(what: str) -> None:
    at = Fixture([AuthenticationError("No.")])
    with pytest.raises(AuthenticationError):
        await at.ask(what)
    assert at.archive.receipts == []
    assert (await at.session.spending()).today.requests == 0


@KINDS
@pytest.mark.parametrize(
    "budgets",
    [Budgets([Budget("day", tokens=5)]), Budgets([Budget("turn", dollars=Decimal(5))]), Budgets(ask_above=Decimal(5))],
)
async def test_a_budget_does_not_allow_it_until_a_person_does(what: str, budgets: Budgets) -> None:
    at = Fixture([TextDelta("Fine"), UsageReport(Usage(100, 3)), STOP], budgets=budgets)
    with pytest.raises(BudgetError):
        await at.ask(what)
    assert at.provider.requests == []
    assert (await at.session.spending()).today.requests == 0
    asked: list[str] = []

    async def permit(refusal: BudgetError) -> bool:
        asked.append(refusal.message)
        return True

    if what == "title":
        await at.session.suggest_title(permit=permit)
    else:
        await at.session.summary(await at.plan(), permit=permit)
        await at.session.summary(await at.plan(), overridden=True)
    assert len(asked) == 1
    assert at.provider.requests


@KINDS
async def test_it_is_stopped_where_a_budget_ends(what: str) -> None:
    steps: list[Step] = []
    gates = [Gate() for _ in range(8)]
    for gate in gates:
        steps += [TextDelta("word" * 25), gate]
    at = Fixture([*steps, STOP])
    sends = 700 if what == "summary" else 400
    at.books.budgets = Budgets([Budget("turn", tokens=sends)])
    task = asyncio.create_task(at.ask(what))
    for gate in gates:
        reached = asyncio.create_task(gate.reached.wait())
        await asyncio.wait([reached, task], return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        gate.open()
    with pytest.raises(BudgetError, match="stopped"):
        await task
    ((_, receipt),) = at.archive.receipts
    assert receipt.usage is not None
    assert sends <= (receipt.usage.input_tokens or 0) + (receipt.usage.output_tokens or 0) <= sends + 25


@pytest.mark.parametrize("failing", [True, False])
async def test_without_a_history_that_takes_it_it_counts_here(failing: bool) -> None:
    at = Fixture([TextDelta("Fine"), UsageReport(Usage(100, 3)), STOP], history=failing)
    if failing:
        at.archive.failure = StoreError("The disk is gone.")
    await at.ask("title")
    at.archive.failure = None
    assert (await at.session.spending()).today.tokens == 103


async def test_a_streams_budget_counts_a_title_that_is_asked_for_meanwhile() -> None:
    at = Fixture([TextDelta("Fine"), UsageReport(Usage(100, 3)), STOP])
    watch = await Budgets([Budget("day", tokens=1000)]).watch(at.books.ledger, at.books.ledger.enter((), "other"))
    await at.ask("title")
    (standing,) = watch.standings((await at.archive.spent())[0])
    assert standing.spent.tokens == 103
