"""What servers send beside plain text, in every dialect that has it: none of it may hurt the answer, or be lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.faults.asking import Outcome, in_pipe, nothing_left_behind
from tests.faults.server import Line, Misbehaving
from tests.faults.wires import WIRES, Wire, settings_for
from tests.ws_server import PING, frame
from tui_stream.core.models import MessageStatus, Source

Piece = bytes | Mapping[str, object]
"""Bytes as they are, or an object to send as this dialect sends objects."""


@dataclass(frozen=True)
class Feature:
    """One thing that servers do.

    Attributes:
        sent: the pieces that come between "Hel" and "lo", or behind both, by dialect.
        text: the answer.
        reasoning: what was thought aloud.
        finish: the finish reason, where it is looked at.
        code: the exit code of the pipe.
        said: words on stderr.
        tokens: what was reported, sent and made; None where nothing was.
        calls: names and arguments of the tools that are asked for.
        behind: whether they come behind both.
        ended: whether "lo", if it is still to come, and the usual end follow.
    """

    sent: Mapping[str, Sequence[Piece]]
    text: str = "Hello"
    reasoning: str = ""
    finish: str = ""
    code: int = 0
    said: str = ""
    tokens: tuple[int, int] | None = None
    calls: tuple[tuple[str, str], ...] = ()
    behind: bool = False
    ended: bool = True


def choice(finish: str | None = None, index: int = 0, **delta: object) -> dict[str, object]:
    return {"choices": [{"index": index, "delta": delta, "finish_reason": finish}]}


def message(**fields: object) -> dict[str, object]:
    return {"message": {"role": "assistant", **fields}, "done": False}


def over(reason: str, **counts: int) -> dict[str, object]:
    """Ollama's last line."""
    return {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason, **counts}


def response(kind: str, **fields: object) -> dict[str, object]:
    """The event that ends a response."""
    return {"type": f"response.{kind}", "response": {"object": "response", "status": kind, "output": [], **fields}}


_CALL = {"index": 0, "id": "c", "function": {"name": "time", "arguments": '{"a": 1}'}}
_ITEM = {"type": "function_call", "id": "f", "call_id": "c", "name": "time", "arguments": '{"a": 1}'}

