"""Asking the provider `websocket`, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping

from tests.providers.asking import ask, request, text_of
from tests.ws_server import Step, WsServer
from tui_stream.config import Providers, Settings, WebSocketSettings
from tui_stream.core.events import Event, StreamEnd, TextDelta
from tui_stream.core.models import ChatRequest
from tui_stream.core.provider import Provider
from tui_stream.errors import ProviderError
from tui_stream.providers.websocket import WebSocketProvider

DONE = {"type": "done"}


def ws_provider(base_url: str, *, environ: Mapping[str, str] | None = None, **settings: object) -> WebSocketProvider:
    """A provider for a server; ``settings`` are those of its own table."""
    table = WebSocketSettings(base_url=base_url, **settings)  # type: ignore[arg-type] # each test names real ones
    return WebSocketProvider(Settings(providers=Providers(websocket=table)), environ or {})


async def heard(stream: AsyncGenerator[Event, None], text: str) -> None:
    """Reads on until this much of the answer has come."""
    so_far = ""
    while so_far != text:
        event = await anext(stream)
        so_far += event.text if isinstance(event, TextDelta) else ""


async def answer(provider: Provider, asked: ChatRequest | None = None) -> str:
    """The text of an answer that ends as it should; the provider stays open."""
    events = [event async for event in provider.stream(asked or request())]
    assert isinstance(events[-1], StreamEnd)
    return text_of(events)


async def outcome(
    *steps: Step, environ: Mapping[str, str] | None = None, **settings: object
) -> tuple[str, ProviderError | None]:
    """The text and the error of an answer that follows these steps.

    The limit is below the library's ping interval, at which it would notice by itself that a server does not hang up.
    """
    async with asyncio.timeout(15), WsServer() as server:
        server.then(*steps)
        events, error = await ask(ws_provider(server.base_url, environ=environ, **settings))
        return text_of(events), error
