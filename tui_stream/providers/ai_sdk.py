"""An endpoint that uses the AI SDK: a route of Next.js, an edge function, a Node server.

The request is the one that ``useChat`` sends. Handlers of version 5 and later read ``parts`` of a message, those of
version 4 ``content`` too; both pass over what they do not know, so that each message carries both.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from tui_stream.config import Settings
from tui_stream.core.models import ChatMessage, ChatRequest
from tui_stream.providers._ai_sdk import AiSdkStream
from tui_stream.providers._endpoint import EndpointProvider
from tui_stream.providers._translate import Peer


class AiSdkProvider(EndpointProvider):
    """Streams from one endpoint of the AI SDK, in whichever of its streams it answers.

    Args:
        settings: all settings; nothing is imported or connected yet.
        environ: where the key is looked up.

    Raises:
        ConfigError: the base URL is no address.
    """

    name = "ai-sdk"

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(settings, settings.providers.ai_sdk, environ)
        self._seed = uuid.uuid4()

    def body(self, request: ChatRequest) -> dict[str, object]:
        """The conversation as ``useChat`` sends it.

        A conversation keeps its id from turn to turn, and so does a message: both are made of what was said.
        """
        first = next((message.content for message in request.messages if message.role == "user"), "")
        chat = uuid.uuid5(self._seed, first)
        messages = [_ui_message(chat, place, message) for place, message in enumerate(request.messages)]
        return {"id": chat.hex, "messages": messages, "trigger": "submit-message"}

    def dialect(self, headers: Mapping[str, str], peer: Peer, model: str, /) -> AiSdkStream:
        """The stream that the headers name."""
        return AiSdkStream(peer, headers, model)


def _ui_message(chat: uuid.UUID, place: int, message: ChatMessage) -> dict[str, object]:
    return {
        "id": uuid.uuid5(chat, f"{place} {message.role} {message.content}").hex,
        "role": str(message.role),
        "content": message.content,
        "parts": [{"type": "text", "text": message.content}],
    }


def create(settings: Settings) -> AiSdkProvider:
    """The provider ``ai-sdk``.

    Raises:
        ConfigError: the base URL is no address.
    """
    return AiSdkProvider(settings)
