from __future__ import annotations

import json
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.fakes import Passing, Step
from tests.providers.pooling import REQUEST, Bench, answer, refused
from tui_stream.core.events import (
    Progress,
    ReasoningDelta,
    Rerouted,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
)
from tui_stream.errors import (
    AuthenticationError,
    CertificateError,
    ConfigError,
    ConnectionFailedError,
    ModelNotFoundError,
    OfflineError,
    OutOfCreditError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    StreamBrokenError,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "endpoints.json"


# -- which one is asked -------------------------------------------------------------------------------


async def test_all_are_measured_and_then_the_fastest_is_asked(path: Path) -> None:
    bench = Bench(path, [[answer(0.5)], [answer(0.2)], [answer(0.9)]])
    assert await bench.asked(6) == "abcbbb"


async def test_the_next_run_of_the_program_knows_the_fastest(path: Path) -> None:
    bench = Bench(path, [[answer(0.5)], [answer(0.2)]])
    letters = ""
    for _ in range(4):
        letters += await bench.asked()
        await bench.restart()
    assert letters == "abbb"


async def test_a_slower_one_is_asked_again_now_and_then_and_may_have_become_faster(path: Path) -> None:
    bench = Bench(path, [[answer(0.3), answer(0.1)], [answer(0.2)]])
    assert await bench.asked(9) == "abbbbbbbb"
    bench.clock.now += 1000
    assert await bench.asked(2) == "aa"


async def test_occasional_use_does_not_make_a_slower_one_every_second_answer(path: Path) -> None:
    bench = Bench(path, [[answer(0.5)], [answer(0.2)]])
    letters = ""
    for _ in range(20):
        bench.clock.now += 3600
        letters += await bench.asked()
        await bench.restart()
    assert letters == "ab" + "b" * 7 + "a" + "b" * 8 + "ab"


async def test_each_model_has_figures_of_its_own(path: Path) -> None:
    bench = Bench(path, [[answer(0.5)], [answer(0.2)]])
    assert await bench.asked(3) == "abb"
    await bench.ask("other")
    assert bench.counts == [2, 2]
    await bench.pool.aclose()
    kept = json.loads(path.read_text())["endpoints"]
    assert {(entry["url"], entry["model"]) for entry in kept} == {
        (url, model) for url in ("http://a", "http://b") for model in ("scripted-model", "other")
    }


@pytest.mark.parametrize("token", [TextDelta("x"), ReasoningDelta("x"), ToolCallDelta(0)])
async def test_the_time_is_taken_from_the_sending_to_the_first_token(path: Path, token: TextDelta) -> None:
    script: list[Step] = [
        Passing(50),
        Progress("Loading"),
        Passing(0.25),
        ResponseStarted(),
        TextDelta(""),
        Passing(0.25),
        token,
    ]
    whole: list[Step] = [*script, Passing(100), StreamEnd()]
    bench = Bench(path, [[whole]])
    bench.providers[0].preparation = [Progress("Importing")]
    await bench.ask()
    await bench.pool.aclose()
    (entry,) = json.loads(path.read_text())["endpoints"]
    assert entry["ttft"] == pytest.approx(0.5)


async def test_the_time_that_the_reader_takes_is_not_the_endpoints(path: Path) -> None:
    bench = Bench(path, [[[ResponseStarted(), Passing(0.5), TextDelta("x"), StreamEnd()]]])
    async with aclosing(bench.pool.stream(REQUEST)) as events:
        async for _ in events:
            bench.clock.now += 100
    await bench.pool.aclose()
    assert json.loads(path.read_text())["endpoints"][0]["ttft"] == pytest.approx(0.5)


# -- failures -----------------------------------------------------------------------------------------


async def test_the_next_one_is_asked_at_once_and_an_event_says_so(path: Path) -> None:
    bench = Bench(path, [[[ResponseStarted(), refused()]], [answer()]])
    events, error = await bench.ask()
    assert error is None
    assert events == [
        ResponseStarted(),
        Rerouted("http://a", "http://b", "Nothing answers at a."),
        TextDelta("hello"),
        StreamEnd(),
    ]
    assert bench.open_streams == 0


OWN: list[ProviderError] = [
    refused(),
    ServerError("503"),
    RateLimitError("429"),
    OutOfCreditError("402"),
    CertificateError("TLS"),
    AuthenticationError("401"),
    ModelNotFoundError("404"),
    ProtocolError("a web page"),
]


@pytest.mark.parametrize("error", OWN, ids=lambda error: type(error).__name__)
async def test_what_is_a_matter_of_one_endpoint_sends_the_request_to_the_next(path: Path, error: ProviderError) -> None:
    bench = Bench(path, [[[error]], [answer()]])
    events, raised = await bench.ask()
    assert raised is None
    assert Rerouted("http://a", "http://b", error.message) in events
    assert await bench.asked(2) == "bb"


@pytest.mark.parametrize("error", [RequestError("400"), ConfigError("no such option")])
async def test_what_is_a_matter_of_the_request_is_raised_at_once_and_is_nobodys_failure(
    path: Path, error: RequestError | ConfigError
) -> None:
    bench = Bench(path, [[[error], answer()], [answer(1)]])
    assert await bench.ask() == ([], error)
    assert bench.counts == [1, 0]
    assert await bench.asked() == "a"


async def test_after_the_first_token_nothing_is_asked_again_but_it_rests(path: Path) -> None:
    broken = StreamBrokenError("cut")
    bench = Bench(path, [[[TextDelta("hel"), broken], answer()], [answer(1)]])
    events, error = await bench.ask()
    assert (events, error, bench.counts) == ([TextDelta("hel")], broken, [1, 0])
    assert await bench.asked(2) == "bb"
    bench.clock.now += 30
    assert await bench.asked() == "a"


async def test_an_empty_piece_is_no_token_yet(path: Path) -> None:
    bench = Bench(path, [[[TextDelta(""), refused()]], [answer()]])
    assert (await bench.ask())[1] is None
    assert bench.counts == [1, 1]


async def test_a_failing_one_rests_and_longer_each_time_also_from_run_to_run(path: Path) -> None:
    bench = Bench(path, [[[refused()]], [answer()]])
    for rest in (30, 60, 120, 240, 480, 600, 600):
        assert await bench.asked() == "ab"
        await bench.restart()
        bench.clock.now += rest - 1
        assert await bench.asked() == "b"
        bench.clock.now += 1


async def test_when_every_one_failed_the_last_error_says_how_many_were_tried(path: Path) -> None:
    bench = Bench(
        path, [[[ServerError("A failed.")]], [[refused("b")]], [[RateLimitError("Slow down.", hint="Wait.")]]]
    )
    events, error = await bench.ask()
    assert [type(event) for event in events] == [Rerouted, Rerouted]
    assert isinstance(error, RateLimitError)
    assert error.retryable
    assert str(error) == "Slow down (all 3 endpoints tried). Wait."


async def test_the_error_is_one_that_may_be_tried_again_where_there_is_one(path: Path) -> None:
    bench = Bench(path, [[[ServerError("A failed.")]], [[ModelNotFoundError("B has no such model.")]]])
    _, error = await bench.ask()
    assert isinstance(error, ServerError)
    assert error.message == "A failed (all 2 endpoints tried)."


@pytest.mark.parametrize(("first", "last", "wait"), [(60, 20, 20), (20, 60, 20), (None, 60, None), (60, None, None)])
async def test_the_next_try_is_due_as_soon_as_one_of_them_allows(
    path: Path, first: float | None, last: float | None, wait: float | None
) -> None:
    errors = [RateLimitError("Slow down.", retry_after=seconds) for seconds in (first, last)]
    bench = Bench(path, [[[error]] for error in errors])
    _, error = await bench.ask()
    assert isinstance(error, RateLimitError)
    assert error.retry_after == wait


async def test_offline_those_on_the_machine_answer_and_nothing_is_held_against_the_others(path: Path) -> None:
    bench = Bench(path, [[[OfflineError("Offline.")], answer()], [answer()]])
    events, error = await bench.ask()
    assert error is None
    assert events[0] == Rerouted("http://a", "http://b", "Offline.")
    assert await bench.asked(2) == "bb"
    await bench.restart()
    assert await bench.asked() == "a"


async def test_offline_without_one_on_the_machine_the_error_says_so_each_time(path: Path) -> None:
    bench = Bench(path, [[[OfflineError("Offline.")]], [[OfflineError("Offline.")]]])
    for _ in range(2):
        _, error = await bench.ask()
        assert isinstance(error, OfflineError)
        assert error.message == "Offline (all 2 endpoints tried)."
        assert not error.retryable


async def test_one_endpoint_alone_raises_its_own_error(path: Path) -> None:
    bench = Bench(path, [[[refused()]]])
    _, error = await bench.ask()
    assert isinstance(error, ConnectionFailedError)
    assert error.message == "Nothing answers at a."
