"""The model that needs neither a server nor a key: llama.cpp in a child process of the program."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

from tui_stream.config import Settings
from tui_stream.core.events import Event, Progress
from tui_stream.core.models import ChatRequest, ModelInfo
from tui_stream.core.provider import Capabilities, Provider
from tui_stream.core.sanitize import clean
from tui_stream.errors import ModelNotFoundError, ProviderError, RequestError, StreamBrokenError
from tui_stream.paths import cache_dir
from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._failures import CUT_OFF_HINT
from tui_stream.providers._llama_process import INSTALL_HINT, LlamaProcess, Load
from tui_stream.providers._llama_shared import SharedWork
from tui_stream.providers._reach import ANYWHERE, Reach
from tui_stream.providers._translate import Peer
from tui_stream.providers._weights import Shelf
from tui_stream.providers._weights_fetch import Fetcher
from tui_stream.providers._weights_gguf import context_length
from tui_stream.providers._weights_hub import HUB, Hub
from tui_stream.providers._weights_pip import Pip

_PEER = Peer("llama.cpp", "")
_STARTS = 3


def create(settings: Settings) -> Provider:
    """Makes the provider; nothing is loaded or fetched yet."""
    return EmbeddedProvider(settings)


def weights_folder() -> Path:
    """Where fetched weights are kept, and where more GGUF files can be put."""
    return cache_dir() / "models"


def default_shelf(settings: Settings) -> Shelf:
    """The person's own folder of weights."""
    if settings.offline:
        return Shelf(weights_folder(), absent="not on this machine yet; offline it cannot be fetched")
    return Shelf(weights_folder())


def default_fetcher(shelf: Shelf, connect: float, reach: Reach = ANYWHERE) -> Fetcher:
    """Fetches from the Hugging Face hub (or the mirror that HF_ENDPOINT names), else from the package index.

    Args:
        shelf: where the file goes.
        connect: seconds that a connection may take; 0 is no limit.
        reach: how far to connect; offline a mirror on this machine remains.
    """
    hub = Hub(os.environ.get("HF_ENDPOINT") or HUB, connect=connect, reach=reach)
    return Fetcher(shelf, (hub, Pip(reach=reach)))


