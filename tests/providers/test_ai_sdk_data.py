from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.asking import text_of
from tests.providers.splitting import cut, everywhere, pieces, until_error
from tui_stream.core.events import Event, ReasoningDelta, StreamEnd, TextDelta, ToolCallDelta, UsageReport
from tui_stream.core.models import FinishReason, Usage
from tui_stream.errors import (
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    ServerError,
)
from tui_stream.providers import _lines
from tui_stream.providers._ai_sdk_data import DataPart, DataPartDecoder, DataStream, read_part
from tui_stream.providers._translate import Peer

PEER = Peer("app.example", "http://app.example/api/chat")
STREAMS = names("aisdk4-data-*")


def outcome(chunks: list[bytes]) -> tuple[list[Event], str]:
    """The events, and the error that ended them."""
    seen, error = until_error(DataStream(PEER, "m"), chunks)
    return seen, repr(error) if error else ""


def line(code: str, value: object) -> bytes:
    return f"{code}:{json.dumps(value, ensure_ascii=False)}\n".encode()


def finish(reason: str = "stop", code: str = "d", **more: object) -> bytes:
    return line(code, {"finishReason": reason, **more})


def events(*lines: bytes) -> list[Event]:
    return list(pieces(DataStream(PEER), lines))


@pytest.mark.parametrize("name", STREAMS)
def test_a_capture_gives_the_same_at_every_split(name: str) -> None:
    capture = load(name)
    expected = outcome([capture.body])
    assert expected[0] or expected[1]
    assert outcome(list(capture.chunks)) == expected
    for chunks in everywhere(capture.body):
        assert outcome(chunks) == expected


@settings(deadline=None)
@given(name=st.sampled_from(STREAMS), cuts=st.lists(st.integers(0, 2000), max_size=50))
def test_a_capture_gives_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    body = load(name).body
    assert outcome(cut(body, cuts)) == outcome([body])


@pytest.mark.parametrize("name", STREAMS)
def test_a_capture_cut_anywhere_is_never_taken_for_complete(name: str) -> None:
    body = load(name).body
    whole = text_of(outcome([body])[0])
    ends = [at for at in (body.find(b"\ne:"), len(body) - 1) if at > 0]
    for at in range(min(ends)):
        seen, error = outcome([body[:at]])
        assert error
        assert whole.startswith(text_of(seen))


def test_parts_are_code_and_json() -> None:
    assert read_part(b'0:"a:b"') == DataPart("0", "a:b")
    assert read_part(b'2:[{"x": 1}]\r') == DataPart("2", [{"x": 1}])
    for bad in (b"", b"0", b"0:", b':"a"', b'00:"a"', b'-:"a"', b"0:oops", b'\xff:"a"', b"<html>"):
        assert read_part(bad) is None


def test_blank_lines_and_a_byte_order_mark_are_passed_over() -> None:
    stream = b'\xef\xbb\xbf\n0:"a"\r\n\r\n0:"b"'
    for chunks in everywhere(stream):
        assert list(pieces(DataPartDecoder(PEER), chunks)) == [DataPart("0", "a"), DataPart("0", "b")]


def test_text_reasoning_and_accounts() -> None:
    usage = {"promptTokens": 7, "completionTokens": 3}
    step = {"finishReason": "length", "usage": usage, "isContinued": False}
    seen = events(line("g", "Hm"), line("0", "naïve 🎉"), line("e", step), finish("length", usage=usage))
    assert seen == [
        ReasoningDelta("Hm"),
        TextDelta("naïve 🎉"),
        UsageReport(Usage(7, 3)),
        StreamEnd(FinishReason.LENGTH),
    ]


@pytest.mark.parametrize("usage", [None, {"promptTokens": None, "completionTokens": None}, "x", {}])
def test_usage_without_counts_is_none(usage: object) -> None:
    assert events(line("0", "a"), finish(usage=usage)) == [TextDelta("a"), StreamEnd(FinishReason.STOP)]


