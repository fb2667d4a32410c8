"""A chat server on a WebSocket that does as it is told, on 127.0.0.1, on raw bytes so that it can misbehave too.

    async with WsServer() as server:
        server.say("hel", gate, "lo")          # the answer to the next question, held at the gate
        ... a provider with server.base_url ...
        server.talks[0].received               # what the client sent on its first connection

By itself it answers as the servers of the captures do: tokens, then ``done``; asked to cancel it says ``cancelled``.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tests.fakes import Gate
from tests.scripted import Exchange, Request, _Connection, _read_request

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, compressed: bool = False) -> bytes:
    """A frame as a server sends it, unmasked (RFC 6455, section 5.2)."""
    return head(len(payload), opcode, fin=fin, compressed=compressed) + payload


def head(size: int, opcode: int = TEXT, *, fin: bool = True, compressed: bool = False) -> bytes:
    """The head of a frame that says it has ``size`` bytes."""
    first = opcode | (0x80 if fin else 0) | (0x40 if compressed else 0)
    if size < 126:
        return bytes((first, size))
    return struct.pack("!BBH", first, 126, size) if size < 1 << 16 else struct.pack("!BBQ", first, 127, size)


def closing(code: int | None = 1000, reason: str = "") -> bytes:
    """A close frame."""
    return frame(b"" if code is None else struct.pack("!H", code) + reason.encode(), CLOSE)


@dataclass
class Talk:
    """One connection.

    Attributes:
        received: the messages of the client, decoded, in order.
        closed_with: the code of the client's close frame, None where it sent none.
        pongs: how many pings the client has answered.
        silent: it answers neither pings nor close frames.
        unread: the messages that no handler has taken yet.
    """

    exchange: Exchange
    reader: asyncio.StreamReader
    received: list[dict[str, object]] = field(default_factory=list)
    closed_with: int | None = None
    pongs: int = 0
    silent: bool = False
    unread: deque[dict[str, object]] = field(default_factory=deque)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    ponged: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def request(self) -> Request:
        return self.exchange.request

    @property
    def gone(self) -> asyncio.Event:
        return self.exchange.gone

    async def send(self, *messages: Mapping[str, object]) -> None:
        """Sends JSON messages."""
        for message in messages:
            await self.exchange.send(frame(json.dumps(message, ensure_ascii=False).encode()))

    async def token(self, text: str) -> None:
        await self.send({"type": "token", "content": text})

    async def raw(self, data: bytes) -> None:
        """Sends bytes as they are."""
        await self.exchange.send(data)

    async def next(self) -> dict[str, object] | None:
        """The next message of the client; None once it has left."""
        while not self.unread:
            if self.news_over:
                return None
            self.news.clear()
            await self.news.wait()
        return self.unread.popleft()

    async def wait_for(self, kind: str) -> dict[str, object] | None:
        """The next message of a type, others but a question being passed over; None once the client has left."""
        while not self.news_over:
            while self.unread and "messages" not in self.unread[0]:
                message = self.unread.popleft()
                if message.get("type") == kind:
                    return message
            self.news.clear()
            await self.news.wait()
        return None

    async def read_by_client(self) -> None:
        """Waits until the client has read all that was sent: it answers a ping then."""
        awaited = self.pongs + 1
        await self.raw(frame(b"read?", PING))
        while self.pongs < awaited and not self.news_over:
            self.ponged.clear()
            await self.ponged.wait()

    @property
    def news_over(self) -> bool:
        return self.gone.is_set() or self.reader.at_eof()

    async def close(self, code: int | None = 1000, reason: str = "") -> None:
        """Closes in an orderly way: close frame, then TCP."""
        await self.raw(closing(code, reason))
        self.exchange.close()

    def drop(self) -> None:
        """Closes the TCP connection without a close frame."""
        self.exchange.close()

    def reset(self) -> None:
        """Resets the TCP connection."""
        self.exchange.reset()

    async def read(self) -> None:
        """Reads what the client sends, and answers its pings, until it leaves."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._read_frame():
                pass
        self.news.set()
        self.ponged.set()

    async def _read_frame(self) -> bool:
        first, second = await self.reader.readexactly(2)
        assert second & 0x80, "a client's frames are masked"
        assert first & 0x80, "questions come in one frame"
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        mask = await self.reader.readexactly(4)
        masked = await self.reader.readexactly(size)
        whole = (mask * (size // 4 + 1))[:size]
        payload = (int.from_bytes(masked, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big")
        return await self._take(first & 0x0F, payload)

    async def _take(self, opcode: int, payload: bytes) -> bool:
        if opcode == PING and not self.silent:
            await self.raw(frame(payload, PONG))
        elif opcode == PONG:
            self.pongs += 1
            self.ponged.set()
        elif opcode == CLOSE:
            self.closed_with = struct.unpack("!H", payload[:2])[0] if payload else 1005
            if not self.silent:
                await self.raw(frame(payload, CLOSE))
                self.exchange.close()
        elif opcode == TEXT:
            message = json.loads(payload)
            self.received.append(message)
            self.unread.append(message)
            self.news.set()
        return opcode != CLOSE


Handler = Callable[[Talk], Awaitable[None]]
Step = str | Mapping[str, object] | bytes | Gate | Handler
"""A token, a message, bytes as they are, a gate to wait at, or something to do."""


async def stall(talk: Talk) -> None:
    """A step: silence until the client leaves."""
    await talk.gone.wait()


async def mute(talk: Talk) -> None:
    """A step: from now on it answers neither pings nor close frames, and hangs up on nobody."""
    talk.silent = True


async def drop(talk: Talk) -> None:
    """A step: closes the TCP connection without a close frame."""
    talk.drop()


async def reset(talk: Talk) -> None:
    """A step: resets the TCP connection, once the client has read what was sent."""
    await talk.read_by_client()
    talk.reset()


def close(code: int | None = 1000, reason: str = "") -> Handler:
    """A step: closes in an orderly way."""

    async def act(talk: Talk) -> None:
        await talk.close(code, reason)

    return act


class WsServer:
    """Answers each question by the next queued script.

    Attributes:
        talks: its connections, in order.
        cancels: whether it stops when it is asked to, and says so.
        handler: what it does with a connection.
        refusal: the HTTP answer in place of the handshake, where it refuses.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._answers: deque[tuple[Step, ...]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self.talks: list[Talk] = []
        self.handshakes: list[Request] = []
        self.cancels = True
        self.handler: Handler = self.chat
        self.refusal: bytes | Gate | None = None
        self.extra_headers = ""
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Closes the server and every connection."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def base_url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}/"

    def say(self, *steps: Step, usage: Mapping[str, object] | None = None) -> None:
        """Queues an answer that ends as it should."""
        done: dict[str, object] = {"type": "done"} | ({"usage": usage} if usage else {})
        self.then(*steps, done)

    def then(self, *steps: Step) -> None:
        """Queues an answer that ends as its steps say."""
        self._answers.append(steps)

    async def talk(self, number: int = 0) -> Talk:
        """The connection with this number, as soon as it stands."""
        while len(self.talks) <= number:
            self._arrived.clear()
            await self._arrived.wait()
        return self.talks[number]

    async def chat(self, talk: Talk) -> None:
        """Answers one question after another."""
        while (message := await talk.next()) is not None:
            if "messages" in message:
                await self._answer(talk, self._answers.popleft())

    async def _answer(self, talk: Talk, steps: tuple[Step, ...]) -> None:
        playing = asyncio.create_task(_play(talk, steps))
        listening = asyncio.create_task(talk.wait_for("cancel"))
        try:
            while not playing.done():
                await asyncio.wait({playing, listening}, return_when=asyncio.FIRST_COMPLETED)
                if listening.done():
                    if listening.result() is None:
                        return
                    if self.cancels:
                        playing.cancel()
                        await talk.send({"type": "cancelled"})
                        return
                    listening = asyncio.create_task(talk.wait_for("cancel"))
            await playing
        finally:
            for task in (playing, listening):
                task.cancel()
            await asyncio.wait({playing, listening})

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        reader = asyncio.StreamReader(limit=1 << 26)

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(reader, writer, protocol))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        protocol = _Connection(reader, connected)
        return protocol

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: _Connection) -> None:
        try:
            request = await _read_request(reader)
            if request is None:
                return
            self.handshakes.append(request)
            talk = Talk(Exchange(request, writer, protocol.gone, protocol.times), reader)
            if await self._accept(talk):
                await self._converse(talk)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _accept(self, talk: Talk) -> bool:
        if isinstance(self.refusal, Gate):
            self.refusal.reached.set()
            await talk.gone.wait()
            return False
        if self.refusal is not None:
            await talk.raw(self.refusal)
            return False
        key = talk.request.headers["sec-websocket-key"]
        accept = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest()).decode()  # noqa: S324 - RFC 6455
        lines = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        await talk.raw(f"{lines}Sec-WebSocket-Accept: {accept}\r\n{self.extra_headers}\r\n".encode())
        return True

    async def _converse(self, talk: Talk) -> None:
        self.talks.append(talk)
        self._arrived.set()
        reading = asyncio.create_task(talk.read())
        try:
            await self.handler(talk)
            if not talk.exchange.writer.is_closing():
                await talk.gone.wait()
        finally:
            reading.cancel()
            await asyncio.wait({reading})


async def _play(talk: Talk, steps: tuple[Step, ...]) -> None:
    for step in steps:
        if isinstance(step, str):
            await talk.token(step)
        elif isinstance(step, bytes):
            await talk.raw(step)
        elif isinstance(step, Gate):
            step.reached.set()
            await step.event.wait()
        elif isinstance(step, Mapping):
            await talk.send(step)
        else:
            await step(talk)


def refusal(status: int, body: bytes = b"", **headers: str) -> bytes:
    """An HTTP answer in place of the handshake; an underscore in a header's name stands for a dash."""
    fields = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"HTTP/1.1 {status} Told So", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + body
