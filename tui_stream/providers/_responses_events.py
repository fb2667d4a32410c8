"""The events of OpenAI's Responses API, as objects -> events.

They are described in https://platform.openai.com/docs/api-reference/responses-streaming. Servers differ in
what they leave out: llama.cpp counts no items (``output_index``) and names its model only at the end, others
send no pieces but whole items alone. Kinds that are not known here are passed over, since new ones are added
all the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

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
from tui_stream.providers._responses_parts import Part, Places, Retold, Strand
from tui_stream.providers._translate import Fault, Peer, check_parts, fault_in, refusal
from tui_stream.providers._usage import count, usage_of

_KINDS = {
    "response.output_text": "text",
    "response.refusal": "refusal",
    "response.reasoning_text": "reasoning",
    "response.reasoning": "reasoning",
    "response.reasoning_summary_text": "summary",
    "response.reasoning_summary": "summary",
    "response.function_call_arguments": "call",
    "response.custom_tool_call_input": "call",
}
"""What ``.delta`` and ``.done`` of these events carry."""

_PARTS = {"output_text": "text", "refusal": "refusal", "reasoning_text": "reasoning", "summary_text": "summary"}
"""The same for the parts of a whole item."""

_CALLS = frozenset(
    {"function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"}
)
"""Items that ask the client to run something; tools that the server runs by itself are not shown."""

_WHOLE = ("text", "refusal", "arguments", "input", "action", "operation")
"""The fields in which the full text of a part, or the arguments of a call, stand."""

_ENDS = frozenset({"completed", "incomplete", "failed"})
_REASONS = {
    "max_output_tokens": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_LASTING = ("invalid_", "policy", "mismatch", "image")
"""Parts of the error codes of a failed response that the same request would meet again."""


@dataclass(slots=True)
class _Call:
    """A tool call, as far as it has come."""

    index: int
    id: str = ""
    name: str = ""
    arguments: Part = field(default_factory=Part)


class ResponseEvents:
    """Turns the objects of a stream, or one whole response, into events.

    Args:
        peer: who sends them, for the wording of errors.
        model: the model that was asked for, likewise.
        limit: the ``max_output_tokens`` that were asked for, None where none were or where the server can be
            trusted to say that it stopped there. llama.cpp and Ollama call such a response completed too, but
            their count tells.

    Attributes:
        known: an event of this API has come, or a response.
        started: a part of the answer has come.
        finished: the response has ended.
    """

    def __init__(self, peer: Peer, model: str = "", limit: int | None = None) -> None:
        self._peer = peer
        self._asked = model
        self._limit = limit
        self._model = ""
        self._retold = Retold()
        self._answer, self._thoughts = Strand(self._retold), Strand(self._retold)
        self._calls: list[_Call] = []
        self._placed: dict[int | str, _Call] = {}
        self._refused = False
        self._reason: FinishReason | None = None
        self.known = False
        self.started = False
        self.finished = False

    def feed(self, event: Mapping[str, object]) -> Iterator[Event]:
        """The events of one object; read it to its end before feeding more.

        Raises:
            ProviderError: the response failed, or the object is an error.
        """
        name = event.get("type")
        name = name if isinstance(name, str) else ""
        subject, _, verb = name.rpartition(".")
        self.known = self.known or subject.startswith("response")
        if subject in _KINDS:
            yield from self._piece(_KINDS[subject], verb, event)
        elif subject in ("response.output_item", "response.reasoning_summary_part"):
            yield from self._step(subject, verb, event)
        else:
            response = event if event.get("object") == "response" else event.get("response")
            if isinstance(response, dict):
                self.known = True
                yield from self._response(verb, response)
            elif name == "error" or event.get("error"):
                raise refusal(_fault(event), self._peer, model=self._asked)

    def end(self) -> Iterator[Event]:
        """The last events of a stream that ended as it should: nothing comes after them."""
        yield from self._show("reasoning", self._thoughts.flush())
        yield from self._show("text", self._answer.flush())
        reason = self._reason
        if self._refused and reason in (None, FinishReason.STOP):
            reason = FinishReason.CONTENT_FILTER
        yield StreamEnd(reason)

    def _piece(self, kind: str, verb: str, event: Mapping[str, object]) -> Iterator[Event]:
        """A piece of a part, or its full text."""
        places = _places(event.get("output_index"), event.get("item_id"))
        number = count(event.get("content_index")) or count(event.get("summary_index")) or 0
        if verb == "delta" and isinstance(piece := event.get("delta"), str):
            if kind == "call":
                call = self._call_at(places)
                yield from self._called(call, call.arguments.add(piece))
            else:
                yield from self._show(kind, self._strand(kind).add(kind, places, number, piece))
        elif verb == "done" and (full := _whole(event)):
            if kind == "call":
                call = self._call_at(places)
                yield from self._called(call, self._rest(call, full), {"name": event.get("name")})
            else:
                yield from self._show(kind, self._strand(kind).rest(kind, places, number, full))

    def _step(self, subject: str, verb: str, event: Mapping[str, object]) -> Iterator[Event]:
        """An item, or a part of a summary, begins or ends."""
        item = event.get("item")
        item = item if isinstance(item, dict) else {}
        if verb == "added" and item.get("type") in _CALLS:
            yield from self._called(self._call_at(_places(event.get("output_index"), item.get("id"))), "", item)
        elif verb == "added":
            self._strand("text" if item.get("type") == "message" else "summary").separate()
        elif subject == "response.output_item":
            yield from self._item(item, _places(event.get("output_index"), item.get("id")))

    def _item(self, item: Mapping[str, object], places: Places) -> Iterator[Event]:
        """What has not come yet of a whole item."""
        if item.get("type") in _CALLS:
            call = self._call_at(places, item.get("call_id"))
            yield from self._called(call, self._rest(call, _whole(item)), item)
            return
        for name in ("summary", "content"):
            parts = item.get(name)
            for number, part in enumerate(parts if isinstance(parts, list) else ()):
                if isinstance(part, dict) and (kind := _PARTS.get(str(part.get("type")))):
                    rest = self._strand(kind).rest(kind, places, number, _whole(part))
                    yield from self._show(kind, rest)

    def _response(self, verb: str, response: Mapping[str, object]) -> Iterator[Event]:
        """A response as it stands; ``verb`` is the last word of the event's name, empty where it has none."""
        if not self._model and isinstance(model := response.get("model"), str) and model:
            self._model = model
            yield ResponseStarted(model)
        verb = verb or str(response.get("status") or "completed")
        if verb in _ENDS:
            yield from self._output(response.get("output"))
        counts = response.get("usage")
        usage = usage_of(counts) if isinstance(counts, dict) else None
        if usage:
            yield UsageReport(usage)
        if verb == "failed":
            raise refusal(_fault(response.get("error")), self._peer, model=self._asked)
        if verb in _ENDS:
            self._reason = self._reason_of(verb, response, usage)
            self.finished = True

    def _output(self, output: object) -> Iterator[Event]:
        """What has not come yet of all items."""
        self._answer.retell()
        self._thoughts.retell()
        for index, item in enumerate(output if isinstance(output, list) else ()):
            if isinstance(item, dict):
                yield from self._item(item, _places(item.get("id"), index))

    def _reason_of(self, verb: str, response: Mapping[str, object], usage: Usage | None) -> FinishReason:
        if verb == "incomplete":
            details = response.get("incomplete_details")
            told = details.get("reason") if isinstance(details, dict) else None
            return _REASONS.get(str(told), FinishReason.OTHER)
        if self._limit and usage and (usage.output_tokens or 0) >= self._limit:
            return FinishReason.LENGTH
        return FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP

    def _strand(self, kind: str) -> Strand:
        return self._thoughts if kind in ("reasoning", "summary") else self._answer

    def _show(self, kind: str, text: str) -> Iterator[Event]:
        if text:
            self.started = True
            self._refused |= kind == "refusal"
            yield ReasoningDelta(text) if kind in ("reasoning", "summary") else TextDelta(text)

    def _call_at(self, places: Places, ident: object = None) -> _Call:
        """The call at this place, or with this id, or a new one."""
        for place in places:
            if place in self._placed:
                return self._placed[place]
        call = next((call for call in self._calls if call.id and call.id == ident), None)
        if call is None:
            call = _Call(len(self._calls))
            self._calls.append(call)
        self._placed |= dict.fromkeys(places, call)
        check_parts(len(self._placed))
        return call

    def _rest(self, call: _Call, full: str) -> str:
        """What has not come yet of the arguments of a call."""
        self._retold.compare(call.arguments.size)
        return call.arguments.rest(full)

    def _called(self, call: _Call, arguments: str, item: Mapping[str, object] | None = None) -> Iterator[Event]:
        """A piece of a call; its name and id, which an item or its last event holds, are told once."""
        item, ident, name = item or {}, "", ""
        if not call.id:
            call.id = ident = str(item.get("call_id") or item.get("id") or "")
        if not call.name:
            call.name = name = str(item.get("name") or item.get("type") or "")
        if ident or name or arguments:
            self.started = True
            yield ToolCallDelta(call.index, ident, name, arguments)


def _places(*found: object) -> Places:
    """The places among these values; a server that tells none has one item only."""
    return tuple(place for place in found if type(place) is int or (isinstance(place, str) and place)) or ("",)


def _whole(holder: Mapping[str, object]) -> str:
    """The full text that an object holds."""
    value = next((value for name in _WHOLE if (value := holder.get(name))), "")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _fault(error: object) -> Fault:
    """What a failed response, or an error event, says; the codes of this API are words of their own."""
    fault = fault_in(error) if error else Fault("")
    lasting = any(word in fault.kind for word in _LASTING)
    return replace(fault, kind=f"{fault.kind} invalid_request") if lasting else fault
