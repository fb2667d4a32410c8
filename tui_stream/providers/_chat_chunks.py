"""OpenAI's ``chat.completion.chunk`` objects -> events.

The fields are described in https://platform.openai.com/docs/api-reference/chat-streaming; every server speaks
the dialect in its own accent: reasoning as ``reasoning_content`` (DeepSeek, llama.cpp, vLLM) or ``reasoning``
(OpenRouter, Ollama), ``usage.cost`` (OpenRouter), ``timings`` (llama.cpp), content as a list of parts
(Mistral), one whole answer instead of pieces (servers that do not stream).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

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
from tui_stream.providers._json import TextJoiner
from tui_stream.providers._translate import Peer, fault_in, refusal
from tui_stream.providers._usage import count, usage_of

_REASONS = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
}


class ChatChunks:
    """Turns chunks, as dictionaries, into events.

    Args:
        peer: who sends them, for the wording of errors.
        model: the model that was asked for, likewise.

    Attributes:
        known: a chunk has come, and not only objects of some other kind.
        started: a part of the answer has come.
        finished: a finish reason has come; usage may still follow.
        plain: the chunk that came last is a piece of the answer that has a string in ``content``.
    """

    def __init__(self, peer: Peer, model: str = "") -> None:
        self._peer = peer
        self._asked = model
        self._model = ""
        self._text = TextJoiner()
        self._reasoning = TextJoiner()
        self._refused = self._pieces = False
        self._reason: FinishReason | None = None
        self.known = False
        self.started = False
        self.finished = False
        self.plain = False

    def texts(self, pieces: Iterable[str]) -> Iterator[str]:
        """The texts of chunks that are like the one before but for what stands in ``content``."""
        for piece in pieces:
            if piece and (text := self._text.feed(piece)):
                self.started = True
                yield text

    def feed(self, chunk: Mapping[str, object]) -> Iterator[Event]:
        """The events of one chunk; read it to its end before feeding more.

        Raises:
            ProviderError: the chunk carries an error; what else it carries comes first.
        """
        if not self._model and isinstance(model := chunk.get("model"), str) and model:
            self._model = model
            yield ResponseStarted(model)
        choices = chunk.get("choices")
        if isinstance(choices, list):
            self.known = True
            for choice in choices:
                if isinstance(choice, dict) and not choice.get("index"):
                    yield from self._choice(choice, chunk)
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.known = True
            yield UsageReport(usage_of(usage))
        if chunk.get("error") or chunk.get("object") == "error":
            raise refusal(fault_in(chunk), self._peer, model=self._asked)

    def end(self) -> Iterator[Event]:
        """The last events of a stream that ended as it should: nothing comes after them."""
        yield from self._tail()
        reason = self._reason
        if self._refused and reason in (None, FinishReason.STOP):
            reason = FinishReason.CONTENT_FILTER
        yield StreamEnd(reason)

    def _choice(self, choice: Mapping[str, object], chunk: Mapping[str, object]) -> Iterator[Event]:
        delta = choice.get("delta")
        if isinstance(delta, dict) and delta:
            self._pieces = True
            yield from self._delta(delta)
        elif isinstance(message := choice.get("message"), dict) and not (self._pieces and self.started):
            yield from self._delta(message)  # beside pieces it tells all of them again
            self.plain = False
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._reason = _REASONS.get(reason, FinishReason.OTHER)
            self.finished = True
            timings = chunk.get("timings")
            if isinstance(timings, dict) and not chunk.get("usage"):
                yield from _usage_of_timings(timings)

    def _delta(self, delta: Mapping[str, object]) -> Iterator[Event]:
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        if reasoning and (text := self._reasoning.feed(_plain(reasoning))):
            self.started = True
            yield ReasoningDelta(text)
        content = delta.get("content")
        self.plain = content.__class__ is str and bool(content)
        if content.__class__ is str:
            if content and (text := self._text.feed(content)):
                self.started = True
                yield TextDelta(text)
        elif content:
            yield from self._parts(content)
        if len(delta) > 1 or not content:
            yield from self._rarer(delta)

    def _rarer(self, delta: Mapping[str, object]) -> Iterator[Event]:
        """Refusals and tool calls."""
        refused = delta.get("refusal")
        if isinstance(refused, str) and refused:
            self.plain = False
            self.started = self._refused = True
            yield TextDelta(self._text.feed(refused))
        calls = delta.get("tool_calls")
        if not isinstance(calls, list):
            calls = [{"function": call}] if (call := delta.get("function_call")) else []
        for position, call in enumerate(calls):
            if isinstance(call, dict):
                self.started = True
                yield _tool_call(position, call)

    def _parts(self, content: object) -> Iterator[Event]:
        """Content as a list of typed parts."""
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict):
                continue
            if thinking := part.get("thinking"):
                self.started = True
                yield ReasoningDelta(self._reasoning.feed(_plain(thinking)))
            elif text := part.get("text"):
                self.started = True
                yield TextDelta(self._text.feed(_plain(text)))

    def _tail(self) -> Iterator[Event]:
        if rest := self._reasoning.flush():
            yield ReasoningDelta(rest)
        if rest := self._text.flush():
            yield TextDelta(rest)


def _usage_of_timings(timings: Mapping[str, object]) -> Iterator[Event]:
    """llama.cpp's own counts, which come where usage was not asked for."""
    cached, read = count(timings.get("cache_n")), count(timings.get("prompt_n"))
    made = count(timings.get("predicted_n"))
    if read is not None and made is not None:
        yield UsageReport(Usage((cached or 0) + read, made, cached_input_tokens=cached))


def _plain(value: object) -> str:
    """Text that may come as a string or as a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_plain(part.get("text")) if isinstance(part, dict) else _plain(part) for part in value)
    return ""


def _tool_call(position: int, call: Mapping[str, object]) -> ToolCallDelta:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    index, arguments = count(call.get("index")), function.get("arguments")
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCallDelta(
        position if index is None else index,
        id=_plain(call.get("id")),
        name=_plain(function.get("name")),
        arguments=arguments or "",
    )
