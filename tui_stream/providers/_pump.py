"""The body of a response -> events: the part of streaming that all HTTP dialects share.

A `Dialect` is pure: bytes in, events out. What depends on time and on the connection stands here: the first
look (is this a stream at all?), waiting for what follows the finish reason, and leaving the connection in a
state in which the next turn can use it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from tui_stream.core.events import Event
from tui_stream.errors import ProtocolError, ProviderError
from tui_stream.providers._http import failures
from tui_stream.providers._increments import Increments
from tui_stream.providers._lines import MAX_LINE, too_long
from tui_stream.providers._translate import Peer, page_title

if TYPE_CHECKING:
    import httpx2

TAIL_TIMEOUT = 5.0
"""Seconds for usage and end marker to follow the finish reason; the answer is complete without them too."""

DRAIN_TIMEOUT = 0.1
"""Seconds for the connection to come free after the end marker, so that it can be used again."""

_BLANK = b"\xef\xbb\xbf \t\r\n"
_PAGE_START = 64 * 1024
_MOST_UNPACKED = 2 * 1024 * 1024  # bytes out of a compressed body before its rate of compression is looked at
_MOST_PACKED = 300  # bytes that one byte of a compressed body may stand for; of a stream they are ten to fifty


class Dialect(Protocol):
    """A stream's bytes -> events, without any I/O; one object a response."""

    @property
    def misfits(self) -> bytes:
        """The first bytes, white space aside, with which no stream of this dialect begins."""

    @property
    def finished(self) -> bool:
        """Whether the model has finished: only accounts and the end marker may follow."""

    @property
    def done(self) -> bool:
        """Whether the end marker has come."""

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more."""

    def flush(self) -> Iterator[Event]:
        """The events left at the end of the stream, the last one a `StreamEnd`.

        Raises:
            ProviderError: the stream did not end as it should.
        """

    def whole(self, body: bytes) -> Iterator[Event]:
        """The events of a body that is no stream but JSON.

        Raises:
            ProviderError: it is no answer.
        """


async def pump(response: httpx2.Response, dialect: Dialect, peer: Peer) -> AsyncGenerator[Event, None]:
    """Reads a response to its end; closing the generator closes the connection.

    Raises:
        ProviderError: what the dialect finds wrong.
        Exception: one of `failures`, when the connection fails before the answer is finished.
    """
    increments = Increments()
    async with aclosing(_unpacked(response, peer)) as pieces:
        while (first := await anext(pieces, b"")) and not first.lstrip(_BLANK):
            for event in dialect.feed(first):
                yield event
        if first and first.lstrip(_BLANK)[0] in dialect.misfits:
            for event in await _misfit(first, pieces, dialect, peer):
                yield event
            return
        for event in increments.passed(dialect.feed(first)):
            yield event
        async with aclosing(_rest(pieces, dialect, increments)) as rest:
            async for events in rest:
                for event in events:
                    yield event
        for event in await _tail(pieces, dialect, increments):
            yield event
        for event in increments.passed(dialect.flush()):
            yield event
        await _drain(pieces)


async def _unpacked(response: httpx2.Response, peer: Peer) -> AsyncGenerator[bytes, None]:
    """The body's bytes, decompressed where they came compressed.

    Raises:
        ProtocolError: they stand for more than any answer that was compressed.
    """
    size = 0
    async with aclosing(response.aiter_bytes()) as pieces:
        async for data in pieces:
            size += len(data)
            if size > _MOST_UNPACKED and size > response.num_bytes_downloaded * _MOST_PACKED:
                raise ProtocolError(
                    f"{peer.name} sent compressed data that unpacks to more than {_MOST_PACKED} times its size.",
                    hint="Look at what answers under the base URL.",
                )
            yield data


def _losses() -> tuple[type[Exception], ...]:
    """What may come out of reading pieces, for an ``except`` clause."""
    return (*failures(), ProviderError)


async def _rest(
    pieces: AsyncGenerator[bytes, None], dialect: Dialect, increments: Increments
) -> AsyncGenerator[Iterator[Event], None]:
    """The events of one piece after another, until the model has finished or the pieces end.

    What is held back is handed on after a while, whatever comes meanwhile, and before a failure.
    """
    try:
        while not dialect.finished:
            patience = increments.patience
            if patience is None:
                data = await anext(pieces, b"")
            else:
                async with _reading(pieces) as reading:
                    if not patience or not (await asyncio.wait({reading}, timeout=patience))[0]:
                        yield increments.release()
                    data = await reading
            if not data:
                break
            yield increments.passed(dialect.feed(data))
    except _losses():
        yield increments.release()
        raise
    yield increments.release()


@asynccontextmanager
async def _reading(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[asyncio.Task[bytes], None]:
    """A task that reads the next piece, empty at the end; it is gone afterwards."""

    async def read() -> bytes:
        return await anext(pieces, b"")

    task = asyncio.create_task(read())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not report it as lost


async def _misfit(first: bytes, pieces: AsyncGenerator[bytes, None], dialect: Dialect, peer: Peer) -> Iterator[Event]:
    """Reads a body that is no stream, and says what is in it."""
    page = first.lstrip(_BLANK).startswith(b"<")
    body = bytearray(first)
    async for data in pieces:
        body += data
        if page and len(body) > _PAGE_START:
            break
        if len(body) > MAX_LINE:
            raise too_long(MAX_LINE)
    if not page:
        return dialect.whole(bytes(body))
    title = page_title(bytes(body).decode("utf-8", "replace"))
    raise ProtocolError(
        f'{peer.name} answered with a web page ("{title}") instead of a stream.',
        hint=f"Check the base URL {peer.url}.",
    )


async def _tail(pieces: AsyncGenerator[bytes, None], dialect: Dialect, increments: Increments) -> list[Event]:
    """What follows the finish reason, if it comes soon; no failure can spoil the answer any more."""
    events: list[Event] = []
    try:
        async with asyncio.timeout(TAIL_TIMEOUT):
            while not dialect.done and (data := await anext(pieces, b"")):
                events.extend(increments.passed(dialect.feed(data)))
    except failures():
        pass
    return events


async def _drain(pieces: AsyncGenerator[bytes, None]) -> None:
    """Reads on to the end of the response, if it comes soon; what is left open is closed."""
    try:
        async with asyncio.timeout(DRAIN_TIMEOUT):
            async for _ in pieces:
                pass
    except _losses():
        pass
