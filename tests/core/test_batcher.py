from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import Gate, ScriptedProvider
from tui_stream.core.batcher import Batch, batches
from tui_stream.core.events import Event, ReasoningDelta, StreamEnd, TextDelta, ToolCallDelta
from tui_stream.core.models import ChatRequest
from tui_stream.core.watchdog import Limits
from tui_stream.errors import StreamBrokenError, TimedOutError

LONG = 3600.0  # a frame that no test lives to see the end of


def source(*steps: Event | Exception | Gate) -> AsyncGenerator[Event, None]:
    return ScriptedProvider([steps]).stream(ChatRequest("", ()))


async def collect(stream: AsyncGenerator[Batch, None]) -> list[Batch]:
    async with aclosing(stream):
        return [batch async for batch in stream]


async def collect_into(seen: list[str], stream: AsyncGenerator[Batch, None]) -> None:
    async with aclosing(stream):
        async for batch in stream:
            seen.append(batch.text)  # noqa: PERF401 - what was seen before an error counts


async def test_first_delta_goes_through_at_once_and_the_tail_when_the_stream_ends() -> None:
    gate = Gate()
    stream = batches(source(TextDelta("a"), gate, TextDelta("b"), TextDelta("c"), StreamEnd()), interval=LONG)
    async with aclosing(stream):
        assert (await anext(stream)).text == "a"
        gate.open()
        assert await anext(stream) == Batch("bc", "", (StreamEnd(),))
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_everything_queued_comes_in_one_piece() -> None:
    deltas = [TextDelta(str(n)) for n in range(10)]
    assert [batch.text for batch in await collect(batches(source(*deltas), interval=0))] == ["0123456789"]


async def test_reasoning_is_kept_apart() -> None:
    (batch,) = await collect(batches(source(ReasoningDelta("hm"), TextDelta("yes")), interval=0))
    assert (batch.text, batch.reasoning) == ("yes", "hm")


async def test_empty_deltas_are_no_batch() -> None:
    assert await collect(batches(source(TextDelta(""), ReasoningDelta("")), interval=0)) == []


async def test_the_tail_is_handed_on_before_the_error() -> None:
    stream = batches(source(TextDelta("a"), TextDelta("b"), StreamBrokenError("cut")), interval=LONG)
    seen: list[str] = []
    with pytest.raises(StreamBrokenError, match="cut"):
        await collect_into(seen, stream)
    assert "".join(seen) == "ab"


async def test_closing_closes_the_source() -> None:
    provider = ScriptedProvider([[TextDelta("a"), Gate()]])
    stream = batches(provider.stream(ChatRequest("", ())), interval=0)
    assert (await anext(stream)).text == "a"
    assert provider.open_streams == 1
    await stream.aclose()
    assert provider.open_streams == 0


async def test_cancelling_the_reader_closes_the_source_before_it_ends() -> None:
    gate = Gate()
    provider = ScriptedProvider([[gate]])
    task = asyncio.create_task(collect(batches(provider.stream(ChatRequest("", ())))))
    await gate.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert provider.open_streams == 0


async def test_a_slow_reader_holds_the_source_up() -> None:
    made = 0

    async def endless() -> AsyncGenerator[Event, None]:
        nonlocal made
        while True:
            made += 1
            yield TextDelta("x" * 10)
            await asyncio.sleep(0)

    stream = batches(endless(), interval=0, most_pending=100)
    async with aclosing(stream):
        await anext(stream)
        for _ in range(1000):
            await asyncio.sleep(0)
        assert made <= 13


async def test_no_task_is_left_behind() -> None:
    before = asyncio.all_tasks()
    await collect(batches(source(TextDelta("a"), StreamEnd()), interval=0))
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("limits", "steps", "said"),
    [
        (Limits(first_token=0.01), (), "No answer began within 0.01 s"),
        (Limits(between_tokens=0.01), (TextDelta("a"),), "stalled"),
        (Limits(first_token=0.01), (StreamEnd(),), "No answer began"),
        (Limits(total=0.01, between_tokens=LONG), (TextDelta("a"),), "took longer than 0.01 s"),
    ],
)
async def test_limits_end_the_stream_and_keep_what_came(limits: Limits, steps: tuple[Event, ...], said: str) -> None:
    provider = ScriptedProvider([[*steps, Gate()]])
    stream = batches(provider.stream(ChatRequest("", ())), interval=0, limits=limits)
    seen: list[str] = []
    with pytest.raises(TimedOutError, match=said):
        await collect_into(seen, stream)
    assert "".join(seen) == "".join(step.text for step in steps if isinstance(step, TextDelta))
    assert provider.open_streams == 0


async def test_a_slow_reader_is_not_taken_for_a_silent_stream() -> None:
    deltas = [TextDelta("x" * 50) for _ in range(4)]
    stream = batches(source(*deltas), interval=0, limits=Limits(between_tokens=0.01), most_pending=10)
    loop = asyncio.get_running_loop()
    text = ""
    async with aclosing(stream):
        async for batch in stream:
            text += batch.text
            over = loop.create_future()
            loop.call_later(0.03, over.set_result, None)
            await over
    assert len(text) == 200


@given(st.lists(st.one_of(st.text(max_size=5).map(TextDelta), st.text(max_size=5).map(ReasoningDelta))))
def test_nothing_is_lost_and_nothing_is_made_up(deltas: list[TextDelta | ReasoningDelta]) -> None:
    got = asyncio.run(collect(batches(source(*deltas), interval=0)))
    assert "".join(batch.text for batch in got) == "".join(d.text for d in deltas if isinstance(d, TextDelta))
    thought = "".join(d.text for d in deltas if isinstance(d, ReasoningDelta))
    assert "".join(batch.reasoning for batch in got) == thought


async def test_a_large_tool_call_comes_in_parts_and_many_small_ones_wait_too() -> None:
    call = ToolCallDelta(3, "i" * 5000, "n" * 5000, "a" * 5000)
    taken = await collect(batches(source(call, StreamEnd()), interval=0, most_pending=100))
    parts = [event for batch in taken for event in batch.events if isinstance(event, ToolCallDelta)]
    assert {part.index for part in parts} == {3}
    assert (parts[0].id, parts[0].name) == ("i" * 100, "n" * 100)
    assert "".join(part.arguments for part in parts) == "a" * 5000
    assert (
        max(sum(len(part.arguments) for part in batch.events if isinstance(part, ToolCallDelta)) for batch in taken)
        < 300
    )

    many = [ToolCallDelta(0, arguments="x" * 8) for _ in range(1000)]
    taken = await collect(batches(source(*many, StreamEnd()), interval=0, most_pending=100))
    assert max(len(batch.events) for batch in taken) <= 6
    assert sum(len(batch.events) for batch in taken) == 1001
