from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.asking import text_of
from tests.providers.splitting import cut, everywhere, pieces, until_error
from tests.servers import sse
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
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers._ai_sdk_ui import UiMessageStream
from tui_stream.providers._translate import Peer

PEER = Peer("app.example", "http://app.example/api/chat")
STREAMS = [name for name in names("aisdk7-ui-*", "next-ui-*") if load(name).status == 200]
DONE = sse("[DONE]")


def outcome(chunks: list[bytes]) -> tuple[list[Event], str]:
    """The events, and the error that ended them."""
    seen, error = until_error(UiMessageStream(PEER, "m"), chunks)
    return seen, repr(error) if error else ""


def events(*parts: dict[str, object]) -> list[Event]:
    return list(pieces(UiMessageStream(PEER), [*map(sse, parts), DONE]))


def failure(*parts: dict[str, object]) -> ProviderError:
    _, error = until_error(UiMessageStream(PEER), map(sse, parts))
    assert error is not None
    return error


def text(delta: object, key: str = "t") -> dict[str, object]:
    return {"type": "text-delta", "id": key, "delta": delta}


@pytest.mark.parametrize("name", STREAMS)
def test_a_capture_gives_the_same_at_every_split(name: str) -> None:
    capture = load(name)
    expected = outcome([capture.body])
    assert expected[0] or expected[1]
    assert outcome(list(capture.chunks)) == expected
    assert outcome([capture.body[at : at + 1] for at in range(len(capture.body))]) == expected
    for at in range(0, len(capture.body), 1 + len(capture.body) // 500):
        assert outcome(cut(capture.body, [at])) == expected


@settings(deadline=None)
@given(name=st.sampled_from(STREAMS), cuts=st.lists(st.integers(0, 20_000), max_size=50))
def test_a_capture_gives_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    body = load(name).body
    assert outcome(cut(body, cuts)) == outcome([body])


@pytest.mark.parametrize("name", STREAMS)
def test_a_capture_cut_anywhere_is_never_taken_for_complete(name: str) -> None:
    body = load(name).body
    end = body.find(b'data: {"type":"finish",')
    whole = text_of(outcome([body])[0])
    for at in range(0, end if end > 0 else body.find(b"data: [DONE]"), 7):
        seen, error = outcome([body[:at]])
        assert error
        assert whole.startswith(text_of(seen))


def test_accounts_and_model_come_as_metadata() -> None:
    usage = {"inputTokens": 7, "outputTokens": 3, "cachedInputTokens": 2, "reasoningTokens": 1}
    seen = events(
        {"type": "start", "messageId": "x", "messageMetadata": {"model": "m1"}},
        text("Hi"),
        {"type": "message-metadata", "messageMetadata": {"model": "m1", "usage": {}}},
        {"type": "finish", "finishReason": "content-filter", "messageMetadata": {"totalUsage": usage}},
    )
    assert seen == [
        ResponseStarted("m1"),
        TextDelta("Hi"),
        UsageReport(Usage(7, 3, cached_input_tokens=2, reasoning_tokens=1)),
        StreamEnd(FinishReason.CONTENT_FILTER),
    ]


@pytest.mark.parametrize("value", [None, 1, "usage", [], {"usage": "x", "model": 3}])
def test_metadata_of_another_form_is_passed_over(value: object) -> None:
    seen = events({"type": "start", "messageMetadata": value}, text("Hi"), {"type": "finish"})
    assert seen == [TextDelta("Hi"), StreamEnd(None)]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("content-filter", FinishReason.CONTENT_FILTER),
        ("tool-calls", FinishReason.TOOL_CALLS),
        ("other", FinishReason.OTHER),
        ("unknown", FinishReason.OTHER),
        (None, None),
    ],
)
def test_finish_reasons(word: str | None, reason: FinishReason | None) -> None:
    stream = sse(text("a")) + sse({"type": "finish", "finishReason": word})
    for chunks in everywhere(stream):
        assert outcome(chunks) == ([TextDelta("a"), StreamEnd(reason)], "")


def test_the_end_marker_alone_ends_the_answer() -> None:
    assert events(text("a")) == [TextDelta("a"), StreamEnd(None)]


