"""Ollama's ``/api/chat`` -> events (https://github.com/ollama/ollama/blob/main/docs/api.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from tui_stream.core.events import (
    Event,
    ReasoningDelta,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tui_stream.core.models import FinishReason, Usage
from tui_stream.errors import ProtocolError
from tui_stream.providers._failures import cut_off
from tui_stream.providers._json import TextJoiner
from tui_stream.providers._ndjson import NdjsonDecoder
from tui_stream.providers._translate import Peer, fault_in, refusal
from tui_stream.providers._usage import count

_REASONS = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}


class OllamaStream:
    """The dialect (see `tui_stream.providers._pump`) of ``/api/chat``; a line with ``done: true`` ends it.

    Args:
        peer: who sends the stream, for the wording of errors.
        model: the model that was asked for, likewise.
    """

    misfits = b"[<"

    def __init__(self, peer: Peer, model: str = "") -> None:
        self._peer = peer
        self._asked = model
        self._model = ""
        self._lines = NdjsonDecoder()
        self._text = TextJoiner()
        self._reasoning = TextJoiner()
        self._calls = 0
        self._foreign = False
        self._reason: FinishReason | None = None
        self.started = False
        self.done = False

    @property
    def finished(self) -> bool:
        """Whether the model has finished."""
        return self.done

    def feed(self, data: bytes) -> Iterator[Event]:
        """The events that ``data`` completes; read it to its end before feeding more.

        Raises:
            ProviderError: an error object, or a line that is no JSON object; what is before it comes first.
        """
        for line in self._lines.feed(data):
            yield from self._line(line)

    def flush(self) -> Iterator[Event]:
        """The events left at the end of the stream, the last one a `StreamEnd`.

        Raises:
            StreamBrokenError: the stream was cut off.
            ConnectionFailedError: likewise, before any part of the answer.
        """
        for line in self._lines.flush():
            yield from self._line(line)
        if self._foreign and not self.started:
            raise ProtocolError(
                f"{self._peer.url} does not answer like an Ollama.", hint="Check providers.ollama.base_url."
            )
        if not self.done:
            raise cut_off(self._peer, started=self.started)
        yield StreamEnd(self._reason)

    def whole(self, body: bytes) -> Iterator[Event]:
        """A body that is no stream.

        Raises:
            ProviderError: always, here or by `flush`: it is no answer of Ollama's.
        """
        yield from self.feed(body)
        yield from self.flush()

    def _line(self, line: Mapping[str, object]) -> Iterator[Event]:
        if not self._model and isinstance(model := line.get("model"), str) and model:
            self._model = model
            yield ResponseStarted(model)
        self._foreign = self._foreign or not ("message" in line or "error" in line)
        message = line.get("message")
        if isinstance(message, dict):
            yield from self._message(message)
        if line.get("error"):
            raise refusal(fault_in(line), self._peer, model=self._asked)
        if line.get("done") is True:
            yield from self._end(line)

    def _message(self, message: Mapping[str, object]) -> Iterator[Event]:
        thinking, content = message.get("thinking"), message.get("content")
        if isinstance(thinking, str) and thinking and (text := self._reasoning.feed(thinking)):
            self.started = True
            yield ReasoningDelta(text)
        if isinstance(content, str) and content and (text := self._text.feed(content)):
            self.started = True
            yield TextDelta(text)
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                self.started = True
                yield self._tool_call(call, function)

    def _tool_call(self, call: Mapping[str, object], function: Mapping[str, object]) -> ToolCallDelta:
        """A call, which always comes whole; they are numbered here, as older versions do not."""
        index, self._calls = self._calls, self._calls + 1
        call_id, name, arguments = call.get("id"), function.get("name"), function.get("arguments")
        return ToolCallDelta(
            index,
            id=call_id if isinstance(call_id, str) else "",
            name=name if isinstance(name, str) else "",
            arguments=arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False),
        )

    def _end(self, line: Mapping[str, object]) -> Iterator[Event]:
        if rest := self._reasoning.flush():
            yield ReasoningDelta(rest)
        if rest := self._text.flush():
            yield TextDelta(rest)
        sent, made = count(line.get("prompt_eval_count")), count(line.get("eval_count"))
        if sent is not None or made is not None:
            yield UsageReport(Usage(sent, made))
        reason = line.get("done_reason")
        self._reason = _REASONS.get(reason, FinishReason.OTHER) if isinstance(reason, str) and reason else None
        if self._calls and self._reason in (None, FinishReason.STOP):
            self._reason = FinishReason.TOOL_CALLS
        self.done = True
