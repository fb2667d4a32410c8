from __future__ import annotations

from collections.abc import Mapping

import pytest

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
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
)
from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._translate import Peer

PEER = Peer("llm.example", "http://llm.example/v1")


def delta(finish: str | None = None, **fields: object) -> dict[str, list[object]]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def events(*chunks: Mapping[str, object]) -> list[Event]:
    decoder = ChatChunks(PEER, "asked")
    return [event for chunk in chunks for event in decoder.feed(chunk)] + list(decoder.end())


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        (delta(role="assistant", content=None), []),
        (delta(role="assistant", content=""), []),
        (delta(role="assistant", content="a"), [TextDelta("a")]),
        (delta(content="a"), [TextDelta("a")]),
        (delta(content=None, refusal=None, tool_calls=None, reasoning_content=None), []),
        ({"choices": []}, []),
        ({"choices": None}, []),
        ({"choices": "?"}, []),
        ({"choices": [None, 3, {"delta": None}, {"delta": []}]}, []),
        ({}, []),
        (delta(reasoning_content="hm"), [ReasoningDelta("hm")]),
        (delta(reasoning="hm", content=""), [ReasoningDelta("hm")]),
        (delta(reasoning_content="hm", reasoning="hm", content="a"), [ReasoningDelta("hm"), TextDelta("a")]),
        (delta(content=[{"text": "a"}, {"text": "b"}]), [TextDelta("a"), TextDelta("b")]),
        (delta(content=[{"type": "thinking", "thinking": [{"text": "hm"}]}]), [ReasoningDelta("hm")]),
        (delta(content=[None, {"type": "image"}, "x"]), []),
        (delta(content=5), []),
        (
            {"choices": [{"index": 1, "delta": {"content": "b"}}, *delta(content="a")["choices"]]},
            [TextDelta("a")],
        ),
        ({"choices": [{"delta": {"content": "a"}}]}, [TextDelta("a")]),
        (
            {"choices": [{"index": 0, "message": {"role": "assistant", "content": "all of it"}}]},
            [TextDelta("all of it")],
        ),
    ],
)
def test_what_a_chunk_says(chunk: dict[str, object], expected: list[Event]) -> None:
    assert events(chunk) == [*expected, StreamEnd(None)]


def test_a_message_that_tells_all_pieces_again_is_passed_over() -> None:
    whole = {"choices": [{"index": 0, "delta": {}, "message": {"content": "ab"}, "finish_reason": "stop"}]}
    assert events(delta(content="a"), delta(content="b"), whole)[:-1] == [TextDelta("a"), TextDelta("b")]
    pieces = ({"choices": [{"index": 0, "message": {"content": text}}]} for text in "ab")
    assert events(*pieces)[:-1] == [TextDelta("a"), TextDelta("b")]


def test_the_model_that_answers_is_said_once() -> None:
    chunks = ({**delta(content=text), "model": "real"} for text in "ab")
    assert events(*chunks) == [ResponseStarted("real"), TextDelta("a"), TextDelta("b"), StreamEnd(None)]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("function_call", FinishReason.TOOL_CALLS),
        ("abort", FinishReason.OTHER),
        ("", None),
        (None, None),
    ],
)
def test_finish_reasons(said: str | None, reason: FinishReason | None) -> None:
    decoder = ChatChunks(PEER)
    assert [*decoder.feed(delta(said, content="a")), *decoder.end()] == [TextDelta("a"), StreamEnd(reason)]
    assert decoder.finished is (reason is not None)


def test_a_refusal_is_shown_and_counts_as_filtered() -> None:
    shown = events(delta(refusal="I can"), delta(refusal="not."), delta("stop"))
    assert shown == [TextDelta("I can"), TextDelta("not."), StreamEnd(FinishReason.CONTENT_FILTER)]


