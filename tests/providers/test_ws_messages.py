from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captures import names
from tests.providers.asking import reasoning_of, text_of
from tests.ws_captures import load
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
    ModelNotFoundError,
    ProtocolError,
    ProviderError,
    RateLimitError,
    ServerError,
    StreamBrokenError,
)
from tui_stream.providers._translate import Peer
from tui_stream.providers._ws_messages import WsMessages

PEER = Peer("chat.example", "ws://chat.example/")
ANSWERS = {
    "ws-deflate": None,
    "ws-ok": None,
    "wsx-cancel": Usage(35, 4, cached_input_tokens=34),
    "wsx-ok": Usage(35, 6, cached_input_tokens=34),
}
BREAKS: dict[str, type[ProviderError]] = {
    "ws-429-crash": ConnectionFailedError,
    "ws-abort-reset": StreamBrokenError,
    "ws-abort-tutorial": StreamBrokenError,
    "ws-bad-json": ConnectionFailedError,
    "ws-mid-error": StreamBrokenError,
    "wsx-429": RateLimitError,
    "wsx-abort-cancel": StreamBrokenError,
    "wsx-abort-close": StreamBrokenError,
    "wsx-mid-error": ServerError,
}


def read(*messages: object) -> tuple[list[Event], ProviderError | None]:
    """All that the decoder makes of messages (objects, or text as it is) and of the end of the connection."""
    texts = [message if isinstance(message, str | bytes) else json.dumps(message) for message in messages]
    return read_from(WsMessages(PEER), texts)


def read_from(decoder: WsMessages, messages: Iterable[str | bytes]) -> tuple[list[Event], ProviderError | None]:
    seen: list[Event] = []
    try:
        for message in messages:
            seen.extend(decoder.feed(message))
        seen.extend(decoder.flush())
    except ProviderError as error:
        return seen, error
    return seen, None


def token(text: object, **more: object) -> dict[str, object]:
    return {"type": "token", "content": text, **more}


DONE = {"type": "done"}


def test_every_capture_is_read() -> None:
    assert set(names("ws-*", "wsx-*")) == {*ANSWERS, *BREAKS}


@pytest.mark.parametrize(("name", "usage"), list(ANSWERS.items()))
@pytest.mark.parametrize("form", ["text", "bytes"])
def test_a_captured_answer(name: str, usage: Usage | None, form: str) -> None:
    capture = load(name)
    messages = capture.turns[-1]
    events, error = read(*(message.decode() if form == "text" else message for message in messages))
    assert error is None
    assert text_of(events) == capture.text(-1) != ""
    assert [event.usage for event in events if isinstance(event, UsageReport)] == ([usage] if usage else [])
    assert [event for event in events if isinstance(event, StreamEnd)] == [events[-1]] == [StreamEnd()]


@pytest.mark.parametrize(("name", "kind"), list(BREAKS.items()))
def test_a_captured_break(name: str, kind: type[ProviderError]) -> None:
    capture = load(name)
    events, error = read(*capture.turns[0])
    assert type(error) is kind
    assert error.hint
    assert text_of(events) == capture.text()
    assert not any(isinstance(event, StreamEnd) for event in events)


@pytest.mark.parametrize("name", [name for name, _ in ANSWERS.items()])
def test_an_answer_that_ends_before_its_end_marker_is_cut_off(name: str) -> None:
    messages = load(name).turns[-1]
    for length in range(len(messages)):
        events, error = read(*messages[:length])
        assert type(error) is (StreamBrokenError if length else ConnectionFailedError)
        assert len([event for event in events if isinstance(event, TextDelta)]) == length


def test_a_confirmed_cancel_is_noted_and_ends_nothing() -> None:
    decoder = WsMessages(PEER)
    assert list(decoder.feed('{"type":"token","content":"a"}')) == [TextDelta("a")]
    assert list(decoder.feed('{"type":"cancelled"}')) == []
    assert decoder.cancelled
    assert not decoder.finished


def test_what_comes_after_the_end_marker_is_passed_over() -> None:
    events, error = read(token("a"), DONE, token("b"), {"type": "error"}, "rubbish")
    assert (events, error) == ([TextDelta("a"), StreamEnd()], None)


