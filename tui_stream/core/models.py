"""What a conversation is made of; plain data that every layer may hold."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from tui_stream.core.amounts import Cost, Estimate, Price, Source, Timing, Usage
from tui_stream.core.images import Image
from tui_stream.core.tree import Tree

if TYPE_CHECKING:
    from tui_stream.core.accounts import Receipt

__all__ = [
    "FIRST_MOMENT",
    "LAST_MOMENT",
    "UNDER_WAY",
    "ChatMessage",
    "ChatRequest",
    "Conversation",
    "Cost",
    "Cut",
    "Estimate",
    "FinishReason",
    "Message",
    "MessageStatus",
    "ModelInfo",
    "Price",
    "Role",
    "Source",
    "Timing",
    "ToolCall",
    "Usage",
    "interruption",
    "new_id",
    "showable",
    "utc_now",
]

FIRST_MOMENT, LAST_MOMENT = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""The first and the last moment that the calendars of all time zones hold."""


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
    BUDGET = "budget"
    """None of a provider's: a limit that the person set was reached, and the turn loop stopped the stream."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What requests leave out from a prompt on, so that they fit the model's window.

    Attributes:
        first: the id of the first message that is still sent; where it is not on the path, that is the prompt itself.
        left_out: how many messages are not.
        summary: what is sent in their place; empty for nothing.
    """

    first: str
    left_out: int = 0
    summary: str = ""


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
    return max(FIRST_MOMENT, min(moment, LAST_MOMENT))


@dataclass(slots=True, eq=False)
class Message:
    """One message, by whichever side; an assistant's grows while it streams.

    Attributes:
        text: the answer or the prompt, Markdown.
        reasoning: what the model thought aloud, kept apart from the answer.
        parent_id: the message that this one follows, None at the root.
        model: the model that really answered, as the provider names it.
        asked: the name by which it was asked for.
        parameters: the provider's own parameters that the request carried.
        timing: of an assistant's message that is finished.
        error: what went wrong, a sentence for people, empty where nothing did.
        notes: how the answer came about, where that is worth a sentence: that another model answered, for instance.
        receipts: what its requests came to one by one, where it took several, or one that was made later than it; the
            message's own figures are their sums.
        images: pictures that go with a prompt; they are sent, and no store keeps them.
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
    estimate: Estimate | None = None
    cut: Cut | None = None
    asked: str = ""
    receipts: tuple[Receipt, ...] = ()
    images: tuple[Image, ...] = ()

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
    images: tuple[Image, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a provider is asked to stream.

    Attributes:
        model: the model's name; empty for the provider's own default.
        messages: a valid history, the system prompt first where there is one.
        options: the provider's own parameters by their own names (``temperature``, ``max_tokens``,
            ``num_ctx`` ...), passed through.
        schema: a JSON Schema that the answer has to be valid by; None for an answer in any form.
    """

    model: str
    messages: tuple[ChatMessage, ...]
    options: Mapping[str, object] = field(default_factory=dict)
    schema: Mapping[str, object] | None = None


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
