from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.fakes import Gate, Step
from tests.providers.pooling import REQUEST, Bench, answer, collect, refused
from tui_stream.core.events import Rerouted, ResponseStarted, StreamEnd, TextDelta
from tui_stream.errors import ServerError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "endpoints.json"


async def given_up(bench: Bench, silence: float) -> None:
    """Asks, and cancels after so many seconds of silence at the gate of the first provider's script."""
    gate = next(step for step in bench.scripts[0][0] if isinstance(step, Gate))
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    await gate.reached.wait()
    bench.clock.now += silence
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert bench.open_streams == 0


@pytest.mark.parametrize("before", [[], [ResponseStarted()], [TextDelta("hel")]])
@pytest.mark.parametrize(("silence", "asked"), [(9.0, "a"), (10.0, "b")])
async def test_giving_up_is_a_failure_only_after_a_long_silence(
    path: Path, before: list[TextDelta], silence: float, asked: str
) -> None:
    bench = Bench(path, [[[*before, Gate()], answer()], [answer(20)]])
    bench.known(b=20)
    await given_up(bench, silence)
    assert await bench.asked() == asked


@pytest.mark.parametrize(("silence", "asked"), [(3.5, "a"), (3.6, "b")])
async def test_close_to_the_limit_on_the_first_token_a_silence_is_long(path: Path, silence: float, asked: str) -> None:
    bench = Bench(path, [[[Gate()], answer()], [answer(20)]], limit=4)
    bench.known(a=3.55, b=20)
    await given_up(bench, silence)
    assert await bench.asked() == asked


async def test_after_the_first_token_the_limit_on_it_does_not_count(path: Path) -> None:
    bench = Bench(path, [[[TextDelta("hel"), Gate()], answer()], [answer(20)]], limit=4)
    bench.known(b=20)
    await given_up(bench, 9)
    assert await bench.asked() == "a"


@pytest.mark.parametrize("before", [[], [ResponseStarted()]])
async def test_before_the_limit_is_reached_the_next_one_is_asked(path: Path, before: list[ResponseStarted]) -> None:
    bench = Bench(path, [[[*before, Gate()]], [answer()]], limit=0.05)
    bench.known(a=1, b=2)
    async with asyncio.timeout(20):
        events, error = await bench.ask()
    assert error is None
    assert events == [
        *before,
        Rerouted("http://a", "http://b", "No answer began within 0.045 s."),
        TextDelta("hello"),
        StreamEnd(),
    ]
    assert bench.open_streams == 0
    assert await bench.asked(2) == "bb"


async def test_one_that_hangs_while_preparing_is_given_up_too(path: Path) -> None:
    bench = Bench(path, [[answer()], [answer()]], limit=0.05)
    bench.providers[0].preparation = [Gate()]
    async with asyncio.timeout(20):
        events, error = await bench.ask()
    assert (error, bench.counts) == (None, [0, 1])
    assert TextDelta("hello") in events


async def test_one_that_was_given_up_is_asked_last_when_all_rest(path: Path) -> None:
    bench = Bench(path, [[[Gate()]], [[ServerError("503")], answer()]], limit=0.05)
    bench.known(a=0.001, b=0.002)
    async with asyncio.timeout(20):
        _, error = await bench.ask()
        assert isinstance(error, ServerError)
        assert await bench.asked() == "b"


async def test_a_hang_is_no_sign_of_a_missing_network(path: Path) -> None:
    bench = Bench(path, [[[Gate()]], [[refused()]]], limit=0.05)
    bench.known(a=1, b=1000)
    async with asyncio.timeout(20):
        for _ in range(2):
            await bench.ask()
            bench.clock.now += 31
    await bench.pool.aclose()
    assert [entry["failures"] for entry in json.loads(path.read_text())["endpoints"]] == [2, 2]


async def test_signs_before_the_first_token_begin_the_time_anew_and_the_answer_has_no_limit(path: Path) -> None:
    gates = [Gate(), Gate(), Gate()]
    script: list[Step] = [
        gates[0],
        ResponseStarted(),
        gates[1],
        TextDelta("hel"),
        gates[2],
        TextDelta("lo"),
        StreamEnd(),
    ]
    bench = Bench(path, [[script], [answer()]], limit=0.5)
    bench.known(a=1, b=2)
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    for gate, seconds in zip(gates, (0.3, 0.3, 0.6), strict=True):
        await gate.reached.wait()
        loop.call_later(seconds, gate.open)
    events, error = await task
    assert (error, bench.counts) == (None, [1, 0])
    assert events == [ResponseStarted(), TextDelta("hel"), TextDelta("lo"), StreamEnd()]


async def test_the_last_one_has_all_the_time_that_the_turn_loop_gives_it(path: Path) -> None:
    gate = Gate()
    bench = Bench(path, [[[Gate()]], [[gate, *answer()]]], limit=0.05)
    bench.known(a=1, b=2)
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    await gate.reached.wait()
    asyncio.get_running_loop().call_later(0.2, gate.open)
    async with asyncio.timeout(20):
        events, error = await task
    assert error is None
    assert TextDelta("hello") in events


async def test_one_that_always_takes_long_may_be_silent_for_longer(path: Path) -> None:
    bench = Bench(path, [[[Gate()], answer()], [answer(60)]])
    bench.known(a=20, b=60)
    await given_up(bench, 39)
    assert await bench.asked() == "a"


async def test_a_wait_that_was_given_up_tells_that_it_is_slow(path: Path) -> None:
    bench = Bench(path, [[[Gate()], answer()], [answer(2)]])
    await given_up(bench, 5)
    assert await bench.asked(2) == "bb"


async def test_closing_while_the_reader_is_busy_is_nobodys_failure(path: Path) -> None:
    bench = Bench(path, [[[ResponseStarted(), Gate()], answer()], [answer(20)]])
    async with aclosing(bench.pool.stream(REQUEST)) as events:
        assert await anext(events) == ResponseStarted()
        bench.clock.now += 1000
    assert bench.open_streams == 0
    assert await bench.asked() == "a"


async def test_a_hang_while_preparing_counts_too(path: Path) -> None:
    bench = Bench(path, [[answer()], [answer(20)]])
    gate = Gate()
    bench.providers[0].preparation = [gate]
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    await gate.reached.wait()
    bench.clock.now += 10
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await bench.asked() == "b"
