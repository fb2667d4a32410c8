"""What a provider yields while it streams, and what the turn loop hands on to a front end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_stream.core.models import FinishReason, Message, Usage
    from tui_stream.core.stats import TurnStats


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """The next piece of what the model thinks aloud."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call; pieces with one ``index`` belong together, ``arguments`` are added up."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The provider's own counts; a later report replaces an earlier one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """The provider accepted the request (the response's head is here, no token yet).

    Attributes:
        model: the model that answers, where the provider says so, else an empty string.
    """

    model: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Work before the answer: a download, or loading a model.

    Attributes:
        label: what is being done, for people: "Fetching SmolLM2-135M-Instruct".
        done: so far, in bytes where ``total`` is given.
        total: in bytes, None when it is not known.
    """

    label: str
    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """The request failed before the first token and is sent again.

    Attributes:
        attempt: which try comes next, from 2.
        delay: seconds until then.
        reason: what failed, a sentence.
    """

    attempt: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class Rerouted:
    """One of several endpoints failed before its first token, and the next one is asked.

    Attributes:
        failed: the endpoint that went wrong; like ``chosen`` an address without secrets.
        chosen: the endpoint that is asked now.
        reason: what failed, a sentence.
    """

    failed: str
    chosen: str
    reason: str


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """The provider's end marker: nothing comes after it.

    Attributes:
        finish_reason: None where the dialect has an end marker but gives no reason.
    """

    finish_reason: FinishReason | None = None


Event = (
    TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | UsageReport
    | ResponseStarted
    | Progress
    | Retrying
    | Rerouted
    | StreamEnd
)
"""Everything a provider may yield (`Retrying` comes from the turn loop alone)."""


class TurnState(StrEnum):
    """Where a turn stands, as the status bar says it."""

    IDLE = "ready"
    STARTING = "starting"
    PREPARING = "preparing"
    CONNECTING = "connecting"
    WAITING = "waiting"
    THINKING = "thinking"
    STREAMING = "streaming"
    RETRYING = "retrying"
    DONE = "done"
    CUT_OFF = "cut off"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TurnUpdate:
    """One step of a turn: what is new since the update before.

    Attributes:
        message: the assistant's message of this turn, already brought up to date.
        text: what to append to the answer, possibly nothing.
        reasoning: what to append to the thinking, possibly nothing.
        stats: a snapshot of times and counts.
        progress: set while something is prepared.
        retrying: set when a failed request is about to be sent again.
        notes: sentences on how the answer comes about, each told once; see `Message.notes`.
    """

    message: Message
    state: TurnState
    stats: TurnStats
    text: str = ""
    reasoning: str = ""
    progress: Progress | None = None
    retrying: Retrying | None = None
    events: tuple[Event, ...] = field(default=())
    notes: tuple[str, ...] = ()
