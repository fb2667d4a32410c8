from __future__ import annotations

from decimal import Decimal

from tui_stream.config.money import PriceSetting
from tui_stream.core.models import Usage
from tui_stream.core.pricing import bill
from tui_stream.prices import PriceList

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com/v1"


def cost(book: PriceList, usage: Usage, model: str) -> Decimal | None:
    rate = book.rate(provider="p", model=model)
    return None if rate is None else bill(rate.price_of(usage), usage)


async def test_listed_prices_go_by_the_providers_address() -> None:
    book = PriceList(base_url=OPENAI)
    usage = Usage(1_000_000, 1_000_000)
    assert cost(book, usage, "gpt-4o-mini") is None, "not loaded yet"
    assert book.window(provider="p", model="gpt-4o-mini") is None
    await book.load()
    assert cost(book, usage, "gpt-4o-mini") == Decimal("0.75")
    assert cost(book, Usage(1_000_000, 0, 1_000_000), "gpt-4o-mini") == Decimal("0.075")
    rate = book.rate(provider="p", model="gpt-4o-mini")
    assert rate is not None
    assert rate.price.source.startswith("genai-prices 0.")
    assert book.window(provider="p", model="gpt-4o-mini") == 128_000


async def test_what_is_not_listed_has_no_price() -> None:
    known = PriceList(base_url=OPENAI)
    await known.load()
    assert cost(known, Usage(1, 1), "no-such-model") is None
    assert known.window(provider="p", model="no-such-model") is None
    elsewhere = PriceList(base_url="https://gateway.example/v1")
    await elsewhere.load()
    assert cost(elsewhere, Usage(1, 1), "gpt-4o-mini") is None


async def test_our_bill_is_that_of_the_list_for_every_priced_class() -> None:
    """Every text model of two providers, with and without cached parts, below and above its tiers."""
    import genai_prices
    from genai_prices.data_snapshot import get_snapshot

    compared = 0
    for url, name in ((OPENAI, "openai"), (ANTHROPIC, "anthropic")):
        book = PriceList(base_url=url)
        await book.load()
        provider = next(one for one in get_snapshot().providers if one.id == name)
        for model in provider.models:
            for usage in (Usage(1000, 300), Usage(900_000, 7, 400_000, 100_000), Usage(0, 0)):
                counts = genai_prices.Usage(
                    input_tokens=usage.input_tokens,
                    output_tokens=usage.output_tokens,
                    cache_read_tokens=usage.cached_input_tokens,
                    cache_write_tokens=usage.cache_write_tokens,
                )
                ours = cost(book, usage, model.id)
                if ours is not None:
                    theirs = genai_prices.calc_price(counts, model_ref=model.id, provider_api_url=url)
                    assert ours == theirs.total_price, model.id
                    compared += 1
    assert compared > 100


def test_own_prices_go_first_and_know_cached_input() -> None:
    own = [PriceSetting("my-*", 2.0, 10.0, 0.5), PriceSetting("*", 1.0, 1.0)]
    book = PriceList(own, base_url=OPENAI)
    usage = Usage(1_000_000, 100_000, cached_input_tokens=400_000)
    assert cost(book, usage, "my-model") == Decimal("2.4")
    assert cost(book, usage, "other") == Decimal("1.1")


def test_own_prices_have_every_class_and_tiers() -> None:
    own = [
        PriceSetting("m", 1.0, 4.0, 0.1, cache_write=1.25, reasoning=6.0, request=0.01),
        PriceSetting("m", 2.0, 8.0, above=200_000),
        PriceSetting("*", 9.0, 9.0),
    ]
    book = PriceList(own)
    small = Usage(100_000, 1000, 50_000, 20_000, 400)
    # 30,000 at 1 + 50,000 at 0.1 + 20,000 at 1.25 + 600 at 4 + 400 at 6, and a cent for the request
    assert cost(book, small, "m") == Decimal("0.03") + Decimal("0.005") + Decimal("0.025") + Decimal("0.0148")
    assert cost(book, Usage(200_001, 1000), "m") == Decimal("0.408002")


def test_a_model_that_answers_under_a_dated_name_costs_what_its_plain_name_does() -> None:
    book = PriceList([PriceSetting("gpt-x", 1.0, 1.0)])
    for dated in ("gpt-x-2026-03-04", "gpt-x-20260304", "gpt-x-0304"):
        assert cost(book, Usage(1_000_000, 0), dated) == 1
    assert cost(book, Usage(1_000_000, 0), "gpt-x-mini") is None


def test_a_price_below_binary_precision_is_exact() -> None:
    book = PriceList([PriceSetting("m", 0.1, 0.2)])
    assert cost(book, Usage(1, 1), "m") == Decimal("0.0000003")


async def test_a_price_of_one_side_alone_leaves_the_other_unknown() -> None:
    from genai_prices.data_snapshot import get_snapshot

    router = next(one for one in get_snapshot().providers if one.id == "openrouter")
    model = next(one for one in router.models if one.id == "scaledown/summarize")
    book = PriceList(base_url="https://openrouter.ai/api/v1")
    await book.load()
    assert cost(book, Usage(1_000_000, 0), model.id) is not None
    assert cost(book, Usage(1_000_000, 1_000_000), model.id) is None
