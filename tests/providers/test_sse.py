from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.splitting import cut, everywhere, until_error
from tui_stream.errors import ProtocolError
from tui_stream.providers._sse import SseDecoder, SseEvent

CAPTURES = names("llamacpp-chat-*", "llamacpp-keepalive", "openai-*", "ollama-v1-chat")

ATOMS = [
    *(b"data", b":", b" ", b"x", b"\r", b"\n", b"\r\n", b"id: 1\n", b"event: e\n", b"retry: 5\n"),
    *(b"\xef\xbb\xbf", "é".encode(), b"\xff"),
]


def decoded(*chunks: bytes, limit: int = 1 << 20) -> list[SseEvent]:
    decoder = SseDecoder(limit)
    return [event for chunk in chunks for event in decoder.feed(chunk)] + list(decoder.flush())


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"data: hello\n\n", [SseEvent("hello")]),
        (b"data:hello\n\n", [SseEvent("hello")]),
        (b"data:  hello\n\n", [SseEvent(" hello")]),
        (b"data:\thello\n\n", [SseEvent("\thello")]),
        (b"data: a\ndata: b\ndata:c\n\n", [SseEvent("a\nb\nc")]),
        (b"data\n\ndata\ndata\n\ndata:", [SseEvent(""), SseEvent("\n"), SseEvent("", complete=False)]),
        (b"data: YHOO\ndata: +2\ndata: 10\n\n", [SseEvent("YHOO\n+2\n10")]),
        (b": a comment\n\n:\n\ndata: x\n\n", [SseEvent("x")]),
        (b"\xef\xbb\xbfdata: x\n\n", [SseEvent("x")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfdata: x\n\ndata: y\n\n", [SseEvent("y")]),
        (b"data: x\r\n\r\ndata: y\r\rdata: z\n\n", [SseEvent("x"), SseEvent("y"), SseEvent("z")]),
        (b"data: x\r\ndata: y\rdata: z\n\r\n", [SseEvent("x\ny\nz")]),
        (b"event: add\ndata: 1\n\ndata: 2\n\n", [SseEvent("1", "add"), SseEvent("2")]),
        (b"event: add\n\ndata: 1\n\n", [SseEvent("1")]),
        (b"event\nevent:\ndata: 1\n\n", [SseEvent("1")]),
        (b"id: 7\ndata: 1\n\ndata: 2\n\n", [SseEvent("1", last_id="7"), SseEvent("2", last_id="7")]),
        (b"id: 7\n\nid\ndata: 2\n\n", [SseEvent("2")]),
        (b"id: 7\nid: 8\x00\ndata: 2\n\n", [SseEvent("2", last_id="7")]),
        (b"unknown: x\ndatax: y\n data: z\n\n", []),
        (b"data: x", [SseEvent("x", complete=False)]),
        (b"data: x\n", [SseEvent("x", complete=False)]),
        (b"event: e\ndata: x\ndata: y", [SseEvent("x\ny", "e", complete=False)]),
        (b"event: e\nid: 3\n", []),
        ("data: é ✓ 🎉 \u2028 \x0b x\n\n".encode(), [SseEvent("é ✓ 🎉 \u2028 \x0b x")]),
        (b"data: \xff\xf0\x9f\n\n", [SseEvent("\ufffd\ufffd")]),
        (b'data: {"a":1}\n\ndata: [DONE]\n\n', [SseEvent('{"a":1}'), SseEvent("[DONE]")]),
        (b"", []),
        (b"\xef\xbb", []),
    ],
)
def test_the_standard_and_its_corners(stream: bytes, events: list[SseEvent]) -> None:
    for chunks in everywhere(stream):
        assert decoded(*chunks) == events


@pytest.mark.parametrize(
    ("line", "milliseconds"),
    [
        ("retry: 3000", 3000),
        ("retry:0", 0),
        ("retry: 3s", None),
        ("retry", None),
        ("retry: ٣", None),
        ("retry: " + "9" * 5000, None),
    ],
)
def test_retry_is_taken_where_it_is_a_number(line: str, milliseconds: int | None) -> None:
    decoder = SseDecoder()
    assert list(decoder.feed(f"{line}\n\n".encode())) == []
    assert decoder.retry_ms == milliseconds


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_gives_the_same_events_at_every_split(name: str) -> None:
    body = load(name).body
    expected = decoded(body)
    assert decoded(*(body[i : i + 1] for i in range(len(body)))) == expected
    assert decoded(*load(name).chunks) == expected
    for at in range(0, len(body), 1 + len(body) // 400):
        assert decoded(*cut(body, [at])) == expected


@settings(deadline=None)
@given(stream=st.lists(st.sampled_from(ATOMS), max_size=40).map(b"".join), cuts=st.lists(st.integers(0, 200)))
def test_any_stream_gives_the_same_events_in_any_pieces(stream: bytes, cuts: list[int]) -> None:
    assert decoded(*cut(stream, cuts)) == decoded(stream)


@settings(deadline=None)
@given(lines=st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), min_size=1))
def test_what_is_written_as_an_event_is_read_again(lines: list[str]) -> None:
    stream = "".join(f"data: {line}\n" for line in lines) + "\n"
    assert decoded(stream.encode()) == [SseEvent("\n".join(lines))]


@pytest.mark.parametrize(
    "stream",
    [
        b"data: ok\n\ndata: " + b"x" * 100,
        b"data: ok\n\ndata: " + b"x" * 100 + b"\n\n",
        b"data: ok\n\n:" + b"x" * 100 + b"\n\n",
        b"data: ok\n\n" + b"data: 0123456789\n" * 10,
        b"data: ok\n\n" + b"data\n" * 30,
        b"data: ok\n\nevent: " + b"x" * 100 + b"\n",
    ],
)
def test_what_is_too_large_is_an_error_after_the_events_before_it(stream: bytes) -> None:
    for chunks in everywhere(stream):
        seen, error = until_error(SseDecoder(limit=80), chunks)
        assert seen == [SseEvent("ok")]
        assert type(error) is ProtocolError
        assert "more than 80 bytes" in error.message


def test_comments_without_end_do_not_add_up() -> None:
    decoder = SseDecoder(limit=80)
    for _ in range(1000):
        assert list(decoder.feed(b": keep-alive\n\n")) == []
        assert list(decoder.feed(b"data: x\n: keep-alive\n\n")) == [SseEvent("x")]


def test_a_long_line_in_small_pieces_takes_time_for_its_length_alone() -> None:
    size, piece = 3 << 20, b"x" * 64
    decoder = SseDecoder()
    assert list(decoder.feed(b"data: ")) == []
    for _ in range(size // len(piece)):  # copying the line for every piece would move 77 GB
        assert list(decoder.feed(piece)) == []
    assert [len(event.data) for event in decoder.feed(b"\n\n")] == [size]
