"""The chat endpoints of web applications as streams of server-sent events -> events.

The usual one sends ``data: {"content": "..."}``, at the end ``data: [DONE]``, and errors as ``{"error": ...}``. No
specification holds them to it, so what their kin send is read too, where it is clear: the text under ``delta``,
``text`` or ``token``, as a JSON string or as it is; chunks of OpenAI's chat completions passed on; reasoning, usage
and finish reasons by their usual names; events named ``error`` and ``done``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from tui_stream.core.events import Event, StreamEnd
from tui_stream.core.models import FinishReason
from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._failures import cut_off
from tui_stream.providers._json import decode
from tui_stream.providers._sse import SseDecoder, SseEvent
from tui_stream.providers._translate import Peer
from tui_stream.providers._unreadable import ASIDE, HEAD, misdirected, no_events, no_stream, unknown_events
from tui_stream.providers._web_parts import (
    Parts,
    has_error,
    malformed,
    reason_of,
    reported,
    usage_in,
)

_END = "[DONE]"
_TEXT = ("content", "delta", "text", "token")
_THOUGHT = ("reasoning_content", "reasoning", "thinking")
_ENDINGS = frozenset({"done", "end", "complete", "completed", "finish", "finished", "close", "message_stop"})
_ASIDE = frozenset(
    {
        *ASIDE,
        *("status", "metadata", "meta", "start", "open"),
        *("connected", "ready", "info", "debug", "title", "usage", "sources"),
    }
)
_KNOWN = frozenset(
    {*_TEXT, *_THOUGHT, "choices", "error", "usage", "model", "message", "finish_reason", "finishReason", "done"}
)
_OBJECT = re.compile(r'\s*\{\s*["}]')
_TEXT_HINT = "If it is an endpoint of the AI SDK, use --provider ai-sdk; else check the base URL."


class PlainSse:
    """The dialect (see `tui_stream.providers._pump`) of a plain chat endpoint.

    An answer is complete once ``[DONE]``, an event that says so, or a finish reason has come: handlers write the end
    marker behind their loop, and one that is missing means that they did not get there.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
    """

    misfits = b"{[<"

    def __init__(self, peer: Peer, model: str = "") -> None:
        self._peer = peer
        self._asked = model
        self._sse = SseDecoder()
        self._parts = Parts()
        self._chunks = ChatChunks(peer, model)
        self._reason: FinishReason | None = None
        self._raw = False
        self._head = b""
        self._unread = ""
        self.done = False

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""
        return self._parts.started or self._chunks.started

    @property
    def finished(self) -> bool:
        """Whether the model has finished."""
        return self.done or self._reason is not None or self._chunks.finished

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProviderError: an error that the stream reports, or something that cannot be read; what stands before it
                comes first.
        """
        self._head += data[: HEAD - len(self._head)]
        for event in self._sse.feed(data):
            yield from self._event(event)

    def flush(self) -> Iterator[Event]:
        """The events left at the end of the stream, the last one a `StreamEnd`.

        Raises:
            StreamBrokenError: the stream was cut off.
            ConnectionFailedError: likewise, before any part of the answer.
            ProtocolError: it was no event stream, or nothing in it could be read.
        """
        for event in self._sse.flush():
            yield from self._event(event)
        self._check_readable()
        if not self.finished:
            raise cut_off(self._peer, started=self.started)
        yield from self._ended()

    def whole(self, body: bytes) -> Iterator[Event]:
        """One JSON object with the whole answer, as endpoints send it that cannot stream.

        Raises:
            ProviderError: an error object, or no answer at all.
        """
        try:
            answer = decode(body)
        except ValueError as error:
            raise no_stream(self._peer, body, _TEXT_HINT) from error
        if isinstance(answer, dict):
            yield from self._object(answer, "")
        if not (self.started or self.finished):
            raise no_stream(self._peer, body)
        yield from self._ended()

    def _ended(self) -> Iterator[Event]:
        yield from self._parts.tail()
        if self._chunks.started or self._chunks.finished:
            yield from self._chunks.end()
        else:
            yield StreamEnd(self._reason)

    def _event(self, event: SseEvent) -> Iterator[Event]:
        name = "" if event.event == "message" else event.event.lower()
        if event.data.strip() == _END:
            self.done = True
        if self.done or not (event.data or name):
            return
        value = self._value(event)
        if isinstance(value, dict):
            yield from self._object(value, name)
        elif name == "error":
            raise reported(value, self._peer, model=self._asked)
        elif name in _ENDINGS:
            self.done = True
        elif name not in _ASIDE and value:
            self._raw = self._raw or (not self.started and value == event.data)
            yield from self._piece(value, name)

    def _value(self, event: SseEvent) -> object:
        """The JSON object or string of an event, or its text where that is neither."""
        try:
            value = decode(event.data)
        except ValueError as error:
            if event.complete and not self._raw and _OBJECT.match(event.data):
                raise malformed(self._peer, event.data, "an event with damaged JSON") from error
            return self._as_it_is(event)
        if self._raw and not (isinstance(value, dict) and _KNOWN.intersection(value)):
            return event.data
        if value is None:
            return ""
        return value if isinstance(value, dict | str) else event.data

    def _as_it_is(self, event: SseEvent) -> str:
        """The text of an event without JSON; at the end of the stream not half an end marker or half of some JSON."""
        half_json = not self._raw and event.data.lstrip().startswith(("{", '"'))
        cut = not event.complete and (half_json or _END.startswith(event.data.strip()))
        return "" if cut else event.data

    def _object(self, value: Mapping[str, object], name: str) -> Iterator[Event]:
        if isinstance(value.get("choices"), list):
            yield from self._chunks.feed(value)
            return
        kind = value.get("type")
        name = name or (kind.lower() if isinstance(kind, str) else "")
        if name.startswith("response.") and (error := misdirected(self._peer, value, name)) is not None:
            raise error
        yield from self._parts.model(value.get("model"))
        if name != "error" and name not in _ASIDE and not (name in _ENDINGS and self.started):
            yield from self._content(value, name)
        yield from usage_in(value if name == "usage" and "usage" not in value else value.get("usage"))
        if has_error(value) or name == "error":
            raise reported(value, self._peer, model=self._asked)
        self._reason = reason_of(value.get("finish_reason") or value.get("finishReason")) or self._reason
        self.done = self.done or name in _ENDINGS or value.get("done") is True

    def _content(self, value: Mapping[str, object], name: str) -> Iterator[Event]:
        """The reasoning and the text of an object, or of the object under ``delta`` or ``message`` in it."""
        inner = next((found for key in ("delta", "message") if isinstance(found := value.get(key), dict)), {})
        yield from self._parts.reasoning(_first(value, _THOUGHT) or _first(inner, _THOUGHT))
        if text := _first(value, _TEXT) or _first(inner, _TEXT):
            yield from self._piece(text, name)
        elif not _KNOWN.intersection(value) and name not in _ENDINGS:
            self._unread = self._unread or json.dumps(value, ensure_ascii=False)

    def _piece(self, text: object, name: str) -> Iterator[Event]:
        thought = name.startswith(("reasoning", "thinking"))
        yield from self._parts.reasoning(text) if thought else self._parts.text(text)

    def _check_readable(self) -> None:
        """Says so where a stream ended and not a word of it was understood."""
        if self.started:
            return
        if self._unread:
            raise unknown_events(self._peer, self._unread, 'The text is expected as {"content": "..."}.')
        if (error := no_events(self._peer, self._head, _TEXT_HINT)) is not None:
            raise error


def _first(place: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first text under one of these names."""
    return next((found for name in names if isinstance(found := place.get(name), str) and found), "")
