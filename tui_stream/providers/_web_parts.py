"""What the streams of web applications carry, whatever frames it: text, reasoning, tool calls, accounts, errors.

The plain SSE dialect and those of the AI SDK differ in how they mark a piece, not in what the pieces are. What they
say beside the text has no fixed form, so that counts and errors are looked for under all the names in use.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from tui_stream.core.events import Event, ReasoningDelta, ResponseStarted, TextDelta, ToolCallDelta, UsageReport
from tui_stream.core.models import FinishReason
from tui_stream.core.sanitize import clean_line
from tui_stream.errors import ProtocolError, ProviderError
from tui_stream.providers._json import TextJoiner
from tui_stream.providers._translate import Fault, Peer, check_parts, fault_in, refusal
from tui_stream.providers._usage import usage_of

_REASONS = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content-filter": FinishReason.CONTENT_FILTER,
    "tool-calls": FinishReason.TOOL_CALLS,
}
_RATE_LIMIT = re.compile(r"\brate.?limit|\btoo many requests\b|\b429\b", re.IGNORECASE)
_HIDDEN = re.compile(r"an error occurred\.?|(internal )?(server )?error\.?|something went wrong\.?", re.IGNORECASE)
_FOREVER = 10**12  # seconds
_NO_ERROR = (None, False, "", 0)


class Parts:
    """Makes events of the pieces of one answer.

    Attributes:
        started: a part of the answer has come.
    """

    def __init__(self) -> None:
        self._text = TextJoiner()
        self._reasoning = TextJoiner()
        self._end = self._reasoning_end = ""
        self._gap = self._reasoning_gap = False
        self._calls: dict[str, int] = {}
        self._argued: set[str] = set()
        self._named = False
        self.started = False

    def model(self, name: object) -> Iterator[Event]:
        """The model that answers, once."""
        if isinstance(name, str) and name and not self._named:
            self._named = True
            yield ResponseStarted(name)

    def text(self, piece: object) -> Iterator[Event]:
        """A piece of the answer; what is no text is passed over."""
        if isinstance(piece, str) and (text := self._text.feed(piece)):
            self.started = True
            text = _apart(self._end, text) if self._gap else text
            self._gap, self._end = False, (self._end + text)[-2:]
            yield TextDelta(text)

    def reasoning(self, piece: object) -> Iterator[Event]:
        """A piece of what the model thinks aloud."""
        if isinstance(piece, str) and (text := self._reasoning.feed(piece)):
            self.started = True
            text = _apart(self._reasoning_end, text) if self._reasoning_gap else text
            self._reasoning_gap, self._reasoning_end = False, (self._reasoning_end + text)[-2:]
            yield ReasoningDelta(text)

    def step(self) -> None:
        """What comes next is a new part: text that follows earlier text stands in a paragraph of its own."""
        self._gap = self._reasoning_gap = True

    def thought(self) -> None:
        """The next reasoning is a new part."""
        self._reasoning_gap = True

    def call(self, key: object, name: object = "", arguments: str = "") -> Iterator[Event]:
        """A tool call, or a piece of one; ``key`` is its id."""
        self.started = True
        known = key if isinstance(key, str) else ""
        fresh = known not in self._calls
        index = self._calls.setdefault(known, len(self._calls))
        check_parts(len(self._calls))
        if arguments:
            self._argued.add(known)
        said = name if isinstance(name, str) and fresh else ""
        yield ToolCallDelta(index, id=known if fresh else "", name=said, arguments=arguments)

    def whole_call(self, key: object, name: object, value: object) -> Iterator[Event]:
        """A tool call with its whole input, which may have come in pieces before."""
        self.step()
        if key not in self._argued:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield from self.call(key, name, "" if value is None else text)

    def tail(self) -> Iterator[Event]:
        """What is left when the stream is over."""
        if rest := self._reasoning.flush():
            yield ReasoningDelta(rest)
        if rest := self._text.flush():
            yield TextDelta(rest)


def _apart(before: str, text: str) -> str:
    """The text with a paragraph's end between it and what came before."""
    newlines = len(before) - len(before.rstrip("\n"))
    return "\n" * (2 - newlines) + text if before else text


def usage_in(value: object) -> Iterator[Event]:
    """The report of a ``usage`` object in OpenAI's, Anthropic's or the AI SDK's words; nothing without counts."""
    if isinstance(value, dict):
        found = usage_of(value)
        if found.input_tokens is not None or found.output_tokens is not None:
            yield UsageReport(found)


def reason_of(word: object) -> FinishReason | None:
    """A finish reason, None where there is none."""
    if not (isinstance(word, str) and word):
        return None
    return _REASONS.get(word.lower(), _REASONS.get(word.lower().replace("_", "-"), FinishReason.OTHER))


def has_error(value: Mapping[str, object]) -> bool:
    """Whether an object carries an error; an empty object is one, which is what JavaScript makes of an Error."""
    return value.get("error") not in _NO_ERROR


def reported(value: object, peer: Peer, *, model: str = "") -> ProviderError:
    """The error for what a stream reports, as an object or as a text.

    Such endpoints pass on the words of the provider behind them at best, so that a rate limit is known by its name.
    """
    said = _unwrapped(value) if isinstance(value, dict) else value
    fault = fault_in(said or "")
    if fault.status is None and _RATE_LIMIT.search(fault.message):
        fault = Fault(fault.message, f"{fault.kind} rate_limit".strip())
    wait = value.get("retry_after", value.get("retryAfter")) if isinstance(value, dict) else None
    if not isinstance(wait, int | float) or isinstance(wait, bool) or not 0 <= wait < _FOREVER:
        wait = None
    seconds = None if wait is None else float(wait)
    error = refusal(fault, peer, model=model, retry_after=seconds)
    if not fault.message or _HIDDEN.fullmatch(fault.message):
        error.hint = f"{error.hint} The endpoint keeps the reason to itself; its log has it.".strip()
    return error


def _unwrapped(value: Mapping[str, object]) -> object:
    """An error object with its text where `fault_in` looks for it."""
    error = value.get("error")
    if has_error(value) and error is not True and error != {}:
        return value
    rest = {name: item for name, item in value.items() if name != "error"}
    names = ("message", "detail", "errorText", "content", "text", "data", "reason")
    texts = [item for name in names if isinstance(item := rest.get(name), str) and item]
    return {**rest, "message": texts[0]} if texts else rest


def malformed(peer: Peer, data: str | bytes, what: str) -> ProtocolError:
    """The error for a piece of a stream that cannot be read; ``what`` says what it should be."""
    text = data if isinstance(data, str) else data[:400].decode("utf-8", "replace")
    return ProtocolError(
        f"{peer.name} sent {what}: {clean_line(text[:200], limit=60)}.", hint=f"Look at what answers at {peer.url}."
    )
