from __future__ import annotations

import pytest

from tests.captures import load, served
from tests.fakes import Gate
from tests.providers.asking import ask, ollama_provider, request, text_of
from tests.servers import NDJSON, OllamaServer, Server, body, whole
from tui_stream.config import OllamaSettings, Providers, Settings
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import FinishReason, Usage
from tui_stream.core.provider import Provider
from tui_stream.errors import (
    ConfigError,
    ModelNotFoundError,
    RequestError,
)
from tui_stream.providers.ollama import create


async def test_an_answer_comes_piece_by_piece() -> None:
    gate = Gate()
    async with OllamaServer() as server:
        server.say("hel", gate, "lo")
        provider: Provider = ollama_provider(server.url)
        stream = provider.stream(request("asked"))
        assert await anext(stream) == ResponseStarted()
        assert await anext(stream) == ResponseStarted("told-so:latest")
        assert await anext(stream) == TextDelta("hel")
        await gate.reached.wait()
        gate.open()
        rest = [event async for event in stream]
        assert rest == [TextDelta("lo"), UsageReport(Usage(7, 3)), StreamEnd(FinishReason.STOP)]
        await provider.aclose()


async def test_what_is_sent() -> None:
    async with OllamaServer() as server:
        server.say("ok")
        await ask(ollama_provider(server.url + "/"), request("asked", num_ctx=8192, temperature=0, format="json"))
        assert server.requests[0].target == "/api/chat"
        assert server.requests[0].json() == {
            "model": "asked",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
            "stream": True,
            "format": "json",
            "options": {"num_ctx": 8192, "temperature": 0},
        }


@pytest.mark.parametrize(
    ("settings", "sent"),
    [
        ({}, {}),
        ({"think": "on"}, {"think": True}),
        ({"think": "off"}, {"think": False}),
        ({"think": "high"}, {"think": "high"}),
        ({"keep_alive": "10m"}, {"keep_alive": "10m"}),
        ({"keep_alive": "-1"}, {"keep_alive": -1}),
        ({"keep_alive": "300"}, {"keep_alive": 300}),
    ],
)
async def test_settings_are_sent_where_they_are_set(settings: dict[str, str], sent: dict[str, object]) -> None:
    async with OllamaServer() as server:
        server.say("ok")
        await ask(ollama_provider(server.url, model="m", environ=None, **settings))
        assert {
            key: value for key, value in server.requests[0].json().items() if key in ("think", "keep_alive")
        } == sent


async def test_a_key_is_sent_where_one_is_set() -> None:
    async with OllamaServer() as server:
        provider = ollama_provider(server.url, environ={"OLLAMA_API_KEY": "secret"})
        await provider.models()
        server.say("ok")
        await ask(provider)
        server.say("ok")
        await ask(ollama_provider(server.url))
    sent = [asked.headers.get("authorization") for asked in server.requests]
    assert sent == ["Bearer secret", "Bearer secret", "Bearer secret", None]


async def test_a_model_that_cannot_think_is_named() -> None:
    async with Server() as server:
        server.then(served(load("ollama-err-think")))
        _, error = await ask(ollama_provider(server.url, think="on"))
        assert type(error) is RequestError
        assert error.message == "The model m does not support thinking."
        assert "auto" in error.hint


async def test_a_missing_model_can_be_pulled() -> None:
    async with Server() as server:
        server.then(served(load("ollama-err-404")))
        _, error = await ask(ollama_provider(server.url), request("qwen3:8b"))
        assert type(error) is ModelNotFoundError
        assert error.message == "Ollama does not have the model qwen3:8b."
        assert error.hint == "Run: ollama pull qwen3:8b"


@pytest.mark.parametrize(
    ("ps", "tags", "model"),
    [
        (load("ollama-ps").body, load("ollama-tags").body, "smollm2:latest"),
        (b'{"models":[]}', load("ollama-tags").body, "smollm2:latest"),
        (
            b'{"models":[{"model":"old","expires_at":"2026-01-01T00:00:00Z"},{"model":"new","expires_at":"2026-01-01T01:00:00Z"}]}',
            b'{"models":[{"model":"x"}]}',
            "new",
        ),
        (
            b'{"models":[]}',
            b'{"models":[{"model":"e","details":{"families":["nomic-bert"]}},{"model":"x"}]}',
            "x",
        ),
    ],
    ids=["running", "installed", "latest", "no vectors"],
)
async def test_without_a_name_the_model_used_last_answers(ps: bytes, tags: bytes, model: str) -> None:
    async with OllamaServer() as server:
        server.on("/api/ps", whole(ps))
        server.on("/api/tags", whole(tags))
        server.on("/api/chat", body(server.text("ok"), server.line(done=True, message={}), headers=NDJSON))
        provider = ollama_provider(server.url, model="")
        assert provider.model == ""
        assert [step async for step in provider.prepare()] == []
        assert provider.model == model
        assert text_of((await ask(provider))[0]) == "ok"
        assert server.requests[-1].json()["model"] == model


async def test_an_ollama_without_models_says_what_to_do() -> None:
    async with OllamaServer() as server:
        server.on("/api/tags", whole({"models": []}))
        _, error = await ask(ollama_provider(server.url, model=""))
        assert type(error) is ModelNotFoundError
        assert "ollama pull" in error.hint


def test_a_bad_address_is_found_when_the_provider_is_made() -> None:
    with pytest.raises(ConfigError, match="base URL"):
        create(Settings(providers=Providers(ollama=OllamaSettings(base_url="here"))))


def test_only_this_machine_is_local() -> None:
    assert ollama_provider("http://127.0.0.1:11434").capabilities.local
    assert not ollama_provider("http://192.168.1.2:11434").capabilities.local
