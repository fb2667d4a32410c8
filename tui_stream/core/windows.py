"""How many tokens a model takes at once: asked of its provider, else looked up in the price data."""

from __future__ import annotations

import asyncio

from tui_stream.core.provider import TellsWindow
from tui_stream.core.route import Answerer
from tui_stream.errors import TuiStreamError

PATIENCE = 2.0
"""Seconds that a provider has to tell."""


_Key = tuple[str, str, str]


class Windows:
    """The windows of models, each asked for once, however many wait for it.

    One on this machine that does not know yet is asked once more after the model has answered, since it decides when
    it loads the model; so is one that could not be asked, which is back then. Nothing else is ever asked again, so that
    no request waits for a server that keeps this to itself.
    """

    def __init__(self) -> None:
        self._found: dict[_Key, int | None] = {}
        self._vain: set[_Key] = set()
        self._answered: set[_Key] = set()
        self._asking: dict[_Key, asyncio.Lock] = {}

    def answered(self, answerer: Answerer) -> None:
        """The model has answered, so that it is loaded now."""
        key = _key(answerer)
        if key not in self._answered:
            self._answered.add(key)
            self._vain.discard(key)

    def known(self, answerer: Answerer) -> int | None:
        """The window as far as it is known without asking."""
        own = answerer.provider.capabilities.context_window
        return own or self._found.get(_key(answerer)) or _listed(answerer)

    async def find(self, answerer: Answerer) -> int | None:
        """The window, None where nobody says. Never fails."""
        provider: object = answerer.provider
        if answerer.provider.capabilities.context_window is None and isinstance(provider, TellsWindow):
            key = _key(answerer)
            async with self._asking.setdefault(key, asyncio.Lock()):
                if key not in self._found and key not in self._vain:
                    await self._ask(provider, answerer, key)
        return self.known(answerer)

    async def _ask(self, provider: TellsWindow, answerer: Answerer, key: _Key) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                found = await provider.window(answerer.model_name, answerer.options)
        except (TuiStreamError, TimeoutError):
            self._vain.add(key)
            return
        if found or not answerer.provider.capabilities.local:
            self._found[key] = found
        else:
            self._vain.add(key)


def _key(answerer: Answerer) -> _Key:
    return answerer.provider.name, answerer.model_name, repr(answerer.options.get("num_ctx"))


def _listed(answerer: Answerer) -> int | None:
    return answerer.prices.window(provider=answerer.provider.name, model=answerer.model_name)
