"""A request's body that is sent while it is made: a long text in it is escaped piece by piece.

What a program pipes in may have tens of megabytes. As one JSON text it would stand in memory twice more, as characters
and as bytes; so there is only ever one piece of it. The text itself is kept: the request may have to be sent again.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping

PIECE = 1 << 18
"""Characters that are escaped at a time."""


class LargeJson:
    """The JSON text of a body; it can be sent several times.

    Args:
        body: of objects, lists, texts and the like.
    """

    def __init__(self, body: Mapping[str, object]) -> None:
        self._body = body

    @property
    def size(self) -> int:
        """Its bytes; to count them takes as long as to send them."""
        return sum(map(len, _pieces(self._body)))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in _pieces(self._body):
            yield piece


def is_large(value: object) -> bool:
    """Whether a text somewhere in it is longer than a piece."""
    match value:
        case str():
            return len(value) > PIECE
        case dict():
            return any(map(is_large, value.values()))
        case list() | tuple():
            return any(map(is_large, value))
        case _:
            return False


def _pieces(value: object) -> Iterator[bytes]:
    if not is_large(value):
        yield _plain(value)
    elif isinstance(value, str):
        yield b'"'
        for at in range(0, len(value), PIECE):
            yield _plain(value[at : at + PIECE])[1:-1]
        yield b'"'
    elif isinstance(value, dict):
        for number, (name, one) in enumerate(value.items()):
            yield (b"," if number else b"{") + _plain(str(name)) + b":"
            yield from _pieces(one)
        yield b"}"
    elif isinstance(value, list | tuple):
        for number, one in enumerate(value):
            yield b"," if number else b"["
            yield from _pieces(one)
        yield b"]"


def _plain(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
