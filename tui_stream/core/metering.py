"""Tokens and money of a turn: reported, estimated or unknown, and never invented."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tui_stream.core.estimates import CHARACTERS_PER_TOKEN, Estimator, Growing, Sample, Sent, Size
from tui_stream.core.models import ChatMessage, Cost, Estimate, Source, Usage
from tui_stream.core.pricing import NoPrices, PriceBook, Rate, bill

__all__ = [
    "CHARACTERS_PER_TOKEN",
    "NoPrices",
    "PriceBook",
    "TurnMeter",
    "estimate_prompt",
    "estimate_tokens",
    "sum_usage",
    "total",
]

_COUNTS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")


def estimate_tokens(characters: int) -> int:
    """Tokens in so many characters of which nothing is known, at least one where there is any text."""
    return Estimator().answer(Size(characters))


def estimate_prompt(messages: Iterable[ChatMessage]) -> int:
    """Tokens that a request with these messages sends to a model of which nothing is known."""
    return Estimator().prompt(Sent.of(messages))


@dataclass(slots=True)
class TurnMeter:
    """Counts one request; every figure is an estimate until the provider reports its own.

    What arrives behind a report is estimated on top of it: a provider may report before it has generated anything, and
    cover nothing with that of what follows.

    Attributes:
        model: the one that really answers, as soon as that is known: what it costs is billed.
        prompt_tokens: estimate of what the request sends; None before a request left.
        estimator: knows the model's tokens.
        sent: what the request sends.
        ended: the end of the answer was seen: the last report is for all that came before it.
        asked: the name by which the model was asked for.
    """

    book: PriceBook
    provider: str
    model: str
    local: bool = False
    prompt_tokens: int | None = None
    estimator: Estimator = field(default_factory=Estimator)
    sent: Sent | None = None
    ended: bool = False
    asked: str = ""
    _text: Growing = field(default_factory=Growing)
    _reasoning: Growing = field(default_factory=Growing)
    _reported: Usage | None = None
    _heard: Size = field(default_factory=Size)  # what had come at the last count of the answer
    _covered: Size = field(default_factory=Size)  # what had come at the last count that was larger than those before
    _charged: Size = field(default_factory=Size)  # what had come when the provider said what it costs
    _rate: tuple[str, Rate] | None = None
    _usage: tuple[object, Usage] | None = None
    _cost: tuple[Usage, Rate | None, Cost] | None = None

    def send(self, messages: Iterable[ChatMessage], before: Sample | None = None) -> int:
        """A request with these messages is about to leave; about how many tokens they are.

        Args:
            messages: what it sends.
            before: an earlier request of the same conversation.
        """
        self.sent = Sent.of(messages)
        self.prompt_tokens = self.estimator.prompt(self.sent, before)
        return self.prompt_tokens

    def count(self, text: str, reasoning: str = "") -> None:
        """A piece of the answer or of the reasoning arrived."""
        self._text.add(text)
        self._reasoning.add(reasoning)
        self._usage = None

    def report(self, usage: Usage) -> None:
        """The provider's own counts arrived; what it leaves out stays unknown or as it was.

        That it generated nothing is no count once there is text. A count that has not grown while text came is for the
        text before, as long as the answer goes on: servers that report with every piece may do so with a constant.
        """
        made, before = self._made, self._reported
        if usage.output_tokens == 0 and any(made):
            usage = replace(usage, output_tokens=None)
        if usage.output_tokens is not None:
            self._heard = made
            if usage.output_tokens > (0 if before is None or before.output_tokens is None else before.output_tokens):
                self._covered = made
        if usage.cost is not None:
            self._charged = made
        self._reported = usage if before is None else _merged(before, usage)
        self._usage = None

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        known = (self.prompt_tokens, self.ended, self.estimator.samples)
        if self._usage is None or self._usage[0] != known:
            self._usage = known, self._worked_out()
        return self._usage[1]

    @property
    def _made(self) -> Size:
        return self._text.size.plus(self._reasoning.size)

    def _worked_out(self) -> Usage:
        if self._reported is not None:
            return self._completed(self._reported)
        if self.prompt_tokens is None:
            return Usage(source=Source.ESTIMATED)
        return Usage(self.prompt_tokens, self.estimator.answer(self._made), source=Source.ESTIMATED)

    def _completed(self, reported: Usage) -> Usage:
        """What the provider reported; what of the two counts it left out, and what came since, is estimated."""
        if reported.input_tokens is None and self.prompt_tokens is not None:
            reported = replace(reported, input_tokens=self.prompt_tokens, source=Source.ESTIMATED)
        if reported.output_tokens is None:
            reported = replace(reported, output_tokens=self.estimator.answer(self._made), source=Source.ESTIMATED)
        elif since := self._since(self._heard if self.ended else self._covered):
            reported = replace(reported, output_tokens=reported.output_tokens + since, source=Source.ESTIMATED)
        if reported.cost is not None and self._since(self._charged):
            reported = replace(reported, cost=None)
        return reported

    def _since(self, then: Size) -> int:
        """About how many tokens came since there was so much of the answer."""
        made = self._made
        return 0 if made == then else max(1, self.estimator.answer(made) - self.estimator.answer(then))

    @property
    def estimate(self) -> Estimate | None:
        """What the request was taken for; None before it left, and with pictures: nothing is learned from those."""
        if self.sent is None or self.prompt_tokens is None or self.sent.pictures:
            return None
        told = self._reported is not None and self._reported.reasoning_tokens is not None
        made = self._text.size if told else self._made
        sent, guess = self.sent, self.estimator.answer(made)
        return Estimate(sent.messages, *sent.size, *made, self.prompt_tokens, guess)

    @property
    def rate(self) -> Rate | None:
        """What the model costs; once known, it holds for the whole turn.

        A price that the person has set for the name that was asked for holds where none is known of who answers.
        """
        if self._rate is None or self._rate[0] != self.model:
            rate = self.book.rate(provider=self.provider, model=self.model)
            if rate is None and self.asked:
                named = self.book.rate(provider=self.provider, model=self.asked)
                rate = named if named is not None and named.own else None
            self._rate = None if rate is None else (self.model, rate)
        return None if self._rate is None else self._rate[1]

    @property
    def cost(self) -> Cost:
        """What that costs, and at which price."""
        if self.unpaid:
            return Cost(source=Source.REPORTED, local=True)
        usage, rate = self.usage, self.rate
        if self._cost is None or self._cost[0] is not usage or self._cost[1] is not rate:
            self._cost = usage, rate, self._billed(usage, rate)
        return self._cost[2]

    @property
    def free(self) -> bool:
        """Whether it is known beforehand that nothing is paid for it."""
        return self.unpaid or (self.rate is not None and self.rate.free)

    @property
    def unpaid(self) -> bool:
        """Whether nobody is paid: the model runs here, no price is set for it, and the server names no cost."""
        if not self.local or (self._reported is not None and self._reported.cost is not None):
            return False
        return self.rate is None or not self.rate.own

    def _billed(self, usage: Usage, rate: Rate | None) -> Cost:
        if usage.cost is not None:
            return Cost(usage.cost, Source.REPORTED)
        if usage.input_tokens is None and usage.output_tokens is None:
            return Cost()
        if rate is None:
            return Cost(None, usage.source)
        price = rate.price_of(usage)
        if self._reported is not None and self._reported.cost is not None:
            since = bill(replace(price, request=None), Usage(0, self._since(self._charged)))
            return Cost(None if since is None else self._reported.cost + since, Source.ESTIMATED)
        return Cost(bill(price, usage), usage.source, price=price)


def _merged(old: Usage, new: Usage) -> Usage:
    kept = {name: getattr(old, name) for name in _COUNTS if getattr(new, name) is None}
    return replace(new, cost=old.cost if new.cost is None else new.cost, **kept)


def sum_usage(one: Usage, other: Usage) -> Usage:
    """The tokens of two requests together: unknown where both are, estimated where one of them is.

    What a provider says that it charged is known of both or not at all.
    """
    counts = {name: _sum(getattr(one, name), getattr(other, name)) for name in _COUNTS}
    cost = None if one.cost is None or other.cost is None else one.cost + other.cost
    estimated = Source.ESTIMATED in {one.source, other.source}
    return Usage(**counts, cost=cost, source=Source.ESTIMATED if estimated else Source.REPORTED)


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
