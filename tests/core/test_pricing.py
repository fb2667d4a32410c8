"""Bills computed by hand for the shapes that prices have."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_stream.core.metering import TurnMeter
from tui_stream.core.models import Cost, Price, Source, Usage
from tui_stream.core.pricing import NoPrices, Rate, Tier, bill

D = Decimal

CACHED = Rate(Price(D(3), D(15), cached_input=D("0.30"), cache_write=D("3.75")))
TIERED = Rate(
    Price(D("1.25"), D(10), cached_input=D("0.125")),
    (Tier(200_000, Price(D("2.50"), D(15), cached_input=D("0.25"))), Tier(1_000_000, Price(D(5), D(20)))),
)
REASONING = Rate(Price(D("1.10"), D("4.40"), reasoning=D("6.60")))
FREE = Rate(Price(D(0), D(0)))

BILLS = [
    # 10,000 of input, of which 6,000 were read from the cache and 1,000 written to it: 3,000 x 3 + 6,000 x 0.30
    # + 1,000 x 3.75 = 9,000 + 1,800 + 3,750 = 14,550; 500 x 15 = 7,500; 22,050 millionths
    ("cached", CACHED, Usage(10_000, 500, 6_000, 1_000), "0.02205"),
    ("cached, none of it hit", CACHED, Usage(10_000, 500), "0.0375"),
    # 200,000 x 1.25 = 250,000; 1,000 x 10 = 10,000
    ("tiered, on the step", TIERED, Usage(200_000, 1_000), "0.26"),
    # one token more, and all of them cost more: 200,001 x 2.50 = 500,002.5; 1,000 x 15 = 15,000
    ("tiered, above the step", TIERED, Usage(200_001, 1_000), "0.5150025"),
    # 300,000 of which 100,000 cached: 200,000 x 2.50 + 100,000 x 0.25 = 525,000; 10 x 15 = 150
    ("tiered, the step counts cached input too", TIERED, Usage(300_000, 10, 100_000), "0.52515"),
    # the second step has no price of its own for cached input: 1,000,001 x 5 = 5,000,005; nothing made
    ("tiered, the second step", TIERED, Usage(1_000_001, 0, 400_000), "5.000005"),
    # 1,000 x 1.10 = 1,100; of 2,000 made 1,500 were reasoning: 500 x 4.40 = 2,200 + 1,500 x 6.60 = 9,900
    ("reasoning", REASONING, Usage(1_000, 2_000, reasoning_tokens=1_500), "0.0132"),
    ("reasoning at the price of output", CACHED, Usage(0, 2_000, reasoning_tokens=1_500), "0.03"),
    ("free", FREE, Usage(123_456, 7_890, 10, 20, 30), "0"),
    ("free, and nothing counted", FREE, Usage(), "0"),
]


@pytest.mark.parametrize(("rate", "usage", "dollars"), [each[1:] for each in BILLS], ids=[each[0] for each in BILLS])
def test_bills_are_exact(rate: Rate, usage: Usage, dollars: str) -> None:
    assert bill(rate.price_of(usage), usage) == D(dollars)


def test_a_request_has_its_own_price() -> None:
    price = Price(D(1), D(1), request=D("0.005"))
    assert bill(price, Usage(1_000, 0)) == D("0.006")


def test_what_nobody_counted_is_not_billed_as_nothing() -> None:
    price = Price(D(1), D(2))
    assert bill(price, Usage(None, 5)) is None
    assert bill(price, Usage(5, None)) is None
    assert bill(Price(None, D(0)), Usage(None, None)) is None
    assert bill(Price(D(1), D(0)), Usage(5, None)) == D("0.000005"), "what costs nothing need not be counted"


class Book(NoPrices):
    def __init__(self, rate: Rate | None) -> None:
        self._rate = rate

    def rate(self, *, provider: str, model: str) -> Rate | None:
        del provider
        return self._rate if model == "m" else None


def metered(rate: Rate | None, usage: Usage, model: str = "m") -> Cost:
    meter = TurnMeter(Book(rate), provider="p", model=model)
    meter.prompt_tokens = 1
    meter.report(usage)
    return meter.cost


def test_the_price_is_kept_with_the_cost_and_is_that_of_the_tier() -> None:
    cost = metered(TIERED, Usage(200_001, 1_000))
    assert cost == Cost(D("0.5150025"), Source.REPORTED, price=TIERED.tiers[0].price)


def test_an_unknown_price_stays_unknown() -> None:
    assert metered(None, Usage(10, 10)) == Cost(None, Source.REPORTED)
    assert metered(CACHED, Usage(10, 10), model="another") == Cost(None, Source.REPORTED)


def test_what_the_provider_charged_wins_over_every_price() -> None:
    assert metered(CACHED, Usage(10, 10, cost=D("0.00042"))) == Cost(D("0.00042"), Source.REPORTED)


def test_the_model_that_answers_is_the_one_that_is_billed() -> None:
    meter = TurnMeter(Book(CACHED), provider="p", model="asked")
    meter.report(Usage(10_000, 500))
    assert meter.cost.amount is None
    meter.model = "m"
    assert meter.cost.amount == D("0.0375")


_COUNTS = st.none() | st.integers(0, 10**9)
_PRICES = st.decimals(0, 1000, places=6, allow_nan=False)


@given(st.integers(0, 10**9), st.integers(0, 10**9), _COUNTS, _COUNTS, _COUNTS, _PRICES, _PRICES)
def test_parts_at_the_price_of_the_whole_never_change_a_bill(
    sent: int, made: int, cached: int | None, written: int | None, thought: int | None, one: Decimal, other: Decimal
) -> None:
    parts = Usage(sent, made, cached, written, thought)
    price, split = Price(one, other), Price(one, other, one, one, other)
    exact = (sent * one + made * other) / 1_000_000
    assert bill(price, Usage(sent, made)) == exact
    assert bill(split, parts) == bill(price, parts)
    if (cached or 0) + (written or 0) <= sent and (thought or 0) <= made:
        assert bill(split, parts) == exact


def test_tokens_of_an_unknown_price_are_not_billed_as_nothing() -> None:
    sends, makes = Price(D(1), None), Price(None, D(2), cached_input=D("0.5"))
    assert bill(sends, Usage(1_000, 0)) == D("0.001")
    assert bill(sends, Usage(1_000, 1)) is None
    assert bill(sends, Usage(1_000, None)) is None
    assert bill(makes, Usage(0, 1_000)) == D("0.002")
    assert bill(makes, Usage(5, 1_000)) is None
    assert bill(makes, Usage(5, 1_000, 5)) == D("0.0020025"), "all of the input has a price"
    assert bill(Price(D(1), None, reasoning=D(3)), Usage(0, 7, reasoning_tokens=7)) == D("0.000021")
