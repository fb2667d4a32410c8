"""The sources of answers, one module each; see `tui_stream.core.provider` for what they have in common."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable

from tui_stream.config import PROVIDER_NAMES, Settings
from tui_stream.config.addresses import addresses, at_address
from tui_stream.core.provider import Provider
from tui_stream.errors import UsageError


def create(name: str, settings: Settings) -> Provider:
    """Makes the provider of this name; its module is imported now, its SDK when first needed.

    Where the settings name several endpoints for it, it is a `tui_stream.providers.pool.Pool` of one for each.

    Raises:
        UsageError: there is no such provider.
        TuiStreamError: the provider cannot be used with these settings.
    """
    module_name = f"tui_stream.providers.{name.replace('-', '_')}"
    if name not in PROVIDER_NAMES or importlib.util.find_spec(module_name) is None:
        raise UsageError(f"There is no provider {name!r}.", hint=f"There are: {', '.join(available())}.")
    make: Callable[[Settings], Provider] = importlib.import_module(module_name).create
    urls = addresses(settings, name)
    if len(urls) > 1:
        return _pool(make, name, settings, urls)
    return make(at_address(settings, name, urls[0]) if urls else settings)


def _pool(make: Callable[[Settings], Provider], name: str, settings: Settings, urls: tuple[str, ...]) -> Provider:
    from tui_stream.providers import pool

    members = [pool.Member(url, make(at_address(settings, name, url))) for url in urls]
    return pool.make(members, limit=settings.timeouts.first_token)


def available() -> list[str]:
    """The names of the providers that this installation has."""
    return [
        name
        for name in PROVIDER_NAMES
        if importlib.util.find_spec(f"tui_stream.providers.{name.replace('-', '_')}") is not None
    ]
