from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes import FlatPrices
from tui_stream.config.money import PriceSetting
from tui_stream.core.metering import TurnMeter, estimate_prompt, estimate_tokens, sum_usage, total
from tui_stream.core.models import ChatMessage, Cost, Price, Role, Source, Usage
from tui_stream.core.pricing import Rate, Tier, plain_name
from tui_stream.prices import PriceList

PRICES = FlatPrices("1000", model="known")


def meter(model: str = "known", *, local: bool = False) -> TurnMeter:
    return TurnMeter(PRICES, provider="p", model=model, local=local)


def test_before_a_request_nothing_is_known() -> None:
    assert meter().usage == Usage(source=Source.ESTIMATED)
    assert meter().cost == Cost()


def test_estimates_until_the_provider_reports() -> None:
    counted = meter()
    counted.prompt_tokens = 10
    counted.count("x" * 40)
    assert counted.usage == Usage(10, 10, source=Source.ESTIMATED)
    assert counted.cost == Cost(Decimal("0.02"), Source.ESTIMATED, price=PRICES.price)
    counted.report(Usage(12, 8))
    assert counted.usage == Usage(12, 8)
    assert counted.cost == Cost(Decimal("0.02"), Source.REPORTED, price=PRICES.price)


def test_a_later_report_replaces_what_it_names_and_keeps_the_rest() -> None:
    counted = meter()
    counted.report(Usage(12, 1, cached_input_tokens=4))
    counted.report(Usage(output_tokens=9))
    assert counted.usage == Usage(12, 9, cached_input_tokens=4)


def test_what_the_provider_charges_wins() -> None:
    counted = meter()
    counted.report(Usage(1, 1, cost=Decimal("0.5")))
    assert counted.cost == Cost(Decimal("0.5"), Source.REPORTED)


def test_an_unknown_price_is_no_zero_and_a_local_model_is_local() -> None:
    unknown = meter("other")
    unknown.report(Usage(1, 1))
    assert unknown.cost.amount is None
    assert meter(local=True).cost.local


def test_sums_are_as_sure_as_their_least_sure_part() -> None:
    one, two = Cost(Decimal(1), Source.REPORTED), Cost(Decimal(2), Source.ESTIMATED)
    assert total([one, one]) == Cost(Decimal(2), Source.REPORTED)
    assert total([one, two]) == Cost(Decimal(3), Source.ESTIMATED)
    assert total([one, Cost()]).amount is None
    assert total([Cost(local=True)]).local
    assert total([one, Cost(local=True)]) == one
    assert total([]) == Cost(Decimal(0), Source.REPORTED)


def test_prompt_estimates_count_the_template() -> None:
    assert estimate_tokens(0) == 0
    assert estimate_tokens(1) == 1
    assert estimate_prompt([ChatMessage(Role.USER, "x" * 40)]) == 14


def test_what_comes_behind_an_early_report_is_estimated_on_top_of_it() -> None:
    counted = meter()
    counted.send([ChatMessage(Role.USER, "x")])
    counted.report(Usage(10, 1))
    assert counted.usage == Usage(10, 1)
    counted.count("x" * 40)
    assert counted.usage == Usage(10, 11, source=Source.ESTIMATED)
    assert counted.cost == Cost(Decimal("0.021"), Source.ESTIMATED, price=PRICES.price)
    counted.report(Usage(12, 9))
    assert counted.usage == Usage(12, 9), "the provider has seen all of it by now"
    assert counted.cost == Cost(Decimal("0.021"), Source.REPORTED, price=PRICES.price)


def test_a_count_that_does_not_grow_is_for_the_text_before_until_the_end() -> None:
    counted = meter()
    for _ in range(10):
        counted.count("x" * 40)
        counted.report(Usage(10, 5))
    assert counted.usage == Usage(10, 5 + 90, source=Source.ESTIMATED)
    counted.ended = True
    assert counted.usage == Usage(10, 5), "its last word"


def test_nothing_generated_is_no_count_where_there_is_text() -> None:
    counted = meter()
    counted.count("x" * 40)
    counted.report(Usage(10, 0))
    counted.ended = True
    assert counted.usage == Usage(10, 10, source=Source.ESTIMATED)


def test_what_the_provider_charged_early_is_not_all() -> None:
    counted, unknown = meter(), meter("other")
    for one in (counted, unknown):
        one.report(Usage(10, 1, cost=Decimal("0.5")))
        one.count("x" * 40)
        assert one.usage.cost is None
    assert counted.cost == Cost(Decimal("0.51"), Source.ESTIMATED)
    assert unknown.cost.amount is None
    counted.report(Usage(10, 11, cost=Decimal("0.7")))
    assert counted.cost == Cost(Decimal("0.7"), Source.REPORTED)


def test_what_was_charged_for_a_part_is_not_what_was_charged_for_all() -> None:
    whole = sum_usage(Usage(1, 1, cost=Decimal("0.5")), Usage(1, 1))
    assert (whole.input_tokens, whole.cost) == (2, None)
    assert sum_usage(Usage(cost=Decimal(1)), Usage(cost=Decimal(2))).cost == Decimal(3)


def test_nothing_is_paid_for_what_is_local_or_listed_as_free() -> None:
    assert meter(local=True).free
    assert not meter().free
    assert not meter("other").free
    tiered = Rate(FlatPrices("0").price, (Tier(10, PRICES.price),))
    assert Rate(FlatPrices("0").price).free
    assert not tiered.free


def test_a_price_that_is_set_holds_for_a_server_on_this_machine_too() -> None:
    at_home = TurnMeter(PriceList([PriceSetting("through", 1.0, 2.0)]), provider="p", model="through", local=True)
    at_home.prompt_tokens = 10
    at_home.report(Usage(1_000_000, 1_000_000))
    assert not at_home.free
    assert at_home.cost.amount == 3
    assert not at_home.cost.local
    other = TurnMeter(PriceList([PriceSetting("through", 1.0, 2.0)]), provider="p", model="other", local=True)
    assert other.cost.local
    other.report(Usage(1, 1, cost=Decimal("0.5")))
    assert (other.cost.amount, other.cost.local) == (Decimal("0.5"), False)


def test_a_price_of_which_a_side_is_unknown_is_not_free() -> None:
    assert not Rate(Price(Decimal(0), None)).free
    assert not Rate(Price(None, Decimal(0))).free


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("gpt-5-mini-2025-08-07", "gpt-5-mini"),
        ("gpt-4-0613", "gpt-4"),
        ("qwen3:latest", "qwen3"),
        ("qwen3:8b", "qwen3:8b"),
        ("claude-4-20250514", "claude-4"),
    ],
)
def test_plain_names(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_a_price_set_for_the_name_that_was_asked_holds_where_nothing_is_known_of_who_answers() -> None:
    book = PriceList([PriceSetting("m1", 1.0, 2.0), PriceSetting("m2", 10.0, 20.0)])
    through = TurnMeter(book, provider="p", model="m1", local=True, asked="m1")
    through.prompt_tokens = 10
    through.model = "vendor/m1-turbo"
    through.report(Usage(1_000_000, 1_000_000))
    assert through.cost.amount == 3
    assert not through.cost.local
    through.model = "m2"
    assert through.cost.amount == 30
