from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.fakes import Gate
from tests.providers.asking import ask, openai_provider, request, text_of
from tests.servers import ChatServer, whole
from tui_stream.config import OpenAISettings, Providers, Settings
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import ChatRequest, FinishReason, ModelInfo, Usage
from tui_stream.core.provider import Provider
from tui_stream.errors import (
    AuthenticationError,
    ConfigError,
    ConnectionFailedError,
    ModelNotFoundError,
    ProtocolError,
    RequestError,
)
from tui_stream.providers.openai import OpenAIProvider, create

KEY = {"OPENAI_API_KEY": "sk-test-0123456789"}


async def test_an_answer_comes_piece_by_piece() -> None:
    gate = Gate()
    async with ChatServer() as server:
        server.say("hel", gate, "lo")
        provider: Provider = openai_provider(server.base_url)
        stream = provider.stream(request("asked"))
        assert await anext(stream) == ResponseStarted()
        assert await anext(stream) == ResponseStarted("told-so")
        assert await anext(stream) == TextDelta("hel")
        await gate.reached.wait()
        gate.open()
        rest = [event async for event in stream]
        assert rest == [TextDelta("lo"), UsageReport(Usage(7, 3)), StreamEnd(FinishReason.STOP)]
        await provider.aclose()


async def test_what_is_sent() -> None:
    async with ChatServer() as server:
        server.say("ok")
        provider = openai_provider(
            server.base_url, environ=KEY, headers={"X-Title": "me"}, body={"provider": {"only": ["a"]}}
        )
        await provider._ready()
        await ask(provider, request("asked", temperature=0.5, top_k=4, max_tokens=9))
        sent = server.requests[0]
        assert sent.json() == {
            "model": "asked",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0.5,
            "max_tokens": 9,
            "top_k": 4,
            "provider": {"only": ["a"]},
        }
        assert sent.headers["authorization"] == "Bearer sk-test-0123456789"
        assert sent.headers["x-title"] == "me"
        assert sent.headers["accept-encoding"] == "identity"
        assert sent.headers["x-stainless-retry-count"] == "0"


async def test_the_settings_name_the_model_when_a_request_does_not() -> None:
    async with ChatServer() as server:
        server.say("ok")
        provider = openai_provider(server.base_url, model="from-table")
        assert provider.model == "from-table"
        await ask(provider)
        assert server.requests[0].json()["model"] == "from-table"
    flag = Settings(model="from-flag", providers=Providers(openai=OpenAISettings(base_url="http://127.0.0.1/v1")))
    assert create(flag).model == "from-flag"


@pytest.mark.parametrize("name", ["stream", "model", "messages"])
async def test_what_the_program_chooses_cannot_be_an_option(name: str) -> None:
    async with ChatServer() as server:
        with pytest.raises(ConfigError, match=name):
            await ask(openai_provider(server.base_url, body={name: False}))
        asked = ChatRequest("", request().messages, {name: False})
        with pytest.raises(ConfigError, match=name):
            await ask(openai_provider(server.base_url), asked)
        assert not server.requests


async def test_without_a_key_no_authorization_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-process-0123")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-process")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-process")
    async with ChatServer() as server:
        server.say("ok")
        await ask(openai_provider(server.base_url, environ={}))
        sent = server.requests[0]
        assert not {"authorization", "openai-organization", "openai-project"} & set(sent.headers)
        assert "of-the-process" not in str(sent)


async def test_an_authorization_of_ones_own_goes_before_the_key() -> None:
    async with ChatServer() as server:
        server.say("ok")
        await ask(openai_provider(server.base_url, environ=KEY, headers={"Authorization": "Basic xyz"}))
        assert server.requests[0].headers["authorization"] == "Basic xyz"


async def test_openai_itself_needs_a_key_before_any_connection() -> None:
    provider = openai_provider("https://api.openai.com/v1")
    _, error = await ask(provider)
    assert isinstance(error, AuthenticationError)
    assert "export OPENAI_API_KEY=" in error.hint
    assert "embedded" in error.hint
    with pytest.raises(AuthenticationError):
        await provider.models()


async def test_a_refused_key_is_asked_for_again(tmp_path: Path) -> None:
    store = tmp_path / "key"
    store.write_text("first-key")
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "Expired"}}, 401))
        server.say("ok")
        program = f"print(open({str(store)!r}).read())"
        provider = openai_provider(server.base_url, api_key_command=f'{sys.executable} -c "{program}"')
        with pytest.raises(AuthenticationError, match="Expired"):
            await anext(provider.stream(request()))
        store.write_text("second-key")
        events, error = await ask(provider)
        assert error is None
        assert text_of(events) == "ok"
        assert [sent.headers["authorization"] for sent in server.requests] == [
            "Bearer first-key",
            "Bearer second-key",
        ]


async def test_a_key_is_nowhere_to_be_seen() -> None:
    secret = "very-own-form-of-key"
    async with ChatServer() as server:
        server.then(whole({"error": {"message": f"{secret} is wrong"}}, 401))
        provider = openai_provider(server.base_url, environ={"OPENAI_API_KEY": secret})
        _, error = await ask(provider)
        assert secret not in str(error)
        assert secret not in repr(provider)


async def test_a_server_that_knows_no_stream_options_is_asked_without() -> None:
    refusal = whole({"error": {"message": "Unknown field: stream_options", "code": 400}}, 400)
    async with ChatServer() as server:
        server.then(refusal)
        server.say("ok", usage=None)
        server.say("again", usage=None)
        provider = openai_provider(server.base_url)
        first = [event async for event in provider.stream(request())]
        assert text_of(first) == "ok"
        assert text_of((await ask(provider))[0]) == "again"
        assert ["stream_options" in sent.json() for sent in server.requests] == [True, False, False]