def test_tool_calls_keep_their_index_and_pieces() -> None:
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "time", "arguments": ""}}
    second = {"index": 1, "id": "call_2", "function": {"name": "date", "arguments": {"zone": "UTC"}}}
    shown = events(
        delta(tool_calls=[first, second]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"a"'}}]),
        delta(
            content=None,
            tool_calls=[{"index": 0, "id": None, "function": {"name": None, "arguments": ":1}"}}],
        ),
        delta(tool_calls=[{"function": None}, "odd"]),
        delta(function_call={"name": "old", "arguments": "{}"}),
    )
    assert shown == [
        ToolCallDelta(0, "call_1", "time", ""),
        ToolCallDelta(1, "call_2", "date", '{"zone": "UTC"}'),
        ToolCallDelta(0, arguments='{"a"'),
        ToolCallDelta(0, arguments=":1}"),
        ToolCallDelta(0),
        ToolCallDelta(0, name="old", arguments="{}"),
        StreamEnd(None),
    ]


def test_an_emoji_cut_in_two_is_whole_again() -> None:
    shown = events(delta(content="a\ud83c"), delta(content="\udf89b"), delta(content="\ud83c"))
    assert shown == [TextDelta("a"), TextDelta("🎉b"), TextDelta("\ufffd"), StreamEnd(None)]


def test_a_last_chunk_may_carry_usage_alone_and_no_usage_is_no_zero() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    shown = events(delta(content="a"), {**delta("stop"), "usage": None}, usage)
    assert shown == [TextDelta("a"), UsageReport(Usage(3, 4)), StreamEnd(FinishReason.STOP)]
    assert events(delta("stop", content="a")) == [TextDelta("a"), StreamEnd(FinishReason.STOP)]


def test_the_counts_of_llama_cpp_stand_in_for_missing_usage() -> None:
    timings = {"cache_n": 45, "prompt_n": 1, "predicted_n": 6, "predicted_ms": 44.7}
    report = UsageReport(Usage(46, 6, cached_input_tokens=45))
    end = StreamEnd(FinishReason.LENGTH)
    assert events({**delta("length"), "timings": timings}) == [report, end]
    assert events({**delta("length"), "timings": {"cache_n": 4}}) == [end]
    assert events({**delta(content="a"), "timings": timings})[:-1] == [TextDelta("a")]
    counted = {"prompt_tokens": 1, "completion_tokens": 2}
    assert events({**delta("length"), "timings": timings, "usage": counted}) == [
        UsageReport(Usage(1, 2)),
        end,
    ]


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ({"message": "It crashed", "type": "server_error", "code": 500}, ServerError, "It crashed"),
        ({"message": "It crashed"}, ServerError, "It crashed"),
        ("it crashed", ServerError, "it crashed"),
        ({"message": "slow down", "code": 429}, RateLimitError, "slow down"),
        ({"message": "slow down", "code": "rate_limit_exceeded"}, RateLimitError, "slow down"),
        ({"message": "who?", "code": "invalid_api_key"}, AuthenticationError, "who"),
        ({"message": "gone", "code": "model_not_found"}, ModelNotFoundError, "asked"),
        ({"message": "too long", "code": "context_length_exceeded"}, RequestError, "too long"),
        ({"message": "busy", "type": "overloaded_error"}, ServerError, "busy"),
        ({"code": "502", "message": "upstream"}, ServerError, "upstream"),
    ],
)
def test_an_error_in_the_stream_is_raised_after_the_text_beside_it(
    error: object, kind: type[ProviderError], words: str
) -> None:
    events = ChatChunks(PEER, "asked").feed({**delta(content="last"), "error": error})
    assert next(events) == TextDelta("last")
    with pytest.raises(kind, match=words) as raised:
        next(events)
    assert type(raised.value) is kind


def test_vllm_puts_an_error_at_the_top() -> None:
    with pytest.raises(RequestError, match="no such option"):
        events({"object": "error", "message": "no such option", "type": "BadRequestError", "code": 400})
