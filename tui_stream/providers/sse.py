"""A chat endpoint that answers with plain server-sent events: ``data: {"content": "..."}``, then ``data: [DONE]``."""

from __future__ import annotations

from collections.abc import Mapping

from tui_stream.config import Settings
from tui_stream.core.models import ChatRequest
from tui_stream.providers._endpoint import EndpointProvider
from tui_stream.providers._plain_sse import PlainSse
from tui_stream.providers._translate import Peer


class SseProvider(EndpointProvider):
    """Streams from one plain chat endpoint, asked with ``{"messages": [{"role", "content"}, ...]}``.

    Args:
        settings: all settings; nothing is imported or connected yet.
        environ: where the key is looked up.

    Raises:
        ConfigError: the base URL is no address.
    """

    name = "sse"
    accept = "text/event-stream, */*;q=0.5"

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(settings, settings.providers.sse, environ)

    def body(self, request: ChatRequest) -> dict[str, object]:
        """The messages, oldest first."""
        messages = [{"role": str(message.role), "content": message.content} for message in request.messages]
        return {"messages": messages}

    def dialect(self, _: Mapping[str, str], peer: Peer, model: str, /) -> PlainSse:
        """Plain events, whatever the headers say."""
        return PlainSse(peer, model)


def create(settings: Settings) -> SseProvider:
    """The provider ``sse``.

    Raises:
        ConfigError: the base URL is no address.
    """
    return SseProvider(settings)
