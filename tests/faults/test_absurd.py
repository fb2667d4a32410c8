"""Fields of absurd sizes: names and errors of a megabyte, numbers of 10,000 digits, nesting 100,000 levels deep."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.faults.asking import Outcome, in_pipe, nothing_left_behind
from tests.faults.server import Line, Misbehaving
from tests.faults.table import FRAMED
from tests.faults.wires import WIRES, Wire, settings_for
from tests.ws_server import frame
from tui_stream.core.models import MessageStatus
from tui_stream.errors import ProtocolError
from tui_stream.providers import _pacing

LONG = "x" * (1 << 20)
DIGITS = "9" * 10_000


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pacing, "PACE", 0.0)


def carried(wire: Wire, value: str) -> bytes:
    """JSON text as a piece of a stream."""
    match wire.name:
        case "websocket":
            return frame(value.encode())
        case "ollama":
            return value.encode() + b"\n"
        case "ai-sdk-data":
            return b"8:[" + value.encode() + b"]\n"
    return f"data: {value}\n\n".encode()


def piece_with(wire: Wire, **fields: str) -> bytes:
    """A piece of the answer, "lo", with more fields, given as JSON text."""
    more = ", ".join(f'"{name}": {value}' for name, value in fields.items())
    piece = wire.piece("lo")
    if wire.name == "ai-sdk-data":
        return piece + carried(wire, f"{{{more}}}")
    start = piece.index(b"{")
    return carried(wire, f"{{{more}, {piece[start + 1 :].decode().strip()}")


async def answered(wire: Wire, *pieces: bytes) -> Outcome:
    """What comes of a stream that begins with "Hel"."""

    async def behave(line: Line) -> None:
        await line.open()
        await line.say("Hel")
        for piece in pieces:
            await line.raw(piece)
        await line.end()

    async with nothing_left_behind(), asyncio.timeout(30), Misbehaving(wire, behave) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    return outcome


USAGE = {
    "small": f'{{"prompt_tokens": {DIGITS}, "completion_tokens": 1, "cost": {DIGITS}}}',
    "long": f'{{"prompt_tokens": {"9" * 4000}, "completion_tokens": {"9" * 400}, "cost": {"9" * 4000}}}',
    "exponent": '{"prompt_tokens": 1e999, "completion_tokens": -5, "cost": 1e999}',
    "string": json.dumps({"prompt_tokens": LONG, "cost": "9" * 5000}),
}
HARMLESS = {
    "names": {"id": f'"{LONG}"', "model": f'"{LONG}"', "system_fingerprint": f'"{LONG}"'},
    "fields": {
        "created": DIGITS,
        "created_at": f"-{DIGITS}",
        "finish_detail": f'"{LONG}"',
        "x": "[" * 40 + "]" * 40,
    },
    **{f"usage {name}": {"usage": value} for name, value in USAGE.items()},
}


@pytest.mark.parametrize("what", HARMLESS)
@pytest.mark.parametrize("name", FRAMED)
async def test_absurd_fields_harm_nothing(name: str, what: str) -> None:
    wire = WIRES[name]
    outcome = await answered(wire, piece_with(wire, **HARMLESS[what]))
    assert (outcome.printed, outcome.code, outcome.said) == ("Hello", 0, "")
    assert outcome.message is not None
    assert outcome.message.status is MessageStatus.COMPLETE
    assert len(outcome.message.model) <= 300
    usage = outcome.message.usage
    assert usage is None or (usage.output_tokens or 0) < 1 << 50


@pytest.mark.parametrize("levels", [900, 100_000])
@pytest.mark.parametrize("form", ["[]", '{"a":}'])
@pytest.mark.parametrize("name", FRAMED)
async def test_nesting_without_end_is_an_error_and_no_crash(name: str, form: str, levels: int) -> None:
    wire = WIRES[name]
    opened, closed = form[:-1], form[-1]
    deep = opened * levels + ("1" if closed == "}" else "") + closed * levels
    outcome = await answered(wire, carried(wire, f'{{"error": {deep}, "x": {deep}}}'))
    assert isinstance(outcome.error, ProtocolError)
    assert outcome.printed == "Hel"
    assert len(outcome.said) < 400


@pytest.mark.parametrize("name", FRAMED)
async def test_a_long_error_is_told_in_short(name: str) -> None:
    wire = WIRES[name]
    failed = frame(json.dumps({"type": "error", "message": LONG}).encode())
    outcome = await answered(wire, failed if wire.is_socket else wire.failed.replace(b"It crashed", LONG.encode()))
    assert (outcome.printed, outcome.code) == ("Hel", 1)
    assert "xxx" in outcome.said
    assert len(outcome.said) < 600


@pytest.mark.parametrize("name", ["sse", "websocket"])
async def test_a_finish_reason_of_a_megabyte_is_one_like_any_other(name: str) -> None:
    wire = WIRES[name]
    choice = {"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": LONG}]}
    outcome = await answered(wire, carried(wire, json.dumps(choice)))
    assert (outcome.printed, outcome.code) == ("Hello", 0)
    assert outcome.message is not None
    assert outcome.message.finish_reason == "other"
