"""What models cost: the person's own prices first, then a price list that ships with the program."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from tui_stream.config import PriceSetting
from tui_stream.core.models import Usage

_MILLION = Decimal(1_000_000)


class PriceList:
    """A price book over ``[[prices]]`` of the settings and the data of genai-prices.

    The data is looked up by the provider's address, since the same model costs different money at different
    providers. An address that the list does not know gives no price; nothing is guessed.
    """

    def __init__(self, own: Sequence[PriceSetting] = (), *, base_url: str = "") -> None:
        self._own = tuple(own)
        self._base_url = base_url
        self._list: Any = None

    async def load(self) -> None:
        """Imports the price data in a thread; until then only the person's own prices are known."""
        if self._base_url and self._list is None:
            self._list = await asyncio.to_thread(importlib.import_module, "genai_prices")

    def cost(self, usage: Usage, *, provider: str, model: str) -> Decimal | None:
        """US dollars for these tokens; None where no price is known or no count."""
        del provider
        for price in self._own:
            if fnmatchcase(model, price.model):
                return _own_cost(price, usage)
        return self._listed_cost(usage, model) if self._list is not None and model else None

    def _listed_cost(self, usage: Usage, model: str) -> Decimal | None:
        tokens = self._list.Usage(
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cache_read_tokens=usage.cached_input_tokens,
            cache_write_tokens=usage.cache_write_tokens,
        )
        try:
            found = self._list.calc_price(tokens, model_ref=model, provider_api_url=self._base_url)
        except (LookupError, ValueError):
            return None
        return Decimal(found.total_price)


def _own_cost(price: PriceSetting, usage: Usage) -> Decimal:
    cached = usage.cached_input_tokens or 0
    fresh = max(0, (usage.input_tokens or 0) - cached)
    cached_price = price.input if price.cached_input is None else price.cached_input
    return (
        fresh * Decimal(str(price.input))
        + cached * Decimal(str(cached_price))
        + (usage.output_tokens or 0) * Decimal(str(price.output))
    ) / _MILLION
