"""Every capture of a real server, served again as it was, through the real providers."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from tests.captures import Capture, load, names, served
from tests.providers.asking import (
    ask,
    ollama_provider,
    openai_provider,
    reasoning_of,
    request,
    text_of,
)
from tests.servers import Server
from tui_stream.core.events import (
    Event,
    ReasoningDelta,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tui_stream.core.models import FinishReason, Usage
from tui_stream.errors import (
    AuthenticationError,
    ModelNotFoundError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    StreamBrokenError,
)

OPENAI_ANSWERS = {
    "llamacpp-chat-nonstream": (FinishReason.LENGTH, Usage(46, 6, cached_input_tokens=45)),
    "llamacpp-chat-nousage": (FinishReason.LENGTH, Usage(46, 6, cached_input_tokens=45)),
    "llamacpp-chat-reasoning": (FinishReason.STOP, Usage(14, 32, cached_input_tokens=13)),
    "llamacpp-chat-stop": (FinishReason.STOP, Usage(46, 10, cached_input_tokens=45)),
    "llamacpp-chat-toolcall": (FinishReason.TOOL_CALLS, Usage(421, 31, cached_input_tokens=174)),
    "llamacpp-chat-usage": (FinishReason.STOP, Usage(46, 20, cached_input_tokens=45)),
    "llamacpp-err-unknown-model": (FinishReason.LENGTH, Usage(46, 3, cached_input_tokens=28)),
    "llamacpp-keepalive": (FinishReason.LENGTH, Usage(485, 4, cached_input_tokens=24)),
    "llamacpp-length-context-full": (FinishReason.LENGTH, Usage(461, 51, cached_input_tokens=24)),
    "ollama-v1-chat": (FinishReason.LENGTH, Usage(14, 6)),
    "openai-crlf-comments": (FinishReason.LENGTH, Usage(43, 4, cached_input_tokens=42)),
    "openai-reasoning": (FinishReason.STOP, Usage(20, 9, reasoning_tokens=4)),
    "openai-reasoning_content": (FinishReason.STOP, Usage(20, 9, reasoning_tokens=4)),
    "openai-toolcall": (FinishReason.TOOL_CALLS, Usage(20, 9, reasoning_tokens=0)),
}
OPENAI_ERRORS: dict[str, type[ProviderError]] = {
    "llamacpp-err-401": AuthenticationError,
    "llamacpp-err-404": RequestError,
    "llamacpp-err-badjson": RequestError,
    "llamacpp-err-badparam": RequestError,
    "llamacpp-err-nomessages": RequestError,
    "llamacpp-models": ProtocolError,
    "ollama-err-v1-404": ModelNotFoundError,
    "openai-429": RateLimitError,
    "openai-500": ServerError,
    "openai-mid-error": ServerError,
    "openai-reset": StreamBrokenError,
}
RESPONSES = names("llamacpp-responses", "ollama-v1-responses*")
"""Those of the Responses API, which `tests.providers.test_openai_responses_ends` replays."""
OLLAMA_ANSWERS = {
    "ollama-after-crash": (FinishReason.LENGTH, Usage(14, 3)),
    "ollama-chat-length": (FinishReason.LENGTH, Usage(14, 3)),
    "ollama-chat-load": (FinishReason.OTHER, None),
    "ollama-chat-nonstream": (FinishReason.LENGTH, Usage(14, 8)),
    "ollama-chat-ok": (FinishReason.STOP, Usage(14, 12)),
    "ollama-chat-thinking": (FinishReason.STOP, Usage(125, 22)),
    "ollama-chat-thinking-off": (FinishReason.LENGTH, Usage(125, 20)),
    "ollama-chat-unload": (FinishReason.OTHER, None),
}
OLLAMA_ERRORS: dict[str, type[ProviderError]] = {
    "ollama-create": ProtocolError,
    "ollama-err-404": ModelNotFoundError,
    "ollama-err-badjson": RequestError,
    "ollama-err-think": RequestError,
    "ollama-ps": ProtocolError,
    "ollama-pull-error": ServerError,
    "ollama-pull-progress": ProtocolError,
    "ollama-show": ProtocolError,
    "ollama-tags": ProtocolError,
    "ollama-version": ProtocolError,
}


def said_in(capture: Capture) -> tuple[str, str]:
    """The text and the reasoning in a capture, read in the plainest way."""
    text = reasoning = ""
    for line in capture.body.decode().replace("\r", "").split("\n"):
        data = line.removeprefix("data: ")
        if not data.startswith("{"):
            continue
        value = json.loads(data)
        choices = value.get("choices") or [{}]
        part = choices[0].get("delta") or choices[0].get("message") or value.get("message") or {}
        text += part.get("content") or ""
        reasoning += part.get("reasoning_content") or part.get("reasoning") or part.get("thinking") or ""
    return text, reasoning


async def replay(name: str) -> tuple[list[Event], ProviderError | None]:
    async with Server() as server:
        server.then(served(load(name)))
        own = name.startswith("ollama-") and "-v1-" not in name
        answer = await ask(ollama_provider(server.url) if own else openai_provider(f"{server.url}/v1"))
        assert server.requests[0].target == ("/api/chat" if own else "/v1/chat/completions")
        return answer


def test_every_capture_is_replayed() -> None:
    told = {*OPENAI_ANSWERS, *OPENAI_ERRORS, *OLLAMA_ANSWERS, *OLLAMA_ERRORS, *RESPONSES, "openai-stall"}
    assert set(names("*")) >= told
    assert set(names("llamacpp-*", "openai-*", "ollama-*")) == told


@pytest.mark.parametrize(
    ("name", "reason", "usage"),
    [(name, *told) for name, told in {**OPENAI_ANSWERS, **OLLAMA_ANSWERS}.items()],
)
async def test_an_answer(name: str, reason: FinishReason, usage: Usage | None) -> None:
    events, error = await replay(name)
    assert error is None
    assert (text_of(events), reasoning_of(events)) == said_in(load(name))
    assert events[0] == ResponseStarted()
    assert isinstance(events[1], ResponseStarted)
    assert events[1].model
    assert [event.usage for event in events if isinstance(event, UsageReport)] == ([usage] if usage else [])
    assert events[-1] == StreamEnd(reason)
    assert not any(isinstance(event, StreamEnd) for event in events[:-1])
    assert ("reasoning" in name or name.endswith("thinking")) == bool(reasoning_of(events))


@pytest.mark.parametrize(("name", "kind"), list({**OPENAI_ERRORS, **OLLAMA_ERRORS}.items()))
async def test_an_error(name: str, kind: type[ProviderError]) -> None:
    events, error = await replay(name)
    assert type(error) is kind
    assert error.hint
    assert not any(isinstance(event, StreamEnd) for event in events)
    capture = load(name)
    if capture.status == 200 and name.startswith("openai-"):
        assert (text_of(events), reasoning_of(events)) == said_in(capture)
        assert text_of(events)


@pytest.mark.parametrize("name", ["llamacpp-chat-toolcall", "openai-toolcall"])
async def test_tool_calls(name: str) -> None:
    events, _ = await replay(name)
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert {call.index for call in calls} == {0}
    assert [call.name for call in calls if call.name] == ["get_weather"]
    assert json.loads("".join(call.arguments for call in calls))


async def test_the_limit_of_a_refusal_is_read() -> None:
    _, error = await replay("openai-429")
    assert error is not None
    assert error.retry_after == 1.0


async def test_reasoning_comes_before_the_answer() -> None:
    events, _ = await replay("ollama-chat-thinking")
    kinds = [type(event) for event in events if isinstance(event, TextDelta | ReasoningDelta)]
    assert kinds.index(TextDelta) == kinds.count(ReasoningDelta)


async def test_a_stall_lasts_until_the_reader_leaves() -> None:
    capture = load("openai-stall")
    async with Server() as server:
        server.then(served(capture))
        provider, seen = openai_provider(f"{server.url}/v1"), []
        async with aclosing(provider.stream(request())) as events:
            async for event in events:
                seen.append(event)
                if text_of(seen) == said_in(capture)[0]:
                    break
        async with asyncio.timeout(5):
            await server.exchanges[0].gone.wait()
        await provider.aclose()
