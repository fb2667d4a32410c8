"""Notes that are sent along while an endpoint of a pool answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fakes import Gate
from tests.providers.pooling import REQUEST, Able, Bench, answer, collect, refused
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.core.provider import TakesContext
from tui_stream.errors import AuthenticationError, ProviderError, RateLimitError, ServerError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "endpoints.json"


async def test_a_note_goes_to_the_one_that_streams(path: Path) -> None:
    gate = Gate()
    bench = Bench(path, [[[refused()]], [[TextDelta("x"), gate, StreamEnd()]]], kind=Able)
    made: object = bench.pool
    assert isinstance(made, TakesContext)
    assert not await made.add_context("too early")
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    await gate.reached.wait()
    assert await made.add_context("Shorter!")
    assert [getattr(provider, "told", None) for provider in bench.providers] == [None, "Shorter!"]
    gate.open()
    await task
    assert not await made.add_context("too late")


FAILURES: list[ProviderError] = [
    refused(),
    RateLimitError("Slow down.", hint="Wait.", retry_after=3600),
    AuthenticationError("The key is wrong."),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda error: type(error).__name__)
async def test_after_a_note_the_next_one_is_asked_by_the_turn_loop_which_knows_the_note(
    path: Path, failure: ProviderError
) -> None:
    gate = Gate()
    bench = Bench(path, [[[gate, failure]], [answer()]], kind=Able)
    made: object = bench.pool
    assert isinstance(made, TakesContext)
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    await gate.reached.wait()
    assert await made.add_context("Shorter!")
    gate.open()
    events, error = await task
    assert (events, bench.counts) == ([], [1, 0])
    assert isinstance(error, ProviderError)
    assert (error.retryable, error.retry_after) == (True, None)
    assert (error.message, error.hint, error.__cause__) == (failure.message, failure.hint, failure)
    assert await collect(bench.pool.stream(REQUEST)) == ([TextDelta("hello"), StreamEnd()], None)
    assert bench.counts == [1, 1]


async def test_a_note_that_was_not_taken_hinders_nothing(path: Path) -> None:
    class Deaf(Able):
        async def add_context(self, text: str) -> bool:
            del text
            return False

    gate = Gate()
    bench = Bench(path, [[[gate, refused()]], [answer()]], kind=Deaf)
    made: object = bench.pool
    assert isinstance(made, TakesContext)
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    await gate.reached.wait()
    assert not await made.add_context("Shorter!")
    gate.open()
    assert (await task)[1] is None
    assert bench.counts == [1, 1]


async def test_after_a_note_to_the_last_one_the_error_is_as_ever(path: Path) -> None:
    gate = Gate()
    bench = Bench(path, [[[refused("a")]], [[gate, ServerError("B failed.", retry_after=5)]]], kind=Able)
    made: object = bench.pool
    assert isinstance(made, TakesContext)
    task = asyncio.create_task(collect(bench.pool.stream(REQUEST)))
    await gate.reached.wait()
    assert await made.add_context("Shorter!")
    gate.open()
    _, error = await task
    assert isinstance(error, ServerError)
    assert error.message == "B failed (all 2 endpoints tried)."


async def test_a_note_goes_to_nobody_while_two_stream(path: Path) -> None:
    gates = Gate(), Gate()
    bench = Bench(path, [[[gates[0], *answer()]], [[gates[1], *answer()]]], kind=Able)
    bench.known(a=1, b=2)
    tasks = [asyncio.create_task(collect(bench.pool.stream(REQUEST)))]
    await gates[0].reached.wait()
    bench.pool._ledger.failed(bench.pool._endpoints[0], "", refused())
    tasks.append(asyncio.create_task(collect(bench.pool.stream(REQUEST))))
    await gates[1].reached.wait()
    made: object = bench.pool
    assert isinstance(made, TakesContext)
    assert not await made.add_context("Shorter!")
    for gate in gates:
        gate.open()
    await asyncio.gather(*tasks)
