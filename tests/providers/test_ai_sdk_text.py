from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.asking import text_of
from tests.providers.splitting import cut, everywhere, pieces
from tui_stream.core.events import StreamEnd, TextDelta
from tui_stream.errors import ServerError
from tui_stream.providers._ai_sdk_text import TextStream
from tui_stream.providers._translate import Peer

PEER = Peer("app.example", "http://app.example/api/chat")
STREAMS = [name for name in names("aisdk7-text-*") if load(name).body]


@pytest.mark.parametrize("name", STREAMS)
def test_the_body_is_the_answer(name: str) -> None:
    body = load(name).body
    for chunks in everywhere(body):
        *seen, last = pieces(TextStream(PEER), chunks)
        assert text_of(seen) == body.decode()
        assert last == StreamEnd(None)


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())), st.lists(st.integers(0, 100)))
def test_any_text_comes_as_it_was_in_any_pieces(text: str, cuts: list[int]) -> None:
    seen = list(pieces(TextStream(PEER), cut(text.encode(), cuts)))
    assert text_of(seen) == text.removeprefix("\ufeff")
    assert all(event.text for event in seen if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"a\xffb", "a\ufffdb"),
        (b"a\xf0\x9f\x8e", "a\ufffd"),
        (b"\xef\xbb\xbfa", "a"),
        (b" \r\n a", " \r\n a"),
        (b"<p>{", "<p>{"),
        (b"a\0b", "a\0b"),
    ],
)
def test_bytes_that_are_no_text(body: bytes, text: str) -> None:
    for chunks in everywhere(body):
        assert text_of(pieces(TextStream(PEER), chunks)) == text


@pytest.mark.parametrize("body", [b"", b"\n", b"\xef\xbb\xbf", load("aisdk7-text-429").body])
def test_an_empty_answer_is_an_error_said_in_words(body: bytes) -> None:
    with pytest.raises(ServerError, match="empty answer") as raised:
        list(pieces(TextStream(PEER), [body]))
    assert "log" in raised.value.hint
    assert raised.value.retryable
