"""Any server that speaks OpenAI's Responses API: OpenAI itself, llama.cpp, Ollama, vLLM, LM Studio ..."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from tui_stream.config import Settings
from tui_stream.core.models import ChatMessage, ChatRequest, Role
from tui_stream.core.wanted import json_schema_format
from tui_stream.errors import ModelNotFoundError, ProviderError, RequestError
from tui_stream.providers import _http
from tui_stream.providers._openai_sdk import SdkProvider
from tui_stream.providers._responses_stream import ResponsesStream
from tui_stream.providers._usage import count

if TYPE_CHECKING:
    import openai

_NO_SUCH_PATH = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
_STRANGE = re.compile(
    rb"un(known|recogni[sz]ed|supported|expected)|(not|n't) (supported|permitted|allowed|recogni[sz]ed|known|valid)"
    rb"|no such|extra|forbidden",
    re.IGNORECASE,
)
"""How a server says that a field is strange to it."""


class OpenAIResponsesProvider(SdkProvider):
    """Streams from one endpoint that speaks the Responses API.

    The whole conversation is sent each time, and the server is asked not to store it (``store: false``);
    OpenAI's own would otherwise keep it.

    Args:
        settings: all settings; nothing is imported or connected yet.
        environ: where the key is looked up.

    Raises:
        ConfigError: the base URL is no address.
    """

    name = "openai-responses"
    path = "responses"
    required = ("input",)
    fixed = ("model", "input", "instructions", "stream")
    wishes: ClassVar[Mapping[str, object]] = {"store": False}

    def __init__(self, settings: Settings, environ: Mapping[str, str] | None = None) -> None:
        super().__init__(settings, settings.providers.openai_responses, environ)

    def _resource(self, client: openai.AsyncOpenAI) -> Any:
        return client.responses

    def _payload(self, request: ChatRequest) -> Mapping[str, object]:
        """The system prompt as ``instructions``, everything else as items."""
        messages = request.messages
        if messages and messages[0].role is Role.SYSTEM:
            return {"instructions": messages[0].content, "input": [_item(message) for message in messages[1:]]}
        return {"input": [_item(message) for message in messages]}

    def _format(self, schema: Mapping[str, object]) -> Mapping[str, object]:
        return {"text": {"format": {"type": "json_schema", **json_schema_format(schema)}}}

    def _dialect(self, request: ChatRequest, model: str) -> ResponsesStream:
        asked = request.options.get("max_output_tokens", self._settings.body.get("max_output_tokens"))
        return ResponsesStream(self._peer, model, None if self._official else count(asked))

    def _unknown(self, name: str, refused: _http.RefusedResponse) -> bool:
        """Never at OpenAI itself, which knows ``store`` and would store what it is not told not to."""
        if self._official or refused.status not in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY):
            return False
        named = re.search(rb"\b%b\b" % name.encode(), refused.body)
        return named is not None and _STRANGE.search(refused.body) is not None

    def _translated(self, error: Exception, model: str, *, started: bool = False) -> ProviderError:
        failure = super()._translated(error, model, started=started)
        missing = isinstance(error, _http.RefusedResponse) and error.status in _NO_SUCH_PATH
        if not missing or isinstance(failure, ModelNotFoundError) or self._official:
            return failure
        hint = f"Check the base URL {self._peer.url}, or try --provider openai, which more servers speak."
        return RequestError(failure.message, hint=hint)


def create(settings: Settings) -> OpenAIResponsesProvider:
    """The provider ``openai-responses``.

    Raises:
        ConfigError: the base URL is no address.
    """
    return OpenAIResponsesProvider(settings)


def _item(message: ChatMessage) -> dict[str, object]:
    """A message as an item; llama.cpp takes an assistant's only with its type, and with its text as a part."""
    text: object = message.content
    if message.role is Role.ASSISTANT:
        text = [{"type": "output_text", "text": message.content}]
    elif message.images:
        pictures = [{"type": "input_image", "image_url": image.url} for image in message.images]
        text = [{"type": "input_text", "text": message.content}, *pictures]
    return {"type": "message", "role": str(message.role), "content": text}
