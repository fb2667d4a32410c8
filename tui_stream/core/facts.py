"""The figures of one finished answer, as labels and texts, for whoever unfolds them under it."""

from __future__ import annotations

from collections.abc import Iterator

from tui_stream.core import figures
from tui_stream.core.accounts import Receipt, receipts_of
from tui_stream.core.estimates import sample_of
from tui_stream.core.models import Message, MessageStatus, Source
from tui_stream.core.stats import TurnStats, unseen_tokens

Fact = tuple[str, str]
"""A label and what is to be said there."""

_BY_CLASS = "price for a million tokens"


def facts(message: Message) -> list[Fact]:
    """Model, times, tokens by class, cost and price, how it ended and how many requests it took.

    What is not known reads ``?``; what does not apply is left out.
    """
    return [*_times(message), *_tokens(message), *_money(message), *_end(message)]


def _times(message: Message) -> Iterator[Fact]:
    yield "model", f"{message.provider}/{figures.model_text(message.model)}".strip("/") or "?"
    timing, usage = message.timing, message.usage
    if timing is None:
        return
    yield "time to first token", "?" if timing.first_token is None else figures.seconds_text(timing.first_token)
    yield "time in all", figures.seconds_text(timing.elapsed)
    if usage is not None:
        stats = TurnStats(streaming=timing.streaming, usage=usage, unseen=unseen_tokens(usage, message.reasoning))
        speed, sign = stats.tokens_per_second, "~" if usage.source is Source.ESTIMATED else ""
        yield "speed", "?" if speed is None else f"{sign}{speed:.1f} tokens/s"


def _tokens(message: Message) -> Iterator[Fact]:
    usage = message.usage
    if usage is None:
        yield "tokens", "? in / ? out" if message.cost is not None else "none: no request was taken"
        return
    yield "tokens", figures.tokens_text(usage)
    parts = {
        "from the cache": usage.cached_input_tokens,
        "into the cache": usage.cache_write_tokens,
        "reasoning": usage.reasoning_tokens,
    }
    said = [f"{count:,} {name}" for name, count in parts.items() if count]
    if said:
        yield "of these", ", ".join(said)
    if usage.source is Source.ESTIMATED:
        yield "counted by", "an estimate; the provider did not report"
    elif (sample := sample_of(message.estimate, usage)) is not None and message.estimate is not None:
        sent, made = message.estimate.input_tokens, message.estimate.output_tokens
        off = _off(sent, sample.input_tokens), _off(made, sample.output_tokens)
        yield "estimated before", f"~{sent:,} in (off by {off[0]}) / ~{made:,} out (off by {off[1]})"


def _off(guess: int, counted: int | None) -> str:
    return figures.share_text(abs(guess - counted) / counted if counted else None)


def _money(message: Message) -> Iterator[Fact]:
    cost = message.cost
    if cost is None:
        return
    yield "cost", figures.cost_text(cost)
    paid = [receipt for receipt in receipts_of(message) if not receipt.cost.local]
    prices = dict.fromkeys(map(_price, paid))
    if len(prices) == 1:
        yield next(iter(prices))
        return
    for receipt in paid:
        label, price = _price(receipt)
        of = "a million tokens: " if label == _BY_CLASS else ""
        yield f"of this, {receipt.model}", f"{figures.cost_text(receipt.cost)}; {of}{price}"


def _price(receipt: Receipt) -> Fact:
    """What a request was billed at."""
    if receipt.cost.price is not None:
        return _BY_CLASS, figures.price_text(receipt.cost.price)
    return "price", "what the provider says it charged" if receipt.usage.cost is not None else "?"


def _end(message: Message) -> Iterator[Fact]:
    status, reason = message.status, message.finish_reason
    yield "ended", str(status) if reason is None else f"{status} ({reason.replace('_', ' ')})"
    if message.timing is not None and message.timing.attempts > 1:
        yield "requests", str(message.timing.attempts)
    if message.status is MessageStatus.CUT_OFF and message.error:
        yield "why", message.error
