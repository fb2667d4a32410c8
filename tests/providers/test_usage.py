"""What the dialects tell of tokens and money, checked against the providers' own examples."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from tui_stream.core.models import Usage
from tui_stream.providers._usage import usage_of


@pytest.mark.parametrize(
    ("given", "usage"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}, Usage(3, 4)),
        ({"prompt_tokens": 3, "completion_tokens": 0}, Usage(3, 0)),
        ({}, Usage()),
        ({"prompt_tokens": None, "completion_tokens": "4", "cost": None}, Usage()),
        ({"prompt_tokens": True, "completion_tokens": -1, "cost": "much"}, Usage()),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 1}},
            Usage(9, cached_input_tokens=8, cache_write_tokens=1),
        ),
        (
            {"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 5}},
            Usage(None, 9, reasoning_tokens=5),
        ),
        ({"prompt_tokens_details": None, "completion_tokens_details": []}, Usage()),
        ({"cost": 0.00014}, Usage(cost=Decimal("0.00014"))),
        ({"cost": 0}, Usage(cost=Decimal(0))),
        (
            {"cost": 0.0018, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.036}},
            Usage(cost=Decimal("0.0378")),
        ),
        ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, Usage()),
        ({"cost": 0, "is_byok": True}, Usage()),
        (
            {"cost": 0.036, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.036}},
            Usage(cost=Decimal("0.036")),
        ),
        ({"cost": 1e-7}, Usage(cost=Decimal("1E-7"))),
        ({"cost": float("nan")}, Usage()),
        ({"cost": True}, Usage()),
        ({"prompt_tokens": 10**400, "completion_tokens": math.inf, "cost": 10**5000}, Usage()),
        ({"prompt_tokens": 10**14, "cost": "1e999999"}, Usage(10**14)),
    ],
)
def test_usage_is_what_the_server_says_and_no_more(given: dict[str, object], usage: Usage) -> None:
    assert usage_of(given) == usage


ANTHROPIC = {"input_tokens": 5, "cache_read_input_tokens": 90_000, "cache_creation_input_tokens": 10_000}


@pytest.mark.parametrize(
    ("given", "usage"),
    [
        ({**ANTHROPIC, "output_tokens": 10}, Usage(100_005, 10, 90_000, 10_000)),
        ({"input_tokens": 50, "cache_read_input_tokens": 20, "output_tokens": 1}, Usage(70, 1, 20)),
        ({"output_tokens": 10, "cache_read_input_tokens": 7}, Usage(None, 10, 7)),
        ({"inputTokens": 5, "cachedInputTokens": 90_000, "outputTokens": 3}, Usage(90_005, 3, 90_000)),
        ({"inputTokens": 90_005, "cachedInputTokens": 90_000, "outputTokens": 3}, Usage(90_005, 3, 90_000)),
        (
            {"prompt_tokens": 100_005, "cache_read_input_tokens": 90_000, "cache_creation_input_tokens": 10_000},
            Usage(100_005, None, 90_000, 10_000),
        ),
    ],
)
def test_cached_and_written_parts_lie_inside_the_input(given: dict[str, object], usage: Usage) -> None:
    assert usage_of(given) == usage


@pytest.mark.parametrize(
    ("given", "usage"),
    [
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            Usage(32, 103, reasoning_tokens=94),
        ),
        ({"prompt_tokens": 10, "completion_tokens": 9, "total_tokens": 1019}, Usage(10, 1009, reasoning_tokens=1000)),
        ({"inputTokens": 10, "outputTokens": 9, "totalTokens": 1019}, Usage(10, 1009, reasoning_tokens=1000)),
        (
            {"prompt_tokens": 33, "completion_tokens": 7163, "total_tokens": 7196, "reasoning_tokens": 73_997},
            Usage(33, 81_160, reasoning_tokens=73_997),
        ),
        (
            {"prompt_tokens": 32, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 94}},
            Usage(32, 103, reasoning_tokens=94),
        ),
        (
            {"prompt_tokens": 5, "completion_tokens": 99, "total_tokens": 104, "reasoning_tokens": 94},
            Usage(5, 99, reasoning_tokens=94),
        ),
        ({"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 3}, Usage(5, 9)),
        ({**ANTHROPIC, "output_tokens": 10, "total_tokens": 100_015}, Usage(100_005, 10, 90_000, 10_000)),
    ],
)
def test_reasoning_lies_inside_the_output(given: dict[str, object], usage: Usage) -> None:
    assert usage_of(given) == usage


def test_what_deepseek_read_from_its_cache_is_told_apart() -> None:
    counts = {"prompt_tokens": 100, "completion_tokens": 2, "total_tokens": 102}
    hits = {"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36}
    assert usage_of({**counts, **hits}) == Usage(100, 2, 64)
    assert usage_of({**counts, **hits, "prompt_tokens_details": {"cached_tokens": 60}}) == Usage(100, 2, 60)


@pytest.mark.parametrize("cost", ["1e-99999999999", "1e-300000", 1e-300, "-1", "1e16", "0." + "1" * 1000])
def test_an_amount_that_nobody_can_charge_is_none(cost: object) -> None:
    assert usage_of({"cost": cost}) == Usage()


def test_no_amount_is_below_nothing() -> None:
    cost = usage_of({"cost": "-0.0"}).cost
    assert cost is not None
    assert not cost.is_signed()
