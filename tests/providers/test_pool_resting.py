"""How long the endpoints of a pool rest after failures, and who is asked while all of them do."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from tests.fakes import Gate, Step
from tests.providers.pooling import REQUEST, Bench, answer, collect, refused
from tui_stream.core.backoff import RetryPolicy
from tui_stream.core.events import TextDelta
from tui_stream.core.session import ChatSession, SessionOptions
from tui_stream.errors import RateLimitError, ServerError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "endpoints.json"


async def test_when_all_rest_the_one_that_is_due_soonest_is_tried_all_the_same(path: Path) -> None:
    limited = RateLimitError("Slow down.", retry_after=300)
    bench = Bench(path, [[[limited]], [[ServerError("B failed.")], answer()]])
    assert await bench.asked() == "ab"
    assert await bench.asked() == "b"


async def test_one_that_answers_while_it_should_rest_rests_no_longer(path: Path) -> None:
    failed = ServerError("A failed.")
    bench = Bench(path, [[[failed], answer()], [answer(), [ServerError("B failed.")], answer()]])
    assert await bench.asked() == "ab"
    assert await bench.asked() == "ab", "b fails, and a answers as the last resort"
    assert await bench.asked(2) == "aa"


@pytest.mark.parametrize(("wait", "tries", "slept"), [(6.0, "aba", [6.0]), (999.0, "abbb", [1.0, 2.0])])
async def test_nobody_is_asked_before_the_time_it_named(
    path: Path, wait: float, tries: str, slept: list[float]
) -> None:
    limited = RateLimitError("Slow down.", retry_after=wait)
    bench = Bench(path, [[[limited], answer()], [[refused("b")]] * 4])
    options = SessionOptions(frame=0, retry=RetryPolicy(attempts=3, jitter=0))
    session = ChatSession(bench.pool, options=options, clock=bench.clock, sleep=bench.clock.sleep)
    turn = session.begin("Hello")
    _, error = await collect(session.run(turn))
    assert (error is None) is (turn.message.text == "hello") is (wait == 6)
    assert bench.clock.slept == slept
    assert bench.counts == [tries.count("a"), tries.count("b")]


async def test_of_those_that_want_to_be_left_alone_one_is_tried_and_the_error_says_so(path: Path) -> None:
    errors = [RateLimitError(f"{letter} is busy.", retry_after=wait) for letter, wait in (("A", 60), ("B", 90))]
    bench = Bench(path, [[[error]] for error in errors])
    await bench.ask()
    bench.clock.now += 1
    _, error = await bench.ask()
    assert isinstance(error, RateLimitError)
    assert error.message == "A is busy (1 of 2 endpoints tried)."
    bench.clock.now += 59
    assert await bench.asked() == "a", "it was told to wait once more"


async def test_when_all_rest_each_try_asks_all_so_that_one_that_is_back_answers(path: Path) -> None:
    busy = ServerError("503", retry_after=1)
    bench = Bench(path, [[[refused("a")]], [[refused("b")]], [[busy], answer()]])
    options = SessionOptions(frame=0, retry=RetryPolicy(attempts=3, jitter=0))
    session = ChatSession(bench.pool, options=options, clock=bench.clock, sleep=bench.clock.sleep)
    turn = session.begin("Hello")
    assert (await collect(session.run(turn)))[1] is None
    assert (turn.message.text, turn.attempts, bench.counts) == ("hello", 2, [2, 2, 2])


async def test_tries_while_all_rest_make_no_rest_longer(path: Path) -> None:
    bench = Bench(path, [[[refused("a")]] * 3 + [answer(0.1)], [[ServerError("503")]] * 3 + [answer(0.2)]])
    for _ in range(3):
        await bench.ask()
        bench.clock.now += 1
    bench.clock.now += 29
    assert await bench.asked(3) == "aba"


@pytest.mark.parametrize("pause", [1, 31])
async def test_without_a_network_none_rests_for_long(path: Path, pause: float) -> None:
    bench = Bench(path, [[[refused()]], [[refused()]]])
    for _ in range(9):
        await bench.ask()
        bench.clock.now += pause
    for provider, seconds in zip(bench.providers, (0.1, 0.2), strict=True):
        provider.scripts = [answer(seconds)]
    bench.clock.now += 31 - pause
    assert await bench.asked(3) == "aba"


async def test_after_a_proper_answer_a_failure_is_the_first_one_again(path: Path) -> None:
    bench = Bench(path, [[[refused()], [refused()], answer(), [refused()], answer()], [answer(5)]])
    for wait in (31, 61, 0):
        await bench.ask()
        bench.clock.now += wait
    assert bench.counts[0] == 3
    await bench.ask()
    bench.clock.now += 31
    assert await bench.asked() == "a"


async def test_after_an_answer_that_the_person_stopped_a_failure_is_the_first_one_again(path: Path) -> None:
    begun: list[Step] = [TextDelta("hel"), Gate()]
    bench = Bench(path, [[[refused()], [refused()], begun, [refused()], answer()], [answer(5)]])
    for wait in (31, 61):
        await bench.ask()
        bench.clock.now += wait
    async with aclosing(bench.pool.stream(REQUEST)) as events:
        assert await anext(events) == TextDelta("hel")
    assert bench.counts[0] == 3
    await bench.ask()
    bench.clock.now += 31
    assert await bench.asked() == "a"