class EmbeddedProvider:
    """Answers with one model at a time, loaded into a child process and kept there.

    Requests are answered one after the other.

    Args:
        settings: all settings.
        shelf: the folder of weights; the user's where left out.
        fetcher: fetches what is missing there.
        worker: how to start the child process.
    """

    name = "embedded"

    def __init__(
        self,
        settings: Settings,
        *,
        shelf: Shelf | None = None,
        fetcher: Fetcher | None = None,
        worker: Sequence[str] | None = None,
    ) -> None:
        self._options = settings.providers.embedded
        self._shelf = shelf or default_shelf(settings)
        reach = Reach(settings.offline)
        self._fetcher = fetcher or default_fetcher(self._shelf, settings.timeouts.connect, reach)
        self._worker = worker
        self._window: int | None = None
        self._turn = asyncio.Lock()
        self._process: LlamaProcess | None = None
        self._work: SharedWork | None = None
        self._preparing = ""
        self._unasked = _why_taken(settings) if settings.model and not settings.provider else ""
        self.model = settings.model or self._options.model or self._shelf.pin.name

    @property
    def capabilities(self) -> Capabilities:
        """Local; the context window is known once a model is loaded."""
        return Capabilities(local=True, reasoning=True, schemas=True, context_window=self._window)

    async def prepare(self) -> AsyncGenerator[Progress, None]:
        """Fetches the weights where they are missing and loads them.

        Raises:
            WeightsError: they cannot be fetched, read or loaded.
            ProviderError: xllamacpp is not installed.
        """
        if self._process is not None and self._process.alive:
            return
        work = self._work if self._work is not None and self._work.is_open() else self._begin(self.model)
        async with aclosing(work.watch()) as steps:
            async for step in steps:
                yield step

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        """Streams one answer.

        Raises:
            WeightsError: the weights cannot be fetched, read or loaded.
            RequestError: llama.cpp does not accept the request, or it is longer than the context window.
            StreamBrokenError: the child process ended in the middle of the answer.
        """
        async with self._turn:
            async with aclosing(self._ready(request.model or self.model)) as steps:
                async for step in steps:
                    yield step
            if self._process is None:
                raise ProviderError("The embedded model was closed.")
            name = self._process.load.name
            chunks = ChatChunks(_PEER, name)
            async with aclosing(self._process.chat(_body(request, name))) as answer:
                async for chunk in answer:
                    _raise_if_too_long(chunk)
                    for event in chunks.feed(chunk):
                        yield event
            if not chunks.finished:
                raise StreamBrokenError(
                    "The embedded model stopped without saying that its answer is complete.",
                    hint=CUT_OFF_HINT,
                )
            for event in chunks.end():
                yield event

    async def models(self) -> Sequence[ModelInfo]:
        """The built-in model, the configured one, and the other GGUF files in the folder of weights."""
        return await asyncio.to_thread(self._shelf.models, self.model, self._options.context)

    async def aclose(self) -> None:
        """Ends the child process and whatever is being fetched."""
        if self._work is not None:
            await self._work.aclose()
        if self._process is not None:
            await self._process.aclose()

    async def _ready(self, model: str) -> AsyncGenerator[Progress, None]:
        """Sees to it that this model is loaded and idle; another one may be loading just now."""
        path = str(await self._find(model))
        if self._process is not None:
            await self._process.settled()
        for _ in range(_STARTS):
            if self._has(path):
                return
            work = self._work
            if work is None or not work.is_open() or self._preparing != model:
                work = self._begin(model)
            async with aclosing(work.watch()) as steps:
                async for step in steps:
                    yield step
        if not self._has(path):
            raise StreamBrokenError("The embedded model's process ends as soon as it has started.")

    async def _find(self, model: str) -> Path:
        """The file of a model; where nobody chose this provider, an error says why it was taken."""
        try:
            return await asyncio.to_thread(self._shelf.find, model)
        except ModelNotFoundError as error:
            if not self._unasked or model != self.model:
                raise
            raise ModelNotFoundError(error.message, hint=self._unasked) from error

    def _has(self, path: str) -> bool:
        return self._process is not None and self._process.alive and self._process.load.path == path

    def _begin(self, model: str) -> SharedWork:
        """Begins to prepare this model, after whatever is being prepared or cancelled."""
        self._preparing = model
        self._work = SharedWork(lambda: self._prepare(model), after=self._work)
        return self._work

    async def _prepare(self, model: str) -> AsyncGenerator[Progress, None]:
        if await asyncio.to_thread(importlib.util.find_spec, "xllamacpp") is None:
            text = "The embedded model needs the package xllamacpp, which is not installed."
            raise ProviderError(text, hint=INSTALL_HINT)
        path = await self._find(model)
        if path == self._shelf.pinned and not path.is_file():
            async with aclosing(self._fetcher.fetch()) as steps:
                async for step in steps:
                    yield step
        await asyncio.to_thread(self._shelf.check, path)
        name = self._shelf.name_of(path)
        yield Progress(f"Loading {name}")
        if self._process is not None:
            await self._process.aclose()
        options = self._options
        self._window = await asyncio.to_thread(_window, path, options.context)
        load = Load(str(path), name, self._window or 0, options.threads, options.gpu_layers)
        self._process = LlamaProcess(load, command=self._worker)
        await self._process.start()


def _why_taken(settings: Settings) -> str:
    """What to do about a provider that was taken because nothing says which, and has not the model that was named.

    The order of the choice is that of `tui_stream.providers.select.choose`.
    """
    variable = settings.providers.openai.api_key_env
    if settings.offline:
        why, key = "Offline, and no Ollama answers", ""
    else:
        why, key = "No key is set, and no Ollama answers", f"set {variable}, or " if variable else ""
    return f"{why}, so the embedded model was taken: {key}name a provider with --provider."


def _window(path: Path, asked: int) -> int | None:
    """The context window to load with: what is asked for, but no more than the model was trained for."""
    try:
        trained = context_length(path)
    except (OSError, ValueError):
        trained = None
    return min(asked or trained, trained) if trained else asked or None


def _body(request: ChatRequest, model: str) -> dict[str, object]:
    """The request as llama.cpp's chat completions take it.

    ``return_progress`` makes it report after each batch of the prompt: where it reports, it can be stopped.
    """
    wanted: dict[str, object] = {}
    if request.schema is not None:
        wanted = {"response_format": {"type": "json_schema", "json_schema": {"schema": request.schema}}}
    return {
        **wanted,
        **request.options,
        "model": model,
        "messages": [{"role": str(part.role), "content": clean(part.content)} for part in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
    }


def _raise_if_too_long(chunk: Mapping[str, Any]) -> None:
    error = chunk.get("error")
    if isinstance(error, dict) and error.get("type") == "exceed_context_size_error":
        used, window = error.get("n_prompt_tokens"), error.get("n_ctx")
        raise RequestError(
            f"The conversation has {used} tokens, more than the context window of {window}.",
            hint="Start a new conversation, or raise providers.embedded.context as far as the model allows.",
        )
