from __future__ import annotations

import pytest

from tui_stream.core.images import Image
from tui_stream.core.models import ChatMessage, ChatRequest, Role
from tui_stream.core.provider import Capabilities
from tui_stream.core.wanted import fitted, is_strict
from tui_stream.errors import UsageError

SCHEMA = {"type": "object", "properties": {"a": {}}}
CAT = Image("cat.png", "image/png", b"x")


def request(*images: Image) -> ChatRequest:
    return ChatRequest("m", (ChatMessage(Role.SYSTEM, "S"), ChatMessage(Role.USER, "Hi", images)), {}, SCHEMA)


def test_a_provider_that_can_is_sent_it_as_it_is() -> None:
    assert fitted(request(CAT), Capabilities(images=True, schemas=True), "p") == request(CAT)


def test_a_form_is_asked_for_in_words_where_the_provider_knows_none() -> None:
    sent = fitted(request(CAT), Capabilities(images=True), "p")
    assert sent.schema is None
    assert sent.messages[0].content == "S"
    assert sent.messages[1].content.startswith("Hi\n\nAnswer with JSON alone")
    assert sent.messages[1].content.endswith('{"type": "object", "properties": {"a": {}}}')
    assert sent.messages[1].images == (CAT,)


def test_pictures_are_refused_where_the_provider_takes_none() -> None:
    with pytest.raises(UsageError, match="p/m takes no pictures"):
        fitted(request(CAT), Capabilities(schemas=True), "p/m")


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "string"}, True),
        ({"type": "object"}, False),
        ({"type": "object", "properties": {}, "required": [], "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "required": [], "additionalProperties": False}, False),
        ({"type": "array", "items": {"type": "object", "properties": {}}}, False),
        ({"anyOf": [{"type": "object"}]}, False),
    ],
)
def test_what_strict_mode_takes(schema: object, strict: bool) -> None:
    assert is_strict(schema) is strict
