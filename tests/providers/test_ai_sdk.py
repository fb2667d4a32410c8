from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.asking import text_of
from tests.providers.splitting import cut, everywhere, until_error
from tui_stream.core.events import Event, StreamEnd, TextDelta
from tui_stream.errors import ServerError
from tui_stream.providers._ai_sdk import AiSdkStream
from tui_stream.providers._translate import Peer

PEER = Peer("app.example", "http://app.example/api/chat")
STREAMS = [
    name
    for name in names("aisdk*", "next-ui-*")
    if load(name).status == 200 and "Content-Encoding" not in load(name).headers
]


def outcome(chunks: list[bytes], **headers: str) -> tuple[str, list[Event], str]:
    """The text, the other events, and the error that ended them; pieces of plain text may come in any size."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    seen, error = until_error(AiSdkStream(PEER, named, "m"), chunks)
    return text_of(seen), [event for event in seen if not isinstance(event, TextDelta)], repr(error) if error else ""


def by_headers(name: str) -> dict[str, str]:
    return {key.lower().replace("-", "_"): value for key, value in load(name).headers.items()}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_known_by_its_headers_and_by_its_first_bytes(name: str) -> None:
    capture = load(name)
    expected = outcome([capture.body], **by_headers(name))
    for headers in ({}, {"content_type": "text/plain"}, {"content_type": "application/octet-stream"}):
        assert outcome([capture.body], **headers) == expected
        assert outcome(list(capture.chunks), **headers) == expected
        for chunks in everywhere(capture.body[:200]):
            assert outcome([*chunks, capture.body[200:]], **headers) == expected


@settings(deadline=None)
@given(name=st.sampled_from(STREAMS), cuts=st.lists(st.integers(0, 2000), max_size=50), named=st.booleans())
def test_a_capture_gives_the_same_in_any_pieces(name: str, cuts: list[int], named: bool) -> None:
    body, headers = load(name).body, by_headers(name)
    assert outcome(cut(body, cuts), **(headers if named else {})) == outcome([body], **headers)


@pytest.mark.parametrize(
    "text",
    [
        "Hello",
        "0: nothing",
        "3",
        "1. One\n2. Two",
        "d",
        "da",
        "data",
        "data: are plural\n\nindeed",
        'data: {"x": 1}\n',
        '0:"\n',
        'f:{"a"\nb',
        "\n\n0:1",
        " leading",
        "<think>\nHm\n</think>",
        '{"error": "in the text"}',
        "<!DOCTYPE html>",
        "[1]",
        "é",
        "\uff01",
    ],
)
def test_plain_text_is_not_taken_for_anything_else(text: str) -> None:
    for headers in ({}, {"content_type": "text/plain; charset=utf-8"}):
        for chunks in everywhere(text.encode()):
            assert outcome(chunks, **headers) == (text, [StreamEnd(None)], "")


def test_a_first_line_that_does_not_end_is_not_held_for_ever() -> None:
    decoder = AiSdkStream(PEER, {})
    seen: list[Event] = []
    for _ in range(40):
        seen += decoder.feed(b"data: " + b"x" * 1000)
    assert len(text_of(seen)) > 30_000


@pytest.mark.parametrize(
    ("headers", "misfits"),
    [
        ({"x-vercel-ai-ui-message-stream": "v1"}, b"{[<"),
        ({"x-vercel-ai-data-stream": "v1", "content-type": "text/plain"}, b"{[<"),
        ({"content-type": "text/event-stream; charset=utf-8"}, b"{[<"),
        ({"content-type": "text/html"}, b"{[<"),
        ({"content-type": "application/json; charset=utf-8"}, b"{[<"),
        ({"content-type": "text/plain"}, b""),
        ({}, b""),
    ],
)
def test_what_cannot_begin_a_stream(headers: dict[str, str], misfits: bytes) -> None:
    assert AiSdkStream(PEER, headers).misfits == misfits


def test_nothing_at_all_is_an_error() -> None:
    _, error = until_error(AiSdkStream(PEER, {}), [b""])
    assert isinstance(error, ServerError)
