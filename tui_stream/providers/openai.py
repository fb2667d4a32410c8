"""Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, llama.cpp, LM Studio, OpenRouter ...

The SDK makes the request; its stream of parsed objects is not used. Our own decoder reads the bytes instead:
it costs an eighth, and sees what the SDK passes over (a missing end marker, a web page in a 200, a byte order
mark).
"""

from __future__ import annotations

import asyncio
import inspect
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui_stream.config import OpenAISettings, Settings
from tui_stream.core.events import Event, Progress, ResponseStarted
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities
from tui_stream.errors import AuthenticationError, ConfigError, ProtocolError, ProviderError, TimedOutError
from tui_stream.providers import _http
from tui_stream.providers._chat_chunks import count
from tui_stream.providers._chat_stream import ChatStream
from tui_stream.providers._failures import translate
from tui_stream.providers._json import decode
from tui_stream.providers._keys import find_key
from tui_stream.providers._pump import pump
from tui_stream.providers._translate import Peer

if TYPE_CHECKING:
    import httpx2
    import openai
    from openai import AsyncAPIResponse

LIST_TIMEOUT = 30.0
"""Seconds that a list of models may take."""

_HOST = "api.openai.com"
_MODEL_PATIENCE = 1.5  # seconds that a server may take to say what models it has, before the first question
_FIXED = ("model", "messages", "stream")
_SDK_ONLY = ("self", "extra_headers", "extra_query", "extra_body", "timeout", "stream_options", *_FIXED)


@dataclass(frozen=True, slots=True)
class _Sdk:
    """The SDK, imported and warm."""

    client: openai.AsyncOpenAI
    errors: tuple[type[Exception], ...]
    parameters: frozenset[str]


