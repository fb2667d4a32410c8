from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.fakes import Gate
from tests.providers.asking import ask, request, text_of
from tests.providers.responding import (
    ResponsesServer,
    responses_provider,
)
from tests.servers import Handler, whole
from tui_stream.config import OpenAIResponsesSettings, OpenAISettings, Providers, Settings
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta, UsageReport
from tui_stream.core.models import ChatMessage, ChatRequest, FinishReason, Role, Usage
from tui_stream.core.provider import Provider
from tui_stream.errors import (
    AuthenticationError,
    ConfigError,
    RequestError,
)
from tui_stream.providers import create as create_by_name
from tui_stream.providers.openai_responses import create

KEY = {"OPENAI_API_KEY": "sk-test-0123456789"}
UNKNOWN_STORE = {"error": {"message": "Unknown parameter: 'store'.", "type": "invalid_request_error"}}


def optioned(options: Mapping[str, object]) -> ChatRequest:
    return ChatRequest("", request().messages, options)


async def test_an_answer_comes_piece_by_piece() -> None:
    gate = Gate()
    async with ResponsesServer() as server:
        server.say("hel", gate, "lo")
        provider: Provider = responses_provider(server.base_url)
        stream = provider.stream(request("asked"))
        assert await anext(stream) == ResponseStarted()
        assert await anext(stream) == ResponseStarted("told-so")
        assert await anext(stream) == TextDelta("hel")
        await gate.reached.wait()
        gate.open()
        rest = [part async for part in stream]
        assert rest == [TextDelta("lo"), UsageReport(Usage(7, 3)), StreamEnd(FinishReason.STOP)]
        assert server.requests[0].target == "/v1/responses"
        await provider.aclose()


async def test_what_is_sent() -> None:
    conversation = (
        *request().messages,
        ChatMessage(Role.ASSISTANT, "Hi 😀"),
        ChatMessage(Role.SYSTEM, "It is late."),
        ChatMessage(Role.USER, "Good night"),
    )
    options = {"temperature": 0.5, "top_k": 4, "max_output_tokens": 9, "reasoning": {"effort": "low"}}
    async with ResponsesServer() as server:
        server.say("ok")
        provider = responses_provider(
            server.base_url, environ=KEY, headers={"X-Title": "me"}, body={"provider": {"only": ["a"]}}
        )
        await provider._ready()
        await ask(provider, ChatRequest("asked", conversation, options))
        sent = server.requests[0]
        assert sent.json() == {
            "model": "asked",
            "instructions": "Be brief.",
            "input": [
                {"type": "message", "role": "user", "content": "Hello"},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi 😀"}]},
                {"type": "message", "role": "system", "content": "It is late."},
                {"type": "message", "role": "user", "content": "Good night"},
            ],
            "stream": True,
            "store": False,
            "temperature": 0.5,
            "max_output_tokens": 9,
            "reasoning": {"effort": "low"},
            "top_k": 4,
            "provider": {"only": ["a"]},
        }
        assert sent.headers["authorization"] == "Bearer sk-test-0123456789"
        assert sent.headers["x-title"] == "me"
        assert sent.headers["accept-encoding"] == "identity"
        assert sent.headers["x-stainless-retry-count"] == "0"


async def test_without_a_system_prompt_there_are_no_instructions() -> None:
    async with ResponsesServer() as server:
        server.say("ok")
        await ask(responses_provider(server.base_url), ChatRequest("", (ChatMessage(Role.USER, "Hello"),)))
        assert "instructions" not in server.requests[0].json()


@pytest.mark.parametrize("name", ["stream", "model", "input", "instructions"])
async def test_what_the_program_chooses_cannot_be_an_option(name: str) -> None:
    async with ResponsesServer() as server:
        with pytest.raises(ConfigError, match=name):
            await ask(responses_provider(server.base_url, body={name: False}))
        with pytest.raises(ConfigError, match=name):
            await ask(responses_provider(server.base_url), optioned({name: False}))
        assert not server.requests


async def test_it_has_a_table_of_its_own() -> None:
    table = OpenAIResponsesSettings(base_url="http://127.0.0.1:1/v1", model="mine", api_key_env="MINE")
    providers = Providers(openai=OpenAISettings(model="other"), openai_responses=table)
    assert create(Settings(providers=providers)).model == "mine"
    assert create(Settings(model="flag", providers=providers)).model == "flag"
    provider = create_by_name("openai-responses", Settings(providers=providers))
    assert provider.name == "openai-responses"
    assert provider.capabilities.local
    async with ResponsesServer() as server:
        server.say("ok")
        await ask(responses_provider(server.base_url, api_key_env="MINE", environ={**KEY, "MINE": "my-own"}))
        assert server.requests[0].headers["authorization"] == "Bearer my-own"


