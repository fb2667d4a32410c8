from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_stream.providers._json import MAX_DEPTH, TextJoiner, begins_json, decode


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": [1, null]}', {"a": [1, None]}),
        ('{"a": "é"}', {"a": "é"}),
        (rb'{"a": "\ud83d"}', {"a": "\ud83d"}),
        (rb'{"a": "\ud83c\udf89"}', {"a": "🎉"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": Infinity}', {"a": math.inf}),
        (b'{"a": ' + b"9" * 10_000 + b"}", {"a": math.inf}),
        (b'{"a": -' + b"9" * 10_000 + b"}", {"a": -math.inf}),
        (b'{"a": ' + b"9" * 100 + b"}", {"a": int("9" * 100)}),
        (b'{"a": "' + b"[{" * 1000 + b'"}', {"a": "[{" * 1000}),
        (b"[" + b"[]," * 1000 + b"[]]", [[]] * 1001),
    ],
)
def test_json_of_careless_servers_is_read(text: bytes | str, value: object) -> None:
    assert decode(text) == value


@pytest.mark.parametrize("text", [b"", b"{", b"nonsense", "[" * 100_000, b"1" * 5000 + b"x"])
def test_what_is_no_json_is_a_value_error(text: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


@pytest.mark.parametrize("levels", [1, MAX_DEPTH, MAX_DEPTH + 1, 500, 900, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_an_end(opened: str, closed: str, levels: int) -> None:
    text = opened * levels + "0" + closed * levels
    if levels <= MAX_DEPTH:
        assert decode(text) == decode(text.encode())
    else:
        with pytest.raises(ValueError, match="deep"):
            decode(text)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.integers(0, 60)))
def test_characters_cut_between_surrogates_are_whole_again(text: str, cuts: list[int]) -> None:
    halves = text.encode("utf-16-le")
    ends = [*sorted(2 * min(cut, len(halves) // 2) for cut in cuts), len(halves)]
    joiner = TextJoiner()
    joined = ""
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        joined += joiner.feed(halves[start:end].decode("utf-16-le", "surrogatepass"))
    assert joined + joiner.flush() == text


@pytest.mark.parametrize("pieces", [["a\ud83c"], ["a\ud83c", "b"], ["\udf89a", "b"], ["a\ud83c", "\ud83c", "b"]])
def test_half_a_character_becomes_a_replacement(pieces: list[str]) -> None:
    joiner = TextJoiner()
    joined = "".join(joiner.feed(piece) for piece in pieces) + joiner.flush()
    assert "\ufffd" in joined
    assert joined.replace("\ufffd", "") in ("a", "ab")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(JSON, max_size=3) | st.dictionaries(st.text(max_size=3), JSON, max_size=3), st.booleans())
@settings(max_examples=60)
def test_every_beginning_of_json_is_one(value: object, ascii_only: bool) -> None:
    data = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert all(begins_json(data[:end]) for end in range(1, len(data) + 1))
    assert begins_json(b"\xef\xbb\xbf \n" + data + b"\n" + data[:-1])


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a": "' + b"x" * 100_000, b"[" + b"1, " * 100_000])
def test_json_may_be_long_and_deep(data: bytes) -> None:
    assert begins_json(data)


@pytest.mark.parametrize(
    "data", [b"[note] text", b"{oops", b"[1] a footnote", b"{'a': 1}", b"[true story]", b'["a" b', b"[1,]", b"[nu, "]
)
def test_what_only_looks_like_json_is_none(data: bytes) -> None:
    assert not begins_json(data)