class OpenAIProvider:
    """Streams from one OpenAI-compatible endpoint.

    Args:
        settings: all settings; nothing is imported or connected yet.
        environ: where the key is looked up.

    Raises:
        ConfigError: the base URL is no address.
    """

    name = "openai"

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        self._settings: OpenAISettings = settings.providers.openai
        self._connect = settings.timeouts.connect
        self._model = settings.model or self._settings.model
        self._environ = os.environ if environ is None else environ
        self._official = _http.split_url(self._settings.base_url).hostname == _HOST
        self._peer = _peer(self._settings)
        self._lock = asyncio.Lock()
        self._sdk: _Sdk | None = None
        self._key: str | None = None
        self._with_usage = True
        self._guessed = not self._official and not settings.model and self._model == OpenAISettings().model

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
        dialect = ChatStream(self._peer, model)
        try:
            async with AsyncExitStack() as stack:
                response = await self._open(stack, sdk.client, arguments)
                yield ResponseStarted()
                events = await stack.enter_async_context(aclosing(pump(response, dialect, self._peer)))
                async for event in events:
                    yield event
        except sdk.errors as error:
            raise self._translated(error, model, started=dialect.started) from error

    async def _settle_model(self) -> None:
        """Where nobody named a model for somebody else's server, takes the first one that it lists at once."""
        if self._guessed:
            with suppress(ProviderError, TimeoutError):
                async with asyncio.timeout(_MODEL_PATIENCE):
                    offered = await self.models()
                self._guessed = False
                self._model = offered[0].name if offered else self._model

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
            raise self._translated(error, "") from error
        entries = _entries(body)
        if entries is None:
            raise ProtocolError(
                f"{self._peer.name} sent no list of models.", hint=f"Check the base URL {self._peer.url}."
            )
        return sorted((_model_info(entry) for entry in entries), key=lambda info: info.name)

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._sdk is not None:
            await self._sdk.client.close()

    async def _find_key(self) -> str:
        """The key, or an empty string where none is needed.

        Raises:
            AuthenticationError: OpenAI's own API is asked without one.
        """
        async with self._lock:
            if self._key is None:
                names = self._settings.api_key_env, self._settings.api_key_command
                self._key = await find_key(*names, self._environ)
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

    async def _ready(self) -> _Sdk:
        async with self._lock:
            if self._sdk is None:
                self._sdk = await asyncio.to_thread(self._load)
            return self._sdk

    def _load(self) -> _Sdk:
        """Imports the SDK and whatever it puts off until its first request; runs in a thread."""
        import openai
        from openai.resources.chat import AsyncCompletions

        client = openai.AsyncOpenAI(
            api_key="unused: every request brings its own Authorization header, or none",
            base_url=self._settings.base_url,
            max_retries=0,
            http_client=_http.make_client(self._connect),
        )
        client.chat.completions.with_streaming_response  # noqa: B018 - it is the looking up that costs
        parameters = frozenset(inspect.signature(AsyncCompletions.create).parameters)
        return _Sdk(client, (openai.OpenAIError, *_http.failures()), parameters.difference(_SDK_ONLY))

    def _headers(self, key: str) -> dict[str, str | openai.Omit]:
        """The headers of a request besides the SDK's own; without a key no Authorization header is sent."""
        import openai

        headers: dict[str, str | openai.Omit] = {"authorization": f"Bearer {key}" if key else openai.omit}
        if not self._official:  # the environment's organisation and project are OpenAI's business alone
            headers |= {"openai-organization": openai.omit, "openai-project": openai.omit}
        return headers | {name.lower(): value for name, value in self._settings.headers.items()}

    def _arguments(self, sdk: _Sdk, request: ChatRequest, model: str) -> dict[str, Any]:
        """What the SDK's ``create`` is called with: parameters it knows by name, all others in the body."""
        for name in _FIXED:
            if name in request.options or name in self._settings.body:
                raise ConfigError(f"The option {name!r} cannot be set this way.", hint="It is the program's to choose.")
        known = {name: value for name, value in request.options.items() if name in sdk.parameters}
        unknown = {name: value for name, value in request.options.items() if name not in sdk.parameters}
        body = {**unknown, **self._settings.body}
        usage = {"stream_options": {"include_usage": True}} if self._with_usage else {}
        messages = [{"role": str(message.role), "content": message.content} for message in request.messages]
        return {
            **known,
            "model": model,
            "messages": messages,
            "stream": True,
            "extra_body": {**usage, **body},
        }

    async def _open(
        self, stack: AsyncExitStack, client: openai.AsyncOpenAI, arguments: dict[str, Any]
    ) -> httpx2.Response:
        """Sends the request; once more without ``stream_options`` where the server does not know them."""
        create = client.chat.completions.with_streaming_response.create
        answer: AsyncAPIResponse[object]
        try:
            answer = await stack.enter_async_context(create(**arguments))
        except _http.RefusedResponse as refused:
            asked = arguments["extra_body"].pop("stream_options", None)
            if asked is None or b"stream_options" not in refused.body:
                raise
            self._with_usage = False
        else:
            return answer.http_response
        answer = await stack.enter_async_context(create(**arguments))
        return answer.http_response

    def _translated(self, error: Exception, model: str, *, started: bool = False) -> ProviderError:
        failure = translate(error, self._peer, model=model, started=started, connect=self._connect)
        if isinstance(failure, AuthenticationError):
            self._key = None  # a command may print another one next time
        return failure


def create(settings: Settings) -> OpenAIProvider:
    """The provider ``openai``.

    Raises:
        ConfigError: the base URL is no address.
    """
    return OpenAIProvider(settings)


def _peer(settings: OpenAISettings) -> Peer:
    url = _http.shown_url(settings.base_url)
    source = settings.api_key_env or "the setting api_key_command"
    return Peer(
        name=url.partition("://")[2].partition("/")[0],
        url=url,
        down="Check that the server is running and that base_url is right.",
        key=f"Check the key in {source}.",
        model=f"Run: tui-stream models --provider openai --base-url {url}",
    )


def _entries(body: bytes) -> list[dict[str, object]] | None:
    """The entries of a list of models, None where it is none."""
    try:
        listed = decode(body)
    except ValueError:
        return None
    data = listed.get("data") if isinstance(listed, dict) else None
    return [entry for entry in data if isinstance(entry, dict)] if isinstance(data, list) else None


def _model_info(entry: Mapping[str, object]) -> ModelInfo:
    """A listed model; the sizes are extras of vLLM, OpenRouter and llama.cpp."""
    meta, owner = entry.get("meta"), entry.get("owned_by")
    meta = meta if isinstance(meta, dict) else {}
    windows = (
        entry.get("max_model_len"),
        entry.get("context_length"),
        meta.get("n_ctx"),
        meta.get("n_ctx_train"),
    )
    return ModelInfo(
        str(entry.get("id", "")),
        context_window=next((found for value in windows if (found := count(value))), None),
        size=count(meta.get("size")),
        detail=owner if isinstance(owner, str) else "",
    )
