"""What the two APIs of OpenAI have in common: the SDK, the key, the headers, the list of models.

The SDK makes the requests; its streams of parsed objects are not used. Our own decoders read the bytes
instead: they cost an eighth, and see what the SDK passes over (a missing end marker, a web page in a 200, a
byte order mark).
"""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from tui_stream.config import OpenAISettings, Settings
from tui_stream.core.events import Event, Progress, ResponseStarted
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities
from tui_stream.errors import AuthenticationError, ConfigError, ProtocolError, ProviderError, TimedOutError
from tui_stream.providers import _http
from tui_stream.providers._failures import translate
from tui_stream.providers._keys import KeySource, find_key
from tui_stream.providers._openai_client import Sdk, load
from tui_stream.providers._openai_models import listed_models, window_of
from tui_stream.providers._pump import Dialect, pump
from tui_stream.providers._reach import Reach
from tui_stream.providers._secrets import Secrets
from tui_stream.providers._translate import Peer

if TYPE_CHECKING:
    import httpx2
    import openai
    from openai import AsyncAPIResponse

LIST_TIMEOUT = 30.0
"""Seconds that a list of models may take."""

_HOST = "api.openai.com"
_MODEL_PATIENCE = 1.5  # seconds that a server may take to say what models it has, before the first question


class Answer(Dialect, Protocol):
    """A dialect that knows whether a part of the answer has come."""

    @property
    def started(self) -> bool:
        """Whether one has."""


class SdkProvider(ABC):
    """Streams from one endpoint of an OpenAI-compatible server.

    Args:
        settings: all settings; nothing is imported or connected yet.
        table: the provider's own.
        environ: where the key is looked up.

    Attributes:
        fixed: fields of a request that the program alone sets.
        wishes: fields that are asked for unless the person sets them, and left out once a server refuses them.

    Raises:
        ConfigError: the base URL is no address.
    """

    name: ClassVar[str]
    fixed: ClassVar[tuple[str, ...]]
    wishes: ClassVar[Mapping[str, object]]

    def __init__(self, settings: Settings, table: OpenAISettings, environ: Mapping[str, str] | None = None) -> None:
        self._settings = table
        self._connect = settings.timeouts.connect
        self._reach = Reach(settings.offline)
        self._model = settings.model or table.model
        self._environ = os.environ if environ is None else environ
        self._official = _http.split_url(table.base_url).hostname == _HOST
        self._peer = _peer(self.name, table)
        self._lock = asyncio.Lock()
        self._sdk: Sdk | None = None
        self._key: str | None = None
        self._secrets = Secrets(table.base_url, table.headers)
        self._refused: set[str] = set()
        self._guessed = not self._official and not settings.model and self._model == type(table)().model

    @property
    def model(self) -> str:
        """The model used when a request names none."""
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; it is local where the base URL names this machine."""
        return Capabilities(local=_http.is_local(self._settings.base_url), reasoning=True)

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
        sdk = await self._ready()
        arguments = {**self._arguments(sdk, request, model), "extra_headers": self._headers(key)}
        dialect = self._dialect(request, model)
        with self._secrets.hidden():
            try:
                async with AsyncExitStack() as stack:
                    response = await self._open(stack, sdk, arguments)
                    yield ResponseStarted()
                    events = await stack.enter_async_context(aclosing(pump(response, dialect, self._peer)))
                    async for event in events:
                        yield event
            except sdk.errors as error:
                raise self._translated(error, model, started=dialect.started) from error

    async def models(self) -> Sequence[ModelInfo]:
        """The models that the server lists, by name.

        Raises:
            ProviderError: it cannot be asked.
        """
        key = await self._find_key()
        sdk = await self._ready()
        listing = sdk.client.models.with_streaming_response.list(extra_headers=self._headers(key))
        try:
            async with asyncio.timeout(LIST_TIMEOUT), listing as answer:
                body = await _http.read_some(answer.http_response, _http.MAX_ANSWER, LIST_TIMEOUT)
        except TimeoutError as error:
            raise TimedOutError(f"{self._peer.name} sent no list of models within {LIST_TIMEOUT:g} s.") from error
        except sdk.errors as error:
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

    @abstractmethod
    def _resource(self, client: openai.AsyncOpenAI) -> Any:
        """The part of the client whose ``create`` sends the request."""

    @abstractmethod
    def _payload(self, request: ChatRequest) -> Mapping[str, object]:
        """The conversation, as fields of the body."""

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
        async with self._lock:
            if self._sdk is None:
                make = partial(_http.make_client, self._connect, reach=self._reach)
                self._sdk = await asyncio.to_thread(load, self._settings.base_url, make, self._resource, self.fixed)
            return self._sdk

    def _headers(self, key: str) -> dict[str, str | openai.Omit]:
        """The headers of a request besides the SDK's own; without a key no Authorization header is sent."""
        import openai

        headers: dict[str, str | openai.Omit] = {"authorization": f"Bearer {key}" if key else openai.omit}
        if not self._official:  # the environment's organisation and project are OpenAI's business alone
            headers |= {"openai-organization": openai.omit, "openai-project": openai.omit}
        return headers | {name.lower(): value for name, value in _http.checked_headers(self._settings.headers).items()}

    def _arguments(self, sdk: Sdk, request: ChatRequest, model: str) -> dict[str, Any]:
        """What the SDK's ``create`` is called with: parameters it knows by name, all others in the body."""
        for name in self.fixed:
            if name in request.options or name in self._settings.body:
                raise ConfigError(f"The option {name!r} cannot be set this way.", hint="It is the program's to choose.")
        known = {name: value for name, value in request.options.items() if name in sdk.parameters}
        unknown = {name: value for name, value in request.options.items() if name not in sdk.parameters}
        wishes = {name: value for name, value in self.wishes.items() if name not in self._refused and name not in known}
        payload = self._payload(request)
        body = {**payload, **wishes, **unknown, **self._settings.body}
        # As a parameter, each message of the conversation would be compared with the SDK's types: 0.2 to 0.4 ms.
        return {**known, **dict.fromkeys(payload, ()), "model": model, "stream": True, "extra_body": body}

    async def _open(self, stack: AsyncExitStack, sdk: Sdk, arguments: dict[str, Any]) -> httpx2.Response:
        """Sends the request; once more without the wish that the server refuses, if it refuses one."""
        create = sdk.resource.with_streaming_response.create
        answer: AsyncAPIResponse[object]
        try:
            answer = await stack.enter_async_context(create(**arguments))
        except _http.RefusedResponse as refused:
            body = arguments["extra_body"]
            name = next((name for name in self.wishes if name in body and self._unknown(name, refused)), None)
            if name is None:
                raise
            del body[name]
            self._refused.add(name)
        else:
            return answer.http_response
        answer = await stack.enter_async_context(create(**arguments))
        return answer.http_response

    def _translated(self, error: Exception, model: str, *, started: bool = False) -> ProviderError:
        failure = translate(error, self._peer, model=model, started=started, connect=self._connect)
        if isinstance(failure, AuthenticationError):
            self._key = None  # a command may print another one next time
        return failure


def _peer(name: str, settings: OpenAISettings) -> Peer:
    url = _http.shown_url(settings.base_url)
    source = KeySource.of(settings).named or "the setting api_key_command"
    return Peer(
        name=url.partition("://")[2].partition("/")[0],
        url=url,
        down="Check that the server is running and that base_url is right.",
        key=f"Check the key in {source}.",
        model=f"Run: tui-stream models --provider {name} --base-url {url}",
    )
