r"""The format of our own files, version 1: what each field is called, what may stand in it, and what it means.

It exists so that the format is written down once: these classes read, check and describe it. A file is one JSON
object, UTF-8, with the members ``format`` (always ``"tui-stream"``), ``version`` (``1``), ``exported_at`` and
``conversations``, a list of `ConversationRecord`. `json_schema` says the same as a JSON Schema.

- The messages of a conversation form a tree by their ``parent_id``; one without begins the conversation. Messages
  that follow the same one are branches: alternatives, in the order of the list.
- Of such branches the one with ``chosen`` is shown; where none has it, the last one is.
- Money and prices are decimal numbers in strings, in US dollars; moments are RFC 3339 with a zone; times are seconds.
- What is absent is as the defaults say. Members that this version does not know are passed over; what changes the
  meaning of others comes with a higher ``version``, which older programs refuse.
- Code points that could steer a terminal stand as ``\u`` escapes, so that the file may be looked at anywhere. They are
  a part of the texts all the same: whoever shows these has to take them out.
- Moments that are not in every time zone's calendar are read as the nearest that is, of the years 1 and 9999.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from tui_stream.core.models import FinishReason, MessageStatus, Role, Source

FORMAT: Final = "tui-stream"
VERSION: Final = 1
MOST_MESSAGES: Final = 1_000_000
"""How many messages a conversation in a file may have."""
_MOST_TOKENS: Final = 10**15  # no request has more
_LONG_AGO: Final = 1e12  # seconds; no request takes longer

Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$", description="1 to 64 letters, digits, _ or -")]
Moment = Annotated[datetime, Meta(tz=True)]
Seconds = Annotated[float, Meta(ge=0, le=_LONG_AGO)]
Tokens = Annotated[int, Meta(ge=0, le=_MOST_TOKENS)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class UsageRecord(msgspec.Struct, omit_defaults=True):
    """Tokens of one request; what is absent is unknown."""

    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    cached_input_tokens: Tokens | None = None
    cache_write_tokens: Tokens | None = None
    reasoning_tokens: Tokens | None = None
    cost: Decimal | None = None
    source: Source = Source.REPORTED


class PriceRecord(msgspec.Struct, omit_defaults=True):
    """What a request was billed at, US dollars per million tokens."""

    input: Decimal | None = None
    output: Decimal | None = None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    reasoning: Decimal | None = None
    source: str = ""
    request: Decimal | None = None


class CostRecord(msgspec.Struct, omit_defaults=True):
    """What a request cost in US dollars; without an amount it is unknown, or the model is local."""

    amount: Decimal | None = None
    source: Source = Source.ESTIMATED
    local: bool = False
    price: PriceRecord | None = None


class TimingRecord(msgspec.Struct, omit_defaults=True):
    """How long a request took, in seconds."""

    elapsed: Seconds = 0.0
    first_token: Seconds | None = None
    streaming: Seconds = 0.0
    attempts: Count = 1


class EstimateRecord(msgspec.Struct, omit_defaults=True):
    """What a request was taken for before its provider reported: messages, their size, the answer's, tokens of both."""

    messages: Count
    sent: Tokens
    sent_marks: Tokens
    made: Tokens
    made_marks: Tokens
    input_tokens: Tokens
    output_tokens: Tokens


class CutRecord(msgspec.Struct, omit_defaults=True):
    """From this prompt on, requests begin with the message ``first``, and with ``summary`` for those before it."""

    first: Identifier
    left_out: Count = 0
    summary: str = ""


class ToolCallRecord(msgspec.Struct, omit_defaults=True):
    """A call that the model asked for; ``arguments`` is JSON in a string, as it arrived."""

    id: str = ""
    name: str = ""
    arguments: str = ""


class MessageRecord(msgspec.Struct, omit_defaults=True):
    """One message; ``text`` is Markdown, ``reasoning`` what the model thought aloud before it."""

    id: Identifier
    role: Role
    created_at: Moment
    parent_id: Identifier | None = None
    chosen: bool = False
    text: str = ""
    reasoning: str = ""
    status: MessageStatus = MessageStatus.COMPLETE
    finished_at: Moment | None = None
    provider: str = ""
    model: str = ""
    parameters: dict[str, Any] = msgspec.field(default_factory=dict)
    tool_calls: list[ToolCallRecord] = msgspec.field(default_factory=list)
    finish_reason: FinishReason | None = None
    usage: UsageRecord | None = None
    cost: CostRecord | None = None
    timing: TimingRecord | None = None
    error: str = ""
    notes: list[str] = msgspec.field(default_factory=list)
    estimate: EstimateRecord | None = None
    cut: CutRecord | None = None


class ConversationRecord(msgspec.Struct, omit_defaults=True):
    """A conversation with all of its branches; ``unloaded_cost`` belongs to requests that no message stands for."""

    id: Identifier
    created_at: Moment
    updated_at: Moment
    title: str = ""
    pinned: bool = False
    archived: bool = False
    unloaded_cost: CostRecord | None = None
    messages: Annotated[list[MessageRecord], Meta(max_length=MOST_MESSAGES)] = msgspec.field(default_factory=list)


class FileRecord(msgspec.Struct):
    """A file of conversations."""

    format: Annotated[str, Meta(pattern=f"^{FORMAT}$")]
    version: Annotated[int, Meta(ge=VERSION, le=VERSION)]
    conversations: list[ConversationRecord]
    exported_at: Moment | None = None


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of version 1; it says all but that the links make a tree."""
    schema = msgspec.json.schema(FileRecord)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Conversations of tui-stream, format version 1",
        **schema,
    }
