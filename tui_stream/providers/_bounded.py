"""Keeps what the ollama SDK reads within bounds: it would take whatever a server sends, and unpack whatever is packed.

It stands on httpx, which takes a tenth of a second to import, and so is imported where that SDK is.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

import httpx

from tui_stream.errors import ProtocolError
from tui_stream.providers._http import MAX_ANSWER
from tui_stream.providers._json import MOST_VALUES, separators, too_many
from tui_stream.providers._lines import MAX_LINE, too_long

_PIECE = 1 << 16  # bytes that are unpacked at once
_WINDOWS = {"identity": 0, "gzip": 31, "x-gzip": 31, "deflate": 15}  # zlib's window bits


class _Bounded(httpx.AsyncByteStream):
    """A body, unpacked, as far as it keeps to the limits.

    The SDK makes objects of all that is in a line, or in the whole body; so their number has a limit too.

    Args:
        body: as it comes from the network.
        window: how it is packed, 0 if it is not.
        most: bytes that it may have, None for no limit but that of a line.
    """

    def __init__(self, body: httpx.AsyncByteStream, window: int, most: int | None) -> None:
        self._body = body
        self._window = window
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = line = values = 0
        async with aclosing(self._unpacked()) as pieces:
            async for piece in pieces:
                total += len(piece)
                newline = piece.rfind(b"\n")
                line = len(piece) - newline - 1 + (line if newline < 0 else 0)
                values = separators(piece) + (values if newline < 0 or self._most is not None else 0)
                if values > MOST_VALUES:
                    raise too_many(MOST_VALUES)
                if line > MAX_LINE:
                    raise too_long(MAX_LINE)
                if self._most is not None and total > self._most:
                    raise too_long(self._most)
                yield piece

    async def aclose(self) -> None:
        await self._body.aclose()

    async def _unpacked(self) -> AsyncGenerator[bytes, None]:
        unpacker = zlib.decompressobj(self._window) if self._window else None
        async for data in self._body:
            if unpacker is None:
                yield data
                continue
            while data:
                try:
                    piece = unpacker.decompress(data, _PIECE)
                except zlib.error as error:
                    raise ProtocolError("The server sent compressed data that is damaged.") from error
                yield piece
                data = unpacker.unconsumed_tail  # noqa: PLW2901 - the rest of the same data


def bounded(endless: str) -> Callable[[httpx.Response], Awaitable[None]]:
    """A hook on responses that has every body read within bounds.

    Args:
        endless: the end of the one path whose answer may go on for as long as it likes, line by line.
    """

    async def hook(response: httpx.Response) -> None:
        packed = response.headers.pop("content-encoding", "identity").strip().lower()
        if packed not in _WINDOWS:
            raise ProtocolError(
                f"The server sent data compressed in a way that was not asked for ({packed[:40]!r}).",
                hint="Look at what answers under the base URL.",
            )
        if isinstance(response.stream, httpx.AsyncByteStream):
            most = None if response.request.url.path.endswith(endless) else MAX_ANSWER
            response.stream = _Bounded(response.stream, _WINDOWS[packed], most)

    return hook
