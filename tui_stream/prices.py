"""What models cost: the person's own prices first, then a price list that ships with the program."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from tui_stream.config.money import PriceSetting
from tui_stream.core.models import Price
from tui_stream.core.pricing import OWN, Rate, Tier

_DATED = re.compile(r"-(?:20\d{2}-?\d{2}-?\d{2}|\d{4})$")
_THOUSAND = Decimal(1000)
_CLASSES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "reasoning": "output_reasoning_mtok",
}
"""Our classes of tokens, and what genai-prices calls them."""


class PriceList:
    """A price book over ``[[prices]]`` of the settings and the data of genai-prices.

    The data is looked up by the provider's address, since the same model costs different money at different
    providers. An address that the list does not know gives no price; nothing is guessed.
    """

    def __init__(self, own: Sequence[PriceSetting] = (), *, base_url: str = "") -> None:
        self._own = tuple(own)
        self._base_url = base_url
        self._list: _Listed | None = None

    async def load(self) -> None:
        """Imports the price data in a thread; until then only the person's own prices are known."""
        if self._base_url and self._list is None:
            self._list = await asyncio.to_thread(_Listed, self._base_url)

    def rate(self, *, provider: str, model: str) -> Rate | None:
        """What a request made now costs; None where no price is known."""
        del provider
        if own := self._own_rate(model):
            return own
        return self._list.rate(model) if self._list is not None and model else None

    def window(self, *, provider: str, model: str) -> int | None:
        """The context window that the price data tells of the model."""
        del provider
        return self._list.window(model) if self._list is not None and model else None

    def _own_rate(self, model: str) -> Rate | None:
        """The price of the first pattern that fits, with the tiers that bear the same pattern.

        A model that was asked for by its plain name may answer under a dated one.
        """
        for name in (model, _DATED.sub("", model)):
            for price in self._own:
                if fnmatchcase(name, price.model):
                    return _rate([one for one in self._own if one.model == price.model])
        return None


def _rate(prices: Sequence[PriceSetting]) -> Rate:
    """Settings with the same pattern as one price; where all are tiers, the lowest holds below it too."""
    first = min(prices, key=lambda price: price.above)
    return Rate(_price(first), tuple(Tier(price.above, _price(price)) for price in prices if price.above))


def _price(setting: PriceSetting) -> Price:
    return Price(
        _decimal(setting.input),
        _decimal(setting.output),
        None if setting.cached_input is None else _decimal(setting.cached_input),
        None if setting.cache_write is None else _decimal(setting.cache_write),
        None if setting.reasoning is None else _decimal(setting.reasoning),
        OWN,
        _decimal(setting.request) if setting.request else None,
    )


def _decimal(number: float) -> Decimal:
    """The number as it was written: 0.1 is a tenth."""
    return Decimal(str(number))


class _Listed:
    """The data of genai-prices for one address; takes a quarter of a second to make.

    Args:
        base_url: where the provider's API is.
    """

    def __init__(self, base_url: str) -> None:
        from importlib import metadata

        from genai_prices.data_snapshot import get_snapshot

        self._snapshot = get_snapshot()
        self._base_url = base_url
        self._source = f"genai-prices {metadata.version('genai-prices')}"

    def rate(self, model: str) -> Rate | None:
        """What the model costs at this moment."""
        from datetime import UTC, datetime

        found = self._model(model)
        prices = None if found is None else found.get_prices(datetime.now(UTC))
        if prices is None or (prices.input_mtok is None and prices.output_mtok is None):
            return None
        starts = sorted({tier.start for name in _CLASSES.values() for tier in _tiers(getattr(prices, name))})
        return Rate(self._price(prices, 0), tuple(Tier(start, self._price(prices, start + 1)) for start in starts))

    def window(self, model: str) -> int | None:
        """The tokens that the model takes, where the list says so."""
        found = self._model(model)
        return None if found is None else found.context_window

    def _model(self, model: str) -> Any:
        try:
            _, found = self._snapshot.find_provider_model(model, None, None, self._base_url)
        except LookupError:
            return None
        return found

    def _price(self, prices: Any, sent: int) -> Price:
        """The price of a request with so many tokens of input."""
        amounts = {name: _at(getattr(prices, theirs), sent) for name, theirs in _CLASSES.items()}
        request = _at(prices.requests_kcount, sent)
        return Price(
            amounts["input"],
            amounts["output"],
            amounts["cached_input"],
            amounts["cache_write"],
            amounts["reasoning"],
            self._source,
            None if request is None else request / _THOUSAND,
        )


def _tiers(price: Any) -> Iterable[Any]:
    return () if price is None or isinstance(price, Decimal) else price.tiers


def _at(price: Any, sent: int) -> Decimal | None:
    """A price of theirs, which may have tiers, for a request with so many tokens of input."""
    if price is None or isinstance(price, Decimal):
        return price
    reached: Iterator[Any] = (tier for tier in reversed(price.tiers) if sent > tier.start)
    found: Decimal = next((tier.price for tier in reached), price.base)
    return found
