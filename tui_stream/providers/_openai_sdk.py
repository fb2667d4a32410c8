"""What the two APIs of OpenAI have in common: the SDK, the key, the headers, the list of models.

The SDK makes the requests where it is loaded (see `tui_stream.providers._openai_senders`); its streams of parsed
objects are not used. Our own decoders read the bytes instead: they cost an eighth, and see what the SDK passes over (a
missing end marker, a web page in a 200, a byte order mark).
"""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from typing import TYPE_CHECKING, Any, ClassVar

from tui_stream.config import OpenAISettings, Settings
from tui_stream.core.events import Event, Progress, ResponseStarted
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities
from tui_stream.core.wanted import in_words
from tui_stream.errors import AuthenticationError, ConfigError, ProtocolError, ProviderError, TimedOutError
from tui_stream.providers import _http
from tui_stream.providers._failures import translate
from tui_stream.providers._keys import KeySource, find_key
from tui_stream.providers._openai_models import listed_models, window_of
from tui_stream.providers._openai_parts import OFFICIAL, Answer, peer_of
from tui_stream.providers._openai_senders import Direct, Sdk, Sender, direct, load
from tui_stream.providers._pump import pump
from tui_stream.providers._reach import Reach
from tui_stream.providers._secrets import Secrets

if TYPE_CHECKING:
    import httpx2
    import openai

LIST_TIMEOUT = 30.0
"""Seconds that a list of models may take."""

_MODEL_PATIENCE = 1.5  # seconds that a server may take to say what models it has, before the first question


