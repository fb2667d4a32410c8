from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from decimal import Decimal

import pytest

from tests.fakes import FakeClock, FlatPrices, Gate, Passing, RecordingStore, ScriptedProvider, Step
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.events import (
    Progress,
    ReasoningDelta,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
    TurnState,
    TurnUpdate,
    UsageReport,
)
from tui_stream.core.models import Cost, FinishReason, MessageStatus, Source, Timing, ToolCall, Usage
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.core.turn import Turn
from tui_stream.core.watchdog import Limits
from tui_stream.errors import (
    AuthenticationError,
    ConnectionFailedError,
    RateLimitError,
    StreamBrokenError,
    TimedOutError,
)

ANSWER: tuple[Step, ...] = (TextDelta("Hel"), TextDelta("lo"), StreamEnd(FinishReason.STOP))


class Fixture:
    def __init__(self, *scripts: Sequence[Step], options: SessionOptions | None = None) -> None:
        self.provider = ScriptedProvider(scripts)
        self.store = RecordingStore()
        self.clock = FakeClock()
        self.session = ChatSession(
            self.provider,
            options=options or SessionOptions(frame=0),
            store=self.store,
            prices=FlatPrices(),
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    async def run(self, turn: Turn) -> list[TurnUpdate]:
        async with aclosing(self.session.run(turn)) as updates:
            return [update async for update in updates]


async def test_an_answer_streams_into_its_message() -> None:
    at = Fixture((ResponseStarted("real-model"), ReasoningDelta("hm"), *ANSWER))
    turn = at.session.begin("Hi")
    updates = await at.run(turn)
    assert "".join(update.text for update in updates) == "Hello"
    assert "".join(update.reasoning for update in updates) == "hm"
    message = turn.message
    assert (message.text, message.reasoning, message.status) == ("Hello", "hm", MessageStatus.COMPLETE)
    assert (message.model, message.finish_reason) == ("real-model", FinishReason.STOP)
    assert updates[-1].state is TurnState.DONE
    assert message.parent_id == turn.prompt.id
    assert message.finished_at is not None


async def test_the_prompt_is_kept_before_the_request_leaves() -> None:
    gate = Gate()
    at = Fixture((gate, *ANSWER))
    task = asyncio.create_task(at.run(at.session.begin("Hi")))
    await gate.reached.wait()
    assert at.store.writes == [("open", "", ""), ("add", "user", "Hi"), ("add", "assistant", "")]
    gate.open()
    await task
    assert at.store.writes[-1] == ("update", "complete", "Hello")


async def test_the_journal_is_written_while_it_streams() -> None:
    gates = [Gate() for _ in range(4)]
    script: list[Step] = []
    for number, gate in enumerate(gates):
        script += [TextDelta(str(number)), gate]
    at = Fixture([*script, StreamEnd()])
    task = asyncio.create_task(at.run(at.session.begin("Hi")))
    for gate in gates:
        await gate.reached.wait()
        at.clock.now += 0.2
        gate.open()
    await task
    journalled = [text for kind, _, text in at.store.writes if kind == "update"]
    assert journalled[:-1], "nothing was journalled before the end"
    assert journalled[-1] == "0123"


async def test_reported_usage_replaces_the_estimate() -> None:
    gate = Gate()
    at = Fixture((TextDelta("x" * 40), gate, UsageReport(Usage(7, 3)), StreamEnd(FinishReason.STOP)))
    turn = at.session.begin("Hi")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    assert turn.stats.usage.source is Source.ESTIMATED
    gate.open()
    updates = await task
    assert updates[-1].stats.usage == Usage(7, 3)
    assert turn.message.cost == Cost(Decimal(10), Source.REPORTED, price=FlatPrices().price)
    assert at.session.cost() == Cost(Decimal(10), Source.REPORTED)


async def test_the_second_request_carries_the_first_turn() -> None:
    at = Fixture(ANSWER, options=SessionOptions(frame=0, system="Be brief.", options={"temperature": 0}))
    await at.run(at.session.begin("one"))
    await at.run(at.session.begin("two"))
    request = at.provider.requests[1]
    assert [m.content for m in request.messages] == ["Be brief.", "one", "Hello", "two"]
    assert request.options == {"temperature": 0}


async def test_cancel_keeps_the_text_with_an_estimate_and_closes_the_stream() -> None:
    gate = Gate()
    at = Fixture((TextDelta("half"), gate))
    turn = at.session.begin("Hi")
    task = asyncio.create_task(at.run(turn))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert at.provider.open_streams == 0
    assert (turn.message.status, turn.message.text) == (MessageStatus.CANCELLED, "half")
    assert turn.message.usage is not None
    assert turn.message.usage.source is Source.ESTIMATED
    assert turn.state is TurnState.CANCELLED
    assert at.store.writes[-1] == ("update", "cancelled", "half")


async def test_a_failed_turn_is_not_in_the_way_of_the_next() -> None:
    at = Fixture((AuthenticationError("Wrong key.", hint="Set another."),), ANSWER)
    turn = at.session.begin("Hi")
    with pytest.raises(AuthenticationError):
        await at.run(turn)
    assert (turn.message.status, turn.message.error) == (MessageStatus.FAILED, "Wrong key. Set another.")
    assert (turn.message.usage, turn.message.cost) == (None, None), "what was refused costs nothing"
    await at.run(at.session.begin("Hi"))
    assert [m.content for m in at.provider.requests[1].messages] == ["Hi"]


@pytest.mark.parametrize("error", [None, StreamBrokenError("The connection was reset.")])
async def test_an_answer_without_an_end_marker_is_cut_off_and_kept(error: StreamBrokenError | None) -> None:
    at = Fixture((TextDelta("half"), *([error] if error else [])))
    turn = at.session.begin("Hi")
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    assert (turn.message.status, turn.message.text) == (MessageStatus.CUT_OFF, "half")
    assert turn.message.error


async def test_retries_before_the_first_token_with_growing_delays() -> None:
    refused = ConnectionFailedError("Refused.")
    at = Fixture((refused,), (refused,), ANSWER, options=SessionOptions(frame=0, retry=RetryPolicy(3, 1, 30, jitter=0)))
    turn = at.session.begin("Hi")
    updates = await at.run(turn)
    retries = [update.retrying for update in updates if update.retrying]
    assert [(retry.attempt, retry.delay) for retry in retries] == [(2, 1.0), (3, 2.0)]
    assert at.clock.slept == [1.0, 2.0]
    assert turn.message.text == "Hello"


async def test_a_provider_that_names_a_longer_wait_gets_it() -> None:
    at = Fixture((RateLimitError("Slow down.", retry_after=60),), ANSWER)
    await at.run(at.session.begin("Hi"))
    assert at.clock.slept == [60]


@pytest.mark.parametrize(
    "script",
    [
        (TextDelta("a"), ConnectionFailedError("Lost.")),
        (ReasoningDelta("a"), ConnectionFailedError("Lost.")),
        (ToolCallDelta(0, name="f"), ConnectionFailedError("Lost.")),
        (AuthenticationError("No."),),
    ],
)
async def test_no_retry_after_the_first_token_or_where_it_cannot_help(script: Sequence[Step]) -> None:
    at = Fixture(script)
    with pytest.raises((ConnectionFailedError, AuthenticationError)):
        await at.run(at.session.begin("Hi"))
    assert len(at.provider.requests) == 1


async def test_retries_end() -> None:
    at = Fixture((ConnectionFailedError("Refused."),))
    with pytest.raises(ConnectionFailedError):
        await at.run(at.session.begin("Hi"))
    assert len(at.provider.requests) == RetryPolicy().attempts


async def test_cancel_while_waiting_for_a_retry() -> None:
    at = Fixture((ConnectionFailedError("Refused."),))
    waiting = asyncio.Event()

    async def wait(seconds: float) -> None:
        del seconds
        waiting.set()
        await asyncio.Event().wait()

    at.session._sleep = wait
    turn = at.session.begin("Hi")
    task = asyncio.create_task(at.run(turn))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert turn.message.status is MessageStatus.CANCELLED


async def test_silence_before_the_first_token_ends_the_turn() -> None:
    options = SessionOptions(frame=0, limits=Limits(first_token=0.01), retry=RetryPolicy(attempts=1))
    at = Fixture((Gate(),), options=options)
    with pytest.raises(TimedOutError, match=r"timeouts\.first_token"):
        await at.run(at.session.begin("Hi"))
    assert at.provider.open_streams == 0


async def test_foreign_text_is_cleaned_on_its_way_in() -> None:
    script = (
        ResponseStarted("m\x1b[31m"),
        ReasoningDelta("\x1b]0;t\x07"),
        TextDelta("a\x1b"),
        TextDelta("[2Jb"),
        ToolCallDelta(0, "i\x1b", "f\x07", "{\x9b}"),
        StreamEnd(),
    )
    at = Fixture(script)
    turn = at.session.begin("Hi")
    await at.run(turn)
    message = turn.message
    assert (message.model, message.reasoning, message.text) == ("m[31m", "]0;t", "a[2Jb")
    assert message.tool_calls == [ToolCall("i", "f", "{}")]


async def test_states_follow_the_stream() -> None:
    steps: list[Step] = []
    gates = []
    for event in (Progress("Loading"), ResponseStarted(), ReasoningDelta("a"), TextDelta("b")):
        gates.append(Gate())
        steps += [event, gates[-1]]
    at = Fixture([*steps, StreamEnd()])
    turn = at.session.begin("Hi")
    task = asyncio.create_task(at.run(turn))
    seen = []
    for gate in gates:
        await gate.reached.wait()
        for _ in range(5):  # the batch that was queued before the gate is taken in
            await asyncio.sleep(0)
        seen.append(turn.state)
        gate.open()
    await task
    assert seen == [TurnState.PREPARING, TurnState.WAITING, TurnState.THINKING, TurnState.STREAMING]
    assert turn.state is TurnState.DONE


async def test_two_sessions_side_by_side() -> None:
    one, two = Fixture((TextDelta("1"), StreamEnd())), Fixture((TextDelta("2"), StreamEnd()))
    first, second = one.session.begin("a"), two.session.begin("b")
    await asyncio.gather(one.run(first), two.run(second))
    assert (first.message.text, second.message.text) == ("1", "2")


async def test_a_finished_answer_has_its_times_and_what_was_asked_with() -> None:
    refused = ConnectionFailedError("Refused.")
    script = (ResponseStarted(), Passing(0.5), TextDelta("a"), Passing(2), TextDelta("b"), Passing(1), StreamEnd())
    options = SessionOptions(frame=0, retry=RetryPolicy(2, 1, 30, jitter=0), options={"temperature": 0})
    at = Fixture((refused,), script, options=options)
    at.provider.clock = at.clock
    turn = at.session.begin("Hi")
    await at.run(turn)
    assert turn.message.timing == Timing(elapsed=4.5, first_token=1.5, streaming=2.0, attempts=2)
    assert turn.message.parameters == {"temperature": 0}
    assert turn.message.parameters is not options.options


async def test_the_times_of_an_answer_in_two_parts_add_up() -> None:
    first = (TextDelta("a"), Passing(1), TextDelta("b"), StreamBrokenError("Reset."))
    second = (Passing(0.25), TextDelta("c"), Passing(2), TextDelta("d"), StreamEnd())
    at = Fixture(first, second)
    at.provider.clock = at.clock
    turn = at.session.begin("Hi")
    with pytest.raises(StreamBrokenError):
        await at.run(turn)
    assert turn.message.timing == Timing(1, 0, 1, 1)
    await at.run(at.session.resume(turn.message))
    assert turn.message.timing == Timing(3.25, 0, 3, 2)


async def test_a_conversation_is_as_new_as_its_newest_message() -> None:
    at = Fixture(ANSWER)
    await at.run(at.session.begin("Hi"))
    conversation = at.session.conversation
    assert conversation.updated_at >= conversation.messages[-1].created_at >= conversation.created_at
