"""The settings about money: what models cost, and how much may be spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from tui_stream.config.marks import NotNegative, Range


@dataclass(frozen=True, slots=True)
class PriceSetting:
    """What one model costs, in US dollars per million tokens; goes before the built-in price list.

    What the provider itself says that a request cost goes before both.
    """

    model: str
    """The model's name as the provider reports it; * stands for any run of characters."""

    input: NotNegative
    """For a million tokens sent."""

    output: NotNegative
    """For a million tokens generated."""

    cached_input: NotNegative | None = None
    """For a million tokens sent that the provider read from its cache; the price of input where left out."""

    cache_write: NotNegative | None = None
    """For a million tokens sent that the provider wrote to its cache; as input where left out."""

    reasoning: NotNegative | None = None
    """For a million tokens of reasoning; the price of output where left out."""

    request: NotNegative = 0.0
    """For each request, whatever is in it."""

    above: Annotated[int, Range(0, 10**12)] = 0
    """Only for requests that send more tokens than this. A price with tiers is several of these for one model."""


EXAMPLE_PRICE = PriceSetting("my-model-*", 0.5, 2.0, cached_input=0.05, cache_write=0.625, reasoning=2.0)


@dataclass(frozen=True, slots=True)
class BudgetSetting:
    """A limit on what is spent.

    An answer that reaches it is stopped, and its text kept; going past it has to be said.
    """

    per: Literal["turn", "run", "conversation", "day", "month"]
    """What the limit is for; a run is all that is asked for from the start of the program to its end, days and months
    are those of this machine's time zone."""

    dollars: NotNegative | None = None
    """US dollars. What a model of unknown price costs cannot be counted, and is said."""

    tokens: Annotated[int, Range(0, 10**15)] | None = None
    """Tokens sent and generated; instead of dollars, or beside them."""

    model: str = "*"
    """Only what is spent on models of this name, asked for or answering; * stands for any run of characters."""

    warn: Annotated[float, Range(0, 1)] = 0.8
    """The part of the limit at which it is said; 1 says nothing before."""

    def wrong(self) -> str:
        """What is wrong with it as a whole, or nothing."""
        return "dollars or tokens must be given." if self.dollars is None and self.tokens is None else ""


EXAMPLE_BUDGET = BudgetSetting("day", dollars=2.0, tokens=1_000_000)
