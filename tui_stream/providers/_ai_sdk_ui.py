"""The AI SDK's UI message stream (versions 5 and later) -> events.

Server-sent events with JSON objects, each with a ``type``; the header ``x-vercel-ai-ui-message-stream: v1`` names it.
The parts are those of https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol#data-stream-protocol; what is no text,
reasoning, tool call or account (sources, files, an application's own ``data-*``) is passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tui_stream.core.events import Event, StreamEnd
from tui_stream.core.models import FinishReason
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import ProtocolError, ProviderError, ServerError, StreamBrokenError
from tui_stream.providers._failures import CUT_OFF_HINT
from tui_stream.providers._json_stream import JsonStream
from tui_stream.providers._translate import Peer
from tui_stream.providers._web_parts import Parts, has_error, reason_of, reported, usage_in


class UiMessageStream(JsonStream):
    """The dialect (see `tui_stream.providers._pump`) of the UI message stream.

    An answer is complete once ``finish`` or ``[DONE]`` has come.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
    """

    def __init__(self, peer: Peer, model: str = "") -> None:
        super().__init__(peer, UiParts(peer, model))


class UiParts:
    """Turns the parts of a UI message, as dictionaries, into events.

    Args:
        peer: who sends them, for the wording of errors.
        model: the model that was asked for, likewise.

    Attributes:
        known: a part has come that is not an event of OpenAI's Responses API, whose types are strings too.
        finished: the part that ends the message has come.
    """

    def __init__(self, peer: Peer, model: str = "") -> None:
        self._peer = peer
        self._asked = model
        self._parts = Parts()
        self._thought_id: object = None
        self._reason: FinishReason | None = None
        self.known = False
        self.finished = False

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""
        return self._parts.started

    def feed(self, part: Mapping[str, object], /) -> Iterator[Event]:
        """The events of one part; read it to its end before feeding more.

        Raises:
            ProviderError: the part reports an error, or is none of the AI SDK's.
        """
        kind = part.get("type")
        if not isinstance(kind, str):
            raise self._foreign(part)
        self.known = self.known or not kind.startswith("response.")
        yield from self._part(kind, part)

    def end(self) -> Iterator[Event]:
        """The last events of a stream that ended as it should."""
        yield from self._parts.tail()
        yield StreamEnd(self._reason)

    def _part(self, kind: str, part: Mapping[str, object]) -> Iterator[Event]:
        match kind:
            case "text-delta":
                yield from self._parts.text(part.get("delta"))
            case "reasoning-delta":
                if part.get("id") != self._thought_id:
                    self._thought_id = part.get("id")
                    self._parts.thought()
                yield from self._parts.reasoning(part.get("delta"))
            case "start" | "message-metadata" | "finish":
                yield from self._metadata(part.get("messageMetadata"))
                if kind == "finish":
                    self._finished(part.get("finishReason"))
            case "start-step":
                self._parts.step()
                self._thought_id = None
            case "error":
                raise reported(part.get("errorText") or "", self._peer, model=self._asked)
            case "abort":
                raise self._aborted(part.get("reason"))
            case _ if kind.startswith("tool-"):
                yield from self._tool(kind, part)

    def _tool(self, kind: str, part: Mapping[str, object]) -> Iterator[Event]:
        key, name = part.get("toolCallId"), part.get("toolName")
        match kind:
            case "tool-input-start":
                self._parts.step()
                yield from self._parts.call(key, name)
            case "tool-input-delta":
                delta = part.get("inputTextDelta")
                yield from self._parts.call(key, arguments=delta if isinstance(delta, str) else "")
            case "tool-input-available" | "tool-input-error":
                yield from self._parts.whole_call(key, name, part.get("input"))

    def _metadata(self, value: object) -> Iterator[Event]:
        """What an application tells of the message: its own choice, so only the usual names are looked at."""
        if isinstance(value, dict):
            yield from self._parts.model(value.get("model") or value.get("modelId"))
            yield from usage_in(value.get("totalUsage") or value.get("usage"))

    def _finished(self, reason: object) -> None:
        if reason == "error":
            raise reported("", self._peer, model=self._asked)
        self._reason = reason_of(reason)
        self.finished = True

    def _aborted(self, reason: object) -> ProviderError:
        words = f": {clean_line(reason, limit=120).rstrip('.')}." if isinstance(reason, str) and reason else "."
        if self.started:
            return StreamBrokenError(f"The answer was cut off: {self._peer.name} aborted it{words}", hint=CUT_OFF_HINT)
        return ServerError(f"{self._peer.name} aborted the answer before it began{words}", hint="Try again.")

    def _foreign(self, part: Mapping[str, object]) -> ProviderError:
        if has_error(part):
            return reported(part, self._peer, model=self._asked)
        shown = clean_line(json.dumps(part, ensure_ascii=False)[:200], limit=60)
        return ProtocolError(
            f"{self._peer.name} sent an event that is none of the AI SDK's: {shown}.",
            hint="If it is a plain chat endpoint, use --provider sse.",
        )
