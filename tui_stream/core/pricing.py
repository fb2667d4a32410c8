"""What requests cost, by the classes that providers bill, in exact decimal numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tui_stream.core.models import Price, Usage

_MILLION = 6  # its zeros
_VERSION = re.compile(r"-(?:20\d{2}-?\d{2}-?\d{2}|\d{4})$|:latest$")


def plain_name(model: str) -> str:
    """A model's name without what providers put behind it when they answer: a date, or Ollama's tag."""
    return _VERSION.sub("", model)


OWN = "the settings"
"""The source of prices that the person has set."""


@dataclass(frozen=True, slots=True)
class Tier:
    """A price for requests with more tokens of input than ``above``; it holds for all of their tokens."""

    above: int
    price: Price


@dataclass(frozen=True, slots=True)
class Rate:
    """What a model costs now.

    Attributes:
        price: of a request that is in no tier.
        tiers: prices of larger requests, in any order.
    """

    price: Price
    tiers: tuple[Tier, ...] = ()

    def price_of(self, usage: Usage) -> Price:
        """The price that a request is billed at. It goes by the whole input, cached parts included."""
        sent = usage.input_tokens or 0
        reached = [tier for tier in self.tiers if sent > tier.above]
        return max(reached, key=lambda tier: tier.above).price if reached else self.price

    @property
    def free(self) -> bool:
        """Whether no request costs anything, whatever is in it."""
        return all(map(_is_nothing, (self.price, *(tier.price for tier in self.tiers))))

    @property
    def own(self) -> bool:
        """Whether the person has set it: it holds for a server on this machine too, which may pass requests on."""
        return self.price.source == OWN


def _is_nothing(price: Price) -> bool:
    """Whether it is known that nothing is paid."""
    others = (price.cached_input, price.cache_write, price.reasoning, price.request)
    return price.input == price.output == 0 and not any(others)


class PriceBook(Protocol):
    """Knows what models cost."""

    async def load(self) -> None:
        """Makes ready what takes time; prices may be unknown until then. Never fails, and may be called often."""

    def rate(self, *, provider: str, model: str) -> Rate | None:
        """What a request made now costs; None where the model's price is not known."""

    def window(self, *, provider: str, model: str) -> int | None:
        """The model's context window in tokens, where the book says that too."""


class NoPrices:
    """The price book of those who have none."""

    async def load(self) -> None:
        """Has nothing to load."""

    def rate(self, *, provider: str, model: str) -> Rate | None:
        """Always unknown."""
        del provider, model
        return None

    def window(self, *, provider: str, model: str) -> int | None:
        """Always unknown."""
        del provider, model
        return None


def bill(price: Price, usage: Usage) -> Decimal | None:
    """US dollars for these tokens, exactly; None where a class that costs something was not counted by anyone.

    None too where tokens were counted whose price nobody knows.

    Cached and written parts are parts of the input, reasoning is one of the output, and each part without a price of
    its own costs what the whole does. A provider that counts parts beside the whole is billed for the parts.
    """
    amount = (price.request or Decimal(0)).normalize()
    for tokens, rate in _classes(price, usage):
        if tokens is None:
            if rate != 0:
                return None
        elif rate is not None:
            amount += tokens * rate.scaleb(-_MILLION)
        elif tokens:
            return None
    return amount


def _classes(price: Price, usage: Usage) -> Iterator[tuple[int | None, Decimal | None]]:
    """Tokens and dollars for a million of them, class by class; each token is in one."""
    cached, written = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
    thought = usage.reasoning_tokens or 0
    yield _rest(usage.input_tokens, cached + written), price.input
    yield cached, _own(price.cached_input, price.input)
    yield written, _own(price.cache_write, price.input)
    yield _rest(usage.output_tokens, thought), price.output
    yield thought, _own(price.reasoning, price.output)


def _rest(whole: int | None, parts: int) -> int | None:
    return None if whole is None else max(0, whole - parts)


def _own(price: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return whole if price is None else price
