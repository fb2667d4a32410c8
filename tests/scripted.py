"""A server on raw bytes that follows a script, and the steps of such scripts; see `tests.servers`."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from tests.fakes import Gate

Handler = Callable[["Exchange"], Awaitable[None]]
EVENT_STREAM = {"Content-Type": "text/event-stream"}
NDJSON = {"Content-Type": "application/x-ndjson"}


@dataclass(frozen=True)
class Request:
    """What a client asked; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


@dataclass
class Exchange:
    """One request and the answer to it.

    Attributes:
        gone: set once the client has closed its side.
        gone_at: when that was, by the loop's clock.
    """

    request: Request
    writer: asyncio.StreamWriter
    gone: asyncio.Event
    times: list[float]
    keep_alive: bool = True
    chunked: bool = False

    @property
    def gone_at(self) -> float:
        return self.times[0]

    async def send(self, data: bytes) -> None:
        """Writes bytes as they are; waits while the client does not read, but not for one that has left."""
        if not self.gone.is_set():
            self.writer.write(data)
            with suppress(ConnectionError):
                await self.writer.drain()

    async def head(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """The status line and headers; a body without Content-Length is chunked."""
        fields = dict(headers or {})
        names = {name.lower() for name in fields}
        if not names & {"content-length", "transfer-encoding"}:
            fields["Transfer-Encoding"] = "chunked"
        self.chunked = any(value.lower() == "chunked" for value in fields.values())
        self.keep_alive = fields.get("Connection", "") != "close"
        lines = [f"HTTP/1.1 {status} Told So", *(f"{name}: {value}" for name, value in fields.items())]
        await self.send("\r\n".join((*lines, "", "")).encode("latin-1"))

    async def piece(self, data: bytes) -> None:
        """A piece of the body."""
        if data:
            await self.send(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)

    async def event(self, value: object) -> None:
        """A server-sent event that carries JSON."""
        await self.piece(sse(value))

    async def end(self) -> None:
        """The proper end of the body."""
        if self.chunked:
            await self.send(b"0\r\n\r\n")

    async def answer(
        self, body: bytes, status: int = 200, content_type: str = "application/json", **headers: str
    ) -> None:
        """A whole answer; an underscore in a header's name stands for a dash."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        length = {"Content-Type": content_type, "Content-Length": str(len(body))}
        await self.head(status, length | named)
        await self.send(body)

    def reset(self) -> None:
        """Resets the connection, as a crash does."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.keep_alive = False

    def close(self) -> None:
        """Closes the connection as it is, after what was written."""
        self.writer.close()
        self.keep_alive = False


async def stall(exchange: Exchange) -> None:
    """A step: silence until the client leaves."""
    await exchange.gone.wait()


async def reset(exchange: Exchange) -> None:
    """A step: resets the connection, once what was written has gone out."""
    exchange.reset()


async def close(exchange: Exchange) -> None:
    """A step: closes the connection without the proper end of the body."""
    exchange.close()


Step = bytes | Gate | Handler
"""Bytes of the body, a gate to wait at, or something to do; a gate also opens when the client leaves."""


def sse(value: object) -> bytes:
    """A server-sent event that carries JSON, or text as it is."""
    data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"data: {data}\n\n".encode()


def body(*steps: Step, status: int = 200, headers: Mapping[str, str] | None = None) -> Handler:
    """A handler that sends a head and then takes one step after another, to the proper end of the body."""

    async def handle(exchange: Exchange) -> None:
        await exchange.head(status, EVENT_STREAM if headers is None else headers)
        await _walk(exchange, steps)
        if exchange.keep_alive or not exchange.writer.is_closing():
            await exchange.end()

    return handle


def whole(value: object, status: int = 200, **headers: str) -> Handler:
    """A handler that answers with JSON (or with bytes as they are)."""

    async def handle(exchange: Exchange) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        await exchange.answer(data, status, **headers)

    return handle


async def _walk(exchange: Exchange, steps: tuple[Step, ...]) -> None:
    for step in steps:
        if exchange.gone.is_set():
            return
        if isinstance(step, bytes):
            await exchange.piece(step)
        elif isinstance(step, Gate):
            step.reached.set()
            await _either(step.event, exchange.gone)
        else:
            await step(exchange)


async def _either(one: asyncio.Event, other: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class _Connection(asyncio.StreamReaderProtocol):
    """Notes the moment in which the client leaves."""

    def __init__(self, reader: asyncio.StreamReader, connected: Callable[..., None]) -> None:
        super().__init__(reader, connected)
        self.gone = asyncio.Event()
        self.times: list[float] = []

    def eof_received(self) -> bool | None:
        self._leave()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def _leave(self) -> None:
        self.times.append(asyncio.get_running_loop().time())
        self.gone.set()


class Server:
    """Answers each request by the next queued handler, by one for its path, or with 404.

    Attributes:
        requests: all that came in.
        exchanges: the same with their answers.
        connections: how many connections were accepted.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._queue: deque[tuple[Handler, bool]] = deque()
        self._routes: dict[str, Handler] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[Request]:
        return [exchange.request for exchange in self.exchanges]

    def then(self, *handlers: Handler) -> None:
        """Queues answers for the next requests, whatever they ask."""
        self._queue.extend((handler, False) for handler in handlers)

    def then_answer(self, handler: Handler) -> None:
        """Queues an answer for the next request that posts something, such as a prompt."""
        self._queue.append((handler, True))

    def on(self, path: str, handler: Handler) -> None:
        """Answers every request for a path, where nothing is queued."""
        self._routes[path] = handler

    @property
    def posts(self) -> list[Exchange]:
        """The exchanges that posted something, such as a prompt."""
        return [one for one in self.exchanges if one.request.method == "POST"]

    async def exchange(self, number: int = 0) -> Exchange:
        """The exchange with this number, as soon as its request is there."""
        while len(self.exchanges) <= number:
            self._arrived.clear()
            await self._arrived.wait()
        return self.exchanges[number]

    def _protocol(self) -> _Connection:
        reader = asyncio.StreamReader(limit=1 << 26)

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            task = asyncio.create_task(self._serve(reader, writer, protocol))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        protocol = _Connection(reader, connected)
        return protocol

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: _Connection) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                exchange = Exchange(request, writer, protocol.gone, protocol.times)
                self.exchanges.append(exchange)
                self._arrived.set()
                path = request.target.partition("?")[0]
                meant = bool(self._queue) and (not self._queue[0][1] or request.method == "POST")
                handler = self._queue.popleft()[0] if meant else self._routes.get(path, _not_found)
                await handler(exchange)
                if not exchange.keep_alive:
                    break
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _not_found(exchange: Exchange) -> None:
    await exchange.answer(b'{"error": {"message": "no such path", "type": "not_found_error"}}', 404)


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        pairs = (line.split(":", 1) for line in head[1:] if line)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        content = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return None
    return Request(method, target, headers, content)
