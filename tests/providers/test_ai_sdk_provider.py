"""The provider ``ai-sdk`` against captures of real servers, and what it sends."""

from __future__ import annotations

import asyncio
import gzip
import json
import re

import pytest

from tests.captures import FOLDER, Capture, load, names, served
from tests.fakes import Gate
from tests.providers.asking import ask, reasoning_of, text_of
from tests.providers.endpoints import ai_sdk_provider, answer
from tests.servers import Server, whole
from tui_stream.core.events import Event, ResponseStarted, StreamEnd, ToolCallDelta, UsageReport
from tui_stream.core.models import ChatMessage, ChatRequest, FinishReason, Role, Usage
from tui_stream.errors import ProtocolError, ProviderError, RateLimitError, RequestError, ServerError, StreamBrokenError

STOP, LENGTH = FinishReason.STOP, FinishReason.LENGTH
ANSWERS = {
    "aisdk4-data-ok": LENGTH,
    "aisdk4-data-reasoning": STOP,
    "aisdk4-data-tools": STOP,
    "aisdk7-text-ok": None,
    "aisdk7-text-reasoning": None,
    "aisdk7-text-upstream-reset": None,
    "aisdk7-ui-deprecated": LENGTH,
    "aisdk7-ui-full": LENGTH,
    "aisdk7-ui-ok": LENGTH,
    "aisdk7-ui-reasoning": STOP,
    "aisdk7-ui-tools": STOP,
    "next-text-gzip": None,
    "next-ui-ok": LENGTH,
}
ERRORS: dict[str, tuple[type[ProviderError], str]] = {
    "aisdk4-data-429": (ServerError, "An error occurred"),
    "aisdk4-data-429-text": (RateLimitError, "Rate limit reached"),
    "aisdk4-data-500": (ServerError, "An error occurred"),
    "aisdk4-data-upstream-reset": (StreamBrokenError, "cut off"),
    "aisdk7-text-429": (ServerError, "empty answer"),
    "aisdk7-ui-429": (ServerError, "An error occurred"),
    "aisdk7-ui-429-onerror": (RateLimitError, "Rate limit reached"),
    "aisdk7-ui-mid-error": (ServerError, "An error occurred"),
    "aisdk7-ui-upstream-eof": (ServerError, "An error occurred"),
    "next-get": (RequestError, "HTTP 405"),
    "next-ui-429": (ServerError, "An error occurred"),
    "next-ui-bad-json": (ServerError, "HTTP 500"),
    "next-ui-upstream-reset": (StreamBrokenError, "cut off"),
}
TELLING = ("x-vercel-ai-ui-message-stream", "x-vercel-ai-data-stream", "content-type")


def said_in(capture: Capture) -> tuple[str, str]:
    """The text and the reasoning in a capture, read in the plainest way."""
    body = (gzip.decompress(capture.body) if "gzip" in capture.name else capture.body).decode()
    if "-text" in capture.name and "data" not in capture.name:
        return body, ""
    if "data" in capture.name:
        found = re.findall(r'^(0|g):(".*")$', body, re.MULTILINE)
        kinds = {"0": "text", "g": "reasoning"}
        pairs = [(kinds[code], json.loads(value)) for code, value in found]
    else:
        values = [json.loads(line[6:]) for line in body.split("\n") if line.startswith("data: {")]
        pairs = [(value["type"].removesuffix("-delta"), value["delta"]) for value in values if "delta" in value]
    return "".join(text for kind, text in pairs if kind == "text"), "".join(
        text for kind, text in pairs if kind == "reasoning"
    )


async def replay(capture: Capture) -> tuple[list[Event], ProviderError | None]:
    async with Server() as server:
        server.then(served(capture))
        return await ask(ai_sdk_provider(f"{server.url}/api/chat"))


def without_headers(capture: Capture) -> Capture:
    """The same from behind a proxy that dropped what tells the streams apart."""
    headers = {name: value for name, value in capture.headers.items() if name.lower() not in TELLING}
    return Capture(capture.name, capture.status, headers, capture.chunks, capture.end)


def test_every_capture_is_replayed() -> None:
    assert set(names("aisdk*", "next-*")) == {*ANSWERS, *ERRORS}


@pytest.mark.parametrize(("name", "reason"), ANSWERS.items())
async def test_an_answer(name: str, reason: FinishReason | None) -> None:
    capture = load(name)
    events, error = await replay(capture)
    assert error is None
    assert (text_of(events), reasoning_of(events)) == said_in(capture)
    assert text_of(events)
    assert events[0] == ResponseStarted()
    assert events[-1] == StreamEnd(reason)
    bare, error = await replay(without_headers(capture))
    assert error is None
    assert (text_of(bare), reasoning_of(bare), bare[-1]) == (text_of(events), reasoning_of(events), events[-1])


