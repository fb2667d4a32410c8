"""What the ollama SDK is used for: the models that Ollama has, runs and can fetch."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from tui_stream.core.events import Progress
from tui_stream.core.models import ModelInfo
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import (
    ConnectionFailedError,
    ModelNotFoundError,
    ProtocolError,
    ProviderError,
    StreamBrokenError,
    TimedOutError,
)
from tui_stream.providers._failures import translate
from tui_stream.providers._http import connect_limit
from tui_stream.providers._reach import Reach
from tui_stream.providers._translate import Fault, Peer, fault_in_body, refusal

if TYPE_CHECKING:
    import ollama

_T = TypeVar("_T")

ASK_TIMEOUT = 30.0
"""Seconds that a question about models may take."""

_NUM_CTX = re.compile(r"^num_ctx\s+(\d{1,12})\s*$", re.MULTILINE)
_NO_NETWORK = re.compile(r"dial tcp|no such host|i/o timeout|connection (refused|reset)|TLS|proxyconnect")
_NO_SUCH_NAME = re.compile(r"file does not exist|manifest unknown|not found|invalid model name")


@dataclass(frozen=True, slots=True)
class ModelDetails:
    """What Ollama tells about one model.

    Attributes:
        capabilities: "completion", "thinking", "tools", "vision" ...; empty for versions that do not say.
    """

    info: ModelInfo
    capabilities: frozenset[str] = frozenset()


class OllamaModels:
    """Asks Ollama about models; takes 0.25 s to make (imports) and is best made in a thread.

    Args:
        base_url: where Ollama listens.
        connect: seconds until a connection must stand, 0 for no limit.
        peer: for the wording of errors.
        headers: to send with every request.
        reach: how far it may connect.
        query: what every request has behind its address.
    """

    def __init__(
        self, base_url: str, connect: float, peer: Peer, headers: Mapping[str, str], reach: Reach, query: str = ""
    ) -> None:
        import httpcore
        import httpx
        import ollama

        from tui_stream.providers._bounded import bounded

        limits = httpx.Timeout(None, connect=connect_limit(connect))
        self._client = ollama.AsyncClient(
            base_url,
            follow_redirects=False,
            timeout=limits,
            headers={**headers, "accept-encoding": "identity"},
            event_hooks={"response": [bounded("/api/pull")]},
            params=query,
            transport=reach.transport(httpx, httpcore, base_url),
        )
        self._errors = (ollama.ResponseError, httpx.HTTPError, httpx.InvalidURL, ValueError, OSError)
        self._connect = connect
        self._peer = peer

    async def installed(self) -> Sequence[ModelInfo]:
        """The models on this Ollama, the one changed last first.

        Raises:
            ProviderError: it cannot be asked.
        """
        listed, running = await self._ask(self._client.list()), await self._ask(self._client.ps())
        windows = {model.model: model.context_length for model in running.models}
        return [
            ModelInfo(
                model.model,
                context_window=windows.get(model.model),
                size=model.size,
                detail=_detail(model.details),
            )
            for model in listed.models
            if model.model
        ]

    async def default(self) -> str:
        """The model to use when none is named: the one that was used last, else the first installed.

        Raises:
            ModelNotFoundError: none is installed.
            ProviderError: Ollama cannot be asked.
        """
        listed, running = await self._ask(self._client.list()), await self._ask(self._client.ps())
        latest = sorted(running.models, key=lambda model: str(model.expires_at or ""), reverse=True)
        names = [(model.model, model.details) for model in latest]
        names += [(model.model, model.details) for model in listed.models]
        for name, details in names:
            if name and chats(details.families if details else None):
                return name
        raise ModelNotFoundError(
            "Ollama is running but has no model.",
            hint="Run: ollama pull qwen3:4b (or another from ollama.com).",
        )

    async def show(self, name: str) -> ModelDetails:
        """What Ollama knows about one model; its context window is the model's own, the running one's less.

        Raises:
            ModelNotFoundError: it is not installed.
            ProviderError: Ollama cannot be asked.
        """
        shown = await self._ask(self._client.show(name), name)
        facts = shown.modelinfo or {}
        window = next((value for key, value in facts.items() if key.endswith(".context_length")), None)
        info = ModelInfo(name, window if isinstance(window, int) else None, None, _detail(shown.details))
        return ModelDetails(info, frozenset(shown.capabilities or ()))

    async def window(self, name: str) -> int | None:
        """The context window of a model: the one that it runs with, else the one that it is set to; None without.

        Raises:
            ModelNotFoundError: it is not installed.
            ProviderError: Ollama cannot be asked.
        """
        running = await self._ask(self._client.ps())
        for model in running.models:
            if model.context_length and name in {model.model, (model.model or "").removesuffix(":latest")}:
                return model.context_length
        shown = await self._ask(self._client.show(name), name)
        found = _NUM_CTX.search(shown.parameters or "")
        return int(found[1]) if found else None

    async def pull(self, name: str) -> AsyncGenerator[Progress, None]:
        """Fetches a model; closing the generator stops it, and a later call goes on where it stopped.

        Yields:
            how much of all the layers named so far is here, in bytes.

        Raises:
            ModelNotFoundError: the library does not have it.
            ConnectionFailedError: Ollama, or the library, cannot be reached.
            ProviderError: anything else.
        """
        layers: dict[str, tuple[int, int]] = {}
        latest, status = Progress(f"Pulling {name}"), ""
        yield latest
        try:
            stream = cast("AsyncGenerator[ollama.ProgressResponse, None]", await self._client.pull(name, stream=True))
            async with aclosing(stream) as parts:
                async for part in parts:
                    status = part.status or status
                    if part.digest and part.total:
                        layers[part.digest] = (part.completed or 0, part.total)
                    elif not part.digest:  # the layers are here; the last report of each stops short of its end
                        layers = {digest: (total, total) for digest, (_, total) in layers.items()}
                    progress = _progress(name, status, layers)
                    if progress != latest:
                        latest = progress
                        yield progress
        except self._errors as error:
            raise self._pull_error(error, name) from error
        if status != "success":
            raise StreamBrokenError(f"Pulling {name} was cut off.", hint="Try again: it goes on from there.")

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]  # the SDK's own annotation is missing

    async def _ask(self, question: Awaitable[_T], name: str = "") -> _T:
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                return await question
        except TimeoutError as error:
            raise TimedOutError(f"{self._peer.name} did not answer within {ASK_TIMEOUT:g} s.") from error
        except self._errors as error:
            raise self._error(error, name) from error

    def _error(self, error: Exception, name: str) -> ProviderError:
        import ollama

        if isinstance(error, ollama.ResponseError):
            fault = fault_in_body(error.status_code, str(error.error).encode())
            return refusal(fault, self._peer, model=name)
        if isinstance(error, ValueError):
            return ProtocolError(
                f"{self._peer.url} does not answer like an Ollama.", hint="Check providers.ollama.base_url."
            )
        return translate(error, self._peer, connect=self._connect)

    def _pull_error(self, error: Exception, name: str) -> ProviderError:
        import ollama

        if not isinstance(error, ollama.ResponseError):
            return self._error(error, name)
        said = clean_line(str(error.error)).rstrip(".")
        if _NO_NETWORK.search(said):
            message = f"Ollama cannot reach the library to pull {name}: {said}."
            return ConnectionFailedError(message, hint="Check the network of the machine that Ollama runs on.")
        if _NO_SUCH_NAME.search(said):
            message = f"The library has no model {name}."
            return ModelNotFoundError(message, hint="Look for its name on https://ollama.com/search.")
        return refusal(Fault(said), self._peer, model=name)


def chats(families: Sequence[str] | None) -> bool:
    """Whether a model of these families talks, instead of turning text into vectors."""
    return not any("bert" in family for family in families or ())


def _detail(details: object) -> str:
    """Size and precision of a model's weights: "8.2B Q4_K_M"."""
    parts = (getattr(details, "parameter_size", None), getattr(details, "quantization_level", None))
    return " ".join(part for part in parts if isinstance(part, str) and part)


def _progress(name: str, status: str, layers: Mapping[str, tuple[int, int]]) -> Progress:
    done = sum(done for done, _ in layers.values())
    total = sum(total for _, total in layers.values())
    label = f"Pulling {name}"
    if layers and done < total:
        return Progress(label, done, total)
    return Progress(f"{label}: {clean_line(status, limit=40)}" if status else label, done, total or None)