FEATURES: Mapping[str, Feature] = {
    "a role alone": Feature(
        {
            "openai": [choice(role="assistant")],
            "ollama": [message(content="")],
            "sse": [{"role": "assistant"}, choice(role="assistant", content="")],
            "ai-sdk-ui": [{"type": "start"}, {"type": "text-start", "id": "t"}],
            "ai-sdk-data": [b'8:[{"role":"assistant"}]\n'],
            "websocket": [{"type": "start", "role": "assistant"}],
        }
    ),
    "null content": Feature(
        {
            "openai": [choice(content=None, tool_calls=None, refusal=None), {"choices": None}],
            "openai-responses": [{"type": "response.output_text.delta", "output_index": 0, "delta": None}],
            "ollama": [message(content=None, thinking=None, tool_calls=None), {"message": None, "done": False}],
            "sse": [{"content": None}, {"content": None, "error": None}, b"data: null\n\n"],
            "ai-sdk-ui": [{"type": "text-delta", "id": "t", "delta": None}],
            "ai-sdk-data": [b"0:null\n", b'0:""\n'],
            "websocket": [{"type": "token", "content": None}, {"type": "token", "content": "", "error": None}],
        }
    ),
    "empty choices": Feature({name: [{"choices": []}, {"choices": [], "usage": None}] for name in ("openai", "sse")}),
    "several choices": Feature(
        {
            name: [{"choices": [{"index": 1, "delta": {"content": "another"}}]}, choice(index=2, content="third")]
            for name in ("openai", "sse", "websocket")
        }
    ),
    "no usage": Feature(
        {name: [] for name in WIRES if name != "openai"},
    ),
    "usage at the end": Feature(
        {
            "openai": [],
            "openai-responses": [response("completed", usage={"input_tokens": 7, "output_tokens": 3})],
            "ollama": [over("stop", prompt_eval_count=7, eval_count=3)],
            "sse": [{"usage": {"prompt_tokens": 7, "completion_tokens": 3}}],
            "ai-sdk-ui": [
                {"type": "message-metadata", "messageMetadata": {"totalUsage": {"inputTokens": 7, "outputTokens": 3}}}
            ],
            "ai-sdk-data": [b'd:{"finishReason":"stop","usage":{"promptTokens":7,"completionTokens":3}}\n'],
            "websocket": [{"type": "done", "usage": {"prompt_tokens": 7, "completion_tokens": 3}}],
        },
        tokens=(7, 3),
        behind=True,
    ),
    "reasoning": Feature(
        {
            "openai": [choice(reasoning_content="Hm"), choice(reasoning=".")],
            "openai-responses": [
                {"type": "response.reasoning_text.delta", "output_index": 1, "delta": "Hm"},
                {"type": "response.reasoning_text.delta", "output_index": 1, "delta": "."},
            ],
            "ollama": [message(content="", thinking="Hm"), message(thinking=".")],
            "sse": [{"reasoning": "Hm"}, {"reasoning_content": "."}],
            "ai-sdk-ui": [
                {"type": "reasoning-delta", "id": "r", "delta": "Hm"},
                {"type": "reasoning-delta", "id": "r", "delta": "."},
            ],
            "ai-sdk-data": [b'g:"Hm"\n', b'g:"."\n'],
            "websocket": [{"type": "reasoning", "content": "Hm"}, {"type": "thinking", "content": "."}],
        },
        reasoning="Hm.",
    ),
    "a refusal": Feature(
        {
            "openai": [choice(refusal="lo"), choice("stop")],
            "openai-responses": [
                {"type": "response.refusal.delta", "output_index": 0, "delta": "lo"},
                response("completed"),
            ],
        },
        finish="content_filter",
        code=7,
        said="content filter",
        ended=False,
    ),
    "a tool call": Feature(
        {
            "openai": [choice(tool_calls=[_CALL])],
            "openai-responses": [{"type": "response.output_item.done", "output_index": 1, "item": _ITEM}],
            "ollama": [message(content="", tool_calls=[{"function": {"name": "time", "arguments": {"a": 1}}}])],
            "sse": [choice(tool_calls=[_CALL])],
            "ai-sdk-ui": [{"type": "tool-input-available", "toolCallId": "c", "toolName": "time", "input": {"a": 1}}],
            "ai-sdk-data": [b'9:{"toolCallId":"c","toolName":"time","args":{"a":1}}\n'],
            "websocket": [{"type": "tool_call", "id": "c", "name": "time", "arguments": {"a": 1}}],
        },
        said="asks for a tool, which is not run: time(",
        calls=(("time", '{"a": 1}'),),
        behind=True,
    ),
    "cut at its length": Feature(
        {
            "openai": [choice("length", content="lo")],
            "openai-responses": [
                {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "delta": "lo"},
                response("incomplete", incomplete_details={"reason": "max_output_tokens"}),
            ],
            "ollama": [message(content="lo"), over("length")],
            "sse": [{"content": "lo", "finish_reason": "length"}, b"data: [DONE]\n\n"],
            "ai-sdk-ui": [
                {"type": "text-delta", "id": "t", "delta": "lo"},
                {"type": "finish", "finishReason": "length"},
            ],
            "ai-sdk-data": [b'0:"lo"\nd:{"finishReason":"length"}\n'],
            "websocket": [{"type": "token", "content": "lo"}, {"type": "done", "finish_reason": "length"}],
        },
        finish="length",
        code=6,
        said="reached its length limit",
        ended=False,
    ),
    "cut by a filter": Feature(
        {
            "openai": [choice("content_filter", content="lo")],
            "openai-responses": [
                {"type": "response.output_text.delta", "item_id": "i", "output_index": 0, "delta": "lo"},
                response("incomplete", incomplete_details={"reason": "content_filter"}),
            ],
            "sse": [{"content": "lo", "finish_reason": "content_filter"}, b"data: [DONE]\n\n"],
            "ai-sdk-ui": [
                {"type": "text-delta", "id": "t", "delta": "lo"},
                {"type": "finish", "finishReason": "content-filter"},
            ],
            "ai-sdk-data": [b'0:"lo"\nd:{"finishReason":"content-filter"}\n'],
            "websocket": [{"type": "token", "content": "lo"}, {"type": "done", "finish_reason": "content_filter"}],
        },
        finish="content_filter",
        code=7,
        said="content filter",
        ended=False,
    ),
    "no end marker behind the finish reason": Feature(
        {
            "openai": [choice("stop", content="lo")],
            "sse": [{"content": "lo", "finish_reason": "stop"}],
            "ai-sdk-ui": [{"type": "text-delta", "id": "t", "delta": "lo"}, {"type": "finish"}],
            "websocket": [choice("stop", content="lo"), frame(b"\x03\xe8", 0x8)],
        },
        ended=False,
    ),
    "keep-alive": Feature(
        {
            **{
                name: [b": keep-alive\n\n", b":\r\n\r\n", b"\n\n\n"]
                for name in ("openai", "openai-responses", "sse", "ai-sdk-ui")
            },
            "ollama": [b"\n", b"\r\n", b" \n"],
            "ai-sdk-data": [b"\n", b"\n\n"],
            "websocket": [frame(b"beat", PING), {"type": "ping"}, {"type": "heartbeat"}, frame(b"ping")],
        }
    ),
}

