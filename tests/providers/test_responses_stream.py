from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.asking import text_of
from tests.providers.responding import delta, done, ended, event, finished, message, response, usage
from tests.providers.splitting import cut, everywhere, pieces, until_error
from tests.servers import sse
from tui_stream.core.events import (
    Event,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    UsageReport,
)
from tui_stream.core.models import FinishReason, Usage
from tui_stream.errors import (
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    RequestError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers._responses_stream import ResponsesStream
from tui_stream.providers._translate import Peer

PEER = Peer("llm.example", "http://llm.example/v1")
STREAMS = names("*-responses*")


def outcome(chunks: list[bytes], limit: int | None = None) -> tuple[list[Event], str]:
    """The events, and the error that ended them."""
    seen, error = until_error(ResponsesStream(PEER, "m", limit), chunks)
    return seen, repr(error) if error else ""


def seen(*stream: bytes, limit: int | None = None) -> list[Event]:
    """The events of a stream that ends as it should."""
    found, error = outcome(list(stream), limit)
    assert not error
    return found


@pytest.mark.parametrize("name", STREAMS)
def test_a_capture_gives_the_same_at_every_split(name: str) -> None:
    capture = load(name)
    expected = outcome([capture.body])
    assert expected[0]
    assert outcome(list(capture.chunks)) == expected
    assert outcome([capture.body[i : i + 1] for i in range(len(capture.body))]) == expected
    for at in range(len(capture.body)):
        assert outcome(cut(capture.body, [at])) == expected


@settings(deadline=None)
@given(name=st.sampled_from(STREAMS), cuts=st.lists(st.integers(0, 13_000), max_size=50))
def test_a_capture_gives_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    body = load(name).body
    assert outcome(cut(body, cuts)) == outcome([body])


def test_llamacpp_names_its_model_at_the_end() -> None:
    events = seen(load("llamacpp-responses").body)
    assert text_of(events) == "Bonjour in French! Bonjour is a beautiful"
    assert events[-3:] == [
        ResponseStarted("smollm2-135m"),
        UsageReport(Usage(35, 10, cached_input_tokens=28)),
        StreamEnd(FinishReason.STOP),
    ]


def test_ollama_names_its_model_at_the_start() -> None:
    events = seen(load("ollama-v1-responses").body)
    assert text_of(events) == "Pardon au fut!"
    assert events[0] == ResponseStarted("smollm2")
    assert events[-2:] == [
        UsageReport(Usage(14, 5, cached_input_tokens=0, reasoning_tokens=0)),
        StreamEnd(FinishReason.STOP),
    ]
    assert len([part for part in events if isinstance(part, ResponseStarted)]) == 1


@pytest.mark.parametrize("name", ["ollama-v1-responses-mid-error", "abort-llamacpp-responses"])
def test_a_capture_without_an_end_was_cut_off(name: str) -> None:
    events, error = outcome([load(name).body])
    assert text_of(events)
    assert error.startswith("StreamBrokenError")


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (ended(), FinishReason.STOP),
        (ended() + sse("[DONE]"), FinishReason.STOP),
        (ended() + delta("b") + ended("failed"), FinishReason.STOP),
        (ended().rstrip(), FinishReason.STOP),
        (ended().replace(b"\n", b"\r\n"), FinishReason.STOP),
        (ended("incomplete", incomplete_details={"reason": "max_output_tokens"}), FinishReason.LENGTH),
        (ended("incomplete", incomplete_details={"reason": "content_filter"}), FinishReason.CONTENT_FILTER),
        (ended("incomplete", incomplete_details={"reason": "steered"}), FinishReason.OTHER),
        (ended("incomplete", incomplete_details=None), FinishReason.OTHER),
        (sse("[DONE]"), None),
    ],
)
def test_complete_is_what_has_an_end(end: bytes, reason: FinishReason | None) -> None:
    for chunks in everywhere(delta("a") + end):
        assert outcome(chunks) == ([TextDelta("a"), StreamEnd(reason)], "")


