"""Tokens and money of a turn: reported, estimated or unknown, and never invented."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Protocol

from tui_stream.core.models import ChatMessage, Cost, Source, Usage

CHARACTERS_PER_TOKEN = 4.0
"""The ratio assumed until a provider reports better; about right for English with today's tokenizers."""

_COUNTS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
_MESSAGE_OVERHEAD = 4  # tokens a chat template spends around each message


class PriceBook(Protocol):
    """Knows what models cost."""

    def cost(self, usage: Usage, *, provider: str, model: str) -> Decimal | None:
        """US dollars for these tokens; None where the model's price is not known."""


class NoPrices:
    """The price book of those who have none."""

    def cost(self, usage: Usage, *, provider: str, model: str) -> Decimal | None:
        """Always unknown."""
        del usage, provider, model
        return None


def estimate_tokens(characters: int) -> int:
    """Tokens in so many characters, at least one where there is any text."""
    return max(1, round(characters / CHARACTERS_PER_TOKEN)) if characters else 0


def estimate_prompt(messages: Iterable[ChatMessage]) -> int:
    """Tokens that a request with these messages sends."""
    return sum(estimate_tokens(len(message.content)) + _MESSAGE_OVERHEAD for message in messages)


@dataclass(slots=True)
class TurnMeter:
    """Counts one turn; every figure is an estimate until the provider reports its own.

    Attributes:
        prompt_tokens: estimate of what the request sends; None before a request left.
    """

    book: PriceBook
    provider: str
    model: str
    local: bool = False
    prompt_tokens: int | None = None
    _characters: int = 0
    _reported: Usage | None = field(default=None)

    def count(self, text: str) -> None:
        """A piece of the answer or of the reasoning arrived."""
        self._characters += len(text)

    def report(self, usage: Usage) -> None:
        """The provider's own counts arrived; what it leaves out stays unknown or as it was."""
        self._reported = _merged(self._reported, usage) if self._reported else usage

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        if self._reported is not None:
            return self._completed(self._reported)
        if self.prompt_tokens is None:
            return Usage(source=Source.ESTIMATED)
        return Usage(self.prompt_tokens, estimate_tokens(self._characters), source=Source.ESTIMATED)

    def _completed(self, reported: Usage) -> Usage:
        """What the provider reported; where it gave only one of the two counts, the other is estimated."""
        if reported.input_tokens is None:
            return replace(reported, input_tokens=self.prompt_tokens, source=Source.ESTIMATED)
        if reported.output_tokens is None:
            return replace(reported, output_tokens=estimate_tokens(self._characters), source=Source.ESTIMATED)
        return reported

    @property
    def cost(self) -> Cost:
        """What that costs."""
        if self.local:
            return Cost(source=Source.REPORTED, local=True)
        usage = self.usage
        if usage.cost is not None:
            return Cost(usage.cost, Source.REPORTED)
        if usage.input_tokens is None and usage.output_tokens is None:
            return Cost()
        return Cost(self.book.cost(usage, provider=self.provider, model=self.model), usage.source)


def _merged(old: Usage, new: Usage) -> Usage:
    kept = {name: getattr(old, name) for name in _COUNTS if getattr(new, name) is None}
    return replace(new, cost=old.cost if new.cost is None else new.cost, **kept)


def sum_usage(one: Usage, other: Usage) -> Usage:
    """The tokens of two requests together: unknown where both are, estimated where one of them is."""
    counts = {name: _sum(getattr(one, name), getattr(other, name)) for name in (*_COUNTS, "cost")}
    estimated = Source.ESTIMATED in {one.source, other.source}
    return Usage(**counts, source=Source.ESTIMATED if estimated else Source.REPORTED)


def _sum(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else one + other


def total(costs: Iterable[Cost]) -> Cost:
    """The sum of several costs: unknown where one of them is, estimated where one of them is.

    Turns of local models add nothing; where all of them are local, so is the sum.
    """
    known = list(costs)
    paid = [cost for cost in known if not cost.local]
    if not paid:
        return Cost(Decimal(0), Source.REPORTED, local=bool(known))
    estimated = any(cost.source is Source.ESTIMATED for cost in paid)
    amounts = [cost.amount for cost in paid if cost.amount is not None]
    amount = sum(amounts, Decimal(0)) if len(amounts) == len(paid) else None
    return Cost(amount, Source.ESTIMATED if estimated else Source.REPORTED)
