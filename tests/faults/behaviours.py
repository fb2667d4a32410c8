"""What a server does wrong, one function for each fault that shows on a line that was opened."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Iterator
from contextlib import suppress

from tests.faults.server import Line
from tests.ws_server import frame

PIECE = 1 << 16


async def hang_before_first_token(line: Line) -> None:
    await line.open()
    await line.stall()


async def stall_in_the_middle(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.stall()


async def reset_before_the_answer(line: Line) -> None:
    await line.open()
    await line.reset()


async def reset_in_the_middle(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.reset()


async def drop_in_the_middle(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.drop()


async def close_in_the_middle(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.finish()


async def damaged_json(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.raw(line.wire.damaged)
    await line.say("more")
    await line.end()


async def error_in_the_stream(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.raw(line.wire.failed)
    await line.end()


async def invalid_utf8(line: Line) -> None:
    """A byte that is no UTF-8 in the middle of a text; the frame's length counts bytes, so that only one is swapped."""
    await line.open()
    await line.say("Hel")
    await line.raw(line.wire.piece("l?o").replace(b"l?o", b"l\xffo"))
    await line.end()


async def duplicate_chunks(line: Line) -> None:
    await line.open()
    for text in ("Hel", "Hel", "lo", "lo", "lo"):
        await line.say(text)
    await line.end()


async def text_told_again(line: Line) -> None:
    await line.open()
    await line.say("Hel", "Hello", "Hello wor", "Hello world")
    await line.end()


async def long_line(line: Line) -> None:
    """50 MB without an end to the line."""
    await line.open()
    await line.say("Hel", "lo")
    await line.raw(line.wire.long)
    for _ in range((50 << 20) // PIECE):
        if line.gone.is_set():
            return
        await line.raw(b"x" * PIECE)
    await line.stall()


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(9, wbits=31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


_ZEROES = b"x" * (1 << 20)


async def gzip_bomb(line: Line) -> None:
    """A line that unpacks to 1.5 GB."""
    await line.open(Content_Encoding="gzip")
    start = b"".join(map(line.wire.piece, ("Hel", "lo"))) + line.wire.long
    for piece in _packed(iter((start, *(_ZEROES for _ in range(1500))))):
        if line.gone.is_set():
            return
        if piece:
            await line.raw(piece)
        await asyncio.sleep(0)
    await line.stall()


async def gzip_stream(line: Line) -> None:
    """A healthy answer that was compressed without being asked for."""
    await line.open(Content_Encoding="gzip")
    packer = zlib.compressobj(9, wbits=31)
    for piece in (line.wire.opening, *map(line.wire.piece, ("Hel", "lo")), line.wire.end):
        await line.raw(packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH))
    await line.raw(packer.flush())
    await line.finish()


async def damaged_gzip(line: Line) -> None:
    await line.open(Content_Encoding="gzip")
    packed = gzip.compress(line.wire.piece("Hello") * 40)
    await line.raw(packed[:20] + b"\0\0" + packed[20:])
    await line.finish()


async def endless(line: Line) -> None:
    """Pieces as fast as they are taken, until the client leaves."""
    await line.open()
    while not line.gone.is_set():
        await line.say("word ")
        await asyncio.sleep(0)


async def flood(line: Line) -> None:
    """As much as is taken, in large pieces; what was taken stands in the line's ``accepted``."""
    line.exchange.writer.transport.set_write_buffer_limits(high=1)
    await line.open()
    text = "word " * 2000
    with suppress(ConnectionError):
        while not line.gone.is_set():
            await line.say(text)


async def heartbeats_only(line: Line) -> None:
    """Comments, blank lines or pings, and never a token."""
    await line.open()
    beat = frame(b'{"type": "ping"}') if line.wire.is_socket else b": still here\n\n"
    while not line.gone.is_set():
        await line.raw(b"\n" if line.wire.name in ("ollama", "ai-sdk-data") else beat)
        await asyncio.sleep(0.01)
