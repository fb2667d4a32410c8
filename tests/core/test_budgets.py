"""Budgets in the turn loop: warned of, kept, gone past only where a person says so."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.fakes import FlatPrices, Gate, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.books import Books
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import ReasoningDelta, ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.ledger import Ledger
from tui_stream.core.models import FinishReason, MessageStatus, Source, Usage
from tui_stream.core.pricing import NoPrices
from tui_stream.core.provider import Capabilities
from tui_stream.core.route import Answerer, Fallback
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.errors import AuthenticationError, BudgetError, ConnectionFailedError, RequestError, StoreError

STOP = StreamEnd(FinishReason.STOP)
WORD = TextDelta("word" * 25)  # about 25 tokens
MIDNIGHT = datetime(2026, 3, 4)  # noqa: DTZ001 # local time, as `datetime.now` gives it


class Fixture:
    """Sessions that share their books; a token costs a dollar unless it is said otherwise."""

    def __init__(self, *limits: Budget, archive: MemoryArchive | None = None, **more: object) -> None:
        self.archive = archive or MemoryArchive()
        self.now = datetime.now()  # noqa: DTZ005 # local time
        budgets = Budgets(limits, **more)  # type: ignore[arg-type] # passed on
        self.books = Books(self.archive, budgets, now=lambda: self.now)

    def session(self, *steps: Step, prices: NoPrices | None = None, **about: object) -> ChatSession:
        provider = ScriptedProvider([steps])
        for name, value in about.items():
            setattr(provider, name, value)
        options = SessionOptions(frame=0)
        prices = prices or FlatPrices()
        return ChatSession(provider, options=options, store=self.archive, prices=prices, books=self.books)


async def run(session: ChatSession, turn: Turn, said: list[str] | None = None) -> list[str]:
    said = [] if said is None else said
    async with aclosing(session.run(turn)) as updates:
        async for update in updates:
            said += [update.text] if update.text else []
    return said


async def paced(session: ChatSession, turn: Turn, gates: list[Gate]) -> list[str]:
    """Opens one gate after the other, each once what came before it was taken in."""
    task = asyncio.create_task(run(session, turn))
    for gate in gates:
        reached = asyncio.create_task(gate.reached.wait())
        await asyncio.wait([reached, task], return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        gate.open()
    return await task


async def test_at_the_limit_the_stream_is_stopped_with_its_text() -> None:
    at = Fixture(Budget("turn", tokens=60))
    gates = [Gate() for _ in range(4)]
    session = at.session(*(step for gate in gates for step in (WORD, gate)), STOP)
    turn = session.begin("Hi")
    with pytest.raises(BudgetError) as caught:
        await paced(session, turn, gates)
    assert caught.value.exit_code == 8
    assert "80 tokens of the budget of 60 tokens for a turn are spent" in caught.value.message
    message = turn.message
    assert message.text == WORD.text * 3, "5 of the prompt and 25 each: the third piece reaches it, no fourth is read"
    assert (message.status, message.finish_reason) == (MessageStatus.CUT_OFF, FinishReason.BUDGET)
    assert message.error == str(caught.value)
    assert message.usage == Usage(5, 75, source=Source.ESTIMATED)
    assert session.provider.open_streams == 0  # type: ignore[attr-defined] # the scripted one


async def test_the_batch_that_reaches_it_is_handed_on() -> None:
    at = Fixture(Budget("turn", dollars=Decimal(20)))
    session, said = at.session(WORD, Gate()), list[str]()
    with pytest.raises(BudgetError):
        await run(session, session.begin("Hi"), said)
    assert said == [WORD.text]


async def test_a_share_is_said_once_before() -> None:
    at = Fixture(Budget("turn", tokens=100, warn=0.5))
    gates = [Gate() for _ in range(3)]
    session = at.session(*(step for gate in gates for step in (WORD, gate)), STOP)
    turn = session.begin("Hi")
    await paced(session, turn, gates)
    assert turn.message.notes == ["~55 tokens of the budget of 100 tokens for a turn are spent."]
    assert turn.message.status is MessageStatus.COMPLETE


@pytest.mark.parametrize("per", ["conversation", "day", "month"])
async def test_nothing_is_sent_once_it_is_spent_until_a_person_says_so(per: str) -> None:
    at = Fixture(Budget(per, tokens=50))  # type: ignore[arg-type] # a period
    session = at.session(WORD, UsageReport(Usage(10, 39)), STOP)
    await run(session, session.begin("Hi"))
    refused = session.begin("Again")
    with pytest.raises(BudgetError, match="nothing was sent"):
        await run(session, refused)
    assert len(session.provider.requests) == 1  # type: ignore[attr-defined] # the scripted one
    assert (refused.message.status, refused.message.cost) == (MessageStatus.FAILED, None)
    outlook = await session.outlook("Again")
    assert [one.budget.per for one in outlook.standings] == [per]
    allowed = session.begin("Again")
    allowed.agreements += 1
    await run(session, allowed)
    assert allowed.message.status is MessageStatus.COMPLETE
    assert (await session.outlook("More")).reached


async def test_what_was_spent_before_this_process_counts_and_what_is_older_does_not() -> None:
    archive = MemoryArchive()
    first = Fixture(archive=archive)
    session = first.session(WORD, UsageReport(Usage(10, 90)), STOP)
    await run(session, session.begin("Hi"))
    later = Fixture(Budget("day", tokens=100), archive=archive)
    refused = later.session(WORD, STOP)
    with pytest.raises(BudgetError):
        await run(refused, refused.begin("Hi"))
    tomorrow = Fixture(Budget("day", tokens=100), archive=archive)
    tomorrow.now += timedelta(days=1)
    allowed = tomorrow.session(WORD, STOP)
    await run(allowed, allowed.begin("Hi"))


async def test_streams_at_once_share_a_budget() -> None:
    at = Fixture(Budget("day", tokens=100))
    gates = [Gate() for _ in range(3)]
    sessions = [at.session(WORD, gate, WORD, Gate()) for gate in gates]
    turns = [session.begin("Hi") for session in sessions]
    tasks = [asyncio.create_task(run(session, turn)) for session, turn in zip(sessions, turns, strict=True)]
    for gate in gates:
        await gate.reached.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    for gate in gates:
        gate.open()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in ended] == [BudgetError] * 3, "90 together, and the first piece more reaches it"
    assert sum(len(turn.message.text) for turn in turns) <= 6 * len(WORD.text)


async def test_only_models_of_the_name_count() -> None:
    at = Fixture(Budget("conversation", tokens=10, model="gpt-*"))
    session = at.session(WORD, STOP)
    await run(session, session.begin("Hi"))
    other = at.session(WORD, Gate(), model="gpt-x")
    with pytest.raises(BudgetError, match=r"on gpt-\*"):
        await run(other, other.begin("Hi there"))


async def test_an_unknown_price_is_said_and_a_local_model_spends_no_money() -> None:
    at = Fixture(Budget("day", dollars=Decimal(1)))
    unknown = at.session(WORD, STOP, prices=NoPrices())
    turn = unknown.begin("Hi")
    await run(unknown, turn)
    assert turn.message.notes == [
        "Nobody knows what scripted-model costs; the budget of $1.00 for today cannot count it."
    ]
    local = at.session(WORD, STOP, capabilities=Capabilities(local=True), model="mine")
    turn = local.begin("Hi")
    await run(local, turn)
    assert turn.message.notes == []


async def test_a_dear_request_is_asked_about() -> None:
    at = Fixture(ask_above=Decimal("4.5"))
    session = at.session(WORD, STOP)
    turn = session.begin("Hi")
    with pytest.raises(BudgetError, match=r"about ~\$5\.00, and above \$4\.50"):
        await run(session, turn)
    outlook = await session.outlook("Hi")
    assert outlook.dear
    assert outlook.questions == ("This will cost about ~$5.00.",)
    allowed = session.begin("Hi")
    allowed.agreements += 1
    await run(session, allowed)


async def test_going_past_everything_still_tells() -> None:
    at = Fixture(Budget("turn", tokens=20, warn=0.1), overridden=True)
    session = at.session(WORD, STOP)
    turn = session.begin("Hi")
    await run(session, turn)
    assert turn.message.status is MessageStatus.COMPLETE
    assert "of 20 tokens for a turn" in turn.message.notes[0]


async def test_a_history_that_cannot_be_asked_is_said_and_this_process_still_counts() -> None:
    at = Fixture(Budget("day", tokens=40))
    session = at.session(WORD, STOP)
    at.archive.failure = StoreError("The disk is gone.")
    turn = session.begin("Hi")
    await run(session, turn)
    assert any("cannot be read; budgets count only" in note for note in turn.message.notes)


async def test_prices_are_waited_for_so_that_no_cost_is_unknown_for_being_fast() -> None:
    class Late(FlatPrices):
        ready = False

        async def load(self) -> None:
            await asyncio.sleep(0)
            self.ready = True

        def rate(self, *, provider: str, model: str) -> object:  # type: ignore[override] # as the one above, or None
            return super().rate(provider=provider, model=model) if self.ready else None

    at = Fixture()
    session = at.session(WORD, UsageReport(Usage(1, 2)), STOP, prices=Late())
    turn = session.begin("Hi")
    await run(session, turn)
    assert turn.message.cost is not None
    assert turn.message.cost.amount == 3


async def test_another_model_later_never_reprices_the_past() -> None:
    at = Fixture()
    prices = FlatPrices("1000000")
    session = at.session(WORD, UsageReport(Usage(1, 2)), STOP, prices=prices)
    turn = session.begin("Hi")
    await run(session, turn)
    before = turn.message.cost
    session.use_model("dearer")
    session.prices = FlatPrices("9000000")
    again = session.begin("Hi")
    await run(session, again)
    assert turn.message.cost is before
    assert again.message.cost is not None
    assert before is not None
    assert [before.amount, again.message.cost.amount] == [3, 27]
    assert session.cost().amount == 30


def pieces(count: int, *head: Step) -> tuple[list[Step], list[Gate]]:
    """A script of so many pieces with a gate behind each, and the gates."""
    gates = [Gate() for _ in range(count)]
    return [*head, *(step for gate in gates for step in (WORD, gate)), STOP], gates


@pytest.mark.parametrize("budget", [Budget("turn", tokens=100), Budget("day", dollars=Decimal(100))])
async def test_a_report_that_comes_early_does_not_switch_a_budget_off(budget: Budget) -> None:
    at = Fixture(budget)
    steps, gates = pieces(40, ResponseStarted("m"), UsageReport(Usage(10, 1)))
    session = at.session(*steps)
    turn = session.begin("Hi")
    with pytest.raises(BudgetError):
        await paced(session, turn, gates)
    assert turn.message.text == WORD.text * 4, "11 reported and 25 each: the fourth piece reaches it"
    assert turn.message.usage == Usage(10, 101, source=Source.ESTIMATED)


async def test_a_budget_holds_for_a_model_that_answers_under_another_name() -> None:
    at = Fixture(Budget("day", tokens=100, model="gpt-5-mini"))
    steps, gates = pieces(20, ResponseStarted("gpt-5-mini-2025-08-07"))
    session = at.session(*steps, model="gpt-5-mini")
    stopped = session.begin("Hi")
    with pytest.raises(BudgetError):
        await paced(session, stopped, gates)
    assert stopped.message.text == WORD.text * 4
    assert (stopped.message.model, stopped.message.asked) == ("gpt-5-mini-2025-08-07", "gpt-5-mini")
    later = Fixture(Budget("day", tokens=100, model="gpt-5-mini"), archive=at.archive)
    for books, model in ((at, "gpt-5-mini"), (later, "gpt-5-mini"), (later, "gpt-5-mini-2025-08-07")):
        again = books.session(WORD, STOP, model=model)
        (question,) = (await again.outlook("Hi")).questions
        assert "on gpt-5-mini" in question
        with pytest.raises(BudgetError, match="nothing was sent"):
            await run(again, again.begin("Hi"))


async def test_a_budget_holds_for_an_alias_that_shares_no_letter_with_the_answering_name() -> None:
    limit = Budget("day", tokens=60, model="best")
    at = Fixture(limit)
    steps, gates = pieces(8, ResponseStarted("quokka-7"))
    session = at.session(*steps, model="best")
    with pytest.raises(BudgetError):
        await paced(session, session.begin("Hi"), gates)
    later = Fixture(limit, archive=at.archive).session(WORD, STOP, model="best")
    assert (await later.outlook("Hi")).reached
    other = Fixture(limit, archive=at.archive).session(WORD, STOP, model="second-best")
    assert (await other.outlook("Hi")).standings == ()


async def test_an_answer_that_a_budget_per_turn_stopped_asks_before_it_goes_on_and_then_does() -> None:
    at = Fixture(Budget("turn", tokens=60))
    steps, gates = pieces(4)
    session = at.session(*steps)
    turn = session.begin("Hi")
    with pytest.raises(BudgetError):
        await paced(session, turn, gates)
    turn.message.text = "short"  # what is sent again is little beside what the answer came to
    assert (await session.outlook()).questions == ()
    (question,) = (await session.outlook(resumed=turn.message)).questions
    assert "80 tokens of the budget of 60 tokens for a turn" in question
    with pytest.raises(BudgetError, match="nothing was sent"):
        await run(session, session.resume(turn.message))
    allowed = session.resume(turn.message)
    allowed.agreements += 1
    await run(session, allowed)
    assert allowed.message.status is MessageStatus.COMPLETE


async def test_dollars_say_nothing_against_what_costs_nothing() -> None:
    at = Fixture(Budget("day", dollars=Decimal(1)))
    dear = at.session(WORD, STOP)
    spent = dear.begin("Hi")
    spent.agreements += 1
    await run(dear, spent)
    local = at.session(WORD, STOP, capabilities=Capabilities(local=True), model="mine")
    for session in (local, at.session(WORD, STOP, prices=FlatPrices("0"), model="gratis")):
        assert (await session.outlook("Hi")).questions == ()
        turn = session.begin("Hi")
        await run(session, turn)
        assert (turn.message.status, turn.message.notes) == (MessageStatus.COMPLETE, [])
    with pytest.raises(BudgetError):
        await run(dear, dear.begin("Hi"))
    unknown = at.session(WORD, STOP, prices=NoPrices())
    with pytest.raises(BudgetError):
        await run(unknown, unknown.begin("Hi"))


async def test_tokens_count_for_a_local_model_too() -> None:
    at = Fixture(Budget("day", dollars=Decimal(1), tokens=20))
    session = at.session(WORD, Gate(), capabilities=Capabilities(local=True))
    with pytest.raises(BudgetError):
        await run(session, session.begin("Hi"))


@pytest.mark.parametrize("archive", [True, False])
async def test_what_was_refused_is_not_spent(archive: bool) -> None:
    at = Fixture(Budget("day", tokens=100))
    books = at.books if archive else Books(None, at.books.budgets)
    provider = ScriptedProvider([[AuthenticationError("No.")], [TextDelta("ok"), STOP]])
    session = ChatSession(provider, options=SessionOptions(frame=0), books=books, prices=FlatPrices())
    with pytest.raises(BudgetError, match="nothing was sent"):
        await run(session, session.begin("word" * 1000))
    with pytest.raises(AuthenticationError):
        await run(session, session.begin("word" * 80))
    assert (await session.spending()).today.tokens == 0
    turn = session.begin("Hi")
    await run(session, turn)
    assert turn.message.text == "ok"


async def test_hidden_reasoning_is_a_part_of_what_a_request_will_cost() -> None:
    at = Fixture(ask_above=Decimal(1000))
    usage = UsageReport(Usage(10, 20_010, reasoning_tokens=20_000))
    session = at.session(ReasoningDelta("hm"), TextDelta("ok"), usage, STOP)
    await run(session, session.begin("Hi"))
    outlook = await session.outlook("Hi")
    assert outlook.dear
    assert outlook.cost.amount is not None
    assert outlook.cost.amount >= 20_010
    with pytest.raises(BudgetError, match="asked about first"):
        await run(session, session.begin("Hi"))


async def test_a_person_can_be_asked_where_nothing_was_asked_ahead() -> None:
    at = Fixture(ask_above=Decimal("4.5"))
    session, asked = at.session(WORD, STOP), list[str]()

    async def permit(refusal: BudgetError) -> bool:
        asked.append(refusal.message)
        return len(asked) > 1

    refused = session.begin("Hi")
    refused.permit = permit
    with pytest.raises(BudgetError):
        await run(session, refused)
    assert (refused.message.status, refused.message.cost) == (MessageStatus.FAILED, None)
    allowed = session.begin("Hi")
    allowed.permit = permit
    await run(session, allowed)
    assert allowed.agreements == 1
    assert allowed.message.status is MessageStatus.COMPLETE
    assert len(asked) == 2


async def test_stopping_while_a_person_is_asked_spends_nothing() -> None:
    at = Fixture(Budget("turn", tokens=1))
    session, gate = at.session(WORD, STOP), Gate()

    async def permit(refusal: BudgetError) -> bool:
        del refusal
        gate.reached.set()
        return await gate.event.wait()

    turn = session.begin("Hi")
    turn.permit = permit
    task = asyncio.create_task(run(session, turn))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (turn.message.status, turn.message.cost) == (MessageStatus.CANCELLED, None)
    assert (await session.spending()).today.requests == 0


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process cannot be set here")
def test_a_day_whose_first_hour_comes_twice_begins_with_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "America/Havana")
        time.tzset()
        for fold in (0, 1):
            moment = datetime(2026, 11, 1, 0, 30, fold=fold)  # noqa: DTZ001 # local time, as `datetime.now` gives it
            began = Ledger(None, lambda now=moment: now).start_of("day")  # type: ignore[misc] # given at once
            assert began == datetime(2026, 11, 1, 4, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


class Late(FlatPrices):
    """Notes how many requests had left when it was loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.provider: ScriptedProvider | None = None
        self.left: list[int] = []

    async def load(self) -> None:
        assert self.provider is not None
        self.left.append(len(self.provider.requests))


