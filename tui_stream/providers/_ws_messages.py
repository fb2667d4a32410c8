"""The messages of a chat server on a WebSocket -> events.

The usual server answers with ``{"type": "token", "content": "..."}``, at the end ``{"type": "done"}`` (some with
``usage``), and reports errors as ``{"type": "error", "message" or "error": "..."}``. Asked to cancel, it may confirm
with ``{"type": "cancelled"}``. No specification holds them to it, so the names that their kin use instead are read
too, where they are clear; messages that serve other ends (status, heartbeats) are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tui_stream.core.events import Event, StreamEnd
from tui_stream.core.models import FinishReason
from tui_stream.errors import ProtocolError
from tui_stream.providers._chat_chunks import ChatChunks
from tui_stream.providers._failures import cut_off
from tui_stream.providers._json import decode
from tui_stream.providers._translate import Peer
from tui_stream.providers._web_parts import Parts, has_error, malformed, reason_of, reported, usage_in

_BOM = "\ufeff"
_END = "[DONE]"
_HEARTBEATS = frozenset({"", "ping", "pong"})
_TOKENS = frozenset(
    {"token", "tokens", "delta", "chunk", "content", "text", "message", "assistant", "answer", "response", "stream"}
)
_THOUGHTS = frozenset({"reasoning", "reasoning_delta", "thinking", "thinking_delta", "thought"})
_CALLS = frozenset({"tool_call", "function_call"})
_ENDINGS = frozenset(
    {"done", "end", "complete", "completed", "finish", "finished", "final", "stop", "stream_end", "message_end"}
)
_CANCELLED = frozenset({"cancelled", "canceled", "aborted", "stopped", "interrupted"})
_ERRORS = frozenset({"error", "exception", "failure"})
_TEXT_FIELDS = ("content", "token", "text", "delta", "data")
_THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
_KNOWN_FIELDS = frozenset({*_TEXT_FIELDS, *_THOUGHT_FIELDS, "done", "usage", "finish_reason", "finishReason", "model"})
_EXPECTED = 'Messages are expected as {"type": "token", "content": "..."}.'


class WsMessages:
    """Turns messages, each a whole one as the socket hands it out, into events; one object an answer.

    Args:
        peer: who sends them, for the wording of errors.
        model: the model that was asked for, likewise.
        secret: the key, which no error may repeat.

    Attributes:
        done: the end marker has come, and `StreamEnd` with it.
        cancelled: the server says that it stopped the answer.
    """

    def __init__(self, peer: Peer, model: str = "", *, secret: str = "") -> None:
        self._peer = peer
        self._asked = model
        self._secret = secret
        self._parts = Parts()
        self._chunks = ChatChunks(peer, model)
        self._reason: FinishReason | None = None
        self.done = False
        self.cancelled = False

    @property
    def started(self) -> bool:
        """Whether a part of the answer has come."""
        return self._parts.started or self._chunks.started

    @property
    def finished(self) -> bool:
        """Whether the model has finished: only accounts and the end marker may follow."""
        return self.done or self._chunks.finished or self._reason is not None

    def feed(self, message: str | bytes) -> Iterator[Event]:
        """The events of a message; read it to its end before feeding more.

        Raises:
            ProviderError: an error that the server reports, or something that is no message of this dialect.
        """
        text = _text_of(message)
        if self.done or text in _HEARTBEATS:
            return
        value = {"type": "done"} if text == _END else self._object(text)
        kind = _kind(value)
        if kind in _ERRORS or has_error(value):
            raise reported(self._without_secret(text, value), self._peer, model=self._asked)
        if kind in _CANCELLED:
            self.cancelled = True
        elif kind in _ENDINGS or value.get("done") is True:
            yield from self._last(value)
        else:
            yield from self._piece(kind, value)

    def flush(self) -> Iterator[Event]:
        """The events left when nothing more will come, the last one a `StreamEnd`; nothing where it came already.

        Raises:
            StreamBrokenError: the answer was cut off.
            ConnectionFailedError: likewise, before any part of it.
        """
        if not self.finished:
            raise cut_off(self._peer, started=self.started)
        if not self.done:
            yield from self._ended()

    def _object(self, text: str) -> Mapping[str, object]:
        try:
            value = decode(text)
        except ValueError as error:
            raise self._malformed(text) from error
        if not isinstance(value, dict):
            raise self._malformed(text)
        return value

    def _malformed(self, text: str) -> ProtocolError:
        error = malformed(self._peer, text, "a message that is no JSON object")
        error.hint = _EXPECTED
        return error

    def _without_secret(self, text: str, value: Mapping[str, object]) -> object:
        return decode(text.replace(self._secret, "[key]")) if self._secret and self._secret in text else value

    def _piece(self, kind: str, value: Mapping[str, object]) -> Iterator[Event]:
        """A message in the midst of an answer; one of an unknown kind is passed over."""
        if isinstance(value.get("choices"), list):
            yield from self._chunks.feed(value)
            return
        yield from self._parts.model(value.get("model"))
        if kind in _THOUGHTS:
            yield from self._parts.reasoning(_first(value, _TEXT_FIELDS) or _first(value, _THOUGHT_FIELDS))
        elif kind in _CALLS:
            yield from self._call(value)
        elif kind in _TOKENS or not kind:
            yield from self._token(kind, value)
        yield from usage_in(value if kind == "usage" and "usage" not in value else value.get("usage"))

    def _token(self, kind: str, value: Mapping[str, object]) -> Iterator[Event]:
        if value.get("role", "assistant") != "assistant":
            return  # an echo of what was sent
        if not kind and not _KNOWN_FIELDS & set(value):
            raise self._malformed_kind(value)
        yield from self._parts.reasoning(_first(value, _THOUGHT_FIELDS))
        yield from self._parts.text(_first(value, _TEXT_FIELDS))
        self._reason = _reason(value) or self._reason

    def _malformed_kind(self, value: Mapping[str, object]) -> ProtocolError:
        error = malformed(self._peer, repr(dict(value)), "a message of a kind that is not known here")
        error.hint = _EXPECTED
        return error

    def _call(self, value: Mapping[str, object]) -> Iterator[Event]:
        function = value.get("function")
        place = function if isinstance(function, dict) else value
        name = place.get("name") or place.get("tool") or value.get("toolName")
        arguments = next((place[field] for field in ("arguments", "args", "input") if field in place), None)
        yield from self._parts.whole_call(value.get("id") or "", name, arguments)

    def _last(self, value: Mapping[str, object]) -> Iterator[Event]:
        """The end marker; a text in it repeats the answer, unless the answer came in this message alone."""
        yield from self._parts.model(value.get("model"))
        if not self.started:
            yield from self._parts.text(_first(value, _TEXT_FIELDS))
        yield from usage_in(value.get("usage"))
        self._reason = _reason(value) or self._reason
        yield from self._ended()

    def _ended(self) -> Iterator[Event]:
        self.done = True
        yield from self._parts.tail()
        if self._chunks.started or self._chunks.finished:
            yield from self._chunks.end()
        else:
            yield StreamEnd(self._reason)


def _text_of(message: str | bytes) -> str:
    text = message if isinstance(message, str) else message.decode("utf-8", "replace")
    return text.removeprefix(_BOM).strip()


def _kind(value: Mapping[str, object]) -> str:
    """What a message says it is, in one spelling; empty where it does not say."""
    kind = value.get("type") or value.get("event")
    return kind.lower().replace("-", "_") if isinstance(kind, str) else ""


def _reason(value: Mapping[str, object]) -> FinishReason | None:
    names = ("finish_reason", "finishReason", "stop_reason", "reason")
    return next((found for name in names if (found := reason_of(value.get(name)))), None)


def _first(value: Mapping[str, object], names: tuple[str, ...]) -> str:
    """The first text under one of these names, or under ``content`` or ``text`` of an object there."""
    for name in names:
        found = value.get(name)
        if isinstance(found, dict):
            found = found.get("content") or found.get("text")
        if isinstance(found, str) and found:
            return found
    return ""
