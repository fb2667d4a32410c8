from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.providers import _large_json
from tui_stream.providers._large_json import LargeJson, is_large

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


async def sent(body: dict[str, object]) -> list[bytes]:
    return [piece async for piece in LargeJson(body)]


@pytest.mark.parametrize("piece", [1, 3, 1 << 18])
@given(body=st.dictionaries(TEXT, VALUES, max_size=4))
async def test_it_is_the_same_json_in_pieces(piece: int, body: dict[str, object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_large_json, "PIECE", piece)
        data = b"".join(await sent(body))
        assert LargeJson(body).size == len(data)
    assert json.loads(data) == body
    assert data == json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


async def test_a_long_text_is_never_whole() -> None:
    body: dict[str, object] = {"model": "m", "messages": [{"role": "user", "content": 'a"\né' * 1_000_000}]}
    assert is_large(body)
    assert max(map(len, await sent(body))) < 3 * _large_json.PIECE
    assert not is_large({"messages": [{"content": "a" * 1000}], "n": 1})