def late(at: Fixture, *steps: Step) -> tuple[ChatSession, Late]:
    prices = Late()
    session = at.session(*steps, prices=prices)
    assert isinstance(session.provider, ScriptedProvider)
    prices.provider = session.provider
    return session, prices


async def test_prices_are_loaded_once_the_request_has_left_and_before_it_where_a_budget_needs_them() -> None:
    for limits, left in (
        ((), [1]),
        ((Budget("turn", tokens=1000),), [1]),
        ((Budget("turn", dollars=Decimal(999)),), [0]),
    ):
        session, prices = late(Fixture(*limits), WORD, STOP)
        turn = session.begin("Hi")
        await run(session, turn)
        assert prices.left == left
        assert turn.message.cost is not None
        assert turn.message.cost.amount is not None


async def test_prices_are_loaded_for_what_was_stopped_and_not_for_what_was_refused() -> None:
    stopped, prices = late(Fixture(), Gate())
    turn = stopped.begin("Hi")
    task = asyncio.create_task(run(stopped, turn))
    assert prices.provider is not None
    while not prices.provider.requests:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert prices.left == [1]
    assert turn.message.cost is not None
    refused, prices = late(Fixture(), RequestError("No."))
    with pytest.raises(RequestError):
        await run(refused, refused.begin("Hi"))
    assert prices.left == []


