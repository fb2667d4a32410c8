"""The one place where sockets are opened: all that touches the ``websockets`` library.

It is imported in a thread when first needed. The library answers the server's pings and sends its own, which keep a
connection open through proxies; a missing pong ends nothing, since a server may be busy computing, or our own reader
slow. Compression is not offered: for messages of a few bytes it costs more than it saves, and a server that cannot
compress cannot send a bomb.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, unquote

from websockets.asyncio.client import ClientConnection, connect
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.headers import build_authorization_basic
from websockets.protocol import State

from tui_stream.errors import ConfigError
from tui_stream.providers import _http
from tui_stream.providers._lines import MAX_LINE
from tui_stream.providers._proxies import proxy_for
from tui_stream.providers._reach import ANYWHERE, Reach

PING_INTERVAL = 20.0
"""Seconds between pings, below the minute after which many proxies drop a silent connection."""

CLOSE_PATIENCE = 0.05
"""Seconds that the server is given to end a connection in an orderly way."""

ANSWER_PATIENCE = 1.0
"""Seconds in which a connection that was idle must answer a ping to be used again."""

_MOST_LEFT_OVER = 64
_PACE = 0.005  # seconds from one read to the next in a busy stream
_FREE_READS = 8  # reads at full speed before the pace is kept
_QUEUE = 16  # messages that wait before reading from the network pauses
_MOST_WAITING = 1 << 20  # bytes of them
_USER_AGENT = "tui-stream"
_URL_MARKS = "/%:@!$&'()*+,;=~"


class _Connection(ClientConnection):
    """A connection that reads a busy stream in larger pieces, and does not wait without end for a server to hang up.

    Each read costs several times what the token in it costs, see `tui_stream.providers._pacing`: after one that came
    early the next is put off a little, and the kernel keeps what comes meanwhile.
    """

    _hang_up: asyncio.TimerHandle | None = None
    _pause: asyncio.TimerHandle | None = None
    _last = 0.0
    _free = _FREE_READS

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.state is State.CLOSING:
            self._hang_up = self._hang_up or self.loop.call_later(CLOSE_PATIENCE, self.transport.abort)
        elif self.state is State.OPEN:
            self._hold_large()
            self._keep_pace()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._hang_up, self._pause):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _hold_large(self) -> None:
        """Reads no more while many bytes wait, however few messages they are; the next message taken goes on."""
        waiting = self.recv_messages
        if not waiting.paused and sum(len(frame.data) for frame in waiting.frames.queue) > _MOST_WAITING:
            waiting.paused = True
            waiting.pause()

    def _keep_pace(self) -> None:
        now = self.loop.time()
        self._free = self._free - 1 if now - self._last < _PACE else _FREE_READS
        self._last = now
        if self._free < 0 and not self.recv_messages.paused:
            self.transport.pause_reading()
            self._pause = self.loop.call_later(_PACE, self._read_on)

    def _read_on(self) -> None:
        self._last = self.loop.time()
        if not self.recv_messages.paused:
            self.transport.resume_reading()


class _Connect(connect):
    """Opens a connection without following redirects: the key must not travel to another address."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class Socket:
    """An open connection.

    Attributes:
        reused: it has carried an answer before.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.reused = False

    async def send(self, text: str) -> None:
        """Sends a message.

        Raises:
            ConnectionClosed: the connection is gone.
        """
        await self._connection.send(text)

    async def receive(self) -> bytes:
        """The next message, text or binary, as bytes; may be cancelled without losing one.

        Raises:
            ConnectionClosed: the connection is gone, and all messages before that were received.
        """
        return await self._connection.recv(decode=False)

    async def ready(self) -> bool:
        """Whether the connection still answers; drops the messages that an earlier answer left behind.

        What the server sent before it answered the ping is here when the answer is.
        """
        try:
            async with asyncio.timeout(ANSWER_PATIENCE):
                await (await self._connection.ping())
            return await self._drained()
        except (TimeoutError, ConnectionClosed):
            return False

    async def _drained(self) -> bool:
        """Drops what waits to be received; False where that is more than any server leaves behind."""
        for _ in range(_MOST_LEFT_OVER):
            try:
                async with asyncio.timeout(0):
                    await self.receive()
            except TimeoutError:
                return self._connection.state is State.OPEN
        return False

    async def abort(self) -> None:
        """Closes the TCP connection at once."""
        self._connection.transport.abort()
        await self._connection.wait_closed()

    async def close(self) -> None:
        """Closes in an orderly way, and at once where the server takes its time."""
        await self._connection.close()


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens sockets to one address; `make` makes one.

    Attributes:
        url: the address, with ws:// or wss://.
        limit: seconds until a connection must stand, handshake included; 0 for no limit.
        tls: what wss:// is secured with.
        reach: how far it may connect.
    """

    url: str
    limit: float
    tls: ssl.SSLContext | None
    reach: Reach = ANYWHERE

    @classmethod
    def make(cls, url: str, limit: float, reach: Reach = ANYWHERE) -> Opener:
        """Takes some 20 ms for wss://, where it reads the certificates that the system trusts."""
        return cls(url, limit, ssl.create_default_context() if url.lower().startswith("wss:") else None, reach)

    async def open(self, headers: Mapping[str, str]) -> Socket:
        """Opens a connection.

        Raises:
            ConfigError: the host's name is none, or a package for this kind of proxy is not installed.
            OfflineError: this address may not be connected to.
            Exception: one of `tui_stream.providers._ws_failures.ERRORS`.
        """
        address, _ = plain_address(self.url)
        return await self.reach.connect(address.hostname or "", lambda host: self._opened(headers, host))

    async def _opened(self, headers: Mapping[str, str], host: str) -> Socket:
        try:
            return Socket(await self._connection(headers, host))
        except ImportError as error:
            said = "A SOCKS proxy needs the package python-socks, which is not installed."
            raise ConfigError(said, hint="Run: pip install python-socks[asyncio]") from error
        except UnicodeError as error:
            said = "The host in the base URL is no name that a host can have."
            raise ConfigError(said, hint="Check base_url.") from error

    def _connection(self, headers: Mapping[str, str], host: str) -> _Connect:
        address, fields = plain_address(self.url)
        where: dict[str, Any] = {"host": host, "proxy": None} if self.reach.offline else {"proxy": proxy_for(address)}
        for name, value in headers.items():
            if name in fields:
                del fields[name]
            fields[name] = value
        return _Connect(
            address.geturl(),
            compression=None,
            additional_headers=fields,
            user_agent_header=_USER_AGENT,
            open_timeout=_http.connect_limit(self.limit),
            ping_interval=PING_INTERVAL,
            ping_timeout=None,
            close_timeout=CLOSE_PATIENCE,
            max_size=MAX_LINE,
            max_queue=_QUEUE,
            logger=_silence(),
            create_connection=_Connection,
            ssl=self.tls,
            **where,
        )


def plain_address(url: str) -> tuple[SplitResult, Headers]:
    """An address without user, password and fragment, and the header that user and password stand for."""
    parts = _http.split_url("http" + url.strip()[2:])
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    headers = Headers()
    if user or password:
        headers["Authorization"] = build_authorization_basic(user, password)
    address = parts._replace(
        scheme="wss" if parts.scheme == "https" else "ws",
        netloc=parts.netloc.rpartition("@")[2],
        path=quote(parts.path, safe=_URL_MARKS),
        query=quote(parts.query, safe=f"{_URL_MARKS}?"),
        fragment="",
    )
    return address, headers


def _silence() -> logging.Logger:
    """A logger that writes nothing: the library's own would log keys, and print warnings on the screen."""
    logger = logging.getLogger(f"{__name__}.library")
    logger.disabled = True
    return logger