class SdkProvider(ABC):
    """Streams from one endpoint of an OpenAI-compatible server.

    Args:
        settings: all settings; nothing is imported or connected yet.
        table: the provider's own.
        environ: where the key is looked up.

    Attributes:
        path: of the resource, under the base URL.
        required: fields that the SDK wants to be given.
        fixed: fields of a request that the program alone sets.
        wishes: fields that are asked for unless the person sets them, and left out once a server refuses them.

    Raises:
        ConfigError: the base URL is no address.
    """

    name: ClassVar[str]
    path: ClassVar[str]
    required: ClassVar[tuple[str, ...]]
    fixed: ClassVar[tuple[str, ...]]
    wishes: ClassVar[Mapping[str, object]]

    def __init__(self, settings: Settings, table: OpenAISettings, environ: Mapping[str, str] | None = None) -> None:
        self._settings = table
        self._connect = settings.timeouts.connect
        self._reach = Reach(settings.offline)
        self._model = settings.model or table.model
        self._environ = os.environ if environ is None else environ
        self._official = _http.split_url(table.base_url).hostname == OFFICIAL
        self._peer = peer_of(self.name, table)
        self._root, self._query = _http.split_query(table.base_url)  # paths do not go behind the query
        self._lock = asyncio.Lock()
        self._loads = False
        self._client: httpx2.AsyncClient | None = None
        self._sdk: Sdk | None = None
        self._direct: Direct | None = None
        self._key: str | None = None
        self._secrets = Secrets(table.base_url, table.headers)
        self._refused: set[str] = set()
        self._refuses_schemas = False
        self._guessed = not self._official and not settings.model and self._model == type(table)().model

    @property
    def model(self) -> str:
        """The model used when a request names none."""
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; it is local where the base URL names this machine."""
        local = _http.is_local(self._settings.base_url)
        return Capabilities(local=local, reasoning=True, images=True, schemas=True)

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Imports the SDK, which takes most of a second, in a thread; there is nothing to report."""
        await self._ready()
        await self._settle_model()
        nothing: tuple[Progress, ...] = ()
        for step in nothing:
            yield step

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Asks for an answer and yields it as it comes; see `tui_stream.core.provider.Provider`.

        Raises:
            AuthenticationError: no key where one is needed, before any connection, or a key that is refused.
            ProviderError: everything else that can go wrong.
        """
        model = request.model or self._model
        key = await self._find_key()
        body = self._body(in_words(request) if self._refuses_schemas else request, model)
        sender = await self._sender()
        headers = self._headers(key)
        dialect = self._dialect(request, model)
        with self._secrets.hidden():
            try:
                async with AsyncExitStack() as stack:
                    response = await self._open(stack, sender, request, body, headers)
                    yield ResponseStarted()
                    events = await stack.enter_async_context(aclosing(pump(response, dialect, self._peer)))
                    async for event in events:
                        yield event
            except sender.errors as error:
                raise self._translated(error, model, started=dialect.started) from error

    async def models(self) -> Sequence[ModelInfo]:
        """The models that the server lists, by name.

        Raises:
            ProviderError: it cannot be asked.
        """
        key = await self._find_key()
        sender = await self._sender()
        try:
            async with asyncio.timeout(LIST_TIMEOUT), sender.list(self._headers(key)) as answer:
                body = await _http.read_some(answer, _http.MAX_ANSWER, LIST_TIMEOUT)
        except TimeoutError as error:
            raise TimedOutError(f"{self._peer.name} sent no list of models within {LIST_TIMEOUT:g} s.") from error
        except sender.errors as error:
            with self._secrets.hidden():
                raise self._translated(error, "") from error
        models = listed_models(body)
        if models is None:
            raise ProtocolError(
                f"{self._peer.name} sent no list of models.", hint=f"Check the base URL {self._peer.url}."
            )
        return models

    async def window(self, model: str, options: Mapping[str, object]) -> int | None:
        """The context window that the server's list of models tells; OpenAI's own list tells none.

        Raises:
            ProviderError: it cannot be asked.
        """
        del options
        if self._official:
            return None
        return window_of(await self.models(), model or self._model)

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._sdk is not None:
            await self._sdk.client.close()
        elif self._client is not None:
            await self._client.aclose()

    @abstractmethod
    def _resource(self, client: openai.AsyncOpenAI) -> Any:
        """The part of the client whose ``create`` sends the request."""

    @abstractmethod
    def _payload(self, request: ChatRequest) -> Mapping[str, object]:
        """The conversation, as fields of the body."""

    @abstractmethod
    def _format(self, schema: Mapping[str, object]) -> Mapping[str, object]:
        """What asks for an answer that is valid by a JSON Schema, as a field of the body."""

    @abstractmethod
    def _dialect(self, request: ChatRequest, model: str) -> Answer:
        """What reads the answer to a request."""

    def _unknown(self, name: str, refused: _http.RefusedResponse) -> bool:
        """Whether a server refused the request because it does not know this field."""
        return name.encode() in refused.body

    async def _settle_model(self) -> None:
        """Where nobody named a model for somebody else's server, takes the first one that it lists at once."""
        if self._guessed:
            with suppress(ProviderError, TimeoutError):
                async with asyncio.timeout(_MODEL_PATIENCE):
                    offered = await self.models()
                self._guessed = False
                self._model = offered[0].name if offered else self._model

    async def _find_key(self) -> str:
        """The key, or an empty string where none is needed.

        Raises:
            AuthenticationError: OpenAI's own API is asked without one.
            OfflineError: it would be of no use.
        """
        self._reach.check_url(self._settings.base_url)
        async with self._lock:
            if self._key is None:
                self._key = await find_key(KeySource.of(self._settings), self._environ)
                self._secrets.learn(self._key)
        given = any(name.lower() == "authorization" for name in self._settings.headers)
        if not self._key and self._official and not given:
            self._key = None
            variable = self._settings.api_key_env or "OPENAI_API_KEY"
            raise AuthenticationError(
                "No key for OpenAI was found.",
                hint=f"Run: export {variable}=... (or set api_key_env or api_key_command in the settings),"
                " or go without a key: --provider embedded, --provider ollama.",
            )
        return self._key or ""

    async def _ready(self) -> Sdk:
        self._reach.check_url(self._settings.base_url)
        self._loads = True
        try:
            async with self._lock:
                if self._sdk is None:
                    self._sdk = await asyncio.to_thread(
                        load, self._make_client, self._root, self._resource, self.required
                    )
                return self._sdk
        finally:
            self._loads = False

    async def _sender(self) -> Sender:
        """The SDK where it is loaded, or about to be; else what is ready sooner."""
        self._reach.check_url(self._settings.base_url)
        if self._sdk is not None or self._loads:
            return await self._ready()
        async with self._lock:
            if self._direct is None:
                self._direct = await asyncio.to_thread(direct, self._make_client, self._root, self.path, self._environ)
            return self._direct

    def _make_client(self) -> httpx2.AsyncClient:
        """The client of both ways."""
        if self._client is None:
            url, query = self._root, self._query
            self._client = _http.make_client(self._connect, url=url, reach=self._reach, query=query)
        return self._client

    def _headers(self, key: str) -> dict[str, str]:
        """The headers of a request besides the usual ones; an empty one is not sent, even if it is usual."""
        headers = {"authorization": f"Bearer {key}" if key else ""}
        if not self._official:  # the environment's organisation and project are OpenAI's business alone
            headers |= {"openai-organization": "", "openai-project": ""}
        return headers | {name.lower(): value for name, value in _http.checked_headers(self._settings.headers).items()}

    def _body(self, request: ChatRequest, model: str) -> dict[str, Any]:
        """What is sent: the person's options go before the program's wishes, the settings' fields before both."""
        for name in self.fixed:
            if name in request.options or name in self._settings.body:
                raise ConfigError(f"The option {name!r} cannot be set this way.", hint="It is the program's to choose.")
        wishes = {name: value for name, value in self.wishes.items() if name not in self._refused}
        wanted = {} if request.schema is None else self._format(request.schema)
        own = {"model": model, **self._payload(request), "stream": True}
        return {**own, **wishes, **wanted, **request.options, **self._settings.body}

    async def _open(
        self, stack: AsyncExitStack, sender: Sender, request: ChatRequest, body: dict[str, Any], headers: dict[str, str]
    ) -> httpx2.Response:
        """Sends the request; once more without the wish that the server refuses, if it refuses one."""
        try:
            return await stack.enter_async_context(sender.create(body, headers))
        except _http.RefusedResponse as refused:
            wanted = () if request.schema is None else tuple(self._format(request.schema))
            wishes = (*self.wishes, *wanted)
            name = next((name for name in wishes if name in body and self._unknown(name, refused)), None)
            if name is None:
                raise
            del body[name]
            if name in wanted:
                self._refuses_schemas = True
                body |= self._payload(in_words(request))
            else:
                self._refused.add(name)
        return await stack.enter_async_context(sender.create(body, headers))

    def _translated(self, error: Exception, model: str, *, started: bool = False) -> ProviderError:
        failure = translate(error, self._peer, model=model, started=started, connect=self._connect)
        if isinstance(failure, AuthenticationError):
            self._key = None  # a command may print another one next time
        return failure
