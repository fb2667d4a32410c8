"""The file format of recorded streams: JSON lines, one event each, with its time.

The first line is ``{"tui_stream_recording": 1, "provider": ..., "model": ...}``. Each answer begins with
``{"t": 0, "event": "request"}``; ``t`` is in seconds from there. Events are `tui_stream.core.events`'s, under
short names; an answer that failed ends with an event ``error``. Neither prompts nor headers nor keys are
recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace

from tui_stream import errors
from tui_stream.core.events import (
    Event,
    Progress,
    ReasoningDelta,
    Rerouted,
    ResponseStarted,
    StreamEnd,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from tui_stream.core.models import FinishReason, Source, Usage
from tui_stream.core.money import amount_of

FORMAT = 1

_NAMES: dict[type[Event], str] = {
    TextDelta: "text",
    ReasoningDelta: "reasoning",
    ToolCallDelta: "tool_call",
    ResponseStarted: "started",
    Progress: "progress",
    Rerouted: "rerouted",
    UsageReport: "usage",
    StreamEnd: "end",
}
_TYPES: dict[str, type[Event]] = {name: kind for kind, name in _NAMES.items()}


def header(provider: str, model: str) -> str:
    """The first line."""
    return _line({"tui_stream_recording": FORMAT, "provider": provider, "model": model})


def request_line() -> str:
    """The line that begins an answer."""
    return _line({"t": 0, "event": "request"})


def event_line(seconds: float, event: Event) -> str:
    """The line for an event that came so many seconds after the request."""
    fields = asdict(event)
    if isinstance(event, UsageReport):
        fields = {name: value for name, value in fields["usage"].items() if value is not None}
    return _line({"t": round(seconds, 6), "event": _NAMES[type(event)], **fields})


def error_line(seconds: float, error: errors.TuiStreamError) -> str:
    """The line for the error that ended an answer."""
    fields = {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    return _line({"t": round(seconds, 6), "event": "error", **fields})


def _line(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=True, default=str) + "\n"


def parse(line: str) -> tuple[float, Event | errors.TuiStreamError | None]:
    """The time and the event of a line; None for the beginning of an answer.

    Raises:
        ConfigError: the line is not part of a recording.
    """
    try:
        fields = json.loads(line)
        seconds, kind = float(fields.pop("t")), fields.pop("event")
        if kind == "request":
            return seconds, None
        if kind == "error":
            return seconds, _error(**fields)
        return seconds, _event(kind, fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise errors.ConfigError(f"Not a line of a recording: {line[:60]!r}.") from error


def _event(kind: str, fields: dict[str, object]) -> Event:
    if kind == "usage":
        usage = Usage(**fields)  # type: ignore[arg-type] # a file's fields; a wrong name raises TypeError
        cost = None if usage.cost is None else amount_of(str(usage.cost))
        return UsageReport(replace(usage, cost=cost, source=Source(usage.source)))
    if kind == "end" and fields["finish_reason"] is not None:
        return StreamEnd(FinishReason(str(fields["finish_reason"])))
    return _TYPES[kind](**fields)  # type: ignore[arg-type] # as above


def _error(error: str, message: str, hint: str) -> errors.TuiStreamError:
    kind = getattr(errors, error)
    made = kind(message, hint=hint)
    if not isinstance(made, errors.TuiStreamError):
        raise TypeError(error)
    return made
