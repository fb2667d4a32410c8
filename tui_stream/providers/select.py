"""Chooses the provider where the person named none, and can say why."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tui_stream.config import Settings
from tui_stream.config.addresses import addresses
from tui_stream.providers._http import shown_url
from tui_stream.providers._reach import Reach

OllamaProbe = Callable[[str], Awaitable[list[str]]]
"""Asks the Ollama at this base URL for its models; an empty list where none answers."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The provider to use, and the reason in words: "OPENAI_API_KEY is set"."""

    provider: str
    reason: str


def stated(settings: Settings, environ: Mapping[str, str] = os.environ) -> Choice | None:
    """What can be decided without asking anybody: a provider that was named, or a key that is set.

    Offline a key says nothing, unless OpenAI's address was set to one on this machine.
    """
    if settings.provider:
        return Choice(settings.provider, "named in the settings or by a flag")
    variable = settings.providers.openai.api_key_env
    if variable and environ.get(variable) and _allowed(settings, "openai"):
        return Choice("openai", f"{variable} is set")
    return None


async def choose(
    settings: Settings, *, environ: Mapping[str, str] = os.environ, probe: OllamaProbe | None = None
) -> Choice:
    """The order is: named > OpenAI's key > a running Ollama that has a model > the embedded model.

    Offline nobody but an Ollama on this machine is asked.
    """
    choice = stated(settings, environ)
    if choice is not None:
        return choice
    without = "offline" if settings.offline else "no key is set"
    urls = _allowed(settings, "ollama")
    found = await asyncio.gather(*(_models(url, settings, probe) for url in urls))
    for url, models in zip(urls, found, strict=True):
        if models:
            noun = "model" if len(models) == 1 else "models"
            return Choice("ollama", f"{without}, and Ollama answers at {shown_url(url)} with {len(models)} {noun}")
    return Choice("embedded", f"{without} and no Ollama answers")


def _allowed(settings: Settings, provider: str) -> list[str]:
    """The addresses of a provider that may be connected to."""
    reach = Reach(settings.offline)
    return [url for url in addresses(settings, provider) if reach.allows(url)]


async def _models(url: str, settings: Settings, probe: OllamaProbe | None) -> list[str]:
    return await (_probe(url, Reach(settings.offline)) if probe is None else probe(url))


async def _probe(url: str, reach: Reach) -> list[str]:
    module = await asyncio.to_thread(__import__, "tui_stream.providers.ollama", fromlist=["running"])
    models: list[str] = await module.running(url, reach=reach)
    return models
