"""Chooses the provider where the person named none, and can say why."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tui_stream.config import Settings

OllamaProbe = Callable[[str], Awaitable[list[str]]]
"""Asks the Ollama at this base URL for its models; an empty list where none answers."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The provider to use, and the reason in words: "OPENAI_API_KEY is set"."""

    provider: str
    reason: str


def stated(settings: Settings, environ: Mapping[str, str] = os.environ) -> Choice | None:
    """What can be decided without asking anybody: a provider that was named, or a key that is set."""
    if settings.provider:
        return Choice(settings.provider, "named in the settings or by a flag")
    variable = settings.providers.openai.api_key_env
    if variable and environ.get(variable):
        return Choice("openai", f"{variable} is set")
    return None


async def choose(
    settings: Settings, *, environ: Mapping[str, str] = os.environ, probe: OllamaProbe | None = None
) -> Choice:
    """The order is: named > OpenAI's key > a running Ollama that has a model > the embedded model."""
    choice = stated(settings, environ)
    if choice is not None:
        return choice
    url = settings.providers.ollama.base_url
    models = await (probe or _probe)(url)
    if models:
        noun = "model" if len(models) == 1 else "models"
        return Choice("ollama", f"no key is set, and Ollama answers at {url} with {len(models)} {noun}")
    return Choice("embedded", "no key is set and no Ollama answers")


async def _probe(url: str) -> list[str]:
    module = await asyncio.to_thread(__import__, "tui_stream.providers.ollama", fromlist=["running"])
    models: list[str] = await module.running(url)
    return models
