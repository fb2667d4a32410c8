"""What takes a few bytes on the wire and hundreds in memory: pieces of many values, answers of many parts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.faults.asking import in_pipe, nothing_left_behind
from tests.faults.server import Line, Misbehaving
from tests.faults.wires import WIRES, Wire, settings_for
from tests.providers import responding
from tests.providers.asking import ollama_provider, openai_provider
from tests.providers.embedded_fakes import collect
from tests.servers import ChatServer, Exchange, Server, sse
from tests.trust.memory import bounded_memory
from tests.ws_server import frame
from tui_stream.core import attempts
from tui_stream.core.models import MessageStatus
from tui_stream.core.tool_calls import MOST_TOOL_CALLS
from tui_stream.errors import ProtocolError
from tui_stream.providers import _pacing
from tui_stream.providers._json import MOST_VALUES, decode
from tui_stream.providers._lines import MAX_LINE
from tui_stream.providers._responses_events import ResponseEvents
from tui_stream.providers._responses_parts import Retold
from tui_stream.providers._translate import MOST_PARTS, Peer

ROOM = MAX_LINE - 4096
"""Bytes of a piece that is just allowed."""

SHAPES = {
    "lists": b"[],",
    "objects": b"{},",
    "numbers": b"0,",
    "texts": b'"",',
    "escapes": rb'"\"\\",',
}
PLACES = {
    "unknown": b'{"x": [%b0], "choices": []}',
    "choices": b'{"choices": [%b0]}',
    "tool calls": b'{"choices": [{"index": 0, "delta": {"tool_calls": [%b0]}}]}',
    "a message": b'{"message": {"content": "a", "tool_calls": [%b0]}}',
    "an error": b'{"error": {"message": [%b0]}}',
}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pacing, "PACE", 0.0)


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    with bounded_memory():
        yield


def framed(wire: Wire, text: bytes) -> bytes:
    """A JSON text as a piece of a stream."""
    if wire.is_socket:
        return frame(text)
    if wire.name in ("ollama", "ai-sdk-data"):
        return (b"2:" if wire.name == "ai-sdk-data" else b"") + text + b"\n"
    return b"data: " + text + b"\n\n"


def many(place: bytes, shape: bytes) -> bytes:
    return place % (shape * ((ROOM - len(place)) // len(shape)))


def saying(piece: bytes) -> Callable[[Line], Awaitable[None]]:
    async def answer(line: Line) -> None:
        await line.open()
        await line.say("Hel", "lo")
        await line.raw(piece)
        await line.raw(line.wire.end)
        await line.exchange.end()

    return answer


NAMES = [name for name in WIRES if name != "ai-sdk-text"]


async def check_refused(wire: Wire, piece: bytes) -> None:
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, saying(piece)) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert isinstance(outcome.error, ProtocolError)
    assert f"more than {MOST_VALUES:,} values" in outcome.said
    assert outcome.printed == "Hello"
    assert outcome.message is not None
    assert outcome.message.status is not MessageStatus.COMPLETE


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_piece_of_many_values(shape: str) -> None:
    wire = WIRES["openai"]
    await check_refused(wire, framed(wire, many(PLACES["unknown"], SHAPES[shape])))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
async def test_many_values_wherever_they_stand(name: str, place: str) -> None:
    wire = WIRES[name]
    await check_refused(wire, framed(wire, many(PLACES[place], SHAPES["objects"])))


async def test_an_object_of_many_names() -> None:
    wire = WIRES["openai"]
    names = b",".join(b'"%06x":{}' % number for number in range(ROOM // 12))
    await check_refused(wire, framed(wire, b'{"x": {' + names + b"}}"))


# -- answers of many parts ----------------------------------------------------------------------------


def _call(wire: Wire, number: int) -> bytes:
    """The beginning of a tool call."""
    if wire.name == "ai-sdk-ui":
        return sse({"type": "tool-input-start", "toolCallId": f"c{number}", "toolName": "f"})
    if wire.name == "openai-responses":
        item = {"type": "function_call", "id": f"i{number}", "call_id": f"c{number}", "name": "f"}
        return responding.event("response.output_item.added", output_index=number, item=item)
    return frame(json.dumps({"type": "tool_call", "id": f"c{number}", "name": "f"}).encode())


async def endless_calls(line: Line) -> None:
    """One tool call after the other, many at once."""
    await line.open()
    number = 0
    while not line.gone.is_set():
        await line.raw(b"".join(_call(line.wire, number + each) for each in range(128)))
        number += 128


@pytest.mark.parametrize("name", ["openai-responses", "ai-sdk-ui", "websocket"])
async def test_tool_calls_without_an_end(name: str) -> None:
    wire = WIRES[name]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, endless_calls) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert f"in more than {MOST_PARTS:,} parts" in outcome.said
    assert outcome.message is not None
    assert outcome.message.status is not MessageStatus.COMPLETE
    assert len(outcome.message.tool_calls) <= MOST_TOOL_CALLS


async def endless_texts(line: Line) -> None:
    """One part of an answer after the other, a letter each."""
    await line.open()
    number = 0
    while not line.gone.is_set():
        number += 1
        fields = {"item_id": f"i{number}", "output_index": number, "content_index": 0, "delta": "x"}
        await line.raw(responding.event("response.output_text.delta", **fields))


async def test_texts_without_an_end() -> None:
    wire = WIRES["openai-responses"]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, endless_texts) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert f"in more than {MOST_PARTS:,} parts" in outcome.said
    assert outcome.printed.startswith("x")


_TOLD = 20_000
_PARTS = [{"type": "output_text", "text": "aaaaz"}] * _TOLD
_CALL = {"type": "function_call", "id": "i", "call_id": "c", "name": "f", "arguments": "a"}
AGAIN = {
    "a message": ("output_text", [{"id": "i", "type": "message", "content": _PARTS}]),
    "another": ("output_text", [{"id": "j", "type": "message", "content": _PARTS}]),
    "a call": ("function_call_arguments", [_CALL] * _TOLD),
}


@pytest.mark.parametrize("name", AGAIN)
def test_texts_told_again_without_an_end(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short an event is, the program compares no more for it than it can between two keys."""
    kind, told = AGAIN[name]
    compared: list[int] = []
    compare = Retold.compare

    def counted(self: Retold, characters: int) -> None:
        compare(self, characters)
        compared.append(characters)

    monkeypatch.setattr(Retold, "compare", counted)
    events = ResponseEvents(Peer("server", "http://server"))
    piece = {"item_id": "i", "output_index": 0, "delta": "a" * 1_000_000 + "aaaaz"}
    assert list(events.feed({"type": f"response.{kind}.delta", **piece}))
    with pytest.raises(ProtocolError, match="parts"):
        list(events.feed({"type": "response.completed", "response": {"output": told}}))
    assert 0 < sum(compared) < 100_000_000


