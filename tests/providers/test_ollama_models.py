"""What Ollama has, runs and fetches."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing

import pytest

from tests.captures import load, served
from tests.providers.asking import ask, ollama_provider, text_of
from tests.servers import OllamaServer, Step, body, close, reset, stall, whole
from tui_stream.core.events import Progress
from tui_stream.errors import (
    ConnectionFailedError,
    ModelNotFoundError,
    ProtocolError,
    ProviderError,
    StreamBrokenError,
    TimedOutError,
)
from tui_stream.providers import _ollama_sdk
from tui_stream.providers.ollama import running


async def test_the_models() -> None:
    async with OllamaServer() as server:
        server.on("/api/ps", served(load("ollama-ps")))
        server.on("/api/tags", served(load("ollama-tags")))
        provider = ollama_provider(server.url)
        found = await provider.models()
        expected = [model["name"] for model in json.loads(load("ollama-tags").body)["models"]]
        assert [info.name for info in found] == expected
        smol = next(info for info in found if info.name == "smollm2:latest")
        assert (smol.context_window, smol.size, smol.detail) == (1024, 98362785, "134.52M Q4_1")
        await provider.aclose()


async def test_showing_a_model() -> None:
    async with OllamaServer() as server:
        server.on("/api/show", served(load("ollama-show")))
        provider = ollama_provider(server.url)
        details = await provider.show("smollm2")
        assert details.info.context_window == 8192
        assert "completion" in details.capabilities
        server.on("/api/show", whole({"error": "model 'x' not found"}, 404))
        with pytest.raises(ModelNotFoundError, match="does not have the model x"):
            await provider.show("x")
        await provider.aclose()


async def test_a_query_of_the_base_url_goes_with_every_request() -> None:
    query = "api-version=3&tag=a&tag=b&path=%2Fx"
    async with OllamaServer() as server:
        url = f"{server.url}/?{query}"
        server.then(whole({"models": []}), whole({"models": []}), served(load("ollama-show")))
        provider = ollama_provider(url)
        assert await provider.models() == []
        await provider.show("smollm2")
        server.say("ok")
        server.then(whole({"models": [{"name": "m"}]}))
        events, error = await ask(provider)
        assert (text_of(events), error) == ("ok", None)
        assert await running(url, limit=5) == ["m"]
        paths = ["tags", "ps", "show", "chat", "tags"]
        assert [sent.target for sent in server.requests] == [f"/api/{path}?{query}" for path in paths]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (whole({"error": "it broke"}, 500), ProviderError),
        (whole(b"<html>hello"), ProtocolError),
        (whole({"other": 1}), ProtocolError),
        (body(reset), ConnectionFailedError),
    ],
)
async def test_models_that_cannot_be_listed(answer: Step, kind: type[ProviderError]) -> None:
    assert callable(answer)
    async with OllamaServer() as server:
        server.on("/api/tags", answer)
        provider = ollama_provider(server.url)
        with pytest.raises(kind) as raised:
            await provider.models()
        assert raised.value.message
        await provider.aclose()


async def test_a_question_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ollama_sdk, "ASK_TIMEOUT", 0.05)
    async with OllamaServer() as server:
        server.on("/api/tags", stall)
        provider = ollama_provider(server.url)
        with pytest.raises(TimedOutError, match=r"within 0\.05 s"):
            await provider.models()
        await provider.aclose()


async def pulled(*answers: Step) -> tuple[list[Progress], ProviderError | None]:
    """The steps of pulling, and the error that ended them."""
    steps: list[Progress] = []
    async with OllamaServer() as server:
        for answer in answers:
            assert callable(answer)
            server.then(answer)
        provider = ollama_provider(server.url)
        try:
            async with aclosing(provider.pull("smol")) as progress:
                async for step in progress:
                    steps.append(step)  # noqa: PERF401 - what came before an error counts
        except ProviderError as error:
            return steps, error
        finally:
            await provider.aclose()
    return steps, None


async def test_pulling_shows_how_far_it_is() -> None:
    capture = load("ollama-pull-progress")
    steps, error = await pulled(served(capture))
    assert error is None
    lines = [json.loads(line) for line in capture.body.splitlines() if line]
    layers = {line["digest"]: line["total"] for line in lines if "digest" in line}
    assert steps[0] == Progress("Pulling smol")
    assert max(step.done for step in steps) == sum(layers.values())
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert all(step.total is None or step.done <= step.total for step in steps)
    assert steps[-1].label == "Pulling smol: success"
    assert len(steps) == len({(step.label, step.done, step.total) for step in steps})


async def test_pulling_without_network_names_the_machine() -> None:
    _, error = await pulled(served(load("ollama-pull-error")))
    assert type(error) is ConnectionFailedError
    assert "no such host" in error.message
    assert "machine that Ollama runs on" in error.hint


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (
            body(b'{"status":"pulling manifest"}\n{"error":"pull model manifest: file does not exist"}\n'),
            ModelNotFoundError,
        ),
        (body(b'{"status":"pulling manifest"}\n'), StreamBrokenError),
        (body(b'{"status":"pulling manifest"}\n', close), ConnectionFailedError),
        (body(b"<html>"), ProtocolError),
        (body(b'{"error":"write: no space left on device"}\n'), ProviderError),
    ],
)
async def test_pulling_that_fails(answer: Step, kind: type[ProviderError]) -> None:
    _, error = await pulled(answer)
    assert isinstance(error, kind)
    assert error.message


async def test_leaving_a_pull_stops_it() -> None:
    line = b'{"status":"pulling a","digest":"sha256:a","total":10,"completed":5}\n'
    async with OllamaServer() as server:
        server.then(body(line, stall))
        provider = ollama_provider(server.url)
        async with aclosing(provider.pull("smol")) as steps:
            async for step in steps:
                if step.done:
                    break
        async with asyncio.timeout(5):
            await server.exchanges[0].gone.wait()
        await provider.aclose()


async def test_a_running_ollama_is_found() -> None:
    async with OllamaServer() as server:
        assert await running(server.url) == ["told-so:latest"]
        assert await running(f"{server.url}/") == ["told-so:latest"]
        await server.exchanges[1].gone.wait()


async def test_only_models_that_talk_count() -> None:
    async with OllamaServer() as server:
        entries = [
            {"name": "talks"},
            {"name": "vectors", "capabilities": ["embedding"]},
            {"name": "both", "capabilities": ["completion", "tools"]},
            {"name": 5},
            "odd",
        ]
        server.on("/api/tags", whole({"models": entries}))
        assert await running(server.url) == ["talks", "both"]


@pytest.mark.parametrize(
    "answer",
    [
        whole({"models": []}),
        whole({"error": "no"}, 500),
        whole(b"<html>"),
        whole(b""),
        whole([1]),
        whole(b"[" * 100_000),
        body(reset),
        stall,
    ],
)
async def test_anything_else_is_no_running_ollama(answer: Step) -> None:
    assert callable(answer)
    async with OllamaServer() as server:
        server.on("/api/tags", answer)
        assert await running(server.url, 0.2) == []


async def test_a_probe_of_nothing_is_quick() -> None:
    async with OllamaServer() as server:
        url = server.url
    start = time.perf_counter()
    assert await running(url) == []
    assert time.perf_counter() - start < 0.3
    assert await running("nonsense") == []
    assert await running("https://127.0.0.1:1") == []
