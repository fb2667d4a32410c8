"""A few faults as the whole program meets them: a process of its own, its streams and its exit code."""

from __future__ import annotations

import asyncio
import os
import re
import sys

import pytest

from tests.faults.server import Misbehaving
from tests.faults.table import FAULTS
from tests.faults.wires import WIRES

_SLOW = re.compile(r"^Executing <.* took .* seconds\n", re.MULTILINE)
"""What asyncio says in development mode of a step over 0.1 s, as a busy machine makes them."""

CASES = (
    ("openai", "reset_in_the_middle"),
    ("openai-responses", "status_401"),
    ("ollama", "damaged_json"),
    ("sse", "close_in_the_middle"),
    ("ai-sdk-ui", "error_in_the_stream"),
    ("websocket", "drop_in_the_middle"),
)


@pytest.mark.parametrize(("wire", "name"), CASES, ids=[f"{wire}-{name}" for wire, name in CASES])
async def test_the_program(wire: str, name: str) -> None:
    fault, spoken = FAULTS[name].on(wire), WIRES[wire]
    async with asyncio.timeout(60), Misbehaving(spoken, fault.behaviour) as server:
        flags = ["--provider", spoken.provider, "--base-url", server.base_url, "--model", "told-so"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-X", "dev", "-m", "tui_stream", "pipe", *flags, "Hi"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "OPENAI_API_KEY": "sk-test"},
        )
        printed, said = (stream.decode() for stream in await process.communicate())
        await server.left()
    said = _SLOW.sub("", said)
    assert (process.returncode, printed) == (fault.code, fault.text)
    if not fault.says:
        assert said == ""
        return
    assert said.startswith("tui-stream: ")
    assert said.count("\n") == 1
    assert fault.says in said
    assert "Traceback" not in said
