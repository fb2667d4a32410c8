"""A chat server on a WebSocket.

A question is sent as ``{"messages": [...]}``; see `tui_stream.providers._ws_messages` for what comes back. The socket
stays open for the next question. An answer that nobody wants any more is cancelled on it, and where the server does
not confirm that at once, the connection is closed instead. While an answer streams, a note can be sent along.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from tui_stream.config import Settings, WebSocketSettings
from tui_stream.core.events import Event, Progress, ResponseStarted
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities
from tui_stream.errors import AuthenticationError, ConfigError, RequestError, TuiStreamError
from tui_stream.providers import _http
from tui_stream.providers._keys import KeySource, find_key
from tui_stream.providers._reach import Reach
from tui_stream.providers._secrets import Secrets
from tui_stream.providers._translate import Peer
from tui_stream.providers._ws_messages import WsMessages

if TYPE_CHECKING:
    from tui_stream.providers._ws_client import Opener, Socket
    from tui_stream.providers._ws_exchange import Exchange

_HINT = 'Set base_url to something like "ws://127.0.0.1:3000/".'
_FIXED = ("messages", "model")


@dataclass(frozen=True, slots=True)
class _Library:
    """What takes time to import and make: the modules that stand on the WebSocket library."""

    opener: Opener
    exchange: ModuleType
    failures: ModuleType
    errors: tuple[type[Exception], ...]


class WebSocketProvider:
    """Streams from one chat server.

    Args:
        settings: all settings; nothing is imported or connected yet.
        environ: where the key is looked up.

    Raises:
        ConfigError: the base URL is no ws or wss address.
    """

    name = "websocket"

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        self._settings: WebSocketSettings = settings.providers.websocket
        self._connect = settings.timeouts.connect
        self._reach = Reach(settings.offline)
        self._model = settings.model or self._settings.model
        self._environ = os.environ if environ is None else environ
        self._url = self._settings.base_url.strip()
        self._local = _http.is_local(_as_http(self._url))
        self._peer = _peer(self._settings)
        self._lock = asyncio.Lock()
        self._library: _Library | None = None
        self._key: str | None = None
        self._secrets = Secrets(self._url, self._settings.headers)
        self._idle: Socket | None = None
        self._active: list[Exchange] = []
        self._confirms = True
        self._closed = False

    @property
    def model(self) -> str:
        """The model used when a request names none; empty where that is left to the server."""
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; it is local where the base URL names this machine."""
        return Capabilities(local=self._local, reasoning=True, context=True)

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Imports the library in a thread; there is nothing to report."""
        await self._ready()
        nothing: tuple[Progress, ...] = ()
        for step in nothing:
            yield step

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Asks for an answer and yields it as it comes; see `tui_stream.core.provider.Provider`.

        Raises:
            ConfigError: an option or a header cannot be sent, or the environment's proxy cannot be used.
            ProviderError: everything else that can go wrong.
        """
        model = request.model or self._model
        body = _body(request, model, self._settings.body)
        key = await self._find_key()
        headers = _headers(key, self._settings.headers)
        library = await self._ready()
        messages = WsMessages(self._peer, model, secret=key)
        question = library.exchange.encoded(body)
        exchange: Exchange = library.exchange.Exchange(library.opener, headers, question, messages, self._peer)
        with self._secrets.hidden():
            try:
                async with aclosing(self._answer(exchange)) as events:
                    async for event in events:
                        yield event
            except library.errors as error:
                raise self._translated(library, error, messages, model) from error

    async def models(self) -> Sequence[ModelInfo]:
        """The model of the settings; a server on a WebSocket lists none.

        Raises:
            RequestError: the settings name none.
        """
        if self._model:
            return [ModelInfo(self._model, detail="named in the settings; the server lists none")]
        raise RequestError(
            f"A chat server such as {self._peer.url} lists no models: it answers with its own.",
            hint="Name one with --model where the server lets one choose.",
        )

    async def reach(self) -> None:
        """Opens a socket and closes it again, which starts no answer.

        Raises:
            ProviderError: nothing answers, or what answers opens none.
        """
        headers = _headers(await self._find_key(), self._settings.headers)
        library = await self._ready()
        try:
            socket = await library.opener.open(headers)
        except library.errors as error:
            with self._secrets.hidden():
                raise self._translated(library, error, WsMessages(self._peer), "") from error
        await socket.close()

    async def add_context(self, text: str) -> bool:
        """Sends a note on the socket of the answer that streams; see `tui_stream.core.provider.TakesContext`."""
        under_way = [exchange for exchange in self._active if exchange.under_way]
        return len(under_way) == 1 and await under_way[0].add(text)

    async def aclose(self) -> None:
        """Closes the connections."""
        self._closed = True
        idle, self._idle = self._idle, None
        for exchange in tuple(self._active):
            if exchange.socket is not None:
                await exchange.socket.abort()
        if idle is not None:
            await idle.close()

    async def _answer(self, exchange: Exchange) -> AsyncGenerator[Event, None]:
        """Sends the question and yields what comes back; sees to the socket, whatever happens."""
        self._active.append(exchange)
        try:
            idle, self._idle = self._idle, None
            await exchange.ask(idle)
            yield ResponseStarted()
            async with aclosing(exchange.events()) as events:
                async for event in events:
                    yield event
        except (asyncio.CancelledError, GeneratorExit):
            self._confirms = self._confirms and await exchange.stop()
            raise
        finally:
            self._active.remove(exchange)
            await self._release(exchange)

    async def _release(self, exchange: Exchange) -> None:
        """Keeps one socket for the next question; one that cannot be used again is closed at once."""
        if exchange.socket is None:
            return
        if exchange.reusable and self._idle is None and not self._closed:
            self._idle = exchange.socket
        else:
            await exchange.socket.abort()

    async def _ready(self) -> _Library:
        self._reach.check_url(self._url)
        async with self._lock:
            if self._library is None:
                self._library = await asyncio.to_thread(self._load)
            return self._library

    def _load(self) -> _Library:
        exchange = importlib.import_module("tui_stream.providers._ws_exchange")
        failures = importlib.import_module("tui_stream.providers._ws_failures")
        return _Library(
            exchange.Opener.make(self._url, self._connect, self._reach), exchange, failures, failures.ERRORS
        )

    async def _find_key(self) -> str:
        self._reach.check_url(self._url)  # the command for the key might connect too
        async with self._lock:
            if self._key is None:
                self._key = await find_key(KeySource.of(self._settings), self._environ)
                self._secrets.learn(self._key)
            return self._key

    def _translated(self, library: _Library, error: Exception, messages: WsMessages, model: str) -> TuiStreamError:
        failure: TuiStreamError = library.failures.translated(
            error,
            self._peer,
            model=model,
            started=messages.started,
            connect=self._connect,
            secret=self._key or "",
        )
        if isinstance(failure, AuthenticationError):
            self._key = None  # a command may print another one next time
        return failure