async def test_any_other_refusal_is_not_asked_again() -> None:
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "No such option: top_k"}}, 400))
        _, error = await ask(openai_provider(server.base_url))
        assert isinstance(error, RequestError)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
async def test_the_sdk_does_not_try_again_by_itself(status: int) -> None:
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "no"}}, status, Retry_After="3"))
        _, error = await ask(openai_provider(server.base_url))
        assert error is not None
        assert error.retryable
        assert error.retry_after == 3.0
        assert len(server.requests) == 1


async def test_an_unknown_model_says_where_to_look() -> None:
    async with ChatServer() as server:
        server.then(whole({"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, 404))
        _, error = await ask(openai_provider(server.base_url), request("x"))
        assert isinstance(error, ModelNotFoundError)
        assert "tui-stream models --provider openai" in error.hint


async def test_one_connection_serves_turn_after_turn() -> None:
    async with ChatServer() as server:
        provider = openai_provider(server.base_url)
        for word in ("one", "two", "three"):
            server.say(word)
            assert text_of([event async for event in provider.stream(request())]) == word
        assert server.connections == 1
        await provider.aclose()


async def test_two_answers_may_stream_at_once() -> None:
    gate = Gate()
    async with ChatServer() as server:
        provider = openai_provider(server.base_url)
        server.say("one", gate)
        first = provider.stream(request())
        assert [await anext(first) for _ in range(3)][-1] == TextDelta("one")
        server.say("two")
        assert text_of([event async for event in provider.stream(request())]) == "two"
        gate.open()
        assert text_of([event async for event in first]) == ""
        await provider.aclose()


async def test_the_models() -> None:
    entries = [
        {"id": "b", "object": "model", "owned_by": "me", "max_model_len": 100},
        {"id": "a", "object": "model", "meta": {"n_ctx_train": 200, "size": 5}},
        {"id": "c", "context_length": 300, "owned_by": None},
    ]
    async with ChatServer() as server:
        server.then(whole({"data": entries}))
        provider = openai_provider(server.base_url)
        assert await provider.models() == [
            ModelInfo("a", 200, 5),
            ModelInfo("b", 100, None, "me"),
            ModelInfo("c", 300),
        ]
        assert "authorization" not in server.requests[0].headers
        await provider.aclose()


@pytest.mark.parametrize("answer", [{"models": []}, [1], b"<html>", b"hello", {"data": "x"}])
async def test_no_list_of_models(answer: object) -> None:
    async with ChatServer() as server:
        server.then(whole(answer))
        provider = openai_provider(server.base_url)
        with pytest.raises(ProtocolError, match="list of models"):
            await provider.models()
        await provider.aclose()


async def test_models_of_a_server_that_is_down() -> None:
    async with ChatServer() as server:
        base_url = server.base_url
    provider = openai_provider(base_url)
    with pytest.raises(ConnectionFailedError, match="Nothing answers"):
        await provider.models()
    await provider.aclose()


async def test_preparing_imports_once_for_all_who_ask() -> None:
    provider = openai_provider("http://127.0.0.1:1/v1")
    first, second = await asyncio.gather(provider._ready(), provider._ready())
    assert first is second
    assert [step async for step in provider.prepare()] == []
    await provider.aclose()


def test_a_hosted_model_is_not_local() -> None:
    assert not openai_provider("https://openrouter.ai/api/v1").capabilities.local
    assert openai_provider("http://localhost:8080/v1").capabilities.local


def test_a_bad_address_is_found_when_the_provider_is_made() -> None:
    with pytest.raises(ConfigError, match="base URL"):
        OpenAIProvider(Settings(providers=Providers(openai=OpenAISettings(base_url="llm:8080"))))


async def test_somebody_elses_server_is_asked_for_its_own_model() -> None:
    async with ChatServer() as server:
        settings = Settings(providers=Providers(openai=OpenAISettings(base_url=server.base_url)))
        provider = create(settings)
        assert [step async for step in provider.prepare()] == []
        offered = [model.name for model in await provider.models()]
        assert provider.model == offered[0] != OpenAISettings().model
        await provider.aclose()


async def test_a_server_that_is_not_there_does_not_spoil_the_preparation() -> None:
    provider = create(Settings(providers=Providers(openai=OpenAISettings(base_url="http://127.0.0.1:9/v1"))))
    assert [step async for step in provider.prepare()] == []
    assert provider.model == OpenAISettings().model
    await provider.aclose()


@pytest.mark.parametrize("ending", ["", "/"])
async def test_a_query_of_the_base_url_goes_with_every_request(ending: str) -> None:
    query = "api-version=3&tag=a&tag=b&path=%2Fx"
    async with ChatServer() as server:
        server.then(whole({"data": []}))
        server.say("ok")
        provider = openai_provider(f"{server.base_url}{ending}?{query}")
        assert await provider.models() == []
        events, error = await ask(provider)
        assert (text_of(events), error) == ("ok", None)
        assert [sent.target for sent in server.requests] == [f"/v1/models?{query}", f"/v1/chat/completions?{query}"]


async def test_a_query_of_the_base_url_is_not_repeated_in_messages() -> None:
    async with ChatServer() as server:
        server.then(whole({"error": "no"}, 400))
        _, error = await ask(openai_provider(f"{server.base_url}?key=hush-hush"))
        assert error is not None
        assert "hush" not in f"{error} {error.message} {error.hint}"
    _, error = await ask(openai_provider(f"{server.base_url}?key=hush-hush"))
    assert error is not None
    assert "Nothing answers at" in error.message
    assert "hush" not in f"{error} {error.message} {error.hint}"