@pytest.mark.parametrize(
    "message",
    [
        {"type": "token", "content": "x"},
        {"type": "token", "token": "x"},
        {"type": "chunk", "text": "x"},
        {"type": "delta", "delta": "x"},
        {"type": "message", "role": "assistant", "content": "x"},
        {"type": "stream", "data": {"content": "x"}},
        {"event": "Token", "data": "x"},
        {"content": "x"},
        {"choices": [{"delta": {"content": "x"}}]},
    ],
)
def test_the_text_under_its_usual_names(message: dict[str, object]) -> None:
    events, error = read(message, DONE)
    assert error is None
    assert text_of(events) == "x"


@pytest.mark.parametrize(
    "message",
    [
        "",
        " \n",
        "ping",
        b"\xef\xbb\xbf",
        {"type": "connected", "message": "Welcome", "content": "Hi"},
        {"type": "ping"},
        {"type": "status", "content": "thinking ..."},
        {"type": "context_added", "content": "a note"},
        {"type": "message", "role": "user", "content": "Hello"},
        token(None),
        token(""),
        token(7),
        token(None, reasoning=None, tool_calls=None, usage=None),
        {"type": ["odd"], "content": None},
        {"type": "token"},
    ],
)
def test_what_is_no_part_of_the_answer_is_passed_over(message: object) -> None:
    assert read(message, token("a"), message, DONE) == ([TextDelta("a"), StreamEnd()], None)


@pytest.mark.parametrize(
    "end",
    [
        DONE,
        "[DONE]",
        {"type": "end"},
        {"type": "complete"},
        {"event": "done"},
        {"type": "message_end"},
        {"done": True},
        {"type": "token", "content": "", "done": True},
        {"type": "done", "content": "a", "text": "a"},
    ],
)
def test_the_end_under_its_usual_names(end: object) -> None:
    assert read(token("a"), end) == ([TextDelta("a"), StreamEnd()], None)


def test_a_whole_answer_in_its_end_marker() -> None:
    assert read({"type": "done", "content": "all of it"}) == ([TextDelta("all of it"), StreamEnd()], None)


@pytest.mark.parametrize(
    ("field", "word", "reason"),
    [
        ("finish_reason", "length", FinishReason.LENGTH),
        ("finishReason", "content-filter", FinishReason.CONTENT_FILTER),
        ("reason", "max_tokens", FinishReason.LENGTH),
        ("stop_reason", "end_turn", FinishReason.STOP),
        ("reason", "whim", FinishReason.OTHER),
    ],
)
def test_finish_reasons(field: str, word: str, reason: FinishReason) -> None:
    events, _ = read(token("a"), {**DONE, field: word})
    assert events[-1] == StreamEnd(reason)


def test_a_finish_reason_without_an_end_marker_is_enough() -> None:
    events, error = read(token("a", finish_reason="stop"))
    assert (events, error) == ([TextDelta("a"), StreamEnd(FinishReason.STOP)], None)


def test_chunks_of_openai_passed_on_as_they_are() -> None:
    chunks = [
        {"choices": [], "model": "m"},
        {"choices": [{"delta": {"role": "assistant", "content": None}}]},
        {"choices": [{"delta": {"reasoning_content": "hm"}}]},
        {"choices": [{"delta": {"content": "a"}}]},
        {"choices": [{"delta": {}, "finish_reason": "length"}]},
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
    ]
    expected: list[Event] = [ResponseStarted("m"), ReasoningDelta("hm"), TextDelta("a"), UsageReport(Usage(3, 1))]
    assert read(*chunks, "[DONE]") == ([*expected, StreamEnd(FinishReason.LENGTH)], None)
    assert read(*chunks) == ([*expected, StreamEnd(FinishReason.LENGTH)], None)


def test_reasoning_comes_apart_from_the_answer() -> None:
    events, _ = read(
        {"type": "reasoning", "content": "let "}, {"type": "token", "reasoning": "me see"}, token("Yes"), DONE
    )
    assert reasoning_of(events) == "let me see"
    assert text_of(events) == "Yes"


def test_tool_calls_are_shown() -> None:
    call = {"type": "tool_call", "id": "c1", "name": "weather", "arguments": {"city": "Bonn"}}
    other = {"type": "tool_call", "id": "c2", "function": {"name": "time", "arguments": '{"zone":"CET"}'}}
    events, error = read(call, other, DONE)
    assert error is None
    assert [event for event in events if isinstance(event, ToolCallDelta)] == [
        ToolCallDelta(0, "c1", "weather", '{"city": "Bonn"}'),
        ToolCallDelta(1, "c2", "time", '{"zone":"CET"}'),
    ]


