"""Fits a request to what a provider can do: a form for the answer that it does not know is asked for in words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tui_stream.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_stream.core.models import ChatRequest
    from tui_stream.core.provider import Capabilities


def fitted(request: ChatRequest, capabilities: Capabilities, label: str) -> ChatRequest:
    """The request as this provider can be sent it.

    Args:
        request: as it was wanted.
        capabilities: the provider's.
        label: whom to name in an error.

    Raises:
        UsageError: it has pictures, and the provider takes none.
    """
    if not capabilities.images and any(message.images for message in request.messages):
        raise UsageError(f"{label} takes no pictures.", hint="Leave --image out, or choose another provider.")
    return request if capabilities.schemas else in_words(request)


def in_words(request: ChatRequest) -> ChatRequest:
    """The request with its form for the answer asked for at the end of its last message; itself where it has none."""
    if request.schema is None or not request.messages:
        return request
    *others, last = request.messages
    schema = json.dumps(request.schema, ensure_ascii=False)
    wish = (
        "Answer with JSON alone: no words before or after it, and no code fence. "
        f"It has to be valid by this JSON Schema:\n\n{schema}"
    )
    return replace(request, messages=(*others, replace(last, content=f"{last.content}\n\n{wish}")), schema=None)


def is_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes it: each object names all of its properties as required, and allows no others.

    Source: https://platform.openai.com/docs/guides/structured-outputs ("Supported schemas").
    """
    if isinstance(schema, list):
        return all(is_strict(one) for one in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        properties, required = schema.get("properties"), schema.get("required")
        if not isinstance(properties, dict) or not isinstance(required, list):
            return False
        if schema.get("additionalProperties") is not False or set(properties) != set(required):
            return False
    return all(is_strict(one) for one in schema.values())


def json_schema_format(schema: Mapping[str, object]) -> dict[str, object]:
    """What OpenAI's APIs, and those made after them, are told of the form of an answer."""
    return {"name": "answer", "schema": schema, "strict": is_strict(schema)}
