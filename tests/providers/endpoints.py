"""Providers for chat endpoints, and what such endpoints send, for tests."""

from __future__ import annotations

from collections.abc import Mapping

from tests.servers import EVENT_STREAM, Handler, Step, body, sse
from tui_stream.config import AiSdkSettings, Providers, Settings, SseSettings
from tui_stream.providers._endpoint import EndpointProvider
from tui_stream.providers.ai_sdk import AiSdkProvider
from tui_stream.providers.sse import SseProvider

TEXT = {"Content-Type": "text/plain; charset=utf-8"}
UI = {**EVENT_STREAM, "x-vercel-ai-ui-message-stream": "v1"}
DATA = {**TEXT, "X-Vercel-AI-Data-Stream": "v1"}


def sse_provider(base_url: str, *, environ: Mapping[str, str] | None = None, **settings: object) -> SseProvider:
    """A provider for a plain endpoint; ``settings`` are those of its own table."""
    table = SseSettings(base_url=base_url, **settings)  # type: ignore[arg-type] # each test names real ones
    return SseProvider(Settings(providers=Providers(sse=table)), environ or {})


def ai_sdk_provider(base_url: str, *, environ: Mapping[str, str] | None = None, **settings: object) -> AiSdkProvider:
    """A provider for an endpoint of the AI SDK; ``settings`` are those of its own table."""
    table = AiSdkSettings(base_url=base_url, **settings)  # type: ignore[arg-type] # as above
    return AiSdkProvider(Settings(providers=Providers(ai_sdk=table)), environ or {})


def provider_of(kind: str, base_url: str, **settings: object) -> EndpointProvider:
    """The provider for a dialect of `piece`."""
    make = sse_provider if kind == "sse" else ai_sdk_provider
    return make(base_url, **settings)  # type: ignore[arg-type] # as above


KINDS = ("sse", "ui", "data", "text")
"""The dialects; all but the first are of the AI SDK."""

_HEADERS: Mapping[str, Mapping[str, str]] = {"sse": EVENT_STREAM, "ui": UI, "data": DATA, "text": TEXT}

END = {"sse": sse("[DONE]"), "ui": sse({"type": "finish"}) + sse("[DONE]"), "data": b'd:{"finishReason":"stop"}\n'}
"""What ends an answer, where anything does."""


def piece(kind: str, text: str) -> bytes:
    """A piece of an answer."""
    match kind:
        case "sse":
            return sse({"content": text})
        case "ui":
            return sse({"type": "text-delta", "id": "t", "delta": text})
        case "data":
            return f'0:"{text}"\n'.encode()
    return text.encode()


def answer(kind: str, *steps: str | Step, ended: bool = True) -> Handler:
    """An answer of text and other steps, with its end marker where there is one and it is asked for."""
    sent = [piece(kind, step) if isinstance(step, str) else step for step in steps]
    end = END.get(kind, b"") if ended else b""
    return body(*sent, end, headers=_HEADERS[kind])