def test_a_bad_address_is_found_when_the_provider_is_made() -> None:
    with pytest.raises(ConfigError, match="base URL"):
        responses_provider("llm:8080")


async def test_openai_itself_needs_a_key_before_any_connection() -> None:
    _, error = await ask(responses_provider("https://api.openai.com/v1"))
    assert isinstance(error, AuthenticationError)
    assert "export OPENAI_API_KEY=" in error.hint


async def test_the_models_and_the_one_that_is_taken_where_none_is_named() -> None:
    async with ResponsesServer() as server:
        provider = responses_provider(server.base_url)
        assert [step async for step in provider.prepare()] == []
        assert provider.model == "told-so"
        assert [model.name for model in await provider.models()] == ["told-so"]
        await provider.aclose()


@pytest.mark.parametrize("where", ["options", "body"])
async def test_the_person_may_have_it_stored(where: str) -> None:
    async with ResponsesServer() as server:
        server.say("ok")
        provider = responses_provider(server.base_url, body={"store": True} if where == "body" else {})
        await ask(provider, optioned({"store": True} if where == "options" else {}))
        assert server.requests[0].json()["store"] is True


@pytest.mark.parametrize(
    "refusal",
    [
        whole(UNKNOWN_STORE, 400),
        whole({"error": {"message": "Unrecognized request argument supplied: store"}}, 400),
        whole({"detail": [{"loc": ["body", "store"], "msg": "Extra inputs are not permitted"}]}, 422),
    ],
)
async def test_a_server_that_does_not_know_store_is_asked_without(refusal: Handler) -> None:
    async with ResponsesServer() as server:
        server.then(refusal)
        server.say("ok")
        server.say("again")
        provider = responses_provider(server.base_url)
        assert text_of([part async for part in provider.stream(request())]) == "ok"
        assert text_of((await ask(provider))[0]) == "again"
        assert ["store" in sent.json() for sent in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("Background responses need store to be true.", 400),
        ("Unknown parameter: 'vector_store_ids'.", 400),
        ("No such option: restore", 400),
        ("Unknown parameter: 'store'.", 500),
        ("Unknown parameter: 'store'.", 401),
    ],
)
async def test_any_other_refusal_is_not_asked_again(message: str, status: int) -> None:
    async with ResponsesServer() as server:
        server.then(whole({"error": {"message": message}}, status))
        _, error = await ask(responses_provider(server.base_url))
        assert error is not None
        assert len(server.requests) == 1
        assert server.requests[0].json()["store"] is False


async def test_a_server_that_refuses_twice_has_refused() -> None:
    async with ResponsesServer() as server:
        server.then(whole(UNKNOWN_STORE, 400), whole(UNKNOWN_STORE, 400))
        _, error = await ask(responses_provider(server.base_url))
        assert isinstance(error, RequestError)
        assert len(server.requests) == 2


async def test_openai_itself_is_never_asked_without(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ResponsesServer() as server:
        server.then(whole(UNKNOWN_STORE, 400))
        provider = responses_provider(server.base_url)
        monkeypatch.setattr(provider, "_official", True)
        provider._key = "sk-test-0123456789"
        _, error = await ask(provider)
        assert isinstance(error, RequestError)
        assert len(server.requests) == 1


@pytest.mark.parametrize("ending", ["", "/"])
async def test_a_query_of_the_base_url_goes_with_every_request(ending: str) -> None:
    query = "api-version=3&tag=a&tag=b&path=%2Fx"
    async with ResponsesServer() as server:
        server.then(whole({"data": []}))
        server.say("ok")
        provider = responses_provider(f"{server.base_url}{ending}?{query}")
        assert await provider.models() == []
        events, error = await ask(provider)
        assert (text_of(events), error) == ("ok", None)
        assert [sent.target for sent in server.requests] == [f"/v1/models?{query}", f"/v1/responses?{query}"]


async def test_a_query_of_the_base_url_is_not_repeated_in_messages() -> None:
    async with ResponsesServer() as server:
        server.then(whole({"error": "no"}, 400))
        _, error = await ask(responses_provider(f"{server.base_url}?key=hush-hush"))
        assert error is not None
        assert "hush" not in f"{error} {error.message} {error.hint}"
    _, error = await ask(responses_provider(f"{server.base_url}?key=hush-hush"))
    assert error is not None
    assert "Nothing answers at" in error.message
    assert "hush" not in f"{error} {error.message} {error.hint}"
