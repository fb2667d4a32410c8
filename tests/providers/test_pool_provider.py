"""What a pool is besides its streams: capabilities, models, preparation, pulling, notes, and how it comes about."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes import Gate, ScriptedProvider
from tests.providers.pooling import REQUEST, Able, Bench, answer, collect, progress, refused
from tui_stream import providers
from tui_stream.config import OllamaSettings, OpenAISettings, Providers, Settings, SseSettings, WebSocketSettings
from tui_stream.core.events import Progress, Rerouted, StreamEnd, TextDelta
from tui_stream.core.models import ModelInfo
from tui_stream.core.provider import Capabilities, Provider, Pulls, TakesContext
from tui_stream.errors import (
    ConnectionFailedError,
    ModelNotFoundError,
)
from tui_stream.providers import _pool_every, pool, replay
from tui_stream.providers._endpoint import Reachable
from tui_stream.providers.pool import Member, Pool
from tui_stream.providers.recorder import Recorder, RecordingFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "endpoints.json"


async def test_preparing_is_done_once_for_the_endpoint_that_is_asked(path: Path) -> None:
    bench = Bench(path, [[answer()], [answer()]])
    for provider in bench.providers:
        provider.preparation = [Progress("Importing")]
    assert await progress(bench.pool.prepare()) == ["Importing"]
    events, _ = await bench.ask()
    assert events == [TextDelta("hello"), StreamEnd()]
    events, _ = await bench.ask()
    assert events == [Progress("Importing"), TextDelta("hello"), StreamEnd()]


async def test_where_one_cannot_be_prepared_the_next_one_is(path: Path) -> None:
    bench = Bench(path, [[answer()], [answer()]])
    bench.providers[0].preparation = [refused()]
    bench.providers[1].preparation = [Progress("Importing")]
    assert await progress(bench.pool.prepare()) == ["Importing"]
    assert await bench.asked() == "b"


async def test_where_none_can_be_prepared_the_error_says_so(path: Path) -> None:
    bench = Bench(path, [[answer()], [answer()]])
    for provider in bench.providers:
        provider.preparation = [refused()]
    with pytest.raises(ConnectionFailedError, match="all 2 endpoints tried"):
        await progress(bench.pool.prepare())


async def test_what_is_rerouted_can_be_recorded_and_replayed(path: Path, tmp_path: Path) -> None:
    bench = Bench(path, [[[refused()]], [answer()]])
    file = tmp_path / "a.jsonl"
    recorder = Recorder(bench.pool, RecordingFile(file))
    recorded = await collect(recorder.stream(REQUEST))
    await recorder.aclose()
    assert await collect(replay.ReplayProvider(file, 0).stream(REQUEST)) == recorded
    assert any(isinstance(event, Rerouted) for event in recorded[0])


async def test_closing_closes_all_even_where_one_fails(path: Path) -> None:
    class Stubborn(ScriptedProvider):
        async def aclose(self) -> None:
            self.closed = True
            raise OSError

    bench = Bench(path, [[answer()], [answer()]], kind=Stubborn)
    with pytest.raises(OSError):  # noqa: PT011 - it is the one above
        await bench.pool.aclose()
    assert [provider.closed for provider in bench.providers] == [True, True]


def test_it_is_local_only_where_all_are(path: Path) -> None:
    bench = Bench(path, [[answer()], [answer()]])
    here = Capabilities(local=True, reasoning=True, context=True, context_window=4096)
    bench.providers[0].capabilities = here
    bench.providers[1].capabilities = replace(here, context_window=2048)
    assert bench.pool.capabilities == Capabilities(local=True, reasoning=True, context=True, context_window=2048)
    bench.providers[1].capabilities = Capabilities()
    assert bench.pool.capabilities == Capabilities(reasoning=True)


async def test_name_and_model_are_the_members(path: Path) -> None:
    bench = Bench(path, [[answer()], [answer()]])
    bench.providers[1].model = "another"
    assert (bench.pool.name, bench.pool.model) == ("scripted", "scripted-model")
    await bench.asked(2)
    assert bench.pool.model == "another"


class Listing(ScriptedProvider):
    """Lists what it is told to.

    Attributes:
        listed: the names of its models, or what is wrong.
    """

    listed: Sequence[str] | Exception | Gate = ()

    async def models(self) -> Sequence[ModelInfo]:
        if isinstance(self.listed, Exception):
            raise self.listed
        if isinstance(self.listed, Gate):
            await self.listed.event.wait()
            return []
        return [ModelInfo(name, detail=f"of {id(self)}") for name in self.listed]


async def listed(bench: Bench, *lists: Sequence[str] | Exception | Gate) -> list[str]:
    for provider, names in zip(bench.providers, lists, strict=True):
        assert isinstance(provider, Listing)
        provider.listed = names
    return [model.name for model in await bench.pool.models()]


async def test_models_are_those_of_all_each_once_in_order(path: Path) -> None:
    bench = Bench(path, [[answer()]] * 3, kind=Listing)
    assert await listed(bench, ["b", "a"], ["c", "a"], ["d"]) == ["b", "a", "c", "d"]


async def test_one_that_lists_none_does_not_matter_while_another_does(path: Path) -> None:
    bench = Bench(path, [[answer()]] * 2, kind=Listing)
    assert await listed(bench, refused(), ["a"]) == ["a"]
    with pytest.raises(ConnectionFailedError):
        await listed(bench, refused(), refused())


async def test_one_that_rests_is_not_asked_for_models_unless_all_do(path: Path) -> None:
    bench = Bench(path, [[[refused()]], [answer(), [refused()]]], kind=Listing)
    assert await bench.asked() == "ab"
    assert await listed(bench, ["a"], ["b"]) == ["b"]
    bench.clock.now += 1
    assert await bench.asked() == "ab", "now both rest"
    assert await listed(bench, ["a"], ["b"]) == ["a", "b"]


async def test_one_that_does_not_list_its_models_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pool_every, "STRAGGLERS", 0.0)
    bench = Bench(path, [[answer()]] * 2, kind=Listing)
    before = asyncio.all_tasks()
    async with asyncio.timeout(10):
        assert await listed(bench, Gate(), ["a"]) == ["a"]
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize(
    ("first", "second", "able"), [(Able, Able, True), (Able, ScriptedProvider, False), (ScriptedProvider, Able, False)]
)
def test_it_can_do_what_all_its_members_can(
    first: type[ScriptedProvider], second: type[ScriptedProvider], able: bool
) -> None:
    made: object = pool.make([Member("http://a", first([])), Member("http://b", second([]))])
    assert isinstance(made, Pulls) is able
    assert isinstance(made, TakesContext) is able
    assert isinstance(made, Reachable) is able


async def test_a_model_is_pulled_to_every_endpoint(path: Path) -> None:
    bench = Bench(path, [[answer()]] * 3, kind=Able)
    made: object = bench.pool
    assert isinstance(made, Pulls)
    assert await progress(made.pull("m")) == ["m (http://a)", "m (http://b)", "m (http://c)"]
    stuck = bench.providers[1]
    assert isinstance(stuck, Able)
    stuck.wrong = ModelNotFoundError("B cannot have it.")
    seen, error = await collect(made.pull("m"))
    assert error is stuck.wrong
    assert seen == [Progress("m (http://a)", 1, 2), Progress("m (http://c)", 1, 2)]


async def test_it_is_reached_where_one_is(path: Path) -> None:
    bench = Bench(path, [[answer()]] * 2, kind=Able)
    made: object = bench.pool
    assert isinstance(made, Reachable)
    for number, provider in enumerate(bench.providers):
        assert isinstance(provider, Able)
        await made.reach()
        provider.wrong = refused(f"{number}")
    with pytest.raises(ConnectionFailedError):
        await made.reach()


# -- how it comes about -------------------------------------------------------------------------------

URLS = ("http://user:secret@127.0.0.1:1/v1/?key=secret", "http://127.0.0.1:2/v1", "http://127.0.0.1:2/v1?key=other")


def test_endpoints_are_named_without_secrets_and_each_otherwise() -> None:
    made = pool.make([Member(url, ScriptedProvider([])) for url in URLS])
    names = [endpoint.name for endpoint in made._endpoints]
    assert names == ["http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1", "http://127.0.0.1:2/v1 (2)"]


SOCKETS = ("ws://127.0.0.1:1/", "ws://127.0.0.1:2/")
SEVERAL = Providers(
    openai=OpenAISettings(base_urls=URLS[1:2] * 2 + URLS[:1]),
    ollama=OllamaSettings(base_urls=URLS[:2]),
    sse=SseSettings(base_urls=URLS[:2]),
    websocket=WebSocketSettings(base_urls=SOCKETS),
)


@pytest.mark.parametrize(
    ("name", "can"),
    [("openai", set()), ("ollama", {Pulls}), ("sse", {Reachable}), ("websocket", {TakesContext, Reachable})],
)
async def test_several_addresses_make_a_pool(name: str, can: set[type]) -> None:
    made: object = providers.create(name, Settings(providers=SEVERAL))
    assert {kind for kind in (Pulls, TakesContext, Reachable) if isinstance(made, kind)} == can
    assert isinstance(made, Pool)
    assert len(made._endpoints) == 2
    assert (made.name, made.capabilities.local) == (name, True)
    as_provider: Provider = made
    await as_provider.aclose()


async def test_one_address_makes_no_pool_and_replaces_the_other() -> None:
    table = OpenAISettings(base_url="https://api.openai.com/v1", base_urls=("http://127.0.0.1:2/v1",))
    made = providers.create("openai", Settings(providers=Providers(openai=table)))
    assert not isinstance(made, Pool)
    assert made.capabilities.local
    await made.aclose()
