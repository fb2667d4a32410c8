from __future__ import annotations

import asyncio
import sys

import pytest

from tests.providers.asking import ask, openai_provider, text_of
from tests.servers import Server, reset
from tests.shapes import SHAPES, tokens


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_as_much_as_is_asked_for(shape: str) -> None:
    pieces = tokens(shape, 1000)
    assert len(pieces) == 1000
    assert all(pieces)
    assert pieces == tokens(shape, 1000)


async def test_the_server_runs_by_hand() -> None:
    command = (sys.executable, "-m", "tests.servers", "--rate", "5000", "--shape", "table", "--tokens", "300")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            base_url = (await process.stdout.readline()).decode().strip()
            events, error = await ask(openai_provider(base_url))
        assert error is None
        assert text_of(events) == "".join(tokens("table", 300))
    finally:
        process.terminate()
        await process.wait()


async def test_what_a_test_does_not_expect_is_not_answered() -> None:
    async with Server() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /nothing HTTP/1.1\r\n\r\n")
        assert b" 404 " in await reader.readline()
        server.then(reset)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
