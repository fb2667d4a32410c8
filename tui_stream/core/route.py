"""Who answers: the model that was chosen, and those that answer in its place when it cannot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tui_stream.core.metering import TurnMeter
from tui_stream.core.pricing import NoPrices, PriceBook
from tui_stream.core.provider import Provider
from tui_stream.core.stats import Clock

REST = 60.0
"""Seconds for which a model that failed is asked last, where another one could answer."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """A model of a provider, and what is needed to ask it.

    Attributes:
        model: the model to ask for, empty for the provider's default.
        options: the provider's own parameters.
        prices: what it costs.
    """

    provider: Provider
    model: str = ""
    options: dict[str, object] = field(default_factory=dict)
    prices: PriceBook = field(default_factory=NoPrices)

    @property
    def model_name(self) -> str:
        """The model that a request asks for; empty while it is not known."""
        return self.model or self.provider.model

    @property
    def label(self) -> str:
        """For people: "openai/gpt-5-mini"."""
        return f"{self.provider.name}/{self.model_name}".rstrip("/")

    def meter(self) -> TurnMeter:
        """A meter for an answer of this one."""
        local = self.provider.capabilities.local
        name = self.model_name
        return TurnMeter(self.prices, provider=self.provider.name, model=name, local=local, asked=name)


@dataclass(frozen=True, slots=True)
class Fallback:
    """One that answers where those before it cannot.

    Attributes:
        label: as the person wrote it: "ollama/qwen3:8b".
        open: makes it ready to be asked; raises a `TuiStreamError` where that fails.
    """

    label: str
    open: Callable[[], Awaitable[Answerer]]


class Route:
    """Those who may answer, in order. One that failed rests: it is asked after all others for a while.

    Args:
        first: the one that was chosen; it may be another at each call.
        fallbacks: the others, opened when first needed.
        opened: those of them that are open, by their numbers; kept up to date.
    """

    def __init__(
        self,
        first: Callable[[], Answerer],
        fallbacks: Sequence[Fallback],
        clock: Clock,
        opened: dict[int, Answerer] | None = None,
    ) -> None:
        self._first = first
        self._fallbacks = tuple(fallbacks)
        self._clock = clock
        self._opened: dict[int, Answerer] = {} if opened is None else opened
        self._resting: dict[int, float] = {}

    @property
    def order(self) -> list[int]:
        """The numbers of all, 0 the chosen one, in the order in which to ask."""
        now = self._clock()
        every = range(len(self._fallbacks) + 1)
        return sorted(every, key=lambda number: self._resting.get(number, now) > now)

    def label(self, number: int) -> str:
        """What one is called."""
        return self._fallbacks[number - 1].label if number else self._first().label

    async def answerer(self, number: int) -> Answerer:
        """The one with this number, ready to be asked.

        Raises:
            TuiStreamError: it cannot be asked.
        """
        if not number:
            return self._first()
        if number not in self._opened:
            self._opened[number] = await self._fallbacks[number - 1].open()
        return self._opened[number]

    def failed(self, number: int) -> None:
        """It could not answer; it rests."""
        self._resting[number] = self._clock() + REST

    def answered(self, number: int) -> None:
        """It answers; if it rested, it does so no longer."""
        self._resting.pop(number, None)

    def led_by(self, first: Answerer) -> Route:
        """The same fallbacks behind another one, which has not failed yet."""
        return Route(lambda: first, self._fallbacks, self._clock, self._opened)

    def wake(self) -> None:
        """None rests: the person chose anew."""
        self._resting.clear()

    async def aclose(self) -> None:
        """Closes the fallbacks that were opened."""
        for answerer in self._opened.values():
            await answerer.provider.aclose()