def test_the_response_is_done_at_its_end() -> None:
    stream = ResponsesStream(PEER)
    list(stream.feed(delta("a")))
    assert (stream.started, stream.finished, stream.done) == (True, False, False)
    list(stream.feed(ended()))
    assert (stream.finished, stream.done) == (True, True)


@pytest.mark.parametrize(
    ("made", "reason"), [(4, FinishReason.STOP), (5, FinishReason.LENGTH), (6, FinishReason.LENGTH)]
)
def test_a_count_at_its_limit_is_a_length_ending(made: int, reason: FinishReason) -> None:
    end = ended(usage=usage(1, made))
    assert seen(delta("a"), end, limit=5)[-1] == StreamEnd(reason)
    assert seen(delta("a"), end)[-1] == StreamEnd(FinishReason.STOP)
    assert seen(delta("a"), ended(), limit=5)[-1] == StreamEnd(FinishReason.STOP)


@pytest.mark.parametrize(
    "rest", [b"", b"data: {", delta("b")[:-9], b": bye\n\n", done(text="a"), finished(message("a"))]
)
def test_without_an_end_an_answer_is_cut_off(rest: bytes) -> None:
    with pytest.raises(StreamBrokenError, match="cut off"):
        list(pieces(ResponsesStream(PEER), [delta("a"), rest]))


@pytest.mark.parametrize("stream", [b"", b": hi\n\n", event("response.created", response=response("in_progress"))])
def test_a_stream_that_ends_before_its_answer_may_be_tried_again(stream: bytes) -> None:
    with pytest.raises(ConnectionFailedError, match="before the answer began") as raised:
        list(pieces(ResponsesStream(PEER), [stream]))
    assert raised.value.retryable


def test_chat_completions_name_their_provider() -> None:
    chunk = {"choices": [{"delta": {"content": "hello there"}}]}
    for chunks in everywhere(sse(chunk) + sse("[DONE]")):
        assert outcome(chunks)[1].startswith("ProtocolError")
    with pytest.raises(ProtocolError, match="OpenAI's chat completions") as raised:
        list(ResponsesStream(PEER).feed(sse(chunk)))
    assert "--provider openai." in raised.value.hint


@pytest.mark.parametrize("end", [b"", sse("[DONE]")])
def test_events_that_nobody_understands_are_named(end: bytes) -> None:
    for chunks in everywhere(sse({"type": "ping"}) + sse({"content": "hello there"}) + sse({"content": "!"}) + end):
        seen, error = outcome(chunks)
        assert seen == []
        assert error.startswith("ProtocolError")
        assert 'without any text that is known here; the first was {"content": "hello there"}' in error


def test_new_kinds_of_events_are_passed_over() -> None:
    assert seen(event("response.thing.new", x=1), sse("[DONE]")) == [StreamEnd(None)]
    with pytest.raises(ConnectionFailedError, match="before the answer began"):
        list(pieces(ResponsesStream(PEER), [sse({"type": "ping"})]))


def test_the_accounts() -> None:
    counts = {
        **usage(9, 5),
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 1},
        "output_tokens_details": {"reasoning_tokens": 3},
        "cost": 0.25,
    }
    report = next(part for part in seen(ended(usage=counts)) if isinstance(part, UsageReport))
    assert (report.usage.input_tokens, report.usage.output_tokens) == (9, 5)
    assert (report.usage.cached_input_tokens, report.usage.cache_write_tokens) == (2, 1)
    assert report.usage.reasoning_tokens == 3
    assert str(report.usage.cost) == "0.25"
    assert not [part for part in seen(ended(usage=None)) if isinstance(part, UsageReport)]


