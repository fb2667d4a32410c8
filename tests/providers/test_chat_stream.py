from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.splitting import cut, everywhere, pieces, until_error
from tests.servers import sse
from tui_stream.core.events import Event, StreamEnd, TextDelta
from tui_stream.core.models import FinishReason
from tui_stream.errors import (
    ConnectionFailedError,
    ProtocolError,
    ProviderError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers._chat_stream import ChatStream
from tui_stream.providers._translate import Peer

PEER = Peer("llm.example", "http://llm.example/v1")
STREAMS = names(
    "llamacpp-chat-[rstu]*",
    "llamacpp-chat-nousage",
    "llamacpp-keepalive",
    "llamacpp-length-*",
    "openai-[crt]*",
    "openai-mid-error",
    "openai-stall",
    "ollama-v1-chat",
)


def outcome(chunks: list[bytes]) -> tuple[list[Event], str]:
    """The events, and the error that ended them."""
    seen, error = until_error(ChatStream(PEER, "m"), chunks)
    return seen, repr(error) if error else ""


def chunk(text: str | None = None, finish: str | None = None) -> bytes:
    return sse({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


@pytest.mark.parametrize("name", STREAMS)
def test_a_capture_gives_the_same_at_every_split(name: str) -> None:
    capture = load(name)
    expected = outcome([capture.body])
    assert expected[0]
    assert outcome(list(capture.chunks)) == expected
    assert outcome([capture.body[i : i + 1] for i in range(len(capture.body))]) == expected
    for at in range(0, len(capture.body), 1 + len(capture.body) // 200):
        assert outcome(cut(capture.body, [at])) == expected


@settings(deadline=None)
@given(name=st.sampled_from(STREAMS), cuts=st.lists(st.integers(0, 20_000), max_size=50))
def test_a_capture_gives_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    body = load(name).body
    assert outcome(cut(body, cuts)) == outcome([body])


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (chunk("a") + chunk(finish="stop") + sse("[DONE]"), FinishReason.STOP),
        (chunk("a") + chunk(finish="stop"), FinishReason.STOP),
        (chunk("a") + chunk(finish="stop").rstrip(), FinishReason.STOP),
        (chunk("a") + sse("[DONE]"), None),
        (chunk("a") + b"data: [DONE]", None),
        (chunk("a") + b"data:[DONE]\r\n\r\n", None),
        (b"\xef\xbb\xbf" + chunk("a") + sse("[DONE]") + chunk("b"), None),
        (b"data:\n\n" + chunk("a") + sse("[DONE]"), None),
        (chunk("a") + chunk(finish="length") + b'data: {"choices": [', FinishReason.LENGTH),
    ],
)
def test_complete_is_what_has_a_finish_reason_or_an_end_marker(stream: bytes, reason: FinishReason | None) -> None:
    for chunks in everywhere(stream):
        assert outcome(chunks) == ([TextDelta("a"), StreamEnd(reason)], "")


@pytest.mark.parametrize("rest", [b"", b"data: {", chunk("a")[:-9], b": bye\n\n", b"data: \n\n"])
def test_without_an_end_marker_an_answer_is_cut_off(rest: bytes) -> None:
    with pytest.raises(StreamBrokenError, match="cut off"):
        list(pieces(ChatStream(PEER), [chunk("a"), rest]))


@pytest.mark.parametrize("stream", [b"", b": hi\n\n", chunk(), b"data: {"])
def test_a_stream_that_ends_before_its_answer_may_be_tried_again(stream: bytes) -> None:
    with pytest.raises(ConnectionFailedError, match="before the answer began") as raised:
        list(pieces(ChatStream(PEER), [stream]))
    assert raised.value.retryable


def test_an_event_without_its_last_blank_line_is_not_lost() -> None:
    seen, error = outcome([chunk("a"), chunk("b").rstrip()])
    assert seen == [TextDelta("a"), TextDelta("b")]
    assert error.startswith("StreamBrokenError")


@pytest.mark.parametrize("bad", [b"data: nonsense\n\n", b"data: [1]\n\n", b'data: {"a": \n\n', b"data: <html>\n\n"])
def test_an_event_that_is_no_chunk_is_an_error_after_the_text_before_it(bad: bytes) -> None:
    for chunks in everywhere(chunk("a") + bad + chunk("b")):
        seen, error = outcome(chunks)
        assert seen == [TextDelta("a")]
        assert error.startswith("ProtocolError")


RESPONSES = sse({"type": "response.output_text.delta", "delta": "hello there"})


@pytest.mark.parametrize("before", [b"", b"event: response.created\ndata: {}\n\n", sse({"type": "ping"})])
def test_events_of_the_responses_api_name_their_provider(before: bytes) -> None:
    for chunks in everywhere(before + RESPONSES + sse("[DONE]")):
        assert outcome(chunks)[1].startswith("ProtocolError")
    with pytest.raises(ProtocolError, match="Responses API") as raised:
        list(pieces(ChatStream(PEER), [before, RESPONSES]))
    assert "--provider openai-responses" in raised.value.hint
    with pytest.raises(ProtocolError, match="Responses API"):
        list(ChatStream(PEER).whole(b'{"object": "response", "output": []}'))


def test_a_chunk_among_them_is_read_all_the_same() -> None:
    for chunks in everywhere(chunk("a") + RESPONSES + sse("[DONE]")):
        assert outcome(chunks) == ([TextDelta("a"), StreamEnd(None)], "")


@pytest.mark.parametrize("end", [b"", sse("[DONE]")])
def test_events_that_nobody_understands_are_named(end: bytes) -> None:
    for chunks in everywhere(sse({"content": "hello there"}) + sse({"content": "!"}) + end):
        seen, error = outcome(chunks)
        assert seen == []
        assert error.startswith("ProtocolError")
        assert 'without any text that is known here; the first was {"content": "hello there"}' in error


def test_events_that_keep_a_connection_open_are_no_answer() -> None:
    with pytest.raises(ConnectionFailedError, match="before the answer began"):
        list(pieces(ChatStream(PEER), [sse({"type": "ping"}), b'event: keepalive\ndata: {"n": 1}\n\n']))


def test_text_that_is_no_event_stream_is_named() -> None:
    for chunks in everywhere(b"\xef\xbb\xbfHello, how are you?\nFine.\n"):
        seen, error = outcome(chunks)
        assert seen == []
        assert error.startswith("ProtocolError")
        assert "no event stream: Hello, how are you?" in error


@pytest.mark.parametrize("cut", [b"\xef", b"dat", b"event", b"e", b" retry", b": hel", b"data:"])
def test_the_beginning_of_an_event_is_no_text(cut: bytes) -> None:
    with pytest.raises(ConnectionFailedError, match="before the answer began"):
        list(pieces(ChatStream(PEER), [cut]))


def test_an_event_named_error_is_one() -> None:
    with pytest.raises(ServerError, match="It crashed"):
        list(ChatStream(PEER).feed(b'event: error\ndata: {"message": "It crashed"}\n\n'))


def test_an_answer_in_one_piece_is_an_answer() -> None:
    body = load("llamacpp-chat-nonstream").body
    text = json.loads(body)["choices"][0]["message"]["content"]
    seen = list(ChatStream(PEER).whole(body))
    assert TextDelta(text) in seen
    assert seen[-1] == StreamEnd(FinishReason.LENGTH)


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b'{"error": {"message": "It crashed"}}', ServerError, "It crashed"),
        (b'{"hello": 1}', ProtocolError, "JSON instead of a stream"),
        (b"[1]", ProtocolError, "JSON instead of a stream"),
        (b"{oops", ProtocolError, "text that is no event stream: {oops"),
        (b'{"hello": "wor', ProtocolError, "JSON instead of a stream"),
        (b"[note] plain text with bracket", ProtocolError, r"text that is no event stream: \[note\] plain text"),
    ],
)
def test_other_json_is_none(body: bytes, kind: type[ProviderError], words: str) -> None:
    with pytest.raises(kind, match=words):
        list(ChatStream(PEER).whole(body))