def test_the_model_and_usage_where_the_server_says_them() -> None:
    usage = {"type": "usage", "usage": {"input_tokens": 5, "output_tokens": 2}}
    events, _ = read({"type": "start", "model": "m-1"}, token("a"), usage, {**DONE, "model": "m-1"})
    assert events == [ResponseStarted("m-1"), TextDelta("a"), UsageReport(Usage(5, 2)), StreamEnd()]


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ({"type": "error", "message": "The model crashed"}, ServerError, "The model crashed"),
        ({"type": "error", "error": "429 Rate limit", "status": 429}, RateLimitError, "429 Rate limit"),
        ({"type": "error", "error": {"message": "no", "type": "authentication_error"}}, AuthenticationError, "no"),
        ({"type": "error", "code": 401, "message": "who are you"}, AuthenticationError, "who are you"),
        ({"type": "error", "message": "no such model: x"}, ModelNotFoundError, "does not have the model"),
        ({"error": "boom"}, ServerError, "boom"),
        ({"type": "error", "content": "boom"}, ServerError, "boom"),
        ({"type": "error"}, ServerError, "reported an error"),
        ({"type": "error", "error": {}}, ServerError, "reported an error"),
    ],
)
def test_errors(message: dict[str, object], kind: type[ProviderError], said: str) -> None:
    for before in ([], [token("kept")]):
        events, error = read_from(WsMessages(PEER, "x"), [json.dumps(item) for item in (*before, message)])
        assert type(error) is kind
        assert said in error.message
        assert text_of(events) == ("kept" if before else "")


def test_the_time_to_wait_that_an_error_names() -> None:
    _, error = read({"type": "error", "error": "slow down", "status": 429, "retry_after": 7})
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 7


def test_an_error_never_repeats_the_key() -> None:
    message = {"type": "error", "error": {"message": "bad key hush-hush given"}}
    _, error = read_from(WsMessages(PEER, secret="hush-hush"), [json.dumps(message)])
    assert error is not None
    assert "hush" not in str(error)
    assert "bad key [key] given" in error.message


@pytest.mark.parametrize(
    "message", ["Hello", "<html>", "7", '"text"', "[]", "null", '{"type":"tok', b"\xff\xfe\x00\x01"]
)
def test_what_is_no_object_is_an_error_that_shows_it(message: str | bytes) -> None:
    events, error = read(token("kept"), message)
    assert isinstance(error, ProtocolError)
    assert "no JSON object" in error.message
    assert '{"type": "token"' in error.hint
    assert text_of(events) == "kept"


def test_an_object_of_another_dialect_is_an_error_that_shows_it() -> None:
    _, error = read({"payload": {"candidates": []}})
    assert isinstance(error, ProtocolError)
    assert "candidates" in error.message


def test_damaged_characters_become_replacement_characters() -> None:
    events, error = read(b'{"type":"token","content":"a\xe2\x82"}', DONE)
    assert error is None
    assert text_of(events) == "a\ufffd"


def test_a_character_cut_in_two_is_put_together() -> None:
    halves = (r'{"type":"token","content":"a\ud83d"}', r'{"type":"token","content":"\ude00b"}')
    events, _ = read(*halves, DONE)
    assert text_of(events) == "a\U0001f600b"
    assert text_of(read(halves[0], DONE)[0]) == "a\ufffd"


@given(st.lists(st.text(min_size=1)), st.booleans())
def test_any_text_comes_through(pieces: list[str], escaped: bool) -> None:
    messages = [json.dumps(token(piece), ensure_ascii=escaped).encode("utf-8", "surrogatepass") for piece in pieces]
    events, error = read(*messages, DONE)
    assert error is None
    assert text_of(events) == "".join(pieces)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "content",
                        "error",
                        "done",
                        "usage",
                        "model",
                        "choices",
                        "delta",
                        "finish_reason",
                        "tool_calls",
                        "function",
                        "arguments",
                        "name",
                        "message",
                        "status",
                        "data",
                        "role",
                        "prompt_tokens",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
    | st.binary(max_size=20)
)
def test_no_message_whatever_breaks_the_decoder(message: object) -> None:
    _, error = read(token("a"), message, DONE)
    assert error is None or error.message
