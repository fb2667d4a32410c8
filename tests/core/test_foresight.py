"""What a request would be before it is sent, and what is done where it does not fit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from decimal import Decimal

import pytest

from tests.fakes import FlatPrices, ScriptedProvider, Step
from tests.memory_archive import MemoryArchive
from tui_stream.core.books import Books, truncation
from tui_stream.core.budgets import Budget, Budgets
from tui_stream.core.events import Event, StreamEnd, TextDelta, UsageReport
from tui_stream.core.facts import facts
from tui_stream.core.models import ChatRequest, FinishReason, Role, Source, Timing, Usage
from tui_stream.core.outlook import Fit
from tui_stream.core.provider import Capabilities
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.errors import ConnectionFailedError, ProtocolError

STOP = StreamEnd(FinishReason.STOP)
LONG = "word " * 80  # 100 tokens


class Telling(ScriptedProvider):
    """Says how much its model takes."""

    tells: int | None = 1000
    asked = 0
    fails = False

    async def window(self, model: str, options: Mapping[str, object]) -> int | None:
        del model
        self.asked += 1
        if self.fails:
            raise ConnectionFailedError("It is down.")
        found = options.get("num_ctx", self.tells)
        assert found is None or isinstance(found, int)
        return found


def opened(*steps: Step, window: int | None = None, **more: object) -> ChatSession:
    provider = Telling([steps or (TextDelta(LONG), STOP)])
    if window is not None:
        provider.capabilities = Capabilities(context_window=window)
    for name, value in more.items():
        setattr(provider, name, value)
    archive = MemoryArchive()
    books = Books(archive)
    options = SessionOptions(frame=0)
    return ChatSession(provider, options=options, store=archive, prices=FlatPrices("1"), books=books)


async def run(session: ChatSession, turn: Turn) -> Turn:
    async with aclosing(session.run(turn)) as updates:
        async for _ in updates:
            pass
    return turn


async def talk(session: ChatSession, turns: int) -> None:
    for number in range(turns):
        await run(session, session.begin(f"{number} {LONG}"))


def sent(session: ChatSession) -> list[str]:
    provider = session.provider
    assert isinstance(provider, ScriptedProvider)
    return [message.content for message in provider.requests[-1].messages]


async def test_an_outlook_says_tokens_share_and_cost() -> None:
    session = opened(TextDelta(LONG), UsageReport(Usage(104, 100)), STOP, window=500)
    outlook = await session.outlook(LONG)
    assert (outlook.tokens, outlook.window, outlook.fit) == (104, 500, Fit.FITS)
    assert outlook.share == pytest.approx(0.208)
    assert (outlook.cost.amount, outlook.cost.source) == (Decimal("0.000104"), Source.ESTIMATED)
    await run(session, session.begin(LONG))
    after = await session.outlook(LONG)
    assert 300 <= after.tokens <= 325, "the answer goes back too"
    assert after.cost.amount == (after.tokens + 100) * Decimal("0.000001"), "and so long an answer will come again"
    assert (await session.outlook(LONG * 2)).fit is Fit.NEAR
    over = await session.outlook(LONG * 3)
    assert over.fit is Fit.OVER
    assert "takes 500" in over.questions[0]


async def test_windows_are_asked_for_once_and_go_by_the_parameters() -> None:
    session = opened()
    assert session.window is None
    assert [(await session.outlook("Hi")).window for _ in range(3)] == [1000] * 3
    assert isinstance(session.provider, Telling)
    assert session.provider.asked == 1
    assert session.books.windows.known(session._chosen()) == 1000
    session.options.options["num_ctx"] = 64
    assert (await session.outlook("Hi")).window == 64


async def test_a_provider_that_cannot_be_asked_leaves_the_window_open() -> None:
    session = opened(fails=True)
    outlook = await session.outlook("Hi")
    assert (outlook.window, outlook.share, outlook.fit, outlook.questions) == (None, None, Fit.UNKNOWN, ())


async def test_the_oldest_turns_are_left_out_from_a_prompt_on() -> None:
    session = opened(window=700)
    await talk(session, 3)
    plan = await session.plan(LONG)
    prompts = [message.text[0] for message in plan.left_out if message.role is Role.USER]
    assert prompts == ["0"], "with two turns left it is below 80 %"
    assert plan.enough
    assert plan.tokens <= 560
    await run(session, session.begin(LONG, cut=plan.cut))
    assert [text[0] for text in sent(session)] == ["1", "w", "2", "w", "w"]
    await run(session, session.begin("later"))
    assert [text[0] for text in sent(session)][:2] == ["1", "w"], "it holds for what follows"
    again = await session.plan(LONG * 2)
    assert [message.text[0] for message in again.left_out if message.role is Role.USER] == ["1", "2"]


async def test_a_prompt_that_is_too_long_by_itself_cannot_be_helped() -> None:
    session = opened(window=150)
    await talk(session, 1)
    plan = await session.plan(LONG * 2)
    assert not plan.enough
    assert plan.cut.left_out == 2
    await run(session, session.begin(LONG * 2, cut=plan.cut))
    assert sent(session) == [LONG * 2]


async def test_what_is_left_out_can_be_summed_up_in_pieces_that_fit() -> None:
    session = opened(TextDelta("They spoke of words."), UsageReport(Usage(200, 6)), STOP, window=700)
    await talk(session, 4)
    before = session.cost()
    plan = await session.plan(LONG * 2)
    asked = len(session.provider.requests)  # type: ignore[attr-defined] # the scripted one
    cut = await session.summary(plan)
    assert cut.summary == "They spoke of words."
    assert len(session.provider.requests) > asked  # type: ignore[attr-defined] # as above
    assert sent(session)[-1].startswith("Summarise")
    now = session.cost().amount
    assert before.amount is not None
    assert now is not None
    assert now > before.amount, "it was paid for"
    await run(session, session.begin("Go on", cut=cut))
    assert sent(session)[0].endswith("in short, it said:\n\nThey spoke of words.")


async def test_a_model_that_sums_nothing_up_is_an_error() -> None:
    session = opened(TextDelta("  "), STOP, window=300)
    await talk(session, 1)
    with pytest.raises(ProtocolError):
        await session.summary(await session.plan(LONG))


async def test_a_branch_of_its_own_carries_nothing() -> None:
    session = opened()
    await talk(session, 2)
    first = session.conversation.messages[0]
    await run(session, session.begin_apart("Anew"))
    assert sent(session) == ["Anew"]
    assert session.conversation.messages[0].text == "Anew"
    assert session.siblings(session.conversation.messages[0]) == (2, 2)
    await session.switch(session.conversation.messages[0], -1)
    assert session.conversation.messages[0] is first


async def test_a_prompt_that_the_provider_cut_is_told_and_not_learned_from() -> None:
    steps = (TextDelta("Hm."), UsageReport(Usage(300, 2)), STOP)
    session = opened(*steps, tells=512)
    turn = await run(session, session.begin("Hello " * 1000))
    assert turn.truncated
    assert turn.message.estimate is None
    assert turn.message.notes == [
        "scripted/scripted-model read only 300 of about ~1,504 tokens, since its window is set to 512: the beginning of"
        " the conversation was left out. Raise num_ctx in [options], or drop earlier turns."
    ]
    large = opened(*steps, tells=32_000)
    assert (await run(large, large.begin("Hello " * 1000))).message.notes == []


@pytest.mark.parametrize(
    ("counted", "expected", "window", "samples", "told"),
    [
        (1024, 1100, 1024, 0, True),  # full to the brim
        (700, 1500, 1024, 0, True),
        (1000, 1010, 4096, 9, False),
        (700, 1000, 4096, 9, False),  # a poor estimate; it fitted
        (2048, 9000, None, 3, True),
        (2048, 9000, None, 2, False),  # nothing was learned yet
        (8000, 9000, None, 9, False),
        (1100, 1500, 1024, 9, False),  # more than the window was counted, so it is another one
    ],
)
def test_a_cut_prompt_is_told_from_a_poor_estimate(
    counted: int, expected: int, window: int | None, samples: int, told: bool
) -> None:
    assert bool(truncation("ollama/m", counted, expected, window, samples)) is told


@pytest.mark.parametrize(
    ("counted", "expected", "window", "error", "told"),
    [
        (3792, 4266, 4096, 0.05, True),  # a message was dropped, and what was read lies below the window
        (3800, 4500, 4096, 0.05, True),
        (4000, 4150, 4096, 0.05, False),  # as far off as estimates are
        (3300, 4266, 4096, 0.3, False),
        (3792, 4080, 4096, 0.05, False),  # it fitted
    ],
)
def test_an_estimate_that_has_learned_is_believed(
    counted: int, expected: int, window: int, error: float, told: bool
) -> None:
    assert bool(truncation("ollama/m", counted, expected, window, 3, error)) is told


class Dropping(Telling):
    """Drops the oldest messages of a prompt that its window does not hold, as Ollama does; four letters a token."""

    tells: int | None = 4096
    sent = read = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        tokens = [len(message.content) // 4 + 4 for message in request.messages]
        self.sent = sum(tokens)
        while len(tokens) > 1 and sum(tokens) > 4096:
            tokens.pop(0)
        self.read = sum(tokens)
        for event in (TextDelta("word" * self.size), UsageReport(Usage(self.read, self.size)), STOP):
            yield event

    size = 100


@pytest.mark.parametrize("size", [300, 470, 520, 600, 700])
async def test_every_prompt_that_was_cut_is_told_however_much_is_missing(size: int) -> None:
    provider = Dropping([], capabilities=Capabilities(local=True))
    provider.size = size
    archive = MemoryArchive()
    session = ChatSession(provider, options=SessionOptions(frame=0), store=archive, books=Books(archive))
    cut = 0
    for _ in range(14):
        turn = await run(session, session.begin("word" * size))
        assert bool(turn.message.notes) is (provider.sent > provider.read), (provider.sent, provider.read)
        cut += provider.sent > provider.read
        assert (await session.glance()).tokens == pytest.approx(provider.sent + size, rel=0.02)
    assert cut > 5


async def test_a_count_that_may_be_that_of_a_cut_prompt_is_not_learned_from() -> None:
    session = opened(TextDelta("Hm."), UsageReport(Usage(3500, 2)), STOP, tells=4096)
    turn = await run(session, session.begin("Hello " * 2740))
    assert turn.message.notes == [], "nothing has been learned that could tell"
    assert turn.message.estimate is None
    assert (await session.books.estimator(session._chosen())).samples == 0


async def test_a_glance_leaves_out_reasoning() -> None:
    session = opened(TextDelta(LONG), UsageReport(Usage(1000, 20_010, reasoning_tokens=20_000)), STOP, tells=32_000)
    await run(session, session.begin(LONG))
    ahead = await session.glance()
    assert (ahead.tokens, ahead.fit) == (1010, Fit.FITS)


async def test_the_facts_of_an_answer() -> None:
    session = opened(TextDelta(LONG), UsageReport(Usage(110, 90, 50, reasoning_tokens=10)), STOP)
    said = dict(facts((await run(session, session.begin(LONG))).message))
    assert said["model"] == "scripted/scripted-model"
    assert said["tokens"] == "110 in / 90 out"
    assert said["of these"] == "50 from the cache, 10 reasoning"
    assert said["estimated before"] == "~104 in (off by 5.5 %) / ~100 out (off by 25 %)"
    assert said["cost"] == "$0.00020"
    assert said["price for a million tokens"] == "input $1.00, output $1.00 (a test)"
    assert said["ended"] == "complete (stop)"


async def test_the_speed_of_an_answer_leaves_hidden_reasoning_out() -> None:
    session = opened(TextDelta(LONG), UsageReport(Usage(110, 1090, reasoning_tokens=1000)), STOP)
    turn = await run(session, session.begin(LONG))
    turn.message.timing = Timing(5.0, 4.0, 1.0)
    assert dict(facts(turn.message))["speed"] == "89.0 tokens/s"
    assert turn.stats.unseen == 1000


async def test_the_facts_of_an_answer_that_nobody_counted() -> None:
    session = opened()
    said = dict(facts((await run(session, session.begin(LONG))).message))
    assert said["tokens"] == "~104 in / ~100 out"
    assert said["cost"] == "~$0.00020"
    assert "an estimate" in said["counted by"]


async def test_today_and_this_month_are_told_while_it_streams_and_after() -> None:
    session = opened(TextDelta(LONG), UsageReport(Usage(110, 90)), STOP)
    turn = session.begin(LONG)
    async with aclosing(session.run(turn)) as updates:
        seen = [(await session.spending()).today.tokens async for _ in updates]
    spending = await session.spending()
    assert seen[0] == 104, "the prompt is on its way"
    assert seen[-1] == spending.today.tokens == spending.month.tokens == 200
    assert spending.month.cost.amount == Decimal("0.0002")
    await run(session, session.begin("More"))
    assert (await session.spending()).today.requests == 2


async def test_a_request_that_uses_a_budget_up_by_what_it_sends_is_asked_about() -> None:
    budgets = Budgets([Budget("turn", tokens=50), Budget("day", dollars=Decimal(1))])
    session = ChatSession(ScriptedProvider([[STOP]]), prices=FlatPrices("10"), books=Books(None, budgets))
    assert (await session.outlook("short")).questions == ()
    long = await session.outlook("word " * 80)
    assert [standing.budget.per for standing in long.passed] == ["turn"]
    assert long.questions[0].startswith("With this request ")
    session.books.budgets.overridden = True
    assert (await session.outlook("word " * 80)).questions == ()


async def test_a_glance_reads_nothing_and_goes_by_what_the_provider_counted() -> None:
    archive = MemoryArchive()
    session = ChatSession(ScriptedProvider([[TextDelta("Hi"), UsageReport(Usage(700, 50)), STOP]]), store=archive)
    await run(session, session.begin("Hello"))
    archive.calls.clear()
    ahead = await session.glance()
    assert (ahead.tokens, ahead.tokens_source) == (750, Source.REPORTED)
    assert "messages" not in archive.calls


async def test_what_streams_is_added_to_what_was_spent_before_without_asking() -> None:
    archive = MemoryArchive()
    books = Books(archive)
    provider = ScriptedProvider([[TextDelta("word " * 40), UsageReport(Usage(100, 60)), STOP]])
    session = ChatSession(provider, prices=FlatPrices("10"), books=books, store=archive)
    earlier = await session.earlier_spending()
    archive.calls.clear()
    async with aclosing(session.run(session.begin("Hello"))) as updates:
        seen = [session.spending_now(earlier).today.dollars async for _ in updates]
    assert max(seen) == Decimal("0.0016")
    assert "spent" not in archive.calls
    assert (await session.earlier_spending()).month.dollars == Decimal("0.0016")


async def test_a_provider_that_cannot_be_asked_is_asked_again_only_after_an_answer() -> None:
    session = opened(TextDelta(LONG), STOP, fails=True)
    provider = session.provider
    assert isinstance(provider, Telling)
    await asyncio.gather(*(session.outlook("Hi") for _ in range(3)))
    assert provider.asked == 1
    for _ in range(2):
        await talk(session, 1)
        await session.outlook("Hi")
        await session.outlook("Hi")
        assert provider.asked == 2
