"""What a request took: tokens, money and time, and where each figure comes from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


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

    Of a tiered price it is the tier that applied to the request. None is a class that has no price of its own: it is
    billed like the class that it is a part of. Where input or output itself has none, nobody knows what it costs.

    Attributes:
        source: whose price it is, for people: the settings, or a price list and its version.
        request: US dollars for the request itself, whatever is in it.
    """

    input: Decimal | None
    output: Decimal | None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    reasoning: Decimal | None = None
    source: str = ""
    request: Decimal | None = None


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
class Estimate:
    """What was estimated of a request until its provider reported; the next estimates are made with it.

    Sizes are those of `tui_stream.core.estimates.size_of`. Where the provider reported reasoning tokens, the answer is
    estimated without its reasoning, of which it may show less than it counts.

    Attributes:
        messages: messages that were sent.
        sent, sent_marks: their size.
        made, made_marks: the size of the answer.
        input_tokens: tokens that the messages were taken for.
        output_tokens: tokens that the answer was taken for.
    """

    messages: int
    sent: int
    sent_marks: int
    made: int
    made_marks: int
    input_tokens: int
    output_tokens: int


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
