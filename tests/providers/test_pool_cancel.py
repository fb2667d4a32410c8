from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.fakes import Gate
from tests.providers.pooling import REQUEST, Bench, answer, collect
from tui_stream.core.events import ResponseStarted, TextDelta


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
