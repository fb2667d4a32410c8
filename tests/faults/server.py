"""A server on 127.0.0.1 that misbehaves in one way, in whichever dialect it is asked.

    async with Misbehaving(WIRES["openai"], FAULTS["reset_in_the_middle"].behaviour) as server:
        ... a provider with server.base_url ...
        await server.left()         # every client has closed its side

A behaviour is either the whole HTTP answer in place of a stream (`Answer`) or what is done on the line (a function of
a `Line`). HTTP and WebSocket differ in the line alone.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Self

from tests.faults.wires import Wire
from tests.scripted import Exchange, Server
from tests.ws_server import Talk, WsServer, refusal


class Line:
    """The server's end of one answer that streams.

    Attributes:
        wire: its dialect.
        accepted: bytes that the client's side has taken so far.
    """

    def __init__(self, wire: Wire, place: Exchange | Talk) -> None:
        self.wire = wire
        self._place = place
        self._exchange = place if isinstance(place, Exchange) else place.exchange
        self.accepted = 0

    @property
    def gone(self) -> asyncio.Event:
        """Set once the client has left."""
        return self._exchange.gone

    @property
    def exchange(self) -> Exchange:
        """What it is sent on."""
        return self._exchange

    async def open(self, **headers: str) -> None:
        """The head of an answer and what comes before its first piece; underscores stand for dashes."""
        if isinstance(self._place, Exchange):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            await self._place.head(200, {**self.wire.headers, **named})
        if self.wire.opening and not headers:
            await self.raw(self.wire.opening)

    async def say(self, *texts: str) -> None:
        """Pieces of the answer."""
        for text in texts:
            await self.raw(self.wire.piece(text))

    async def raw(self, data: bytes) -> None:
        """Bytes of the body, or of the socket, as they are; waits while the client does not read."""
        await (self._place.piece(data) if isinstance(self._place, Exchange) else self._place.raw(data))
        self.accepted += len(data)

    async def end(self) -> None:
        """The end marker, and the end of the body."""
        if self.wire.end:
            await self.raw(self.wire.end)
        if isinstance(self._place, Exchange):
            await self._place.end()

    async def finish(self) -> None:
        """The end of the body, or of the socket, in an orderly way, without the end marker."""
        await (self._place.end() if isinstance(self._place, Exchange) else self._place.close(1000))

    async def reset(self) -> None:
        """Resets the connection, once the client has read what was sent."""
        if isinstance(self._place, Talk):
            await self._place.read_by_client()
        self._exchange.reset()

    async def drop(self) -> None:
        """Closes the connection in the middle of the body."""
        self._exchange.close()

    async def stall(self) -> None:
        """Silence until the client leaves."""
        if isinstance(self._place, Talk):
            self._place.silent = True
        await self.gone.wait()


Behaviour = Callable[[Line], Awaitable[None]]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer in place of a stream."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Misbehaving:
    """One server in one dialect with one fault.

    Args:
        wire: the dialect.
        behaviour: what it does with each question; None accepts connections and says nothing at all.
        tls: what it secures its connections with, if it does.

    Attributes:
        lines: the answers that streamed, in order.
    """

    def __init__(self, wire: Wire, behaviour: Behaviour | Answer | None, tls: ssl.SSLContext | None = None) -> None:
        self.wire = wire
        self._behaviour = behaviour
        self._http = Server(tls)
        self._socket = WsServer(tls)
        self._stack = AsyncExitStack()
        self.lines: list[Line] = []

    async def __aenter__(self) -> Self:
        if self.wire.is_socket:
            self._prepare_socket()
            await self._stack.enter_async_context(self._socket)
        else:
            self._http.on(self.wire.path, self._answer)
            await self._stack.enter_async_context(self._http)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def port(self) -> int:
        return self._socket.port if self.wire.is_socket else self._http.port

    @property
    def base_url(self) -> str:
        return self.address("127.0.0.1")

    def address(self, host: str, *, secure: bool = False) -> str:
        """The base URL with another name for the host, or with TLS where there is none."""
        url = self._socket.base_url.rstrip("/") if self.wire.is_socket else self._http.url
        scheme = url.partition("://")[0]
        scheme = f"{scheme}s" if secure and not scheme.endswith("s") else scheme
        return f"{scheme}://{host}:{self.port}{self.wire.root}"

    @property
    def asked(self) -> int:
        """How many questions came in, handshakes that were refused included."""
        return len(self._socket.handshakes) if self.wire.is_socket else len(self._http.exchanges)

    @property
    def prompted(self) -> int:
        """How many of them carried a prompt."""
        return self.asked if self.wire.is_socket else len(self._http.posts)

    @property
    def connections(self) -> int:
        """How many connections came about, with or without a question."""
        return len(self._socket.handshakes) if self.wire.is_socket else self._http.connections

    async def left(self) -> None:
        """Waits until every client has closed its side."""
        places = [talk.exchange for talk in self._socket.talks] if self.wire.is_socket else self._http.exchanges
        for exchange in places:
            await exchange.gone.wait()

    async def _answer(self, exchange: Exchange) -> None:
        match self._behaviour:
            case None:
                await exchange.gone.wait()
            case Answer(status, body, content_type, headers):
                await exchange.answer(body, status, content_type, **dict(headers))
            case behave:
                await behave(self._line(exchange))

    def _prepare_socket(self) -> None:
        match self._behaviour:
            case None:
                from tests.fakes import Gate

                self._socket.refusal = Gate()
            case Answer(status, body, content_type, headers):
                self._socket.refusal = refusal(status, body, Content_Type=content_type, **dict(headers))
            case behave:

                async def act(talk: Talk) -> None:
                    await behave(self._line(talk))

                self._socket.cancels = False
                for _ in range(8):
                    self._socket.then(act)

    def _line(self, place: Exchange | Talk) -> Line:
        line = Line(self.wire, place)
        self.lines.append(line)
        return line
