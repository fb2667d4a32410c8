"""Where a provider is asked: one address, or several for the same model."""

from __future__ import annotations

import dataclasses

from tui_stream.config import Settings


def addresses(settings: Settings, provider: str) -> tuple[str, ...]:
    """The addresses of a provider, ``base_urls`` before ``base_url``; none for one that has no address."""
    table = getattr(settings.providers, _field(provider), None)
    single = getattr(table, "base_url", None)
    several: tuple[str, ...] = tuple(dict.fromkeys(getattr(table, "base_urls", ())))
    return several or ((single,) if isinstance(single, str) else ())


def at_address(settings: Settings, provider: str, url: str) -> Settings:
    """The settings with one address, and no other, for a provider that has one."""
    name = _field(provider)
    table = dataclasses.replace(getattr(settings.providers, name), base_url=url, base_urls=())
    return dataclasses.replace(settings, providers=dataclasses.replace(settings.providers, **{name: table}))


def _field(provider: str) -> str:
    return provider.replace("-", "_")