@pytest.mark.parametrize(
    ("bad", "kind", "words"),
    [
        (ended("failed", error={"code": "server_error", "message": "It crashed"}), "ServerError", "It crashed"),
        (ended("failed", error={"code": "rate_limit_exceeded", "message": "Slow down"}), "RateLimitError", "Slow down"),
        (ended("failed", error={"code": "invalid_prompt", "message": "Not that"}), "RequestError", "Not that"),
        (ended("failed", error=None), "ServerError", "reported an error"),
        (event("error", code="server_error", message="It crashed", param=None), "ServerError", "It crashed"),
        (
            event("error", error={"type": "x", "code": "rate_limit_exceeded", "message": "Slow"}),
            "RateLimitError",
            "Slow",
        ),
        (b'event: error\ndata: {"message": "It crashed"}\n\n', "ServerError", "It crashed"),
        (sse({"type": "error", "message": "It crashed"}), "ServerError", "It crashed"),
        (sse({"error": {"message": "It crashed"}}), "ServerError", "It crashed"),
        (sse({"error": "It crashed"}), "ServerError", "It crashed"),
        (b"data: nonsense\n\n", "ProtocolError", "nonsense"),
        (b"data: [1]\n\n", "ProtocolError", "no JSON object"),
    ],
)
def test_an_error_comes_after_the_text_before_it(bad: bytes, kind: str, words: str) -> None:
    for chunks in everywhere(delta("a") + bad + delta("b") + ended()):
        events, error = outcome(chunks)
        assert events == [TextDelta("a")]
        assert error.startswith(kind)
        assert words in error


def test_a_failed_response_still_tells_its_text_and_accounts() -> None:
    failed = ended("failed", [message("abc")], usage=usage(1, 2), error={"code": "server_error", "message": "Oh"})
    events, error = outcome([delta("a"), failed])
    assert text_of(events) == "abc"
    assert events[-1] == UsageReport(Usage(1, 2))
    assert error.startswith("ServerError")


@pytest.mark.parametrize(
    ("code", "kind", "again"),
    [
        ("rate_limit_exceeded", RateLimitError, True),
        ("server_error", ServerError, True),
        ("vector_store_timeout", ServerError, True),
        ("bio_policy", RequestError, False),
        ("image_too_large", RequestError, False),
    ],
)
def test_what_a_code_of_failure_means(code: str, kind: type[ProviderError], again: bool) -> None:
    with pytest.raises(kind) as raised:
        list(ResponsesStream(PEER).feed(ended("failed", error={"code": code, "message": "No"})))
    assert raised.value.retryable is again
    assert raised.value.hint


def body_of(value: object) -> bytes:
    return json.dumps(value).encode()


def test_an_answer_in_one_piece_is_an_answer() -> None:
    answer = response("completed", [message("Hello")], model="m", usage=usage(3, 1), error=None)
    assert list(ResponsesStream(PEER).whole(body_of(answer))) == [
        ResponseStarted("m"),
        TextDelta("Hello"),
        UsageReport(Usage(3, 1)),
        StreamEnd(FinishReason.STOP),
    ]
    cut_short = response("incomplete", [message("Hel")], incomplete_details={"reason": "max_output_tokens"})
    assert list(ResponsesStream(PEER).whole(body_of(cut_short)))[-1] == StreamEnd(FinishReason.LENGTH)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (body_of(response("failed", error={"code": "server_error", "message": "It crashed"})), ServerError, "crashed"),
        (b'{"error": {"message": "It crashed"}}', ServerError, "It crashed"),
        (body_of(response("queued")), ProtocolError, "JSON instead of a stream"),
        (b'{"hello": 1}', ProtocolError, "JSON instead of a stream"),
        (b'{"choices": [{"message": {"content": "x"}}]}', ProtocolError, "answers with OpenAI's chat completions"),
        (b"[1]", ProtocolError, "JSON instead of a stream"),
        (b"{oops", ProtocolError, "text that is no event stream: {oops"),
        (b'{"hello": "wor', ProtocolError, "JSON instead of a stream"),
        (b"[note] plain text with bracket", ProtocolError, r"text that is no event stream: \[note\] plain text"),
    ],
)
def test_other_json_is_none(body: bytes, kind: type[ProviderError], words: str) -> None:
    with pytest.raises(kind, match=words):
        list(ResponsesStream(PEER).whole(body))
