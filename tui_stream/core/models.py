"""What a conversation is made of; plain data that every layer may hold."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from tui_stream.core.tree import Tree

_FIRST_MOMENT, _LAST_MOMENT = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class MessageStatus(StrEnum):
    """How a message stands. Only `COMPLETE` says that an end marker or a finish reason was seen."""

    QUEUED = "queued"
    STREAMING = "streaming"
    COMPLETE = "complete"
    CUT_OFF = "cut off"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The program went away while it streamed; what had been journalled is there."""


UNDER_WAY = frozenset({MessageStatus.QUEUED, MessageStatus.STREAMING})
"""An answer that stands so is still to come, here or in another program."""


class FinishReason(StrEnum):
    """Why a provider ended an answer, in the words of the OpenAI API."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"
    TOOL_CALLS = "tool_calls"
    OTHER = "other"


class Source(StrEnum):
    """Where a figure comes from. A figure that is neither is absent (None), never zero."""

    REPORTED = "reported"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request; None where nobody said.

    Attributes:
        input_tokens: everything that was sent, cached parts included.
        output_tokens: everything that was generated, reasoning included.
        cached_input_tokens: the part of the input that was read from the provider's cache.
        cache_write_tokens: the part of the input that was written to it.
        reasoning_tokens: the part of the output that was reasoning.
        cost: what the provider itself says the request cost, in US dollars.
        source: whether the provider reported the counts or they were estimated here.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Decimal | None = None
    source: Source = Source.REPORTED


@dataclass(frozen=True, slots=True)
class Price:
    """What one request was billed at: US dollars per million tokens of each class.

    Of a tiered price it is the tier that applied to the request. None is a class that has no price of its own.

    Attributes:
        source: whose price it is, for people: the settings, or a price list and its date.
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    reasoning: Decimal | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request or several cost.

    Attributes:
        amount: US dollars; None when no price is known, and for a local model.
        source: reported by the provider (or computed from its counts), or estimated.
        local: the model runs on this machine and costs nothing per token.
        price: what a single request was billed at, where that is known.
    """

    amount: Decimal | None = None
    source: Source = Source.ESTIMATED
    local: bool = False
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """When things happened in a finished turn, in seconds.

    Attributes:
        elapsed: from the request to the end.
        first_token: from the request to the first token, None where none came.
        streaming: from the first token to the last one.
        attempts: requests that were sent.
    """

    elapsed: float = 0.0
    first_token: float | None = None
    streaming: float = 0.0
    attempts: int = 1


@dataclass(slots=True)
class ToolCall:
    """A call that the model asks for; it is shown, never run.

    Attributes:
        arguments: JSON text, as it arrived.
    """

    id: str = ""
    name: str = ""
    arguments: str = ""


def interruption(text: str) -> str:
    """What the error of an answer says that was interrupted when it had this text."""
    return f"interrupted after {'1 character' if len(text) == 1 else f'{len(text):,} characters'}"


def new_id() -> str:
    """A fresh identifier for a message or a conversation."""
    return uuid.uuid4().hex


def utc_now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)


def showable(moment: datetime) -> datetime:
    """The moment, or where some time zone's calendar does not hold it the nearest one that all calendars hold."""
    return max(_FIRST_MOMENT, min(moment, _LAST_MOMENT))


@dataclass(slots=True, eq=False)
class Message:
    """One message, by whichever side; an assistant's grows while it streams.

    Attributes:
        text: the answer or the prompt, Markdown.
        reasoning: what the model thought aloud, kept apart from the answer.
        parent_id: the message that this one follows, None at the root.
        model: the model that really answered, as the provider names it.
        parameters: the provider's own parameters that the request carried.
        timing: of an assistant's message that is finished.
        error: what went wrong, a sentence for people, empty where nothing did.
        notes: how the answer came about, where that is worth a sentence: that another model answered, for instance.
    """

    role: Role
    text: str = ""
    reasoning: str = ""
    status: MessageStatus = MessageStatus.COMPLETE
    id: str = field(default_factory=new_id)
    parent_id: str | None = None
    created_at: datetime = field(default_factory=utc_now)
    finished_at: datetime | None = None
    provider: str = ""
    model: str = ""
    parameters: dict[str, object] = field(default_factory=dict)
    tool_calls: list[ToolCall] = field(default_factory=list)
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    timing: Timing | None = None
    error: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing in it that a later request could carry."""
        return not self.text.strip()

    @property
    def blank(self) -> bool:
        """Nothing in it that a person could want to see again."""
        return self.empty and not self.reasoning.strip() and not self.tool_calls


@dataclass(slots=True, eq=False)
class Conversation:
    """A tree of messages, of which one path is shown: from a root to a leaf.

    A long conversation is loaded from its end; ``tree`` knows all of its messages, the lists those that are loaded.

    Attributes:
        title: as the person or a model named it; empty for one that goes by its first line.
        tree: which message follows which, and which branches were chosen last.
        messages: the end of the shown path, oldest first, as much of it as is loaded.
        others: loaded messages beside the shown path.
        unloaded: what the requests whose messages are not loaded have cost.
    """

    id: str = field(default_factory=new_id)
    title: str = ""
    pinned: bool = False
    archived: bool = False
    tree: Tree = field(default_factory=Tree)
    messages: list[Message] = field(default_factory=list)
    others: list[Message] = field(default_factory=list)
    unloaded: Cost = field(default_factory=lambda: Cost(Decimal(0), Source.REPORTED))
    created_at: datetime = field(default_factory=utc_now)
    updated_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message as a request carries it: no state, no accounts, no marker of ours."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a provider is asked to stream.

    Attributes:
        model: the model's name; empty for the provider's own default.
        messages: a valid history, the system prompt first where there is one.
        options: the provider's own parameters by their own names (``temperature``, ``max_tokens``,
            ``num_ctx`` ...), passed through.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that a provider offers.

    Attributes:
        context_window: tokens, None where the provider does not say.
        size: bytes on disk, None for hosted models.
    """

    name: str
    context_window: int | None = None
    size: int | None = None
    detail: str = ""
