"""A running Ollama.

Answers are read from ``/api/chat`` by our own decoder: the SDK's loop has no limit on silence and stumbles
over a blank line and over U+2028. The SDK is used for what it does well: listing, showing and pulling models.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui_stream.config import OllamaSettings, Settings
from tui_stream.core.events import Event, Progress, ResponseStarted
from tui_stream.core.models import ChatMessage, ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities
from tui_stream.errors import ProviderError, RequestError
from tui_stream.providers import _http
from tui_stream.providers._failures import translate
from tui_stream.providers._keys import checked_key
from tui_stream.providers._ollama_probe import running
from tui_stream.providers._ollama_sdk import ModelDetails, OllamaModels
from tui_stream.providers._ollama_stream import OllamaStream
from tui_stream.providers._pump import pump
from tui_stream.providers._reach import Reach
from tui_stream.providers._secrets import Secrets
from tui_stream.providers._translate import Peer

if TYPE_CHECKING:
    import httpx2

__all__ = ["OllamaProvider", "create", "running"]

_TOP_LEVEL = frozenset({"format", "keep_alive", "logprobs", "think", "tools", "top_logprobs"})
"""Options that stand beside ``options`` in a request, not in it."""

_THINK: dict[str, bool | str] = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What takes time to import and make."""

    client: httpx2.AsyncClient
    models: OllamaModels
    errors: tuple[type[Exception], ...]


