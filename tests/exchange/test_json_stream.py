"""Large JSON taken apart: the same values as decoding it whole, wherever its bytes are split, within limits."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.conversations import JSON_VALUES
from tui_stream.errors import StoreError
from tui_stream.exchange import json_stream
from tui_stream.exchange.json_stream import NO_ELEMENT, Source, decode, pieces


class Dripping:
    """Gives bytes a few at a time, whatever is asked for."""

    def __init__(self, data: bytes, seed: int) -> None:
        self._file = io.BytesIO(data)
        self._random = random.Random(seed)

    def read(self, size: int, /) -> bytes:
        return self._file.read(min(size, self._random.choice([1, 2, 3, 50])))


def together(data: bytes, seed: int = 0) -> Any:
    """The document put together again from its pieces."""
    members: dict[str, Any] = {}
    for piece in pieces(Dripping(data, seed)):
        if piece.index is None:
            members[piece.key] = decode(piece)
        else:
            listed = members.setdefault(piece.key, [])
            if piece.index != NO_ELEMENT:
                assert piece.index == len(listed)
                listed.append(decode(piece))
    return members[""] if data.lstrip()[:1] == b"[" else members


DOCUMENTS = st.lists(JSON_VALUES, max_size=4) | st.dictionaries(
    st.text(min_size=1, max_size=5), JSON_VALUES, max_size=4
)


@given(DOCUMENTS, st.integers(0, 9), st.booleans(), st.sampled_from([None, 1]))
def test_pieces_are_the_document(document: Any, seed: int, plain: bool, indent: int | None) -> None:
    data = json.dumps(document, ensure_ascii=plain, indent=indent).encode("utf-8", "surrogatepass")
    assert together(data, seed) == json.loads(data.decode("utf-8", "replace"))


def test_what_is_not_kept_is_passed_over_just_so() -> None:
    data = b'\xef\xbb\xbf {"a": [{"x": "]}\\"" }, [1]], "b": 5}'
    found = [(piece.key, piece.index, piece.data) for piece in pieces(io.BytesIO(data), keep=False)]
    assert found == [("a", 0, b""), ("a", 1, b""), ("b", None, b"5")]


NOT_JSON = [
    "", " ", "5", "x", "[", "{", "[1", "[1,", "[1 2]", "[,]", '{"a"}', '{"a":}', '{"a":1,}', "{5:1}", '["a',
    '[{"a": "}]', "[1]]", "[] x", '{"a": [}', "[{]",
]  # fmt: skip


@pytest.mark.parametrize("data", NOT_JSON)
def test_what_is_not_json_is_an_error_in_words(data: str) -> None:
    with pytest.raises(StoreError, match="not valid JSON"):
        values(io.BytesIO(data.encode()))


def values(source: Source) -> list[Any]:
    return [decode(piece) for piece in pieces(source) if piece.index != NO_ELEMENT]


@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([b"[", b"]", b"{", b"}", b'"', b",", b":", b"\\", b"1"])).map(b"".join)
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(StoreError):
        values(Dripping(data, 1))


@pytest.mark.parametrize("data", ["[NaN]", "[Infinity]", "[" + "1" * 5000 + "]"])
def test_numbers_that_are_none_are_refused(data: str) -> None:
    with pytest.raises(StoreError, match=r"\[0\] is not valid JSON"):
        values(io.BytesIO(data.encode()))


def test_depth_has_a_limit() -> None:
    with pytest.raises(StoreError, match="more than 100 levels"):
        list(pieces(io.BytesIO(b'[{"a":' * 100_000)))


def test_the_size_of_an_element_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MOST_BYTES", 1 << 20)
    for begin, unit in ((b'["', b"x" * 1000), (b"[[", b"1," * 500), (b"[", b"1" * 1000)):
        with pytest.raises(StoreError, match="is larger than 1 MB"):
            list(pieces(Endless(begin, unit)))


class Endless:
    """Never ends."""

    def __init__(self, begin: bytes, unit: bytes) -> None:
        self._left = begin
        self._unit = unit

    def read(self, size: int, /) -> bytes:
        begin, self._left = self._left, b""
        return begin or self._unit * (size // len(self._unit) + 1)


def test_memory_grows_with_an_element_and_not_with_the_file() -> None:
    class Many:
        """Fifty megabytes of small conversations, made as they are read."""

        def __init__(self) -> None:
            self._parts = self._made()

        def _made(self) -> Iterator[bytes]:
            yield b"["
            for number in range(500):
                yield b'%s{"text": "%s"}' % (b"," if number else b"", b"x" * 100_000)
            yield b"]"

        def read(self, size: int, /) -> bytes:
            assert size
            return next(self._parts, b"")

    tracemalloc.start()
    try:
        assert sum(1 for _ in pieces(Many())) == 500
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