def test_a_call_in_one_piece_and_one_in_several() -> None:
    seen = events(
        line("9", {"toolCallId": "a", "toolName": "one", "args": {"x": "é"}}),
        line("b", {"toolCallId": "b", "toolName": "two"}),
        line("c", {"toolCallId": "b", "argsTextDelta": "{}"}),
        line("9", {"toolCallId": "b", "toolName": "two", "args": {}}),
        line("a", {"toolCallId": "b", "result": "fine"}),
        finish("tool-calls"),
    )
    assert seen == [
        ToolCallDelta(0, "a", "one", '{"x": "é"}'),
        ToolCallDelta(1, "b", "two"),
        ToolCallDelta(1, arguments="{}"),
        StreamEnd(FinishReason.TOOL_CALLS),
    ]


@pytest.mark.parametrize(("continued", "said"), [(False, "One.\n\nTwo."), (True, "One.Two.")])
def test_steps_part_the_text_unless_one_continues_the_other(continued: bool, said: str) -> None:
    step = finish("stop", "e", isContinued=continued)
    seen = events(line("f", {}), line("0", "One."), step, line("f", {}), line("0", "Two."), finish())
    assert text_of(seen) == said


def test_parts_without_text_are_passed_over() -> None:
    others = [line("2", [{"x": 1}]), line("8", [1]), line("h", {"url": "x"}), line("k", {"data": ""}), line("z", 1)]
    assert events(*others, line("0", None), line("0", "a"), finish(), line("8", [{"usage": {}}])) == [
        TextDelta("a"),
        StreamEnd(FinishReason.STOP),
    ]


@pytest.mark.parametrize(
    ("rest", "complete"),
    [
        (finish(), True),
        (finish().rstrip(), True),
        (finish("stop", "e", isContinued=False), True),
        (finish("stop", "e", isContinued=True), False),
        (finish("stop", "e") + line("f", {}), False),
        (finish()[:-4], False),
        (line("0", "b")[:-2], False),
        (b"", False),
    ],
)
def test_complete_is_what_was_ended(rest: bytes, complete: bool) -> None:
    for chunks in everywhere(line("0", "a") + rest):
        seen, error = outcome(chunks)
        assert text_of(seen) == "a"
        assert isinstance(seen[-1], StreamEnd) is complete
        assert error.startswith("StreamBrokenError") is not complete


def test_a_stream_that_ends_before_its_answer_may_be_tried_again() -> None:
    with pytest.raises(ConnectionFailedError, match="before the answer began"):
        events(line("f", {"messageId": "x"}))


@pytest.mark.parametrize(
    ("bad", "kind", "words"),
    [
        (line("3", "It crashed"), ServerError, "It crashed"),
        (line("3", "Rate limit reached"), RateLimitError, "Rate limit"),
        (line("3", ""), ServerError, "reported an error"),
        (finish("error"), ServerError, "reported an error"),
        (b"nonsense\n", ProtocolError, "nonsense"),
        (b'0:"a\n', ProtocolError, "no part"),
        (b"<html>\n", ProtocolError, "no part"),
    ],
)
def test_what_goes_wrong_comes_after_the_text_before_it(bad: bytes, kind: type[ProviderError], words: str) -> None:
    for chunks in everywhere(line("0", "a") + bad + line("0", "b")):
        seen, error = until_error(DataStream(PEER), chunks)
        assert seen == [TextDelta("a")]
        assert type(error) is kind
        assert words in error.message
        assert error.hint


def test_a_line_without_end_is_given_up() -> None:
    decoder, fed = DataStream(PEER), 0

    def pour() -> Iterator[bytes]:
        nonlocal fed
        yield b'0:"'
        for _ in range(50):
            fed += 1
            yield b"x" * (1 << 20)

    _, error = until_error(decoder, pour())
    assert isinstance(error, ProtocolError)
    assert "single piece" in error.message
    assert fed <= (_lines.MAX_LINE >> 20) + 1
    with pytest.raises(ProtocolError, match="single piece"):
        list(DataStream(PEER).feed(b'0:"' + b"x" * _lines.MAX_LINE + b'"\n'))