async def test_who_agrees_to_one_budget_keeps_the_others() -> None:
    at = Fixture(Budget("turn", tokens=4), Budget("day", tokens=100))
    steps, gates = pieces(20)
    session = at.session(*steps)
    (question,) = (await session.outlook("Hi")).questions
    assert "for a turn" in question
    turn = session.begin("Hi")
    turn.agreements += 1
    with pytest.raises(BudgetError, match="for today"):
        await paced(session, turn, gates)
    assert turn.message.text == WORD.text * 4


async def test_who_agrees_to_a_price_is_asked_about_a_higher_one_again() -> None:
    at = Fixture(ask_above=Decimal(1))

    async def dear() -> Answerer:
        return Answerer(ScriptedProvider([[WORD, STOP]]), "", {}, FlatPrices("5000000"))

    session = ChatSession(
        ScriptedProvider([[ConnectionFailedError("No.")]]),
        options=SessionOptions(frame=0, retry=RetryPolicy(attempts=1)),
        fallbacks=[Fallback("dear", dear)],
        prices=FlatPrices(),
        books=at.books,
    )
    asked: list[str] = []

    async def permit(refusal: BudgetError) -> bool:
        asked.append(refusal.message)
        return False

    turn = session.begin("Hi")
    turn.agreements, turn.permit = 1, permit
    with pytest.raises(BudgetError):
        await run(session, turn)
    assert len(asked) == 1
    assert turn.message.text == ""
