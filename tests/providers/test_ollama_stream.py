from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.splitting import cut, everywhere, pieces, until_error
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
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers._ollama_stream import OllamaStream
from tui_stream.providers._translate import Peer

PEER = Peer("Ollama", "http://127.0.0.1:11434")


def outcome(chunks: list[bytes]) -> tuple[list[Event], str]:
    """The events, and the error that ended them."""
    seen, error = until_error(OllamaStream(PEER, "m"), chunks)
    return seen, repr(error) if error else ""


def line(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def text(content: str, **more: object) -> bytes:
    return line(message={"role": "assistant", "content": content, **more}, done=False)


def done(reason: str | None = "stop", **more: object) -> bytes:
    return line(message={"role": "assistant", "content": ""}, done=True, done_reason=reason, **more)


@pytest.mark.parametrize("name", names("ollama-chat-*", "ollama-after-crash"))
def test_a_capture_gives_the_same_at_every_split(name: str) -> None:
    capture = load(name)
    expected = outcome([capture.body])
    assert isinstance(expected[0][-1], StreamEnd)
    assert outcome(list(capture.chunks)) == expected
    assert outcome([capture.body[i : i + 1] for i in range(len(capture.body))]) == expected
    for at in range(0, len(capture.body), 1 + len(capture.body) // 200):
        assert outcome(cut(capture.body, [at])) == expected


@settings(deadline=None)
@given(name=st.sampled_from(names("ollama-chat-*")), cuts=st.lists(st.integers(0, 5_000), max_size=50))
def test_a_capture_gives_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    body = load(name).body
    assert outcome(cut(body, cuts)) == outcome([body])


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (text("a") + done(), [TextDelta("a"), StreamEnd(FinishReason.STOP)]),
        (text("a") + done().rstrip(), [TextDelta("a"), StreamEnd(FinishReason.STOP)]),
        (text("a") + b"\n\n" + done("length"), [TextDelta("a"), StreamEnd(FinishReason.LENGTH)]),
        (done("load"), [StreamEnd(FinishReason.OTHER)]),
        (done("unload"), [StreamEnd(FinishReason.OTHER)]),
        (done(None), [StreamEnd(None)]),
        (text("\u2028"), [TextDelta("\u2028")]),
        (text("", thinking="hm") + text("a"), [ReasoningDelta("hm"), TextDelta("a")]),
        (
            b'{"message":{"content":"a\\ud83c"}}\n{"message":{"content":"\\udf89"},"done":true}\n',
            [TextDelta("a"), TextDelta("🎉"), StreamEnd(None)],
        ),
        (done(prompt_eval_count=5, eval_count=6), [UsageReport(Usage(5, 6)), StreamEnd(FinishReason.STOP)]),
        (done(eval_count=6), [UsageReport(Usage(None, 6)), StreamEnd(FinishReason.STOP)]),
        (
            line(model="m", message={"role": "assistant", "content": "a"}),
            [ResponseStarted("m"), TextDelta("a")],
        ),
        (line(message={"content": None, "thinking": 5, "tool_calls": "?"}, done=False), []),
    ],
)
def test_what_the_lines_say(stream: bytes, events: list[Event]) -> None:
    for chunks in everywhere(stream):
        assert outcome(chunks)[0] == events


def test_tool_calls_come_whole_and_are_numbered() -> None:
    calls = [
        {"function": {"name": "time", "arguments": {"zone": "é"}}},
        {"id": "c2", "function": {"name": "date"}},
    ]
    more = [{"function": {"name": "day", "arguments": "{}"}}, "odd", {"function": None}]
    seen, error = outcome([text("", tool_calls=calls), text("", tool_calls=more), done()])
    assert not error
    assert seen == [
        ToolCallDelta(0, "", "time", '{"zone": "é"}'),
        ToolCallDelta(1, "c2", "date", "{}"),
        ToolCallDelta(2, "", "day", "{}"),
        StreamEnd(FinishReason.TOOL_CALLS),
    ]


@pytest.mark.parametrize("rest", [b"", b'{"message":', b"\n"])
def test_without_done_an_answer_is_cut_off(rest: bytes) -> None:
    with pytest.raises(StreamBrokenError, match="cut off"):
        list(pieces(OllamaStream(PEER), [text("a"), rest]))


def test_a_stream_that_ends_before_its_answer_may_be_tried_again() -> None:
    with pytest.raises(ConnectionFailedError, match="before the answer began"):
        list(pieces(OllamaStream(PEER), [text("")]))


def test_an_error_line_comes_after_the_text_before_it() -> None:
    for chunks in everywhere(text("a") + line(error="model runner has unexpectedly stopped")):
        seen, error = outcome(chunks)
        assert seen == [TextDelta("a")]
        assert error.startswith("ServerError")
    with pytest.raises(ServerError, match="unexpectedly stopped") as raised:
        list(OllamaStream(PEER).feed(line(error="model runner has unexpectedly stopped")))
    assert raised.value.retryable


@pytest.mark.parametrize("name", ["ollama-version", "ollama-tags", "ollama-ps", "ollama-create"])
def test_json_of_another_kind_is_no_answer(name: str) -> None:
    with pytest.raises(ProtocolError, match="does not answer like an Ollama"):
        list(pieces(OllamaStream(PEER), list(load(name).chunks)))


def test_a_list_is_no_answer() -> None:
    with pytest.raises(ProtocolError, match="no JSON object"):
        list(OllamaStream(PEER).whole(b"[1]\n"))
