from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.captures import load, names
from tests.providers.splitting import cut, everywhere, pieces, until_error
from tui_stream.errors import ProtocolError
from tui_stream.providers._ndjson import NdjsonDecoder


def decoded(*chunks: bytes, limit: int = 1 << 20) -> list[dict[str, object]]:
    return list(pieces(NdjsonDecoder(limit), chunks))


@pytest.mark.parametrize(
    ("stream", "objects"),
    [
        (b'{"a":1}\n{"a":2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}\r\n{"a":2}\r\n', [{"a": 1}, {"a": 2}]),
        (b'\n\n{"a":1}\n \t\n\r\n{"a":2}\n\n', [{"a": 1}, {"a": 2}]),
        (b'\xef\xbb\xbf{"a":1}\n', [{"a": 1}]),
        (b'{"a":1}\n{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}\n{"a":', [{"a": 1}]),
        ('{"a":"x\u2028y\u2029z\x85\x1e"}\n'.replace("\x1e", "").encode(), [{"a": "x\u2028y\u2029z\x85"}]),
        ('{"a":"é🎉"}\n'.encode(), [{"a": "é🎉"}]),
        (b'{"a":"\xff"}\n', [{"a": "\ufffd"}]),
        (b"", []),
    ],
)
def test_lines_become_objects_wherever_they_are_cut(stream: bytes, objects: list[object]) -> None:
    for chunks in everywhere(stream):
        assert decoded(*chunks) == objects


@pytest.mark.parametrize("bad", [b"nonsense", b"{", b"[1]", b"1", b'"x"', b"null", b"<html>", b'{"a":1}{"b":2}'])
def test_a_bad_line_is_an_error_after_the_objects_before_it(bad: bytes) -> None:
    for chunks in everywhere(b'{"a":1}\n' + bad + b'\n{"a":2}\n'):
        seen, error = until_error(NdjsonDecoder(), chunks)
        assert seen == [{"a": 1}]
        assert type(error) is ProtocolError
        assert "no JSON object" in error.message


@pytest.mark.parametrize("line", [b'{"a":"' + b"x" * 90, b'{"a":"' + b"x" * 90 + b'"}\n'])
def test_a_line_that_is_too_long_is_an_error(line: bytes) -> None:
    for chunks in everywhere(b'{"a":1}\n' + line):
        with pytest.raises(ProtocolError, match="more than 80 bytes"):
            decoded(*chunks, limit=80)


@pytest.mark.parametrize("name", names("ollama-chat-*", "ollama-pull-*"))
def test_a_capture_gives_what_reading_it_whole_gives(name: str) -> None:
    body = load(name).body
    expected = [json.loads(line) for line in body.split(b"\n") if line.strip()]
    assert decoded(*(body[i : i + 1] for i in range(len(body)))) == expected
    for at in range(0, len(body), 1 + len(body) // 400):
        assert decoded(*cut(body, [at])) == expected


@settings(deadline=None)
@given(
    values=st.lists(st.dictionaries(st.text(), st.text() | st.integers(-(2**60), 2**60) | st.none())),
    ascii_only=st.booleans(),
    cuts=st.lists(st.integers(0, 400)),
)
def test_any_objects_survive_any_pieces(values: list[dict[str, object]], ascii_only: bool, cuts: list[int]) -> None:
    stream = "".join(json.dumps(value, ensure_ascii=ascii_only) + "\n" for value in values)
    assert decoded(*cut(stream.encode(), cuts)) == values
