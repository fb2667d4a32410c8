"""What the providers for chat endpoints of web applications have in common: the address is the endpoint itself.

There is no SDK for such an endpoint. The client is `tui_stream.providers._http`'s, so that no redirect is followed
and no key travels to another host.
"""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from tui_stream.config import EndpointSettings, Settings
from tui_stream.core.events import Event, Progress, ResponseStarted
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities
from tui_stream.errors import AuthenticationError, ConfigError, ProviderError, RequestError
from tui_stream.providers import _http
from tui_stream.providers._failures import translate
from tui_stream.providers._keys import KeySource, find_key
from tui_stream.providers._pump import Dialect, pump
from tui_stream.providers._reach import Reach
from tui_stream.providers._secrets import Secrets
from tui_stream.providers._translate import Peer

if TYPE_CHECKING:
    import httpx2

_FIXED = ("model", "messages")


@runtime_checkable
class Reachable(Protocol):
    """A provider that can be looked for without asking a model anything."""

    async def reach(self) -> None:
        """Returns where something answers at the provider's address.

        Raises:
            ProviderError: nothing does.
        """


class AnswerDialect(Dialect, Protocol):
    """A dialect that knows whether a part of the answer has come."""

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What takes time to import and make."""

    client: httpx2.AsyncClient
    errors: tuple[type[Exception], ...]


class EndpointProvider(ABC):
    """Streams from one endpoint; a subclass says what is sent and how the answer is read.

    Args:
        settings: all settings; nothing is imported or connected yet.
        table: those of this provider.
        environ: where the key is looked up.

    Raises:
        ConfigError: the base URL is no address.
    """

    name: ClassVar[str]
    accept: ClassVar[str] = "*/*"

    def __init__(self, settings: Settings, table: EndpointSettings, environ: Mapping[str, str] | None = None) -> None:
        self._settings = table
        self._url = table.base_url.strip()
        self._connect = settings.timeouts.connect
        self._reach = Reach(settings.offline)
        self._model = settings.model or table.model
        self._environ = os.environ if environ is None else environ
        self._peer = _peer(table)
        self._lock = asyncio.Lock()
        self._loaded: _Loaded | None = None
        self._key: str | None = None
        self._secrets = Secrets(self._url, table.headers)

    @property
    def model(self) -> str:
        """The model used when a request names none; empty leaves it to the endpoint."""
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; it is local where the base URL names this machine."""
        return Capabilities(local=_http.is_local(self._url), reasoning=True)

    @abstractmethod
    def body(self, request: ChatRequest) -> dict[str, object]:
        """What is sent besides the model, the options and the settings' own fields."""

    @abstractmethod
    def dialect(self, headers: Mapping[str, str], peer: Peer, model: str, /) -> AnswerDialect:
        """How a response with these headers is read."""

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Makes the client, in a thread; there is nothing to report."""
        await self._ready()
        nothing: tuple[Progress, ...] = ()
        for step in nothing:
            yield step

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Asks for an answer and yields it as it comes; see `tui_stream.core.provider.Provider`.

        Raises:
            ConfigError: an option or a field of the body is the program's own.
            ProviderError: everything else that can go wrong.
        """
        model = request.model or self._model
        body = self._whole_body(request, model)
        headers = await self._headers()
        loaded = await self._ready()
        dialect: AnswerDialect | None = None
        with self._secrets.hidden():
            try:
                async with AsyncExitStack() as stack:
                    asked = loaded.client.stream("POST", self._url, json=body, headers=headers)
                    response = await stack.enter_async_context(asked)
                    dialect = self.dialect(dict(response.headers), self._peer, model)
                    yield ResponseStarted()
                    events = await stack.enter_async_context(aclosing(pump(response, dialect, self._peer)))
                    async for event in events:
                        yield event
            except loaded.errors as error:
                raise self._translated(error, model, started=dialect is not None and dialect.started) from error

    async def models(self) -> Sequence[ModelInfo]:
        """The model of the settings; an endpoint lists none.

        Raises:
            RequestError: the settings name none.
        """
        if self._model:
            return [ModelInfo(self._model, detail="named in the settings; the endpoint lists none")]
        raise RequestError(
            f"A chat endpoint such as {self._peer.url} lists no models: it answers with its own.",
            hint="Where the endpoint lets one choose, name a model with --model in chat and pipe.",
        )

    async def reach(self) -> None:
        """Asks for the endpoint's options, which starts no answer; whatever HTTP response there is will do.

        Raises:
            ProviderError: nothing answers.
        """
        loaded = await self._ready()
        try:
            async with loaded.client.stream("OPTIONS", self._url):
                return
        except _http.RefusedResponse:
            return
        except loaded.errors as error:
            with self._secrets.hidden():
                raise self._translated(error, "", started=False) from error

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._loaded is not None:
            await self._loaded.client.aclose()

    async def _ready(self) -> _Loaded:
        self._reach.check_url(self._url)
        async with self._lock:
            if self._loaded is None:
                self._loaded = await asyncio.to_thread(self._load)
            return self._loaded

    def _load(self) -> _Loaded:
        return _Loaded(_http.make_client(self._connect, url=self._url, reach=self._reach), _http.failures())

    async def _headers(self) -> dict[str, str]:
        """The headers of a request; those of the settings go before ours."""
        self._reach.check_url(self._url)  # the command for the key might connect too
        async with self._lock:
            if self._key is None:
                self._key = await find_key(KeySource.of(self._settings), self._environ)
                self._secrets.learn(self._key)
            key = {"authorization": f"Bearer {self._key}"} if self._key else {}
        own = {name.lower(): value for name, value in _http.checked_headers(self._settings.headers).items()}
        return {"accept": self.accept, **key, **own}

    def _whole_body(self, request: ChatRequest, model: str) -> dict[str, object]:
        for name in _FIXED:
            if name in request.options or name in self._settings.body:
                raise ConfigError(f"The option {name!r} cannot be set this way.", hint="It is the program's to choose.")
        named = {"model": model} if model else {}
        return {**self.body(request), **named, **request.options, **self._settings.body}

    def _translated(self, error: Exception, model: str, *, started: bool) -> ProviderError:
        failure = translate(error, self._peer, model=model, started=started, connect=self._connect)
        if isinstance(failure, AuthenticationError):
            self._key = None  # a command may print another one next time
        return failure


def _peer(table: EndpointSettings) -> Peer:
    url = _http.shown_url(table.base_url)
    source = KeySource.of(table).named
    return Peer(
        name=url.partition("://")[2].partition("/")[0],
        url=url,
        down="Check that the server is running and that base_url is right.",
        key=f"Check the key in {source}."
        if source
        else "If it asks for a key, set api_key_env, api_key_command or api_key_keyring.",
        model="Check the name of the model in --model or the settings.",
    )