def create(settings: Settings) -> WebSocketProvider:
    """The provider ``websocket``.

    Raises:
        ConfigError: the base URL is no ws or wss address.
    """
    return WebSocketProvider(settings)


def _as_http(url: str) -> str:
    """The address of the handshake, which is an HTTP request.

    Raises:
        ConfigError: the URL is no ws or wss address.
    """
    if not url.lower().startswith(("ws://", "wss://")):
        raise ConfigError(f"The base URL {_http.bare_url(url)!r} is not a ws or wss address.", hint=_HINT)
    return f"http{url[2:]}"


def _peer(settings: WebSocketSettings) -> Peer:
    shown = _http.shown_url(_as_http(settings.base_url.strip()))
    given = KeySource.of(settings).named
    return Peer(
        name=shown.partition("://")[2].partition("/")[0],
        url=f"ws{shown[4:]}",
        down="Check that the server is running and that base_url is right.",
        key=f"Check the key in {given}." if given else "Set providers.websocket.api_key_env to the variable of a key.",
        model="Set providers.websocket.model, or --model, to one that the server has.",
    )


def _headers(key: str, own: Mapping[str, str]) -> dict[str, str]:
    """The headers of the handshake besides the library's; one of the settings goes before the key.

    Raises:
        ConfigError: one of the settings is no header.
    """
    _http.checked_headers(own)
    given = any(name.lower() == "authorization" for name in own)
    return {**({"Authorization": f"Bearer {key}"} if key and not given else {}), **own}


def _body(request: ChatRequest, model: str, extra: Mapping[str, object]) -> dict[str, object]:
    """What is sent to ask: the conversation, the model where one is named, options and the settings' own fields.

    Raises:
        ConfigError: the settings name what is the program's to choose.
    """
    for name in _FIXED:
        if name in request.options or name in extra:
            raise ConfigError(f"The option {name!r} cannot be set this way.", hint="It is the program's to choose.")
    messages = [{"role": str(message.role), "content": message.content} for message in request.messages]
    return {"messages": messages, **({"model": model} if model else {}), **request.options, **extra}
