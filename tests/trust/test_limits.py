"""Whatever a server sends, and however fast: a line, an event, what is packed and a whole answer have a size that they
keep to, and no more than 100 MB are taken for it."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing

import pytest

from tests.faults.asking import PATIENT, in_pipe, nothing_left_behind, provider_for
from tests.faults.server import Line, Misbehaving
from tests.faults.table import HTTP
from tests.faults.wires import WIRES, settings_for
from tests.providers.asking import ollama_provider, openai_provider, request
from tests.providers.embedded_fakes import collect
from tests.servers import Exchange, Server, whole
from tests.trust.memory import bounded_memory
from tests.ws_server import CONT, TEXT, frame
from tui_stream.core import attempts
from tui_stream.core.batcher import batches
from tui_stream.core.models import MessageStatus
from tui_stream.errors import ProtocolError, ProviderError
from tui_stream.providers import _pacing
from tui_stream.providers._lines import MAX_LINE

LARGE = MAX_LINE - 4096
"""Characters of a piece that is just allowed."""


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pacing, "PACE", 0.0)


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    """Fails a test that had more than 100 MB at once."""
    with bounded_memory():
        yield


# -- answers ------------------------------------------------------------------------------------------


async def packed_twice(line: Line) -> None:
    """A bomb within a bomb: a few kilobytes that stand for gigabytes."""
    await line.open(Content_Encoding="gzip, gzip")
    inner = zlib.compressobj(9, wbits=31)
    outer = zlib.compressobj(9, wbits=31)
    start = b"".join(map(line.wire.piece, ("Hel", "lo"))) + line.wire.long
    await line.raw(outer.compress(inner.compress(start)))
    for _ in range(100):
        if line.gone.is_set():
            return
        if piece := outer.compress(inner.compress(b"x" * (1 << 20))):
            await line.raw(piece)
        await asyncio.sleep(0)
    await line.raw(outer.flush(zlib.Z_SYNC_FLUSH))
    await line.stall()


async def endless_event(line: Line) -> None:
    """Many short lines that are one event, or a message in many frames, without an end."""
    await line.open()
    await line.say("Hel", "lo")
    piece = b"data: " + b"x" * 60_000 + b"\n"
    if line.wire.is_socket:
        await line.raw(frame(b'{"type": "token", "content": "', TEXT, fin=False))
        piece = frame(b"x" * 60_000, CONT, fin=False)
    for _ in range((60 << 20) // len(piece)):
        if line.gone.is_set():
            return
        await line.raw(piece)
    await line.stall()


async def large_pieces(line: Line) -> None:
    """Pieces of nearly the size that one may have, one after the other."""
    await line.open()
    piece = line.wire.piece("x" * LARGE)
    while not line.gone.is_set():
        await line.raw(piece)


async def flood(line: Line) -> None:
    await line.open()
    while not line.gone.is_set():
        await line.say("word " * 200)


async def many_calls(line: Line) -> None:
    """Arguments of a tool without an end."""
    await line.open()
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "x" * 4000}}
    from tests.servers import ChatServer

    while not line.gone.is_set():
        await line.raw(ChatServer().chunk({"tool_calls": [call]}))


@pytest.mark.parametrize("name", HTTP)
async def test_a_bomb_within_a_bomb(name: str) -> None:
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, packed_twice) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
        assert server.lines[0].accepted < 1 << 20
    assert outcome.message is not None
    assert outcome.message.status is not MessageStatus.COMPLETE
    assert isinstance(outcome.error, ProviderError)


@pytest.mark.parametrize("name", ["openai", "openai-responses", "sse", "ai-sdk-ui", "websocket"])
async def test_an_endless_event(name: str) -> None:
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, endless_event) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert isinstance(outcome.error, ProtocolError)
    assert "a single piece of more than 3,670,016 bytes" in outcome.said
    assert outcome.printed == "Hello"


@pytest.mark.parametrize("name", WIRES)
async def test_an_answer_without_an_end_is_cut_off_at_its_limit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_CHARACTERS", 200_000)
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, flood) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
        assert server.asked == 1
    assert outcome.message is not None
    assert (outcome.code, outcome.message.status) == (5, MessageStatus.CUT_OFF)
    assert "it has more than 200,000 characters" in outcome.said
    assert outcome.printed == outcome.message.text
    assert 200_000 < len(outcome.printed) < 4_000_000


async def test_tool_calls_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_CHARACTERS", 200_000)
    wire = WIRES["openai"]
    async with asyncio.timeout(60), Misbehaving(wire, many_calls) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert outcome.message is not None
    assert outcome.message.status is MessageStatus.CUT_OFF


@pytest.mark.parametrize("name", WIRES)
async def test_large_pieces_end_at_the_limit_of_an_answer(name: str) -> None:
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, large_pieces) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert outcome.message is not None
    assert outcome.message.status is MessageStatus.CUT_OFF
    assert "it has more than 4,194,304 characters" in outcome.said


@pytest.mark.parametrize("name", WIRES)
async def test_large_pieces_wait_at_the_server_while_nobody_reads(name: str) -> None:
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, large_pieces) as server:
        provider = provider_for(settings_for(wire, server.base_url))
        async with aclosing(batches(provider.stream(request()), interval=0, limits=PATIENT)) as taken:
            while not (await anext(taken)).text:
                pass
            before, calm = -1, 0
            while calm < 30:
                calm = calm + 1 if server.lines[0].accepted == before else 0
                before = server.lines[0].accepted
                await asyncio.sleep(0.005)
        await provider.aclose()
        await server.left()


# -- what is read whole -------------------------------------------------------------------------------


def _bomb(start: bytes, megabytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    blank = b" " * (1 << 20)
    return b"".join((packer.compress(start), *(packer.compress(blank) for _ in range(megabytes)), packer.flush()))


async def endless_body(exchange: Exchange) -> None:
    await exchange.head(200, {"Content-Type": "application/json"})
    while not exchange.gone.is_set():
        await exchange.piece(b" " * (1 << 16))


async def endless_lines(exchange: Exchange) -> None:
    await exchange.head(200, {"Content-Type": "application/json"})
    while not exchange.gone.is_set():
        await exchange.piece((b" " * 1000 + b"\n") * 64)


def packed(encoding: str, body: bytes) -> Callable[[Exchange], Awaitable[None]]:
    async def answer(exchange: Exchange) -> None:
        await exchange.answer(body, 200, "application/json", Content_Encoding=encoding)

    return answer


HUGE: Mapping[str, Callable[[Exchange], Awaitable[None]]] = {
    "endless": endless_body,
    "endless lines": endless_lines,
    "a bomb": packed("gzip", _bomb(b'{"models": [', 300)),
    "a bomb within a bomb": packed("gzip, gzip", gzip.compress(_bomb(b'{"models": [', 300))),
}


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_a_list_of_models_of_any_size(provider: str, name: str) -> None:
    make = openai_provider if provider == "openai" else ollama_provider
    async with asyncio.timeout(60), Server() as server:
        for path in ("/models", "/v1/models", "/api/tags", "/api/ps"):
            server.on(path, HUGE[name])
        asked = make(server.url)
        with pytest.raises(ProviderError):
            await asked.models()
        await asked.aclose()


async def test_what_ollama_packed_of_itself_is_still_read() -> None:
    async with Server() as server:
        server.on("/api/tags", packed("gzip", gzip.compress(b'{"models": [{"model": "qwen3:4b"}]}')))
        server.on("/api/ps", whole({"models": []}))
        provider = ollama_provider(server.url)
        assert [model.name for model in await provider.models()] == ["qwen3:4b"]
        assert server.requests[0].headers["accept-encoding"] == "identity"
        await provider.aclose()


async def test_fetching_a_model_may_be_told_at_any_length_but_not_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from tui_stream.providers import _bounded

    monkeypatch.setattr(_bounded, "MAX_ANSWER", 4096)

    async def talkative(exchange: Exchange) -> None:
        await exchange.head(200, {"Content-Type": "application/x-ndjson"})
        for done in range(1000):
            await exchange.piece(b'{"status": "pulling", "digest": "d", "total": 1000, "completed": %d}\n' % done)
        await exchange.piece(b'{"status": "success"}\n')
        await exchange.end()

    async with asyncio.timeout(60), Server() as server:
        server.on("/api/pull", talkative)
        provider = ollama_provider(server.url)
        assert len(await collect(provider.pull("m"))) > 3
        server.on("/api/pull", endless_body)
        with pytest.raises(ProtocolError, match="a single piece"):
            await collect(provider.pull("m"))
        await provider.aclose()
