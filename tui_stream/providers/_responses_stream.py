"""OpenAI's Responses API as a stream of server-sent events -> events."""

from __future__ import annotations

from collections.abc import Mapping

from tui_stream.providers._json_stream import JsonStream
from tui_stream.providers._responses_events import ResponseEvents
from tui_stream.providers._translate import Peer


class ResponsesStream(JsonStream):
    """The dialect (see `tui_stream.providers._pump`) of ``/responses`` with ``stream: true``.

    An answer is complete once ``response.completed`` or ``response.incomplete`` has come; nothing has to
    follow it. Some servers send ``[DONE]`` all the same, and it counts as an end without a reason where it
    comes alone.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
        limit: see `ResponseEvents`.
    """

    def __init__(self, peer: Peer, model: str = "", limit: int | None = None) -> None:
        super().__init__(peer, ResponseEvents(peer, model, limit))

    @property
    def done(self) -> bool:
        """Whether the response has ended."""
        return self.finished

    def _named(self, name: str, value: dict[str, object]) -> Mapping[str, object]:
        if "type" not in value and value.get("object") != "response" and name.startswith("response."):
            return {**value, "type": name}
        return super()._named(name, value)