CASES = [(wire, name) for name, feature in FEATURES.items() for wire in feature.sent]


def carried(wire: Wire, piece: Piece) -> bytes:
    """A piece as bytes of this dialect."""
    if isinstance(piece, bytes):
        return piece
    text = json.dumps(piece).encode()
    if wire.is_socket:
        return frame(text)
    return text + b"\n" if wire.name == "ollama" else b"data: " + text + b"\n\n"


async def answered(wire: Wire, feature: Feature, pieces: Sequence[Piece]) -> Outcome:
    """What comes of a stream with these pieces in it."""
    before, behind = (("Hel", "lo"), ()) if feature.behind else (("Hel",), ("lo",))

    async def behave(line: Line) -> None:
        await line.open()
        await line.say(*before)
        for piece in pieces:
            await line.raw(carried(wire, piece))
        if feature.ended:
            await line.say(*behind)
            await line.end()
        elif not wire.is_socket:
            await line.finish()

    async with nothing_left_behind(), asyncio.timeout(30), Misbehaving(wire, behave) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
        await server.left()
    return outcome


@pytest.mark.parametrize(("wire", "name"), CASES, ids=[f"{wire}-{name}" for wire, name in CASES])
async def test_what_servers_send(wire: str, name: str) -> None:
    feature = FEATURES[name]
    outcome = await answered(WIRES[wire], feature, feature.sent[wire])
    assert (outcome.printed, outcome.code) == (feature.text, feature.code)
    assert feature.said in outcome.said
    assert bool(feature.said) == bool(outcome.said)
    message = outcome.message
    assert message is not None
    assert (message.status, message.text, message.reasoning) == (
        MessageStatus.COMPLETE,
        feature.text,
        feature.reasoning,
    )
    assert not feature.finish or message.finish_reason == feature.finish
    assert tuple((call.name, call.arguments) for call in message.tool_calls) == feature.calls
    assert message.usage is not None
    if feature.tokens:
        usage = (message.usage.input_tokens, message.usage.output_tokens)
        assert (message.usage.source, usage) == (Source.REPORTED, feature.tokens)
    elif wire != "openai":
        assert message.usage.source is Source.ESTIMATED


@pytest.mark.parametrize("name", WIRES)
async def test_thinking_in_the_text_is_told_apart(name: str) -> None:
    wire = WIRES[name]

    async def behave(line: Line) -> None:
        await line.open()
        await line.say("<thi", "nk>Hm", ".</th", "ink>\n\n", "Hel", "lo")
        await line.end()

    async with nothing_left_behind(), asyncio.timeout(30), Misbehaving(wire, behave) as server:
        outcome = await in_pipe(settings_for(wire, server.base_url))
    assert outcome.message is not None
    assert (outcome.printed, outcome.message.text, outcome.message.reasoning) == ("Hello", "Hello", "Hm.")