@pytest.mark.parametrize(("name", "told"), ERRORS.items())
async def test_an_error(name: str, told: tuple[type[ProviderError], str]) -> None:
    capture = load(name)
    for served_so in (capture, without_headers(capture)):
        events, error = await replay(served_so)
        assert type(error) is told[0]
        assert told[1] in error.message
        assert error.hint
        assert not any(isinstance(event, StreamEnd) for event in events)
        assert text_of(events) == (said_in(capture)[0] if capture.status == 200 else "")


@pytest.mark.parametrize("name", ["aisdk4-data-tools", "aisdk7-ui-tools"])
async def test_a_tool_call_is_seen_once(name: str) -> None:
    events, _ = await replay(load(name))
    calls = [event for event in events if isinstance(event, ToolCallDelta)]
    assert {call.index for call in calls} == {0}
    assert [(call.id, call.name) for call in calls if call.id] == [("call_abc123", "get_weather")]
    assert json.loads("".join(call.arguments for call in calls)) == {"city": "Paris"}


async def test_usage_and_model_of_the_metadata() -> None:
    events, _ = await replay(load("aisdk7-ui-full"))
    assert ResponseStarted("smollm2-135m") in events
    assert UsageReport(Usage(35, 6, cached_input_tokens=34, reasoning_tokens=0)) in events


async def test_white_space_at_the_start_of_plain_text_is_part_of_it() -> None:
    async with Server() as server:
        first, second = Gate(), Gate()
        server.then(answer("text", "\n", first, "  ", second, "<p>{"))
        task = asyncio.create_task(ask(ai_sdk_provider(server.url)))
        for gate in (first, second):
            await gate.reached.wait()
            gate.open()
        events, error = await task
        assert error is None
        assert text_of(events) == "\n  <p>{"


# The request


def conversation(*said: str) -> ChatRequest:
    roles = (Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER)
    return ChatRequest("", tuple(ChatMessage(role, text) for role, text in zip(roles, said, strict=False)))


async def asked_with(*requests: ChatRequest, **settings: object) -> list[dict[str, object]]:
    async with Server() as server:
        provider = ai_sdk_provider(server.url, **settings)  # type: ignore[arg-type] # each test names real ones
        for request in requests:
            server.then(answer("ui", "ok"))
            assert text_of([event async for event in provider.stream(request)]) == "ok"
        await provider.aclose()
        return [sent.json() for sent in server.requests]


async def test_messages_carry_what_every_version_reads() -> None:
    (sent,) = await asked_with(conversation("Be brief.", "Hi", "Hello", "Why?"))
    messages = sent["messages"]
    assert isinstance(messages, list)
    assert [(message["role"], message["content"]) for message in messages] == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Why?"),
    ]
    assert all(message["parts"] == [{"type": "text", "text": message["content"]}] for message in messages)
    assert len({message["id"] for message in messages}) == 4
    assert sent["trigger"] == "submit-message"


@pytest.mark.parametrize("name", ["aisdk7-ui-ok", "next-ui-ok", "aisdk4-data-ok"])
async def test_the_body_has_all_that_the_captured_ones_have(name: str) -> None:
    captured = json.loads(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["request"]["body"])
    (sent,) = await asked_with(ChatRequest("", (ChatMessage(Role.USER, "Say hello in French."),)))
    assert set(captured) <= set(sent)
    (message,), (wanted,) = sent["messages"], captured["messages"]  # type: ignore[misc] # a list, as asserted above
    wanted.pop("id", None)
    assert {key: message[key] for key in wanted} == wanted  # type: ignore[has-type] # as above


async def test_a_conversation_keeps_its_ids_from_turn_to_turn() -> None:
    first, second, other = await asked_with(
        conversation("S", "Hi"), conversation("S", "Hi", "Hello", "Why?"), conversation("S", "Ho")
    )
    assert first["id"] == second["id"] != other["id"]
    ids = [[message["id"] for message in sent["messages"]] for sent in (first, second)]  # type: ignore[attr-defined] # a list
    assert ids[1][:2] == ids[0]
    (elsewhere,) = await asked_with(conversation("S", "Hi"))
    assert elsewhere["id"] != first["id"]


async def test_the_settings_may_name_the_chat() -> None:
    (sent,) = await asked_with(conversation("S", "Hi"), body={"id": "lobby", "trigger": "regenerate-message"})
    assert (sent["id"], sent["trigger"]) == ("lobby", "regenerate-message")


@pytest.mark.parametrize(
    ("value", "words"), [({"error": "It crashed"}, "It crashed"), ({"hello": 1}, "JSON instead of a stream")]
)
async def test_json_instead_of_a_stream(value: object, words: str) -> None:
    async with Server() as server:
        server.then(whole(value))
        events, error = await ask(ai_sdk_provider(server.url))
        assert isinstance(error, ServerError | ProtocolError)
        assert words in error.message
        assert text_of(events) == ""


async def test_an_endpoint_that_does_not_stream_is_read_too() -> None:
    async with Server() as server:
        server.then(whole({"text": "Hi", "usage": {"inputTokens": 7, "outputTokens": 3}}))
        events, error = await ask(ai_sdk_provider(server.url))
        assert error is None
        assert text_of(events) == "Hi"
        assert UsageReport(Usage(7, 3)) in events