class OllamaProvider:
    """Streams from one Ollama.

    Args:
        settings: all settings; nothing is imported or connected yet.
        environ: where ``OLLAMA_API_KEY`` is looked up, which hosted Ollamas ask for.

    Raises:
        AuthenticationError: what the variable holds cannot be a key.
        ConfigError: the base URL is no address.
    """

    name = "ollama"

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        key = (os.environ if environ is None else environ).get("OLLAMA_API_KEY", "").strip()
        key = checked_key(key, "The environment variable OLLAMA_API_KEY")
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        self._settings: OllamaSettings = settings.providers.ollama
        self._connect = settings.timeouts.connect
        self._reach = Reach(settings.offline)
        self._model = settings.model or self._settings.model
        self._url, self._query = _http.split_query(self._settings.base_url)
        self._peer = Peer(
            name="Ollama",
            url=_http.shown_url(self._url),
            down="Start it with: ollama serve (or set providers.ollama.base_url).",
            key="Check OLLAMA_API_KEY, or providers.ollama.base_url: an Ollama of one's own asks for no key.",
            model="Run: tui-stream models --provider ollama",
        )
        self._lock = asyncio.Lock()
        self._loaded: _Loaded | None = None
        self._secrets = Secrets(self._settings.base_url, key=key)

    @property
    def model(self) -> str:
        """The model used when a request names none; empty until Ollama was asked which it has."""
        return self._model

    @property
    def capabilities(self) -> Capabilities:
        """What it can do; it is local where the base URL names this machine."""
        return Capabilities(local=_http.is_local(self._url), reasoning=True, images=True, schemas=True)

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Imports the SDK in a thread, and asks for the default model where none is set.

        Raises:
            ModelNotFoundError: no model is set and none is installed.
            ProviderError: no model is set and Ollama cannot be asked.
        """
        await self._find_model()
        nothing: tuple[Progress, ...] = ()
        for step in nothing:
            yield step

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Asks for an answer and yields it as it comes; see `tui_stream.core.provider.Provider`.

        Raises:
            ModelNotFoundError: the model is not installed, or none is.
            RequestError: the model cannot think as it is told to, or another option does not fit.
            ProviderError: everything else that can go wrong.
        """
        loaded = await self._ready()
        model = request.model or await self._find_model()
        peer = self._peer_for(model)
        dialect = OllamaStream(peer, model)
        with self._secrets.hidden():
            try:
                async with AsyncExitStack() as stack:
                    response = await stack.enter_async_context(self._request(loaded.client, request, model))
                    yield ResponseStarted()
                    events = await stack.enter_async_context(aclosing(pump(response, dialect, peer)))
                    async for event in events:
                        yield event
            except loaded.errors as error:
                raise self._translated(error, peer, model, started=dialect.started) from error

    async def models(self) -> Sequence[ModelInfo]:
        """The installed models, the one changed last first.

        Raises:
            ProviderError: Ollama cannot be asked.
        """
        with self._secrets.hidden():
            return await (await self._ready()).models.installed()

    async def show(self, name: str) -> ModelDetails:
        """What Ollama knows about one model.

        Raises:
            ModelNotFoundError: it is not installed.
            ProviderError: Ollama cannot be asked.
        """
        with self._secrets.hidden():
            return await (await self._ready()).models.show(name)

    async def window(self, model: str, options: Mapping[str, object]) -> int | None:
        """The tokens that a request to a model may hold: what it says itself, what runs, or what the model is set to.

        None where Ollama decides when it loads the model.

        Raises:
            ProviderError: Ollama cannot be asked.
        """
        asked = options.get("num_ctx")
        if isinstance(asked, int) and asked > 0:
            return asked
        return await (await self._ready()).models.window(model or await self._find_model())

    async def pull(self, name: str) -> AsyncGenerator[Progress, None]:
        """Fetches a model; closing the generator stops it, and a later call goes on where it stopped.

        Raises:
            ModelNotFoundError: the library does not have it.
            ConnectionFailedError: Ollama, or the library, cannot be reached.
            ProviderError: anything else.
        """
        loaded = await self._ready()
        with self._secrets.hidden():
            async with aclosing(loaded.models.pull(name)) as steps:
                async for step in steps:
                    yield step

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._loaded is not None:
            await self._loaded.client.aclose()
            await self._loaded.models.aclose()

    async def _ready(self) -> _Loaded:
        self._reach.check_url(self._url)
        async with self._lock:
            if self._loaded is None:
                self._loaded = await asyncio.to_thread(self._load)
            return self._loaded

    def _load(self) -> _Loaded:
        models = OllamaModels(self._url, self._connect, self._peer, self._headers, self._reach, self._query)
        client = _http.make_client(self._connect, url=self._url, reach=self._reach, query=self._query)
        return _Loaded(client, models, _http.failures())

    async def _find_model(self) -> str:
        """The model to use when a request names none; Ollama is asked once."""
        loaded = await self._ready()
        if not self._model:
            with self._secrets.hidden():
                self._model = await loaded.models.default()
        return self._model

    def _peer_for(self, model: str) -> Peer:
        """Whom errors about a request for this model name."""
        return replace(self._peer, model=f"Run: ollama pull {model}")

    def _request(
        self, client: httpx2.AsyncClient, request: ChatRequest, model: str
    ) -> AbstractAsyncContextManager[httpx2.Response]:
        return client.stream("POST", f"{self._url}/api/chat", json=self._body(request, model), headers=self._headers)

    def _body(self, request: ChatRequest, model: str) -> dict[str, object]:
        """The request; what is not set is left out, and so left to Ollama."""
        body: dict[str, object] = {
            "model": model,
            "messages": [_message(message) for message in request.messages],
            "stream": True,
        }
        if request.schema is not None:
            body["format"] = request.schema
        if self._settings.think != "auto":
            body["think"] = _THINK.get(self._settings.think, self._settings.think)
        if self._settings.keep_alive:
            body["keep_alive"] = _keep_alive(self._settings.keep_alive)
        body |= {name: value for name, value in request.options.items() if name in _TOP_LEVEL}
        options = {name: value for name, value in request.options.items() if name not in _TOP_LEVEL}
        return body | {"options": options} if options else body

    def _translated(self, error: Exception, peer: Peer, model: str, *, started: bool) -> ProviderError:
        failure = translate(error, peer, model=model, started=started, connect=self._connect)
        if isinstance(failure, RequestError) and "does not support thinking" in failure.message:
            return RequestError(
                f"The model {model} does not support thinking.",
                hint='Set think = "auto" (or "off") for Ollama, or choose a model that thinks.',
            )
        return failure


def _message(message: ChatMessage) -> dict[str, object]:
    pictures = {"images": [image.base64 for image in message.images]} if message.images else {}
    return {"role": str(message.role), "content": message.content, **pictures}


def create(settings: Settings) -> OllamaProvider:
    """The provider ``ollama``.

    Raises:
        ConfigError: the base URL is no address.
    """
    return OllamaProvider(settings)


def _keep_alive(value: str) -> str | int:
    """A duration as Ollama takes it: "10m", or a number of seconds, which must be no string."""
    try:
        return int(value)
    except ValueError:
        return value
