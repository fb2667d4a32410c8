"""Servers that do as they are told, on 127.0.0.1, written on raw bytes so that they can misbehave too.

    async with ChatServer() as server:
        server.say("hel", gate, "lo")          # the next answer, held at the gate
        ... a provider with server.base_url ...
        await server.exchanges[0].gone.wait()  # the client has left, at .gone_at of the loop's clock

``python -m tests.servers --rate 1000 --shape prose`` serves generated Markdown by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
from collections.abc import Mapping
from contextlib import suppress

from tests.scripted import (
    EVENT_STREAM,
    NDJSON,
    Exchange,
    Handler,
    Request,
    Server,
    Step,
    body,
    close,
    reset,
    sse,
    stall,
    whole,
)

__all__ = [
    "EVENT_STREAM",
    "NDJSON",
    "ChatServer",
    "Exchange",
    "Handler",
    "OllamaServer",
    "Request",
    "Server",
    "Step",
    "body",
    "close",
    "paced",
    "reset",
    "sse",
    "stall",
    "whole",
]


class ChatServer(Server):
    """Speaks OpenAI's chat completions.

    Attributes:
        model: what it calls its model.
    """

    def __init__(self, model: str = "told-so", *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.model = model
        self.on("/v1/models", whole({"object": "list", "data": [{"id": model, "object": "model"}]}))

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def chunk(self, delta: Mapping[str, object], finish: str | None = None) -> bytes:
        """A chunk as an event."""
        choice = {"index": 0, "delta": dict(delta), "finish_reason": finish}
        return sse(self._object([choice]))

    def usage(self, sent: int, made: int) -> bytes:
        """The chunk with the accounts."""
        counts = {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made}
        return sse({**self._object([]), "usage": counts})

    def say(self, *pieces: str | Step, finish: str = "stop", usage: tuple[int, int] | None = (7, 3)) -> None:
        """Queues an answer: text, bytes, gates and other steps, then finish reason, usage and [DONE]."""
        steps = [self.chunk({"content": piece}) if isinstance(piece, str) else piece for piece in pieces]
        accounts = [self.usage(*usage)] if usage else []
        first = self.chunk({"role": "assistant", "content": None})
        self.then_answer(body(first, *steps, self.chunk({}, finish), *accounts, sse("[DONE]")))

    def _object(self, choices: list[dict[str, object]]) -> dict[str, object]:
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": self.model,
            "choices": choices,
        }


class OllamaServer(Server):
    """Speaks Ollama's own API.

    Attributes:
        model: the one model that it has.
    """

    def __init__(self, model: str = "told-so:latest") -> None:
        super().__init__()
        self.model = model
        self.on("/api/tags", whole({"models": [self._entry(capabilities=["completion"])]}))
        self.on("/api/ps", whole({"models": []}))

    def line(self, **fields: object) -> bytes:
        """A line of an answer."""
        created = "2026-01-01T00:00:00Z"
        return json.dumps({"model": self.model, "created_at": created, **fields}).encode() + b"\n"

    def say(self, *pieces: str | Step, reason: str = "stop", usage: tuple[int, int] = (7, 3)) -> None:
        """Queues an answer: text, bytes, gates and other steps, then the line that ends it."""
        steps = [self.text(piece) if isinstance(piece, str) else piece for piece in pieces]
        counts = {"prompt_eval_count": usage[0], "eval_count": usage[1]}
        message = {"role": "assistant", "content": ""}
        last = self.line(message=message, done=True, done_reason=reason, **counts)
        self.then_answer(body(*steps, last, headers=NDJSON))

    def text(self, text: str) -> bytes:
        """The line for a piece of text."""
        return self.line(message={"role": "assistant", "content": text}, done=False)

    def _entry(self, **more: object) -> dict[str, object]:
        return {"name": self.model, "model": self.model, "size": 1000, "details": {"family": "llama"}, **more}


def paced(server: ChatServer, tokens: list[str], rate: float) -> Handler:
    """A handler that streams tokens at ``rate`` a second, on a schedule that does not drift."""

    async def handle(exchange: Exchange) -> None:
        loop = asyncio.get_running_loop()
        await exchange.head(200, EVENT_STREAM)
        start, sent = loop.time(), 0
        while sent < len(tokens) and not exchange.gone.is_set():
            due = min(len(tokens), int((loop.time() - start) * rate) + 1)
            for token in tokens[sent:due]:
                await exchange.piece(server.chunk({"content": token}))
            sent = max(sent, due)
            await asyncio.sleep(max(0.0, start + sent / rate - loop.time()))
        await exchange.piece(server.chunk({}, "stop") + server.usage(10, sent) + sse("[DONE]"))
        await exchange.end()

    return handle


async def _main() -> None:
    from tests.shapes import SHAPES, tokens

    parser = argparse.ArgumentParser(prog="python -m tests.servers", description="Streams generated Markdown.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=float, default=100.0, help="tokens a second")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="prose")
    parser.add_argument("--tokens", type=int, default=2000)
    asked = parser.parse_args()
    server = ChatServer()
    server.port = asked.port
    server.on("/v1/chat/completions", paced(server, tokens(asked.shape, asked.tokens), asked.rate))
    async with server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main())
