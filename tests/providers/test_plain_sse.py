from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.asking import reasoning_of, text_of
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
    AuthenticationError,
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers import _lines
from tui_stream.providers._plain_sse import PlainSse
from tui_stream.providers._translate import Peer

PEER = Peer("chat.example", "http://chat.example/api/chat")
STREAMS = [
    name
    for name in names("express-*", "py-sse-*")
    if load(name).status == 200 and "Content-Encoding" not in load(name).headers
]
DONE = sse("[DONE]")


def outcome(chunks: list[bytes]) -> tuple[list[Event], str]:
    """The events, and the error that ended them."""
    seen, error = until_error(PlainSse(PEER, "m"), chunks)
    return seen, repr(error) if error else ""


def events(*sent: object, done: bool = True) -> list[Event]:
    """What a stream of these values gives, byte by byte as well as whole."""
    stream = b"".join(value if isinstance(value, bytes) else sse(value) for value in sent) + (DONE if done else b"")
    found = list(pieces(PlainSse(PEER, "m"), [stream]))
    assert list(pieces(PlainSse(PEER, "m"), [stream[at : at + 1] for at in range(len(stream))])) == found
    return found


def failure(*sent: object) -> ProviderError:
    stream = b"".join(value if isinstance(value, bytes) else sse(value) for value in sent)
    _, error = until_error(PlainSse(PEER, "m"), [stream])
    assert error is not None
    return error