def test_steps_and_tools_part_the_text() -> None:
    seen = events(
        {"type": "start-step"},
        text("Let me look.", "1"),
        {"type": "tool-input-available", "toolCallId": "c", "toolName": "look", "input": {"a": "é"}},
        {"type": "tool-output-available", "toolCallId": "c", "output": "fine"},
        {"type": "start-step"},
        text("It is", "1"),
        text(" fine.", "1"),
        {"type": "source-url", "url": "http://x", "sourceId": "s"},
        text(" Really.", "2"),
    )
    assert text_of(seen) == "Let me look.\n\nIt is fine. Really."
    assert [event for event in seen if isinstance(event, ToolCallDelta)] == [
        ToolCallDelta(0, "c", "look", json.dumps({"a": "é"}, ensure_ascii=False))
    ]


def test_several_tool_calls_keep_apart_and_come_once() -> None:
    seen = events(
        {"type": "tool-input-start", "toolCallId": "a", "toolName": "one"},
        {"type": "tool-input-start", "toolCallId": "b", "toolName": "two"},
        {"type": "tool-input-delta", "toolCallId": "a", "inputTextDelta": "{"},
        {"type": "tool-input-delta", "toolCallId": "a", "inputTextDelta": "}"},
        {"type": "tool-input-available", "toolCallId": "a", "toolName": "one", "input": {}},
        {"type": "tool-input-error", "toolCallId": "b", "toolName": "two", "input": "{x", "errorText": "no JSON"},
    )
    calls: dict[int, str] = {}
    for event in seen[:-1]:
        assert isinstance(event, ToolCallDelta)
        calls[event.index] = calls.get(event.index, "") + f"{event.id}{event.name}{event.arguments}"
    assert calls == {0: "aone{}", 1: "btwo{x"}


def test_parts_of_reasoning_are_paragraphs() -> None:
    seen = events(
        {"type": "reasoning-delta", "id": "1", "delta": "Hm"},
        {"type": "reasoning-delta", "id": "1", "delta": "."},
        {"type": "reasoning-delta", "id": "2", "delta": "So"},
        text("Yes"),
    )
    assert seen[:-1] == [ReasoningDelta("Hm"), ReasoningDelta("."), ReasoningDelta("\n\nSo"), TextDelta("Yes")]


@pytest.mark.parametrize("kind", ["data-weather", "file", "source-document", "text-start", "something-new"])
def test_parts_without_text_are_passed_over(kind: str) -> None:
    assert events({"type": kind, "data": {"delta": "x"}}, text(None), text("a")) == [TextDelta("a"), StreamEnd(None)]


@pytest.mark.parametrize(
    ("part", "kind", "words"),
    [
        ({"type": "error", "errorText": "It crashed"}, ServerError, "It crashed"),
        ({"type": "error", "errorText": "429 Too Many Requests"}, RateLimitError, "429"),
        ({"type": "error"}, ServerError, "reported an error"),
        ({"type": "finish", "finishReason": "error"}, ServerError, "reported an error"),
        ({"error": "It crashed"}, ServerError, "It crashed"),
        ({"content": "Hi"}, ProtocolError, "none of the AI SDK's"),
    ],
)
def test_an_error_in_the_stream(part: dict[str, object], kind: type[ProviderError], words: str) -> None:
    for error in (failure(part), failure(text("a"), part, text("b"))):
        assert type(error) is kind
        assert words in error.message
        assert error.hint


def test_events_of_the_responses_api_name_their_provider() -> None:
    error = failure({"type": "response.created"}, {"type": "response.output_text.delta", "delta": "Hi"})
    assert isinstance(error, ProtocolError)
    assert "openai-responses" in error.hint


def test_an_answer_that_the_server_aborts_is_cut_off() -> None:
    error = failure(text("a"), {"type": "abort", "reason": "timeout."}, {"type": "finish"})
    assert isinstance(error, StreamBrokenError)
    assert error.message.endswith("aborted it: timeout.")
    assert failure({"type": "abort"}).retryable


@pytest.mark.parametrize("rest", [b"", b"data: {", sse(text("b"))[:-9], b": bye\n\n"])
def test_without_an_end_an_answer_is_cut_off(rest: bytes) -> None:
    with pytest.raises(StreamBrokenError, match="cut off"):
        list(pieces(UiMessageStream(PEER), [sse(text("a")), rest]))
    with pytest.raises(ConnectionFailedError, match="before the answer began"):
        list(pieces(UiMessageStream(PEER), [sse({"type": "start"})]))


@pytest.mark.parametrize("bad", [b"data: nonsense\n\n", b"data: [1]\n\n", b'data: {"type": \n\n'])
def test_an_event_that_is_no_part_is_an_error_after_the_text_before_it(bad: bytes) -> None:
    for chunks in everywhere(sse(text("a")) + bad + sse(text("b"))):
        seen, error = outcome(chunks)
        assert seen == [TextDelta("a")]
        assert error.startswith("ProtocolError")
