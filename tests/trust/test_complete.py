"""A reply is complete only after an end marker or a finish reason, in every dialect; otherwise it is cut off.

`tests.faults` has the ways in which a connection can end. Here is every place in an answer at which it can.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from tests.faults.asking import in_pipe, nothing_left_behind
from tests.faults.server import Behaviour, Line, Misbehaving
from tests.faults.wires import WIRES, Wire, settings_for
from tests.providers import responding
from tests.scripted import sse
from tests.servers import ChatServer, OllamaServer
from tests.ws_server import frame
from tui_stream.core.models import MessageStatus

MARKED = tuple(name for name in WIRES if name != "ai-sdk-text")
"""The dialects that have an end marker; of plain text the end of the body is one."""


def _ended_early(wire: Wire) -> dict[str, bytes]:
    """What looks like an end, or comes before one, and is none."""
    chat = ChatServer()
    match wire.name:
        case "openai":
            return {
                "a finish reason that is null": chat.chunk({"content": ""}, None),
                "accounts": chat.usage(7, 3),
                "half an end marker": b"data: [DO",
                "no choices": sse({"object": "chat.completion.chunk", "choices": []}),
            }
        case "openai-responses":
            return {"half an end marker": responding.ended()[:40], "a comment": b": done\n\n"}
        case "ollama":
            half = OllamaServer().line(message={"role": "assistant", "content": ""}, done=True, done_reason="stop")
            return {
                "not done": OllamaServer().line(message={"role": "assistant", "content": ""}, done=False),
                "half an end marker": half[: len(half) // 2],
            }
        case "sse" | "ai-sdk-ui":
            return {"half an end marker": b"data: [DO", "a comment": b": [DONE]\n\n", "another event": b"event: x\n\n"}
        case "ai-sdk-data":
            return {"half an end marker": b'd:{"finishRea', "a step": b'8:[{"type":"x"}]\n'}
        case _:
            return {
                "a pong": frame(json.dumps({"type": "pong"}).encode()),
                "half an end marker": frame(b'{"type": "done"}')[:8],
            }


def _cases() -> Iterator[tuple[str, str]]:
    for name in MARKED:
        for what in ("nothing", *_ended_early(WIRES[name])):
            yield name, what


def then_gone(last: bytes, way: str) -> Behaviour:
    """Half an answer, this, and the end of the connection."""

    async def behave(line: Line) -> None:
        await line.open()
        await line.say("Hel", "lo")
        if last:
            await line.raw(last)
        await (line.finish() if way == "finished" else line.drop())

    return behave


@pytest.mark.parametrize("way", ["finished", "dropped"])
@pytest.mark.parametrize(("name", "what"), _cases(), ids=[f"{name}-{what}" for name, what in _cases()])
async def test_without_an_end_it_is_cut_off(name: str, what: str, way: str) -> None:
    wire = WIRES[name]
    last = b"" if what == "nothing" else _ended_early(wire)[what]
    async with nothing_left_behind(), asyncio.timeout(20), Misbehaving(wire, then_gone(last, way)) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
        assert server.asked == 1
    assert outcome.message is not None
    assert (outcome.message.status, outcome.message.finish_reason) == (MessageStatus.CUT_OFF, None)
    assert (outcome.printed, outcome.code) == ("Hello", 5)
    assert "cut off" in outcome.said


async def healthy(line: Line) -> None:
    await line.open()
    await line.say("Hel", "lo")
    await line.end()


@pytest.mark.parametrize("name", WIRES)
async def test_after_an_end_it_is_complete(name: str) -> None:
    wire = WIRES[name]
    async with asyncio.timeout(20), Misbehaving(wire, healthy) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert outcome.message is not None
    assert (outcome.message.status, outcome.printed, outcome.code) == (MessageStatus.COMPLETE, "Hello", 0)
    assert outcome.message.finish_reason is not None


@pytest.mark.parametrize("name", MARKED)
async def test_an_end_counts_however_the_connection_ends_after_it(name: str) -> None:
    wire = WIRES[name]

    async def ended_and_gone(line: Line) -> None:
        await line.open()
        await line.say("Hel", "lo")
        await line.raw(wire.end)
        await line.reset()

    async with asyncio.timeout(20), Misbehaving(wire, ended_and_gone) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
    assert outcome.message is not None
    assert (outcome.message.status, outcome.printed, outcome.code) == (MessageStatus.COMPLETE, "Hello", 0)