def named(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


# Captures


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
    whole = text_of(outcome([body])[0])
    for at in range(0, body.find(b"[DONE]") if b"[DONE]" in body else len(body), 7):
        seen, error = outcome([body[:at]])
        assert error
        assert whole.startswith(text_of(seen))


# The usual form


def test_content_until_done() -> None:
    assert events({"content": "Hel"}, {"content": "lo"}) == [TextDelta("Hel"), TextDelta("lo"), StreamEnd(None)]


@pytest.mark.parametrize(
    ("stream", "complete"),
    [
        (sse({"content": "a"}) + DONE, True),
        (sse({"content": "a"}) + b"data: [DONE]", True),
        (sse({"content": "a"}) + b"data:[DONE]\r\n\r\n", True),
        (b"\xef\xbb\xbf" + sse({"content": "a"}) + DONE + sse({"content": "b"}), True),
        (sse({"content": "a", "done": False}) + sse({"done": True}), True),
        (sse({"content": "a"}) + sse({"type": "done"}), True),
        (sse({"content": "a"}) + named("done", "{}"), True),
        (sse({"content": "a"}) + named("end", ""), True),
        (sse({"content": "a"}) + named("done", '{"content": "a"}'), True),
        (sse({"content": "a"}), False),
        (sse({"content": "a"}) + b"data: [DON", False),
        (sse({"content": "a"}) + b'data: {"content": "b', False),
        (sse({"content": "a"}) + sse({"content": None}), False),
        (sse({"content": "a"}) + sse(""), False),
        (sse({"content": "a"}) + b": ping\n\n", False),
    ],
)
def test_complete_is_what_says_that_it_is(stream: bytes, complete: bool) -> None:
    for chunks in everywhere(stream):
        seen, error = outcome(chunks)
        assert text_of(seen) == "a"
        assert (seen[-1] == StreamEnd(None)) is complete
        assert error.startswith("" if complete else "StreamBrokenError")
        assert bool(error) is not complete


def test_a_last_event_without_its_blank_line_is_not_lost() -> None:
    seen, error = outcome([sse({"content": "a"}), sse({"content": "b"}).rstrip()])
    assert seen == [TextDelta("a"), TextDelta("b")]
    assert error.startswith("StreamBrokenError")


@pytest.mark.parametrize("stream", [b"", b": hi\n\n", sse({"content": ""}), b"data: {", b"retry: 5\n\n"])
def test_a_stream_that_ends_before_its_answer_may_be_tried_again(stream: bytes) -> None:
    with pytest.raises(ConnectionFailedError, match="before the answer began"):
        list(pieces(PlainSse(PEER), [stream]))


@pytest.mark.parametrize("text", ["\u2028", "naïve 🎉", "a\nb\r\nc", '"quoted"', "data: x", "[DONE]"])
def test_any_text_comes_as_it_was(text: str) -> None:
    assert text_of(events({"content": text})) == text


def test_half_characters_find_their_other_half() -> None:
    halves = b'data: {"content": "a\\ud83c"}\n\ndata: {"content": "\\udf89b"}\n\n'
    assert text_of(events(halves)) == "a🎉b"
    assert text_of(events(b'data: {"content": "a\\ud83c"}\n\n')) == "a\ufffd"


def test_bytes_that_are_no_utf8_become_the_replacement_character() -> None:
    assert text_of(events(b'data: {"content": "a\xffb"}\n\n')) == "a\ufffdb"


# Its kin


@pytest.mark.parametrize(
    "value",
    [
        {"delta": "Hi"},
        {"text": "Hi"},
        {"token": "Hi"},
        {"type": "token", "content": "Hi"},
        {"type": "content", "text": "Hi", "error": None},
        {"delta": {"content": "Hi"}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
        {"message": {"role": "assistant", "content": "Hi"}, "done": False},
        named("token", '{"content": "Hi"}'),
        named("message", '"Hi"'),
        b'data: "Hi"\n\n',
        b"data: Hi\n\n",
    ],
)
def test_text_by_other_names(value: object) -> None:
    assert events(value) == [TextDelta("Hi"), StreamEnd(None)]


def test_text_as_it_is_keeps_what_looks_like_json() -> None:
    sent = [f"data: {token}\n\n".encode() for token in ("The", " 42", "7", "null", '"x"', "{}", "{", "[1]")]
    assert text_of(events(*sent)) == 'The 427null"x"{}{[1]'


def test_several_data_lines_are_lines_of_text() -> None:
    assert text_of(events(b"data: a\ndata: b\n\n")) == "a\nb"


@pytest.mark.parametrize(
    "value",
    [
        {"reasoning": "Hm"},
        {"thinking": "Hm"},
        {"reasoning_content": "Hm", "content": ""},
        {"type": "thinking", "content": "Hm"},
        {"type": "reasoning-delta", "delta": "Hm"},
        {"delta": {"thinking": "Hm"}},
        named("reasoning", '"Hm"'),
    ],
)
def test_reasoning_by_its_names(value: object) -> None:
    seen = events(value, {"content": "Yes"})
    assert (reasoning_of(seen), text_of(seen)) == ("Hm", "Yes")


@pytest.mark.parametrize(
    "value",
    [
        {"usage": {"prompt_tokens": 7, "completion_tokens": 3}},
        {"usage": {"input_tokens": 7, "output_tokens": 3}},
        {"type": "usage", "inputTokens": 7, "outputTokens": 3},
        {"type": "done", "usage": {"promptTokens": 7, "completionTokens": 3}},
        named("usage", '{"prompt_tokens": 7, "completion_tokens": 3}'),
    ],
)
def test_usage_by_its_names(value: object) -> None:
    assert events({"content": "a"}, value)[1:] == [UsageReport(Usage(7, 3)), StreamEnd(None)]


def test_usage_without_counts_is_none() -> None:
    assert events({"content": "a"}, {"usage": {"prompt_tokens": None}}, {"usage": None})[1:] == [StreamEnd(None)]


def test_a_finish_reason_ends_the_answer() -> None:
    seen = events({"content": "a", "finish_reason": None}, {"content": "", "finish_reason": "length"}, done=False)
    assert seen == [TextDelta("a"), StreamEnd(FinishReason.LENGTH)]


def test_chunks_of_chat_completions_passed_on() -> None:
    call = {"index": 0, "id": "c", "function": {"name": "look", "arguments": "{}"}}
    seen = events(
        {"model": "m1", "choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]},
        {"choices": [{"index": 0, "delta": {"reasoning_content": "Hm"}}]},
        {"choices": [{"index": 0, "delta": {"content": "Hi"}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]},
        {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
    )
    assert seen == [
        ResponseStarted("m1"),
        ReasoningDelta("Hm"),
        TextDelta("Hi"),
        ToolCallDelta(0, "c", "look", "{}"),
        UsageReport(Usage(7, 3)),
        StreamEnd(FinishReason.CONTENT_FILTER),
    ]


def test_what_is_said_aside_is_not_the_answer() -> None:
    aside = [named("ping", "1"), named("status", '{"content": "Searching"}'), {"type": "metadata", "text": "x"}]
    assert events(*aside, {"model": "m1", "content": "a"}, b"data: null\n\n") == [
        ResponseStarted("m1"),
        TextDelta("a"),
        StreamEnd(None),
    ]


# What goes wrong


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ({"error": "It crashed"}, ServerError, "reported an error: It crashed"),
        ({"error": {"message": "It crashed"}}, ServerError, "It crashed"),
        ({"error": True, "message": "It crashed"}, ServerError, "It crashed"),
        ({"error": {}}, ServerError, "reported an error"),
        ({"type": "error", "message": "It crashed"}, ServerError, "It crashed"),
        ({"type": "error", "content": "It crashed"}, ServerError, "It crashed"),
        ({"error": "Slow down", "status": 429}, RateLimitError, "HTTP 429"),
        ({"error": "429 Too Many Requests"}, RateLimitError, "429"),
        ({"error": {"message": "Rate limit reached", "type": "requests"}}, RateLimitError, "Rate limit"),
        ({"error": {"message": "bad", "code": "invalid_api_key"}}, AuthenticationError, "bad"),
        ({"choices": [], "error": {"message": "It crashed"}}, ServerError, "It crashed"),
        (named("error", "It crashed"), ServerError, "It crashed"),
        (named("error", '"It crashed"'), ServerError, "It crashed"),
        (named("error", '{"message": "It crashed"}'), ServerError, "It crashed"),
        (named("error", '{"detail": "It crashed"}'), ServerError, "It crashed"),
        (named("error", ""), ServerError, "reported an error"),
    ],
)
def test_an_error_in_the_stream(value: object, kind: type[ProviderError], words: str) -> None:
    for error in (failure(value), failure({"content": "a"}, value, {"content": "b"})):
        assert type(error) is kind
        assert words in error.message
        assert error.hint


def test_text_beside_an_error_comes_first() -> None:
    seen, error = outcome([sse({"content": "a"}), sse({"content": "b", "error": "no"}), sse({"content": "c"})])
    assert text_of(seen) == "ab"
    assert error.startswith("ServerError")


def test_the_time_to_wait_is_read() -> None:
    assert failure({"error": "Rate limit", "retry_after": 7}).retry_after == 7.0


def test_an_error_that_says_nothing_points_to_the_endpoint() -> None:
    assert "its log" in failure({"error": "Internal server error"}).hint


@pytest.mark.parametrize("bad", [b'data: {"content": "x"\n\n', b'data: {"a": \n\n', b'data: {"\n\n'])
def test_damaged_json_is_an_error_after_the_text_before_it(bad: bytes) -> None:
    for chunks in everywhere(sse({"content": "a"}) + bad + sse({"content": "b"})):
        seen, error = outcome(chunks)
        assert seen == [TextDelta("a")]
        assert error.startswith("ProtocolError")


def test_events_that_nobody_understands_are_named() -> None:
    error = failure({"reply": "Hi"}, {"reply": "there"}, DONE)
    assert isinstance(error, ProtocolError)
    assert '"reply": "Hi"' in error.message
    assert '{"content": "..."}' in error.hint


def test_text_that_is_no_event_stream_is_named() -> None:
    for chunks in everywhere(b"Hello, how are you?\nFine.\n"):
        _, error = outcome(chunks)
        assert error.startswith("ProtocolError")
        assert "Hello, how are you?" in error
    assert "--provider ai-sdk" in failure(b"Hello").hint
    with pytest.raises(ProtocolError) as raised:
        list(PlainSse(PEER).whole(b"[note] plain text with bracket"))
    assert raised.value.hint == failure(b"Hello").hint


def test_events_of_another_dialect_name_its_provider() -> None:
    assert "openai-responses" in failure({"type": "response.created"}).hint


def test_a_line_without_end_is_given_up() -> None:
    decoder, fed = PlainSse(PEER), 0

    def pour() -> Iterator[bytes]:
        nonlocal fed
        yield b"data: "
        for _ in range(50):
            fed += 1
            yield b"x" * (1 << 20)

    _, error = until_error(decoder, pour())
    assert isinstance(error, ProtocolError)
    assert "single piece" in error.message
    assert fed <= (_lines.MAX_LINE >> 20) + 1


# One object instead of a stream


def test_an_answer_in_one_piece_is_an_answer() -> None:
    body = json.dumps({"content": "Hi", "usage": {"prompt_tokens": 7, "completion_tokens": 3}}).encode()
    assert list(PlainSse(PEER).whole(body)) == [TextDelta("Hi"), UsageReport(Usage(7, 3)), StreamEnd(None)]
    assert text_of(PlainSse(PEER).whole(load("llamacpp-chat-nonstream").body))


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"error": "It crashed"}', ServerError, "It crashed"),
        (b'{"hello": 1}', ProtocolError, "JSON instead of a stream"),
        (b"[1]", ProtocolError, "JSON instead of a stream"),
        (b"{oops", ProtocolError, "text that is no event stream: {oops"),
        (b'{"hello": "wor', ProtocolError, "JSON instead of a stream"),
        (b"[note] plain text with bracket", ProtocolError, r"text that is no event stream: \[note\] plain text"),
    ],
)
def test_other_json_is_none(body: bytes, kind: type[ProviderError], words: str) -> None:
    with pytest.raises(kind, match=words):
        list(PlainSse(PEER).whole(body))


def test_a_cut_stream_says_so() -> None:
    error = failure({"content": "a"})
    assert isinstance(error, StreamBrokenError)
    assert "cut off" in error.message
