"""How long a provider keeps back what may be a text that is told again, and that nothing of it gets lost."""

from __future__ import annotations

import asyncio
import json
import time
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import pytest

from tests.fakes import Gate
from tests.providers.asking import ask, openai_provider, request, text_of
from tests.providers.ws_asking import ws_provider
from tests.servers import EVENT_STREAM, ChatServer, Exchange, body, sse, stall
from tests.ws_server import Talk, WsServer
from tests.ws_server import stall as silent
from tui_stream.core.events import Event, StreamEnd
from tui_stream.core.models import FinishReason
from tui_stream.errors import ProtocolError
from tui_stream.providers import _increments, _ws_exchange
from tui_stream.providers._chat_stream import ChatStream
from tui_stream.providers._pump import pump
from tui_stream.providers._translate import Peer
from tui_stream.providers._ws_messages import WsMessages


async def keep_alive(end: Exchange | Talk) -> None:
    """A step: signs of life without a text, until the client leaves."""
    while not end.gone.is_set():
        await (end.piece(b": ping\n\n") if isinstance(end, Exchange) else end.send({"type": "status"}))
        await asyncio.sleep(0.001)


@pytest.mark.parametrize("kind", ["openai", "websocket"])
@pytest.mark.parametrize("alive", [False, True])
async def test_a_text_is_not_held_back_for_long_whatever_comes_meanwhile(kind: str, alive: bool) -> None:
    async with asyncio.timeout(20), ChatServer() as http, WsServer() as socket:
        if kind == "openai":
            http.say("ha", "ha", "ha", keep_alive if alive else stall)
        else:
            socket.say("ha", "ha", "ha", keep_alive if alive else silent)
        provider = openai_provider(http.base_url) if kind == "openai" else ws_provider(socket.base_url)
        seen: list[Event] = []
        async with aclosing(provider.stream(request())) as events:
            while text_of(seen) != "hahaha":
                seen.append(await anext(events))
        await provider.aclose()


PEER = Peer("told-so", "http://told-so")


class Flood:
    """A response and a socket whose data is always there already: a text that is held back, then signs of life."""

    num_bytes_downloaded = 1 << 20
    reused = False

    def __init__(self) -> None:
        self.messages = [json.dumps({"content": text}).encode() for text in ("ha", "haha")]
        self.limit = time.monotonic() + 10

    async def aiter_bytes(self) -> AsyncGenerator[bytes, None]:
        for text in ("ha", "haha"):
            yield sse({"choices": [{"index": 0, "delta": {"content": text}}]})
        while True:
            assert time.monotonic() < self.limit
            yield b": ping\n\n"

    async def receive(self) -> bytes:
        assert time.monotonic() < self.limit
        return self.messages.pop(0) if self.messages else b"ping"


def flooded(kind: str) -> AsyncGenerator[Event, None]:
    flood: Any = Flood()
    if kind == "openai":
        return pump(flood, ChatStream(PEER), PEER)
    exchange = _ws_exchange.Exchange(flood, {}, "", WsMessages(PEER), PEER)
    exchange.socket = flood
    return exchange.events()


@pytest.mark.parametrize("kind", ["openai", "websocket"])
async def test_nor_where_more_is_always_there_already(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_increments, "PATIENCE", 0.01)
    seen: list[Event] = []
    async with aclosing(flooded(kind)) as events:
        while text_of(seen) != "hahaha":
            seen.append(await anext(events))


async def test_on_a_websocket_nothing_is_held_back_once_the_model_has_finished() -> None:
    async with asyncio.timeout(20), WsServer() as server:
        server.then("ha", {"type": "token", "content": "haha", "finish_reason": "stop"}, silent)
        provider = ws_provider(server.base_url)
        stream = provider.stream(request())
        seen: list[Event] = []
        async with asyncio.timeout(_ws_exchange.TAIL_PATIENCE / 2), aclosing(stream) as events:
            while text_of(seen) != "hahaha":
                seen.append(await anext(events))
        await provider.aclose()


BOMB = b": " + b" " * (16 << 20) + b"\n\n"


def packed(*steps: bytes) -> list[bytes]:
    """Each step compressed so that it can be unpacked when it comes."""
    packer = zlib.compressobj(9, wbits=31)
    return [packer.compress(step) + packer.flush(zlib.Z_SYNC_FLUSH) for step in steps]


async def test_a_compressed_bomb_loses_nothing_that_was_held_back() -> None:
    async with asyncio.timeout(20), ChatServer() as server:
        texts = packed(*(server.chunk({"content": text}) for text in ("ha", "haha")), BOMB)
        server.then(body(*texts, headers={**EVENT_STREAM, "Content-Encoding": "gzip"}))
        events, error = await ask(openai_provider(server.base_url))
        assert isinstance(error, ProtocolError)
        assert text_of(events) == "hahaha"


async def test_a_compressed_bomb_behind_the_end_marker_spoils_nothing() -> None:
    async with asyncio.timeout(20), ChatServer() as server:
        whole = (server.chunk({"content": "hello"}), server.chunk({}, "stop"), sse("[DONE]"))
        server.then(body(*packed(*whole, BOMB), headers={**EVENT_STREAM, "Content-Encoding": "gzip"}))
        events, error = await ask(openai_provider(server.base_url))
        assert error is None
        assert (text_of(events), events[-1]) == ("hello", StreamEnd(FinishReason.STOP))


@pytest.mark.parametrize("kind", ["openai", "websocket"])
async def test_silence_shows_what_is_held_back(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_increments, "PATIENCE", 0.01)
    gate = Gate()
    async with asyncio.timeout(20), ChatServer() as http, WsServer() as socket:
        server = http if kind == "openai" else socket
        server.say("1", "10", gate, "100", ".")
        provider = openai_provider(http.base_url) if kind == "openai" else ws_provider(socket.base_url)
        seen: list[Event] = []
        async for event in provider.stream(request()):
            seen.append(event)
            if text_of(seen) == "110":
                gate.open()
        assert text_of(seen) == "110100."
        await provider.aclose()
