"""How answers of the Responses API end, well or not, over a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

import pytest

from tests.captures import load, served
from tests.fakes import Gate
from tests.providers.asking import ask, reasoning_of, request, text_of
from tests.providers.responding import (
    ResponsesServer,
    added,
    delta,
    done,
    ended,
    event,
    message,
    response,
    responses_provider,
    usage,
)
from tests.servers import Exchange, Handler, Server, body, close, reset, stall, whole
from tui_stream.core.events import ResponseStarted, StreamEnd, TextDelta, ToolCallDelta, UsageReport
from tui_stream.core.models import ChatRequest, FinishReason, Usage
from tui_stream.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ModelNotFoundError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers import _pump

KEY = {"OPENAI_API_KEY": "sk-test-0123456789"}


def optioned(options: Mapping[str, object]) -> ChatRequest:
    return ChatRequest("", request().messages, options)


@pytest.mark.parametrize(
    ("name", "text", "usage"),
    [
        ("llamacpp-responses", "Bonjour in French! Bonjour is a beautiful", Usage(35, 10, cached_input_tokens=28)),
        ("ollama-v1-responses", "Pardon au fut!", Usage(14, 5, cached_input_tokens=0, reasoning_tokens=0)),
    ],
)
async def test_a_capture_served_again(name: str, text: str, usage: Usage) -> None:
    async with Server() as server:
        server.then(served(load(name)))
        events, error = await ask(responses_provider(f"{server.url}/v1"))
    assert error is None
    assert text_of(events) == text
    assert events[0] == ResponseStarted()
    assert [part.usage for part in events if isinstance(part, UsageReport)] == [usage]
    assert events[-1] == StreamEnd(FinishReason.STOP)


@pytest.mark.parametrize(
    ("name", "start"),
    [("ollama-v1-responses-mid-error", "What an incredible human"), ("abort-llamacpp-responses", "A long story about")],
)
async def test_a_capture_that_was_cut_off(name: str, start: str) -> None:
    async with Server() as server:
        server.then(served(load(name)))
        events, error = await ask(responses_provider(f"{server.url}/v1"))
    assert isinstance(error, StreamBrokenError)
    assert text_of(events).startswith(start)
    assert not any(isinstance(part, StreamEnd) for part in events)


async def test_reasoning_a_call_and_a_refusal() -> None:
    call = {"type": "function_call", "id": "f", "call_id": "c", "name": "look", "arguments": ""}
    async with ResponsesServer() as server:
        provider = responses_provider(server.base_url)
        thought = delta("Hmm.", "reasoning_summary_text")
        arguments = delta("{}", "function_call_arguments", item_id="f", output_index=1)
        server.then(body(thought, added(call, 1), arguments, ended(output=[{}, {**call, "arguments": "{}"}])))
        events = [part async for part in provider.stream(request())]
        assert reasoning_of(events) == "Hmm."
        calls = [part for part in events if isinstance(part, ToolCallDelta)]
        assert calls == [ToolCallDelta(0, "c", "look"), ToolCallDelta(0, arguments="{}")]
        assert events[-1] == StreamEnd(FinishReason.TOOL_CALLS)
        server.then(body(delta("I cannot.", "refusal"), done("refusal", refusal="I cannot."), ended()))
        events, error = await ask(provider)
        assert error is None
        assert text_of(events) == "I cannot."
        assert events[-1] == StreamEnd(FinishReason.CONTENT_FILTER)


@pytest.mark.parametrize(
    ("told", "reason"), [("max_output_tokens", FinishReason.LENGTH), ("content_filter", FinishReason.CONTENT_FILTER)]
)
async def test_an_incomplete_response(told: str, reason: FinishReason) -> None:
    async with ResponsesServer() as server:
        server.then(body(delta("a"), ended("incomplete", incomplete_details={"reason": told})))
        events, error = await ask(responses_provider(server.base_url))
        assert error is None
        assert events[-1] == StreamEnd(reason)


@pytest.mark.parametrize("where", ["options", "body"])
async def test_an_answer_at_its_limit_that_is_called_completed(where: str) -> None:
    limit = {"max_output_tokens": 3}
    async with ResponsesServer() as server:
        server.say("a", usage=(7, 3))
        provider = responses_provider(server.base_url, body=limit if where == "body" else {})
        events, _ = await ask(provider, optioned(limit if where == "options" else {}))
        assert events[-1] == StreamEnd(FinishReason.LENGTH)


async def test_openai_itself_is_believed_about_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ResponsesServer() as server:
        server.say("a", usage=(7, 3))
        provider = responses_provider(server.base_url, environ=KEY)
        monkeypatch.setattr(provider, "_official", True)
        events, _ = await ask(provider, request(max_output_tokens=3))
        assert events[-1] == StreamEnd(FinishReason.STOP)


async def test_a_response_in_one_piece() -> None:
    async with ResponsesServer() as server:
        server.then(whole(response("completed", [message("Hello")], model="m", usage=usage(2, 1))))
        events, error = await ask(responses_provider(server.base_url))
        assert error is None
        assert text_of(events) == "Hello"
        assert events[-2:] == [UsageReport(Usage(2, 1)), StreamEnd(FinishReason.STOP)]


async def test_one_connection_serves_turn_after_turn() -> None:
    async with ResponsesServer() as server:
        provider = responses_provider(server.base_url)
        for word in ("one", "two", "three"):
            server.say(word)
            assert text_of([part async for part in provider.stream(request())]) == word
        assert server.connections == 1
        await provider.aclose()


async def test_silence_after_the_end_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pump, "DRAIN_TIMEOUT", 0.05)
    async with ResponsesServer() as server:
        server.then(body(delta("a"), ended(), stall))
        events, error = await ask(responses_provider(server.base_url))
        assert error is None
        assert events[-1] == StreamEnd(FinishReason.STOP)
        await server.exchanges[0].gone.wait()


@pytest.mark.parametrize(
    ("status", "error_type", "hint"),
    [
        (401, AuthenticationError, "OPENAI_API_KEY"),
        (404, RequestError, "--provider openai"),
        (405, RequestError, "--provider openai"),
        (429, RateLimitError, "Wait"),
        (500, ServerError, "Try again"),
        (503, ServerError, "Try again"),
    ],
)
async def test_a_refused_request(status: int, error_type: type[ProviderError], hint: str) -> None:
    async with ResponsesServer() as server:
        server.then(whole({"error": {"message": "No way"}}, status, Retry_After="3"))
        events, error = await ask(responses_provider(server.base_url))
        assert type(error) is error_type
        assert "No way" in error.message
        assert hint in error.hint
        assert error.retry_after == (3.0 if error.retryable else None)
        assert not events
        assert len(server.requests) == 1


async def test_an_unknown_model_says_where_to_look() -> None:
    async with ResponsesServer() as server:
        server.then(whole({"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, 404))
        _, error = await ask(responses_provider(server.base_url), request("x"))
        assert isinstance(error, ModelNotFoundError)
        assert "tui-stream models --provider openai-responses" in error.hint


async def test_a_server_that_is_down() -> None:
    async with ResponsesServer() as server:
        base_url = server.base_url
    _, error = await ask(responses_provider(base_url))
    assert isinstance(error, ConnectionFailedError)
    assert "Nothing answers" in error.message


@pytest.mark.parametrize(
    "bad",
    [
        event("error", code="server_error", message="It crashed", param=None),
        ended("failed", error={"code": "server_error", "message": "It crashed"}),
    ],
)
@pytest.mark.parametrize("said", ["a", ""])
async def test_an_error_in_the_stream(bad: bytes, said: str) -> None:
    async with ResponsesServer() as server:
        server.then(body(server.created(), delta(said), bad, stall))
        events, error = await ask(responses_provider(server.base_url))
        assert isinstance(error, ServerError)
        assert "It crashed" in error.message
        assert text_of(events) == said
        await server.exchanges[0].gone.wait()


@pytest.mark.parametrize(("said", "kind"), [("a", StreamBrokenError), ("", ConnectionFailedError)])
@pytest.mark.parametrize("ending", [(), (close,), (reset,)])
async def test_an_end_without_an_end(said: str, kind: type[Exception], ending: tuple[Handler, ...]) -> None:
    gate = Gate()
    async with ResponsesServer() as server:
        server.then(body(server.created(), delta(said), gate, *ending))
        provider = responses_provider(server.base_url)
        stream = provider.stream(request())
        first = [await anext(stream) for _ in range(3 if said else 2)]
        gate.open()
        with pytest.raises(kind):
            await anext(stream)
        assert text_of(first) == said
        await provider.aclose()


async def test_a_web_page_is_no_answer() -> None:
    async with ResponsesServer() as server:
        server.then(whole(b"\n<!doctype html><title>Sign in</title>", content_type="text/html"))
        _, error = await ask(responses_provider(server.base_url))
        assert isinstance(error, ProtocolError)
        assert "Sign in" in error.message


def in_the_middle(server: ResponsesServer) -> Handler:
    return body(server.created(), delta("x"), stall)


async def without_end(exchange: Exchange) -> None:
    await exchange.head()
    while not exchange.gone.is_set():
        await exchange.piece(delta("x"))
        await asyncio.sleep(0)


async def test_cancelling_closes_the_connection_and_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with ResponsesServer() as server:
        provider = responses_provider(server.base_url)
        for number, behave in enumerate((in_the_middle(server), without_end, stall)):
            server.then(behave)
            news = asyncio.Event()

            async def read(news: asyncio.Event = news) -> None:
                async with aclosing(provider.stream(request())) as stream:
                    async for part in stream:
                        if isinstance(part, TextDelta):
                            news.set()

            task = asyncio.create_task(read())
            exchange = await server.exchange(number)
            if behave is not stall:
                await news.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await exchange.gone.wait()
        server.say("fresh")
        events, error = await ask(provider)
        assert error is None
        assert text_of(events) == "fresh"
    assert asyncio.all_tasks() == before


async def test_closing_the_generator_closes_the_connection() -> None:
    async with ResponsesServer() as server:
        provider = responses_provider(server.base_url)
        server.then(without_end)
        stream = provider.stream(request())
        while not isinstance(await anext(stream), TextDelta):
            pass
        await stream.aclose()
        await server.exchanges[0].gone.wait()
        await provider.aclose()
