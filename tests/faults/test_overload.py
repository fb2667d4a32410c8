"""More than anybody can take: bombs, endless streams and readers slower than the server."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from tests.faults import behaviours
from tests.faults.asking import PATIENT, in_pipe, nothing_left_behind, provider_for
from tests.faults.server import Misbehaving
from tests.faults.table import HTTP, OVERLOADS
from tests.faults.wires import WIRES, settings_for
from tests.providers.asking import request
from tui_stream.core.batcher import batches
from tui_stream.core.models import MessageStatus
from tui_stream.core.watchdog import Limits
from tui_stream.errors import ProtocolError
from tui_stream.providers import _pacing
from tui_stream.providers._lines import MAX_LINE

MOST_MEMORY = 100 << 20
MOST_ACCEPTED = 16 << 20
"""Bytes that may be taken while nobody reads: what the buffers of the sockets, the loop and the queue hold."""


@pytest.fixture
def memory() -> Iterator[None]:
    """Fails a test that had more than 100 MB at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.usefixtures("memory")
async def test_a_gzip_bomb(name: str) -> None:
    wire, fault = WIRES[name], OVERLOADS["gzip_bomb"]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, fault.behaviour) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
        assert server.lines[0].accepted < 1 << 20
        assert server.asked == 1
    assert isinstance(outcome.error, ProtocolError)
    assert fault.says in outcome.said
    assert fault.hint in outcome.said
    assert outcome.message is not None
    assert (outcome.code, outcome.message.status) == (1, MessageStatus.FAILED)
    assert outcome.printed == outcome.message.text
    assert outcome.printed.startswith(fault.text)
    assert len(outcome.printed) < MAX_LINE + (1 << 16)


@pytest.mark.parametrize("name", ["openai", "ollama", "websocket"])
@pytest.mark.usefixtures("memory")
async def test_a_long_line_takes_little_memory(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pacing, "PACE", 0.0)
    wire = WIRES[name]
    async with asyncio.timeout(60), Misbehaving(wire, behaviours.long_line) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
        assert server.lines[0].accepted < MOST_ACCEPTED
    assert outcome.printed == "Hello"


@pytest.mark.parametrize("name", WIRES)
async def test_an_endless_stream_is_ended_by_its_limit(name: str) -> None:
    wire, fault = WIRES[name], OVERLOADS["endless"]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, fault.behaviour) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url), limits=fault.limits)
        await server.left()
        assert server.asked == 1
    assert outcome.message is not None
    assert (outcome.code, outcome.message.status) == (fault.code, fault.status)
    assert fault.says in outcome.said
    assert fault.hint in outcome.said
    assert outcome.printed == outcome.message.text
    assert outcome.printed.startswith("word word word")
    assert set(outcome.printed.split(" ")) <= {"word", ""}


@pytest.mark.parametrize("name", WIRES)
async def test_an_endless_stream_is_ended_by_its_reader(name: str) -> None:
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, behaviours.endless) as server:
        task = asyncio.create_task(in_pipe(settings_for(wire, server.base_url), limits=Limits()))
        while not server.lines or server.lines[0].accepted < 2000:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.left()


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.usefixtures("memory")
async def test_a_slow_reader_slows_the_server_down(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pacing, "PACE", 0.0)
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, behaviours.flood) as server:
        provider = provider_for(settings_for(wire, server.base_url))
        source = batches(provider.stream(request()), interval=0, limits=PATIENT)
        async with aclosing(source) as taken:
            while not (await anext(taken)).text:
                pass
            held = await settled(server)
            assert held < MOST_ACCEPTED
            while server.lines[0].accepted == held:
                assert (await anext(taken)).text
        await provider.aclose()
        await server.left()


async def settled(server: Misbehaving) -> int:
    """The bytes that the server got rid of, once it gets rid of no more."""
    before, calm = -1, 0
    while calm < 20:
        now = server.lines[0].accepted
        before, calm = now, calm + 1 if now == before else 0
        await asyncio.sleep(0.005)
    return before
