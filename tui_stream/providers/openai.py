"""Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, llama.cpp, LM Studio, OpenRouter ..."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from tui_stream.config import Settings
from tui_stream.core.models import ChatMessage, ChatRequest
from tui_stream.core.wanted import json_schema_format
from tui_stream.providers._chat_stream import ChatStream
from tui_stream.providers._openai_sdk import SdkProvider

if TYPE_CHECKING:
    import openai


class OpenAIProvider(SdkProvider):
    """Streams from one OpenAI-compatible endpoint.

    Args:
        settings: all settings; nothing is imported or connected yet.
        environ: where the key is looked up.

    Raises:
        ConfigError: the base URL is no address.
    """

    name = "openai"
    path = "chat/completions"
    required = ("messages",)
    fixed = ("model", "messages", "stream")
    wishes: ClassVar[Mapping[str, object]] = {"stream_options": {"include_usage": True}}

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(settings, settings.providers.openai, environ)

    def _resource(self, client: openai.AsyncOpenAI) -> Any:
        return client.chat.completions

    def _payload(self, request: ChatRequest) -> Mapping[str, object]:
        return {"messages": [{"role": str(message.role), "content": _content(message)} for message in request.messages]}

    def _format(self, schema: Mapping[str, object]) -> Mapping[str, object]:
        return {"response_format": {"type": "json_schema", "json_schema": json_schema_format(schema)}}

    def _dialect(self, request: ChatRequest, model: str) -> ChatStream:  # noqa: ARG002 - the model is all that it needs
        return ChatStream(self._peer, model)


def _content(message: ChatMessage) -> str | list[dict[str, object]]:
    """The text; with pictures a list of parts."""
    if not message.images:
        return message.content
    pictures: list[dict[str, object]] = [
        {"type": "image_url", "image_url": {"url": image.url}} for image in message.images
    ]
    return [{"type": "text", "text": message.content}, *pictures]


def create(settings: Settings) -> OpenAIProvider:
    """The provider ``openai``.

    Raises:
        ConfigError: the base URL is no address.
    """
    return OpenAIProvider(settings)
