from __future__ import annotations

import asyncio

import pytest

from tests.providers.asking import ask, request, text_of
from tests.providers.ws_asking import DONE, outcome, ws_provider
from tests.ws_server import (
    CONT,
    TEXT,
    Talk,
    WsServer,
    closing,
    drop,
    frame,
    mute,
    stall,
)
from tui_stream.core.events import TextDelta
from tui_stream.errors import (
    ProtocolError,
    StreamBrokenError,
)
from tui_stream.providers._lines import MAX_LINE
from tui_stream.providers._ws_client import _Connection


async def test_a_message_of_more_than_the_limit_is_an_error_at_its_head() -> None:
    text, error = await outcome(mute, "kept", b"\x81\x7f" + (50 * 1024 * 1024).to_bytes(8, "big"), stall)
    assert (text, type(error)) == ("kept", ProtocolError)
    assert error is not None
    assert f"{MAX_LINE:,}" in error.message


async def test_fragments_of_more_than_the_limit_are_an_error() -> None:
    piece = b"x" * (1 << 20)

    async def pour(talk: Talk) -> None:
        await talk.raw(frame(piece, TEXT, fin=False))
        while not talk.gone.is_set():
            await talk.raw(frame(piece, CONT, fin=False))

    text, error = await outcome("kept", pour)
    assert (text, type(error)) == ("kept", ProtocolError)
    assert error is not None
    assert f"{MAX_LINE:,}" in error.message


async def test_a_message_within_the_limit_is_read_whole() -> None:
    long = "x" * (MAX_LINE - 100)
    assert await outcome(long, DONE) == (long, None)


async def test_compression_that_was_not_asked_for_is_an_error() -> None:
    text, error = await outcome("kept", frame(b"\xaa\x00", compressed=True), stall)
    assert (text, type(error)) == ("kept", ProtocolError)
    async with WsServer() as server:
        server.extra_headers = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
        _, error = await ask(ws_provider(server.base_url))
        assert type(error) is ProtocolError


async def test_a_slow_reader_slows_the_server_down() -> None:
    sent = 0
    big = "x" * 50_000

    async def pour(talk: Talk) -> None:
        nonlocal sent
        talk.exchange.writer.transport.set_write_buffer_limits(high=1)
        for _ in range(2000):
            await talk.token(big)
            sent += 1

    async with asyncio.timeout(60), WsServer() as server:
        server.say(pour)
        provider = ws_provider(server.base_url)
        stream = provider.stream(request())
        while not isinstance(await anext(stream), TextDelta):
            pass
        before = -1
        while before != sent:
            before = sent
            for _ in range(200):
                await asyncio.sleep(0)
        assert sent < 2000
        rest = [event async for event in stream]
        assert len(text_of(rest)) == 1999 * len(big)
        await provider.aclose()


async def test_a_busy_stream_is_read_in_larger_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    read = _Connection.data_received

    def counted(self: _Connection, data: bytes) -> None:
        nonlocal reads
        reads += 1
        read(self, data)

    async def busy(talk: Talk) -> None:
        for _ in range(1000):
            await talk.token("x")
            await asyncio.sleep(0)

    monkeypatch.setattr(_Connection, "data_received", counted)
    monkeypatch.setattr("tui_stream.providers._ws_client._PACE", 0.05)
    assert await outcome(busy, DONE) == ("x" * 1000, None)
    assert reads < 200


@pytest.mark.parametrize(
    "damage",
    [
        frame(b"x", 0x3),
        frame(b"x", CONT),
        b"\x81\x81\x00\x00\x00\x00x",
        b"\x89\x7e\x00\x80" + b"p" * 128,
        b"\x88\x01x",
        b"HTTP/1.1 200 OK\r\n\r\n" * 9,
    ],
    ids=["unknown opcode", "lone continuation", "masked", "long ping", "short close", "no frames"],
)
@pytest.mark.parametrize("hangs", [True, False])
async def test_frames_that_break_the_rules_are_an_error(damage: bytes, hangs: bool) -> None:
    text, error = await outcome(*([mute] if hangs else []), "kept", damage, stall if hangs else drop)
    assert (text, type(error)) == ("kept", ProtocolError)


@pytest.mark.parametrize("before", [b"", frame(b"half a mess", fin=False)])
async def test_a_server_that_says_goodbye_and_stays_is_left(before: bytes) -> None:
    text, error = await outcome(mute, "kept", before + closing(1000), stall)
    assert (text, type(error)) == ("kept", StreamBrokenError)
