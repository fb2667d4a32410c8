from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tui_stream.core.events import Event, ReasoningDelta, TextDelta
from tui_stream.errors import ProviderError
from tui_stream.providers import _chat_stream
from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._chat_stream import ChatStream
from tui_stream.providers._json_stream import JsonStream
from tui_stream.providers._likeness import Likeness, end_of_event
from tui_stream.providers._translate import Peer

PEER = Peer("server", "http://server/v1")


def line(content: str, /, *, escaped: bool = False, **more: object) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": None}
    value = {"id": "a", "model": "m", "choices": [choice], **more}
    return b"data: " + json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")


def plainly(content: bytes) -> bytes:
    """A line with these bytes between the quotes, whatever they are."""
    return line("@").replace(b'"@"', b'"' + content + b'"')


LINES = st.one_of(
    st.text(max_size=4).map(line),
    st.text(max_size=4).map(lambda text: line(text, escaped=True)),
    st.sampled_from(["a", "b ", "", "\ud83d", "\ude42", "é", "content"]).map(line),
    st.sampled_from([b"a", b"\\n", b"\\u0041", b"\\ud83d", b"\\ude42", b"\xff", b"\xc3", b'\\"content\\"']).map(
        plainly
    ),
    st.sampled_from(
        [b"a\n", b"a\r", b"\x01", b"\t", b'","role":"x', b'","content":"y', b'"},"error":{"message":"no']
    ).map(plainly),
    st.sampled_from(["x", "y"]).map(lambda text: line("a", created=text)),
    st.sampled_from(["x", "", 'y"', "a\\"]).map(lambda text: line("a", obfuscation=text)),
    st.sampled_from(
        [
            b": note",
            b"event: error",
            b"id: 7",
            b"data: {}",
            b"data: [DONE]",
            b'data: {"choices":[{"index":1,"delta":{"content":"a"}}]}',
            b'data: {"id":"a","model":"m","choices":[{"index":0,"delta":{"refusal":"a"},"content":"a"}]}',
            b'data: {"id":"a","model":"m","choices":[{"index":0,"message":{"content":"a"}}]}',
            b'data: {"id":"a","model":"m","choices":[{"index":0,"message":{"content":"b"}}]}',
            b'data: {"choices":[{"delta":{"reasoning":"hm","content":"a"}}]}',
            b'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}',
            b"",
        ]
    ),
)
ENDS = st.sampled_from([b"\n\n", b"\n\n", b"\n\n", b"\r\n\r\n", b"\r\r", b"\n", b"\n\r\n", b""])
CUTS = st.sampled_from(["", "", "", "before", "in the end"])


def told(stream: JsonStream, pieces: list[bytes]) -> list[object]:
    """What a stream says, with texts that follow one another joined."""
    found: list[object] = []

    def add(event: Event) -> None:
        if isinstance(event, TextDelta | ReasoningDelta) and found and type(found[-1]) is type(event):
            found[-1] = type(event)(getattr(found[-1], "text", "") + event.text)
        else:
            found.append(event)

    try:
        for piece in pieces:
            for event in stream.feed(piece):
                add(event)
        for event in stream.flush():
            add(event)
    except ProviderError as error:
        found.append(str(error))
    return [*found, stream.started, stream.finished, stream.done]


def pieces(events: list[tuple[bytes, bytes, str]], cuts: list[int]) -> list[bytes]:
    """The events in pieces: cut where they say so, and anywhere."""
    data, marks = b"", set()
    for one, end, cut in events:
        if cut == "before":
            marks.add(len(data))
        data += one + end
        if cut == "in the end":
            marks.add(len(data) - len(end) // 2)
    marks |= {0, len(data), *(min(cut, len(data)) for cut in cuts)}
    return [data[one:other] for one, other in pairwise(sorted(marks))]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(LINES, ENDS, CUTS), max_size=12), st.lists(st.integers(0, 2000), max_size=3))
@example([(line("a"), b"\n\n", ""), (plainly(b"c\n\n"), b"\n\n", "")], [])
@example([(line("a"), b"\n\n", ""), (b"event: error", b"\n", "before"), (line("b"), b"\n\n", "before")], [])
@example([(line("a"), b"\n\n", ""), (plainly(b'","error":{"message":"no'), b"\n\n", "")], [])
@example([(line("a"), b"\n\n", ""), (plainly(b"\\u0041"), b"\n\n", "")], [])
@example([(line("a"), b"\n\n", ""), (b"data: [DONE]", b"\n\n", ""), (line("b"), b"\n\n", "")], [])
@example([(b'data: {"model":"m","choices":[{"delta":{"refusal":"a"},"content":"a"}]}', b"\n\n", "")] * 2, [])
def test_streams_mean_the_same_whether_their_events_are_alike_or_not(
    events: list[tuple[bytes, bytes, str]], cuts: list[int]
) -> None:
    first = [(line("so "), b"\n\n", ""), (line("it "), b"\n\n", "before")]
    cut = pieces([*first, *events], cuts)
    assert told(ChatStream(PEER), cut) == told(JsonStream(PEER, ChatChunks(PEER)), cut)


def test_what_is_alike_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = ChatStream(PEER)
    assert [*stream.feed(line("one", obfuscation="x") + b"\n\n" + line("two", obfuscation="y") + b"\n\n")][
        -1
    ] == TextDelta("two")
    monkeypatch.setattr(_chat_stream, "end_of_event", None)
    data = b"".join(line(f"token{number} é", obfuscation=str(number)) + b"\n\n" for number in range(100))
    assert [*stream.feed(data)] == [TextDelta(f"token{number} é") for number in range(100)]


def test_it_is_no_longer_looked_for_where_all_events_differ() -> None:
    likeness = Likeness("content", "obfuscation")
    for number in range(100):
        if likeness.wanted:
            likeness.learn(line("a", salt=number) + b"\n\n", "a")
            assert likeness.run(line("a", salt=number + 1) + b"\n\n", 0) == ([], 0)
    assert not likeness.wanted
    assert number == 99


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (line("a") + b"\n\n", "b"),
        (b"id: 1\n" + line("a") + b"\n\n", "a"),
        (line("a", content="a") + b"\n\n", "a"),
        (line("a\\") + b"\n\n", "a\\"),
        (b'{"content": "a"}\n\n', "a"),
    ],
)
def test_what_is_not_clear_is_not_learnt(event: bytes, text: str) -> None:
    likeness = Likeness("content", "obfuscation")
    likeness.learn(event, text)
    assert likeness.run(event, 0) == ([], 0)


def test_where_an_event_ends() -> None:
    assert end_of_event(b"ab\n\ncd", 0) == 4
    assert end_of_event(b"ab\r\n\r\ncd", 0) == 6
    assert end_of_event(b"ab\n\ncd", 4) == 6
