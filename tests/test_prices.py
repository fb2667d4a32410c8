from __future__ import annotations

from decimal import Decimal

from tui_stream.config import PriceSetting
from tui_stream.core.models import Usage
from tui_stream.prices import PriceList

OPENAI = "https://api.openai.com/v1"


async def test_listed_prices_go_by_the_providers_address() -> None:
    book = PriceList(base_url=OPENAI)
    usage = Usage(1_000_000, 1_000_000)
    assert book.cost(usage, provider="openai", model="gpt-4o-mini") is None, "not loaded yet"
    await book.load()
    assert book.cost(usage, provider="openai", model="gpt-4o-mini") == Decimal("0.75")
    assert book.cost(Usage(1_000_000, 0, 1_000_000), provider="openai", model="gpt-4o-mini") == Decimal("0.075")


async def test_what_is_not_listed_has_no_price() -> None:
    known = PriceList(base_url=OPENAI)
    await known.load()
    assert known.cost(Usage(1, 1), provider="openai", model="no-such-model") is None
    elsewhere = PriceList(base_url="https://gateway.example/v1")
    await elsewhere.load()
    assert elsewhere.cost(Usage(1, 1), provider="openai", model="gpt-4o-mini") is None


def test_own_prices_go_first_and_know_cached_input() -> None:
    own = [PriceSetting("my-*", 2.0, 10.0, 0.5), PriceSetting("*", 1.0, 1.0)]
    book = PriceList(own, base_url=OPENAI)
    usage = Usage(1_000_000, 100_000, cached_input_tokens=400_000)
    assert book.cost(usage, provider="p", model="my-model") == Decimal("2.4")
    assert book.cost(usage, provider="p", model="other") == Decimal("1.1")


def test_a_price_below_binary_precision_is_exact() -> None:
    book = PriceList([PriceSetting("m", 0.1, 0.2)])
    assert book.cost(Usage(1, 1), provider="p", model="m") == Decimal("0.0000003")