async def far_calls(line: Line) -> None:
    """Tool calls with numbers of their own choice, and arguments without an end."""
    await line.open()
    number = MOST_TOOL_CALLS
    while not line.gone.is_set():
        number = number * 3 % (1 << 48) + MOST_TOOL_CALLS
        call = {"index": number, "id": "c", "function": {"name": "f", "arguments": "x" * 4000}}
        await line.raw(ChatServer().chunk({"tool_calls": [call]}))


async def test_tool_calls_with_absurd_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_CHARACTERS", 200_000)
    wire = WIRES["openai"]
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, far_calls) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert outcome.message is not None
    assert outcome.message.status is MessageStatus.CUT_OFF
    assert not outcome.message.tool_calls


# -- long words in short places ----------------------------------------------------------------------


@pytest.mark.parametrize("word", ["x", "x ", "\x1b ", "é ", "🎉 "])
async def test_a_long_name_of_a_model(word: str) -> None:
    wire = WIRES["openai"]
    name = word * ((ROOM // 2 - 4096) // len(json.dumps(word).encode()))

    async def answer(line: Line) -> None:
        await line.open()
        await line.raw(sse({"model": name, "choices": [{"index": 0, "delta": {"content": "Hello"}}]}))
        await line.raw(line.wire.end)

    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, answer) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
    assert outcome.printed.strip() == "Hello"
    assert outcome.message is not None
    assert len(outcome.message.model) <= 300


@pytest.mark.parametrize("word", ["x", "x ", "\x1b ", "🎉 "])
async def test_a_long_error(word: str) -> None:
    wire = WIRES["openai"]
    said = word * ((ROOM // 2 - 4096) // len(json.dumps(word).encode()))
    piece = sse({"error": {"message": said, "type": said[: 1 << 16]}})
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, saying(piece)) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    assert "reported an error" in outcome.said
    assert len(outcome.said) < 1000


@pytest.mark.parametrize("name", WIRES)
async def test_a_long_piece_of_wide_characters(name: str) -> None:
    """One character from beyond the basic plane makes all others of a text take four bytes."""
    wire = WIRES[name]
    text = "🎉".encode() + b"x" * (ROOM - 4096)
    whole = b'{"type": "token", "content": "@"}'
    piece = frame(whole.replace(b"@", text)) if wire.is_socket else wire.piece("@").replace(b"@", text)
    del text
    async with nothing_left_behind(), asyncio.timeout(60), Misbehaving(wire, saying(piece)) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
    assert outcome.printed.startswith("Hello🎉xx")
    assert len(outcome.printed) > ROOM - 5000


# -- lists of models ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [b"[],", b"{},", b'{"id": "m", "name": "m"},'])
@pytest.mark.parametrize("provider", ["openai", "ollama"])
async def test_a_list_of_many_models(provider: str, shape: bytes) -> None:
    make = openai_provider if provider == "openai" else ollama_provider
    entries = shape * ((15 << 20) // len(shape))
    body = b'{"object": "list", "data": [' + entries + b'{}], "models": []}'
    if provider == "ollama":
        body = body.replace(b'"data"', b'"models"', 1).replace(b', "models": []}', b"}")

    async def answer(exchange: Exchange) -> None:
        await exchange.answer(body, 200, "application/json")

    async with asyncio.timeout(60), Server() as server:
        for path in ("/models", "/v1/models", "/api/tags", "/api/ps"):
            server.on(path, answer)
        asked = make(server.url)
        with pytest.raises(ProtocolError, match="values"):
            await asked.models()
        await asked.aclose()


async def test_fetching_a_model_is_told_in_few_values_a_line() -> None:
    async def talkative(exchange: Exchange) -> None:
        await exchange.head(200, {"Content-Type": "application/x-ndjson"})
        for done in range(30_000):
            await exchange.piece(b'{"status": "pulling", "digest": "d", "total": 30000, "completed": %d}\n' % done)
        await exchange.piece(b'{"status": "pulling", "x": [' + b"[]," * MOST_VALUES + b"[]]}\n")
        await exchange.end()

    async with asyncio.timeout(60), Server() as server:
        server.on("/api/pull", talkative)
        provider = ollama_provider(server.url)
        with pytest.raises(ProtocolError, match="values"):
            await collect(provider.pull("m"))
        await provider.aclose()


# -- what is no more than it looks ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["[{," * 700_000, '"' * 500_000, "\\" * 500_001, '\\",[' * 300_000, 'a\\\\",[{' * 200_000],
    ids=["brackets", "quotes", "backslashes", "escaped quotes", "mixed"],
)
def test_a_long_text_is_one_value(text: str) -> None:
    written = json.dumps({"content": text})
    assert decode(written) == {"content": text}
    assert decode(written.encode()) == {"content": text}


@pytest.mark.parametrize("shape", ["[]", "{}", "0", '""', '"\\\\"', '{"a":0}'])
def test_the_most_values_are_read_and_not_one_more(shape: str) -> None:
    each = 1 + shape.count("{") + shape.count("[")
    count = MOST_VALUES // each
    text = "[" + ",".join([shape] * count) + "]"
    value = decode(text)
    assert isinstance(value, list)
    assert len(value) == count
    with pytest.raises(ProtocolError, match="values"):
        decode("[" + ",".join([shape] * (count + 1)) + "]")
